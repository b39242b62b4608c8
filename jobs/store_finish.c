/* store_finish.c - how requests ended: rows are done, failed, blocked, held, or go back. */
#include "jobs/store_private.h"

#include "core/error.h"
#include <string.h>

static const char SQL_NEXT_ANSWER[] = "SELECT max(id) FROM answer";
static const char SQL_N_SAME[] = "SELECT n_same FROM batch WHERE id = ?1";
/* The fence: only while the row is this request's. */
static const char SQL_JOB[] = "UPDATE job SET state = ?3, attempts = attempts + ?4, request = NULL, "
                              "not_before_ms = ?5, class = ?6, answer = coalesce(?7, answer)"
                              " WHERE id = ?1 AND request = ?2";
static const char SQL_READY[] = "INSERT INTO ready(batch, not_before_ms, job, step) VALUES (?1, ?2, ?3, ?4)";
static const char SQL_FOLLOWERS[] =
    "UPDATE job SET state = ?2, class = ?3, answer = ?4 WHERE same_as = ?1 AND state = 7";
static const char SQL_ANSWER[] =
    "INSERT INTO answer(id, job, revision, request, class, http, left_ms, done_ms, cost_micro_usd, tokens_in,"
    " tokens_cached, tokens_out, tokens_think, account, model, output, parts, finish, message, asked)"
    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20)";
static const char SQL_NO_REQUEST_JOB[] = "DELETE FROM request_job WHERE request = ?1 AND job = ?2";
static const char SQL_NO_REQUEST[] = "DELETE FROM request WHERE id = ?1 AND NOT EXISTS"
                                     " (SELECT 1 FROM request_job WHERE request = ?1)";
static const char SQL_LATE[] = "UPDATE request SET state = 2 WHERE id = ?1";
static const char SQL_TOTALS[] =
    "UPDATE revision SET answered = answered + ?2, tokens_in = tokens_in + ?3, tokens_out = tokens_out + ?4,"
    " tokens_think = tokens_think + ?5, body_bytes = body_bytes + ?6,"
    " first_ms = CASE WHEN first_ms = 0 OR ?7 = 0 THEN max(first_ms, ?7) ELSE min(first_ms, ?7) END,"
    " last_ms = max(last_ms, ?8), cost_micro_usd = cost_micro_usd + ?9 WHERE id = ?1";
static const char SQL_RECENT[] =
    "UPDATE batch SET recent = substr(CAST(?2 || recent AS BLOB), 1, 50) WHERE id = ?1";

G_STATIC_ASSERT(TM_CANARY_KEPT == 50);

/* What one batch's rows add up to within a call. */
typedef struct {
    int64_t batch, revision;
    int64_t n_same; /* of the batch: without any, nobody need be asked who follows */
    tm_counts counts;
    tm_store_totals_t totals;
    GByteArray *recent; /* classes, oldest first */
} sum;

typedef struct {
    const tm_finish *finishes;
    size_t n;
    GArray *sums;
    int64_t next_answer;
} finish_data;

static void sum_clear(gpointer data)
{
    g_byte_array_unref(((sum *)data)->recent);
}

static sum *sum_of(tm_store *store, finish_data *data, const tm_finish *f, GError **error)
{
    for (guint i = 0; i < data->sums->len; i++) {
        sum *s = &g_array_index(data->sums, sum, i);
        if (s->batch == f->batch && s->revision == f->revision)
            return s;
    }
    sum s = {.batch = f->batch, .revision = f->revision};
    if (!tm_sql_number(store, TM_SQL(store, SQL_N_SAME, f->batch), 0, &s.n_same, error))
        return NULL;
    s.recent = g_byte_array_new();
    g_array_append_val(data->sums, s);
    return &g_array_index(data->sums, sum, data->sums->len - 1);
}

static char *parts_text(const tm_answer *answer)
{
    if (!answer->parts || answer->parts->len == 0)
        return NULL;
    GString *text = g_string_new("[");
    for (guint i = 0; i < answer->parts->len; i++)
        g_string_append_printf(text, "%s%s", i ? "," : "", (const char *)answer->parts->pdata[i]);
    return g_string_free(g_string_append_c(text, ']'), FALSE);
}

static void bind_told(sqlite3_stmt *statement, int index, int64_t value)
{
    if (value < 0)
        sqlite3_bind_null(statement, index); /* the server did not say */
}

