/* store_revision.c - what a batch asks: its prompts over time, and the one that counts now. */
#include "jobs/store_private.h"

#include "core/error.h"
#include <string.h>

static const char SQL_REVISION[] = "SELECT id, batch, hash, prompt, options FROM revision WHERE id = ?1";
static const char SQL_BY_HASH[] = "SELECT id FROM revision WHERE batch = ?1 AND hash = ?2";
static const char SQL_NEW[] =
    "INSERT INTO revision(batch, created_ms, hash, prompt, options) VALUES (?1, ?2, ?3, ?4, ?5)";
static const char SQL_OPTIONS[] = "UPDATE revision SET options = ?2 WHERE id = ?1";
static const char SQL_CURRENT[] = "SELECT revision FROM batch WHERE id = ?1 AND removing = 0";
static const char SQL_POINT[] = "UPDATE batch SET revision = ?2, recent = x'' WHERE id = ?1";
/* All but the cancelled ones. A running row loses its request: what that one answers is kept, but late. */
static const char SQL_REQUEUE[] =
    "UPDATE job SET state = CASE WHEN same_as IS NULL THEN 0 ELSE 7 END, request = NULL, attempts = 0,"
    " class = NULL, answer = NULL, not_before_ms = NULL WHERE id > ?1 AND id <= ?2 AND state <> 5";
static const char SQL_REQUEUE_BATCH[] = "UPDATE batch SET cursor = 0 WHERE id = ?1";
static const char SQL_NO_READY[] = "DELETE FROM ready WHERE batch = ?1";
/* Rows that this prompt has answered already, in an earlier life of the batch; then their copies. */
static const char SQL_ADOPT[] =
    "UPDATE job SET state = 2, not_before_ms = NULL, answer ="
    " (SELECT max(a.id) FROM answer a WHERE a.job = job.id AND a.revision = ?3 AND a.class = 0)"
    " WHERE id > ?1 AND id <= ?2 AND state = 0 AND EXISTS"
    " (SELECT 1 FROM answer a WHERE a.job = job.id AND a.revision = ?3 AND a.class = 0)";
static const char SQL_ADOPT_COPIES[] = "UPDATE job SET state = 2, answer = l.answer FROM job l WHERE job.id "
                                       "> ?1 AND job.id <= ?2 AND job.state = 7"
                                       " AND l.id = job.same_as AND l.state = 2";
static const char SQL_ADOPT_READY[] =
    "DELETE FROM ready WHERE batch = ?1 AND (SELECT state FROM job WHERE id = ready.job) <> 0";
static const char SQL_RECOUNT[] = "SELECT state, count(*) FROM job WHERE id > ?1 AND id <= ?2 GROUP BY state";
static const char SQL_RECOUNTED[] = "UPDATE batch SET n_waiting = ?2, n_running = ?3, n_done = ?4, n_failed "
                                    "= ?5, n_blocked = ?6, n_cancelled = ?7,"
                                    " n_held = ?8, n_same = ?9 WHERE id = ?1";
static const char SQL_NO_CLASSES[] = "DELETE FROM class_count WHERE batch = ?1";

void tm_revision_free(tm_revision *revision)
{
    if (!revision)
        return;
    g_free(revision->hash);
    g_free(revision->prompt);
    g_free(revision->options);
    g_free(revision);
}

tm_revision *tm_store_revision(tm_store *store, int64_t id, GError **error)
{
    sqlite3_stmt *statement = TM_SQL(store, SQL_REVISION, id);
    int row = tm_sql_row(store, statement, error);
    if (row == 0)
        tm_fail(error, TM_ERROR_STATE, "there is no revision %" G_GINT64_FORMAT, id);
    if (row <= 0)
        return NULL;
    tm_revision *revision = g_new0(tm_revision, 1);
    revision->id = sqlite3_column_int64(statement, 0);
    revision->batch = sqlite3_column_int64(statement, 1);
    revision->hash = tm_sql_text(statement, 2);
    revision->prompt = tm_sql_text(statement, 3);
    revision->options = tm_sql_text(statement, 4);
    sqlite3_reset(statement);
    return revision;
}

typedef struct {
    tm_batch *batch;
    const tm_revision *like;
    bool requeue;
    int64_t revision; /* the one that was found or made */
} revise_data;

