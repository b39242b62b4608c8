/* plan.c - see plan.h */
#include "jobs/plan.h"

enum { DAYS_WALKED = 800 }; /* then whole days are multiplied: a leap second of forecast is no matter */

/* Requests that this use's whole window allows. */
static int64_t per_window(const tm_use *use, const tm_cost *each)
{
    int64_t cost = each->of[use->limit.unit];
    return cost > 0 ? use->limit.value / cost : INT64_MAX;
}

/* Finds what bounds the minute and the day. */
static void bounds(const tm_use *uses, size_t n_uses, const tm_cost *each, int64_t guard_ms,
                   tm_forecast *forecast, const tm_use **day)
{
    for (size_t i = 0; i < n_uses; i++) {
        const tm_use *use = &uses[i];
        int64_t n = per_window(use, each);
        if (n == INT64_MAX || use->limit.value < 0)
            continue;
        if (use->limit.window == TM_WINDOW_DAY) {
            if (forecast->a_day < 0 || n < forecast->a_day) {
                forecast->a_day = n;
                *day = use;
            }
        } else if (use->limit.window != TM_WINDOW_NONE && use->window_ms > 0) {
            double rate = (double)n * 60000.0 / (double)(use->window_ms + guard_ms);
            if (forecast->a_minute == 0 || rate < forecast->a_minute) {
                forecast->a_minute = rate;
                forecast->bound = use->limit;
            }
        }
    }
}

/* Sends up to `rows` between `from` and the day's end, `room` at most; *at: when the last of them went. */
static int64_t spend(int64_t rows, int64_t room, double a_minute, int64_t from, int64_t end, int64_t *at)
{
    int64_t n = MIN(rows, room);
    if (a_minute > 0) {
        double fits = (double)(end - from) / 60000.0 * a_minute + 1;
        if (fits < (double)n)
            n = (int64_t)fits;
        *at = from + (int64_t)((double)MAX(n - 1, 0) * 60000.0 / a_minute);
    } else {
        *at = from;
    }
    return n;
}

tm_forecast tm_plan(const tm_use *uses, size_t n_uses, const tm_windows *windows, const tm_cost *each,
                    int64_t rows, int64_t guard_ms, const tm_instant *now)
{
    tm_forecast forecast = {.a_day = -1, .finish_ms = now->wall_ms, .bound = {.value = -1}};
    const tm_use *day = NULL;
    bounds(uses, n_uses, each, guard_ms, &forecast, &day);
    if (rows <= 0)
        return forecast;
    if (forecast.a_day == 0 || (forecast.bound.value >= 0 && forecast.a_minute <= 0)) {
        forecast.finish_ms = INT64_MAX;
        return forecast;
    }
    if (!day) {
        forecast.days = 1;
        spend(rows, rows, forecast.a_minute, now->wall_ms, INT64_MAX / 4, &forecast.finish_ms);
        return forecast;
    }
    int64_t cost = MAX(each->of[day->limit.unit], 1);
    int64_t room = MAX(day->limit.value - day->used, 0) / cost;
    int64_t at = now->wall_ms;
    if (rows > room)
        forecast.bound = day->limit;
    for (int i = 0; rows > 0; i++) {
        int64_t start, end;
        tm_day_of(windows, at, &start, &end);
        if (windows->day == TM_DAY_ROLLING) /* what is spent comes back a day later */
            end = at + (windows->day_ms ? windows->day_ms : 86400000);
        int64_t went = spend(rows, room, forecast.a_minute, at, end, &forecast.finish_ms);
        rows -= went;
        forecast.days += went > 0;
        if (rows > 0 && i >= DAYS_WALKED && went > 0) {
            int64_t more = rows / went;
            forecast.days += more;
            at += more * (end - start);
            rows -= more * went;
            if (rows == 0)
                forecast.finish_ms = at;
        }
        at = MAX(end, at + 1);
        room = forecast.a_day;
    }
    return forecast;
}
