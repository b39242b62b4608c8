/* plan.h - how many days a number of rows takes under the windows of a lane, and when it is done. Pure
 * arithmetic over the same limits that the grant uses; `rehearsing` the whole policy is another matter. */
#pragma once
#include "jobs/quota.h"

typedef struct {
    int64_t days;      /* quota days that will be used, the present one included; 0: no rows */
    int64_t finish_ms; /* wall; INT64_MAX: never (a limit is 0, or a row is larger than a window) */
    int64_t a_day;     /* requests that a whole day allows; -1: no bound by the day */
    double a_minute;   /* requests a minute; 0: no bound by the minute */
    tm_limit bound;    /* what bounds it most; value -1: nothing */
} tm_forecast;

/* `each`: cost of one row. `uses`: the ledger's view now. */
tm_forecast tm_plan(const tm_use *uses, size_t n_uses, const tm_windows *windows, const tm_cost *each,
                    int64_t rows, int64_t guard_ms, const tm_instant *now);
