/* store_cancel.c - waiting rows will not be sent. A chunk of rows a transaction: after a crash some are
 * cancelled and the rest wait. */
#include "jobs/store_private.h"

static const char SQL_PLACE[] = "SELECT cursor, top FROM batch WHERE id = ?1";
static const char SQL_FRESH[] =
    "UPDATE job SET state = 5 WHERE id > ?1 AND id <= ?2 AND state = 0 AND not_before_ms IS NULL";
static const char SQL_FOLLOWERS[] =
    "UPDATE job SET state = 5 WHERE state = 7 AND same_as > ?1 AND same_as <= ?2"
    " AND (SELECT leader.state FROM job leader WHERE leader.id = job.same_as) = 5";
static const char SQL_CURSOR[] = "UPDATE batch SET cursor = max(cursor, ?2) WHERE id = ?1";
static const char SQL_CAME_BACK[] =
    "SELECT not_before_ms, job FROM ready WHERE batch = ?1 ORDER BY not_before_ms, job LIMIT ?2";
static const char SQL_ONE[] = "UPDATE job SET state = 5, not_before_ms = NULL WHERE id = ?1 AND state = 0";
static const char SQL_NOT_READY[] = "DELETE FROM ready WHERE batch = ?1 AND not_before_ms = ?2 AND job = ?3";

typedef struct {
    int64_t batch;
    int64_t from, top; /* ordinals */
    int64_t rows;
    bool more;
} cancel_data;

static gboolean cancel_followers(tm_store *store, int64_t after, int64_t to, tm_counts *counts,
                                 GError **error)
{
    if (!tm_sql_run(store, TM_SQL(store, SQL_FOLLOWERS, after, to), error))
        return FALSE;
    tm_counts_move(counts, TM_JOB_SAME, TM_JOB_CANCELLED, tm_store_changes(store));
    return TRUE;
}

static gboolean cancel_fresh(tm_store *store, gpointer pointer, GError **error)
{
    cancel_data *data = pointer;
    tm_counts counts = {0};
    int64_t to = MIN(data->from + TM_CHUNK, data->top);
    int64_t after = tm_job_id(data->batch, data->from), last = tm_job_id(data->batch, to);
    if (!tm_sql_run(store, TM_SQL(store, SQL_FRESH, after, last), error))
        return FALSE;
    tm_counts_move(&counts, TM_JOB_WAITING, TM_JOB_CANCELLED, tm_store_changes(store));
    if (!cancel_followers(store, after, last, &counts, error) ||
        !tm_sql_run(store, TM_SQL(store, SQL_CURSOR, data->batch, to), error) ||
        !tm_counts_write(store, data->batch, &counts, error))
        return FALSE;
    data->rows += counts.n[TM_JOB_CANCELLED];
    data->from = to;
    return TRUE;
}

typedef struct {
    int64_t not_before_ms, job;
} came_back;

static gboolean cancel_came_back(tm_store *store, gpointer pointer, GError **error)
{
    cancel_data *data = pointer;
    tm_counts counts = {0};
    g_autoptr(GArray) found = g_array_new(FALSE, FALSE, sizeof(came_back));
    sqlite3_stmt *statement = TM_SQL(store, SQL_CAME_BACK, data->batch, TM_CHUNK);
    int row;
    while ((row = tm_sql_row(store, statement, error)) > 0) {
        came_back back = {sqlite3_column_int64(statement, 0), sqlite3_column_int64(statement, 1)};
        g_array_append_val(found, back);
    }
    if (row < 0)
        return FALSE;
    for (guint i = 0; i < found->len; i++) {
        const came_back *back = &g_array_index(found, came_back, i);
        if (!tm_sql_run(store, TM_SQL(store, SQL_ONE, back->job), error))
            return FALSE;
        tm_counts_move(&counts, TM_JOB_WAITING, TM_JOB_CANCELLED, tm_store_changes(store));
        if (!cancel_followers(store, back->job - 1, back->job, &counts, error) ||
            !tm_sql_run(store, TM_SQL(store, SQL_NOT_READY, data->batch, back->not_before_ms, back->job),
                        error))
            return FALSE;
    }
    data->rows += counts.n[TM_JOB_CANCELLED];
    data->more = found->len == TM_CHUNK;
    return tm_counts_write(store, data->batch, &counts, error);
}

int64_t tm_store_cancel(tm_store *store, const tm_batch *batch, GError **error)
{
    cancel_data data = {.batch = batch->id};
    sqlite3_stmt *statement = TM_SQL(store, SQL_PLACE, batch->id);
    int row = tm_sql_row(store, statement, error);
    if (row < 0)
        return -1;
    data.from = sqlite3_column_int64(statement, 0);
    data.top = sqlite3_column_int64(statement, 1);
    sqlite3_reset(statement);
    while (data.from < data.top) {
        if (!tm_store_write(store, cancel_fresh, &data, error))
            return -1;
        tm_store_tell(store, "cancelling rows", data.from, data.top);
    }
    do {
        if (!tm_store_write(store, cancel_came_back, &data, error))
            return -1;
    } while (data.more);
    return data.rows;
}
