/* ledger_uses.c - what is in use of each limit now: spent within its window, or reserved */
#include "jobs/ledger_inside.h"

/* The sum of one column over day rows from `from` (inclusive) to `to` (exclusive); -1 on failure. */
static int64_t sum_days(tm_ledger *ledger, const tm_ledger_lane *lane, int64_t unit, tm_window window,
                        int64_t from, int64_t to, GError **error)
{
    static const char sql[] =
        "SELECT coalesce(sum(used), 0) FROM spend WHERE scope = ? AND model = ? AND unit = ? "
        "AND window = ? AND boot = 0 AND slot >= ? AND slot < ?";
    sqlite3_stmt *row = tm_ledger_sql(ledger, sql, "isssii", lane->scope, tm_ledger_model_of(lane, unit),
                                      tm_ledger_unit_text(unit), tm_window_name(window), from, to);
    int64_t sum = sqlite3_step(row) == SQLITE_ROW ? sqlite3_column_int64(row, 0) : -1;
    if (sum < 0)
        tm_database_fail(ledger->db, error, "reading the ledger");
    sqlite3_reset(row);
    return sum;
}

/* What lies in a sliding window, oldest first: its sum, and when there is room for `need` more. */
static gboolean sum_slots(tm_ledger *ledger, const tm_ledger_lane *lane, int64_t unit, tm_use *use,
                          int64_t need, const tm_instant *now, GError **error)
{
    static const char sql[] =
        "SELECT slot, used FROM spend WHERE scope = ? AND model = ? AND unit = ? AND window = ? "
        "AND boot = ? AND slot >= ? ORDER BY slot";
    g_autoptr(GArray) slots = g_array_new(FALSE, FALSE, 2 * sizeof(int64_t));
    int64_t length = use->window_ms + use->guard_ms, wall_less_boot = now->wall_ms - now->boot_ms;
    sqlite3_stmt *row = tm_ledger_sql(ledger, sql, "isssii", lane->scope, tm_ledger_model_of(lane, unit),
                                      tm_ledger_unit_text(unit), tm_window_name(use->limit.window),
                                      (int64_t)now->boot_id, now->boot_ms - length);
    int status;
    while ((status = sqlite3_step(row)) == SQLITE_ROW) {
        int64_t slot[2] = {sqlite3_column_int64(row, 0), sqlite3_column_int64(row, 1)};
        use->used += slot[1];
        use->last_ms = MIN(slot[0], now->boot_ms) + wall_less_boot;
        g_array_append_vals(slots, slot, 1);
    }
    sqlite3_reset(row);
    if (status != SQLITE_DONE)
        return tm_database_fail(ledger->db, error, "reading the ledger");
    int64_t must_free = MAX(use->used + need - use->limit.value, MIN(MAX(need, 1), use->used));
    for (guint i = 0; i < slots->len && use->frees < must_free; i++) {
        const int64_t *slot = &g_array_index(slots, int64_t, 2 * i);
        use->frees += slot[1];
        use->frees_at_ms = slot[0] + length + 1 + wall_less_boot;
    }
    if (use->frees < must_free) /* what has not left yet leaves the window a whole window from now */
        use->frees_at_ms = now->wall_ms + length + 1;
    return TRUE;
}

/* Reserved and not left yet: counts as now in every window. */
static gboolean sum_reserved(tm_ledger *ledger, const tm_ledger_lane *lane, tm_cost *sum, GError **error)
{
    static const char lane_sql[] =
        "SELECT sum(n * requests), sum(n * input_tokens), sum(n * tokens), sum(n * images), "
        "0, sum(n * enqueued_tokens) FROM reserve WHERE scope = ? AND model = ?";
    static const char money_sql[] = "SELECT sum(n * micro_usd) FROM reserve WHERE scope = ?";
    sqlite3_stmt *row = tm_ledger_sql(ledger, lane_sql, "is", lane->scope, lane->model);
    if (sqlite3_step(row) != SQLITE_ROW)
        return tm_database_fail(ledger->db, error, "reading the ledger");
    for (int u = 0; u < TM_N_UNITS; u++)
        sum->of[u] = sqlite3_column_int64(row, u);
    sqlite3_reset(row);
    row = tm_ledger_sql(ledger, money_sql, "i", lane->scope);
    if (sqlite3_step(row) != SQLITE_ROW)
        return tm_database_fail(ledger->db, error, "reading the ledger");
    sum->of[TM_UNIT_MICRO_USD] = sqlite3_column_int64(row, 0);
    sqlite3_reset(row);
    return TRUE;
}

