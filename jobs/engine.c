/* engine.c - the step: events in, records out, rows sent, and how long the transport may wait. */
#include "jobs/engine_parts.h"

#include <string.h>

enum {
    RECOVER_MS = 5000,         /* how often dead workers are looked for */
    LONGEST_WAKE_MS = 3600000, /* a driver on a real clock wakes each second: clocks are set, laptops sleep */
    TELL_MS = 2000,            /* waits shorter than this are not worth a word */
    FLUSH_MS = 1000,
    FETCH_MS = 20,   /* how often to look whether a row's media have come */
    PAUSE_MS = 1000, /* after a write that failed */
};

static void record_clear(gpointer data)
{
    tm_answer_clear(&((tm_record *)data)->answer);
}

static void lane_clear(gpointer data)
{
    tm_engine_lane_state *lane = data;
    g_clear_pointer(&lane->limits, g_array_unref);
    g_free(lane->closed_why);
}

/* ---- telling ---- */

void tm_engine_observe(tm_engine *engine, tm_observer observer, void *data)
{
    g_return_if_fail(engine->n_observers < (int)G_N_ELEMENTS(engine->observers));
    engine->observers[engine->n_observers] = observer;
    engine->observer_data[engine->n_observers++] = data;
}

void tm_engine_tell(tm_engine *engine, const tm_tell *tell)
{
    for (int i = 0; i < engine->n_observers; i++)
        engine->observers[i](tell, engine->observer_data[i]);
}

void tm_engine_note(tm_engine *engine, const tm_engine_batch *batch, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *text = g_strdup_vprintf(format, args);
    va_end(args);
    tm_engine_tell(engine,
                   &(tm_tell){.kind = TM_TELL_NOTE, .batch = batch ? batch->work.batch : NULL, .text = text});
}

static void set_reason(tm_engine *engine, tm_stop stop, const char *words)
{
    if (engine->stop != TM_STOP_NONE)
        return;
    engine->stop = stop;
    engine->stop_words = g_strdup(words);
}

void tm_engine_end(tm_engine *engine, tm_stop stop, const char *words)
{
    set_reason(engine, stop, words);
    if (engine->stopping)
        return;
    engine->stopping = true;
    tm_engine_take_back(engine, NULL, -1);
}

void tm_engine_write_failed(tm_engine *engine, const GError *error, const tm_instant *now)
{
    if (!tm_error_may_pass(error)) {
        tm_engine_end(engine, TM_STOP_STORE, error->message);
        return;
    }
    if (!engine->pause_until_ms)
        tm_engine_note(engine, NULL, "%s; nothing is sent, trying again each second", error->message);
    engine->pause_until_ms = now->boot_ms + PAUSE_MS;
}

void tm_engine_batch_failed(tm_engine *engine, tm_engine_batch *batch, const GError *error,
                            const tm_instant *now)
{
    if (g_error_matches(error, TM_ERROR, TM_ERROR_STATE) ||
        g_error_matches(error, TM_ERROR, TM_ERROR_CHANGED))
        tm_engine_stop_batch(engine, batch, TM_STOP_STORE, error->message);
    else
        tm_engine_write_failed(engine, error, now);
}

void tm_engine_stop_batch(tm_engine *engine, tm_engine_batch *batch, tm_stop stop, const char *words)
{
    if (batch->stopped)
        return;
    batch->stopped = true;
    set_reason(engine, stop, words);
    tm_engine_take_back(engine, batch, -1);
}

void tm_engine_stop(tm_engine *engine, bool now)
{
    tm_engine_end(engine, TM_STOP_SIGNAL, "stopped by a signal");
    if (!now || engine->leave_now)
        return;
    engine->leave_now = true;
    GHashTableIter iter;
    gpointer tag;
    g_hash_table_iter_init(&iter, engine->flights);
    while (g_hash_table_iter_next(&iter, &tag, NULL))
        engine->options.transport->cancel(engine->options.transport, *(uint64_t *)tag);
}

tm_stop tm_engine_stop_reason(const tm_engine *engine, const char **words)
{
    if (words)
        *words = engine->stop_words;
    return engine->stop;
}

const tm_lane *tm_engine_first_lane(const tm_engine *engine)
{
    return engine->lanes->len ? &tm_engine_lane_at(engine, 0)->ledger : NULL;
}

