/* engine_cost.c - what a request may cost, what it did cost, and what this run may still spend. */
#include "jobs/engine_parts.h"

#include "core/catalog.h"

#define DAY_MS (24 * 3600 * (int64_t)1000)

/* Prices change at midnight UTC: looked up anew each day. */
static const tm_price *price_of(tm_engine_lane_state *lane, const tm_instant *now)
{
    int64_t day = now->wall_ms / DAY_MS;
    if (lane->price_day != day) {
        const char *model = tm_account_model(lane->account, lane->model);
        lane->priced =
            lane->account->costs && tm_price_find(lane->account, model, now->wall_ms, &lane->price);
        lane->price_day = day;
    }
    return lane->priced ? &lane->price : NULL;
}

static int64_t most(const tm_engine *engine, tm_engine_lane_state *lane, int64_t output_cap, int64_t tokens)
{
    tm_instant now = tm_clock_now(engine->options.clock);
    const tm_price *price = price_of(lane, &now);
    return price ? tm_price_most(price, tokens, output_cap) : 0;
}

/* What an answer may take is known by its cap, else by what answers took of late. */
static int64_t answer_tokens(const tm_engine_lane_state *lane, const tm_engine_batch *batch)
{
    return batch->output_said >= 0 ? batch->output_said : (int64_t)lane->mean_output;
}

tm_cost tm_engine_cost_each(const tm_engine *engine, tm_engine_lane_state *lane, const tm_engine_batch *batch,
                            double tokens)
{
    tm_cost each = {{0}};
    each.of[TM_UNIT_REQUESTS] = 1;
    if (lane->limits_tokens) {
        each.of[TM_UNIT_INPUT_TOKENS] = (int64_t)tokens + 1;
        each.of[TM_UNIT_TOKENS] =
            each.of[TM_UNIT_INPUT_TOKENS] + (tokens > 0 ? answer_tokens(lane, batch) : 0);
    }
    each.of[TM_UNIT_MICRO_USD] = most(engine, lane, batch->output_cap, (int64_t)tokens + 1);
    return each;
}

/* The cap of this request's answer, grown or not, where the prompt names one; else -1. */
static int64_t said_cap(const tm_engine *engine, const tm_flight *flight)
{
    return flight->batch->output_said >= 0 ? tm_engine_output_cap(engine, flight) : -1;
}

tm_cost tm_engine_cost_of_call(const tm_engine *engine, const tm_flight *flight, const tm_call *call)
{
    tm_engine_lane_state *lane = tm_engine_lane_at(engine, flight->lane);
    int64_t bytes = call->body ? (int64_t)(call->body->len - MIN(call->body->len, flight->media_bytes)) : 0;
    double ratio = tm_ledger_token_ratio(engine->options.ledger, &lane->ledger, bytes);
    int64_t tokens = (int64_t)((double)bytes * ratio) + flight->media_tokens + 1;
    tm_cost cost = {{0}};
    cost.of[TM_UNIT_REQUESTS] = 1;
    cost.of[TM_UNIT_INPUT_TOKENS] = tokens;
    cost.of[TM_UNIT_TOKENS] = tokens + MAX(flight->reserved_output, said_cap(engine, flight));
    cost.of[TM_UNIT_MICRO_USD] = most(engine, lane, tm_engine_output_cap(engine, flight), tokens);
    return cost;
}

/* Who refused or broke down before it answered bills nothing. */
static bool is_free(const tm_answer *answer)
{
    return answer->http >= 400 && answer->usage.input < 0;
}

/* The answer may be another model's by now: the dearer of the two prices, where both are known. */
static int64_t paid(const tm_engine *engine, tm_engine_lane_state *lane, const tm_answer *answer)
{
    tm_instant now = tm_clock_now(engine->options.clock);
    const tm_price *price = price_of(lane, &now);
    bool picture = answer->parts && answer->parts->len > 0;
    tm_price other;
    if (!price)
        return 0;
    int64_t cost = tm_price_cost(price, &answer->usage, picture);
    if (answer->model && g_strcmp0(answer->model, lane->model) != 0 &&
        tm_price_find(lane->account, answer->model, now.wall_ms, &other))
        cost = MAX(cost, tm_price_cost(&other, &answer->usage, picture));
    return cost;
}

