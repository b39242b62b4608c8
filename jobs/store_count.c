/* store_count.c - how many rows are in which state and class: kept, never counted. */
#include "jobs/store_private.h"

static const char SQL_COUNT[] =
    "UPDATE batch SET n_waiting = n_waiting + ?2, n_running = n_running + ?3, n_done = n_done + ?4,"
    " n_failed = n_failed + ?5, n_blocked = n_blocked + ?6, n_cancelled = n_cancelled + ?7, n_held = n_held "
    "+ ?8,"
    " n_same = n_same + ?9, n_repeats = n_repeats + ?10 WHERE id = ?1";
static const char SQL_COUNT_CLASS[] = "INSERT INTO class_count(batch, class, n) VALUES (?1, ?2, ?3)"
                                      " ON CONFLICT(batch, class) DO UPDATE SET n = n + excluded.n";

G_STATIC_ASSERT(TM_JOB_WAITING == 0 && TM_JOB_RUNNING == 1 && TM_JOB_DONE == 2 && TM_JOB_CANCELLED == 5 &&
                TM_JOB_SAME == 7 && TM_N_JOB_STATES == 8);

gboolean tm_counts_write(tm_store *store, int64_t batch, const tm_counts *counts, GError **error)
{
    const int64_t *n = counts->n;
    sqlite3_stmt *statement =
        TM_SQL(store, SQL_COUNT, batch, n[0], n[1], n[2], n[3], n[4], n[5], n[6], n[7], counts->repeats);
    if (!tm_sql_run(store, statement, error))
        return FALSE;
    for (int class = 0; class < TM_N_CLASSES; class ++)
        if (counts->classes[class] &&
            !tm_sql_run(store, TM_SQL(store, SQL_COUNT_CLASS, batch, class, counts->classes[class]), error))
            return FALSE;
    return TRUE;
}
