/* power_mill.c - the three commands as cmd/ puts them together. */
#include "tests/sim/power_mill.h"

#include "core/error.h"
#include "core/json.h"
#include "jobs/database_private.h"
#include "jobs/intake.h"
#include "jobs/ledger_inside.h"
#include "jobs/results.h"
#include "jobs/store_private.h"
#include <stdio.h>
#include <string.h>

static const char PROMPT[] = "---\nmodel: " MILL_MODEL "\n---\nSay {{text}}";
enum { RPD = 1000 };

/* ---- the house ---- */

static void see(const json_t *line, void *data)
{
    mill *m = data;
    if (strcmp(json_string_value(json_object_get(line, "op")), "generate") != 0)
        return;
    if (json_integer_value(json_object_get(line, "http")) == 429) {
        m->refused++;
        return;
    }
    m->arrived++;
    char *text = g_strdup(json_string_value(json_object_get(line, "text")));
    int n = GPOINTER_TO_INT(g_hash_table_lookup(m->asked, text));
    g_hash_table_replace(m->asked, text, GINT_TO_POINTER(n + 1));
}

static GHashTable *new_counts(void)
{
    return g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
}

void mill_open(mill *m, const char *dir, int rpm, guint32 seed)
{
    g_autoptr(GError) error = NULL;
    char *models[] = {(char *)(uintptr_t)MILL_MODEL, NULL};
    tm_twin_options twin = {.rpm = rpm,
                            .tpm = -1,
                            .rpd = RPD,
                            .windows = tm_windows_default,
                            .latency_ms = 800,
                            .jitter_ms = 400,
                            .models = models,
                            .seed = seed};
    *m = (mill){.vfs = power_vfs_new(seed), .seed = seed, .asked = new_counts(), .told = new_counts()};
    m->dir = dir;
    m->store_url = g_strdup_printf("sqlite:%s/store.db", m->dir);
    m->ledger_path = g_strdup_printf("%s/ledger.db", m->dir);
    m->twin = tm_twin_new(&twin);
    tm_twin_set_log(m->twin, see, m);
    virtual_options weather = virtual_options_default;
    weather.start_ms += 36000000; /* the day has begun long ago */
    weather.seed = seed;
    m->world = virtual_world_new(m->twin, &weather);
    virtual_clock_init(&m->clock, virtual_world_time(m->world));
    m->prompt = tm_prompt_from_text("p", PROMPT, strlen(PROMPT), NULL, &error);
    g_assert_no_error(error);
    m->account = tm_account_new("sim", "gemini");
    m->account->key = g_strdup("sim-key");
    g_assert_true(tm_account_set_base_url(m->account, "http://127.0.0.1:1/v1beta", &error));
    tm_limit limits[] = {{TM_UNIT_REQUESTS, TM_WINDOW_MINUTE, rpm, TM_SOURCE_CONFIG, true, 0},
                         {TM_UNIT_REQUESTS, TM_WINDOW_DAY, RPD, TM_SOURCE_CONFIG, true, 0}};
    m->limits = g_array_new(FALSE, FALSE, sizeof(tm_limit));
    g_array_append_vals(m->limits, limits, G_N_ELEMENTS(limits));
}

void mill_close(mill *m)
{
    virtual_world_free(m->world);
    tm_twin_free(m->twin);
    tm_prompt_free(m->prompt);
    tm_account_free(m->account);
    g_array_unref(m->limits);
    g_hash_table_unref(m->asked);
    g_hash_table_unref(m->told);
    power_vfs_free(m->vfs);
    g_free(m->store_url);
    g_free(m->ledger_path);
}

void mill_reboot(mill *m, power_loss how, guint32 seed)
{
    power_vfs_restart(m->vfs, how, seed);
    virtual_clock_reboot(&m->clock);
}

static char *row_text(int i)
{
    return g_strdup_printf("row %d", i);
}

/* ---- add ---- */

static tm_store *open_store(mill *m, bool read_only, GError **error)
{
    tm_store *store = tm_store_open(m->store_url, &m->clock.clock, read_only, error);
    if (store && m->checkpoint_at)
        store->database->checkpoint_at_pages = m->checkpoint_at;
    return store;
}