static gboolean fill_calendar(tm_ledger *ledger, tm_ledger_lane *lane, tm_use *use, const tm_ledger_day *day,
                              GError **error)
{
    tm_unit unit = use->limit.unit;
    int64_t before_start, before_end;
    use->calendar = true;
    use->edge = day->edge;
    use->next_counts = day->charge_ms >= day->end_ms;
    use->start_ms = day->wall_start_ms;
    use->frees_at_ms = day->opens_ms;
    int64_t today = sum_days(ledger, lane, unit, TM_WINDOW_DAY, day->start_ms, INT64_MAX, error);
    if (today < 0)
        return FALSE;
    use->used += today;
    use->frees = use->used;
    if (lane->opened_ms >= day->start_ms || unit == TM_UNIT_MICRO_USD)
        return TRUE;
    tm_day_of(&lane->windows, day->start_ms - 1, &before_start, &before_end);
    int64_t before = sum_days(ledger, lane, unit, TM_WINDOW_DAY, before_start, before_end, error);
    use->opening = before >= use->limit.value && before > 0;
    return before >= 0;
}

GArray *tm_ledger_sum(tm_ledger *ledger, tm_ledger_lane *lane, const GArray *limits, const tm_cost *each,
                      const tm_instant *now, GError **error)
{
    g_autoptr(GArray) uses = g_array_new(FALSE, TRUE, sizeof(tm_use));
    tm_cost reserved = {{0}};
    tm_ledger_day day;
    if (!sum_reserved(ledger, lane, &reserved, error))
        return NULL;
    tm_ledger_day_at(ledger, lane, now, &day);
    for (guint i = 0; i < limits->len; i++) {
        tm_use use = {.limit = g_array_index(limits, tm_limit, i)};
        tm_unit unit = use.limit.unit;
        tm_window window = use.limit.window;
        bool fine = true;
        use.used = reserved.of[unit];
        use.window_ms = tm_ledger_window_length(&lane->windows, window);
        if (tm_ledger_slides(&lane->windows, window)) {
            use.guard_ms = tm_ledger_guard(lane, now);
            if (window == TM_WINDOW_MINUTE && unit == TM_UNIT_REQUESTS && lane->bucket_boot == now->boot_id)
                use.debt_us = MAX(lane->bucket_us - now->boot_ms * 1000, 0);
            fine = sum_slots(ledger, lane, unit, &use, each ? each->of[unit] : 0, now, error);
        } else if (window == TM_WINDOW_DAY) {
            fine = fill_calendar(ledger, lane, &use, &day, error);
        } else {
            int64_t ever = sum_days(ledger, lane, unit, window, 0, INT64_MAX, error);
            fine = ever >= 0;
            use.used += MAX(ever, 0);
        }
        if (!fine)
            return NULL;
        g_array_append_val(uses, use);
    }
    return g_steal_pointer(&uses);
}

int64_t tm_ledger_errors(tm_ledger *ledger, tm_ledger_lane *lane, const tm_instant *now, GError **error)
{
    tm_ledger_day day;
    if (tm_ledger_day_slides(&lane->windows)) {
        tm_use use = {.limit = {.window = TM_WINDOW_DAY, .value = INT64_MAX},
                      .window_ms = tm_ledger_day_length(&lane->windows)};
        return sum_slots(ledger, lane, TM_ERRORS, &use, 0, now, error) ? use.used : -1;
    }
    tm_ledger_day_at(ledger, lane, now, &day);
    return sum_days(ledger, lane, TM_ERRORS, TM_WINDOW_DAY, day.start_ms, INT64_MAX, error);
}