/* `job` 0: it came late. */
static gboolean insert_answer(tm_store *store, const tm_finish *f, int64_t id, int64_t job, GError **error)
{
    const tm_answer *a = f->answer;
    const tm_usage *u = &a->usage;
    g_autofree char *parts = parts_text(a);
    sqlite3_stmt *statement =
        TM_SQL(store, SQL_ANSWER, id, job, f->revision, f->request, a->class, a->http, f->left_ms, f->done_ms,
               f->cost_micro_usd, u->input, u->cached, u->output, u->thinking);
    if (job == 0)
        sqlite3_bind_null(statement, 2);
    bind_told(statement, 10, u->input);
    bind_told(statement, 11, u->cached);
    bind_told(statement, 12, u->output);
    bind_told(statement, 13, u->thinking);
    tm_sql_bind_text(statement, 14, f->account);
    tm_sql_bind_text(statement, 15, a->model ? a->model : f->model);
    if (a->text)
        sqlite3_bind_text64(statement, 16, a->text, a->text_length, SQLITE_STATIC, SQLITE_UTF8);
    tm_sql_bind_text(statement, 17, parts);
    tm_sql_bind_text(statement, 18, a->finish);
    tm_sql_bind_text(statement, 19, a->message ? a->message : a->code);
    tm_sql_bind_text(statement, 20, f->keep ? f->model : NULL);
    return tm_sql_run(store, statement, error);
}

/* An answer whose row is another's by now was paid all the same: it is kept, and shows on its request. */
static gboolean finish_late(tm_store *store, finish_data *data, const tm_finish *f, GError **error)
{
    if (!tm_sql_run(store, TM_SQL(store, SQL_LATE, f->request), error))
        return FALSE;
    return !f->answer || insert_answer(store, f, data->next_answer++, 0, error);
}

static void count_tokens(sum *s, const tm_finish *f)
{
    const tm_usage *u = &f->answer->usage;
    s->totals.answered++;
    s->totals.tokens_in += MAX(u->input, 0);
    s->totals.tokens_out += MAX(u->output, 0);
    s->totals.tokens_think += MAX(u->thinking, 0);
    s->totals.body_bytes += f->bytes;
    if (s->totals.first_ms == 0 || f->done_ms < s->totals.first_ms)
        s->totals.first_ms = f->done_ms;
    s->totals.last_ms = MAX(s->totals.last_ms, f->done_ms);
}

static tm_class class_of(const tm_finish *f)
{
    return f->answer && f->to != TM_JOB_HELD ? f->answer->class : TM_CLASS_UNKNOWN;
}

/* The row is done, failed, blocked or held, and so are those that follow it. */
static gboolean finish_ended(tm_store *store, sum *s, const tm_finish *f, int64_t answer, GError **error)
{
    int64_t rows = 1;
    if (f->to != TM_JOB_HELD && s->n_same > 0) {
        sqlite3_stmt *statement = TM_SQL(store, SQL_FOLLOWERS, f->job, f->to, class_of(f), answer);
        if (f->to == TM_JOB_DONE)
            sqlite3_bind_null(statement, 3);
        if (answer == 0)
            sqlite3_bind_null(statement, 4);
        if (!tm_sql_run(store, statement, error))
            return FALSE;
        int64_t followers = tm_store_changes(store);
        tm_counts_move(&s->counts, TM_JOB_SAME, f->to, followers);
        rows += followers;
    }
    if (f->to == TM_JOB_FAILED || f->to == TM_JOB_BLOCKED)
        s->counts.classes[class_of(f)] += rows;
    if (answer == 0)
        return TRUE;
    guint8 class = (guint8)f->answer->class;
    g_byte_array_append(s->recent, &class, 1);
    count_tokens(s, f);
    return insert_answer(store, f, answer, f->job, error);
}

/* The row waits; an answer that did not do stays with it. */
static gboolean finish_back(tm_store *store, sum *s, const tm_finish *f, int64_t answer, GError **error)
{
    if (!tm_sql_run(store, TM_SQL(store, SQL_READY, f->batch, f->not_before_ms, f->job, f->step), error))
        return FALSE;
    if (answer == 0)
        return TRUE;
    count_tokens(s, f);
    return insert_answer(store, f, answer, f->job, error);
}

static gboolean end_request(tm_store *store, const tm_finish *f, GError **error)
{
    return tm_sql_run(store, TM_SQL(store, SQL_NO_REQUEST_JOB, f->request, f->job), error) &&
           tm_sql_run(store, TM_SQL(store, SQL_NO_REQUEST, f->request), error);
}

static gboolean finish_one(tm_store *store, finish_data *data, const tm_finish *f, GError **error)
{
    bool back = f->to == TM_JOB_WAITING, held = f->to == TM_JOB_HELD;
    int64_t answer = (!back || f->keep) && !held && f->answer ? data->next_answer : 0;
    sqlite3_stmt *statement =
        TM_SQL(store, SQL_JOB, f->job, f->request, f->to, f->attempt, f->not_before_ms, class_of(f), answer);
    if (!back)
        sqlite3_bind_null(statement, 5);
    if (back || f->to == TM_JOB_DONE)
        sqlite3_bind_null(statement, 6);
    if (answer == 0)
        sqlite3_bind_null(statement, 7);
    if (!tm_sql_run(store, statement, error))
        return FALSE;
    if (tm_store_changes(store) == 0)
        return finish_late(store, data, f, error);
    sum *s = sum_of(store, data, f, error);
    if (!s || !end_request(store, f, error))
        return FALSE;
    tm_counts_move(&s->counts, TM_JOB_RUNNING, f->to, 1);
    s->counts.repeats += f->repeat;
    s->totals.cost_micro_usd += f->cost_micro_usd;
    data->next_answer += answer != 0;
    if (back)
        return finish_back(store, s, f, answer, error);
    return finish_ended(store, s, f, answer, error);
}

