/* ledger_clock.c - the server's clock of a scope, known as an interval that each reply's Date narrows */
#include "jobs/ledger_inside.h"

/* Not measured yet: a machine that keeps time by NTP is well within a second. In proportion on shorter days.
 */
#define UNKNOWN_MS 1000
/* The boot clock drifts; over a restart the wall clock is all there is. */
#define DRIFT_PER 20000
#define RESTART_MS 2000

/* What was measured in another boot: from here on it runs on this boot's clock. */
static void take_over(tm_scope_clock *clock, const tm_instant *now)
{
    clock->low_ms -= RESTART_MS;
    clock->high_ms += RESTART_MS;
    clock->base_ms = now->wall_ms - now->boot_ms;
    clock->at_boot_ms = now->boot_ms;
    clock->boot = now->boot_id;
}

/* Read again until we have measured it ourselves: others may have, in this boot. */
gboolean tm_ledger_clock_read(tm_ledger *ledger, tm_scope_clock *clock, GError **error)
{
    tm_instant now = tm_clock_now(ledger->clock);
    if (clock->own)
        return TRUE;
    sqlite3_stmt *row =
        tm_ledger_sql(ledger,
                      "SELECT offset_low_ms, offset_high_ms, offset_base_ms, offset_at_boot_ms, "
                      "offset_boot FROM scope WHERE id = ?",
                      "i", clock->scope);
    int status = sqlite3_step(row);
    if (status != SQLITE_ROW && status != SQLITE_DONE)
        tm_database_fail(ledger->db, error, "reading the ledger");
    bool measured = status == SQLITE_ROW && sqlite3_column_type(row, 0) != SQLITE_NULL;
    bool fresh = measured && (uint64_t)sqlite3_column_int64(row, 4) == now.boot_id;
    if (fresh || (measured && !clock->known)) {
        clock->known = true;
        clock->low_ms = sqlite3_column_int64(row, 0);
        clock->high_ms = sqlite3_column_int64(row, 1);
        clock->base_ms = sqlite3_column_int64(row, 2);
        clock->at_boot_ms = sqlite3_column_int64(row, 3);
        clock->boot = (uint64_t)sqlite3_column_int64(row, 4);
        if (!fresh)
            take_over(clock, &now);
    }
    sqlite3_reset(row);
    return status == SQLITE_ROW || status == SQLITE_DONE;
}

tm_scope_clock *tm_ledger_clock_of(tm_ledger *ledger, int64_t scope)
{
    for (guint i = 0; i < ledger->clocks->len; i++) {
        tm_scope_clock *known = g_ptr_array_index(ledger->clocks, i);
        if (known->scope == scope)
            return known;
    }
    tm_scope_clock *clock = g_new0(tm_scope_clock, 1);
    clock->scope = scope;
    g_ptr_array_add(ledger->clocks, clock);
    return clock;
}

void tm_scope_clock_at(const tm_scope_clock *clock, const tm_windows *windows, const tm_instant *now,
                       int64_t *low_ms, int64_t *high_ms)
{
    if (!clock->known) {
        *high_ms = MIN(UNKNOWN_MS, tm_ledger_day_length(windows) / 1000);
        *low_ms = -*high_ms;
        return;
    }
    int64_t shift = 0, slack = RESTART_MS;
    if (clock->boot == now->boot_id) {
        shift = now->wall_ms - now->boot_ms - clock->base_ms;
        slack = MAX(now->boot_ms - clock->at_boot_ms, 0) / DRIFT_PER;
    }
    *low_ms = clock->low_ms - shift - slack;
    *high_ms = clock->high_ms - shift + slack;
}

void tm_ledger_offset(tm_ledger *ledger, const tm_lane *asked, const tm_instant *received, int64_t took_ms,
                      int64_t date_ms)
{
    tm_scope_clock *clock = tm_ledger_clock_of(ledger, asked->scope);
    tm_ledger_clock_read(ledger, clock, NULL); /* if it can't be: what is measured now stands alone */
    int64_t low = date_ms - received->wall_ms, high = low + 1000 + took_ms, known_low, known_high;
    clock->own = true;
    if (clock->known) {
        tm_scope_clock_at(clock, asked->windows, received, &known_low, &known_high);
        if (MAX(low, known_low) <= MIN(high, known_high)) { /* else our clock was set: begin anew */
            low = MAX(low, known_low);
            high = MIN(high, known_high);
        }
        bool news = low != known_low || high != known_high || clock->boot != received->boot_id;
        if (!news)
            return;
    }
    clock->known = clock->dirty = true;
    clock->low_ms = low;
    clock->high_ms = high;
    clock->base_ms = received->wall_ms - received->boot_ms;
    clock->at_boot_ms = received->boot_ms;
    clock->boot = received->boot_id;
}

gboolean tm_ledger_clocks_write(tm_ledger *ledger, GError **error)
{
    static const char sql[] = "UPDATE scope SET offset_low_ms = ?, offset_high_ms = ?, offset_base_ms = ?, "
                              "offset_at_boot_ms = ?, offset_boot = ? WHERE id = ?";
    for (guint i = 0; i < ledger->clocks->len; i++) {
        tm_scope_clock *clock = g_ptr_array_index(ledger->clocks, i);
        if (!clock->dirty)
            continue;
        if (!tm_ledger_run(ledger,
                           tm_ledger_sql(ledger, sql, "iiiiii", clock->low_ms, clock->high_ms, clock->base_ms,
                                         clock->at_boot_ms, (int64_t)clock->boot, clock->scope),
                           error))
            return FALSE;
    }
    return TRUE;
}
