/* engine_row.c - one leased row: it waits for its place in flight, is rendered, weighed and submitted. */
#include "jobs/engine_parts.h"

#include "core/binding.h"
#include "core/json.h"
#include "jobs/media_loader.h"
#include <string.h>

void tm_flight_free(tm_flight *flight)
{
    if (!flight)
        return;
    tm_lease_clear(&flight->lease);
    if (flight->asked)
        tm_answer_clear(flight->asked);
    g_free(flight->asked);
    g_free(flight);
}

/* ---- rows ahead ---- */

void tm_engine_row(tm_engine *engine, tm_engine_batch *batch, size_t step, const tm_skeleton *skeleton,
                   const tm_lease *lease)
{
    int lane = batch->lanes[step];
    tm_flight *flight = g_new0(tm_flight, 1);
    flight->batch = batch;
    flight->lane = lane;
    flight->step = step;
    flight->lease = *lease;
    flight->operation.skeleton = skeleton;
    flight->reserved_tokens = tm_engine_lane_at(engine, lane)->reserved.of[TM_UNIT_INPUT_TOKENS];
    flight->reserved_output =
        tm_engine_lane_at(engine, lane)->reserved.of[TM_UNIT_TOKENS] - flight->reserved_tokens;
    flight->reserved_micro_usd = tm_engine_lane_at(engine, lane)->reserved.of[TM_UNIT_MICRO_USD];
    engine->reserved_micro_usd += flight->reserved_micro_usd;
    flight->bytes = lease->length;
    engine->bytes_in_flight += flight->bytes;
    engine->n_ahead++;
    batch->in_flight++;
    tm_engine_lane_at(engine, lane)->in_flight++;
    g_queue_push_tail(&batch->ahead, flight);
}

static tm_flight *next_row(tm_engine *engine, tm_engine_batch *batch)
{
    tm_flight *flight = g_queue_pop_head(&batch->ahead);
    engine->n_ahead--;
    return flight;
}

/* It does not leave: it goes back, or ends with `answer`. Takes both over. */
static void unsent(tm_engine *engine, tm_flight *flight, tm_answer *answer)
{
    engine->bytes_in_flight -= flight->bytes;
    flight->batch->in_flight--;
    tm_engine_lane_at(engine, flight->lane)->in_flight--;
    tm_engine_spend(engine, flight, 0);
    tm_engine_unsent(engine, flight->batch, flight->lane, &flight->lease, answer);
    tm_flight_free(flight);
}

void tm_engine_take_back(tm_engine *engine, const tm_engine_batch *batch, int lane)
{
    for (size_t i = 0; i < engine->n_batches; i++) {
        tm_engine_batch *one = &engine->batches[i];
        if (batch && batch != one)
            continue;
        for (guint n = one->ahead.length; n > 0; n--) {
            tm_flight *flight = next_row(engine, one);
            if (lane < 0 || flight->lane == lane) {
                unsent(engine, flight, NULL);
                continue;
            }
            g_queue_push_tail(&one->ahead, flight);
            engine->n_ahead++;
        }
    }
}

/* ---- a row leaves ---- */

typedef enum {
    CALL_MADE,
    CALL_LATER, /* its media are being fetched */
    CALL_NEVER, /* *answer says why the row can't be sent */
} call_state;

/* Renders a leased row into a call. */
static call_state make_call(tm_engine *engine, tm_flight *flight, tm_call *call, tm_answer *answer)
{
    tm_engine_lane_state *lane = tm_engine_lane_at(engine, flight->lane);
    const tm_engine_work *work = &flight->batch->work;
    g_autoptr(GError) error = NULL;
    g_autoptr(json_t) row = tm_json_parse_row(flight->lease.body, flight->lease.length, &error);
    g_autoptr(json_t) input = row ? tm_binding_input(work->binding, row, &error) : NULL;
    g_autoptr(GPtrArray) messages = input ? tm_prompt_render(work->prompt, input, &error) : NULL;
    if (messages && flight->lease.kept)
        tm_engine_complain(engine, flight, messages);
    tm_fetch media = messages ? tm_engine_media_begin(engine, flight, messages, &error) : TM_FETCH_FAILED;
    if (media == TM_FETCH_GOING)
        return CALL_LATER;
    flight->operation = (tm_operation){
        .kind = TM_OP_GENERATE,
        .account = lane->account,
        .model = tm_account_model(lane->account, lane->model),
        .skeleton = tm_engine_skeleton_of(engine, flight),
        .messages = messages,
        .media = work->media ? tm_media_mark : NULL,
        .media_data = work->media,
    };
    bool made = media == TM_FETCH_DONE && lane->provider->begin(&flight->operation, call, &error);
    tm_engine_media_end(flight, messages, made ? call : NULL);
    flight->operation.messages = NULL; /* the call holds their text now */
    flight->operation.manners = call->manners;
    if (made)
        return CALL_MADE;
    answer->class =
        g_error_matches(error, TM_ERROR, TM_ERROR_CHANGED) ? TM_CLASS_INPUT_CHANGED : TM_CLASS_BAD_REQUEST;
    answer->message = g_strdup(error ? error->message : "this row can't be rendered");
    return CALL_NEVER;
}

