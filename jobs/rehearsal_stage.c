/* rehearsal_stage.c - see rehearsal_stage.h */
#include "jobs/rehearsal_stage.h"

/* As the engine has them: engine_send.c, engine.c, canary.c. EXACT_UP_TO: ledger_limits.c. */
enum { CONCURRENCY = 400, GROUP = 64, FIRST_TOKENS = 1000, CAREFUL = 10, EXACT_UP_TO = 240 };
enum { LATENCY_MS = 2000 }; /* of a model that nobody has asked yet */
/* Between our two clocks and the guard: in this much of midnight no request of a scarce day goes. */
enum { EDGE_MS = 1000 };

static bool is_tokens(tm_unit unit)
{
    return unit == TM_UNIT_INPUT_TOKENS || unit == TM_UNIT_TOKENS;
}

void tm_stage_init(tm_stage *stage, const tm_use *uses, size_t n_uses, const tm_load *load,
                   const tm_instant *now)
{
    int64_t most = 0;
    bool exact = false;
    *stage = (tm_stage){
        .load = load,
        .start_ms = now->wall_ms,
        .now_ms = now->wall_ms,
        .meters = g_new0(tm_meter, n_uses + 1),
        .uses = g_new0(tm_use, n_uses + 1),
        .n = n_uses,
        .rows = load->rows,
        .flights = g_array_new(FALSE, FALSE, sizeof(tm_stage_flight)),
        .back = g_array_new(FALSE, FALSE, sizeof(size_t)),
        .latency_ms = load->latency_ms > 0 ? load->latency_ms : LATENCY_MS,
        .answered = load->answered,
        .done_ms = now->wall_ms,
        .probe_next = load->hold_until_ms > now->wall_ms,
        .ask_again_ms = load->hold_until_ms,
        .mean = FIRST_TOKENS,
        .most = FIRST_TOKENS,
        .first_ms = INT64_MAX,
        .day_end_ms = INT64_MAX,
    };
    for (size_t i = 0; i < load->n_tokens; i++)
        most = MAX(most, MAX(load->tokens[i], load->reserved ? load->reserved[i] : 0) + 1 + load->output);
    for (size_t i = 0; i < n_uses; i++)
        exact = exact || (uses[i].limit.unit == TM_UNIT_REQUESTS &&
                          uses[i].limit.window == TM_WINDOW_MINUTE && uses[i].limit.value <= EXACT_UP_TO);
    for (size_t i = 0; i < n_uses; i++) {
        tm_meter_init(&stage->meters[i], &uses[i], exact, most, now->wall_ms);
        stage->limits_tokens = stage->limits_tokens || is_tokens(uses[i].limit.unit);
        if (tm_quota_spacing_us(&uses[i]))
            stage->full_us = MAX(stage->full_us, now->wall_ms * 1000 + uses[i].debt_us);
    }
}

void tm_stage_clear(tm_stage *stage)
{
    for (size_t i = 0; i < stage->n; i++)
        tm_meter_clear(&stage->meters[i]);
    g_free(stage->meters);
    g_free(stage->uses);
    g_array_unref(stage->flights);
    g_array_unref(stage->back);
}

/* ---- the books ---- */

static tm_cost cost_of(int64_t requests, int64_t tokens)
{
    tm_cost cost = {{0}};
    cost.of[TM_UNIT_REQUESTS] = requests;
    cost.of[TM_UNIT_INPUT_TOKENS] = cost.of[TM_UNIT_TOKENS] = tokens;
    return cost;
}

static void charge(tm_stage *stage, const tm_cost *cost, int64_t at_ms)
{
    for (size_t i = 0; i < stage->n; i++) {
        tm_meter *meter = &stage->meters[i];
        int64_t amount = cost->of[meter->use.limit.unit];
        if (!amount)
            continue;
        tm_meter_add(meter, amount, at_ms);
        if (meter->use.calendar && at_ms >= stage->day_end_ms - meter->use.guard_ms)
            meter->tomorrow += amount;
    }
}

static tm_grant decide(tm_stage *stage, const tm_cost *each, int wanted)
{
    tm_instant now = {stage->now_ms, stage->now_ms, 1};
    for (size_t i = 0; i < stage->n; i++) {
        tm_meter *meter = &stage->meters[i];
        tm_meter_read(meter, each->of[meter->use.limit.unit], stage->now_ms);
        stage->uses[i] = meter->use;
        stage->uses[i].edge =
            meter->use.calendar && ABS(stage->now_ms - stage->day_end_ms) < EDGE_MS + meter->use.guard_ms;
        if (tm_quota_spacing_us(&meter->use))
            stage->uses[i].debt_us = MAX(stage->full_us - stage->now_ms * 1000, 0);
    }
    return tm_quota_decide(stage->uses, stage->n, each, wanted, &now);
}

