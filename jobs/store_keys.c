/* store_keys.c - the keys of a batch's first rows. Random keys put into a tree one by one cost more the
 * larger it is; sorted first and then appended they do not. So a first add writes rows only, marks the batch
 * as loading, and the keys follow at the end, or, after a crash, before anything else. */
#include "jobs/store_private.h"

#include "core/error.h"
#include <string.h>

static const char SQL_INPUTS[] =
    "SELECT job, key FROM input WHERE job > ?1 AND job <= ?2 ORDER BY job LIMIT ?3";
static const char SQL_KEYED[] = "SELECT job FROM jobkey WHERE batch = ?1 AND key >= ?2 AND key < ?3";
static const char SQL_LAST[] =
    "SELECT occurrence FROM jobkey WHERE batch = ?1 AND key = ?2 ORDER BY occurrence DESC LIMIT 1";
static const char SQL_FIRST[] = "SELECT job FROM jobkey WHERE batch = ?1 AND key = ?2 AND occurrence = 0";
static const char SQL_KEYS[] =
    "INSERT INTO jobkey(batch, key, occurrence, job) SELECT ?1, key, occurrence, job FROM tm_rows";
static const char SQL_LOADING[] = "SELECT loading, loader FROM batch WHERE id = ?1";
static const char SQL_CLAIM[] = "UPDATE batch SET loader = ?3 WHERE id = ?1 AND loading <> 0 AND loader = ?2";
static const char SQL_LOADED[] = "UPDATE batch SET loading = 0, loader = NULL WHERE id = ?1";
static const char SQL_INTERRUPTED[] = "SELECT id, loader FROM batch WHERE loading <> 0 AND removing = 0";

/* ---- gathered ---- */

/* A bit for each job whose key is in the index, read a 256th of the keys at a time: no read transaction stays
 * open. */
static gboolean find_keyed(tm_store *store, int64_t batch, tm_bits *keyed, GError **error)
{
    for (unsigned byte = 0; byte < 256; byte++) {
        tm_key_range range;
        sqlite3_stmt *statement = TM_SQL(store, SQL_KEYED, batch);
        int row;
        tm_key_range_bind(&range, byte, statement, 2);
        while ((row = tm_sql_row(store, statement, error)) > 0)
            tm_bits_set(keyed, tm_job_ordinal(sqlite3_column_int64(statement, 0)));
        if (row < 0)
            return FALSE;
    }
    return TRUE;
}

static gboolean gather(tm_store *store, tm_sorter *sorter, int64_t batch, const tm_bits *keyed,
                       GError **error)
{
    int64_t last = tm_job_id(batch, 0), n;
    do {
        int row;
        sqlite3_stmt *statement = TM_SQL(store, SQL_INPUTS, last, tm_job_id(batch, TM_ORDINAL_MAX), TM_CHUNK);
        for (n = 0; (row = tm_sql_row(store, statement, error)) > 0; n++) {
            last = sqlite3_column_int64(statement, 0);
            if (sqlite3_column_bytes(statement, 1) != 16) {
                sqlite3_reset(statement);
                return tm_fail(error, TM_ERROR_IO, "%s is damaged: row %" G_GINT64_FORMAT " has no key",
                               tm_database_path(store->database), tm_job_ordinal(last));
            }
            if (!tm_bits_get(keyed, tm_job_ordinal(last)) &&
                !tm_sorter_put(sorter, sqlite3_column_blob(statement, 1), tm_job_ordinal(last), error)) {
                sqlite3_reset(statement);
                return FALSE;
            }
        }
        if (row < 0)
            return FALSE;
        tm_store_tell(store, "reading the keys", tm_job_ordinal(last), 0);
    } while (n == TM_CHUNK);
    return TRUE;
}

gboolean tm_store_keys_gather(tm_store *store, int64_t batch, tm_sorter *sorter, bool *none, GError **error)
{
    tm_bits keyed = {0};
    gboolean good = find_keyed(store, batch, &keyed, error) && gather(store, sorter, batch, &keyed, error);
    *none = keyed.n == 0;
    tm_bits_clear(&keyed);
    return good;
}

