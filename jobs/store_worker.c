/* store_worker.c - this process as a worker, and what dead workers left. */
#include "jobs/store_private.h"

#include "core/error.h"
#include <string.h>
#include <unistd.h>

static const char SQL_WORKER_NEW[] =
    "INSERT INTO worker(host, boot, pid, started_ms) VALUES (?3, ?4, ?1, ?2)";
static const char SQL_WORKERS[] = "SELECT id FROM worker";
static const char SQL_WORKER_GONE[] = "DELETE FROM worker WHERE id = ?1";
static const char SQL_LEFT_BEHIND[] =
    "SELECT request_job.request, request_job.job, job.request IS request_job.request, job.same_as"
    " FROM request JOIN request_job ON request_job.request = request.id LEFT JOIN job ON job.id = "
    "request_job.job"
    " WHERE request.worker = ?1 AND request.state = 0 ORDER BY request_job.job";
static const char SQL_UNKNOWN[] = "UPDATE request SET state = 1 WHERE worker = ?1 AND state = 0";
/* That a run was cut off is no fault of the row: it costs none of its attempts. */
static const char SQL_FREE[] = "UPDATE job SET state = 0, request = NULL, not_before_ms = 0 WHERE id = ?1";
static const char SQL_HOLD[] = "UPDATE job SET state = 6, request = NULL, class = ?2 WHERE id = ?1";
static const char SQL_READY[] = "INSERT INTO ready(batch, not_before_ms, job) VALUES (?1, 0, ?2)";

/* Its life is taken before the others can read its row: nobody ever sees it dead. */
static gboolean enrol(tm_store *store, gpointer data, GError **error)
{
    (void)data;
    g_autofree char *boot = g_strdup_printf("%016" G_GINT64_MODIFIER "x", tm_clock_now(store->clock).boot_id);
    sqlite3_stmt *statement = TM_SQL(store, SQL_WORKER_NEW, getpid(), tm_store_now(store));
    tm_sql_bind_text(statement, 3, g_get_host_name());
    tm_sql_bind_text(statement, 4, boot);
    if (!tm_sql_run(store, statement, error))
        return FALSE;
    store->worker = sqlite3_last_insert_rowid(tm_database_handle(store->database));
    if (!tm_database_live(store->database, store->worker))
        return tm_fail(error, TM_ERROR_IO, "%s-lock: can't lock it on this file system",
                       tm_database_path(store->database));
    return TRUE;
}

gboolean tm_store_worker(tm_store *store, GError **error)
{
    if (store->worker)
        return TRUE;
    if (tm_store_write(store, enrol, NULL, error))
        return TRUE;
    tm_database_die(store->database, store->worker);
    store->worker = 0;
    return FALSE;
}

typedef struct {
    int64_t request, job;
} left_behind;

/* Rows of the dead worker's requests that are still theirs. */
static GArray *find_left(tm_store *store, int64_t worker, GError **error)
{
    g_autoptr(GArray) found = g_array_new(FALSE, FALSE, sizeof(left_behind));
    sqlite3_stmt *statement = TM_SQL(store, SQL_LEFT_BEHIND, worker);
    int row;
    while ((row = tm_sql_row(store, statement, error)) > 0) {
        left_behind left = {sqlite3_column_int64(statement, 0), sqlite3_column_int64(statement, 1)};
        if (sqlite3_column_int(statement, 2))
            g_array_append_val(found, left);
    }
    return row < 0 ? NULL : g_steal_pointer(&found);
}

typedef struct {
    int64_t worker;
    bool hold;
    int64_t freed;
} bury_data;

/* One dead worker: its requests' fate is unknown; they may have been billed. */
static gboolean bury(tm_store *store, gpointer data, GError **error)
{
    bury_data *grave = data;
    g_autoptr(GArray) left = find_left(store, grave->worker, error);
    tm_counts counts = {0};
    if (!left)
        return FALSE;
    for (guint i = 0; i < left->len; i++) {
        int64_t job = g_array_index(left, left_behind, i).job;
        int64_t batch = tm_job_batch(job);
        sqlite3_stmt *statement =
            grave->hold ? TM_SQL(store, SQL_HOLD, job, TM_CLASS_UNKNOWN) : TM_SQL(store, SQL_FREE, job);
        if (!tm_sql_run(store, statement, error) ||
            (!grave->hold && !tm_sql_run(store, TM_SQL(store, SQL_READY, batch, job), error)))
            return FALSE;
        tm_counts_move(&counts, TM_JOB_RUNNING, grave->hold ? TM_JOB_HELD : TM_JOB_WAITING, 1);
        counts.repeats += !grave->hold;
        bool last = i + 1 == left->len || tm_job_batch(g_array_index(left, left_behind, i + 1).job) != batch;
        if (last && !tm_counts_write(store, batch, &counts, error))
            return FALSE;
        if (last)
            memset(&counts, 0, sizeof counts);
    }
    grave->freed = left->len;
    return tm_sql_run(store, TM_SQL(store, SQL_UNKNOWN, grave->worker), error) &&
           tm_sql_run(store, TM_SQL(store, SQL_WORKER_GONE, grave->worker), error);
}

static GArray *dead_workers(tm_store *store, GError **error)
{
    g_autoptr(GArray) dead = g_array_new(FALSE, FALSE, sizeof(int64_t));
    sqlite3_stmt *statement = tm_database_sql(store->database, SQL_WORKERS);
    int row;
    while ((row = tm_sql_row(store, statement, error)) > 0) {
        int64_t id = sqlite3_column_int64(statement, 0);
        if (id != store->worker && tm_database_is_dead(store->database, id))
            g_array_append_val(dead, id);
    }
    return row < 0 ? NULL : g_steal_pointer(&dead);
}

/* Two processes may find the same one dead: the second finds nothing left behind. */
gboolean tm_store_recover(tm_store *store, bool hold_unknown, int64_t *n_freed, GError **error)
{
    bool more;
    *n_freed = 0;
    if (!tm_store_loads_finish(store, error) || !tm_store_remove_some(store, &more, error))
        return FALSE;
    g_autoptr(GArray) dead = dead_workers(store, error);
    if (!dead)
        return FALSE;
    for (guint i = 0; i < dead->len; i++) {
        bury_data grave = {.worker = g_array_index(dead, int64_t, i), .hold = hold_unknown};
        if (!tm_store_write(store, bury, &grave, error))
            return FALSE;
        *n_freed += grave.freed;
    }
    return TRUE;
}
