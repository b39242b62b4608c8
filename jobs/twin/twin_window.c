/* twin_window.c - a minute that slides exactly, and the account's day. */
#include "jobs/twin/twin_window.h"

#include <stdbool.h>

/* Arrivals of the last `span_ms`, oldest first. */
typedef struct {
    int64_t at_ms, tokens;
} arrival;

typedef struct {
    GArray *arrivals;
    guint first; /* those before it have left the window */
    int64_t span_ms, tokens;
} sliding;

struct tm_twin_use {
    tm_windows windows;
    sliding minute, rolling_day;
    int64_t day_start_ms, day_end_ms, day; /* a calendar day's count */
    int64_t day_limit;                     /* a bucket that refills all the time: how much in a day */
    int64_t missing;   /* from the full bucket, in requests times the day's milliseconds */
    int64_t looked_ms; /* as of when */
};

static void slide(sliding *window, int64_t wall_ms)
{
    GArray *all = window->arrivals;
    while (window->first < all->len) {
        const arrival *oldest = &g_array_index(all, arrival, window->first);
        if (oldest->at_ms > wall_ms - window->span_ms)
            break;
        window->tokens -= oldest->tokens;
        window->first++;
    }
    if (window->first > 1024 && window->first > all->len / 2) {
        g_array_remove_range(all, 0, window->first);
        window->first = 0;
    }
}

static void slide_add(sliding *window, int64_t wall_ms, int64_t tokens)
{
    arrival one = {wall_ms, tokens};
    if (window->first == window->arrivals->len) {
        g_array_set_size(window->arrivals, 0);
        window->first = 0;
    }
    g_array_append_val(window->arrivals, one);
    window->tokens += tokens;
}

/* How long until at most `requests` and `tokens` are left; -1: any number of them may be. */
static int64_t slide_wait(const sliding *window, int64_t wall_ms, int64_t requests, int64_t tokens)
{
    int64_t left = window->arrivals->len - window->first, tokens_left = window->tokens;
    int64_t wait = 0;
    for (guint i = window->first; i < window->arrivals->len; i++) {
        const arrival *next = &g_array_index(window->arrivals, arrival, i);
        if ((requests < 0 || left <= requests) && (tokens < 0 || tokens_left <= tokens))
            return wait;
        wait = next->at_ms + window->span_ms - wall_ms;
        left--;
        tokens_left -= next->tokens;
    }
    return (requests < 0 || left <= requests) && (tokens < 0 || tokens_left <= tokens) ? wait
                                                                                       : window->span_ms;
}

tm_twin_use *tm_twin_use_new(const tm_windows *windows)
{
    tm_twin_use *use = g_new0(tm_twin_use, 1);
    use->windows = *windows;
    use->minute.arrivals = g_array_new(FALSE, FALSE, sizeof(arrival));
    use->minute.span_ms = windows->minute_ms > 0 ? windows->minute_ms : 60000;
    use->rolling_day.arrivals = g_array_new(FALSE, FALSE, sizeof(arrival));
    use->rolling_day.span_ms = windows->day_ms > 0 ? windows->day_ms : 86400000;
    return use;
}

void tm_twin_use_free(tm_twin_use *use)
{
    if (!use)
        return;
    g_array_unref(use->minute.arrivals);
    g_array_unref(use->rolling_day.arrivals);
    g_free(use);
}

static bool is_rolling(const tm_twin_use *use)
{
    return use->windows.day == TM_DAY_ROLLING;
}

static bool is_bucket(const tm_twin_use *use)
{
    return use->windows.day == TM_DAY_NONE;
}

void tm_twin_use_set_day(tm_twin_use *use, int64_t requests)
{
    use->day_limit = MIN(requests, INT64_C(10000000000)); /* times a day's milliseconds it still fits */
}

static void refill(tm_twin_use *use, int64_t wall_ms)
{
    int64_t span = use->rolling_day.span_ms, gone = MIN(MAX(wall_ms - use->looked_ms, 0), span);
    use->missing = MAX(use->missing - gone * MAX(use->day_limit, 0), 0);
    use->looked_ms = MAX(use->looked_ms, wall_ms);
    use->day = (use->missing + span - 1) / span;
}

tm_twin_count tm_twin_use_at(tm_twin_use *use, int64_t wall_ms)
{
    slide(&use->minute, wall_ms);
    if (is_rolling(use)) {
        slide(&use->rolling_day, wall_ms);
        use->day = use->rolling_day.arrivals->len - use->rolling_day.first;
    } else if (is_bucket(use)) {
        refill(use, wall_ms);
    } else if (wall_ms < use->day_start_ms || wall_ms >= use->day_end_ms) {
        tm_day_of(&use->windows, wall_ms, &use->day_start_ms, &use->day_end_ms);
        use->day = 0;
    }
    return (tm_twin_count){
        .minute = use->minute.arrivals->len - use->minute.first,
        .minute_tokens = use->minute.tokens,
        .day = use->day,
    };
}

void tm_twin_use_add(tm_twin_use *use, int64_t wall_ms, int64_t tokens)
{
    tm_twin_use_at(use, wall_ms);
    slide_add(&use->minute, wall_ms, tokens);
    use->day++;
    if (is_rolling(use))
        slide_add(&use->rolling_day, wall_ms, tokens);
    if (is_bucket(use))
        use->missing += use->rolling_day.span_ms;
}

void tm_twin_use_add_refused(tm_twin_use *use, int64_t wall_ms)
{
    slide_add(&use->minute, wall_ms, 0);
}

int64_t tm_twin_use_minute_wait(const tm_twin_use *use, int64_t wall_ms, int64_t requests, int64_t tokens)
{
    return slide_wait(&use->minute, wall_ms, requests, tokens);
}

int64_t tm_twin_use_day_wait(const tm_twin_use *use, int64_t wall_ms, int64_t requests)
{
    if (is_rolling(use))
        return slide_wait(&use->rolling_day, wall_ms, requests, -1);
    if (is_bucket(use)) {
        int64_t too_much = use->missing - MAX(requests, 0) * use->rolling_day.span_ms;
        return too_much <= 0         ? 0
               : use->day_limit <= 0 ? use->rolling_day.span_ms
                                     : (too_much + use->day_limit - 1) / use->day_limit;
    }
    return use->day <= requests ? 0 : use->day_end_ms - wall_ms;
}
