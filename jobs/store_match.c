/* store_match.c - which rows of a file the batch has already. A bit for each of its jobs says whether a row
 * of this file was found to be it, so that the second of two equal rows finds the second job: no table of
 * keys. Most files come again as they were, perhaps with rows at the end: row n is job n. That is seen by
 * reading the inputs side by side with the file, without a search for each key. */
#include "jobs/store_private.h"

#include "core/error.h"
#include <string.h>

static const char SQL_PLACES[] = "SELECT job, key FROM input WHERE job >= ?1 AND job <= ?2 ORDER BY job";
static const char SQL_BY_KEY[] = "SELECT job FROM jobkey WHERE batch = ?1 AND key = ?3 AND occurrence = ?2";
enum { PROBED_MAX = 50000, FEW = 4 };

struct tm_match {
    tm_store *store;
    int64_t batch;
    bool keyless;
    bool later;            /* not the file's first group: a short file is not worth the look at all keys */
    tm_bits taken;         /* a bit an ordinal: it is a row of this file */
    tm_repeated *repeated; /* such jobs are taken in the order of their keys; NULL: not known yet */
    /* Keys that many jobs have: so many of them are taken. A cache: forgotten when it grows. */
    GHashTable *probed;
};

static guint hash_key(gconstpointer key)
{
    guint hash;
    memcpy(&hash, key, sizeof hash); /* it is a digest already */
    return hash;
}

static gboolean same_key(gconstpointer a, gconstpointer b)
{
    return memcmp(a, b, 16) == 0;
}

tm_match *tm_match_new(tm_store *store, int64_t batch)
{
    tm_match *match = g_new0(tm_match, 1);
    match->store = store;
    match->batch = batch;
    match->probed = g_hash_table_new_full(hash_key, same_key, g_free, g_free);
    return match;
}

void tm_match_free(tm_match *match)
{
    if (!match)
        return;
    tm_bits_clear(&match->taken);
    tm_repeated_free(match->repeated);
    g_hash_table_unref(match->probed);
    g_free(match);
}

void tm_match_set_keyless(tm_match *match, bool keyless)
{
    match->keyless = keyless;
}

void tm_match_take(tm_match *match, int64_t job)
{
    tm_bits_set(&match->taken, tm_job_ordinal(job));
}

/* ---- by place ---- */

static gboolean job_of(tm_match *match, const uint8_t key[16], int64_t occurrence, int64_t *job,
                       GError **error)
{
    sqlite3_stmt *statement = TM_SQL(match->store, SQL_BY_KEY, match->batch, occurrence);
    sqlite3_bind_blob(statement, 3, key, 16, SQLITE_STATIC);
    return tm_sql_number(match->store, statement, 0, job, error);
}

static gboolean read_places(tm_match *match, tm_gathered *rows, guint n, GError **error)
{
    tm_store *store = match->store;
    int64_t last = 0;
    for (guint i = 0; i < n; i++)
        last = MAX(last, rows[i].ordinal);
    if (last < 1 || last > TM_ORDINAL_MAX)
        return TRUE;
    sqlite3_stmt *statement = TM_SQL(store, SQL_PLACES, tm_job_id(match->batch, MAX(rows[0].ordinal, 1)),
                                     tm_job_id(match->batch, last));
    int64_t at = 0; /* the ordinal that the statement stands on */
    int row = 1;
    for (guint i = 0; i < n && row > 0; i++) {
        while (at < rows[i].ordinal && (row = tm_sql_row(store, statement, error)) > 0)
            at = tm_job_ordinal(sqlite3_column_int64(statement, 0));
        if (row <= 0 || at != rows[i].ordinal || (match->repeated && tm_repeated_has(match->repeated, at)) ||
            tm_bits_get(&match->taken, at) || sqlite3_column_bytes(statement, 1) != 16 ||
            memcmp(sqlite3_column_blob(statement, 1), rows[i].key, 16) != 0)
            continue;
        rows[i].known = true;
        at = INT64_MAX; /* a job answers for one row, and the rows behind have larger numbers */
        row = tm_sql_row(store, statement, error);
        if (row > 0)
            at = tm_job_ordinal(sqlite3_column_int64(statement, 0));
    }
    sqlite3_reset(statement);
    return row >= 0;
}

gboolean tm_match_places(tm_match *match, tm_gathered *rows, guint n, GError **error)
{
    bool first = !match->later;
    match->later = true;
    if (n == 0 || (first && !match->keyless))
        return TRUE;
    if (!match->keyless && !match->repeated) {
        match->repeated = tm_repeated_new(match->store, match->batch, error);
        if (!match->repeated)
            return FALSE;
    }
    return read_places(match, rows, n, error);
}

/* ---- by key ---- */

/* Is the job of this occurrence there, and no row's of this file? */
static gboolean probe(tm_match *match, const uint8_t key[16], int64_t occurrence, bool *taken, int64_t *job,
                      GError **error)
{
    if (!job_of(match, key, occurrence, job, error))
        return FALSE;
    *taken = *job != 0 && tm_bits_get(&match->taken, tm_job_ordinal(*job));
    return TRUE;
}

/* The jobs of a key are taken in order: the first one that is not lies behind `low`, which is. */
static gboolean search(tm_match *match, const uint8_t key[16], int64_t low, int64_t *occurrence, int64_t *job,
                       GError **error)
{
    int64_t step = 1, high;
    bool taken = true;
    for (high = low + 1; taken; step *= 2) {
        if (!probe(match, key, high, &taken, job, error))
            return FALSE;
        if (taken) {
            low = high;
            high += step;
        }
    }
    while (high - low > 1) {
        int64_t middle = low + (high - low) / 2;
        if (!probe(match, key, middle, &taken, job, error))
            return FALSE;
        if (taken)
            low = middle;
        else
            high = middle;
    }
    *occurrence = high;
    return job_of(match, key, high, job, error);
}

static void remember(tm_match *match, const uint8_t key[16], int64_t occurrence)
{
    if (g_hash_table_size(match->probed) >= PROBED_MAX)
        g_hash_table_remove_all(match->probed);
    g_hash_table_insert(match->probed, g_memdup2(key, 16), g_memdup2(&occurrence, sizeof occurrence));
}

gboolean tm_match_key(tm_match *match, tm_gathered *row, GError **error)
{
    const uint8_t *key = row->key;
    const int64_t *from = g_hash_table_lookup(match->probed, key);
    int64_t occurrence = from ? *from : 0, job;
    bool taken;
    if (!probe(match, key, occurrence, &taken, &job, error) ||
        (taken && !search(match, key, occurrence, &occurrence, &job, error)))
        return FALSE;
    if (occurrence >= FEW)
        remember(match, key, occurrence);
    row->known = job != 0;
    row->occurrence = occurrence;
    if (job != 0)
        tm_match_take(match, job);
    return TRUE;
}