static gboolean find_or_make(tm_store *store, revise_data *revise, bool *old, GError **error)
{
    const tm_revision *like = revise->like;
    sqlite3_stmt *statement = TM_SQL(store, SQL_BY_HASH, revise->batch->id);
    tm_sql_bind_text(statement, 2, like->hash);
    if (!tm_sql_number(store, statement, 0, &revise->revision, error))
        return FALSE;
    *old = revise->revision != 0;
    if (*old) {
        statement = TM_SQL(store, SQL_OPTIONS, revise->revision);
        tm_sql_bind_text(statement, 2, like->options);
        return tm_sql_run(store, statement, error);
    }
    statement = TM_SQL(store, SQL_NEW, revise->batch->id, tm_store_now(store));
    tm_sql_bind_text(statement, 3, like->hash);
    tm_sql_bind_text(statement, 4, like->prompt);
    tm_sql_bind_text(statement, 5, like->options);
    if (!tm_sql_run(store, statement, error))
        return FALSE;
    revise->revision = sqlite3_last_insert_rowid(tm_database_handle(store->database));
    return TRUE;
}

/* The one place where rows are counted: all of them have just been rewritten. */
static gboolean recount(tm_store *store, int64_t batch, GError **error)
{
    int64_t n[TM_N_JOB_STATES] = {0};
    int row;
    sqlite3_stmt *statement =
        TM_SQL(store, SQL_RECOUNT, tm_job_id(batch, 0), tm_job_id(batch, TM_ORDINAL_MAX));
    while ((row = tm_sql_row(store, statement, error)) > 0) {
        int state = sqlite3_column_int(statement, 0);
        if (state >= 0 && state < TM_N_JOB_STATES)
            n[state] = sqlite3_column_int64(statement, 1);
    }
    return row == 0 &&
           tm_sql_run(store,
                      TM_SQL(store, SQL_RECOUNTED, batch, n[0], n[1], n[2], n[3], n[4], n[5], n[6], n[7]),
                      error);
}

static gboolean requeue(tm_store *store, int64_t batch, GError **error)
{
    return tm_sql_run(store,
                      TM_SQL(store, SQL_REQUEUE, tm_job_id(batch, 0), tm_job_id(batch, TM_ORDINAL_MAX)),
                      error) &&
           tm_sql_run(store, TM_SQL(store, SQL_REQUEUE_BATCH, batch), error) &&
           tm_sql_run(store, TM_SQL(store, SQL_NO_READY, batch), error) &&
           tm_sql_run(store, TM_SQL(store, SQL_NO_CLASSES, batch), error);
}

static gboolean adopt(tm_store *store, int64_t batch, int64_t revision, GError **error)
{
    int64_t first = tm_job_id(batch, 0), last = tm_job_id(batch, TM_ORDINAL_MAX);
    return tm_sql_run(store, TM_SQL(store, SQL_ADOPT, first, last, revision), error) &&
           tm_sql_run(store, TM_SQL(store, SQL_ADOPT_COPIES, first, last), error) &&
           tm_sql_run(store, TM_SQL(store, SQL_ADOPT_READY, batch), error);
}

static gboolean revise_batch(tm_store *store, gpointer data, GError **error)
{
    revise_data *revise = data;
    int64_t batch = revise->batch->id, current;
    bool old;
    if (!tm_sql_number(store, TM_SQL(store, SQL_CURRENT, batch), -1, &current, error))
        return FALSE;
    if (current < 0)
        return tm_fail(error, TM_ERROR_STATE, "the batch %s was removed", revise->batch->name);
    if (!find_or_make(store, revise, &old, error))
        return FALSE;
    if (revise->revision == current && !revise->requeue)
        return TRUE;
    if (!tm_sql_run(store, TM_SQL(store, SQL_POINT, batch, revise->revision), error))
        return FALSE;
    if (revise->requeue && !requeue(store, batch, error))
        return FALSE;
    if (old && !adopt(store, batch, revise->revision, error))
        return FALSE;
    return !(revise->requeue || old) || recount(store, batch, error);
}

gboolean tm_store_revise(tm_store *store, tm_batch *batch, const tm_revision *like, bool requeue_rows,
                         GError **error)
{
    revise_data data = {.batch = batch, .like = like, .requeue = requeue_rows};
    if (!tm_store_write(store, revise_batch, &data, error))
        return FALSE;
    batch->revision = data.revision;
    return tm_store_refresh(store, batch, error);
}
