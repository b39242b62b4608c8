/* store_kept.c - answers that a row got and that did not do: it goes on with them, to be asked again or by
 * another account. They are answers like any others, of a row that waits. */
#include "jobs/store_private.h"

static const char SQL_KEPT[] =
    "SELECT class, account, asked, output, message FROM answer WHERE job = ?1 AND revision = ?2 AND "
    "id <= (SELECT answer FROM job WHERE id = ?1) ORDER BY id";

static void kept_free(gpointer pointer)
{
    tm_kept *kept = pointer;
    g_free(kept->account);
    g_free(kept->model);
    g_free(kept->text);
    g_free(kept->message);
    g_free(kept);
}

static char *text_of(sqlite3_stmt *row, int column)
{
    return g_strdup((const char *)sqlite3_column_text(row, column));
}

gboolean tm_store_read_kept(tm_store *store, tm_lease *lease, int64_t revision, GError **error)
{
    g_autoptr(GPtrArray) all = g_ptr_array_new_with_free_func(kept_free);
    sqlite3_stmt *statement = TM_SQL(store, SQL_KEPT, lease->job, revision);
    int row;
    while ((row = tm_sql_row(store, statement, error)) > 0) {
        tm_kept *kept = g_new0(tm_kept, 1);
        g_ptr_array_add(all, kept);
        kept->class = (tm_class)sqlite3_column_int(statement, 0);
        kept->account = text_of(statement, 1);
        kept->model = text_of(statement, 2);
        kept->text = text_of(statement, 3);
        kept->message = text_of(statement, 4);
    }
    if (row < 0)
        return FALSE;
    if (all->len > 0)
        lease->kept = g_steal_pointer(&all);
    return TRUE;
}
