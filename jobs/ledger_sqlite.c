/* ledger_sqlite.c - the ledger in a SQLite file: its tables, opening, closing, one transaction */
#include "jobs/ledger_inside.h"

#include <stdarg.h>
#include <unistd.h>

#define BACKLOG                                                                                              \
    "CREATE TABLE backlog(scope INTEGER NOT NULL, model TEXT NOT NULL, worker INTEGER NOT NULL,"             \
    " n INTEGER NOT NULL, PRIMARY KEY(scope, model, worker)) STRICT, WITHOUT ROWID;"

/* Slots: in a sliding window `slot` is the last millisecond of boot `boot` that it holds; in a calendar day
 * it is the day's start by the server's clock and boot is 0. A row of `reserve` stands for the requests of
 * one grant that have not left yet: they count as now. Money is counted with model '': it is the whole
 * account's. `backlog` has the rows that wait, by worker; 0: not known. */
static const char schema[] =
    "CREATE TABLE secret(salt BLOB NOT NULL) STRICT;"
    "CREATE TABLE scope(id INTEGER PRIMARY KEY, provider TEXT NOT NULL, host TEXT NOT NULL, project TEXT,"
    " key_tag TEXT, zone TEXT NOT NULL, offset_low_ms INTEGER, offset_high_ms INTEGER, offset_base_ms "
    "INTEGER,"
    " offset_at_boot_ms INTEGER, offset_boot INTEGER) STRICT;"
    "CREATE TABLE scope_key(key_tag TEXT NOT NULL, host TEXT NOT NULL, scope INTEGER NOT NULL,"
    " PRIMARY KEY(key_tag, host)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE lane(scope INTEGER NOT NULL, model TEXT NOT NULL, zone TEXT NOT NULL, minute_ms INTEGER "
    "NOT NULL,"
    " day_ms INTEGER NOT NULL, streak INTEGER NOT NULL, guard_seen_ms INTEGER NOT NULL, bucket_us INTEGER "
    "NOT NULL,"
    " bucket_boot INTEGER NOT NULL, opened_ms INTEGER NOT NULL, PRIMARY KEY(scope, model)) STRICT, WITHOUT "
    "ROWID;"
    "CREATE TABLE spend(scope INTEGER NOT NULL, model TEXT NOT NULL, unit TEXT NOT NULL, window TEXT NOT "
    "NULL,"
    " boot INTEGER NOT NULL, slot INTEGER NOT NULL, used INTEGER NOT NULL, wall_ms INTEGER NOT NULL,"
    " PRIMARY KEY(scope, model, unit, window, boot, slot)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE hold(scope INTEGER NOT NULL, model TEXT NOT NULL, until_ms INTEGER NOT NULL, why TEXT NOT "
    "NULL,"
    " probe INTEGER NOT NULL, probe_worker INTEGER NOT NULL, probe_request INTEGER NOT NULL,"
    " set_boot_ms INTEGER NOT NULL, base_ms INTEGER NOT NULL, boot INTEGER NOT NULL,"
    " unit TEXT, window TEXT, value INTEGER, PRIMARY KEY(scope, model)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE limit_seen(scope INTEGER NOT NULL, model TEXT NOT NULL, unit TEXT NOT NULL, window TEXT "
    "NOT NULL,"
    " value INTEGER NOT NULL, hard INTEGER NOT NULL, source TEXT NOT NULL, seen_ms INTEGER NOT NULL,"
    " own INTEGER NOT NULL DEFAULT -1, PRIMARY KEY(scope, model, unit, window)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE worker(id INTEGER PRIMARY KEY AUTOINCREMENT, boot INTEGER NOT NULL, pid INTEGER NOT NULL,"
    " started_ms INTEGER NOT NULL) STRICT;"
    "CREATE TABLE reserve(id INTEGER PRIMARY KEY, scope INTEGER NOT NULL, model TEXT NOT NULL, store TEXT,"
    " worker INTEGER NOT NULL, boot INTEGER NOT NULL, reserved_ms INTEGER NOT NULL, n INTEGER NOT NULL,"
    " requests INTEGER NOT NULL, input_tokens INTEGER NOT NULL, tokens INTEGER NOT NULL, images INTEGER NOT "
    "NULL,"
    " micro_usd INTEGER NOT NULL, enqueued_tokens INTEGER NOT NULL) STRICT;"
    "CREATE INDEX reserve_lane ON reserve(scope, model);"
    "CREATE TABLE token_ratio(scope INTEGER NOT NULL, model TEXT NOT NULL, bucket INTEGER NOT NULL,"
    " n INTEGER NOT NULL, PRIMARY KEY(scope, model, bucket)) STRICT, WITHOUT ROWID;" BACKLOG;