/* The batch of the command, with its revision; made if there is none. */
static tm_batch *begin_batch(tm_store *store, GError **error)
{
    tm_batch like = {.name = "mill", .dir = "/", .data = "data.csv", .prompt = "p", .identity = "mill"};
    tm_revision revision = {.hash = "h", .prompt = "{}", .options = "{}"};
    g_autoptr(GError) failed = NULL;
    g_autoptr(tm_batch) batch = tm_store_batch_by_identity(store, "mill", &failed);
    if (failed) {
        g_propagate_error(error, g_steal_pointer(&failed));
        return NULL;
    }
    if (!batch)
        batch = tm_store_batch_new(store, &like, false, error);
    if (!batch || (!batch->revision && !tm_store_revise(store, batch, &revision, false, error)))
        return NULL;
    return g_steal_pointer(&batch);
}

/* Files of so many rows are all the same: one is enough for all mills. (transfer full) */
static char *data_of(mill *m, int rows)
{
    char *path = g_strdup_printf("%s/%d.csv", m->dir, rows);
    g_autoptr(GString) text = g_string_new("text\n");
    if (g_file_test(path, G_FILE_TEST_EXISTS))
        return path;
    for (int i = 1; i <= rows; i++)
        g_string_append_printf(text, "row %d\n", i);
    g_assert_true(g_file_set_contents(path, text->str, (gssize)text->len, NULL));
    return path;
}

bool mill_add(mill *m, int rows, GError **error)
{
    g_autofree char *data = data_of(m, rows);
    g_autoptr(tm_dataset) dataset = tm_dataset_open(data, NULL, error);
    tm_binding_options how = {0};
    g_autoptr(tm_binding) binding = tm_binding_new(m->prompt, tm_dataset_columns(dataset), &how, error);
    g_assert_nonnull(binding);
    g_autoptr(tm_store) store = open_store(m, false, error);
    g_autoptr(tm_batch) batch = store ? begin_batch(store, error) : NULL;
    tm_intake_options options = {0};
    g_auto(tm_intake_result) result = {0};
    if (!batch || !tm_intake(store, batch, dataset, "data.csv", binding, &options, &result, error))
        return false;
    g_assert_cmpint(result.rows, ==, rows);
    m->added = MAX(m->added, rows);
    return true;
}

/* ---- run ---- */

typedef struct {
    tm_store *store, *reader;
    tm_ledger *ledger;
    tm_transport *transport;
    tm_batch *batch;
    tm_revision *revision;
    tm_binding *binding;
    tm_engine *engine;
} process;

/* Whose answer was told must keep it, and is never asked again. */
static void tell(mill *m, int64_t ordinal)
{
    g_autofree char *row = row_text((int)ordinal);
    g_autofree char *text = g_strconcat("Say ", row, NULL);
    if (!g_hash_table_contains(m->told, text))
        g_hash_table_insert(m->told, g_strdup(text), g_hash_table_lookup(m->asked, text));
}

static void observe(const tm_tell *told, void *data)
{
    mill *m = data;
    if (told->kind == TM_TELL_ANSWERED)
        tell(m, told->ordinal);
}

static bool process_open(mill *m, process *p, GError **error)
{
    p->store = open_store(m, false, error);
    p->batch = p->store ? tm_store_batch(p->store, "mill", NULL, error) : NULL;
    p->revision = p->batch ? tm_store_revision(p->store, p->batch->revision, error) : NULL;
    p->ledger = p->revision ? tm_ledger_open(m->ledger_path, &m->clock.clock, error) : NULL;
    p->reader = m->reads && p->ledger ? open_store(m, true, error) : NULL;
    if (!p->ledger || (m->reads && !p->reader))
        return false;
    if (m->checkpoint_at)
        p->ledger->db->checkpoint_at_pages = m->checkpoint_at;
    tm_binding_options how = {0};
    p->binding = tm_binding_new(m->prompt, NULL, &how, error);
    p->transport = virtual_transport_new(m->world, &m->clock);
    tm_engine_lane lane = {
        .account = m->account, .provider = &tm_provider_gemini, .model = MILL_MODEL, .limits = m->limits};
    tm_engine_work work = {.batch = p->batch,
                           .revision = p->revision,
                           .prompt = m->prompt,
                           .binding = p->binding,
                           .lanes = &lane,
                           .n_lanes = 1};
    tm_engine_options options = {.store = p->store,
                                 .ledger = p->ledger,
                                 .transport = p->transport,
                                 .clock = &m->clock.clock,
                                 .seed = m->seed};
    p->engine = tm_engine_new(&options, &work, 1, error);
    if (p->engine)
        tm_engine_observe(p->engine, observe, m);
    return p->engine != NULL;
}

