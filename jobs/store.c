/* store.c - opening and closing a job table. */
#include "jobs/store_private.h"

#include "core/error.h"
#include <string.h>

const char *tm_job_state_name(tm_job_state state)
{
    static const char *const names[TM_N_JOB_STATES] = {
        "waiting", "running", "done", "failed", "blocked", "cancelled", "held", "same",
    };
    return (unsigned)state < TM_N_JOB_STATES ? names[state] : "unknown";
}

static gboolean read_id(tm_store *store, GError **error)
{
    sqlite3_stmt *statement = tm_database_sql(store->database, "SELECT id FROM store");
    int row = tm_sql_row(store, statement, error);
    if (row > 0)
        store->id = tm_sql_text(statement, 0);
    sqlite3_reset(statement);
    if (row == 0)
        return tm_fail(error, TM_ERROR_IO, "%s is damaged: it has lost its id",
                       tm_database_path(store->database));
    return row > 0;
}

tm_store *tm_store_open(const char *url, tm_clock *clock, bool read_only, GError **error)
{
    if (!g_str_has_prefix(url, "sqlite:") || url[strlen("sqlite:")] == '\0') {
        tm_fail(error, TM_ERROR_USAGE, "a store is named sqlite:PATH, not \"%s\"", url);
        return NULL;
    }
    tm_database *database = tm_database_open(url + strlen("sqlite:"), &tm_store_kind, read_only, error);
    if (!database)
        return NULL;
    g_autoptr(tm_store) store = g_new0(tm_store, 1);
    store->database = database;
    store->clock = clock;
    return read_id(store, error) ? g_steal_pointer(&store) : NULL;
}

static gboolean leave(tm_store *store, gpointer data, GError **error)
{
    (void)data;
    return tm_sql_run(store,
                      TM_SQL(store,
                             "DELETE FROM worker WHERE id = ?1 AND NOT EXISTS"
                             " (SELECT 1 FROM request WHERE worker = ?1 AND state = 0)",
                             store->worker),
                      error);
}

void tm_store_close(tm_store *store)
{
    if (!store)
        return;
    if (store->worker)
        tm_store_write(store, leave, NULL, NULL); /* else the next recovery finds it dead */
    tm_database_close(store->database);
    g_free(store->id);
    g_free(store);
}

const char *tm_store_id(const tm_store *store)
{
    return store->id;
}

void tm_store_watch(tm_store *store, tm_store_watch_fn watch, void *data)
{
    store->watch = watch;
    store->watch_data = data;
}

void tm_store_tell(tm_store *store, const char *what, int64_t done, int64_t total)
{
    if (store->watch)
        store->watch(what, done, total, store->watch_data);
}
