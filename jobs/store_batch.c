/* store_batch.c - batches: made, found, listed. */
#include "jobs/store_private.h"

#include "core/error.h"
#include "core/guess.h"
#include <string.h>

#define COLUMNS                                                                                              \
    "id, name, dir, data, prompt, identity, priority, revision, n_waiting, n_running, n_done,"               \
    " n_failed, n_blocked, n_cancelled, n_held, n_same, n_repeats"

static const char SQL_NEW[] = "INSERT INTO batch(created_ms, priority, name, dir, data, prompt, identity) "
                              "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
static const char SQL_TAKEN[] = "SELECT 1 FROM batch WHERE dir = ?1 AND name = ?2";
static const char SQL_BY_ID[] = "SELECT " COLUMNS " FROM batch WHERE id = ?1 AND removing = 0";
static const char SQL_BY_IDENTITY[] = "SELECT " COLUMNS " FROM batch WHERE identity = ?1 AND removing = 0";
static const char SQL_BY_NAME[] =
    "SELECT " COLUMNS " FROM batch WHERE name = ?1 AND removing = 0 ORDER BY dir IS ?2 DESC, id DESC";
static const char SQL_NAMES[] =
    "SELECT name FROM batch WHERE removing = 0 AND (?1 IS NULL OR dir = ?1) ORDER BY id DESC LIMIT 1000";
static const char SQL_ALL[] =
    "SELECT " COLUMNS " FROM batch WHERE removing = 0 AND (?1 IS NULL OR dir = ?1) ORDER BY id DESC";
static const char SQL_OPEN[] = "SELECT " COLUMNS " FROM batch WHERE removing = 0 AND (?1 IS NULL OR dir = ?1)"
                               " AND (n_waiting > 0 OR n_running > 0) ORDER BY priority DESC, id";
static const char SQL_PRIORITY[] = "UPDATE batch SET priority = ?2 WHERE id = ?1 AND removing = 0";
static const char SQL_CLASSES[] = "SELECT class, n FROM class_count WHERE batch = ?1";

void tm_batch_free(tm_batch *batch)
{
    if (!batch)
        return;
    g_free(batch->name);
    g_free(batch->dir);
    g_free(batch->data);
    g_free(batch->prompt);
    g_free(batch->identity);
    g_free(batch);
}

static void read_counters(tm_batch *batch, sqlite3_stmt *row)
{
    batch->n_total = 0;
    for (int state = 0; state < TM_N_JOB_STATES; state++) {
        batch->n[state] = sqlite3_column_int64(row, 8 + state);
        batch->n_total += batch->n[state];
    }
    batch->n_repeats = sqlite3_column_int64(row, 16);
    batch->priority = sqlite3_column_int(row, 6);
}

static tm_batch *read_batch(sqlite3_stmt *row)
{
    tm_batch *batch = g_new0(tm_batch, 1);
    batch->id = sqlite3_column_int64(row, 0);
    batch->name = tm_sql_text(row, 1);
    batch->dir = tm_sql_text(row, 2);
    batch->data = tm_sql_text(row, 3);
    batch->prompt = tm_sql_text(row, 4);
    batch->identity = tm_sql_text(row, 5);
    batch->revision = sqlite3_column_int64(row, 7);
    read_counters(batch, row);
    return batch;
}

/* The one row of `statement`; NULL without *error: none. */
static tm_batch *one(tm_store *store, sqlite3_stmt *statement, GError **error)
{
    tm_batch *batch = tm_sql_row(store, statement, error) > 0 ? read_batch(statement) : NULL;
    sqlite3_reset(statement);
    return batch;
}

/* ---- made ---- */

typedef struct {
    const tm_batch *like;
    bool exact_name;
    tm_batch *batch;
} new_data;

