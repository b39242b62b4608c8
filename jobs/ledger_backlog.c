/* ledger_backlog.c - how many rows wait for a lane, in all the processes that know the ledger: where the
 * quota left covers them all, errors need no share of the day */
#include "jobs/ledger_inside.h"

/* Up to a power of two, so that it is rarely written anew. */
static int64_t rounded(int64_t rows)
{
    int64_t up = 1;
    while (up < rows && up < INT64_MAX / 2)
        up *= 2;
    return rows > 0 ? up : 0;
}

gboolean tm_ledger_backlog_write(tm_ledger *ledger, tm_ledger_lane *lane, GError **error)
{
    int64_t rows = rounded(lane->rows_waiting);
    if (lane->rows_written && lane->rows_told == rows)
        return TRUE;
    if (!tm_ledger_run(ledger,
                       tm_ledger_sql(ledger,
                                     "INSERT OR REPLACE INTO backlog(scope, model, worker, n) "
                                     "VALUES(?, ?, ?, ?)",
                                     "isii", lane->scope, lane->model, ledger->worker, rows),
                       error))
        return FALSE;
    lane->rows_written = true;
    lane->rows_told = rows;
    return TRUE;
}

/* Two processes on one batch both name its rows: so it is counted twice, which only holds errors to their
 * share for longer. */
gboolean tm_ledger_backlog_read(tm_ledger *ledger, tm_ledger_lane *lane, int64_t *rows, GError **error)
{
    sqlite3_stmt *row = tm_ledger_sql(ledger,
                                      "SELECT worker, n FROM backlog WHERE scope = ? AND model = ? AND "
                                      "worker <> ?",
                                      "isi", lane->scope, lane->model, ledger->worker);
    int status;
    bool known = lane->rows_waiting > 0;
    *rows = lane->rows_waiting;
    while ((status = sqlite3_step(row)) == SQLITE_ROW) {
        int64_t n = sqlite3_column_int64(row, 1);
        if (tm_database_is_dead(ledger->db, sqlite3_column_int64(row, 0)))
            continue;
        known = known && n > 0;
        *rows += n;
    }
    sqlite3_reset(row);
    if (!known)
        *rows = 0;
    return status == SQLITE_DONE || tm_database_fail(ledger->db, error, "reading the ledger");
}
