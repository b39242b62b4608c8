/* store_lease.c - waiting rows are taken and belong to a request from then on. */
#include "jobs/store_private.h"

#include "core/error.h"

static const char SQL_BATCH[] = "SELECT revision, cursor, top, loading, removing FROM batch WHERE id = ?1";
static const char SQL_DUE[] = "SELECT job FROM ready WHERE batch = ?1 AND not_before_ms <= ?2 AND step <= ?4 "
                              "ORDER BY not_before_ms, job "
                              "LIMIT ?3";
static const char SQL_FRESH[] =
    "SELECT id FROM job WHERE id > ?1 AND id <= ?2 AND state = 0 AND not_before_ms IS NULL"
    " ORDER BY id LIMIT ?3";
static const char SQL_WAITING[] = "SELECT state, not_before_ms FROM job WHERE id = ?1";
static const char SQL_NEXT[] = "SELECT min(not_before_ms) FROM ready WHERE batch = ?1 AND step <= ?2";
static const char SQL_CURSOR[] = "UPDATE batch SET cursor = max(cursor, ?2) WHERE id = ?1";
static const char SQL_REQUEST[] =
    "INSERT INTO request(state, worker, batch, revision, reservation, bytes, leased_ms, account, model)"
    " VALUES (0, ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
static const char SQL_REQUEST_JOB[] = "INSERT INTO request_job(request, job) VALUES (?1, ?2)";
static const char SQL_NOT_READY[] = "DELETE FROM ready WHERE batch = ?1 AND not_before_ms = (SELECT "
                                    "not_before_ms FROM job WHERE id = ?2) AND job = ?2";
static const char SQL_TAKE[] = "UPDATE job SET state = 1, request = ?2, not_before_ms = NULL WHERE id = ?1";
static const char SQL_INPUT[] =
    "SELECT input.body, job.attempts, job.not_before_ms, job.answer FROM input JOIN job "
    "ON job.id = input.job WHERE input.job = ?1";
static const char SQL_STEP[] = "SELECT step FROM ready WHERE batch = ?1 AND not_before_ms = ?3 AND job = ?2";

typedef struct {
    const tm_lease_ask *ask;
    GArray *jobs;   /* of int64_t: which to take */
    GArray *leases; /* of tm_lease */
    int64_t next_ms;
    int64_t revision, cursor, top, now;
} lease_data;

void tm_lease_clear(tm_lease *lease)
{
    g_clear_pointer(&lease->body, g_free);
    g_clear_pointer(&lease->kept, g_ptr_array_unref);
}

/* False with *error: not to be worked as the asker thinks. *idle: nothing to take, no error. */
static gboolean read_batch(tm_store *store, lease_data *lease, bool *idle, GError **error)
{
    const tm_batch *batch = lease->ask->batch;
    sqlite3_stmt *statement = TM_SQL(store, SQL_BATCH, batch->id);
    int row = tm_sql_row(store, statement, error);
    if (row < 0)
        return FALSE;
    lease->revision = sqlite3_column_int64(statement, 0);
    lease->cursor = sqlite3_column_int64(statement, 1);
    lease->top = sqlite3_column_int64(statement, 2);
    int loading = sqlite3_column_int(statement, 3);
    *idle = loading == TM_LOAD_PLAIN || loading == TM_LOAD_DEDUPE;
    bool removed = row == 0 || sqlite3_column_int(statement, 4);
    sqlite3_reset(statement);
    if (removed)
        return tm_fail(error, TM_ERROR_STATE, "the batch %s was removed", batch->name);
    if (lease->revision != batch->revision)
        return tm_fail(
            error, TM_ERROR_CHANGED,
            "another tidemill has given the batch %s another prompt: start again to go on with that one",
            batch->name);
    return TRUE;
}

