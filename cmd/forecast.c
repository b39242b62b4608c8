/* forecast.c - see forecast.h */
#include "cmd/forecast.h"

#include "cmd/source_batch.h"
#include <string.h>

enum { BYTES_A_TOKEN = 4 }; /* of a first estimate, before the server has counted; English text */

tm_cost tm_row_cost(const tm_store_totals_t *totals, int64_t bytes)
{
    tm_cost cost = {{0}};
    int64_t input = totals->answered > 0 && totals->tokens_in > 0 ? totals->tokens_in / totals->answered
                                                                  : bytes / BYTES_A_TOKEN + 1;
    int64_t output =
        totals->answered > 0 ? (totals->tokens_out + totals->tokens_think) / totals->answered : 0;
    cost.of[TM_UNIT_REQUESTS] = 1;
    cost.of[TM_UNIT_INPUT_TOKENS] = input;
    cost.of[TM_UNIT_TOKENS] = input + output;
    return cost;
}

gboolean tm_outlook_lane(tm_context *context, const tm_engine_lane *lane, const tm_cost *each, int64_t rows,
                         tm_outlook *outlook, GError **error)
{
    tm_ledger *ledger = tm_context_ledger(context, error);
    int64_t scope = ledger ? tm_ledger_scope(ledger, lane->account, error) : -1;
    if (scope < 0)
        return FALSE;
    tm_lane asked = {
        .scope = scope,
        .model = lane->model,
        .windows = &lane->account->windows,
        .limits = (const tm_limit *)(const void *)lane->limits->data,
        .n_limits = lane->limits->len,
        .guard_ms = lane->account->guard_ms,
        .rows_waiting = rows,
    };
    g_autoptr(GArray) uses = tm_ledger_uses(ledger, &asked, error);
    tm_lane_state state;
    if (!uses || !tm_ledger_lane_state(ledger, &asked, &state, error))
        return FALSE;
    tm_instant now = tm_clock_now(tm_context_clock(context));
    const tm_use *first = (const tm_use *)(const void *)uses->data;
    tm_grant grant = tm_quota_decide(first, uses->len, each, 1, &now);
    g_snprintf(outlook->lane, sizeof outlook->lane, "%s %s", lane->account->name, lane->model);
    outlook->forecast = tm_plan(first, uses->len, asked.windows, each, rows, asked.guard_ms, &now);
    outlook->finish_ms = outlook->forecast.finish_ms;
    outlook->next_ms = grant.granted ? 0 : grant.retry_ms;
    g_strlcpy(outlook->why, grant.granted ? "" : grant.why, sizeof outlook->why);
    if (!grant.granted && !outlook->why[0])
        g_snprintf(outlook->why, sizeof outlook->why, "the %s's quota is spent",
                   tm_window_name(grant.bound.window));
    if (state.until_ms > now.wall_ms) {
        outlook->hold_until_ms = state.until_ms;
        g_strlcpy(outlook->why, state.why, sizeof outlook->why);
        if (outlook->finish_ms != INT64_MAX && state.until_ms != INT64_MAX)
            outlook->finish_ms = MAX(outlook->finish_ms, state.until_ms);
    }
    return TRUE;
}

void tm_outlook_of(tm_context *context, const tm_batch *batch, const tm_store_totals_t *totals,
                   tm_outlook *outlook)
{
    *outlook = (tm_outlook){0};
    g_autoptr(tm_source) source = NULL;
    if (tm_batch_open(batch) == 0 || batch->revision == 0 || !tm_source_load(context, batch, &source, NULL))
        return;
    g_autoptr(GArray) lanes = tm_source_lanes(context, source, NULL);
    if (!lanes)
        return;
    tm_cost each = tm_row_cost(totals, (int64_t)tm_template_static_length(source->prompt->template) + 500);
    if (!tm_outlook_lane(context, &g_array_index(lanes, tm_engine_lane, 0), &each, tm_batch_open(batch),
                         outlook, NULL))
        *outlook = (tm_outlook){0};
}