void tm_engine_look(const tm_engine *engine, tm_engine_view *view)
{
    *view = (tm_engine_view){
        .in_flight = (int)g_hash_table_size(engine->flights),
        .sent = engine->sent,
        .answered = engine->answered,
        .failed = engine->failed,
        .blocked = engine->blocked,
        .repeats = engine->repeats,
        .spent_micro_usd = engine->spent_micro_usd,
        .wait_until_ms = engine->wait_until_ms,
    };
    g_strlcpy(view->wait_why, engine->wait_why, sizeof view->wait_why);
    unsigned n = MIN(engine->n_times, (unsigned)G_N_ELEMENTS(engine->times));
    if (n < 2)
        return;
    int64_t newest = engine->times[(engine->n_times - 1) % G_N_ELEMENTS(engine->times)];
    int64_t oldest = engine->times[(engine->n_times - n) % G_N_ELEMENTS(engine->times)];
    view->rate = (double)(n - 1) * 60000.0 / (double)MAX(newest - oldest, 1);
}

/* ---- making ---- */

static bool is_tokens(tm_unit unit)
{
    return unit == TM_UNIT_INPUT_TOKENS || unit == TM_UNIT_TOKENS;
}

bool tm_engine_told_of_tokens(const tm_answer *answer)
{
    for (guint i = 0; answer->violations && i < answer->violations->len; i++)
        if (is_tokens(g_array_index(answer->violations, tm_violation, i).unit))
            return true;
    return false;
}

/* The lane for this account and model: made when new. Several batches share it. */
static int lane_of(tm_engine *engine, const tm_engine_lane *from, GError **error)
{
    for (guint i = 0; i < engine->lanes->len; i++) {
        const tm_engine_lane_state *lane = tm_engine_lane_at(engine, (int)i);
        if (lane->account == from->account && strcmp(lane->model, from->model) == 0)
            return (int)i;
    }
    int64_t scope = tm_ledger_scope(engine->options.ledger, from->account, error);
    if (scope < 0)
        return -1;
    tm_engine_lane_state lane = {
        .account = from->account,
        .provider = from->provider,
        .model = from->model,
        .limits = g_array_ref(from->limits),
        .price_day = -1,
        .mean_tokens = 1000, /* until the first row is rendered */
        .most_tokens = 1000,
        .ledger =
            {
                .scope = scope,
                .model = from->model,
                .windows = &from->account->windows,
                .limits = (const tm_limit *)(const void *)from->limits->data,
                .n_limits = from->limits->len,
                .guard_ms = from->account->guard_ms,
            },
    };
    g_autoptr(GArray) uses = tm_ledger_uses(engine->options.ledger, &lane.ledger, error);
    if (!uses) {
        lane_clear(&lane);
        return -1;
    }
    for (guint i = 0; i < uses->len; i++) /* what servers were seen to enforce is among them */
        lane.limits_tokens = lane.limits_tokens || is_tokens(g_array_index(uses, tm_use, i).limit.unit);
    g_array_append_val(engine->lanes, lane);
    return (int)engine->lanes->len - 1;
}

static bool batch_init(tm_engine *engine, tm_engine_batch *batch, const tm_engine_work *work, GError **error)
{
    tm_class classes[50];
    batch->work = *work;
    batch->lanes = g_new0(int, work->n_lanes);
    batch->skeletons = g_new0(tm_skeleton *, work->n_lanes);
    batch->grown = g_new0(tm_skeleton *, work->n_lanes);
    batch->steps = g_malloc0_n(MAX(work->n_lanes, 1), sizeof *batch->steps);
    for (size_t i = 0; i < work->n_lanes; i++) {
        batch->lanes[i] = lane_of(engine, &work->lanes[i], error);
        if (batch->lanes[i] < 0)
            return false;
    }
    int n =
        tm_store_recent_classes(engine->options.store, work->batch, classes, G_N_ELEMENTS(classes), error);
    if (n < 0)
        return false;
    tm_canary_seed(&batch->canary, classes, n);
    batch->output_cap = tm_price_output_cap(work->prompt);
    batch->output_said = tm_price_output_said(work->prompt);
    return true;
}

