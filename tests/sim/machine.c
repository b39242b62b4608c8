/* machine.c - processes begin, step and die. */
#include "tests/sim/machine.h"

#include <glib/gstdio.h>
#include <string.h>

static const char PROMPT[] = "---\nmodel: gemini-2.5-flash\n---\nSay {{text}}";
static const char MODEL[] = "gemini-2.5-flash";

int64_t machine_now(const machine *m)
{
    return *virtual_world_time(m->world);
}

/* ---- processes ---- */

static void hear(const tm_tell *tell, void *data)
{
    process *p = data;
    if (tell->kind == TM_TELL_ANSWERED)
        judge_recorded(p->machine->judge, p->store_number, tell->ordinal);
    else if (tell->text)
        judge_note(p->machine->judge, "process %d: %s", (int)(p - p->machine->processes), tell->text);
}

static bool open_books(process *p, GError **error)
{
    machine *m = p->machine;
    p->store = tm_store_open(m->store_urls[p->store_number], &m->clock.clock, false, error);
    p->ledger = p->store ? tm_ledger_open(m->ledger_path, &m->clock.clock, error) : NULL;
    if (!p->ledger)
        return false;
    tm_ledger_set_seed(p->ledger, g_rand_int(m->random));
    p->batch = tm_store_batch(p->store, "night", NULL, error);
    p->revision = p->batch ? tm_store_revision(p->store, p->batch->revision, error) : NULL;
    return p->revision;
}

static bool start_engine(process *p, GError **error)
{
    machine *m = p->machine;
    tm_engine_lane lane = {.account = m->accounts[m->renamed],
                           .provider = &tm_provider_gemini,
                           .model = MODEL,
                           .limits = m->limits};
    tm_engine_work work = {.batch = p->batch,
                           .revision = p->revision,
                           .prompt = m->prompt,
                           .binding = m->binding,
                           .lanes = &lane,
                           .n_lanes = 1};
    tm_engine_options options = {.store = p->store,
                                 .ledger = p->ledger,
                                 .transport = p->transport,
                                 .clock = &m->clock.clock,
                                 .no_wait = m->story->no_wait,
                                 .seed = g_rand_int(m->random)};
    p->engine = tm_engine_new(&options, &work, 1, error);
    if (p->engine)
        tm_engine_observe(p->engine, hear, p);
    return p->engine;
}

bool process_start(process *p)
{
    g_autoptr(GError) error = NULL;
    machine *m = p->machine;
    if (p->runs)
        return true;
    p->transport = virtual_transport_new(m->world, &m->clock);
    p->runs = true;
    p->dies = KILL_NOW;
    p->due_ms = machine_now(m);
    judge_note(m->judge, "process %d starts", (int)(p - m->processes));
    if (open_books(p, &error) && start_engine(p, &error))
        return true;
    judge_note(m->judge, "process %d could not start: %s", (int)(p - m->processes), error->message);
    process_end(p, false);
    return false;
}

void process_end(process *p, bool killed)
{
    if (!p->runs)
        return;
    tm_engine_free(p->engine);
    p->transport->free(p->transport);
    if (killed && p->ledger)
        tm_ledger_abandon(p->ledger);
    else
        tm_ledger_close(p->ledger);
    tm_batch_free(p->batch);
    tm_revision_free(p->revision);
    tm_store_close(p->store);
    *p = (process){.machine = p->machine, .store_number = p->store_number};
}

void process_kill(process *p)
{
    judge_note(p->machine->judge, "process %d is killed", (int)(p - p->machine->processes));
    p->machine->kills++;
    process_end(p, true);
}

void machine_kill_all(machine *m)
{
    for (int i = 0; i < m->story->processes; i++)
        if (m->processes[i].runs)
            process_kill(&m->processes[i]);
}

/* ---- steps ---- */

/* The events that the process still hears of before it dies, in *n. True: it dies around one of them. */
static bool dies_among(const process *p, const tm_event *events, int *n)
{
    tm_event_kind kind =
        p->dies == KILL_BEFORE_LEFT || p->dies == KILL_AFTER_LEFT ? TM_EVENT_LEFT : TM_EVENT_DONE;
    for (int i = 0; p->dies != KILL_NOW && i < *n; i++) {
        if (events[i].kind != kind)
            continue;
        *n = i + (p->dies == KILL_AFTER_LEFT || p->dies == KILL_AFTER_DONE);
        return true;
    }
    return false;
}

