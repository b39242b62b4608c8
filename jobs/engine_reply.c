/* engine_reply.c - a reply becomes an outcome: the ledger hears how the request ended, the row is done, goes
 * back or fails, the lane goes on, pauses or closes. */
#include "jobs/engine_parts.h"

#include "core/answer.h"
#include <string.h>

enum {
    MAX_ATTEMPTS = 5,
    MAX_SERVER_ATTEMPTS = 3, /* a 500 that comes back with the same row is the row's fault */
};

static void push(tm_engine *engine, tm_record *record, const tm_instant *now)
{
    if (engine->records->len == 0)
        engine->oldest_record_ms = now->boot_ms;
    g_array_append_val(engine->records, *record);
}

static tm_record record_of(tm_engine_batch *batch, int lane, const tm_lease *lease, const tm_instant *now)
{
    return (tm_record){
        .batch = batch,
        .lane = lane,
        .job = lease->job,
        .request = lease->request,
        .ordinal = lease->ordinal,
        .bytes = (int64_t)lease->length,
        .attempts = lease->attempts,
        .to = TM_JOB_WAITING,
        .step = lease->step,
        .done_ms = now->wall_ms,
    };
}

/* A row has ended as `class`: is it one mistake that fails row after row? */
static void tell_canary(tm_engine *engine, tm_engine_batch *batch, tm_class class, const char *words)
{
    if (!tm_canary_add(&batch->canary, class) || engine->options.keep_going || batch->stopped)
        return;
    g_autofree char *why = g_strdup_printf("%s: row after row ends as %s: %s", batch->work.batch->name,
                                           tm_class_name(class), words ? words : "no further words");
    tm_engine_stop_batch(engine, batch, TM_STOP_CANARY, why);
}

void tm_engine_unsent(tm_engine *engine, tm_engine_batch *batch, int lane, const tm_lease *lease,
                      tm_answer *answer)
{
    tm_instant now = tm_clock_now(engine->options.clock);
    tm_record record = record_of(batch, lane, lease, &now);
    tm_ledger_settle(engine->options.ledger, &tm_engine_lane_at(engine, lane)->ledger, lease->reservation,
                     false, NULL, NULL);
    engine->ledger_dirty = true;
    if (answer) {
        record.to = answer->class == TM_CLASS_BLOCKED ? TM_JOB_BLOCKED : TM_JOB_FAILED;
        record.answer = *answer;
        record.has_answer = true;
        tm_answer_init(answer);
        tell_canary(engine, batch, record.answer.class, record.answer.message);
    } else {
        tm_answer_init(&record.answer);
    }
    push(engine, &record, &now);
}

void tm_engine_close_lane(tm_engine *engine, int index, const tm_answer *answer)
{
    tm_engine_lane_state *lane = tm_engine_lane_at(engine, index);
    if (lane->state == TM_LANE_CLOSED)
        return;
    lane->state = TM_LANE_CLOSED;
    lane->closed_class = answer->class;
    const char *said = answer->message ? answer->message : answer->code;
    if (answer->class == TM_CLASS_AUTH)
        lane->closed_why =
            g_strdup_printf("account %s: the service refuses the API key%s%s (%s)", lane->account->name,
                            lane->account->key_variable ? " from " : "",
                            lane->account->key_variable ? lane->account->key_variable : "", said);
    else if (answer->class == TM_CLASS_NO_MODEL)
        lane->closed_why =
            g_strdup_printf("account %s has no model %s (%s)", lane->account->name, lane->model, said);
    else
        lane->closed_why = g_strdup_printf("account %s is closed: %s", lane->account->name, said);
    tm_engine_note(engine, NULL, "%s", lane->closed_why);
    tm_engine_take_back(engine, NULL, index);
    for (size_t i = 0; i < engine->n_batches; i++) /* rows that were for it are for the others now */
        tm_engine_wake_batch(&engine->batches[i]);
}

