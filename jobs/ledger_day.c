/* ledger_day.c - which day of the account an instant belongs to, by the server's clock */
#include "jobs/ledger_inside.h"

static void day_of(tm_ledger *ledger, const tm_windows *windows, int64_t server_ms, int64_t *start_ms,
                   int64_t *end_ms)
{
    bool known = ledger->day.end_ms > ledger->day.start_ms && ledger->day.windows.day == windows->day &&
                 ledger->day.windows.day_ms == windows->day_ms && ledger->day.windows.zone == windows->zone;
    if (!known || server_ms < ledger->day.start_ms || server_ms >= ledger->day.end_ms) {
        ledger->day.windows = *windows;
        tm_day_of(windows, server_ms, &ledger->day.start_ms, &ledger->day.end_ms);
    }
    *start_ms = ledger->day.start_ms;
    *end_ms = ledger->day.end_ms;
}

/* A request is charged to the day in which it arrives at the latest. What is used of a day is the sum of it
 * and of all later ones: so what may fall into either of two days counts for both, and what a clock that was
 * set forward has put into a day to come counts as now once the clock is right again. */
void tm_ledger_day_at(tm_ledger *ledger, tm_ledger_lane *lane, const tm_instant *now, tm_ledger_day *day)
{
    int64_t low, high, later_end;
    tm_scope_clock_at(lane->clock, &lane->windows, now, &low, &high);
    int64_t mid = low + (high - low) / 2, opening = tm_quota_opening_ms(&lane->windows);
    int64_t behind = MIN(low, mid - opening);
    day_of(ledger, &lane->windows, now->wall_ms + high + tm_ledger_guard(lane, now), &day->charge_ms,
           &later_end);
    day_of(ledger, &lane->windows, now->wall_ms + behind, &day->start_ms, &day->end_ms);
    day->opens_ms = day->end_ms - behind;
    day->wall_start_ms = day->start_ms - behind;
    day->edge = day->charge_ms >= day->end_ms && now->wall_ms + low < day->end_ms;
}
