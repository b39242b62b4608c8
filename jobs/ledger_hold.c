/* ledger_hold.c - a lane that pauses: until when and why, and whose request is the one probe after it */
#include "jobs/ledger_inside.h"

gboolean tm_ledger_hold_read(tm_ledger *ledger, tm_ledger_lane *lane, GError **error)
{
    tm_hold *hold = &lane->hold;
    *hold = (tm_hold){0};
    sqlite3_stmt *row =
        tm_ledger_sql(ledger,
                      "SELECT until_ms, why, probe, probe_worker, probe_request, set_boot_ms, base_ms, "
                      "boot, unit, window, value FROM hold WHERE scope = ? AND model = ?",
                      "is", lane->scope, lane->model);
    int status = sqlite3_step(row);
    if (status == SQLITE_ROW) {
        hold->exists = true;
        hold->until_ms = sqlite3_column_int64(row, 0);
        g_strlcpy(hold->why, (const char *)sqlite3_column_text(row, 1), sizeof hold->why);
        hold->probe = sqlite3_column_int(row, 2);
        hold->probe_worker = sqlite3_column_int64(row, 3);
        hold->probe_request = sqlite3_column_int64(row, 4);
        hold->set_boot_ms = sqlite3_column_int64(row, 5);
        hold->base_ms = sqlite3_column_int64(row, 6);
        hold->boot = (uint64_t)sqlite3_column_int64(row, 7);
        hold->tests = tm_ledger_unit((const char *)sqlite3_column_text(row, 8), &hold->unit) &&
                      tm_ledger_window((const char *)sqlite3_column_text(row, 9), &hold->window);
        hold->value = sqlite3_column_int64(row, 10);
    }
    sqlite3_reset(row);
    if (status != SQLITE_ROW && status != SQLITE_DONE)
        return tm_database_fail(ledger->db, error, "reading the ledger");
    return TRUE;
}

gboolean tm_ledger_hold_write(tm_ledger *ledger, tm_ledger_lane *lane, GError **error)
{
    const tm_hold *hold = &lane->hold;
    if (!hold->exists)
        return tm_ledger_run(ledger,
                             tm_ledger_sql(ledger, "DELETE FROM hold WHERE scope = ? AND model = ?", "is",
                                           lane->scope, lane->model),
                             error);
    static const char sql[] =
        "INSERT OR REPLACE INTO hold(scope, model, until_ms, why, probe, probe_worker, probe_request, "
        "set_boot_ms, "
        "base_ms, boot, unit, window, value) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
    return tm_ledger_run(ledger,
                         tm_ledger_sql(ledger, sql, "isisiiiiiissi", lane->scope, lane->model, hold->until_ms,
                                       hold->why, (int64_t)hold->probe, hold->probe_worker,
                                       hold->probe_request, hold->set_boot_ms, hold->base_ms,
                                       (int64_t)hold->boot, hold->tests ? tm_unit_name(hold->unit) : NULL,
                                       hold->tests ? tm_window_name(hold->window) : NULL, hold->value),
                         error);
}

/* Within a boot a hold runs on the boot clock: a wall clock set back or forward neither stretches nor cuts
 * it. */
int64_t tm_hold_until(const tm_hold *hold, const tm_instant *now)
{
    if (!hold->exists || hold->until_ms == INT64_MAX || hold->until_ms == 0)
        return hold->exists ? hold->until_ms : 0;
    int64_t set_ms = hold->base_ms + hold->set_boot_ms;
    if (hold->boot == now->boot_id)
        return hold->until_ms + (now->wall_ms - now->boot_ms) - hold->base_ms;
    if (set_ms > now->wall_ms) /* set in the future: the clock went back in between */
        return now->wall_ms + (hold->until_ms - set_ms);
    return hold->until_ms;
}

void tm_hold_set(tm_ledger_lane *lane, int64_t until_ms, bool probe, const char *why, const tm_instant *now)
{
    lane->hold = (tm_hold){
        .exists = true,
        .until_ms = until_ms,
        .set_boot_ms = now->boot_ms,
        .base_ms = now->wall_ms - now->boot_ms,
        .boot = now->boot_id,
        .probe = probe,
    };
    g_strlcpy(lane->hold.why, why ? why : "", sizeof lane->hold.why);
    lane->hold_dirty = true;
}

void tm_hold_lift(tm_ledger_lane *lane)
{
    lane->hold = (tm_hold){0};
    lane->hold_dirty = true;
}

void tm_hold_claim(tm_ledger *ledger, tm_ledger_lane *lane, const tm_grant *grant, int64_t id,
                   const tm_instant *now)
{
    if (!lane->hold.exists)
        tm_hold_set(lane, 0, true, grant->why, now);
    lane->hold.probe_worker = ledger->worker;
    lane->hold.probe_request = id;
    lane->hold.tests = grant->bound.value >= 0 && !grant->bound.hard && grant->tests;
    lane->hold.unit = grant->bound.unit;
    lane->hold.window = grant->bound.window;
    lane->hold.value = grant->bound.value;
    lane->hold_dirty = true;
}

bool tm_hold_stops(tm_ledger *ledger, tm_ledger_lane *lane, const tm_instant *now, tm_grant *grant)
{
    tm_hold *hold = &lane->hold;
    if (!hold->exists)
        return false;
    bool ours = hold->probe_worker == ledger->worker;
    if (hold->probe_request && !ours && tm_database_is_dead(ledger->db, hold->probe_worker)) {
        hold->probe_worker = hold->probe_request = 0;
        hold->tests = false;
        lane->hold_dirty = true;
    }
    int64_t until = tm_hold_until(hold, now);
    if (until > now->wall_ms) {
        grant->wait = TM_WAIT_HOLD;
        grant->retry_ms = until;
    } else if (hold->probe_request) {
        grant->wait = TM_WAIT_PROBE;
        grant->retry_ms = now->wall_ms + TM_PROBE_LOOK_MS;
    } else {
        return false;
    }
    g_strlcpy(grant->why, hold->why, sizeof grant->why);
    return true;
}
