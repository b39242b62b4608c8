/* store_results.c - rows with their answers, a page at a time. */
#include "jobs/store_private.h"

#include <string.h>

#define JOB_COLUMNS "j.id, j.state, j.attempts, j.answer, input.key, input.body"
#define ANSWER_COLUMNS                                                                                       \
    "a.revision, a.done_ms, a.class, a.http, a.tokens_in, a.tokens_cached, a.tokens_out, a.tokens_think,"    \
    " a.account, a.model, a.finish, a.message, a.output, a.parts"

/* Without a subselect: around one SQLite would sort the rows once more, answers and all. */
static const char SQL_PAGE[] =
    "SELECT " JOB_COLUMNS ", " ANSWER_COLUMNS " FROM job j CROSS JOIN input ON input.job = j.id"
    " LEFT JOIN answer a ON a.id = j.answer AND j.state > 1"
    " WHERE j.id > ?1 AND j.id <= ?2 ORDER BY j.id LIMIT ?3";
static const char SQL_PAGE_ALL[] =
    "SELECT " JOB_COLUMNS ", " ANSWER_COLUMNS " FROM (SELECT id, state, attempts, answer, same_as FROM job "
    "WHERE id > ?1 AND id <= ?2 ORDER BY id LIMIT ?3) j"
    " CROSS JOIN input ON input.job = j.id"
    " LEFT JOIN answer a ON a.job = coalesce(j.same_as, j.id) ORDER BY j.id, a.id";

void tm_stored_clear(tm_stored *row)
{
    g_free(row->body);
    g_free(row->account);
    g_free(row->model);
    g_free(row->finish);
    g_free(row->message);
    g_free(row->output);
    g_free(row->parts);
    memset(row, 0, sizeof *row);
}

/* With its length: an answer may hold U+0000. */
static char *bytes_of(sqlite3_stmt *row, int column, size_t *length)
{
    const unsigned char *text = sqlite3_column_text(row, column);
    *length = 0;
    if (!text)
        return NULL;
    *length = (size_t)sqlite3_column_bytes(row, column);
    char *copy = g_malloc(*length + 1);
    memcpy(copy, text, *length);
    copy[*length] = '\0';
    return copy;
}

static int64_t told(sqlite3_stmt *row, int column)
{
    return sqlite3_column_type(row, column) == SQLITE_NULL ? -1 : sqlite3_column_int64(row, column);
}

static void read_answer(sqlite3_stmt *row, tm_stored *out)
{
    out->revision = sqlite3_column_int64(row, 6);
    out->answered_ms = sqlite3_column_int64(row, 7);
    out->class = (tm_class)sqlite3_column_int(row, 8);
    out->http = sqlite3_column_int(row, 9);
    out->usage = (tm_usage){told(row, 10), told(row, 11), told(row, 12), told(row, 13)};
    out->account = tm_sql_text(row, 14);
    out->model = tm_sql_text(row, 15);
    out->finish = tm_sql_text(row, 16);
    out->message = tm_sql_text(row, 17);
    out->output = bytes_of(row, 18, &out->output_length);
    out->parts = tm_sql_text(row, 19);
}

static void read_row(sqlite3_stmt *row, tm_stored *out)
{
    memset(out, 0, sizeof *out);
    out->job = sqlite3_column_int64(row, 0);
    out->ordinal = tm_job_ordinal(out->job);
    out->state = (tm_job_state)sqlite3_column_int(row, 1);
    out->attempts = sqlite3_column_int(row, 2);
    const void *key = sqlite3_column_blob(row, 4);
    if (key && sqlite3_column_bytes(row, 4) == sizeof out->key)
        memcpy(out->key, key, sizeof out->key);
    out->body = bytes_of(row, 5, &out->body_length);
    out->usage = (tm_usage){-1, -1, -1, -1};
    if (sqlite3_column_type(row, 6) != SQLITE_NULL)
        read_answer(row, out);
}

gboolean tm_store_page(tm_store *store, const tm_batch *batch, int64_t after_ordinal, int n,
                       bool all_revisions, GArray *page, GError **error)
{
    guint before = page->len;
    int row;
    sqlite3_stmt *statement =
        TM_SQL(store, all_revisions ? SQL_PAGE_ALL : SQL_PAGE, tm_job_id(batch->id, MAX(after_ordinal, 0)),
               tm_job_id(batch->id, TM_ORDINAL_MAX), n);
    while ((row = tm_sql_row(store, statement, error)) > 0) {
        tm_stored stored;
        read_row(statement, &stored);
        g_array_append_val(page, stored);
    }
    if (row == 0)
        return TRUE;
    for (guint i = before; i < page->len; i++)
        tm_stored_clear(&g_array_index(page, tm_stored, i));
    g_array_set_size(page, before);
    return FALSE;
}

/* Failing to begin or to end costs only time: each statement then reads for itself. */
void tm_store_read_begin(tm_store *store)
{
    sqlite3_exec(tm_database_handle(store->database), "BEGIN", NULL, NULL, NULL);
}

void tm_store_read_end(tm_store *store)
{
    sqlite3 *handle = tm_database_handle(store->database);
    if (!sqlite3_get_autocommit(handle))
        sqlite3_exec(handle, "COMMIT", NULL, NULL, NULL);
}

gboolean tm_store_row(tm_store *store, const tm_batch *batch, int64_t job, tm_stored *row, GError **error)
{
    memset(row, 0, sizeof *row);
    if (tm_job_batch(job) != batch->id)
        return FALSE;
    sqlite3_stmt *statement = TM_SQL(store, SQL_PAGE, job - 1, job, 1);
    bool found = tm_sql_row(store, statement, error) > 0;
    if (found)
        read_row(statement, row);
    sqlite3_reset(statement);
    return found;
}
