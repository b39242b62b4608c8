/* forecast.h - what a batch waits for and when it is done, by a rehearsal of the nights to come: for plan and
 * status. */
#pragma once
#include "cmd/context.h"
#include "cmd/lanes.h"
#include "jobs/prospect.h"

typedef struct {
    char lane[120];        /* "gemini gemini-2.5-flash"; empty: no lane could be found (no key, say) */
    int64_t finish_ms;     /* 0: not known; INT64_MAX: never, see forecast.end */
    int64_t next_ms;       /* earliest next request; 0: now */
    int64_t hold_until_ms; /* 0: no hold */
    char why[160];
    tm_forecast forecast;
} tm_outlook;

/* Of the prospect's rows over one lane. False: the ledger can't be read. */
gboolean tm_outlook_lane(tm_context *context, const tm_engine_lane *lane, const tm_prospect *prospect,
                         tm_outlook *outlook, GError **error);

/* What is known of a stored batch's rows that are to be sent. */
gboolean tm_outlook_prospect(tm_store *store, const tm_prompt *prompt, const tm_batch *batch,
                             tm_prospect *prospect, GError **error);

/* Of a stored batch over its first lane. What is not known stays 0: no key is needed. */
void tm_outlook_of(tm_context *context, const tm_batch *batch, const tm_store_totals_t *totals,
                   tm_outlook *outlook);

/* "4 nights (13 requests today, then up to 20 a day); bound by RPD 20 (config)", or why never. (transfer
 * full)
 */
char *tm_outlook_words(const tm_outlook *outlook);
/* "done", "too_large", "no_tier", "held" or "horizon". */
const char *tm_forecast_end_name(tm_forecast_end end);
