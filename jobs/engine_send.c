/* engine_send.c - reserve (ledger), lease (store), send: in this order, so that a crash can only over-count.
 */
#include "jobs/engine_parts.h"

enum {
    DEFAULT_CONCURRENCY = 400,
    GROUP = 256,   /* requests a reservation at most: one durable write each at the ledger and the store */
    AHEAD_MS = 40, /* rows are leased before there is a place for them: as many as this time answers */
    REFILL_MS = 5, /* a small refill waits so long for company */
    ASK_AGAIN_MS = 30000, /* a wait is asked again after so long: limits may have been raised meanwhile... */
    ASK_SELDOM_MS = 300000, /* ... and one for hours after so long: each ask is a durable write */
    OTHERS_MS = 1000,       /* how often to look when the rows left are other workers' */
};
static const size_t BYTES_IN_FLIGHT = 16 << 20;

static int64_t places(const tm_engine *engine)
{
    int concurrency = engine->options.concurrency ? engine->options.concurrency : DEFAULT_CONCURRENCY;
    return concurrency - (int64_t)g_hash_table_size(engine->flights);
}

static bool full_of_bytes(const tm_engine *engine)
{
    size_t cap = engine->options.bytes ? (size_t)engine->options.bytes : BYTES_IN_FLIGHT;
    return engine->bytes_in_flight >= cap;
}

bool tm_engine_has_place(const tm_engine *engine)
{
    return places(engine) > 0 && (!full_of_bytes(engine) || g_hash_table_size(engine->flights) == 0);
}

/* A durable write is dear where thousands are answered a second, and nothing where a few a minute are: the
 * groups grow with the pace. */
static void note_pace(tm_engine *engine, const tm_instant *now)
{
    int64_t elapsed = now->boot_ms - engine->pace_ms;
    if (elapsed < AHEAD_MS)
        return;
    engine->ahead = (int)MIN(engine->pace * AHEAD_MS / elapsed, GROUP);
    engine->pace_ms = now->boot_ms;
    engine->pace = 0;
}

static int room(const tm_engine *engine, const tm_engine_batch *batch)
{
    if (engine->n_ahead > 0 || full_of_bytes(engine))
        return 0;
    int64_t n = places(engine) + engine->ahead;
    if (!engine->options.keep_going)
        n = MIN(n, (int64_t)tm_canary_room(&batch->canary) - batch->in_flight);
    if (engine->options.limit)
        n = MIN(n, engine->options.limit - engine->sent);
    bool ours = batch->in_flight > 0 || engine->records->len > 0;
    if (batch->work.n_jobs)
        n = MIN(n, (int64_t)batch->work.n_jobs - batch->in_flight);
    else /* when we know of none, one look at the store once all of ours have come back */
        n = MIN(n, MAX(batch->work.batch->n[TM_JOB_WAITING], ours ? 0 : 1));
    return (int)MIN(n, GROUP);
}

/* A small refill waits a little for company when others are in flight: durable writes are dear. */
static bool too_small(tm_engine *engine, int n, const tm_instant *now)
{
    int in_flight = (int)g_hash_table_size(engine->flights);
    if (in_flight < 8 || n >= in_flight / 3 || n >= GROUP / 2) {
        engine->refill_ms = 0;
        return false;
    }
    if (!engine->refill_ms)
        engine->refill_ms = now->boot_ms + REFILL_MS;
    if (now->boot_ms < engine->refill_ms)
        return true;
    engine->refill_ms = 0;
    return false;
}

/* ---- asking the lane's model first ---- */

/* One free GET of the model: checks key and model, tells the server's clock, warms the connection. */
static void ask_model(tm_engine *engine, int index)
{
    tm_engine_lane_state *lane = tm_engine_lane_at(engine, index);
    g_auto(tm_call) call = {0};
    g_autoptr(GError) error = NULL;
    tm_flight *flight = g_new0(tm_flight, 1);
    flight->tag = ++engine->next_tag;
    flight->lane = index;
    flight->operation = (tm_operation){
        .kind = TM_OP_MODEL, .account = lane->account, .model = tm_account_model(lane->account, lane->model)};
    lane->state = TM_LANE_ASKING;
    if (lane->provider->begin(&flight->operation, &call, &error) &&
        engine->options.transport->submit(engine->options.transport, &call, flight->tag, &error)) {
        g_hash_table_insert(engine->flights, &flight->tag, flight);
        return;
    }
    lane->state = TM_LANE_OPEN; /* it is only a courtesy */
    tm_flight_free(flight);
}

