/* store_remove.c - a batch goes, with all it holds. First it is marked, and nobody sees it any more; then its
 * rows go, a chunk a transaction. After a crash the next removal or recovery goes on. */
#include "jobs/store_private.h"

#include "core/error.h"

static const char SQL_HOLDERS[] =
    "SELECT worker FROM request WHERE batch = ?1 AND state = 0 UNION SELECT loader FROM batch"
    " WHERE id = ?1 AND loading <> 0";
static const char SQL_MARK[] =
    "UPDATE batch SET removing = 1, identity = NULL, dir = '', name = 'removed #' || id,"
    " loading = 0, loader = NULL WHERE id = ?1";
static const char SQL_MARKED[] = "SELECT id, top FROM batch WHERE removing = 1 ORDER BY id LIMIT 1";
static const char SQL_LAST_JOB[] =
    "SELECT max(id) FROM (SELECT id FROM job WHERE id > ?1 AND id <= ?2 ORDER BY id LIMIT ?3)";
static const char SQL_NO_INPUT[] = "DELETE FROM input WHERE job > ?1 AND job <= ?2";
static const char SQL_NO_ANSWER[] = "DELETE FROM answer WHERE job > ?1 AND job <= ?2";
static const char SQL_NO_MEDIA[] = "DELETE FROM media WHERE job > ?1 AND job <= ?2";
static const char SQL_NO_JOB[] = "DELETE FROM job WHERE id > ?1 AND id <= ?2";
static const char SQL_NO_KEY[] =
    "DELETE FROM jobkey WHERE batch = ?1 AND (key, occurrence) IN"
    " (SELECT key, occurrence FROM jobkey WHERE batch = ?1 ORDER BY key, occurrence LIMIT ?2)";
static const char SQL_NO_READY[] =
    "DELETE FROM ready WHERE batch = ?1 AND (not_before_ms, job) IN"
    " (SELECT not_before_ms, job FROM ready WHERE batch = ?1 ORDER BY not_before_ms, job LIMIT ?2)";
static const char *const SQL_LAST[] = {
    "DELETE FROM answer WHERE job IS NULL AND revision IN (SELECT id FROM revision WHERE batch = ?1)",
    "DELETE FROM request_job WHERE request IN (SELECT id FROM request WHERE batch = ?1)",
    "DELETE FROM request WHERE batch = ?1",
    "DELETE FROM class_count WHERE batch = ?1",
    "DELETE FROM revision WHERE batch = ?1",
    "DELETE FROM batch WHERE id = ?1",
};

/* ---- marked ---- */

static gboolean mark(tm_store *store, gpointer data, GError **error)
{
    const tm_batch *batch = data;
    bool held = false;
    int row;
    sqlite3_stmt *statement = TM_SQL(store, SQL_HOLDERS, batch->id);
    while ((row = tm_sql_row(store, statement, error)) > 0) {
        int64_t worker = sqlite3_column_int64(statement, 0);
        held = held || worker == store->worker || !tm_database_is_dead(store->database, worker);
    }
    if (row < 0)
        return FALSE;
    if (held)
        return tm_fail(error, TM_ERROR_STATE, "a tidemill is working on %s right now: stop that one first",
                       batch->name);
    return tm_sql_run(store, TM_SQL(store, SQL_MARK, batch->id), error);
}

/* ---- gone, bit by bit ---- */

static gboolean remove_jobs(tm_store *store, int64_t batch, int64_t top, bool *any, GError **error)
{
    int64_t first = tm_job_id(batch, 0), last;
    if (!tm_sql_number(store, TM_SQL(store, SQL_LAST_JOB, first, tm_job_id(batch, top), TM_CHUNK), 0, &last,
                       error))
        return FALSE;
    *any = last != 0;
    if (last != 0)
        tm_store_tell(store, "removing rows", tm_job_ordinal(last), top);
    return last == 0 || (tm_sql_run(store, TM_SQL(store, SQL_NO_INPUT, first, last), error) &&
                         tm_sql_run(store, TM_SQL(store, SQL_NO_ANSWER, first, last), error) &&
                         tm_sql_run(store, TM_SQL(store, SQL_NO_MEDIA, first, last), error) &&
                         tm_sql_run(store, TM_SQL(store, SQL_NO_JOB, first, last), error));
}

