/* store_insert.c - new rows into the tables: a place for each, and then a statement a table for all of them.
 */
#include "jobs/store_private.h"

#include "core/error.h"

static const char SQL_BATCH[] = "SELECT top, cursor FROM batch WHERE id = ?1";
static const char SQL_TOP[] = "UPDATE batch SET top = ?2 WHERE id = ?1";
static const char SQL_TAKEN[] = "SELECT 1 FROM job WHERE id = ?1";
static const char SQL_JOBS[] = "INSERT INTO job(id) SELECT job FROM tm_rows WHERE ?1";
static const char SQL_INPUTS[] =
    "INSERT INTO input(job, key, body) SELECT job, key, body FROM tm_rows WHERE ?1";
static const char SQL_KEYS[] =
    "INSERT INTO jobkey(batch, key, occurrence, job) SELECT ?1, key, occurrence, job FROM tm_rows";
static const char SQL_BACK[] = "UPDATE job SET not_before_ms = 0 WHERE id = ?1";
static const char SQL_READY[] = "INSERT INTO ready(batch, not_before_ms, job) VALUES (?1, 0, ?2)";
static const char SQL_NOT_READY[] = "DELETE FROM ready WHERE batch = ?1 AND not_before_ms = 0 AND job = ?2";
static const char SQL_FIRST[] = "SELECT job FROM jobkey WHERE batch = ?1 AND key = ?2 AND occurrence = 0";
static const char SQL_LEADER[] = "SELECT coalesce(same_as, id), state, class, answer FROM job WHERE id = ?1";
static const char SQL_FOLLOW[] = "UPDATE job SET state = ?2, same_as = ?3, class = ?4, answer = ?5,"
                                 " not_before_ms = NULL WHERE id = ?1 AND state = 0";

typedef struct {
    const tm_insert *how;
    tm_gathered *rows;
    guint n;
    int64_t top, cursor;
    int64_t top_before;
    GHashTable *placed; /* places of rows at hand; NULL: not needed yet */
} inserter;

/* ---- places ---- */

static void note_place(inserter *in, int64_t ordinal)
{
    g_hash_table_add(in->placed, g_memdup2(&ordinal, sizeof ordinal));
}

/* Is it taken, by a row of the batch or by one of those at hand, which are not written yet? */
static gboolean is_taken(tm_store *store, inserter *in, int64_t ordinal, bool *taken, GError **error)
{
    int64_t there = 0;
    if (!in->placed) {
        in->placed = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
        for (guint i = 0; i < in->n; i++)
            if (in->rows[i].job)
                note_place(in, tm_job_ordinal(in->rows[i].job));
    }
    *taken = g_hash_table_contains(in->placed, &ordinal);
    if (*taken || ordinal > in->top_before)
        return TRUE;
    if (!tm_sql_number(store, TM_SQL(store, SQL_TAKEN, tm_job_id(in->how->batch, ordinal)), 0, &there, error))
        return FALSE;
    *taken = there != 0;
    return TRUE;
}

static gboolean place_row(tm_store *store, inserter *in, tm_gathered *row, GError **error)
{
    int64_t ordinal = row->ordinal;
    bool taken = ordinal < 1;
    if (!taken && ordinal <= in->top && !is_taken(store, in, ordinal, &taken, error))
        return FALSE;
    if (taken)
        ordinal = in->top + 1;
    if (ordinal > TM_ORDINAL_MAX)
        return tm_fail(error, TM_ERROR_INPUT, "%s: more rows than a batch can hold (%" G_GINT64_FORMAT ")",
                       in->how->name, TM_ORDINAL_MAX);
    if (in->placed)
        note_place(in, ordinal);
    in->top = MAX(in->top, ordinal);
    row->job = tm_job_id(in->how->batch, ordinal);
    return TRUE;
}

/* Rows behind the cursor would be passed over: they stand with those that came back. */
static gboolean set_back(tm_store *store, inserter *in, const tm_gathered *row, GError **error)
{
    bool copy = in->how->dedupe && in->how->keyed && row->occurrence > 0;
    if (tm_job_ordinal(row->job) > in->cursor || copy)
        return TRUE;
    return tm_sql_run(store, TM_SQL(store, SQL_BACK, row->job), error) &&
           tm_sql_run(store, TM_SQL(store, SQL_READY, in->how->batch, row->job), error);
}

/* ---- copies ---- */

