/* prospect.c - see prospect.h */
#include "jobs/prospect.h"

/* SAMPLE: rows that stand for all. BYTES_A_TOKEN: of English text, before the server has counted. CALL_BYTES:
 * what a request has around the prompt's text. */
enum { SAMPLE = 64, BYTES_A_TOKEN = 4, CALL_BYTES = 60 };
/* The ledger keeps a margin while it knows fewer answers: that passes. */
enum { FEW = 20 };
/* The ledger reserves by the p99 of tokens a byte, rounded up by up to 9 %. */
#define P99_OVER 1.09

bool tm_prospect_counted(const tm_prospect *prospect)
{
    return prospect->totals.answered > 0 && prospect->totals.tokens_in > 0;
}

/* Tokens a byte of prompt and row. */
static double density(const tm_prospect *prospect)
{
    const tm_store_totals_t *totals = &prospect->totals;
    int64_t bytes = totals->answered * prospect->prompt_bytes + totals->body_bytes;
    return tm_prospect_counted(prospect) && bytes > 0 ? (double)totals->tokens_in / (double)bytes
                                                      : 1.0 / BYTES_A_TOKEN;
}

int64_t tm_prospect_tokens(const tm_prospect *prospect)
{
    const tm_store_totals_t *totals = &prospect->totals;
    if (prospect->sizes.rows == 0 && tm_prospect_counted(prospect))
        return totals->tokens_in / totals->answered;
    double bytes = (double)(prospect->prompt_bytes + tm_sizes_mean(&prospect->sizes));
    return (int64_t)(bytes * density(prospect)) + 1;
}

static int64_t output_of(const tm_prospect *prospect)
{
    const tm_store_totals_t *totals = &prospect->totals;
    return totals->answered > 0 ? (totals->tokens_out + totals->tokens_think) / totals->answered : 0;
}

tm_cost tm_prospect_cost(const tm_prospect *prospect)
{
    tm_cost cost = {{0}};
    cost.of[TM_UNIT_REQUESTS] = 1;
    cost.of[TM_UNIT_INPUT_TOKENS] = tm_prospect_tokens(prospect);
    cost.of[TM_UNIT_TOKENS] = cost.of[TM_UNIT_INPUT_TOKENS] + output_of(prospect);
    return cost;
}

/* What the ledger reserves for a request of so many bytes. */
static int64_t reserved_for(const tm_prospect *prospect, tm_ledger *ledger, const tm_lane *lane, double bytes)
{
    double guess = density(prospect) * P99_OVER;
    bool learnt = prospect->totals.answered >= FEW;
    return (int64_t)(bytes * (learnt ? tm_ledger_token_ratio(ledger, lane, (int64_t)bytes) : guess)) + 1;
}

/* Fills in a sample of the rows. Returns how many. */
static size_t sample(const tm_prospect *prospect, tm_ledger *ledger, const tm_lane *lane, int64_t *tokens,
                     int64_t *reserved)
{
    int64_t bytes[SAMPLE];
    size_t n = tm_sizes_sample(&prospect->sizes, bytes, SAMPLE);
    for (size_t i = 0; i < n; i++) {
        double text = (double)(prospect->prompt_bytes + bytes[i]);
        tokens[i] = MAX((int64_t)(text * density(prospect)), 1);
        reserved[i] = reserved_for(prospect, ledger, lane, text + CALL_BYTES);
    }
    if (n == 0) {
        tokens[0] = tm_prospect_tokens(prospect);
        reserved[0] = (int64_t)((double)tokens[0] * P99_OVER) + 1;
    }
    return MAX(n, 1);
}

gboolean tm_prospect_forecast(const tm_prospect *prospect, tm_ledger *ledger, const tm_lane *lane,
                              const tm_instant *now, tm_forecast *forecast, GError **error)
{
    int64_t tokens[SAMPLE], reserved[SAMPLE];
    tm_lane_state state;
    g_autoptr(GArray) uses = tm_ledger_uses(ledger, lane, error);
    if (!uses || !tm_ledger_lane_state(ledger, lane, &state, error))
        return FALSE;
    const tm_load load = {
        .rows = prospect->rows,
        .n_tokens = sample(prospect, ledger, lane, tokens, reserved),
        .tokens = tokens,
        .reserved = reserved,
        .output = output_of(prospect),
        .latency_ms = prospect->latency_ms,
        .concurrency = prospect->concurrency,
        .answered = prospect->totals.answered,
        .hold_until_ms = state.until_ms,
        .offset_ms = state.offset_ms,
    };
    *forecast = tm_rehearse((const tm_use *)(const void *)uses->data, uses->len, lane->windows, &load, now);
    return TRUE;
}