static void step(process *p)
{
    enum { EVENTS = 256 };
    machine *m = p->machine;
    tm_event events[EVENTS];
    int n = p->transport->wait(p->transport, 0, NULL, 0, events, EVENTS), heard = n;
    bool dies = dies_among(p, events, &heard);
    m->steps++;
    tm_engine_events(p->engine, events, heard);
    for (int i = heard; i < n; i++)
        tm_reply_free(events[i].reply);
    if (dies) {
        process_kill(p);
        return;
    }
    int64_t wake_ms = 0;
    tm_engine_state state = tm_engine_step(p->engine, &wake_ms);
    p->due_ms = machine_now(m) + wake_ms;
    if (state == TM_ENGINE_RUNNING)
        return;
    if (state == TM_ENGINE_DONE)
        m->answered[p->store_number] = true;
    const char *words = NULL;
    tm_engine_stop_reason(p->engine, &words);
    judge_note(m->judge, "process %d ends: %s", (int)(p - m->processes), words ? words : "done");
    process_end(p, false);
}

/* Power or everybody's life has gone at a write. */
static void die_at_write(machine *m)
{
    machine_kill_all(m);
    if (!m->loses) {
        judge_note(m->judge, "all were killed at a write");
        power_vfs_restart(m->vfs, POWER_LOSES_NONE, 0);
        return;
    }
    power_loss how = g_rand_boolean(m->random) ? POWER_LOSES_ALL : POWER_LOSES_SOME;
    judge_note(m->judge, "the power went");
    power_vfs_restart(m->vfs, how, g_rand_int(m->random));
    virtual_clock_reboot(&m->clock);
}

void machine_wake(machine *m)
{
    for (int i = 0; i < m->story->processes; i++)
        m->processes[i].due_ms = MIN(m->processes[i].due_ms, machine_now(m) + 1000);
}

int64_t machine_step(machine *m)
{
    int64_t now = machine_now(m), next = INT64_MAX;
    if (now < m->asleep_until_ms)
        return m->asleep_until_ms;
    for (int i = 0; i < m->story->processes; i++) {
        process *p = &m->processes[i];
        if (p->runs && (p->due_ms <= now || virtual_transport_events(p->transport) > 0))
            step(p);
        if (power_vfs_is_off(m->vfs))
            die_at_write(m);
    }
    for (int i = 0; i < m->story->processes; i++)
        if (m->processes[i].runs)
            next = MIN(next, m->processes[i].due_ms);
    return next;
}

/* ---- the machine ---- */

/* The store's batch with its rows, queued. */
static void queue_rows(machine *m, int number)
{
    const story *s = m->story;
    g_autoptr(GError) error = NULL;
    g_autoptr(tm_store) store = tm_store_open(m->store_urls[number], &m->clock.clock, false, &error);
    g_assert_no_error(error);
    tm_batch like = {.name = "night", .dir = "/", .data = "-", .prompt = "p", .identity = "night"};
    g_autoptr(tm_batch) batch = tm_store_batch_new(store, &like, true, &error);
    g_assert_no_error(error);
    tm_revision revision = {.hash = "h", .prompt = "{}", .options = "{}"};
    g_assert_true(tm_store_revise(store, batch, &revision, false, &error));
    tm_add_options options = {0};
    tm_adder *adder = tm_store_add_begin(store, batch, &options, &error);
    g_assert_no_error(error);
    for (int i = 1; i <= s->rows; i++) {
        g_autofree char *text = story_row_text(s, number, i);
        g_autofree char *body = g_strdup_printf("{\"text\":\"%s\"}", text);
        uint8_t key[16] = {(uint8_t)i, (uint8_t)(i >> 8), (uint8_t)(i >> 16)};
        g_assert_true(tm_store_add_row(adder, i, key, body, strlen(body), NULL, &error));
    }
    tm_added added;
    g_assert_true(tm_store_add_end(adder, &added, &error));
    g_assert_cmpint(added.n_new, ==, s->rows);
}

static tm_account *new_account(const char *name, const story *s)
{
    tm_account *account = tm_account_new(name, "gemini");
    account->key = g_strdup("sim-key");
    account->windows = s->windows;
    g_assert_true(tm_account_set_base_url(account, "http://127.0.0.1:1/v1beta", NULL));
    return account;
}

