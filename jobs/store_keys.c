/* store_keys.c - the keys of a batch's first rows. Random keys put into a tree one by one cost more the
 * larger it is; sorted first and then appended they do not. So a first add writes rows only, marks the batch
 * as loading, and the keys follow at the end, or, after a crash, before anything else. */
#include "jobs/store_private.h"

#include "core/error.h"
#include <string.h>

static const char SQL_INPUTS[] =
    "SELECT job, key FROM input WHERE job > ?1 AND job <= ?2 ORDER BY job LIMIT ?3";
static const char SQL_KEY[] =
    "INSERT OR IGNORE INTO jobkey(batch, occurrence, job, key) VALUES (?1, ?2, ?3, ?4)";
static const char SQL_FOLLOW[] = "UPDATE job SET state = 7, same_as = ?2 WHERE id = ?1 AND state = 0";
static const char SQL_LOADING[] = "SELECT loading, top, loader FROM batch WHERE id = ?1";
static const char SQL_CLAIM[] = "UPDATE batch SET loader = ?3 WHERE id = ?1 AND loading <> 0 AND loader = ?2";
static const char SQL_LOADED[] = "UPDATE batch SET loading = 0, loader = NULL WHERE id = ?1";
static const char SQL_INTERRUPTED[] = "SELECT id, loader FROM batch WHERE loading <> 0 AND removing = 0";

/* All keys of the batch, read a chunk at a time: no read transaction stays open. */
static gboolean gather(tm_store *store, tm_sorter *sorter, int64_t batch, int64_t top, GError **error)
{
    int64_t last = tm_job_id(batch, 0), n;
    do {
        int row;
        sqlite3_stmt *statement = TM_SQL(store, SQL_INPUTS, last, tm_job_id(batch, top), TM_CHUNK);
        for (n = 0; (row = tm_sql_row(store, statement, error)) > 0; n++) {
            last = sqlite3_column_int64(statement, 0);
            if (sqlite3_column_bytes(statement, 1) != 16) {
                sqlite3_reset(statement);
                return tm_fail(error, TM_ERROR_IO, "%s is damaged: row %" G_GINT64_FORMAT " has no key",
                               tm_database_path(store->database), tm_job_ordinal(last));
            }
            if (!tm_sorter_put(sorter, sqlite3_column_blob(statement, 1), last, error)) {
                sqlite3_reset(statement);
                return FALSE;
            }
        }
        if (row < 0)
            return FALSE;
    } while (n == TM_CHUNK);
    return TRUE;
}

typedef struct {
    tm_sorter *sorter;
    int64_t batch;
    bool dedupe;
    uint8_t key[16]; /* the last one appended */
    int64_t leader;  /* the first job with it; 0: none yet */
    int64_t occurrence, n_duplicates;
    bool ends;
} appender;

static gboolean append_one(tm_store *store, appender *a, const uint8_t key[16], int64_t job,
                           tm_counts *counts, GError **error)
{
    bool same = a->leader != 0 && memcmp(a->key, key, sizeof a->key) == 0;
    a->occurrence = same ? a->occurrence + 1 : 0;
    if (!same)
        a->leader = job;
    memcpy(a->key, key, sizeof a->key);
    a->n_duplicates += same;
    sqlite3_stmt *statement = TM_SQL(store, SQL_KEY, a->batch, a->occurrence, job);
    sqlite3_bind_blob(statement, 4, key, 16, SQLITE_STATIC);
    if (!tm_sql_run(store, statement, error))
        return FALSE;
    if (!same || !a->dedupe)
        return TRUE;
    if (!tm_sql_run(store, TM_SQL(store, SQL_FOLLOW, job, a->leader), error))
        return FALSE;
    tm_counts_move(counts, TM_JOB_WAITING, TM_JOB_SAME, tm_store_changes(store));
    return TRUE;
}

static gboolean append(tm_store *store, gpointer data, GError **error)
{
    appender *a = data;
    tm_counts counts = {0};
    uint8_t key[16];
    int64_t job = 0;
    int row = 1;
    for (int i = 0; i < TM_CHUNK && (row = tm_sorter_next(a->sorter, key, &job, error)) > 0; i++)
        if (!append_one(store, a, key, job, &counts, error))
            return FALSE;
    a->ends = row == 0;
    return row >= 0 && (!a->dedupe || tm_counts_write(store, a->batch, &counts, error)) &&
           (!a->ends || tm_sql_run(store, TM_SQL(store, SQL_LOADED, a->batch), error));
}

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
static gboolean claim_load(tm_store *store, int64_t batch, int64_t loader, GError **error)
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

static gboolean build(tm_store *store, int64_t batch, int64_t top, int loading, int64_t *n_duplicates,
                      GError **error)
{
    g_autoptr(tm_sorter) sorter = tm_sorter_new(error);
    if (!sorter || !gather(store, sorter, batch, top, error))
        return FALSE;
    /* After a crash half of them may be in: the same keys get the same numbers again. */
    appender a = {.sorter = sorter, .batch = batch, .dedupe = loading == TM_LOAD_DEDUPE};
    while (!a.ends)
        if (!tm_store_write(store, append, &a, error))
            return FALSE;
    *n_duplicates = a.n_duplicates;
    return TRUE;
}

gboolean tm_store_keys_build(tm_store *store, int64_t batch, int64_t *n_duplicates, GError **error)
{
    sqlite3_stmt *statement = TM_SQL(store, SQL_LOADING, batch);
    int row = tm_sql_row(store, statement, error);
    *n_duplicates = 0;
    if (row < 0)
        return FALSE;
    int loading = sqlite3_column_int(statement, 0);
    int64_t top = sqlite3_column_int64(statement, 1), loader = sqlite3_column_int64(statement, 2);
    sqlite3_reset(statement);
    if (row == 0 || loading == TM_LOAD_NONE)
        return TRUE;
    if (!claim_load(store, batch, loader, error))
        return FALSE;
    int64_t before = store->loading;
    store->loading = batch;
    gboolean good = build(store, batch, top, loading, n_duplicates, error);
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
        int64_t duplicates;
        g_autoptr(GError) failed = NULL;
        if (!tm_store_keys_build(store, g_array_index(batches, int64_t, i), &duplicates, &failed) &&
            !g_error_matches(failed, TM_ERROR, TM_ERROR_BUSY)) {
            g_propagate_error(error, g_steal_pointer(&failed));
            return FALSE;
        }
    }
    return TRUE;
}