void tm_engine_note_output(tm_engine_lane_state *lane, const tm_answer *answer)
{
    int64_t output = MAX(answer->usage.output, 0) + MAX(answer->usage.thinking, 0);
    if (answer->usage.input >= 0 && answer->usage.output >= 0)
        lane->mean_output += ((double)output - lane->mean_output) / 8;
}

/* Where a service counts what an answer might have taken, its window stays as full as that, however short the
 * answer was. */
static bool counts_cap(const tm_account *account)
{
    return !(account->service && account->service->counts_used);
}

tm_cost tm_engine_cost_of_answer(const tm_engine *engine, const tm_flight *flight, const tm_answer *answer)
{
    tm_cost cost = flight->cost;
    if (answer->usage.input >= 0) {
        int64_t output = MAX(answer->usage.output, 0) + MAX(answer->usage.thinking, 0);
        if (counts_cap(tm_engine_lane_at(engine, flight->lane)->account))
            output = MAX(output, said_cap(engine, flight));
        cost.of[TM_UNIT_INPUT_TOKENS] = answer->usage.input;
        cost.of[TM_UNIT_TOKENS] = answer->usage.input + output;
        cost.of[TM_UNIT_MICRO_USD] = paid(engine, tm_engine_lane_at(engine, flight->lane), answer);
    } else if (is_free(answer)) {
        cost.of[TM_UNIT_MICRO_USD] = 0;
    }
    return cost;
}

int tm_engine_afforded(const tm_engine *engine, const tm_engine_lane_state *lane, int64_t each, int wanted)
{
    int64_t budget = engine->options.budget_micro_usd;
    if (budget == 0 || !lane->account->costs || each <= 0)
        return wanted;
    int64_t left = budget - engine->spent_micro_usd - engine->reserved_micro_usd;
    return (int)CLAMP(left / each, 0, wanted);
}

void tm_engine_broke(tm_engine_lane_state *lane, const tm_engine *engine, int64_t each)
{
    g_autofree char *spent = tm_price_text(engine->spent_micro_usd);
    g_autofree char *budget = tm_price_text(engine->options.budget_micro_usd);
    g_autofree char *one = tm_price_text(each);
    lane->wait = (tm_grant){.wait = TM_WAIT_BUDGET, .retry_ms = INT64_MAX, .bound = {.value = -1}};
    lane->ask_again_ms = INT64_MAX;
    g_snprintf(lane->wait.why, sizeof lane->wait.why,
               "%s of this run's budget of %s is spent, and one more row may cost up to %s", spent, budget,
               one);
}

void tm_engine_spend(tm_engine *engine, const tm_flight *flight, int64_t micro_usd)
{
    engine->reserved_micro_usd -= flight->reserved_micro_usd;
    engine->spent_micro_usd += micro_usd;
    for (guint i = 0; i < engine->lanes->len; i++) { /* less than was reserved: there may be room again */
        tm_engine_lane_state *lane = tm_engine_lane_at(engine, (int)i);
        if (lane->wait.wait == TM_WAIT_BUDGET && flight->reserved_micro_usd > 0)
            lane->ask_again_ms = 0;
    }
}

const tm_engine_lane_state *tm_engine_spent_lane(const tm_engine *engine, const tm_engine_batch *batch)
{
    const tm_engine_lane_state *spent = NULL;
    for (size_t i = 0; i < batch->work.n_lanes; i++) {
        const tm_engine_lane_state *lane = tm_engine_lane_at(engine, batch->lanes[i]);
        bool closed = lane->state == TM_LANE_CLOSED;
        bool broke = lane->wait.wait == TM_WAIT_BUDGET && lane->ask_again_ms == INT64_MAX;
        if (closed || batch->steps[i].empty) /* no row will go this way */
            continue;
        if (!broke)
            return NULL;
        spent = lane;
    }
    return spent;
}