static gboolean write_sum(tm_store *store, sum *s, GError **error)
{
    const tm_store_totals_t *t = &s->totals;
    if (!tm_counts_write(store, s->batch, &s->counts, error))
        return FALSE;
    if ((t->answered || t->cost_micro_usd) &&
        !tm_sql_run(store,
                    TM_SQL(store, SQL_TOTALS, s->revision, t->answered, t->tokens_in, t->tokens_out,
                           t->tokens_think, t->body_bytes, t->first_ms, t->last_ms, t->cost_micro_usd),
                    error))
        return FALSE;
    if (s->recent->len == 0)
        return TRUE;
    for (guint i = 0; i < s->recent->len / 2; i++) { /* newest first */
        guint8 *a = &s->recent->data[i], *b = &s->recent->data[s->recent->len - 1 - i], t8 = *a;
        *a = *b;
        *b = t8;
    }
    sqlite3_stmt *statement = TM_SQL(store, SQL_RECENT, s->batch);
    sqlite3_bind_blob(statement, 2, s->recent->data, (int)MIN(s->recent->len, TM_CANARY_KEPT), SQLITE_STATIC);
    return tm_sql_run(store, statement, error);
}

static gboolean finish_all(tm_store *store, gpointer pointer, GError **error)
{
    finish_data *data = pointer;
    if (!tm_sql_number(store, tm_database_sql(store->database, SQL_NEXT_ANSWER), 0, &data->next_answer,
                       error))
        return FALSE;
    data->next_answer++;
    for (size_t i = 0; i < data->n; i++)
        if (!finish_one(store, data, &data->finishes[i], error))
            return FALSE;
    for (guint i = 0; i < data->sums->len; i++)
        if (!write_sum(store, &g_array_index(data->sums, sum, i), error))
            return FALSE;
    return TRUE;
}

gboolean tm_store_finish(tm_store *store, const tm_finish *finishes, size_t n, GError **error)
{
    if (n == 0)
        return TRUE;
    g_autoptr(GArray) sums = g_array_new(FALSE, TRUE, sizeof(sum));
    g_array_set_clear_func(sums, sum_clear);
    finish_data data = {.finishes = finishes, .n = n, .sums = sums};
    return tm_store_write(store, finish_all, &data, error);
}

int tm_store_recent_classes(tm_store *store, const tm_batch *batch, tm_class *classes, int n, GError **error)
{
    sqlite3_stmt *statement = TM_SQL(store, "SELECT recent FROM batch WHERE id = ?1", batch->id);
    int row = tm_sql_row(store, statement, error);
    if (row <= 0)
        return row;
    const guint8 *recent = sqlite3_column_blob(statement, 0);
    n = MIN(n, sqlite3_column_bytes(statement, 0));
    for (int i = 0; i < n; i++)
        classes[i] = (tm_class)recent[i];
    sqlite3_reset(statement);
    return n;
}

gboolean tm_store_totals(tm_store *store, const tm_batch *batch, tm_store_totals_t *totals, GError **error)
{
    sqlite3_stmt *statement =
        TM_SQL(store,
               "SELECT answered, tokens_in, tokens_out, tokens_think, first_ms, last_ms, body_bytes,"
               " (SELECT sum(cost_micro_usd) FROM revision WHERE batch = ?1) FROM revision WHERE id = "
               "(SELECT revision FROM batch WHERE id = ?1)",
               batch->id);
    int row = tm_sql_row(store, statement, error);
    memset(totals, 0, sizeof *totals);
    if (row > 0) {
        totals->answered = sqlite3_column_int64(statement, 0);
        totals->tokens_in = sqlite3_column_int64(statement, 1);
        totals->tokens_out = sqlite3_column_int64(statement, 2);
        totals->tokens_think = sqlite3_column_int64(statement, 3);
        totals->first_ms = sqlite3_column_int64(statement, 4);
        totals->last_ms = sqlite3_column_int64(statement, 5);
        totals->body_bytes = sqlite3_column_int64(statement, 6);
        totals->cost_micro_usd = sqlite3_column_int64(statement, 7);
    }
    sqlite3_reset(statement);
    return row >= 0;
}
