/* store_rows.c - the rows at hand as a table that SQL can read, so that one statement writes them all: it
 * begins and ends once, not for each row, and it knows that it stands at the table's end. */
#include "jobs/store_private.h"

typedef struct {
    sqlite3_vtab base;
    tm_store *store;
} rows_table;

typedef struct {
    sqlite3_vtab_cursor base;
    const tm_row_group *group;
    guint at;
} rows_cursor;

enum { JOB, KEY, OCCURRENCE, BODY };

static int table_connect(sqlite3 *handle, void *store, int argc, const char *const *argv,
                         sqlite3_vtab **table, char **why)
{
    (void)argc;
    (void)argv;
    (void)why;
    int rc =
        sqlite3_declare_vtab(handle, "CREATE TABLE x(job INTEGER, key BLOB, occurrence INTEGER, body TEXT)");
    if (rc != SQLITE_OK)
        return rc;
    rows_table *new = sqlite3_malloc64(sizeof *new);
    if (!new)
        return SQLITE_NOMEM;
    *new = (rows_table){.store = store};
    *table = &new->base;
    return SQLITE_OK;
}

static int table_disconnect(sqlite3_vtab *table)
{
    sqlite3_free(table);
    return SQLITE_OK;
}

static int table_plan(sqlite3_vtab *table, sqlite3_index_info *info)
{
    (void)table;
    info->estimatedCost = 1e6;
    return SQLITE_OK;
}

static int cursor_open(sqlite3_vtab *table, sqlite3_vtab_cursor **cursor)
{
    rows_cursor *new = sqlite3_malloc64(sizeof *new);
    if (!new)
        return SQLITE_NOMEM;
    *new = (rows_cursor){.group = ((rows_table *)table)->store->group};
    *cursor = &new->base;
    return SQLITE_OK;
}

static int cursor_close(sqlite3_vtab_cursor *cursor)
{
    sqlite3_free(cursor);
    return SQLITE_OK;
}

static const tm_gathered *row_at(const rows_cursor *c)
{
    return &c->group->rows[c->group->order ? c->group->order[c->at] : c->at];
}

/* Rows without a place are not to be written. */
static void skip_placeless(rows_cursor *c)
{
    while (c->at < c->group->n && row_at(c)->job == 0)
        c->at++;
}

static int cursor_filter(sqlite3_vtab_cursor *cursor, int plan, const char *name, int argc,
                         sqlite3_value **argv)
{
    (void)plan;
    (void)name;
    (void)argc;
    (void)argv;
    ((rows_cursor *)cursor)->at = 0;
    skip_placeless((rows_cursor *)cursor);
    return SQLITE_OK;
}

static int cursor_next(sqlite3_vtab_cursor *cursor)
{
    ((rows_cursor *)cursor)->at++;
    skip_placeless((rows_cursor *)cursor);
    return SQLITE_OK;
}

static int cursor_eof(sqlite3_vtab_cursor *cursor)
{
    const rows_cursor *c = (const rows_cursor *)cursor;
    return c->at >= c->group->n;
}

static int cursor_column(sqlite3_vtab_cursor *cursor, sqlite3_context *out, int column)
{
    const rows_cursor *c = (const rows_cursor *)cursor;
    const tm_gathered *row = row_at(c);
    switch (column) {
    case JOB:
        sqlite3_result_int64(out, row->job);
        break;
    case KEY:
        sqlite3_result_blob(out, row->key, sizeof row->key, SQLITE_STATIC);
        break;
    case OCCURRENCE:
        sqlite3_result_int64(out, row->occurrence);
        break;
    default:
        sqlite3_result_text64(out, (const char *)c->group->bodies + row->offset, row->length, SQLITE_STATIC,
                              SQLITE_UTF8);
        break;
    }
    return SQLITE_OK;
}

static int cursor_rowid(sqlite3_vtab_cursor *cursor, sqlite3_int64 *id)
{
    *id = ((const rows_cursor *)cursor)->at;
    return SQLITE_OK;
}

/* Without xCreate: it is there by its name alone and can't be made in a file. */
static const sqlite3_module module = {
    .xConnect = table_connect,
    .xBestIndex = table_plan,
    .xDisconnect = table_disconnect,
    .xOpen = cursor_open,
    .xClose = cursor_close,
    .xFilter = cursor_filter,
    .xNext = cursor_next,
    .xEof = cursor_eof,
    .xColumn = cursor_column,
    .xRowid = cursor_rowid,
};

gboolean tm_sql_run_group(tm_store *store, const char *sql, int64_t value, const tm_row_group *group,
                          GError **error)
{
    if (!store->knows_groups &&
        sqlite3_create_module(tm_database_handle(store->database), "tm_rows", &module, store) != SQLITE_OK)
        return tm_database_fail(store->database, error, "job table");
    store->knows_groups = true;
    store->group = group;
    gboolean ok = tm_sql_run(store, TM_SQL(store, sql, value), error);
    store->group = NULL;
    return ok;
}