tm_engine *tm_engine_new(const tm_engine_options *options, const tm_engine_work *works, size_t n_works,
                         GError **error)
{
    g_autoptr(tm_engine) engine = g_new0(tm_engine, 1);
    engine->options = *options;
    engine->lanes = g_array_new(FALSE, TRUE, sizeof(tm_engine_lane_state));
    g_array_set_clear_func(engine->lanes, lane_clear);
    engine->flights =
        g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, (GDestroyNotify)tm_flight_free);
    engine->records = g_array_new(FALSE, TRUE, sizeof(tm_record));
    engine->random = g_rand_new_with_seed((guint32)options->seed);
    engine->batches = g_new0(tm_engine_batch, n_works);
    engine->recovered_ms = INT64_MIN;
    engine->progress_ms = tm_clock_now(options->clock).boot_ms;
    for (size_t i = 0; i < n_works; i++) {
        engine->n_batches = i + 1;
        if (!batch_init(engine, &engine->batches[i], &works[i], error))
            return NULL;
    }
    return g_steal_pointer(&engine);
}

static void free_skeletons(tm_engine *engine, tm_engine_batch *batch, size_t step)
{
    tm_skeleton *grown = batch->grown ? batch->grown[step] : NULL;
    if (!batch->skeletons[step] && !grown)
        return; /* an engine that could not be made has no lanes yet */
    const tm_provider *provider = tm_engine_lane_at(engine, batch->lanes[step])->provider;
    if (batch->skeletons[step])
        provider->skeleton_free(batch->skeletons[step]);
    if (grown)
        provider->skeleton_free(grown);
}

void tm_engine_free(tm_engine *engine)
{
    if (!engine)
        return;
    for (size_t i = 0; i < engine->n_batches; i++) {
        tm_engine_batch *batch = &engine->batches[i];
        for (size_t k = 0; batch->skeletons && k < batch->work.n_lanes; k++)
            free_skeletons(engine, batch, k);
        g_queue_clear_full(&batch->ahead, (GDestroyNotify)tm_flight_free);
        g_free(batch->skeletons);
        g_free(batch->grown);
        g_free(batch->steps);
        g_free(batch->lanes);
    }
    g_free(engine->batches);
    g_array_unref(engine->lanes);
    g_hash_table_unref(engine->flights);
    for (guint i = 0; i < engine->records->len; i++)
        record_clear(&g_array_index(engine->records, tm_record, i));
    g_array_unref(engine->records);
    g_rand_free(engine->random);
    g_free(engine->stop_words);
    g_free(engine);
}

/* ---- stepping ---- */

void tm_engine_events(tm_engine *engine, tm_event *events, int n)
{
    for (int i = 0; i < n; i++) {
        tm_event *event = &events[i];
        g_autoptr(tm_reply) reply = event->reply;
        tm_flight *flight = g_hash_table_lookup(engine->flights, &event->tag);
        if (!flight)
            continue;
        if (event->kind == TM_EVENT_LEFT) {
            flight->left_ms = event->at.wall_ms;
            flight->left_boot_ms = event->at.boot_ms;
            if (flight->batch)
                tm_ledger_left(engine->options.ledger, flight->lease.reservation, &event->at);
            engine->ledger_dirty = true;
            continue;
        }
        g_hash_table_steal(engine->flights, &event->tag);
        engine->bytes_in_flight -= flight->batch ? flight->bytes : 0;
        tm_engine_reply(engine, flight, reply, &event->at);
        tm_flight_free(flight);
    }
}

/* Others work on the same batches: rows come and go while we wait, and the last one may be theirs. */
static void look_around(tm_engine *engine, bool freed, const tm_instant *now)
{
    for (size_t i = 0; i < engine->n_batches; i++) {
        tm_engine_batch *batch = &engine->batches[i];
        if (batch->ended || batch->stopped || (!freed && batch->in_flight > 0))
            continue;
        if (freed)
            tm_engine_wake_batch(batch);
        tm_engine_look_at_batch(engine, batch, now);
    }
}

static void recover(tm_engine *engine, const tm_instant *now)
{
    if (engine->recovered_ms != INT64_MIN && now->boot_ms < engine->recovered_ms + RECOVER_MS)
        return;
    bool first = engine->recovered_ms == INT64_MIN;
    int64_t freed = 0;
    g_autoptr(GError) error = NULL;
    engine->recovered_ms = now->boot_ms;
    if (!tm_store_recover(engine->options.store, engine->options.hold_unknown, &freed, &error)) {
        if (first)
            tm_engine_note(engine, NULL, "%s", error->message);
        return;
    }
    look_around(engine, freed > 0, now);
    if (freed == 0)
        return;
    tm_engine_note(
        engine, NULL,
        engine->options.hold_unknown
            ? "%" G_GINT64_FORMAT
              " requests were in flight when a run was cut off: held, as --hold-unknown asks"
            : "%" G_GINT64_FORMAT
              " requests were in flight when a run was cut off: each is sent once more, and counted",
        freed);
}