/* What brings version i + 1 up to the next. */
static const char *const steps[] = {
    "ALTER TABLE limit_seen ADD COLUMN own INTEGER NOT NULL DEFAULT -1", /* what the user said at the time */
    BACKLOG,
};

static gboolean migrate(sqlite3 *db, int from, GError **error)
{
    for (size_t i = (size_t)from - 1; i < G_N_ELEMENTS(steps); i++)
        if (sqlite3_exec(db, steps[i], NULL, NULL, NULL) != SQLITE_OK)
            return tm_fail(error, TM_ERROR_IO, "the ledger can't be brought up: %s", sqlite3_errmsg(db));
    return TRUE;
}

static const tm_database_kind kind = {
    .application_id = 0x746d6c64, /* "tmld" */
    .version = 3,
    .schema = schema,
    .migrate = migrate,
};

sqlite3_stmt *tm_ledger_sql(tm_ledger *ledger, const char *sql, const char *types, ...)
{
    sqlite3_stmt *statement = tm_database_sql(ledger->db, sql);
    va_list args;
    va_start(args, types);
    for (int i = 1; *types; types++, i++) {
        if (*types == 'i')
            sqlite3_bind_int64(statement, i, va_arg(args, int64_t));
        else
            sqlite3_bind_text(statement, i, va_arg(args, const char *), -1, SQLITE_TRANSIENT);
    }
    va_end(args);
    return statement;
}

gboolean tm_ledger_run(tm_ledger *ledger, sqlite3_stmt *statement, GError **error)
{
    int status = sqlite3_step(statement);
    if (status != SQLITE_DONE && status != SQLITE_ROW) {
        tm_database_fail(ledger->db, error, "writing the ledger");
        sqlite3_reset(statement);
        return FALSE;
    }
    sqlite3_reset(statement);
    return TRUE;
}

gboolean tm_ledger_begin(tm_ledger *ledger, GError **error)
{
    ledger->transaction++;
    return tm_database_begin(ledger->db, error);
}

/* The transaction is undone, so memory forgets what it did. */
static void forget(tm_ledger *ledger)
{
    ledger->transaction++;
    g_hash_table_remove_all(ledger->deltas);
    for (guint i = 0; i < ledger->lanes->len; i++) {
        tm_ledger_lane *lane = g_ptr_array_index(ledger->lanes, i);
        lane->dirty = lane->hold_dirty = false;
        lane->boot = 0; /* another boot's rows are taken over once more, if it was now that they were */
        lane->pruned_boot_ms = 0;
        lane->rows_written = false;
    }
}

void tm_ledger_rollback(tm_ledger *ledger)
{
    forget(ledger);
    tm_database_rollback(ledger->db);
}

gboolean tm_ledger_commit(tm_ledger *ledger, GError **error)
{
    if (!tm_database_commit(ledger->db, error)) {
        forget(ledger);
        return FALSE;
    }
    ledger->transaction++;
    g_hash_table_remove_all(ledger->deltas);
    tm_ledger_applied(ledger);
    return TRUE;
}

gboolean tm_ledger_finish(tm_ledger *ledger, GError **error)
{
    if (tm_ledger_post(ledger, error) && tm_ledger_lanes_write(ledger, error) &&
        tm_ledger_clocks_write(ledger, error) && tm_ledger_ratios_write(ledger, error))
        return tm_ledger_commit(ledger, error);
    tm_ledger_rollback(ledger);
    return FALSE;
}