/* ---- a group of rows ---- */

static void give_back(tm_engine *engine, const tm_engine_lane_state *lane, const GArray *ids, guint from)
{
    for (guint i = from; i < ids->len; i++)
        tm_ledger_settle(engine->options.ledger, &lane->ledger, g_array_index(ids, int64_t, i), false, NULL,
                         NULL);
    engine->ledger_dirty = engine->ledger_dirty || from < ids->len;
}

bool tm_engine_look_at_batch(tm_engine *engine, tm_engine_batch *batch, const tm_instant *now)
{
    g_autoptr(GError) error = NULL;
    if (!tm_store_refresh(engine->options.store, batch->work.batch, &error)) {
        tm_engine_batch_failed(engine, batch, error, now);
        return false;
    }
    bool ours = batch->in_flight > 0 || engine->records->len > 0;
    if (!ours && !batch->work.n_jobs && tm_batch_open(batch->work.batch) == 0)
        batch->ended = true;
    return true;
}

void tm_engine_wake_batch(tm_engine_batch *batch)
{
    batch->idle_until_ms = 0;
    for (size_t i = 0; i < batch->work.n_lanes; i++) {
        batch->steps[i].idle_until_ms = 0;
        batch->steps[i].empty = false;
    }
}

/* No row of this batch may go over this lane now: it has ended, or waits for a time, for other workers, or
 * its rows are for later lanes. */
static void nothing_leased(tm_engine *engine, tm_engine_batch *batch, size_t step, int64_t next_ms,
                           const tm_instant *now)
{
    if (!tm_engine_look_at_batch(engine, batch, now))
        return;
    bool ours = batch->in_flight > 0 || engine->records->len > 0;
    if (batch->work.n_jobs && !ours && next_ms == INT64_MAX)
        batch->ended = true;
    int64_t wait_ms = next_ms == INT64_MAX ? OTHERS_MS : next_ms - now->wall_ms;
    if (tm_engine_is_last(engine, batch, step)) {
        batch->idle_until_ms = now->boot_ms + CLAMP(wait_ms, 1, ASK_AGAIN_MS);
        return;
    }
    batch->steps[step].empty = next_ms == INT64_MAX;
    batch->steps[step].idle_until_ms =
        now->boot_ms + (batch->steps[step].empty ? ASK_AGAIN_MS : CLAMP(wait_ms, 1, ASK_AGAIN_MS));
}

/* The skeleton of this batch for this lane. NULL: the batch is stopped, the reason was told. */
static const tm_skeleton *skeleton_of(tm_engine *engine, tm_engine_batch *batch, size_t step)
{
    if (!batch->skeletons[step]) {
        tm_engine_lane_state *lane = tm_engine_lane_at(engine, batch->lanes[step]);
        g_autoptr(GPtrArray) notes = g_ptr_array_new_with_free_func(g_free);
        g_autoptr(GError) error = NULL;
        batch->skeletons[step] = lane->provider->prepare(
            batch->work.prompt, tm_account_model(lane->account, lane->model), notes, &error);
        for (guint i = 0; i < notes->len; i++)
            tm_engine_note(engine, batch, "%s", (const char *)notes->pdata[i]);
        if (!batch->skeletons[step])
            tm_engine_stop_batch(engine, batch, TM_STOP_CANARY, error->message);
    }
    return batch->skeletons[step];
}

static bool bound_by_tokens(const tm_grant *grant)
{
    return grant->bound.value >= 0 &&
           (grant->bound.unit == TM_UNIT_INPUT_TOKENS || grant->bound.unit == TM_UNIT_TOKENS);
}

static bool ask_ledger(tm_engine *engine, tm_engine_batch *batch, tm_engine_lane_state *lane, double tokens,
                       int wanted, GArray *ids, GError **error)
{
    lane->reserved = tm_engine_cost_each(engine, lane, batch, tokens);
    int64_t money = lane->reserved.of[TM_UNIT_MICRO_USD];
    int afforded = tm_engine_afforded(engine, lane, money, wanted);
    if (afforded == 0) {
        tm_engine_broke(lane, engine, money);
        return true;
    }
    return tm_ledger_reserve(engine->options.ledger, &lane->ledger, tm_store_id(engine->options.store),
                             &lane->reserved, afforded, &lane->wait, ids, error);
}