static void note_tokens(tm_engine_lane_state *lane, double tokens)
{
    lane->mean_tokens += (tokens - lane->mean_tokens) / 8;
    lane->most_tokens = MAX(tokens, lane->most_tokens + (lane->mean_tokens - lane->most_tokens) / 16);
}

/* The true cost against the reserved one. False: it may not leave; *answer says why if it never may. */
static bool afford(tm_engine *engine, tm_flight *flight, tm_answer *answer)
{
    tm_engine_lane_state *lane = tm_engine_lane_at(engine, flight->lane);
    int64_t tokens = flight->cost.of[TM_UNIT_INPUT_TOKENS], money = flight->cost.of[TM_UNIT_MICRO_USD];
    int64_t all_tokens = flight->cost.of[TM_UNIT_TOKENS];
    bool more_tokens =
        lane->limits_tokens &&
        (tokens > flight->reserved_tokens || all_tokens > flight->reserved_tokens + flight->reserved_output);
    int64_t more_money = money - flight->reserved_micro_usd;
    tm_grant grant;
    g_autoptr(GError) error = NULL;
    if (lane->limits_tokens || lane->priced)
        note_tokens(lane, (double)tokens);
    if (!more_tokens && more_money <= 0)
        return true; /* it is corrected when the server has counted */
    if (more_money > 0 && tm_engine_afforded(engine, lane, more_money, 1) == 0) {
        tm_engine_broke(lane, engine, money);
        return false;
    }
    if (!tm_ledger_amend(engine->options.ledger, &lane->ledger, flight->lease.reservation, &flight->cost,
                         &grant, &error)) {
        tm_instant now = tm_clock_now(engine->options.clock);
        tm_engine_write_failed(engine, error, &now);
        return false;
    }
    if (grant.granted) {
        flight->reserved_micro_usd += MAX(more_money, 0);
        engine->reserved_micro_usd += MAX(more_money, 0);
        return true;
    }
    if (grant.wait == TM_WAIT_TOO_LARGE) {
        answer->class = TM_CLASS_TOO_LARGE;
        bool both = grant.bound.unit == TM_UNIT_TOKENS && flight->batch->output_said > 0;
        answer->message = g_strdup_printf(
            "about %" G_GINT64_FORMAT " tokens%s, the limit is %" G_GINT64_FORMAT
            " a %s: it can never be sent%s",
            both ? all_tokens : tokens, both ? " with its answer's cap" : "", grant.bound.value,
            tm_window_name(grant.bound.window), both ? "; a smaller maxOutputTokens would help" : "");
        return false;
    }
    lane->wait = grant;
    lane->ask_again_ms = grant.retry_ms;
    return false;
}

/* Sends a row, or records why not. Takes it over. */
static void send_row(tm_engine *engine, tm_flight *flight)
{
    g_auto(tm_call) call = {0};
    g_auto(tm_answer) answer;
    g_autoptr(GError) error = NULL;
    tm_answer_init(&answer);
    if (tm_engine_was_here(engine, flight, &answer)) {
        unsent(engine, flight, answer.message ? &answer : NULL);
        return;
    }
    call_state made = make_call(engine, flight, &call, &answer);
    if (made == CALL_LATER) {
        g_queue_push_tail(&flight->batch->ahead, flight);
        engine->n_ahead++;
        engine->fetching = true;
        return;
    }
    if (made == CALL_NEVER) {
        unsent(engine, flight, &answer);
        return;
    }
    engine->bytes_in_flight -= flight->bytes;
    flight->bytes = call.body ? call.body->len : 0;
    engine->bytes_in_flight += flight->bytes;
    flight->cost = tm_engine_cost_of_call(engine, flight, &call);
    if (!afford(engine, flight, &answer)) {
        unsent(engine, flight, answer.message ? &answer : NULL);
        return;
    }
    g_clear_pointer(&flight->lease.body, g_free); /* its text is in the call */
    flight->tag = ++engine->next_tag;
    if (!engine->options.transport->submit(engine->options.transport, &call, flight->tag, &error)) {
        tm_engine_note(engine, flight->batch, "%s", error->message);
        unsent(engine, flight, NULL);
        return;
    }
    g_hash_table_insert(engine->flights, &flight->tag, flight);
    engine->sent++;
    tm_engine_tell(engine, &(tm_tell){.kind = TM_TELL_SENT,
                                      .batch = flight->batch->work.batch,
                                      .ordinal = flight->lease.ordinal});
}

void tm_engine_send_rows(tm_engine *engine, tm_engine_batch *batch)
{
    /* Once each: those whose media are being fetched stand at the end again. */
    for (guint n = batch->ahead.length; n > 0 && batch->ahead.length > 0 && tm_engine_has_place(engine) &&
                                        engine->records->len < TM_RECORD_GROUP;
         n--)
        send_row(engine, next_row(engine, batch));
}