/* Granted none, or not all: until when, and who said so. */
static void note_no(tm_stage *stage, const tm_grant *grant)
{
    stage->no = *grant;
    stage->ask_again_ms = grant->retry_ms;
    stage->bound = NULL;
    for (size_t i = 0; i < stage->n; i++) {
        const tm_limit *limit = &stage->meters[i].use.limit;
        if (grant->bound.value == limit->value && grant->bound.unit == limit->unit &&
            grant->bound.window == limit->window)
            stage->bound = &stage->meters[i];
    }
}

/* ---- answers ---- */

static void answer(tm_stage *stage, const tm_stage_flight *flight)
{
    stage->answered++;
    stage->done_ms = flight->done_ms;
    if (stage->limits_tokens && (flight->tokens != flight->reserved || stage->load->output)) {
        tm_cost more = cost_of(0, flight->tokens - flight->reserved);
        more.of[TM_UNIT_TOKENS] += stage->load->output;
        charge(stage, &more, flight->sent_ms);
        stage->ask_again_ms = MIN(stage->ask_again_ms, stage->now_ms);
    }
    for (size_t i = 0; i < stage->n; i++)
        if (stage->meters[i].use.opening && flight->sent_ms >= stage->meters[i].use.start_ms)
            stage->meters[i].use.opening = false;
    if (flight->probe) {
        stage->probe_out = stage->probe_next = false;
        stage->ask_again_ms = stage->now_ms;
    }
}

static guint in_flight(const tm_stage *stage)
{
    return stage->flights->len - stage->first_flight;
}

static void take_answers(tm_stage *stage)
{
    for (; in_flight(stage) > 0; stage->first_flight++) {
        const tm_stage_flight *flight = &g_array_index(stage->flights, tm_stage_flight, stage->first_flight);
        if (flight->done_ms > stage->now_ms)
            break;
        answer(stage, flight);
    }
    if (stage->first_flight > stage->flights->len / 2) {
        g_array_remove_range(stage->flights, 0, stage->first_flight);
        stage->first_flight = 0;
    }
}

/* ---- sending ---- */

/* How many may be in flight more: a batch's first goes alone, its first ten by themselves. */
static int room(const tm_stage *stage)
{
    int64_t most = stage->load->concurrency > 0 ? stage->load->concurrency : CONCURRENCY;
    if (stage->answered < CAREFUL)
        most = MIN(most, stage->answered > 0 ? CAREFUL - stage->answered : 1);
    return (int)MIN(MIN(most - (int64_t)in_flight(stage), GROUP), stage->rows);
}

static void leave(tm_stage *stage, int64_t reserved, int64_t tokens, bool probe)
{
    tm_stage_flight flight = {stage->now_ms, stage->now_ms + stage->latency_ms, reserved, tokens, probe};
    g_array_append_val(stage->flights, flight);
    stage->first_ms = MIN(stage->first_ms, stage->now_ms);
    stage->probe_out = stage->probe_out || probe;
    stage->sent++;
    stage->rows--;
    bool *counted = stage->now_ms < stage->day_end_ms ? &stage->counted : &stage->counted_next;
    stage->nights += !*counted;
    *counted = true;
}

static tm_grant ask(tm_stage *stage, double tokens, int wanted)
{
    stage->reserved = stage->limits_tokens ? (int64_t)tokens + 1 : 0;
    tm_cost each = cost_of(1, stage->reserved);
    return decide(stage, &each, wanted);
}

/* As engine_send.c: what the largest of late took, else the mean, else next to nothing. */
static tm_grant ask_for_tokens(tm_stage *stage, int wanted)
{
    tm_grant grant = ask(stage, stage->most, wanted);
    if (grant.granted == 0 && grant.bound.value >= 0 && is_tokens(grant.bound.unit) &&
        stage->most > stage->mean * 1.5)
        grant = ask(stage, stage->mean, wanted);
    if (grant.granted == 0 && grant.wait == TM_WAIT_TOO_LARGE)
        grant = ask(stage, 0, 1);
    return grant;
}

/* The limit that a row of this cost never fits; NULL: there is none. */
static tm_meter *too_small_for(const tm_stage *stage, int64_t cost)
{
    for (size_t i = 0; i < stage->n; i++)
        if (is_tokens(stage->meters[i].use.limit.unit) && cost > stage->meters[i].use.limit.value)
            return &stage->meters[i];
    return NULL;
}