/* Job ids of `statement`, appended; how many: -1 and *error. */
static int append_ids(tm_store *store, sqlite3_stmt *statement, GArray *ids, GError **error)
{
    int n = 0, row;
    while ((row = tm_sql_row(store, statement, error)) > 0) {
        int64_t id = sqlite3_column_int64(statement, 0);
        g_array_append_val(ids, id);
        n++;
    }
    return row < 0 ? -1 : n;
}

/* What came back first, then fresh rows. The cursor moves past the rows it has seen. */
static gboolean choose(tm_store *store, lease_data *lease, GError **error)
{
    int64_t batch = lease->ask->batch->id;
    int wanted = lease->ask->wanted;
    int due = append_ids(store, TM_SQL(store, SQL_DUE, batch, lease->now, wanted, lease->ask->step),
                         lease->jobs, error);
    if (due < 0)
        return FALSE;
    wanted -= due;
    if (wanted <= 0 || lease->cursor >= lease->top)
        return TRUE;
    sqlite3_stmt *statement =
        TM_SQL(store, SQL_FRESH, tm_job_id(batch, lease->cursor), tm_job_id(batch, lease->top), wanted);
    int fresh = append_ids(store, statement, lease->jobs, error);
    if (fresh < 0)
        return FALSE;
    int64_t cursor = fresh == wanted
                         ? tm_job_ordinal(g_array_index(lease->jobs, int64_t, lease->jobs->len - 1))
                         : lease->top;
    return tm_sql_run(store, TM_SQL(store, SQL_CURSOR, batch, cursor), error);
}

/* `try`: of the jobs that were named, those that wait and whose time has come. */
static gboolean choose_named(tm_store *store, lease_data *lease, GError **error)
{
    const tm_lease_ask *ask = lease->ask;
    for (size_t i = 0; i < ask->n_jobs && (int)lease->jobs->len < ask->wanted; i++) {
        sqlite3_stmt *statement = TM_SQL(store, SQL_WAITING, ask->jobs[i]);
        int row = tm_sql_row(store, statement, error);
        if (row < 0)
            return FALSE;
        bool waits = row > 0 && sqlite3_column_int(statement, 0) == TM_JOB_WAITING &&
                     tm_job_batch(ask->jobs[i]) == ask->batch->id;
        int64_t not_before = row > 0 ? sqlite3_column_int64(statement, 1) : 0;
        sqlite3_reset(statement);
        if (waits && not_before <= lease->now)
            g_array_append_val(lease->jobs, ask->jobs[i]);
        else if (waits)
            lease->next_ms = MIN(lease->next_ms, not_before);
    }
    return TRUE;
}

/* What a row that came back has been through. */
static gboolean read_past(tm_store *store, int64_t not_before_ms, int64_t revision, bool answered,
                          tm_lease *out, GError **error)
{
    int64_t step = 0;
    sqlite3_stmt *statement = TM_SQL(store, SQL_STEP, tm_job_batch(out->job), out->job, not_before_ms);
    if (!tm_sql_number(store, statement, 0, &step, error))
        return FALSE;
    out->step = (int)step;
    return !answered || tm_store_read_kept(store, out, revision, error);
}

static gboolean read_input(tm_store *store, int64_t job, int64_t revision, tm_lease *out, bool *was_back,
                           GError **error)
{
    sqlite3_stmt *statement = TM_SQL(store, SQL_INPUT, job);
    int row = tm_sql_row(store, statement, error);
    if (row == 0)
        return tm_fail(error, TM_ERROR_IO, "%s is damaged: row %" G_GINT64_FORMAT " has lost its input",
                       tm_database_path(store->database), tm_job_ordinal(job));
    if (row < 0)
        return FALSE;
    out->job = job;
    out->ordinal = tm_job_ordinal(job);
    out->length = (size_t)sqlite3_column_bytes(statement, 0);
    out->body = g_malloc(out->length + 1);
    memcpy(out->body, sqlite3_column_text(statement, 0), out->length);
    out->body[out->length] = '\0';
    out->attempts = sqlite3_column_int(statement, 1);
    *was_back = sqlite3_column_type(statement, 2) != SQLITE_NULL;
    int64_t not_before_ms = sqlite3_column_int64(statement, 2);
    bool answered = sqlite3_column_type(statement, 3) != SQLITE_NULL;
    sqlite3_reset(statement);
    return !*was_back || read_past(store, not_before_ms, revision, answered, out, error);
}

