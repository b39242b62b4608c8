/* ledger_windows.c - what was spent, by window: exact stamps or slots where it slides, days where it does not
 */
#include "jobs/ledger_inside.h"

/* A sliding window has so many slots; a request counts until its slot's end has left the window. 480 of them
 * lose 0.2 % of the window, 240 would lose 0.4 %. */
enum { SLOTS = 480, KEEP_DAYS = 40, PRUNE_EVERY_MS = 60 * 1000 };

static const char *unit_text(int64_t unit)
{
    return unit == TM_ERRORS ? "errors" : tm_unit_name((tm_unit)unit);
}

/* Money is the whole account's, whatever the model. */
static const char *model_of(const tm_ledger_lane *lane, int64_t unit)
{
    return unit == TM_UNIT_MICRO_USD ? g_intern_static_string("") : lane->model;
}

static bool slides(const tm_windows *windows, tm_window window)
{
    return window == TM_WINDOW_MINUTE || window == TM_WINDOW_TEN_MINUTES ||
           (window == TM_WINDOW_DAY && tm_ledger_day_slides(windows));
}

static int64_t length_of(const tm_windows *windows, tm_window window)
{
    int64_t minute = windows->minute_ms > 0 ? windows->minute_ms : 60 * 1000;
    switch (window) {
    case TM_WINDOW_MINUTE:
        return minute;
    case TM_WINDOW_TEN_MINUTES:
        return 10 * minute;
    case TM_WINDOW_DAY:
        return tm_ledger_day_length(windows);
    default:
        return 0;
    }
}

static int64_t slot_of(const tm_reservation *reservation, tm_window window)
{
    const tm_windows *windows = &reservation->lane->windows;
    if (!slides(windows, window))
        return window == TM_WINDOW_DAY ? reservation->charged_day : 0;
    int64_t width = reservation->exact ? 1 : MAX(length_of(windows, window) / SLOTS, 1);
    return (reservation->at.boot_ms / width + 1) * width - 1;
}

void tm_ledger_stamp(tm_ledger *ledger, tm_reservation *reservation, const tm_instant *at)
{
    tm_ledger_day day;
    tm_ledger_day_at(ledger, reservation->lane, at, &day);
    reservation->left = true;
    reservation->exact = reservation->lane->exact;
    reservation->at = *at;
    reservation->charged_day = day.charge_ms;
    reservation->surely_day = day.start_ms;
}

static void add(tm_ledger *ledger, const tm_reservation *reservation, int64_t unit, tm_window window,
                int64_t amount)
{
    tm_delta key;
    memset(&key, 0, sizeof key);
    key.scope = reservation->lane->scope;
    key.model = model_of(reservation->lane, unit);
    key.unit = unit;
    key.window = window;
    key.boot = slides(&reservation->lane->windows, window) ? (int64_t)reservation->at.boot_id : 0;
    key.slot = slot_of(reservation, window);
    tm_delta *delta = g_hash_table_lookup(ledger->deltas, &key);
    if (!delta) {
        delta = g_memdup2(&key, sizeof key);
        g_hash_table_add(ledger->deltas, delta);
    }
    delta->amount += amount;
    delta->wall_ms = MAX(delta->wall_ms, reservation->at.wall_ms);
}

void tm_ledger_charge(tm_ledger *ledger, const tm_reservation *reservation, const tm_cost *cost, int64_t n,
                      unsigned windows)
{
    for (unsigned unit = 0; unit < TM_N_UNITS; unit++) {
        if (!cost->of[unit])
            continue;
        for (unsigned window = 0; window < TM_N_WINDOWS; window++)
            if (reservation->lane->tracked[unit] & windows & 1u << window)
                add(ledger, reservation, unit, window, cost->of[unit] * n);
    }
}

void tm_ledger_charge_error(tm_ledger *ledger, const tm_reservation *reservation)
{
    add(ledger, reservation, TM_ERRORS, TM_WINDOW_DAY, 1);
}

gboolean tm_ledger_post(tm_ledger *ledger, GError **error)
{
    static const char sql[] = "INSERT INTO spend(scope, model, unit, window, boot, slot, used, wall_ms) "
                              "VALUES(?1, ?2, ?3, ?4, ?5, ?6, max(?7, 0), ?8) ON CONFLICT DO UPDATE SET "
                              "used = max(used + ?7, 0), wall_ms = max(wall_ms, ?8)";
    GHashTableIter iter;
    gpointer key;
    g_hash_table_iter_init(&iter, ledger->deltas);
    while (g_hash_table_iter_next(&iter, &key, NULL)) {
        const tm_delta *d = key;
        if (d->amount &&
            !tm_ledger_run(ledger,
                           tm_ledger_sql(ledger, sql, "isssiiii", d->scope, d->model, unit_text(d->unit),
                                         tm_window_name((tm_window)d->window), d->boot, d->slot, d->amount,
                                         d->wall_ms),
                           error))
            return FALSE;
        g_hash_table_iter_remove(&iter);
    }
    return TRUE;
}

