/* estimate.h - what rows will cost on a lane: the input as well as it can be told, the output as counted so
 * far or between nothing and the cap. */
#pragma once
#include "core/price.h"
#include "jobs/engine.h"
#include "jobs/prospect.h"

typedef struct {
    bool costs;             /* false: nothing, whatever is sent */
    bool priced;            /* else nobody knows */
    bool counted;           /* `likely` is by what the rows so far have cost */
    int64_t input;          /* micro-dollars, of all rows */
    int64_t per_100_tokens; /* what each 100 tokens of answer and thought a row add */
    int64_t thinking;       /* the thoughts' part of `likely`, as counted */
    int64_t likely;         /* -1: not known before some are answered */
    int64_t most;           /* every answer as long as it may be, nothing cached */
    int64_t output_cap;
    tm_price price;
} tm_estimate;

tm_estimate tm_estimate_of(const tm_engine_lane *lane, const tm_prospect *prospect, const tm_prompt *prompt,
                           int64_t now_ms);
/* "about $0.42, at most $12.30 (...)"; "nothing on this account". (transfer full) */
char *tm_estimate_words(const tm_estimate *estimate);
/* {"costs": ..., "usd": {...}} (transfer full) */
json_t *tm_estimate_json(const tm_estimate *estimate);