/* A lane's GET of its model: a wrong key or an unknown model is found before a request of the day is spent.
 */
static void model_reply(tm_engine *engine, const tm_flight *flight, const tm_answer *answer)
{
    tm_engine_lane_state *lane = tm_engine_lane_at(engine, flight->lane);
    bool known = answer->class == TM_CLASS_AUTH || (answer->class == TM_CLASS_NO_MODEL && answer->code);
    if (known)
        tm_engine_close_lane(engine, flight->lane, answer);
    else
        lane->state =
            TM_LANE_OPEN; /* a proxy may not have this page; a dead network shows with the first row */
}

/* What becomes of the row. The hold after a failure is the lane's: the row itself may go as soon as its lane
 * may. */
static void decide_row(const tm_engine *engine, const tm_flight *flight, tm_record *record)
{
    tm_class class = record->answer.class;
    int max = engine->options.max_attempts ? engine->options.max_attempts
              : class == TM_CLASS_SERVER   ? MAX_SERVER_ATTEMPTS
                                           : MAX_ATTEMPTS;
    bool unknown = class == TM_CLASS_UNKNOWN || class == TM_CLASS_TIMEOUT;
    bool left_now = unknown && engine->leave_now; /* we cut it, as a kill does: no fault of the row */

    switch (tm_class_do(class)) {
    case TM_DO_RECORD:
        record->attempt = true;
        record->keep = class != TM_CLASS_OK && tm_engine_goes_on(engine, flight, class, &record->step);
        if (record->keep)
            break;
        record->to = class == TM_CLASS_OK        ? TM_JOB_DONE
                     : class == TM_CLASS_BLOCKED ? TM_JOB_BLOCKED
                                                 : TM_JOB_FAILED;
        break;
    case TM_DO_AGAIN_CHARGED:
        record->attempt = !left_now;
        if (unknown && engine->options.hold_unknown)
            record->to = TM_JOB_HELD;
        else if (record->attempts + record->attempt >= max)
            record->to = TM_JOB_FAILED;
        else
            record->repeat = unknown;
        break;
    case TM_DO_AGAIN:
    case TM_DO_CLOSE:
        break;
    }
}

/* Rows that suddenly cost many times what rows did: somebody should look before the budget is gone. */
static void tell_drift(tm_engine *engine, tm_engine_batch *batch, int64_t cost)
{
    if (!tm_drift_add(&batch->drift, cost) || engine->options.keep_going || batch->stopped)
        return;
    g_autofree char *usual = tm_price_text(batch->drift.usual), *now = tm_price_text(cost);
    g_autofree char *why = g_strdup_printf("%s: rows cost %s lately, and %s was usual before",
                                           batch->work.batch->name, now, usual);
    tm_engine_stop_batch(engine, batch, TM_STOP_BUDGET, why);
}

/* A setting was refused: said once, the row goes again without it. */
static void tell_adapted(tm_engine *engine, const tm_flight *flight, const tm_answer *answer)
{
    if (answer->class == TM_CLASS_ADAPTED && answer->message)
        tm_engine_note(engine, flight->batch, "%s: %s",
                       tm_engine_lane_at(engine, flight->lane)->account->name, answer->message);
}