/* The next row's place in the sample: those that came back before this group go first. */
static size_t next_row(tm_stage *stage, guint *came_back)
{
    if (*came_back == 0)
        return stage->load->n_tokens ? stage->row++ % stage->load->n_tokens : 0;
    size_t row = g_array_index(stage->back, size_t, 0);
    g_array_remove_index(stage->back, 0);
    --*came_back;
    return row;
}

/* One row of a group for which stage->reserved each was taken. It may go back: then
 * nothing goes before ask_again_ms. */
static void send_row(tm_stage *stage, size_t row, bool probe)
{
    const tm_load *load = stage->load;
    int64_t tokens = load->n_tokens ? load->tokens[row] : 0;
    int64_t cost = load->n_tokens && load->reserved ? load->reserved[row] : tokens + 1;
    int64_t reserved = stage->reserved;
    if (stage->limits_tokens) {
        stage->mean += ((double)cost - stage->mean) / 8;
        stage->most = MAX((double)cost, stage->most + (stage->mean - stage->most) / 16);
    }
    if (stage->limits_tokens && cost > reserved) {
        tm_cost back = cost_of(-1, -reserved), more = cost_of(0, cost - reserved);
        tm_meter *too_small = too_small_for(stage, cost);
        tm_grant grant = {0};
        if (!too_small)
            grant = decide(stage, &more, 1);
        if (grant.granted == 0) {
            charge(stage, &back, stage->now_ms);
            if (!too_small) {
                note_no(stage, &grant);
                g_array_append_val(stage->back, row);
                return;
            }
            stage->too_small = too_small;
            stage->too_large++;
            stage->rows--;
            return;
        }
        charge(stage, &more, stage->now_ms);
        reserved = cost;
    }
    leave(stage, reserved, tokens, probe);
}

static void fill_bucket(tm_stage *stage, int granted)
{
    for (size_t i = 0; i < stage->n; i++) {
        int64_t spacing = tm_quota_spacing_us(&stage->uses[i]), now_us = stage->now_ms * 1000;
        if (!spacing)
            continue;
        stage->full_us =
            now_us + tm_quota_debt_us(&stage->uses[i], stage->uses[i].debt_us) + granted * spacing;
        return;
    }
}

/* One group. False: nothing more may go now. */
static bool send_group(tm_stage *stage)
{
    int wanted = room(stage);
    if (wanted <= 0 || stage->probe_out || stage->now_ms < stage->ask_again_ms)
        return false;
    if (stage->probe_next)
        wanted = 1;
    tm_grant grant = ask_for_tokens(stage, wanted);
    if (grant.granted < wanted)
        note_no(stage, &grant);
    else
        stage->bound = NULL;
    if (grant.granted == 0)
        return false;
    bool probe = stage->probe_next || grant.probe;
    tm_cost taken = cost_of(grant.granted, grant.granted * stage->reserved);
    charge(stage, &taken, stage->now_ms);
    fill_bucket(stage, grant.granted);
    guint came_back = stage->back->len;
    for (int i = 0; i < grant.granted; i++)
        send_row(stage, next_row(stage, &came_back), probe);
    return true;
}

void tm_stage_act(tm_stage *stage)
{
    take_answers(stage);
    while (stage->rows > 0 && send_group(stage)) {
    }
}

/* ---- time ---- */

int64_t tm_stage_next(const tm_stage *stage)
{
    int64_t next = INT64_MAX;
    if (in_flight(stage) > 0)
        next = g_array_index(stage->flights, tm_stage_flight, stage->first_flight).done_ms;
    if (stage->rows > 0 && !stage->probe_out && room(stage) > 0)
        next = MIN(next, stage->ask_again_ms);
    return next;
}

void tm_stage_wait(tm_stage *stage, int64_t until_ms)
{
    bool by_limit = stage->rows > 0 && stage->bound && stage->ask_again_ms > stage->now_ms;
    if (by_limit)
        stage->bound->waited_ms += until_ms - stage->now_ms;
    stage->now_ms = until_ms;
}

void tm_stage_shift(tm_stage *stage, int64_t by_ms)
{
    for (guint i = stage->first_flight; i < stage->flights->len; i++) {
        tm_stage_flight *flight = &g_array_index(stage->flights, tm_stage_flight, i);
        flight->sent_ms += by_ms;
        flight->done_ms += by_ms;
    }
    for (size_t i = 0; i < stage->n; i++)
        tm_meter_shift(&stage->meters[i], by_ms);
    if (stage->ask_again_ms != INT64_MAX)
        stage->ask_again_ms += by_ms;
    stage->full_us += by_ms * 1000;
    stage->done_ms += by_ms;
    stage->now_ms += by_ms;
}
