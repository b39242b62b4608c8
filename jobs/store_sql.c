/* store_sql.c - the few verbs with which the job table speaks to SQLite. */
#include "jobs/store_private.h"

#include "core/error.h"

sqlite3_stmt *tm_sql_ready(tm_database *database, const char *sql, const int64_t *values, int n)
{
    sqlite3_stmt *statement = tm_database_sql(database, sql);
    for (int i = 0; i < n; i++)
        sqlite3_bind_int64(statement, i + 1, values[i]);
    return statement;
}

static void fail(tm_store *store, GError **error)
{
    tm_database_fail(store->database, error, "job table");
}

gboolean tm_sql_run(tm_store *store, sqlite3_stmt *statement, GError **error)
{
    gboolean ok = sqlite3_step(statement) == SQLITE_DONE;
    if (!ok)
        fail(store, error);
    sqlite3_reset(statement);
    return ok;
}

int tm_sql_row(tm_store *store, sqlite3_stmt *statement, GError **error)
{
    int rc = sqlite3_step(statement);
    if (rc == SQLITE_ROW)
        return 1;
    if (rc != SQLITE_DONE)
        fail(store, error);
    sqlite3_reset(statement);
    return rc == SQLITE_DONE ? 0 : -1;
}

gboolean tm_sql_number(tm_store *store, sqlite3_stmt *statement, int64_t otherwise, int64_t *value,
                       GError **error)
{
    int row = tm_sql_row(store, statement, error);
    *value = otherwise;
    if (row > 0 && sqlite3_column_type(statement, 0) != SQLITE_NULL)
        *value = sqlite3_column_int64(statement, 0);
    sqlite3_reset(statement);
    return row >= 0;
}

char *tm_sql_text(sqlite3_stmt *statement, int column)
{
    return g_strdup((const char *)sqlite3_column_text(statement, column));
}

void tm_sql_bind_text(sqlite3_stmt *statement, int index, const char *text)
{
    if (text)
        sqlite3_bind_text(statement, index, text, -1, SQLITE_STATIC);
    else
        sqlite3_bind_null(statement, index);
}

int64_t tm_store_changes(tm_store *store)
{
    return sqlite3_changes64(tm_database_handle(store->database));
}

int64_t tm_store_now(tm_store *store)
{
    return tm_clock_now(store->clock).wall_ms;
}

gboolean tm_store_write(tm_store *store, tm_store_work work, gpointer data, GError **error)
{
    if (!tm_database_begin(store->database, error))
        return FALSE;
    if (!work(store, data, error)) {
        tm_database_rollback(store->database);
        return FALSE;
    }
    return tm_database_commit(store->database, error);
}