/* ---- appended ---- */

typedef struct {
    tm_sorter *sorter;
    int64_t batch;
    tm_keys_append *how;
    tm_gathered *rows; /* TM_CHUNK of them */
    guint n;
    uint8_t key[16]; /* of the last row */
    int64_t next;    /* the occurrence that the next row with it is; 0: there was no row */
    int64_t done;
    bool ends;
} appender;

static gboolean key_number(tm_store *store, int64_t batch, const char *sql, const uint8_t key[16],
                           int64_t otherwise, int64_t *value, GError **error)
{
    sqlite3_stmt *statement = TM_SQL(store, sql, batch);
    sqlite3_bind_blob(statement, 2, key, 16, SQLITE_STATIC);
    return tm_sql_number(store, statement, otherwise, value, error);
}

/* The next row's occurrence: its key is the last one's, or one that the batch may have had before. */
static gboolean number_row(tm_store *store, appender *a, tm_gathered *row, GError **error)
{
    if (a->next == 0 || memcmp(a->key, row->key, 16) != 0) {
        int64_t last = -1;
        memcpy(a->key, row->key, 16);
        if (!a->how->none && !key_number(store, a->batch, SQL_LAST, row->key, -1, &last, error))
            return FALSE;
        a->next = last + 1;
    }
    row->occurrence = a->next++;
    if (row->occurrence > 0) {
        a->how->n_repeats++;
        a->how->n_repeats_behind += row->ordinal > a->how->from;
    }
    return TRUE;
}

static gboolean next_rows(tm_store *store, appender *a, GError **error)
{
    int got = 1;
    for (a->n = 0; a->n < TM_CHUNK; a->n++) {
        tm_gathered *row = &a->rows[a->n];
        got = tm_sorter_next(a->sorter, row->key, &row->ordinal, error);
        if (got <= 0)
            break;
        row->job = tm_job_id(a->batch, row->ordinal);
        if (!number_row(store, a, row, error))
            return FALSE;
    }
    a->ends = got == 0;
    return got >= 0;
}

/* Rows whose key came before become copies of the first one's. */
static gboolean follow(tm_store *store, appender *a, GError **error)
{
    tm_counts counts = {0};
    int64_t leader = 0;
    for (guint i = 0; i < a->n; i++) {
        const tm_gathered *row = &a->rows[i];
        if (row->occurrence == 0 || i == 0 || memcmp(a->rows[i - 1].key, row->key, 16) != 0)
            leader = row->occurrence == 0 ? row->job : 0;
        if (row->occurrence == 0)
            continue;
        if (!leader && !key_number(store, a->batch, SQL_FIRST, row->key, 0, &leader, error))
            return FALSE;
        if (!tm_store_follow(store, row->job, leader, &counts, error))
            return FALSE;
    }
    return tm_counts_write(store, a->batch, &counts, error);
}

static gboolean append(tm_store *store, gpointer data, GError **error)
{
    appender *a = data;
    if (!next_rows(store, a, error))
        return FALSE;
    const tm_row_group group = {.rows = a->rows, .n = a->n};
    return tm_sql_run_group(store, SQL_KEYS, a->batch, &group, error) &&
           (!a->how->dedupe || follow(store, a, error));
}

static gboolean end_load(tm_store *store, gpointer data, GError **error)
{
    return tm_sql_run(store, TM_SQL(store, SQL_LOADED, ((appender *)data)->batch), error);
}

