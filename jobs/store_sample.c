/* store_sample.c - a look at a few rows and answers of a batch, for forecasts: as cheap for ten million rows
 * as for ten. */
#include "jobs/store_private.h"

#include <string.h>

enum { ROWS = 200, ANSWERS = 50, ANSWERS_SEEN = 500 };

static gboolean sample_rows(tm_store *store, const tm_batch *batch, tm_sizes *sizes, GError **error)
{
    static const char fresh[] = "SELECT length(CAST(body AS BLOB)) FROM input WHERE job > (SELECT cursor "
                                "FROM batch WHERE id = ?1) + ?2"
                                " AND job <= ?3 ORDER BY job LIMIT ?4";
    static const char any[] = "SELECT length(CAST(body AS BLOB)) FROM input WHERE job > ?2 AND job <= ?3"
                              " AND ?1 > 0 ORDER BY job DESC LIMIT ?4";
    static const char *const sqls[] = {fresh, any};
    for (size_t i = 0; i < G_N_ELEMENTS(sqls) && sizes->rows == 0; i++) {
        int row;
        sqlite3_stmt *statement = TM_SQL(store, sqls[i], batch->id, tm_job_id(batch->id, 0),
                                         tm_job_id(batch->id, TM_ORDINAL_MAX), ROWS);
        while ((row = tm_sql_row(store, statement, error)) > 0)
            tm_sizes_add(sizes, sqlite3_column_int64(statement, 0));
        if (row < 0)
            return FALSE;
    }
    return TRUE;
}

gboolean tm_store_sample(tm_store *store, const tm_batch *batch, tm_sizes *sizes, int64_t *latency_ms,
                         GError **error)
{
    static const char latency[] =
        "SELECT CAST(avg(took) AS INTEGER) FROM (SELECT done_ms - left_ms AS took FROM (SELECT job, left_ms, "
        "done_ms FROM answer ORDER BY id DESC LIMIT ?1) WHERE left_ms > 0 AND done_ms >= left_ms AND"
        " job > ?2 AND job <= ?3 LIMIT ?4)";
    memset(sizes, 0, sizeof *sizes);
    return sample_rows(store, batch, sizes, error) &&
           tm_sql_number(store,
                         TM_SQL(store, latency, ANSWERS_SEEN, tm_job_id(batch->id, 0),
                                tm_job_id(batch->id, TM_ORDINAL_MAX), ANSWERS),
                         0, latency_ms, error);
}