/* A row's tokens are known only once it is leased and rendered: reserved is what the largest of late took, so
 * that few rows need a further write; where that doesn't fit, the mean; and where even that is larger than a
 * window, next to nothing: then each row is judged by itself. */
static bool ask_for_tokens(tm_engine *engine, tm_engine_batch *batch, tm_engine_lane_state *lane, int wanted,
                           GArray *ids, GError **error)
{
    if (!ask_ledger(engine, batch, lane, lane->most_tokens, wanted, ids, error))
        return false;
    if (lane->wait.granted == 0 && bound_by_tokens(&lane->wait) &&
        lane->most_tokens > lane->mean_tokens * 1.5 &&
        !ask_ledger(engine, batch, lane, lane->mean_tokens, wanted, ids, error))
        return false;
    return lane->wait.wait != TM_WAIT_TOO_LARGE || lane->wait.granted > 0 ||
           ask_ledger(engine, batch, lane, 0, 1, ids, error);
}

/* Rows of all batches that may go over the lane. */
static int64_t rows_waiting(const tm_engine *engine, int index)
{
    int64_t rows = 0;
    for (size_t i = 0; i < engine->n_batches; i++) {
        const tm_engine_batch *batch = &engine->batches[i];
        bool goes = false;
        for (size_t step = 0; step < batch->work.n_lanes; step++)
            goes = goes || batch->lanes[step] == index;
        if (goes && !batch->ended && !batch->stopped)
            rows += batch->work.batch->n[TM_JOB_WAITING];
    }
    return rows;
}

/* Asks the ledger for `wanted`; false: nothing now. */
static bool reserve(tm_engine *engine, tm_engine_batch *batch, int index, int wanted, GArray *ids,
                    const tm_instant *now)
{
    tm_engine_lane_state *lane = tm_engine_lane_at(engine, index);
    g_autoptr(GError) error = NULL;
    lane->ledger.rows_waiting = rows_waiting(engine, index);
    lane->asked_boot_ms = now->boot_ms;
    if (!ask_for_tokens(engine, batch, lane, wanted, ids, &error)) {
        tm_engine_write_failed(engine, error, now);
        return false;
    }
    engine->ledger_dirty = false; /* it wrote what it kept in memory with the grant */
    lane->ask_again_ms = lane->wait.granted < wanted ? lane->wait.retry_ms : 0;
    if (lane->wait.wait == TM_WAIT_NO_TIER) {
        g_auto(tm_answer) answer;
        tm_answer_init(&answer);
        answer.class = TM_CLASS_NO_MODEL;
        answer.message = g_strdup(lane->wait.why[0] ? lane->wait.why : "its limit on this tier is 0");
        tm_engine_close_lane(engine, index, &answer);
    }
    return lane->wait.granted > 0;
}

/* Tries to send up to `wanted` rows of the batch over one lane. True: some went. */
static bool send_group(tm_engine *engine, tm_engine_batch *batch, size_t step, int wanted,
                       const tm_instant *now)
{
    int index = batch->lanes[step];
    const tm_skeleton *skeleton = skeleton_of(engine, batch, step);
    g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(int64_t));
    g_autoptr(GArray) leases = g_array_new(FALSE, TRUE, sizeof(tm_lease));
    g_autoptr(GError) error = NULL;
    if (!skeleton || !reserve(engine, batch, index, wanted, ids, now))
        return false;
    tm_engine_lane_state *lane = tm_engine_lane_at(engine, index);
    int64_t next_ms = INT64_MAX;
    tm_lease_ask ask = {
        .batch = batch->work.batch,
        .account = lane->account->name,
        .model = lane->model,
        .wanted = (int)ids->len,
        .reservations = (const int64_t *)(void *)ids->data,
        .jobs = batch->work.jobs,
        .n_jobs = batch->work.n_jobs,
        .step = tm_engine_is_last(engine, batch, step) ? INT_MAX : (int)step,
    };
    if (!tm_store_lease(engine->options.store, &ask, leases, &next_ms, &error)) {
        give_back(engine, lane, ids, 0);
        tm_engine_batch_failed(engine, batch, error, now);
        return false;
    }
    engine->pause_until_ms = 0;
    give_back(engine, lane, ids, leases->len);
    batch->work.batch->n[TM_JOB_WAITING] -= leases->len;
    batch->work.batch->n[TM_JOB_RUNNING] += leases->len;
    for (guint i = 0; i < leases->len; i++)
        tm_engine_row(engine, batch, step, skeleton, &g_array_index(leases, tm_lease, i));
    tm_engine_send_rows(engine, batch);
    if (leases->len < ids->len)
        nothing_leased(engine, batch, step, next_ms, now);
    return leases->len > 0;
}