gboolean tm_store_keys_append(tm_store *store, int64_t batch, tm_sorter *sorter, tm_keys_append *how,
                              GError **error)
{
    g_autofree tm_gathered *rows = g_new0(tm_gathered, TM_CHUNK);
    appender a = {.sorter = sorter, .batch = batch, .how = how, .rows = rows};
    int64_t total = tm_sorter_size(sorter);
    gboolean good = TRUE;
    tm_database_set_lazy(store->database, true);
    while (good && !a.ends) {
        good = tm_store_write(store, append, &a, error);
        a.done += a.n;
        tm_store_tell(store, "sorting the keys", a.done, total);
    }
    /* With this commit all of them are durable. */
    tm_database_set_lazy(store->database, false);
    return good && tm_store_write(store, end_load, &a, error);
}

/* ---- a load that was cut off ---- */

typedef struct {
    int64_t batch, from;
    bool ours;
} claim;

static gboolean take_over(tm_store *store, gpointer data, GError **error)
{
    claim *c = data;
    if (!tm_sql_run(store, TM_SQL(store, SQL_CLAIM, c->batch, c->from, store->worker), error))
        return FALSE;
    c->ours = tm_store_changes(store) == 1;
    return TRUE;
}

/* Only one may finish a dead worker's load: two would, the slower one declaring a later load finished that
 * has no keys yet. */
gboolean tm_store_keys_claim(tm_store *store, int64_t batch, int64_t loader, GError **error)
{
    claim c = {.batch = batch, .from = loader};
    if (loader == store->worker && loader != 0)
        return TRUE;
    if (!tm_store_loader_lives(store, batch, loader)) {
        if (!tm_store_worker(store, error) || !tm_store_write(store, take_over, &c, error))
            return FALSE;
        if (c.ours)
            return TRUE;
    }
    return tm_fail(error, TM_ERROR_BUSY, "another tidemill is queueing these rows: wait for it to end");
}

static gboolean build(tm_store *store, int64_t batch, int loading, GError **error)
{
    g_autoptr(tm_sorter) sorter = tm_sorter_new(tm_database_folder(store->database));
    tm_keys_append how = {.dedupe = loading == TM_LOAD_DEDUPE};
    return tm_store_keys_gather(store, batch, sorter, &how.none, error) &&
           tm_store_keys_append(store, batch, sorter, &how, error);
}

gboolean tm_store_keys_build(tm_store *store, int64_t batch, GError **error)
{
    sqlite3_stmt *statement = TM_SQL(store, SQL_LOADING, batch);
    int row = tm_sql_row(store, statement, error);
    if (row < 0)
        return FALSE;
    int loading = sqlite3_column_int(statement, 0);
    int64_t loader = sqlite3_column_int64(statement, 1);
    sqlite3_reset(statement);
    if (row == 0 || loading == TM_LOAD_NONE)
        return TRUE;
    if (!tm_store_keys_claim(store, batch, loader, error))
        return FALSE;
    int64_t before = store->loading;
    store->loading = batch;
    gboolean good = build(store, batch, loading, error);
    store->loading = before;
    return good;
}

bool tm_store_loader_lives(tm_store *store, int64_t batch, int64_t loader)
{
    if (loader == store->worker && loader != 0)
        return store->loading == batch;
    return !tm_database_is_dead(store->database, loader);
}

gboolean tm_store_loads_finish(tm_store *store, GError **error)
{
    g_autoptr(GArray) batches = g_array_new(FALSE, FALSE, sizeof(int64_t));
    sqlite3_stmt *statement = tm_database_sql(store->database, SQL_INTERRUPTED);
    int row;
    while ((row = tm_sql_row(store, statement, error)) > 0) {
        int64_t batch = sqlite3_column_int64(statement, 0);
        if (!tm_store_loader_lives(store, batch, sqlite3_column_int64(statement, 1)))
            g_array_append_val(batches, batch);
    }
    if (row < 0)
        return FALSE;
    for (guint i = 0; i < batches->len; i++) {
        g_autoptr(GError) failed = NULL;
        if (!tm_store_keys_build(store, g_array_index(batches, int64_t, i), &failed) &&
            !g_error_matches(failed, TM_ERROR, TM_ERROR_BUSY)) {
            g_propagate_error(error, g_steal_pointer(&failed));
            return FALSE;
        }
    }
    return TRUE;
}
