/* ledger_lane.c - one (scope, model): what the ledger keeps about it besides use, holds and limits */
#include "jobs/ledger_inside.h"

/* A 429 a minute that the ledger can't explain: more distance for a week. */
#define RAISED_GUARD_MS 1500
#define RAISED_GUARD_DAYS 7

#define DAY_MS (24 * 3600 * (int64_t)1000)

int64_t tm_ledger_day_length(const tm_windows *windows)
{
    return windows->day_ms > 0 ? windows->day_ms : DAY_MS;
}

/* Where days don't end, a limit a day holds for any 24 hours. */
bool tm_ledger_day_slides(const tm_windows *windows)
{
    return windows->day == TM_DAY_ROLLING || windows->day == TM_DAY_NONE;
}

int64_t tm_ledger_guard(const tm_ledger_lane *lane, const tm_instant *now)
{
    int64_t age = now->wall_ms - lane->guard_seen_ms;
    bool raised = lane->guard_seen_ms && age < RAISED_GUARD_DAYS * tm_ledger_day_length(&lane->windows);
    return raised ? MAX(lane->account_guard_ms, RAISED_GUARD_MS) : lane->account_guard_ms;
}

void tm_ledger_lane_free(gpointer pointer)
{
    tm_ledger_lane *lane = pointer;
    g_array_unref(lane->limits);
    g_free(lane);
}

static tm_ledger_lane *lane_new(tm_ledger *ledger, int64_t scope, const char *model)
{
    tm_ledger_lane *lane = g_new0(tm_ledger_lane, 1);
    lane->scope = scope;
    lane->model = g_intern_string(model);
    lane->limits = g_array_new(FALSE, FALSE, sizeof(tm_limit));
    lane->clock = tm_ledger_clock_of(ledger, scope);
    lane->tracked[TM_UNIT_MICRO_USD] =
        1u << TM_WINDOW_DAY | 1u << TM_WINDOW_NONE | 1u << TM_WINDOW_TEN_MINUTES;
    lane->tracked[TM_UNIT_ENQUEUED_TOKENS] = 1u << TM_WINDOW_NONE;
    for (unsigned u = 0; u < TM_UNIT_MICRO_USD; u++)
        lane->tracked[u] = 1u << TM_WINDOW_MINUTE | 1u << TM_WINDOW_DAY;
    g_ptr_array_add(ledger->lanes, lane);
    return lane;
}

static bool same_windows(const tm_windows *a, const tm_windows *b)
{
    return a->day == b->day && a->minute_ms == b->minute_ms && a->day_ms == b->day_ms &&
           g_strcmp0(a->zone, b->zone) == 0;
}

tm_ledger_lane *tm_ledger_lane_of(tm_ledger *ledger, const tm_lane *asked)
{
    tm_ledger_lane *lane = NULL;
    for (guint i = 0; i < ledger->lanes->len && !lane; i++) {
        tm_ledger_lane *known = g_ptr_array_index(ledger->lanes, i);
        if (known->scope == asked->scope && strcmp(known->model, asked->model) == 0)
            lane = known;
    }
    if (!lane)
        lane = lane_new(ledger, asked->scope, asked->model);
    if (!same_windows(&lane->windows, asked->windows)) {
        lane->windows = *asked->windows;
        lane->windows.zone = g_intern_string(asked->windows->zone);
        lane->is_new = true; /* its row is written again */
    }
    lane->account_guard_ms = asked->guard_ms;
    lane->rows_waiting = asked->rows_waiting;
    g_array_set_size(lane->limits, 0);
    if (asked->n_limits)
        g_array_append_vals(lane->limits, asked->limits, (guint)asked->n_limits);
    return lane;
}

gboolean tm_ledger_lane_read(tm_ledger *ledger, tm_ledger_lane *lane, GError **error)
{
    if (lane->read_in == ledger->transaction)
        return TRUE;
    sqlite3_stmt *row =
        tm_ledger_sql(ledger,
                      "SELECT streak, guard_seen_ms, bucket_us, bucket_boot, opened_ms FROM lane "
                      "WHERE scope = ? AND model = ?",
                      "is", lane->scope, lane->model);
    int status = sqlite3_step(row);
    bool found = status == SQLITE_ROW;
    lane->streak = found ? sqlite3_column_int(row, 0) : 0;
    lane->guard_seen_ms = found ? sqlite3_column_int64(row, 1) : 0;
    lane->bucket_us = found ? sqlite3_column_int64(row, 2) : 0;
    lane->bucket_boot = found ? (uint64_t)sqlite3_column_int64(row, 3) : 0;
    lane->opened_ms = found ? sqlite3_column_int64(row, 4) : 0;
    lane->dirty = !found || lane->is_new;
    lane->hold_dirty = false;
    sqlite3_reset(row);
    if (!found && status != SQLITE_DONE)
        return tm_database_fail(ledger->db, error, "reading the ledger");
    if (!tm_ledger_hold_read(ledger, lane, error) || !tm_ledger_clock_read(ledger, lane->clock, error))
        return FALSE;
    lane->read_in = ledger->transaction;
    return TRUE;
}

static const char *zone_text(const tm_windows *windows)
{
    static const char *const names[] = {"pacific", "utc", "", "rolling", "none"};
    return windows->day == TM_DAY_ZONE && windows->zone ? windows->zone : names[windows->day];
}

static gboolean lane_write(tm_ledger *ledger, tm_ledger_lane *lane, GError **error)
{
    static const char sql[] =
        "INSERT INTO lane(scope, model, zone, minute_ms, day_ms, streak, guard_seen_ms, bucket_us, "
        "bucket_boot, "
        "opened_ms) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET zone = excluded.zone, "
        "minute_ms = excluded.minute_ms, day_ms = excluded.day_ms, streak = excluded.streak, "
        "guard_seen_ms = excluded.guard_seen_ms, bucket_us = excluded.bucket_us, "
        "bucket_boot = excluded.bucket_boot, opened_ms = excluded.opened_ms";
    return tm_ledger_run(ledger,
                         tm_ledger_sql(ledger, sql, "issiiiiiii", lane->scope, lane->model,
                                       zone_text(&lane->windows), lane->windows.minute_ms,
                                       lane->windows.day_ms, (int64_t)lane->streak, lane->guard_seen_ms,
                                       lane->bucket_us, (int64_t)lane->bucket_boot, lane->opened_ms),
                         error);
}

gboolean tm_ledger_lanes_write(tm_ledger *ledger, GError **error)
{
    for (guint i = 0; i < ledger->lanes->len; i++) {
        tm_ledger_lane *lane = g_ptr_array_index(ledger->lanes, i);
        if (lane->read_in != ledger->transaction)
            continue;
        if ((lane->dirty && !lane_write(ledger, lane, error)) ||
            (lane->hold_dirty && !tm_ledger_hold_write(ledger, lane, error)))
            return FALSE;
    }
    return TRUE;
}
