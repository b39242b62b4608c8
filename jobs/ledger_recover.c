/* ledger_recover.c - what dead workers have left behind: unstamped requests may have been sent, so they count
 * as sent now */
#include "jobs/ledger_inside.h"

#define DEAD_COST                                                                                            \
    "SELECT sum(n * requests), sum(n * input_tokens), sum(n * tokens), sum(n * images), sum(n * "            \
    "micro_usd), "                                                                                           \
    "sum(n * enqueued_tokens) FROM reserve WHERE scope = ? AND model = ? AND worker = ?"

/* It may have sent until it died, and the caller's instant may be older than that: who waited for its turn,
 * or slept, asks the clock anew now that the other is known to be dead. */
static gboolean bury(tm_ledger *ledger, tm_ledger_lane *lane, int64_t worker, GError **error)
{
    static const char *const forget[] = {
        "DELETE FROM reserve WHERE scope = ? AND model = ? AND worker = ?",
        "DELETE FROM backlog WHERE scope = ? AND model = ? AND worker = ?",
    };
    tm_instant now = tm_clock_now(ledger->clock);
    tm_reservation all = {.lane = lane};
    sqlite3_stmt *row = tm_ledger_sql(ledger, DEAD_COST, "isi", lane->scope, lane->model, worker);
    if (sqlite3_step(row) != SQLITE_ROW)
        return tm_database_fail(ledger->db, error, "reading the ledger");
    for (int u = 0; u < TM_N_UNITS; u++)
        all.cost.of[u] = sqlite3_column_int64(row, u);
    sqlite3_reset(row);
    tm_ledger_stamp(ledger, &all, &now);
    tm_ledger_charge(ledger, &all, &all.cost, 1, (1u << TM_N_WINDOWS) - 1);
    for (size_t i = 0; i < G_N_ELEMENTS(forget); i++)
        if (!tm_ledger_run(ledger, tm_ledger_sql(ledger, forget[i], "isi", lane->scope, lane->model, worker),
                           error))
            return FALSE;
    return TRUE;
}

gboolean tm_ledger_recover(tm_ledger *ledger, tm_ledger_lane *lane, GError **error)
{
    g_autoptr(GArray) workers = g_array_new(FALSE, FALSE, sizeof(int64_t));
    sqlite3_stmt *row = tm_ledger_sql(ledger,
                                      "SELECT worker FROM reserve WHERE scope = ?1 AND model = ?2 AND "
                                      "worker <> ?3 UNION "
                                      "SELECT worker FROM backlog WHERE scope = ?1 AND model = ?2 AND "
                                      "worker <> ?3",
                                      "isi", lane->scope, lane->model, ledger->worker);
    int status;
    while ((status = sqlite3_step(row)) == SQLITE_ROW) {
        int64_t worker = sqlite3_column_int64(row, 0);
        g_array_append_val(workers, worker);
    }
    sqlite3_reset(row);
    if (status != SQLITE_DONE)
        return tm_database_fail(ledger->db, error, "reading the ledger");
    for (guint i = 0; i < workers->len; i++) {
        int64_t worker = g_array_index(workers, int64_t, i);
        if (tm_database_is_dead(ledger->db, worker) && !bury(ledger, lane, worker, error))
            return FALSE;
    }
    return TRUE;
}
