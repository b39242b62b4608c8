/* rehearsal_stage.h - the stage of a rehearsal: limits, requests in flight and rows left at an instant of
 * virtual time, and one step of it as the engine does it. rehearsal.c leads it through the nights. */
#pragma once
#include "jobs/rehearsal.h"
#include "jobs/rehearsal_meter.h"

/* One request between sending and its answer. All take equally long: first in, first out. */
typedef struct {
    int64_t sent_ms, done_ms;
    int64_t reserved, tokens;
    bool probe;
} tm_stage_flight;

typedef struct {
    const tm_load *load;
    int64_t start_ms, now_ms;
    tm_meter *meters;
    tm_use *uses; /* as the policy is asked, in the meters' order */
    size_t n;
    bool limits_tokens;
    int64_t rows, sent, too_large; /* rows: left to send */
    size_t row;                    /* the next one's place in the load's sample */
    GArray *back;                  /* size_t: places of rows that were refused when they were weighed */
    GArray *flights;               /* tm_stage_flight; those before first_flight are over */
    guint first_flight;
    int64_t latency_ms, answered, done_ms; /* done_ms: the last answer */
    bool probe_next, probe_out;
    int64_t ask_again_ms;
    int64_t full_us;            /* when the bucket under the minute is full again */
    double mean, most;          /* tokens of requests lately, as the engine reckons them */
    int64_t reserved;           /* tokens that each request of the present group was reserved for */
    tm_meter *bound;            /* what said no the last time; NULL: nothing did */
    tm_grant no;                /* ... and how */
    tm_meter *too_small;        /* the limit that rows were too large for; NULL: all fit */
    int64_t first_ms;           /* when the first one went; INT64_MAX: none yet */
    int64_t day_end_ms;         /* the server's midnight by our clock: what is sent later is the next day's */
    bool counted, counted_next; /* something was sent in this day, and in the next one before it opened */
    int64_t nights;
} tm_stage;

void tm_stage_init(tm_stage *stage, const tm_use *uses, size_t n_uses, const tm_load *load,
                   const tm_instant *now);
void tm_stage_clear(tm_stage *stage);
/* Takes in what has been answered by now and sends what may go now. */
void tm_stage_act(tm_stage *stage);
/* When the next thing happens; INT64_MAX: nothing ever will. */
int64_t tm_stage_next(const tm_stage *stage);
/* Time passes until `until_ms`; whatever keeps rows waiting is noted. */
void tm_stage_wait(tm_stage *stage, int64_t until_ms);
/* All that has been is so much later: the same again from there. */
void tm_stage_shift(tm_stage *stage, int64_t by_ms);
