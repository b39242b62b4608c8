/* quota.h - how much may be sent now: pure policy, no clock, no database. The same arguments give the same
 * grant. See docs/architecture.md, "Quota". */
#pragma once
#include "core/clock.h"
#include "core/limit.h"
#include "core/outcome.h"

/* What is in use of one limit, as the ledger sums it. */
typedef struct {
    tm_limit limit;
    int64_t used;        /* in the limit's unit, within its window (guard included) */
    int64_t frees_at_ms; /* wall ms at which one more request of the cost asked for fits, or the next day
                            opens; 0: nothing in use */
    int64_t frees;       /* how much of `used` has left by then */
    int64_t last_ms;     /* wall ms of the newest use in a sliding window; 0: none */
    int64_t window_ms;   /* the window's length, guard not included; 0: no window */
    int64_t guard_ms;    /* added to a sliding window */
    int64_t debt_us;     /* microseconds until the bucket under a sliding window is full again */
    int64_t start_ms;    /* a calendar day: wall ms of its start, as the server's clock has it; else 0 */
    bool calendar;       /* a day from midnight to midnight; else the window slides */
    bool edge;           /* a request leaving now may fall into this day or the next */
    bool next_counts; /* a request leaving now counts for the next day: its midnight has come, or may have */
    bool opening;     /* the day before was spent and no answer has come in this one: one probe first */
} tm_use;

/* Why nothing, or not all, may go now. */
typedef enum {
    TM_WAIT_NONE,
    TM_WAIT_MINUTE,    /* a sliding window is full, or the bucket spreads */
    TM_WAIT_DAY,       /* the day is spent */
    TM_WAIT_HOLD,      /* a hold after 429, overload or network trouble: `why` says */
    TM_WAIT_PROBE,     /* somebody's probe is in flight */
    TM_WAIT_TOO_LARGE, /* larger than a window's limit: never */
    TM_WAIT_NO_TIER,   /* a hard limit is 0: the model is not on this tier */
    TM_WAIT_BUDGET,
} tm_wait_kind;

/* How an ask was answered. */
typedef struct {
    int granted;      /* requests that may leave now, 0..wanted */
    int64_t retry_ms; /* granted < wanted: earliest wall ms worth asking again; INT64_MAX: never by itself */
    tm_wait_kind wait;
    tm_limit bound; /* the limit that bound it; value -1 if none did */
    bool probe;     /* granted == 1 and it is a probe: its outcome decides for all */
    bool tests;     /* ... and what it tests is the soft limit `bound` */
    char why[160];  /* for a person: "429 PerDay seen at 02:14", ... */
} tm_grant;

/* Of `wanted` requests that cost `each`, how many may leave now by these uses? Holds are the ledger's. A
 * spent soft limit grants one probe. */
tm_grant tm_quota_decide(const tm_use *uses, size_t n_uses, const tm_cost *each, int wanted,
                         const tm_instant *now);

/* What a refusal or a failure asks of the lane: until when to hold, and what was learnt. */
typedef struct {
    int64_t until_ms;   /* wall ms; 0: no hold; INT64_MAX: until the user acts */
    bool probe;         /* after the hold one probe goes first */
    bool guard_up;      /* the ledger can't explain a per-minute 429: raise the guard to 1.5 s */
    bool give_back_day; /* the day was not charged (429) */
    tm_class class;     /* maybe sharper than the answer's: limit 0 is no_model, ... */
    char why[160];
} tm_verdict;

/* How the lane has fared, as far as a refusal asks. */
typedef struct {
    bool left;            /* the request's first byte left */
    int streak;           /* troubles in a row on this lane before this one */
    int64_t errors_today; /* requests of the day that were charged and ended in an error, this one included */
    int64_t rows_waiting; /* rows that wait for the lane; 0: not known */
    double random;        /* 0..1, handed in for jitter */
} tm_fortune;

/* `uses`: the ledger's own view of the lane at the instant, this request included. */
tm_verdict tm_quota_refusal(const tm_answer *answer, const tm_use *uses, size_t n_uses,
                            const tm_windows *windows, const tm_fortune *fortune, const tm_instant *now);

/* Microseconds between two requests when `use` spreads them evenly; 0: it does not. */
int64_t tm_quota_spacing_us(const tm_use *use);
/* What of `debt_us` counts against this limit's bucket. More than the bucket holds was made under a lower
 * limit: that pace is over, the windows still hold. */
int64_t tm_quota_debt_us(const tm_use *use, int64_t debt_us);
/* A day opens so long after its midnight: 60 s of 24 h, in proportion when days are shorter. */
int64_t tm_quota_opening_ms(const tm_windows *windows);