static gboolean take(tm_store *store, lease_data *lease, guint i, GError **error)
{
    const tm_lease_ask *ask = lease->ask;
    int64_t job = g_array_index(lease->jobs, int64_t, i), batch = ask->batch->id;
    bool was_back = false;
    g_array_set_size(lease->leases, lease->leases->len + 1);
    tm_lease *out = &g_array_index(lease->leases, tm_lease, lease->leases->len - 1);
    if (!read_input(store, job, lease->revision, out, &was_back, error))
        return FALSE;
    out->reservation = ask->reservations ? ask->reservations[i] : 0;
    sqlite3_stmt *statement = TM_SQL(store, SQL_REQUEST, store->worker, batch, lease->revision,
                                     out->reservation, (int64_t)out->length, lease->now);
    tm_sql_bind_text(statement, 7, ask->account);
    tm_sql_bind_text(statement, 8, ask->model);
    if (!tm_sql_run(store, statement, error))
        return FALSE;
    out->request = sqlite3_last_insert_rowid(tm_database_handle(store->database));
    if (was_back && !tm_sql_run(store, TM_SQL(store, SQL_NOT_READY, batch, job), error))
        return FALSE;
    return tm_sql_run(store, TM_SQL(store, SQL_REQUEST_JOB, out->request, job), error) &&
           tm_sql_run(store, TM_SQL(store, SQL_TAKE, job, out->request), error);
}

static gboolean lease_rows(tm_store *store, gpointer data, GError **error)
{
    lease_data *lease = data;
    bool idle;
    if (!read_batch(store, lease, &idle, error))
        return FALSE;
    if (idle)
        return TRUE;
    if (!(lease->ask->jobs ? choose_named : choose)(store, lease, error))
        return FALSE;
    for (guint i = 0; i < lease->jobs->len; i++)
        if (!take(store, lease, i, error))
            return FALSE;
    tm_counts counts = {0};
    tm_counts_move(&counts, TM_JOB_WAITING, TM_JOB_RUNNING, lease->jobs->len);
    if (lease->jobs->len && !tm_counts_write(store, lease->ask->batch->id, &counts, error))
        return FALSE;
    if (lease->ask->jobs)
        return TRUE;
    return tm_sql_number(store, TM_SQL(store, SQL_NEXT, lease->ask->batch->id, lease->ask->step), INT64_MAX,
                         &lease->next_ms, error);
}

gboolean tm_store_lease(tm_store *store, const tm_lease_ask *ask, GArray *leases, int64_t *next_ms,
                        GError **error)
{
    *next_ms = INT64_MAX;
    if (ask->wanted <= 0)
        return TRUE;
    if (tm_database_wal_full(store->database))
        return tm_fail(
            error, TM_ERROR_BUSY,
            "%s: a reader has kept its journal from being emptied for long: nothing is sent until it ends",
            tm_database_path(store->database));
    if (!tm_store_worker(store, error))
        return FALSE;
    g_autoptr(GArray) jobs = g_array_new(FALSE, FALSE, sizeof(int64_t));
    g_autoptr(GArray) taken = g_array_new(FALSE, TRUE, sizeof(tm_lease));
    lease_data data = {
        .ask = ask, .jobs = jobs, .leases = taken, .next_ms = INT64_MAX, .now = tm_store_now(store)};
    if (!tm_store_write(store, lease_rows, &data, error)) {
        for (guint i = 0; i < taken->len; i++)
            tm_lease_clear(&g_array_index(taken, tm_lease, i));
        return FALSE;
    }
    if (taken->len)
        g_array_append_vals(leases, taken->data, taken->len);
    *next_ms = data.next_ms;
    return TRUE;
}
