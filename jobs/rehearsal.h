/* rehearsal.h - how many nights a number of rows takes, and when it is done: the policy that grants
 * (tm_quota_decide) led through the nights to come in virtual time. Pure: no clock, no database. Minutes and
 * days that repeat are leapt over, so that ten million rows cost milliseconds. */
#pragma once
#include "jobs/quota.h"

/* What is to be sent, and how. */
typedef struct {
    int64_t rows;
    const int64_t
        *tokens;     /* input tokens of one row: a sample, in the order in which they come round again */
    size_t n_tokens; /* 0: rows cost nothing but requests */
    int64_t output;  /* tokens of an answer; they count where input and output count together */
    const int64_t *reserved; /* what is reserved for each of them until it is counted; NULL: as much */
    int64_t latency_ms;      /* from sending to the answer; 0: 2 s */
    int concurrency;         /* requests in flight at most; 0: 400 */
    int64_t answered;        /* of the batch before: its first ten go with care */
    int64_t hold_until_ms; /* wall: nothing goes before, then one probe; 0: no hold, INT64_MAX: without end */
    int64_t offset_ms;     /* the server's clock minus ours */
} tm_load;

typedef enum {
    TM_FORECAST_DONE,      /* finish_ms says when */
    TM_FORECAST_TOO_LARGE, /* every row is larger than the limit `bound` */
    TM_FORECAST_NO_TIER,   /* the limit `bound` is 0 */
    TM_FORECAST_HELD,      /* a hold without end */
    TM_FORECAST_HORIZON,   /* not within TM_FORECAST_YEARS years */
} tm_forecast_end;
#define TM_FORECAST_YEARS 10

typedef struct {
    tm_forecast_end end;
    int64_t finish_ms; /* wall: the last answer; INT64_MAX: never, see `end` */
    int64_t first_ms;  /* wall: when the next request goes; INT64_MAX: never */
    int64_t nights;    /* days of the account in which something is sent, the present one included */
    int64_t today;     /* requests until the present day ends */
    int64_t a_day;     /* requests of a whole day; -1: no limit a day */
    double a_minute;   /* requests that the limits allow a minute; 0: no limit a minute */
    int64_t too_large; /* rows larger than a limit: they can never be sent */
    tm_limit bound;    /* what rows wait for most; value -1: for the answers alone */
} tm_forecast;

/* `uses`: the ledger's view now. */
tm_forecast tm_rehearse(const tm_use *uses, size_t n_uses, const tm_windows *windows, const tm_load *load,
                        const tm_instant *now);