/* When every lane is closed: the first; else NULL. */
static const tm_engine_lane_state *closed_lane(const tm_engine *engine)
{
    for (guint i = 0; i < engine->lanes->len; i++)
        if (tm_engine_lane_at(engine, (int)i)->state != TM_LANE_CLOSED)
            return NULL;
    return engine->lanes->len ? tm_engine_lane_at(engine, 0) : NULL;
}

static void check_ends(tm_engine *engine, const tm_instant *now)
{
    if (engine->options.until_ms && now->wall_ms >= engine->options.until_ms)
        tm_engine_end(engine, TM_STOP_UNTIL, "the time given with --until has come");
    if (!engine->options.limit || engine->sent < engine->options.limit ||
        g_hash_table_size(engine->flights) > 0)
        return; /* one that never left does not count */
    const tm_engine_lane_state *closed = closed_lane(engine);
    if (closed)
        tm_engine_end(engine, TM_STOP_CLOSED, closed->closed_why);
    else
        tm_engine_end(engine, TM_STOP_LIMIT, "as many rows as --limit allows were sent");
}

/* All batches are over, one way or the other, and nothing is on its way. */
static bool all_over(const tm_engine *engine)
{
    for (size_t i = 0; i < engine->n_batches; i++)
        if (!engine->batches[i].ended && !engine->batches[i].stopped)
            return false;
    return true;
}

/* The earliest instant at which a row may go again, and the lane that says so (NULL: rows, not lanes, are
 * waited for). Wall ms; INT64_MAX: unknown. */
static int64_t next_send(const tm_engine *engine, const tm_engine_lane_state **by, const tm_instant *now)
{
    int64_t next = INT64_MAX;
    *by = NULL;
    for (size_t i = 0; i < engine->n_batches; i++) {
        const tm_engine_batch *batch = &engine->batches[i];
        if (batch->ended || batch->stopped)
            continue;
        int64_t idle = batch->idle_until_ms ? batch->idle_until_ms - now->boot_ms + now->wall_ms : 0;
        for (size_t k = 0; k < batch->work.n_lanes; k++) {
            const tm_engine_lane_state *lane = tm_engine_lane_at(engine, batch->lanes[k]);
            if (lane->state == TM_LANE_CLOSED)
                continue;
            int64_t own = batch->steps[k].idle_until_ms;
            int64_t rows = MAX(idle, own ? own - now->boot_ms + now->wall_ms : 0);
            int64_t at = MAX(lane->ask_again_ms, rows);
            if (at < next || !*by) {
                next = at;
                *by = lane->ask_again_ms >= rows ? lane : NULL;
            }
        }
    }
    return next;
}

static const char *wait_words(const tm_engine_lane_state *lane)
{
    if (!lane)
        return "rows that came back are due later, or other workers hold the rest";
    if (lane->wait.why[0])
        return lane->wait.why;
    switch (lane->wait.wait) {
    case TM_WAIT_DAY:
        return "the day's quota is spent";
    case TM_WAIT_PROBE:
        return "one request tests whether the service answers again";
    case TM_WAIT_HOLD:
        return "the service asked to wait";
    default:
        return "the minute's quota is spent";
    }
}

