/* ledger_view.c - the ledger as people read it: uses, state and names of lanes; nothing is written */
#include "jobs/ledger_inside.h"

GArray *tm_ledger_uses(tm_ledger *ledger, const tm_lane *asked, GError **error)
{
    tm_instant now = tm_clock_now(ledger->clock);
    tm_ledger_lane *lane = tm_ledger_lane_of(ledger, asked);
    ledger->transaction++; /* others may have written since */
    if (!tm_ledger_lane_read(ledger, lane, error))
        return NULL;
    g_autoptr(GArray) limits = tm_ledger_limits(ledger, lane, &now, error);
    return limits ? tm_ledger_sum(ledger, lane, limits, NULL, &now, error) : NULL;
}

gboolean tm_ledger_lane_state(tm_ledger *ledger, const tm_lane *asked, tm_lane_state *state, GError **error)
{
    tm_instant now = tm_clock_now(ledger->clock);
    tm_ledger_lane *lane = tm_ledger_lane_of(ledger, asked);
    int64_t low, high;
    *state = (tm_lane_state){0};
    ledger->transaction++;
    if (!tm_ledger_lane_read(ledger, lane, error))
        return FALSE;
    int64_t until = tm_hold_until(&lane->hold, &now);
    state->probe_in_flight = lane->hold.exists && lane->hold.probe_request != 0;
    if (until > now.wall_ms)
        state->until_ms = until;
    state->probe_next = lane->hold.exists && lane->hold.probe && !state->probe_in_flight;
    if (state->until_ms || state->probe_in_flight || state->probe_next)
        g_strlcpy(state->why, lane->hold.why, sizeof state->why);
    tm_scope_clock_at(lane->clock, &lane->windows, &now, &low, &high);
    state->offset_ms = low + (high - low) / 2;
    state->guard_ms = tm_ledger_guard(lane, &now);
    state->errors_today = tm_ledger_errors(ledger, lane, &now, error);
    return state->errors_today >= 0;
}

bool tm_ledger_was_refused(tm_ledger *ledger, const tm_lane *asked, tm_unit unit, tm_window window)
{
    sqlite3_stmt *row =
        tm_ledger_sql(ledger,
                      "SELECT hard FROM limit_seen WHERE scope = ? AND model = ? AND unit = ? AND window = ? "
                      "AND source = 'seen'",
                      "isss", asked->scope, asked->model, tm_unit_name(unit), tm_window_name(window));
    bool refused = sqlite3_step(row) == SQLITE_ROW && sqlite3_column_int(row, 0);
    sqlite3_reset(row);
    return refused;
}

static void entry_free(gpointer pointer)
{
    tm_ledger_entry *entry = pointer;
    g_free(entry->provider);
    g_free(entry->host);
    g_free(entry->project);
    g_free(entry->model);
    g_free(entry);
}

static tm_windows windows_of(const char *zone, int64_t minute_ms, int64_t day_ms)
{
    static const char *const names[] = {"pacific", "utc", "", "rolling", "none"};
    tm_windows windows = {.day = TM_DAY_ZONE, .minute_ms = minute_ms, .day_ms = day_ms};
    for (unsigned i = 0; i < G_N_ELEMENTS(names); i++)
        if (strcmp(zone, names[i]) == 0)
            windows.day = i;
    if (windows.day == TM_DAY_ZONE)
        windows.zone = g_intern_string(zone);
    return windows;
}

GPtrArray *tm_ledger_entries(tm_ledger *ledger, GError **error)
{
    g_autoptr(GPtrArray) entries = g_ptr_array_new_with_free_func(entry_free);
    sqlite3_stmt *row =
        tm_ledger_sql(ledger,
                      "SELECT s.id, s.provider, s.host, s.project, l.model, l.zone, l.minute_ms, "
                      "l.day_ms FROM lane l JOIN scope s ON s.id = l.scope ORDER BY s.id, l.model",
                      "");
    int status;
    while ((status = sqlite3_step(row)) == SQLITE_ROW) {
        tm_ledger_entry *entry = g_new0(tm_ledger_entry, 1);
        entry->scope = sqlite3_column_int64(row, 0);
        entry->provider = g_strdup((const char *)sqlite3_column_text(row, 1));
        entry->host = g_strdup((const char *)sqlite3_column_text(row, 2));
        entry->project = g_strdup((const char *)sqlite3_column_text(row, 3));
        entry->model = g_strdup((const char *)sqlite3_column_text(row, 4));
        entry->windows = windows_of((const char *)sqlite3_column_text(row, 5), sqlite3_column_int64(row, 6),
                                    sqlite3_column_int64(row, 7));
        g_ptr_array_add(entries, entry);
    }
    sqlite3_reset(row);
    if (status != SQLITE_DONE) {
        tm_database_fail(ledger->db, error, "reading the ledger");
        return NULL;
    }
    return g_steal_pointer(&entries);
}