static void add_limit(machine *m, tm_unit unit, tm_window window, int64_t value)
{
    bool soft = m->story->soft;
    tm_limit limit = {unit, window, value, soft ? TM_SOURCE_CATALOGUE : TM_SOURCE_CONFIG, !soft, 0};
    if (value)
        g_array_append_val(m->limits, limit);
}

static void open_world(machine *m)
{
    const story *s = m->story;
    char *models[] = {(char *)(uintptr_t)MODEL, NULL};
    tm_twin_options twin = {.rpm = s->rpm,
                            .tpm = s->tpm ? s->tpm : -1,
                            .rpd = s->rpd,
                            .windows = s->windows,
                            .latency_ms = s->fast ? 1 : 800,
                            .jitter_ms = s->fast ? 0 : 400,
                            .models = models,
                            .seed = s->seed};
    m->rpm = s->rpm;
    m->rpd = s->rpd;
    m->twin = tm_twin_new(&twin);
    m->weather = virtual_options_default;
    m->weather.seed = s->seed;
    m->weather.start_ms = s->start_ms;
    if (s->fast)
        m->weather.connect_ms = m->weather.way_ms = m->weather.back_ms = 4;
    if (s->connect_ms)
        m->weather.connect_ms = s->connect_ms;
    m->world = virtual_world_new(m->twin, &m->weather);
    virtual_clock_init(&m->clock, virtual_world_time(m->world));
    judge_init(m->judge, s, virtual_world_time(m->world));
    tm_twin_set_log(m->twin, judge_see, m->judge);
}

void machine_open(machine *m, const story *s, judge *j)
{
    g_autoptr(GError) error = NULL;
    *m = (machine){.story = s, .judge = j, .random = g_rand_new_with_seed(s->seed)};
    m->vfs = power_vfs_new(s->seed);
    m->dir = g_dir_make_tmp("tidemill-month-XXXXXX", &error);
    g_assert_no_error(error);
    m->ledger_path = g_strdup_printf("%s/ledger.db", m->dir);
    open_world(m);
    m->prompt = tm_prompt_from_text("p", PROMPT, strlen(PROMPT), NULL, &error);
    g_assert_no_error(error);
    tm_binding_options binding = {0};
    m->binding = tm_binding_new(m->prompt, NULL, &binding, &error);
    g_assert_no_error(error);
    m->accounts[0] = new_account("first", s);
    m->accounts[1] = new_account("other", s);
    m->limits = g_array_new(FALSE, FALSE, sizeof(tm_limit));
    add_limit(m, TM_UNIT_REQUESTS, TM_WINDOW_MINUTE, s->rpm);
    add_limit(m, TM_UNIT_REQUESTS, TM_WINDOW_DAY, s->rpd);
    add_limit(m, TM_UNIT_INPUT_TOKENS, TM_WINDOW_MINUTE, s->tpm);
    for (int i = 0; i < s->stores; i++) {
        m->store_urls[i] = g_strdup_printf("sqlite:%s/store%d.db", m->dir, i);
        queue_rows(m, i);
    }
    for (int i = 0; i < s->processes; i++)
        m->processes[i] = (process){.machine = m, .store_number = i % s->stores};
}

static void remove_dir(const char *dir)
{
    g_autoptr(GDir) entries = g_dir_open(dir, 0, NULL);
    for (const char *name; entries && (name = g_dir_read_name(entries));) {
        g_autofree char *path = g_build_filename(dir, name, NULL);
        g_unlink(path);
    }
    g_rmdir(dir);
}

void machine_close(machine *m)
{
    for (int i = 0; i < m->story->processes; i++)
        process_end(&m->processes[i], true);
    virtual_world_free(m->world);
    tm_twin_free(m->twin);
    tm_binding_free(m->binding);
    tm_prompt_free(m->prompt);
    tm_account_free(m->accounts[0]);
    tm_account_free(m->accounts[1]);
    g_array_unref(m->limits);
    g_rand_free(m->random);
    power_vfs_free(m->vfs);
    remove_dir(m->dir);
    g_free(m->dir);
    g_free(m->ledger_path);
    for (int i = 0; i < STORY_STORES; i++)
        g_free(m->store_urls[i]);
}