/* The name itself, or with the first free number behind it. */
static char *free_name(tm_store *store, const new_data *make, GError **error)
{
    for (int n = 1;; n++) {
        g_autofree char *name =
            n == 1 ? g_strdup(make->like->name) : g_strdup_printf("%s-%d", make->like->name, n);
        sqlite3_stmt *statement = tm_database_sql(store->database, SQL_TAKEN);
        int64_t taken;
        tm_sql_bind_text(statement, 1, make->like->dir);
        tm_sql_bind_text(statement, 2, name);
        if (!tm_sql_number(store, statement, 0, &taken, error))
            return NULL;
        if (!taken)
            return g_steal_pointer(&name);
        if (make->exact_name) {
            tm_fail(
                error, TM_ERROR_STATE,
                "there is a batch named %s already, of another prompt or other data: choose another --name",
                make->like->name);
            return NULL;
        }
    }
}

static gboolean make(tm_store *store, gpointer data, GError **error)
{
    new_data *make = data;
    const tm_batch *like = make->like;
    GError *why = NULL;
    /* Two runs of one command begin at the same moment: the second one finds the first one's batch. */
    make->batch = like->identity ? tm_store_batch_by_identity(store, like->identity, &why) : NULL;
    if (make->batch || why) {
        if (why)
            g_propagate_error(error, why);
        return make->batch != NULL;
    }
    g_autofree char *name = free_name(store, make, error);
    if (!name)
        return FALSE;
    sqlite3_stmt *statement = TM_SQL(store, SQL_NEW, tm_store_now(store), like->priority);
    tm_sql_bind_text(statement, 3, name);
    tm_sql_bind_text(statement, 4, like->dir);
    tm_sql_bind_text(statement, 5, like->data);
    tm_sql_bind_text(statement, 6, like->prompt);
    tm_sql_bind_text(statement, 7, like->identity);
    if (!tm_sql_run(store, statement, error))
        return FALSE;
    int64_t id = sqlite3_last_insert_rowid(tm_database_handle(store->database));
    make->batch = one(store, TM_SQL(store, SQL_BY_ID, id), error);
    return make->batch != NULL;
}

tm_batch *tm_store_batch_new(tm_store *store, const tm_batch *like, bool exact_name, GError **error)
{
    new_data data = {.like = like, .exact_name = exact_name};
    if (tm_store_write(store, make, &data, error))
        return data.batch;
    tm_batch_free(data.batch);
    return NULL;
}

/* ---- found ---- */

tm_batch *tm_store_batch_by_identity(tm_store *store, const char *identity, GError **error)
{
    sqlite3_stmt *statement = tm_database_sql(store->database, SQL_BY_IDENTITY);
    tm_sql_bind_text(statement, 1, identity);
    return one(store, statement, error);
}

/* Guesses among this folder's names first. */
static char *guess_name(tm_store *store, const char *name, const char *dir)
{
    for (int any = 0; any < 2; any++) {
        g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
        sqlite3_stmt *statement = tm_database_sql(store->database, SQL_NAMES);
        tm_sql_bind_text(statement, 1, any ? NULL : dir);
        while (tm_sql_row(store, statement, NULL) > 0)
            g_ptr_array_add(names, tm_sql_text(statement, 0));
        const char *near = tm_guess(name, (const char *const *)names->pdata, names->len);
        if (near)
            return g_strdup(near);
    }
    return NULL;
}

static void no_such(tm_store *store, const char *name, const char *dir, GError **error)
{
    g_autofree char *near = guess_name(store, name, dir);
    if (near)
        tm_fail(error, TM_ERROR_STATE, "there is no batch %s; did you mean %s?", name, near);
    else
        tm_fail(error, TM_ERROR_STATE, "there is no batch %s; `tidemill status -a` lists them all", name);
}

