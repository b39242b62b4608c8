/* twin_window.h - what one model has used: the requests and tokens of the last minute and of the day. */
#pragma once
#include "core/limit.h"
#include <glib.h>

typedef struct tm_twin_use tm_twin_use;
tm_twin_use *tm_twin_use_new(const tm_windows *windows); /* (transfer full) */
void tm_twin_use_free(tm_twin_use *use);

/* What counts at `wall_ms`: arrivals in (wall_ms - minute, wall_ms] and of the day that holds wall_ms. */
typedef struct {
    int64_t minute, minute_tokens, day;
} tm_twin_count;
tm_twin_count tm_twin_use_at(tm_twin_use *use, int64_t wall_ms);

void tm_twin_use_add(tm_twin_use *use, int64_t wall_ms, int64_t tokens);
/* A refused one, where the service counts them to the minute. */
void tm_twin_use_add_refused(tm_twin_use *use, int64_t wall_ms);
/* With TM_DAY_NONE a day's requests come back all the time, so many in a day. */
void tm_twin_use_set_day(tm_twin_use *use, int64_t requests);

/* When, from wall_ms on, would the minute hold at most `requests` requests and `tokens` tokens (-1: any
 * number)? 0 if now; a minute if never. When does the day's count of `requests` go down to it? In
 * milliseconds. */
int64_t tm_twin_use_minute_wait(const tm_twin_use *use, int64_t wall_ms, int64_t requests, int64_t tokens);
int64_t tm_twin_use_day_wait(const tm_twin_use *use, int64_t wall_ms, int64_t requests);