static gboolean remove_with(tm_store *store, const char *sql, int64_t batch, bool *any, GError **error)
{
    if (!tm_sql_run(store, TM_SQL(store, sql, batch, TM_CHUNK), error))
        return FALSE;
    *any = tm_store_changes(store) > 0;
    return TRUE;
}

static gboolean remove_keys(tm_store *store, int64_t batch, int64_t top, bool *any, GError **error)
{
    if (!remove_with(store, SQL_NO_KEY, batch, any, error))
        return FALSE;
    store->n_removed = *any ? store->n_removed + tm_store_changes(store) : 0;
    if (*any)
        tm_store_tell(store, "removing keys", store->n_removed, top);
    return TRUE;
}

static gboolean remove_chunk(tm_store *store, gpointer data, GError **error)
{
    bool *more = data, any = false;
    sqlite3_stmt *statement = tm_database_sql(store->database, SQL_MARKED);
    int row = tm_sql_row(store, statement, error);
    *more = row > 0;
    if (row <= 0)
        return row == 0;
    int64_t batch = sqlite3_column_int64(statement, 0), top = sqlite3_column_int64(statement, 1);
    sqlite3_reset(statement);
    if (!remove_jobs(store, batch, top, &any, error) ||
        (!any && !remove_keys(store, batch, top, &any, error)) ||
        (!any && !remove_with(store, SQL_NO_READY, batch, &any, error)))
        return FALSE;
    for (size_t i = 0; !any && i < G_N_ELEMENTS(SQL_LAST); i++)
        if (!tm_sql_run(store, TM_SQL(store, SQL_LAST[i], batch), error))
            return FALSE;
    return TRUE;
}

gboolean tm_store_remove_some(tm_store *store, bool *more, GError **error)
{
    int64_t marked;
    *more = false;
    if (!tm_sql_number(store, tm_database_sql(store->database, SQL_MARKED), 0, &marked, error))
        return FALSE;
    return marked == 0 || tm_store_write(store, remove_chunk, more, error);
}

/* Gives the disk its room back. */
typedef struct {
    bool more;
    int64_t total;
} shrink_data;

static gboolean shrink(tm_store *store, gpointer data, GError **error)
{
    shrink_data *room = data;
    int64_t before, after;
    if (!tm_sql_number(store, tm_database_sql(store->database, "PRAGMA freelist_count"), 0, &before, error))
        return FALSE;
    if (sqlite3_exec(tm_database_handle(store->database), "PRAGMA incremental_vacuum(8000)", NULL, NULL,
                     NULL) != SQLITE_OK)
        return tm_database_fail(store->database, error, "shrink");
    if (!tm_sql_number(store, tm_database_sql(store->database, "PRAGMA freelist_count"), 0, &after, error))
        return FALSE;
    room->more = after > 0 && after < before;
    room->total = MAX(room->total, before);
    tm_store_tell(store, "giving back pages", room->total - after, room->total);
    return TRUE;
}

/* SQLite looks for each page that it gives back in the list of all free ones: minutes where a million are
 * free. Where little else is left that little is written anew instead; and what is not given back within some
 * seconds is used for the next rows. */
static gboolean give_back(tm_store *store, GError **error)
{
    enum { MANY_FREE = 8000, FEW_USED = 25000, SECONDS = 10 }; /* pages of 4 KB */
    int64_t until_us = g_get_monotonic_time() + SECONDS * G_USEC_PER_SEC, free, pages;
    if (!tm_sql_number(store, tm_database_sql(store->database, "PRAGMA freelist_count"), 0, &free, error) ||
        !tm_sql_number(store, tm_database_sql(store->database, "PRAGMA page_count"), 0, &pages, error))
        return FALSE;
    if (free > MANY_FREE && pages - free < FEW_USED)
        return tm_database_rewrite(store->database, error);
    shrink_data room = {.more = true};
    while (room.more && g_get_monotonic_time() < until_us)
        if (!tm_store_write(store, shrink, &room, error))
            return FALSE;
    return TRUE;
}

gboolean tm_store_remove(tm_store *store, const tm_batch *batch, GError **error)
{
    bool more = true;
    if (!tm_store_write(store, mark, (gpointer)batch, error))
        return FALSE;
    while (more)
        if (!tm_store_remove_some(store, &more, error))
            return FALSE;
    return give_back(store, error);
}
