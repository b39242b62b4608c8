/* power_mill_check.c - what must hold of the tables and the ledger, against what was told and what the server
 * saw.
 */
#include "tests/sim/power_mill.h"

#include "tests/unit/store_fixture.h"

static void check_sound(tm_store *store)
{
    world w = {.store = store};
    g_assert_cmpint(
        world_number(store, "SELECT count(*) FROM pragma_integrity_check WHERE integrity_check = 'ok'"), ==,
        1);
    world_check(&w);
}

/* The ledger knows of every request that the server has seen. */
static void check_ledger(mill *m)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(tm_ledger) ledger = tm_ledger_open(m->ledger_path, &m->clock.clock, &error);
    g_assert_no_error(error);
    tm_lane lane = {.scope = tm_ledger_scope(ledger, m->account, &error),
                    .model = MILL_MODEL,
                    .windows = &m->account->windows,
                    .limits = (const tm_limit *)(const void *)m->limits->data,
                    .n_limits = m->limits->len,
                    .guard_ms = m->account->guard_ms};
    g_autoptr(GArray) uses = tm_ledger_uses(ledger, &lane, &error);
    g_assert_no_error(error);
    for (guint i = 0; i < uses->len; i++) {
        const tm_use *use = &g_array_index(uses, tm_use, i);
        if (use->limit.window == TM_WINDOW_DAY)
            g_assert_cmpint(use->used, >=, m->arrived);
    }
}

void mill_check_kept(mill *m)
{
    g_autoptr(GError) error = NULL;
    g_assert_cmpint(power_vfs_open_files(m->vfs), ==, 0);
    g_assert_false(power_vfs_is_astray(m->vfs));
    g_autoptr(tm_store) store = tm_store_open(m->store_url, &m->clock.clock, false, &error);
    g_assert_no_error(error);
    check_sound(store);
    g_assert_cmpint(world_number(store, "SELECT count(*) FROM job"), >=, m->added);
    GHashTableIter iter;
    gpointer text;
    g_hash_table_iter_init(&iter, m->told);
    while (g_hash_table_iter_next(&iter, &text, NULL)) {
        g_autofree char *sql =
            g_strdup_printf("SELECT count(*) FROM job JOIN answer ON answer.id = job.answer"
                            " WHERE state = %d AND output = 'echo: %s'",
                            TM_JOB_DONE, (char *)text);
        sqlite3_stmt *statement = NULL;
        sqlite3_prepare_v2(tm_database_handle(store->database), sql, -1, &statement, NULL);
        g_assert_cmpint(sqlite3_step(statement), ==, SQLITE_ROW);
        g_assert_cmpint(sqlite3_column_int(statement, 0), ==, 1);
        sqlite3_finalize(statement);
    }
    check_ledger(m);
}

void mill_check_queued(mill *m, int rows)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(tm_store) store = tm_store_open(m->store_url, &m->clock.clock, false, &error);
    g_assert_no_error(error);
    check_sound(store);
    g_assert_cmpint(world_number(store, "SELECT count(DISTINCT body) FROM input"), ==, rows);
    g_assert_cmpint(world_number(store, "SELECT count(*) FROM job WHERE state = 0"), ==, rows);
    g_assert_cmpint(world_number(store, "SELECT count(*) FROM jobkey"), ==, rows);
}

void mill_check_end(mill *m, int rows)
{
    g_autoptr(GError) error = NULL;
    g_assert_cmpint(mill_results(m, &error), ==, rows);
    g_assert_no_error(error);
    g_autoptr(tm_store) store = tm_store_open(m->store_url, &m->clock.clock, false, &error);
    g_assert_no_error(error);
    g_autoptr(tm_batch) batch = tm_store_batch(store, "mill", NULL, &error);
    check_sound(store);
    g_assert_cmpint(batch->n_total, ==, rows);
    g_assert_cmpint(batch->n[TM_JOB_DONE], ==, rows);
    g_assert_cmpint(m->refused, ==, 0);
    int64_t again = 0;
    GHashTableIter iter;
    gpointer text, times;
    g_hash_table_iter_init(&iter, m->asked);
    while (g_hash_table_iter_next(&iter, &text, &times)) {
        again += GPOINTER_TO_INT(times) - 1;
        if (g_hash_table_contains(m->told, text)) /* it was told, and then asked no more */
            g_assert_cmpint(GPOINTER_TO_INT(times), ==, GPOINTER_TO_INT(g_hash_table_lookup(m->told, text)));
    }
    g_assert_cmpint((int64_t)g_hash_table_size(m->asked), ==, rows);
    g_assert_cmpint(again, <=, batch->n_repeats);
    check_ledger(m);
}