static void generate_reply(tm_engine *engine, tm_flight *flight, tm_answer *answer, bool left,
                           const tm_instant *at)
{
    tm_engine_lane_state *lane = tm_engine_lane_at(engine, flight->lane);
    tm_engine_batch *batch = flight->batch;
    tm_answer_check(answer, batch->work.prompt);
    engine->ledger_dirty = true;
    engine->pace++;
    if (!left)
        engine->sent--;

    tm_cost actual = tm_engine_cost_of_answer(engine, flight, answer);
    int64_t paid = left ? actual.of[TM_UNIT_MICRO_USD] : 0;
    tm_engine_spend(engine, flight, paid);
    tm_verdict verdict = tm_ledger_settle(engine->options.ledger, &lane->ledger, flight->lease.reservation,
                                          left, answer, &actual);
    if (answer->usage.input > 0 && flight->media_tokens == 0) /* of text; media have tables of their own */
        tm_ledger_learn_tokens(engine->options.ledger, &lane->ledger, (int64_t)flight->bytes,
                               answer->usage.input);
    answer->class = verdict.class;
    tm_engine_note_output(lane, answer);
    tell_adapted(engine, flight, answer);
    lane->limits_tokens = lane->limits_tokens || tm_engine_told_of_tokens(answer);
    if (verdict.guard_up && !lane->said_guard) {
        lane->said_guard = true;
        tm_engine_note(engine, NULL,
                       "%s: refused per minute though the ledger had room; keeping 1.5 s more distance",
                       lane->model);
    }
    if (verdict.until_ms) {
        lane->ask_again_ms = MAX(lane->ask_again_ms, verdict.until_ms);
        tm_engine_take_back(engine, NULL, flight->lane);
    } else {
        lane->ask_again_ms = 0; /* an answer may have lifted a hold */
    }
    if (tm_class_do(answer->class) == TM_DO_CLOSE)
        tm_engine_close_lane(engine, flight->lane, answer);

    tm_record record = record_of(batch, flight->lane, &flight->lease, at);
    record.left_ms = flight->left_ms;
    record.cost_micro_usd = paid;
    record.has_answer = true;
    record.answer = *answer;
    tm_answer_init(answer);
    decide_row(engine, flight, &record);

    bool ended = record.to == TM_JOB_DONE || record.to == TM_JOB_FAILED || record.to == TM_JOB_BLOCKED;
    tm_class class = record.answer.class;
    g_autofree char *words = record.answer.message ? g_strdup(record.answer.message) : NULL;
    push(engine, &record, at);
    if (ended)
        tell_canary(engine, batch, class, words);
    if (lane->priced && paid > 0)
        tell_drift(engine, batch, paid);
}

/* A lane's question takes a further call, which counts against no quota: it goes on as a flight of its own.
 */
static bool ask_further(tm_engine *engine, const tm_flight *flight, tm_call *call, tm_answer *answer)
{
    tm_flight *further = g_new0(tm_flight, 1);
    further->tag = ++engine->next_tag;
    further->lane = flight->lane;
    further->operation = flight->operation;
    if (!engine->options.transport->submit(engine->options.transport, call, further->tag, NULL)) {
        tm_flight_free(further);
        return false;
    }
    further->asked = g_memdup2(answer, sizeof *answer);
    tm_answer_init(answer);
    g_hash_table_insert(engine->flights, &further->tag, further);
    return true;
}

void tm_engine_reply(tm_engine *engine, tm_flight *flight, const tm_reply *reply, const tm_instant *at)
{
    tm_engine_lane_state *lane = tm_engine_lane_at(engine, flight->lane);
    g_auto(tm_answer) answer;
    g_auto(tm_call) call = {0};
    tm_answer_init(&answer);
    if (flight->asked) { /* a further call: the answer goes on */
        answer = *flight->asked;
        tm_answer_init(flight->asked);
    }
    if (lane->provider->next(&flight->operation, reply, &call, &answer) != TM_STEP_ANSWER) {
        if (!flight->batch && ask_further(engine, flight, &call, &answer))
            return;
        answer.class = TM_CLASS_SERVER;
        answer.message = g_strdup("the provider asks for a further call");
    }
    if (reply->date_ms && flight->left_ms)
        tm_ledger_offset(engine->options.ledger, &lane->ledger, at, at->boot_ms - flight->left_boot_ms,
                         reply->date_ms);
    if (!flight->batch) {
        model_reply(engine, flight, &answer);
        return;
    }
    lane->in_flight--;
    flight->batch->in_flight--;
    lane->heard = lane->heard || (reply->http > 0 && answer.class != TM_CLASS_ADAPTED);
    generate_reply(engine, flight, &answer, reply->left, at);
}