/* A service of OpenAI's format may refuse a setting: what it takes is found out by one request, not by all
 * that have a place. */
static bool is_strange(const tm_engine_lane_state *lane)
{
    return !lane->heard && lane->provider == &tm_provider_openai;
}

/* Is it worth asking this lane now? */
static bool lane_ready(const tm_engine_lane_state *lane, const tm_instant *now)
{
    if (lane->state != TM_LANE_OPEN)
        return false;
    int64_t patience = lane->ask_again_ms - now->wall_ms > 2 * ASK_SELDOM_MS ? ASK_SELDOM_MS : ASK_AGAIN_MS;
    return now->wall_ms >= lane->ask_again_ms ||
           (now->boot_ms >= lane->asked_boot_ms + patience && lane->in_flight == 0);
}

/* Sends what this batch may send. True: something went, ask again. */
static bool send_batch(tm_engine *engine, tm_engine_batch *batch, const tm_instant *now)
{
    if (batch->ended || batch->stopped || now->boot_ms < batch->idle_until_ms)
        return false;
    int wanted = room(engine, batch);
    if (wanted > 0 && !batch->work.n_jobs && batch->work.batch->n[TM_JOB_WAITING] == 0) {
        batch->idle_until_ms = now->boot_ms + OTHERS_MS; /* a look costs no write, a reservation does */
        if (!tm_engine_look_at_batch(engine, batch, now) || batch->work.batch->n[TM_JOB_WAITING] == 0)
            return false;
    }
    if (wanted <= 0 || too_small(engine, wanted, now))
        return false;
    bool all_closed = batch->work.n_lanes > 0;
    for (size_t step = 0; step < batch->work.n_lanes && !engine->stopping && !batch->stopped; step++) {
        tm_engine_lane_state *lane = tm_engine_lane_at(engine, batch->lanes[step]);
        if (lane->state == TM_LANE_NEW)
            ask_model(engine, batch->lanes[step]);
        if (lane->state == TM_LANE_ASKING)
            return false; /* the route's order holds: a moment's patience */
        if (lane->state == TM_LANE_OPEN && is_strange(lane) && lane->in_flight > 0)
            return false;
        all_closed = all_closed && lane->state == TM_LANE_CLOSED;
        if (now->boot_ms >= batch->steps[step].idle_until_ms && lane_ready(lane, now) &&
            send_group(engine, batch, step, is_strange(lane) ? 1 : wanted, now))
            return true;
        if (batch->ended || now->boot_ms < batch->idle_until_ms)
            return false;
    }
    if (all_closed) {
        tm_engine_lane_state *lane = tm_engine_lane_at(engine, batch->lanes[0]);
        tm_engine_stop_batch(engine, batch, TM_STOP_CLOSED, lane->closed_why);
        return false;
    }
    const tm_engine_lane_state *spent = tm_engine_spent_lane(engine, batch);
    if (spent && g_hash_table_size(engine->flights) == 0 && engine->n_ahead == 0)
        tm_engine_stop_batch(engine, batch, TM_STOP_BUDGET, spent->wait.why);
    return false;
}

void tm_engine_send(tm_engine *engine, const tm_instant *now)
{
    if (engine->stopping || now->boot_ms < engine->pause_until_ms || engine->records_retry_ms)
        return;
    note_pace(engine, now);
    engine->fetching = false;
    /* Rows that can't even be made into a request end at once: they are written before more are taken. */
    for (size_t i = 0; i < engine->n_batches; i++) {
        tm_engine_send_rows(engine, &engine->batches[i]);
        while (engine->records->len < TM_RECORD_GROUP && send_batch(engine, &engine->batches[i], now)) {
        }
    }
}