/* Of this folder, or the only one of that name anywhere. */
static tm_batch *by_name(tm_store *store, const char *name, const char *dir, GError **error)
{
    g_autoptr(tm_batch) batch = NULL;
    bool several = false;
    int row;
    sqlite3_stmt *statement = tm_database_sql(store->database, SQL_BY_NAME);
    tm_sql_bind_text(statement, 1, name);
    tm_sql_bind_text(statement, 2, dir);
    while ((row = tm_sql_row(store, statement, error)) > 0 && !several) {
        if (!batch)
            batch = read_batch(statement);
        else
            several = g_strcmp0(batch->dir, dir) != 0;
    }
    sqlite3_reset(statement);
    if (row < 0)
        return NULL;
    if (several) {
        tm_fail(
            error, TM_ERROR_STATE,
            "several folders have a batch %s, this one has none: go to its folder, or name it by its number "
            "(#%" G_GINT64_FORMAT " is that of %s)",
            name, batch->id, batch->dir);
        return NULL;
    }
    if (!batch)
        no_such(store, name, dir, error);
    return g_steal_pointer(&batch);
}

tm_batch *tm_store_batch(tm_store *store, const char *name, const char *dir, GError **error)
{
    char *end = NULL;
    int64_t id = name[0] == '#' ? g_ascii_strtoll(name + 1, &end, 10) : 0;
    if (id <= 0 || *end != '\0')
        return by_name(store, name, dir, error);
    GError *why = NULL;
    tm_batch *batch = one(store, TM_SQL(store, SQL_BY_ID, id), &why);
    if (why)
        g_propagate_error(error, why);
    else if (!batch)
        tm_fail(error, TM_ERROR_STATE, "there is no batch %s; `tidemill status -a` lists them all", name);
    return batch;
}

GPtrArray *tm_store_batches(tm_store *store, const char *dir, bool open_only, GError **error)
{
    g_autoptr(GPtrArray) batches = g_ptr_array_new_with_free_func((GDestroyNotify)tm_batch_free);
    sqlite3_stmt *statement = tm_database_sql(store->database, open_only ? SQL_OPEN : SQL_ALL);
    int row;
    tm_sql_bind_text(statement, 1, dir);
    while ((row = tm_sql_row(store, statement, error)) > 0)
        g_ptr_array_add(batches, read_batch(statement));
    return row < 0 ? NULL : g_steal_pointer(&batches);
}

static gboolean gone(const tm_batch *batch, GError **error)
{
    return tm_fail(error, TM_ERROR_STATE, "the batch %s was removed", batch->name);
}

gboolean tm_store_refresh(tm_store *store, tm_batch *batch, GError **error)
{
    sqlite3_stmt *statement = TM_SQL(store, SQL_BY_ID, batch->id);
    int row = tm_sql_row(store, statement, error);
    if (row > 0)
        read_counters(batch, statement);
    sqlite3_reset(statement);
    return row == 0 ? gone(batch, error) : row > 0;
}

typedef struct {
    tm_batch *batch;
    int priority;
} priority_data;

static gboolean set_priority(tm_store *store, gpointer data, GError **error)
{
    priority_data *set = data;
    if (!tm_sql_run(store, TM_SQL(store, SQL_PRIORITY, set->batch->id, set->priority), error))
        return FALSE;
    return tm_store_changes(store) ? TRUE : gone(set->batch, error);
}

gboolean tm_store_set_priority(tm_store *store, tm_batch *batch, int priority, GError **error)
{
    priority_data data = {batch, priority};
    if (!tm_store_write(store, set_priority, &data, error))
        return FALSE;
    batch->priority = priority;
    return TRUE;
}

gboolean tm_store_classes(tm_store *store, const tm_batch *batch, int64_t n[TM_N_CLASSES], GError **error)
{
    sqlite3_stmt *statement = TM_SQL(store, SQL_CLASSES, batch->id);
    int row;
    memset(n, 0, TM_N_CLASSES * sizeof *n);
    while ((row = tm_sql_row(store, statement, error)) > 0) {
        int class = sqlite3_column_int(statement, 0);
        if (class >= 0 && class < TM_N_CLASSES)
            n[class] = sqlite3_column_int64(statement, 1);
    }
    return row == 0;
}
