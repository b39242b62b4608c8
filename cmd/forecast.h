/* forecast.h - what a batch waits for and when it is done, by the ledger's windows: for plan and status. */
#pragma once
#include "cmd/context.h"
#include "cmd/lanes.h"
#include "jobs/plan.h"

typedef struct {
    char lane[120];        /* "gemini gemini-2.5-flash"; empty: no lane could be found (no key, say) */
    int64_t finish_ms;     /* 0: not known; INT64_MAX: never */
    int64_t next_ms;       /* earliest next request; 0: now */
    int64_t hold_until_ms; /* 0: no hold */
    char why[160];
    tm_forecast forecast;
} tm_outlook;

/* The cost of one row, of what was learnt from answered rows, else from `bytes` a row. */
tm_cost tm_row_cost(const tm_store_totals_t *totals, int64_t bytes);

/* Of `rows` rows over one lane. False: the ledger can't be read. */
gboolean tm_outlook_lane(tm_context *context, const tm_engine_lane *lane, const tm_cost *each, int64_t rows,
                         tm_outlook *outlook, GError **error);

/* Of a stored batch over its first lane. What is not known stays 0: no key is needed. */
void tm_outlook_of(tm_context *context, const tm_batch *batch, const tm_store_totals_t *totals,
                   tm_outlook *outlook);
