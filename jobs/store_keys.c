/* store_keys.c - the keys of a batch's first rows. Random keys put into a tree one by one cost more the
 * larger it is; sorted first and then appended they do not. So a first add writes rows only, marks the batch
 * as loading, and the keys follow at the end, or, after a crash, before anything else. */
#include "jobs/store_private.h"

#include "core/error.h"

static const char SQL_TEMP[] =
    "CREATE TEMP TABLE IF NOT EXISTS load_key(n INTEGER PRIMARY KEY, key BLOB NOT NULL,"
    " occurrence INTEGER NOT NULL, job INTEGER NOT NULL)";
static const char SQL_EMPTY[] = "DELETE FROM temp.load_key";
static const char SQL_SORT[] = "INSERT INTO temp.load_key(key, occurrence, job)"
                               " SELECT key, row_number() OVER (PARTITION BY key ORDER BY job) - 1, job"
                               " FROM input WHERE job > ?1 AND job <= ?2 ORDER BY key, job";
static const char SQL_SORTED[] = "SELECT max(n) FROM temp.load_key";
static const char SQL_DUPLICATES[] = "SELECT count(*) FROM temp.load_key WHERE occurrence > 0";
static const char SQL_APPEND[] =
    "INSERT OR IGNORE INTO jobkey(batch, key, occurrence, job)"
    " SELECT ?1, key, occurrence, job FROM temp.load_key WHERE n > ?2 AND n <= ?3 ORDER BY n";
static const char SQL_FOLLOW[] =
    "UPDATE job SET state = 7, same_as = f.leader FROM"
    " (SELECT l.job AS follower, k.job AS leader FROM temp.load_key l CROSS JOIN jobkey k"
    "  WHERE k.batch = ?1 AND k.key = l.key AND k.occurrence = 0 AND l.n > ?2 AND l.n <= ?3 AND l.occurrence "
    "> 0) f"
    " WHERE job.id = f.follower AND job.state = 0";
static const char SQL_LOADING[] = "SELECT loading, loader, top FROM batch WHERE id = ?1";
static const char SQL_LOADED[] = "UPDATE batch SET loading = 0, loader = NULL WHERE id = ?1";
static const char SQL_INTERRUPTED[] = "SELECT id, loader FROM batch WHERE loading <> 0 AND removing = 0";

typedef struct {
    int64_t batch;
    bool dedupe, ends;
    int64_t from, to; /* of temp.load_key */
} chunk;

static gboolean append(tm_store *store, gpointer data, GError **error)
{
    const chunk *c = data;
    if (!tm_sql_run(store, TM_SQL(store, SQL_APPEND, c->batch, c->from, c->to), error))
        return FALSE;
    if (c->dedupe) {
        tm_counts counts = {0};
        if (!tm_sql_run(store, TM_SQL(store, SQL_FOLLOW, c->batch, c->from, c->to), error))
            return FALSE;
        tm_counts_move(&counts, TM_JOB_WAITING, TM_JOB_SAME, tm_store_changes(store));
        if (!tm_counts_write(store, c->batch, &counts, error))
            return FALSE;
    }
    return !c->ends || tm_sql_run(store, TM_SQL(store, SQL_LOADED, c->batch), error);
}

/* Writes only to the temp file: nobody waits for it. */
static gboolean sort(tm_store *store, int64_t batch, int64_t top, int64_t *sorted, int64_t *n_duplicates,
                     GError **error)
{
    return tm_sql_run(store, tm_database_sql(store->database, SQL_TEMP), error) &&
           tm_sql_run(store, tm_database_sql(store->database, SQL_EMPTY), error) &&
           tm_sql_run(store, TM_SQL(store, SQL_SORT, tm_job_id(batch, 0), tm_job_id(batch, top)), error) &&
           tm_sql_number(store, tm_database_sql(store->database, SQL_SORTED), 0, sorted, error) &&
           tm_sql_number(store, tm_database_sql(store->database, SQL_DUPLICATES), 0, n_duplicates, error);
}

gboolean tm_store_keys_build(tm_store *store, int64_t batch, int64_t *n_duplicates, GError **error)
{
    int64_t sorted;
    sqlite3_stmt *statement = TM_SQL(store, SQL_LOADING, batch);
    int row = tm_sql_row(store, statement, error);
    *n_duplicates = 0;
    if (row < 0)
        return FALSE;
    int loading = sqlite3_column_int(statement, 0);
    int64_t top = sqlite3_column_int64(statement, 2);
    sqlite3_reset(statement);
    if (row == 0 || loading == TM_LOAD_NONE)
        return TRUE;
    if (!sort(store, batch, top, &sorted, n_duplicates, error))
        return FALSE;
    /* The leader of a follower stands before it in the order of keys: its key is in by then. */
    chunk c = {.batch = batch, .dedupe = loading == TM_LOAD_DEDUPE};
    do {
        c.to = MIN(c.from + TM_CHUNK, sorted);
        c.ends = c.to == sorted;
        if (!tm_store_write(store, append, &c, error))
            return FALSE;
        c.from = c.to;
    } while (!c.ends);
    return tm_sql_run(store, tm_database_sql(store->database, SQL_EMPTY), error);
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
        int64_t duplicates;
        if (!tm_store_keys_build(store, g_array_index(batches, int64_t, i), &duplicates, error))
            return FALSE;
    }
    return TRUE;
}