static guint delta_hash(gconstpointer key)
{
    const unsigned char *p = key;
    guint hash = 2166136261u; /* FNV-1a */
    for (size_t i = 0; i < TM_DELTA_KEY; i++)
        hash = (hash ^ p[i]) * 16777619u;
    return hash;
}

static gboolean delta_equal(gconstpointer a, gconstpointer b)
{
    return memcmp(a, b, TM_DELTA_KEY) == 0;
}

tm_ledger *tm_ledger_open(const char *path, tm_clock *clock, GError **error)
{
    tm_database *db = tm_database_open(path, &kind, false, error);
    if (!db)
        return NULL;
    tm_ledger *ledger = g_new0(tm_ledger, 1);
    tm_instant now = tm_clock_now(clock);
    ledger->db = db;
    ledger->clock = clock;
    ledger->random =
        g_rand_new_with_seed((guint32)(now.boot_id ^ (uint64_t)now.boot_ms ^ (uint64_t)getpid()));
    ledger->lanes = g_ptr_array_new_with_free_func(tm_ledger_lane_free);
    ledger->clocks = g_ptr_array_new_with_free_func(g_free);
    ledger->reservations = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, g_free);
    ledger->events = g_array_new(FALSE, TRUE, sizeof(tm_ledger_event));
    g_array_set_clear_func(ledger->events, tm_ledger_event_clear);
    ledger->deltas = g_hash_table_new_full(delta_hash, delta_equal, g_free, NULL);
    if (!tm_ledger_salt(ledger, error)) {
        tm_ledger_close(ledger);
        return NULL;
    }
    return ledger;
}

void tm_ledger_set_seed(tm_ledger *ledger, guint32 seed)
{
    g_rand_set_seed(ledger->random, seed);
}

/* Ours that never left are given back, our probes are let go. */
static gboolean give_back(tm_ledger *ledger, GError **error)
{
    return tm_ledger_run(ledger,
                         tm_ledger_sql(ledger, "DELETE FROM reserve WHERE worker = ?", "i", ledger->worker),
                         error) &&
           tm_ledger_run(
               ledger,
               tm_ledger_sql(ledger,
                             "UPDATE hold SET probe_worker = 0, probe_request = 0 WHERE probe_worker = ?",
                             "i", ledger->worker),
               error) &&
           tm_ledger_run(
               ledger, tm_ledger_sql(ledger, "DELETE FROM worker WHERE id = ?", "i", ledger->worker), error);
}

void tm_ledger_close(tm_ledger *ledger)
{
    if (!ledger)
        return;
    /* When this fails our reservations stay and are counted as sent once our life has ended. */
    if (tm_ledger_flush(ledger, NULL) && ledger->worker && tm_ledger_begin(ledger, NULL)) {
        if (give_back(ledger, NULL))
            tm_ledger_commit(ledger, NULL);
        else
            tm_ledger_rollback(ledger);
    }
    tm_ledger_abandon(ledger);
}

void tm_ledger_abandon(tm_ledger *ledger)
{
    if (!ledger)
        return;
    if (ledger->worker)
        tm_database_die(ledger->db, ledger->worker);
    g_array_unref(ledger->events);
    g_hash_table_unref(ledger->reservations);
    g_hash_table_unref(ledger->deltas);
    g_ptr_array_unref(ledger->lanes);
    g_ptr_array_unref(ledger->clocks);
    g_rand_free(ledger->random);
    tm_database_close(ledger->db);
    g_free(ledger);
}

gboolean tm_ledger_flush(tm_ledger *ledger, GError **error)
{
    if (!tm_ledger_begin(ledger, error))
        return FALSE;
    tm_instant now = tm_clock_now(ledger->clock);
    if (!tm_ledger_apply(ledger, &now, error)) {
        tm_ledger_rollback(ledger);
        return FALSE;
    }
    return tm_ledger_finish(ledger, error);
}
