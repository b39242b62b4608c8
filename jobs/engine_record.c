/* engine_record.c - answers go to the store in groups: 256, or 40 ms after the first, or when nothing else is
 * in flight. What can't be written stays in memory and is tried again each second. */
#include "jobs/engine_parts.h"

#include <string.h>

enum { RETRY_MS = 1000, GIVE_UP = 30 };

bool tm_engine_record_due(const tm_engine *engine, const tm_instant *now)
{
    if (engine->records->len == 0)
        return false;
    if (engine->records_retry_ms)
        return now->boot_ms >= engine->records_retry_ms;
    return engine->records->len >= TM_RECORD_GROUP || g_hash_table_size(engine->flights) == 0 ||
           now->boot_ms >= engine->oldest_record_ms + TM_RECORD_MS;
}

static tm_finish finish_of(tm_engine *engine, const tm_record *record)
{
    const tm_engine_lane_state *lane = tm_engine_lane_at(engine, record->lane);
    return (tm_finish){
        .job = record->job,
        .request = record->request,
        .batch = record->batch->work.batch->id,
        .revision = record->batch->work.revision->id,
        .bytes = record->bytes,
        .to = record->to,
        .attempt = record->attempt,
        .repeat = record->repeat,
        .keep = record->keep,
        .step = record->step,
        .not_before_ms = record->not_before_ms,
        .answer = record->has_answer ? &record->answer : NULL,
        .account = lane->account->name,
        .model = lane->model,
        .left_ms = record->left_ms,
        .done_ms = record->done_ms,
        .cost_micro_usd = record->cost_micro_usd,
    };
}

/* The record is on disk: now it counts, and observers hear of it. */
static void recorded(tm_engine *engine, tm_record *record, const tm_instant *now)
{
    const tm_engine_lane_state *lane = tm_engine_lane_at(engine, record->lane);
    tm_batch *batch = record->batch->work.batch;
    batch->n[TM_JOB_RUNNING] -= 1;
    batch->n[record->to] += 1;
    if (record->repeat) {
        batch->n_repeats++;
        engine->repeats++;
    }
    /* A row came back, or the last of ours has ended: is there more to do? */
    if (record->to == TM_JOB_WAITING || record->batch->in_flight == 0)
        tm_engine_wake_batch(record->batch);
    if (record->to != TM_JOB_WAITING) {
        engine->progress_ms = now->boot_ms;
        engine->answered += record->to == TM_JOB_DONE;
        engine->failed += record->to == TM_JOB_FAILED;
        engine->blocked += record->to == TM_JOB_BLOCKED;
        engine->times[engine->n_times++ % G_N_ELEMENTS(engine->times)] = now->boot_ms;
    }
    if (record->has_answer)
        tm_engine_tell(engine, &(tm_tell){
                                   .kind = record->to == TM_JOB_WAITING ? TM_TELL_AGAIN : TM_TELL_ANSWERED,
                                   .batch = batch,
                                   .account = lane->account->name,
                                   .model = lane->model,
                                   .answer = &record->answer,
                                   .ordinal = record->ordinal,
                               });
    tm_answer_clear(&record->answer);
}

static void could_not(tm_engine *engine, const GError *error, const tm_instant *now)
{
    if (engine->record_failures++ == 0)
        tm_engine_note(engine, NULL,
                       "%s; %u answers are kept in memory, nothing more is sent, trying again each second",
                       error->message, engine->records->len);
    engine->records_retry_ms = now->boot_ms + RETRY_MS;
    if (!tm_error_may_pass(error) && engine->record_failures >= GIVE_UP) {
        tm_engine_end(engine, TM_STOP_STORE, error->message);
        engine->failed_for_good = true;
    }
}

void tm_engine_record(tm_engine *engine, const tm_instant *now)
{
    guint n = MIN(engine->records->len, TM_RECORD_GROUP);
    if (n == 0)
        return;
    tm_finish finishes[TM_RECORD_GROUP];
    for (guint i = 0; i < n; i++)
        finishes[i] = finish_of(engine, &g_array_index(engine->records, tm_record, i));
    g_autoptr(GError) error = NULL;
    if (!tm_store_finish(engine->options.store, finishes, n, &error)) {
        could_not(engine, error, now);
        return;
    }
    if (engine->record_failures)
        tm_engine_note(engine, NULL, "the store can be written again");
    engine->record_failures = 0;
    engine->records_retry_ms = 0;
    for (guint i = 0; i < n; i++)
        recorded(engine, &g_array_index(engine->records, tm_record, i), now);
    g_array_remove_range(engine->records, 0, n);
    engine->oldest_record_ms = now->boot_ms;
}