/* Rows of another boot cannot be compared with this one's clock, rows of the future are nobody's past: those
 * within the longest window count as now, once. */
gboolean tm_ledger_take_over(tm_ledger *ledger, tm_ledger_lane *lane, const tm_instant *now, GError **error)
{
    static const char copy[] =
        "INSERT INTO spend(scope, model, unit, window, boot, slot, used, wall_ms) "
        "SELECT scope, model, unit, window, ?3, ?4, sum(used), ?5 FROM spend WHERE scope = ?1 AND model IN "
        "(?2, '') "
        "AND window = ?6 AND boot <> 0 AND ((boot <> ?3 AND wall_ms > ?7) OR (boot = ?3 AND slot > ?8)) "
        "GROUP BY unit ON CONFLICT DO UPDATE SET used = used + excluded.used";
    static const char drop[] =
        "DELETE FROM spend WHERE scope = ?1 AND model IN (?2, '') AND window = ?6 AND boot <> 0 "
        "AND (boot <> ?3 OR (boot = ?3 AND slot > ?8))";
    static const char *const sqls[] = {copy, drop};
    if (lane->boot == now->boot_id)
        return TRUE;
    for (tm_window window = 0; window < TM_N_WINDOWS; window++) {
        int64_t length = length_of(&lane->windows, window), guard = tm_ledger_guard(lane, now);
        if (!slides(&lane->windows, window))
            continue;
        for (size_t i = 0; i < G_N_ELEMENTS(sqls); i++)
            if (!tm_ledger_run(ledger,
                               tm_ledger_sql(ledger, sqls[i], "isiiisii", lane->scope, lane->model,
                                             (int64_t)now->boot_id, now->boot_ms, now->wall_ms,
                                             tm_window_name(window), now->wall_ms - length - guard,
                                             now->boot_ms + length / SLOTS),
                               error))
                return FALSE;
    }
    lane->boot = now->boot_id;
    return TRUE;
}

gboolean tm_ledger_prune(tm_ledger *ledger, tm_ledger_lane *lane, const tm_instant *now, GError **error)
{
    static const char old_slots[] =
        "DELETE FROM spend WHERE scope = ? AND model = ? AND unit = ? AND window = ? AND "
        "boot = ? AND slot < ?";
    int64_t every = MIN(PRUNE_EVERY_MS, length_of(&lane->windows, TM_WINDOW_MINUTE));
    if (lane->pruned_boot_ms && now->boot_ms < lane->pruned_boot_ms + every)
        return TRUE;
    for (unsigned unit = 0; unit <= TM_ERRORS; unit++)
        for (tm_window window = 0; window < TM_N_WINDOWS; window++) {
            bool sliding = slides(&lane->windows, window);
            int64_t length = MAX(length_of(&lane->windows, window), length_of(&tm_windows_default, window));
            int64_t before = sliding ? now->boot_ms - 2 * length
                                     : now->wall_ms - KEEP_DAYS * tm_ledger_day_length(&lane->windows);
            if ((sliding || window == TM_WINDOW_DAY) &&
                !tm_ledger_run(ledger,
                               tm_ledger_sql(ledger, old_slots, "isssii", lane->scope, model_of(lane, unit),
                                             unit_text(unit), tm_window_name(window),
                                             sliding ? (int64_t)now->boot_id : 0, before),
                               error))
                return FALSE;
        }
    lane->pruned_boot_ms = now->boot_ms;
    return TRUE;
}

/* The sum of one column over day rows from `from` (inclusive) to `to` (exclusive); -1 on failure. */
static int64_t sum_days(tm_ledger *ledger, const tm_ledger_lane *lane, int64_t unit, tm_window window,
                        int64_t from, int64_t to, GError **error)
{
    static const char sql[] =
        "SELECT coalesce(sum(used), 0) FROM spend WHERE scope = ? AND model = ? AND unit = ? "
        "AND window = ? AND boot = 0 AND slot >= ? AND slot < ?";
    sqlite3_stmt *row = tm_ledger_sql(ledger, sql, "isssii", lane->scope, model_of(lane, unit),
                                      unit_text(unit), tm_window_name(window), from, to);
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
    sqlite3_stmt *row =
        tm_ledger_sql(ledger, sql, "isssii", lane->scope, model_of(lane, unit), unit_text(unit),
                      tm_window_name(use->limit.window), (int64_t)now->boot_id, now->boot_ms - length);
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
        use.window_ms = length_of(&lane->windows, window);
        if (slides(&lane->windows, window)) {
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
