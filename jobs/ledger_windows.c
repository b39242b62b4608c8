/* ledger_windows.c - what was spent, by window: exact stamps or slots where it slides, days where it does not
 */
#include "jobs/ledger_inside.h"

/* A sliding window has so many slots; a request counts until its slot's end has left the window. 480 of them
 * lose 0.2 % of the window, 240 would lose 0.4 %. */
enum { SLOTS = 480, KEEP_DAYS = 40, PRUNE_EACH = 5 /* minutes of the lane */ };

const char *tm_ledger_unit_text(int64_t unit)
{
    return unit == TM_ERRORS ? "errors" : tm_unit_name((tm_unit)unit);
}

/* Money is the whole account's, whatever the model. */
const char *tm_ledger_model_of(const tm_ledger_lane *lane, int64_t unit)
{
    return unit == TM_UNIT_MICRO_USD ? g_intern_static_string("") : lane->model;
}

bool tm_ledger_slides(const tm_windows *windows, tm_window window)
{
    return window == TM_WINDOW_MINUTE || window == TM_WINDOW_TEN_MINUTES ||
           (window == TM_WINDOW_DAY && tm_ledger_day_slides(windows));
}

int64_t tm_ledger_window_length(const tm_windows *windows, tm_window window)
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
    if (!tm_ledger_slides(windows, window))
        return window == TM_WINDOW_DAY ? reservation->charged_day : 0;
    int64_t width = reservation->exact ? 1 : MAX(tm_ledger_window_length(windows, window) / SLOTS, 1);
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
    key.model = tm_ledger_model_of(reservation->lane, unit);
    key.unit = unit;
    key.window = window;
    key.boot = tm_ledger_slides(&reservation->lane->windows, window) ? (int64_t)reservation->at.boot_id : 0;
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
                           tm_ledger_sql(ledger, sql, "isssiiii", d->scope, d->model,
                                         tm_ledger_unit_text(d->unit), tm_window_name((tm_window)d->window),
                                         d->boot, d->slot, d->amount, d->wall_ms),
                           error))
            return FALSE;
        g_hash_table_iter_remove(&iter);
    }
    return TRUE;
}

/* Rows of another boot can't be compared with this one's clock. Those within the longest reach of their
 * window by the wall clock, and rows of the future, which are nobody's past, count as now, once. The wall
 * clock may have been set by an hour just before the machine went down: so all of the minute's rows count at
 * least as of the boot's first instant, which they are surely older than, and the first minute of a boot sees
 * them. */
gboolean tm_ledger_take_over(tm_ledger *ledger, tm_ledger_lane *lane, const tm_instant *now, GError **error)
{
    static const char copy[] =
        "INSERT INTO spend(scope, model, unit, window, boot, slot, used, wall_ms) "
        "SELECT scope, model, unit, window, ?3, iif(boot = ?3 OR wall_ms > ?7, ?4, 0) AS here, sum(used), ?5 "
        "FROM spend WHERE scope = ?1 AND model IN (?2, '') AND window = ?6 AND boot <> 0 "
        "AND ((boot <> ?3 AND (?9 OR wall_ms > ?7)) OR (boot = ?3 AND slot > ?8)) "
        "GROUP BY unit, here ON CONFLICT DO UPDATE SET used = used + excluded.used";
    static const char drop[] =
        "DELETE FROM spend WHERE scope = ?1 AND model IN (?2, '') AND window = ?6 AND boot <> 0 "
        "AND (boot <> ?3 OR (boot = ?3 AND slot > ?8))";
    static const char *const sqls[] = {copy, drop};
    if (lane->boot == now->boot_id)
        return TRUE;
    for (tm_window window = 0; window < TM_N_WINDOWS; window++) {
        int64_t length = tm_ledger_window_length(&lane->windows, window), guard = tm_ledger_guard(lane, now);
        if (!tm_ledger_slides(&lane->windows, window))
            continue;
        for (size_t i = 0; i < G_N_ELEMENTS(sqls); i++)
            if (!tm_ledger_run(ledger,
                               tm_ledger_sql(ledger, sqls[i], "isiiisiii", lane->scope, lane->model,
                                             (int64_t)now->boot_id, now->boot_ms, now->wall_ms,
                                             tm_window_name(window), now->wall_ms - length - guard,
                                             now->boot_ms + length / SLOTS,
                                             (int64_t)(window == TM_WINDOW_MINUTE)),
                               error))
                return FALSE;
    }
    lane->boot = now->boot_id;
    return TRUE;
}

gboolean tm_ledger_prune(tm_ledger *ledger, tm_ledger_lane *lane, const tm_instant *now, GError **error)
{
    static const char old_slots[] = "DELETE FROM spend WHERE scope = ? AND model IN (?, '') AND window = ? "
                                    "AND boot = ? AND slot < ?";
    int64_t every = PRUNE_EACH * tm_ledger_window_length(&lane->windows, TM_WINDOW_MINUTE);
    if (lane->pruned_boot_ms && now->boot_ms < lane->pruned_boot_ms + every)
        return TRUE;
    for (tm_window window = 0; window < TM_N_WINDOWS; window++) {
        bool sliding = tm_ledger_slides(&lane->windows, window);
        int64_t length = MAX(tm_ledger_window_length(&lane->windows, window),
                             tm_ledger_window_length(&tm_windows_default, window));
        int64_t before = sliding ? now->boot_ms - 2 * length
                                 : now->wall_ms - KEEP_DAYS * tm_ledger_day_length(&lane->windows);
        if ((sliding || window == TM_WINDOW_DAY) &&
            !tm_ledger_run(ledger,
                           tm_ledger_sql(ledger, old_slots, "issii", lane->scope, lane->model,
                                         tm_window_name(window), sliding ? (int64_t)now->boot_id : 0, before),
                           error))
            return FALSE;
    }
    lane->pruned_boot_ms = now->boot_ms;
    return TRUE;
}
