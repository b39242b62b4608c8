/* store_again.c - rows that have ended wait again: retry, and what `try` asks for by number. */
#include "jobs/store_private.h"

#include "core/error.h"

static const char SQL_AGAIN[] = "UPDATE job SET state = 0, attempts = 0, request = NULL, class = NULL, "
                                "answer = NULL, not_before_ms = 0 WHERE id = ?1";
static const char SQL_READY[] = "INSERT INTO ready(batch, not_before_ms, job) VALUES (?1, 0, ?2)";
static const char SQL_FOLLOWERS[] =
    "UPDATE job SET state = 7, class = NULL, answer = NULL WHERE same_as = ?1 AND state = ?2";
/* The index holds failed, blocked and held rows only. */
static const char SQL_ENDED[] =
    "SELECT id, state, class FROM job INDEXED BY job_ended WHERE class IS NOT NULL AND id > ?1 AND id <= ?2"
    " AND (?3 = ?4 OR class = ?3) AND same_as IS NULL ORDER BY id LIMIT ?5";
static const char SQL_STATE[] = "SELECT job.state, job.class, job.same_as, answer.revision, batch.revision "
                                "FROM job JOIN batch ON batch.id = ?2"
                                " LEFT JOIN answer ON answer.id = job.answer WHERE job.id = ?1";
static const char SQL_CANARY[] = "UPDATE batch SET recent = x'' WHERE id = ?1";

typedef struct {
    int64_t id;
    tm_job_state state;
    int class; /* -1: none */
} ended_job;

static ended_job read_job(int64_t id, sqlite3_stmt *row, int state_column)
{
    bool told = sqlite3_column_type(row, state_column + 1) != SQLITE_NULL;
    return (ended_job){id, (tm_job_state)sqlite3_column_int(row, state_column),
                       told ? sqlite3_column_int(row, state_column + 1) : -1};
}

/* Fresh attempts, at once; the rows that follow it wait for it. *rows: how many changed. */
static gboolean again(tm_store *store, const ended_job *job, tm_counts *counts, int64_t *rows, GError **error)
{
    if (!tm_sql_run(store, TM_SQL(store, SQL_AGAIN, job->id), error) ||
        !tm_sql_run(store, TM_SQL(store, SQL_READY, tm_job_batch(job->id), job->id), error) ||
        !tm_sql_run(store, TM_SQL(store, SQL_FOLLOWERS, job->id, job->state), error))
        return FALSE;
    int64_t followers = tm_store_changes(store);
    tm_counts_move(counts, job->state, TM_JOB_WAITING, 1);
    tm_counts_move(counts, job->state, TM_JOB_SAME, followers);
    bool classed = job->state == TM_JOB_FAILED || job->state == TM_JOB_BLOCKED;
    if (classed && job->class >= 0 && job->class < TM_N_CLASSES)
        counts->classes[job->class] -= 1 + followers;
    *rows += 1 + followers;
    return TRUE;
}

/* ---- retry ---- */

typedef struct {
    int64_t batch;
    tm_class class;
    int64_t last; /* the job up to which it is done */
    int64_t rows;
    bool more;
} retry_data;

static GArray *find_ended(tm_store *store, const retry_data *retry, GError **error)
{
    g_autoptr(GArray) found = g_array_new(FALSE, FALSE, sizeof(ended_job));
    sqlite3_stmt *statement = TM_SQL(store, SQL_ENDED, retry->last, tm_job_id(retry->batch, TM_ORDINAL_MAX),
                                     retry->class, TM_N_CLASSES, TM_CHUNK);
    int row;
    while ((row = tm_sql_row(store, statement, error)) > 0) {
        ended_job job = read_job(sqlite3_column_int64(statement, 0), statement, 1);
        g_array_append_val(found, job);
    }
    return row < 0 ? NULL : g_steal_pointer(&found);
}

static gboolean retry_some(tm_store *store, gpointer data, GError **error)
{
    retry_data *retry = data;
    tm_counts counts = {0};
    g_autoptr(GArray) found = find_ended(store, retry, error);
    if (!found)
        return FALSE;
    for (guint i = 0; i < found->len; i++) {
        const ended_job *job = &g_array_index(found, ended_job, i);
        if (!again(store, job, &counts, &retry->rows, error))
            return FALSE;
        retry->last = job->id;
    }
    retry->more = found->len == TM_CHUNK;
    return found->len == 0 || (tm_counts_write(store, retry->batch, &counts, error) &&
                               tm_sql_run(store, TM_SQL(store, SQL_CANARY, retry->batch), error));
}

int64_t tm_store_retry(tm_store *store, const tm_batch *batch, tm_class class, GError **error)
{
    retry_data data = {.batch = batch->id, .class = class, .last = tm_job_id(batch->id, 0)};
    do {
        if (!tm_store_write(store, retry_some, &data, error))
            return -1;
    } while (data.more);
    return data.rows;
}

/* ---- try ---- */

typedef struct {
    int64_t batch;
    const int64_t *ordinals;
    size_t n;
    GArray *ids;
} again_data;

static gboolean try_again(tm_store *store, const again_data *data, int64_t id, tm_counts *counts,
                          int64_t *rows, GError **error)
{
    sqlite3_stmt *statement = TM_SQL(store, SQL_STATE, id, data->batch);
    int row = tm_sql_row(store, statement, error);
    if (row <= 0)
        return row == 0;
    ended_job job = read_job(id, statement, 0);
    bool follows = sqlite3_column_type(statement, 2) != SQLITE_NULL;
    bool older = sqlite3_column_int64(statement, 3) != sqlite3_column_int64(statement, 4);
    sqlite3_reset(statement);
    g_array_append_val(data->ids, id);
    bool wanted =
        job.state == TM_JOB_FAILED || job.state == TM_JOB_BLOCKED || (job.state == TM_JOB_DONE && older);
    return !wanted || follows || again(store, &job, counts, rows, error);
}

static gboolean again_all(tm_store *store, gpointer pointer, GError **error)
{
    again_data *data = pointer;
    tm_counts counts = {0};
    int64_t rows = 0;
    for (size_t i = 0; i < data->n; i++)
        if (data->ordinals[i] > 0 && data->ordinals[i] <= TM_ORDINAL_MAX &&
            !try_again(store, data, tm_job_id(data->batch, data->ordinals[i]), &counts, &rows, error))
            return FALSE;
    return rows == 0 || tm_counts_write(store, data->batch, &counts, error);
}

GArray *tm_store_again(tm_store *store, const tm_batch *batch, const int64_t *ordinals, size_t n,
                       GError **error)
{
    g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(int64_t));
    again_data data = {.batch = batch->id, .ordinals = ordinals, .n = n, .ids = ids};
    return tm_store_write(store, again_all, &data, error) ? g_steal_pointer(&ids) : NULL;
}
