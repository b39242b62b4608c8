/* prospect.h - when a batch will be done over a lane: what its rows cost, as far as can be told before they
 * are sent, handed to the rehearsal with what the ledger says. For plan, status and a run's progress. */
#pragma once
#include "jobs/ledger.h"
#include "jobs/rehearsal.h"
#include "jobs/sizes.h"
#include "jobs/store.h"

/* What is known of the rows. */
typedef struct {
    int64_t rows;             /* to send */
    int64_t prompt_bytes;     /* of every request, without the row's values */
    tm_sizes sizes;           /* of the rows' JSON bodies: of all, or of a sample */
    tm_store_totals_t totals; /* of those that were answered */
    int64_t latency_ms;       /* of an answer; 0: not known */
    int concurrency;          /* requests in flight at most; 0: as the engine has it */
} tm_prospect;

/* Input tokens of a row, by the mean: as the server has counted so far, else four bytes each. */
int64_t tm_prospect_tokens(const tm_prospect *prospect);
/* What a row costs, by the mean. */
tm_cost tm_prospect_cost(const tm_prospect *prospect);
bool tm_prospect_counted(const tm_prospect *prospect); /* the server has counted some */

/* False: the ledger can't be read. */
gboolean tm_prospect_forecast(const tm_prospect *prospect, tm_ledger *ledger, const tm_lane *lane,
                              const tm_instant *now, tm_forecast *forecast, GError **error);