static bool has_ended(tm_job_state state)
{
    return state == TM_JOB_DONE || state == TM_JOB_FAILED || state == TM_JOB_BLOCKED ||
           state == TM_JOB_CANCELLED;
}

gboolean tm_store_follow(tm_store *store, int64_t job, int64_t leader, tm_counts *counts, GError **error)
{
    sqlite3_stmt *row = TM_SQL(store, SQL_LEADER, leader);
    int found = tm_sql_row(store, row, error);
    if (found <= 0) {
        sqlite3_reset(row);
        return found == 0;
    }
    tm_job_state state = (tm_job_state)sqlite3_column_int(row, 1);
    bool ended = has_ended(state);
    bool classed = ended && sqlite3_column_type(row, 2) != SQLITE_NULL;
    int64_t class = sqlite3_column_int64(row, 2);
    sqlite3_stmt *update =
        TM_SQL(store, SQL_FOLLOW, job, ended ? state : TM_JOB_SAME, sqlite3_column_int64(row, 0));
    if (classed)
        sqlite3_bind_int64(update, 4, class);
    if (ended && sqlite3_column_type(row, 3) != SQLITE_NULL)
        sqlite3_bind_int64(update, 5, sqlite3_column_int64(row, 3));
    sqlite3_reset(row);
    if (!tm_sql_run(store, update, error))
        return FALSE;
    int64_t moved = tm_store_changes(store);
    tm_counts_move(counts, TM_JOB_WAITING, ended ? state : TM_JOB_SAME, moved);
    if (classed && (state == TM_JOB_FAILED || state == TM_JOB_BLOCKED))
        counts->classes[class] += moved;
    return tm_sql_run(store, TM_SQL(store, SQL_NOT_READY, tm_job_batch(job), job), error);
}

static gboolean follow_first(tm_store *store, int64_t batch, const tm_gathered *row, tm_counts *counts,
                             GError **error)
{
    int64_t leader;
    sqlite3_stmt *statement = TM_SQL(store, SQL_FIRST, batch);
    sqlite3_bind_blob(statement, 2, row->key, sizeof row->key, SQLITE_STATIC);
    return tm_sql_number(store, statement, 0, &leader, error) &&
           (leader == 0 || tm_store_follow(store, row->job, leader, counts, error));
}

/* ---- all of it ---- */

static gboolean write_rows(tm_store *store, inserter *in, const tm_row_group *group, GError **error)
{
    tm_counts counts = {0};
    const tm_row_group all = {.rows = in->rows, .n = in->n, .bodies = group->bodies};
    for (guint i = 0; i < in->n; i++) {
        if (in->rows[i].known)
            continue;
        if (!place_row(store, in, &in->rows[i], error))
            return FALSE;
        counts.n[TM_JOB_WAITING]++;
    }
    if (!tm_sql_run_group(store, SQL_JOBS, 1, &all, error) ||
        !tm_sql_run_group(store, SQL_INPUTS, 1, &all, error) ||
        (in->how->keyed && !tm_sql_run_group(store, SQL_KEYS, in->how->batch, group, error)))
        return FALSE;
    for (guint i = 0; i < in->n; i++) {
        const tm_gathered *row = &in->rows[i];
        if (row->known)
            continue;
        if (!set_back(store, in, row, error))
            return FALSE;
        if (in->how->keyed && in->how->dedupe && row->occurrence > 0 &&
            !follow_first(store, in->how->batch, row, &counts, error))
            return FALSE;
    }
    return tm_sql_run(store, TM_SQL(store, SQL_TOP, in->how->batch, in->top), error) &&
           tm_counts_write(store, in->how->batch, &counts, error);
}

gboolean tm_store_insert(tm_store *store, const tm_insert *how, tm_gathered *rows, guint n,
                         const tm_row_group *group, GError **error)
{
    inserter in = {.how = how, .rows = rows, .n = n};
    sqlite3_stmt *statement = TM_SQL(store, SQL_BATCH, how->batch);
    if (tm_sql_row(store, statement, error) < 0)
        return FALSE;
    in.top = in.top_before = sqlite3_column_int64(statement, 0);
    in.cursor = sqlite3_column_int64(statement, 1);
    sqlite3_reset(statement);
    gboolean good = write_rows(store, &in, group, error);
    if (in.placed)
        g_hash_table_unref(in.placed);
    return good;
}