static void process_end(mill *m, process *p)
{
    tm_engine_free(p->engine);
    if (p->transport)
        p->transport->free(p->transport);
    if (power_vfs_is_off(m->vfs))
        tm_ledger_abandon(p->ledger);
    else
        tm_ledger_close(p->ledger);
    tm_batch_free(p->batch);
    tm_revision_free(p->revision);
    tm_binding_free(p->binding);
    tm_store_close(p->reader);
    tm_store_close(p->store);
}

/* Writes the results of a batch and hears what they tell. */
static int64_t read_results(mill *m, tm_store *store, const tm_batch *batch, GError **error)
{
    g_autofree char *text = NULL;
    size_t size = 0;
    tm_results_options options = {.format = TM_FORMAT_JSONL};
    tm_results_count count;
    FILE *out = open_memstream(&text, &size);
    gboolean good = tm_results_write(store, batch, &options, out, &count, error);
    fclose(out);
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    int64_t done = 0;
    for (int i = 0; good && lines[i] && *lines[i]; i++) {
        g_autoptr(json_t) line = json_loads(lines[i], 0, NULL);
        if (strcmp(json_string_value(json_object_get(line, "status")), "done") != 0)
            continue;
        int64_t row = json_integer_value(json_object_get(line, "row"));
        g_autofree char *want = g_strdup_printf("echo: Say row %d", (int)row);
        g_assert_cmpstr(json_string_value(json_object_get(line, "output")), ==, want);
        tell(m, row);
        done++;
    }
    return good ? done : -1;
}

bool mill_run(mill *m, GError **error)
{
    enum { MOST = 1500, GIVE_UP = 1000, EVENTS = 64 };
    process p = {0};
    tm_engine_state state = TM_ENGINE_STOPPED;
    int64_t wake = 0;
    bool good = process_open(m, &p, error);
    for (int step = 0; good && step < MOST && !power_vfs_is_off(m->vfs); step++) {
        tm_event events[EVENTS];
        int n = p.transport->wait(p.transport, wake, NULL, 0, events, EVENTS);
        tm_engine_events(p.engine, events, n);
        if (step == GIVE_UP) /* what can't be written is tried again for ever */
            tm_engine_stop(p.engine, true);
        state = tm_engine_step(p.engine, &wake);
        if (state != TM_ENGINE_RUNNING)
            break;
        if (m->checkpoint_at)
            p.store->database->checkpoint_at_pages = p.ledger->db->checkpoint_at_pages = m->checkpoint_at;
        if (p.reader && !power_vfs_is_off(m->vfs))
            read_results(m, p.reader, p.batch, NULL);
    }
    if (good && !power_vfs_is_off(m->vfs))
        g_assert_cmpint(state, !=, TM_ENGINE_RUNNING);
    const char *why = NULL;
    if (good && tm_engine_stop_reason(p.engine, &why) != TM_STOP_NONE)
        tm_fail(error, TM_ERROR_STATE, "%s", why);
    process_end(m, &p);
    return good && state == TM_ENGINE_DONE && !power_vfs_is_off(m->vfs);
}

int64_t mill_results(mill *m, GError **error)
{
    g_autoptr(tm_store) store = open_store(m, true, error);
    g_autoptr(tm_batch) batch = store ? tm_store_batch(store, "mill", NULL, error) : NULL;
    return batch ? read_results(m, store, batch, error) : -1;
}