/* Nothing is in flight: tells once until when and why, and honours --no-wait. */
static void tell_wait(tm_engine *engine, const tm_instant *now)
{
    const tm_engine_lane_state *lane = NULL;
    int64_t next = next_send(engine, &lane, now);
    bool waits = g_hash_table_size(engine->flights) == 0 && engine->n_ahead == 0 &&
                 engine->records->len == 0 && !engine->stopping && next > now->wall_ms;
    int64_t minute = lane ? lane->account->windows.minute_ms : 60000;
    int64_t fruitless = next - now->wall_ms + now->boot_ms - engine->progress_ms;
    int64_t patience = minute;
    if (lane && lane->wait.wait == TM_WAIT_DAY) /* not for the next day, but for this one to open */
        patience = tm_quota_opening_ms(&lane->account->windows) + minute / 20;
    if (waits && engine->options.no_wait && lane &&
        (next - now->wall_ms > patience || fruitless > 2 * minute)) {
        g_autofree char *words =
            g_strdup_printf("%s %s: %s", lane->account->name, lane->model, wait_words(lane));
        tm_engine_end(engine, TM_STOP_NO_WAIT, words);
        engine->wait_until_ms = next;
        return;
    }
    if (waits && next != INT64_MAX && next - now->wall_ms >= TELL_MS) {
        bool changed = !engine->waiting_told || llabs(next - engine->wait_until_ms) > 1000;
        engine->wait_until_ms = next;
        g_strlcpy(engine->wait_why, wait_words(lane), sizeof engine->wait_why);
        if (changed)
            tm_engine_tell(engine, &(tm_tell){.kind = TM_TELL_WAIT,
                                              .account = lane ? lane->account->name : NULL,
                                              .model = lane ? lane->model : NULL,
                                              .until_ms = next,
                                              .text = engine->wait_why});
        engine->waiting_told = true;
    } else if (!waits && engine->waiting_told) {
        engine->waiting_told = false;
        engine->wait_until_ms = 0;
        tm_engine_tell(engine, &(tm_tell){.kind = TM_TELL_RESUME});
    }
}

static int64_t wake_after(const tm_engine *engine, const tm_instant *now)
{
    const tm_engine_lane_state *lane = NULL;
    int64_t wake = LONGEST_WAKE_MS;
    if (engine->records->len)
        wake = MIN(wake, (engine->records_retry_ms ? engine->records_retry_ms
                                                   : engine->oldest_record_ms + TM_RECORD_MS) -
                             now->boot_ms);
    if (engine->stopping) /* what is still to come comes as an event */
        return MAX(wake, 0);
    if (engine->refill_ms > now->boot_ms)
        wake = MIN(wake, engine->refill_ms - now->boot_ms);
    if (engine->pause_until_ms > now->boot_ms)
        wake = MIN(wake, engine->pause_until_ms - now->boot_ms);
    if (engine->options.until_ms)
        wake = MIN(wake, engine->options.until_ms - now->wall_ms);
    int64_t next = next_send(engine, &lane, now);
    if (next > now->wall_ms)
        wake = MIN(wake, next - now->wall_ms);
    return MAX(wake, 0);
}

/* What the ledger keeps in memory (LEFT stamps, endings) is on disk within a second, at once when all is
 * quiet: a crash then counts little too late. */
static void flush_ledger(tm_engine *engine, const tm_instant *now)
{
    bool quiet = g_hash_table_size(engine->flights) == 0;
    if (!engine->ledger_dirty || (!quiet && now->boot_ms < engine->flushed_ms + FLUSH_MS))
        return;
    g_autoptr(GError) error = NULL;
    engine->flushed_ms = now->boot_ms;
    if (tm_ledger_flush(engine->options.ledger, &error))
        engine->ledger_dirty = false;
    else
        tm_engine_write_failed(engine, error, now);
}

tm_engine_state tm_engine_step(tm_engine *engine, int64_t *wake_ms)
{
    tm_instant now = tm_clock_now(engine->options.clock);
    while (tm_engine_record_due(engine, &now))
        tm_engine_record(engine, &now);
    check_ends(engine, &now);
    if (!engine->stopping) {
        recover(engine, &now);
        tm_engine_send(engine, &now);
        tell_wait(engine, &now);
    }
    bool recorded = tm_engine_record_due(engine, &now);
    if (recorded)
        tm_engine_record(engine, &now);
    flush_ledger(engine, &now);

    bool still = g_hash_table_size(engine->flights) > 0 || engine->n_ahead > 0 || engine->records->len > 0;
    bool give_up = engine->failed_for_good || (engine->leave_now && engine->records_retry_ms);
    *wake_ms = recorded && !engine->records_retry_ms ? 0 : wake_after(engine, &now);
    if (engine->fetching)
        *wake_ms = MIN(*wake_ms, FETCH_MS);
    if (still && !give_up)
        return TM_ENGINE_RUNNING;
    if (!engine->stopping && !all_over(engine))
        return TM_ENGINE_RUNNING;
    return engine->stop == TM_STOP_NONE ? TM_ENGINE_DONE : TM_ENGINE_STOPPED;
}
