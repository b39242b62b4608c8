/* test_engine_nights.c - the real engine, store and ledger through nights in virtual time: killed at random
 * steps, judged by the twin's own log. TIDEMILL_SEEDS says how many seeds (default: a share for CI). */
#include "core/binding.h"
#include "jobs/engine.h"
#include "tests/sim/virtual_transport.h"
#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>

static const char PROMPT[] = "---\nmodel: gemini-2.5-flash\n---\nSay {{text}}";

/* What one seed decides. */
typedef struct {
    const char *what;
    int rows, rpm, rpd;
    int64_t day_ms;
    double kill;            /* chance a step */
    const char *fail;       /* the twin's --fail; NULL */
    double cut, never_left; /* the network's faults */
    int engines;            /* on one store */
    bool whole_days;        /* every whole day must be used to its last request */
} story;

/* What the server saw. */
typedef struct {
    GArray *times;     /* int64_t, of counted requests */
    GHashTable *asked; /* text -> how often it reached the model */
    int64_t refused, answered;
} seen;

typedef struct {
    const story *scenario;
    GRand *random;
    char *dir, *store_url, *ledger_path;
    tm_twin *twin;
    virtual_world *world;
    virtual_clock clock;
    tm_prompt *prompt;
    tm_binding *binding;
    tm_account *account;
    GArray *limits;
    seen seen;
    int64_t kills;
} night;

/* One process: everything it has, and loses when it is killed. */
typedef struct {
    tm_store *store;
    tm_ledger *ledger;
    tm_transport *transport;
    tm_batch *batch;
    tm_revision *revision;
    tm_engine *engine;
    bool done;
} process;

static void see(const json_t *line, void *data)
{
    seen *s = data;
    if (strcmp(json_string_value(json_object_get(line, "op")), "generate") != 0)
        return;
    int64_t http = json_integer_value(json_object_get(line, "http"));
    int64_t at = json_integer_value(json_object_get(line, "at_ms"));
    if (http == 429) {
        s->refused++;
        return;
    }
    g_array_append_val(s->times, at);
    s->answered += http == 200;
    char *text = g_strdup(json_string_value(json_object_get(line, "text")));
    int n = GPOINTER_TO_INT(g_hash_table_lookup(s->asked, text));
    g_hash_table_replace(s->asked, text, GINT_TO_POINTER(n + 1));
}

static void process_open(night *n, process *p)
{
    g_autoptr(GError) error = NULL;
    p->store = tm_store_open(n->store_url, &n->clock.clock, false, &error);
    g_assert_no_error(error);
    p->ledger = tm_ledger_open(n->ledger_path, &n->clock.clock, &error);
    g_assert_no_error(error);
    p->transport = virtual_transport_new(n->world, &n->clock);
    p->batch = tm_store_batch(p->store, "night", NULL, &error);
    g_assert_no_error(error);
    p->revision = tm_store_revision(p->store, p->batch->revision, &error);
    g_assert_no_error(error);
    tm_engine_lane lane = {.account = n->account,
                           .provider = &tm_provider_gemini,
                           .model = "gemini-2.5-flash",
                           .limits = n->limits};
    tm_engine_work work = {.batch = p->batch,
                           .revision = p->revision,
                           .prompt = n->prompt,
                           .binding = n->binding,
                           .lanes = &lane,
                           .n_lanes = 1};
    tm_engine_options options = {.store = p->store,
                                 .ledger = p->ledger,
                                 .transport = p->transport,
                                 .clock = &n->clock.clock,
                                 .seed = g_rand_int(n->random)};
    p->engine = tm_engine_new(&options, &work, 1, &error);
    g_assert_no_error(error);
    p->done = false;
}

static void process_end(process *p, bool killed)
{
    tm_engine_free(p->engine);
    p->transport->free(p->transport);
    if (killed)
        tm_ledger_abandon(p->ledger);
    else
        tm_ledger_close(p->ledger);
    tm_batch_free(p->batch);
    tm_revision_free(p->revision);
    tm_store_close(p->store);
    *p = (process){.done = true};
}

/* The batch with its rows, queued. */
static void queue(night *n)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(tm_store) store = tm_store_open(n->store_url, &n->clock.clock, false, &error);
    g_assert_no_error(error);
    tm_batch like = {.name = "night", .dir = "/", .data = "-", .prompt = "p", .identity = "night"};
    g_autoptr(tm_batch) batch = tm_store_batch_new(store, &like, true, &error);
    g_assert_no_error(error);
    tm_revision revision = {.hash = "h", .prompt = "{}", .options = "{}"};
    g_assert_true(tm_store_revise(store, batch, &revision, false, &error));
    tm_add_options add = {0};
    tm_adder *adder = tm_store_add_begin(store, batch, &add, &error);
    g_assert_no_error(error);
    for (int i = 1; i <= n->scenario->rows; i++) {
        g_autofree char *body = g_strdup_printf("{\"text\":\"row %d\"}", i);
        uint8_t key[16] = {(uint8_t)i, (uint8_t)(i >> 8), (uint8_t)(i >> 16)};
        g_assert_true(tm_store_add_row(adder, i, key, body, strlen(body), NULL, &error));
    }
    tm_added added;
    g_assert_true(tm_store_add_end(adder, &added, &error));
    g_assert_cmpint(added.n_new, ==, n->scenario->rows);
}

static void night_open(night *n, const story *scenario, guint32 seed)
{
    g_autoptr(GError) error = NULL;
    char *fails[] = {(char *)(uintptr_t)scenario->fail, NULL};
    char *models[] = {"gemini-2.5-flash", NULL};
    tm_windows windows = tm_windows_default;
    windows.day_ms = scenario->day_ms;
    tm_twin_options twin = {.rpm = scenario->rpm,
                            .tpm = -1,
                            .rpd = scenario->rpd,
                            .windows = windows,
                            .latency_ms = 800,
                            .jitter_ms = 400,
                            .fails = scenario->fail ? fails : NULL,
                            .models = models,
                            .seed = seed};
    *n = (night){.scenario = scenario, .random = g_rand_new_with_seed(seed)};
    n->dir = g_dir_make_tmp("tidemill-sim-XXXXXX", &error);
    g_assert_no_error(error);
    n->store_url = g_strdup_printf("sqlite:%s/store.db", n->dir);
    n->ledger_path = g_strdup_printf("%s/ledger.db", n->dir);
    n->twin = tm_twin_new(&twin);
    n->seen = (seen){.times = g_array_new(FALSE, FALSE, sizeof(int64_t)),
                     .asked = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL)};
    tm_twin_set_log(n->twin, see, &n->seen);
    virtual_options weather = virtual_options_default;
    weather.seed = seed;
    weather.cut_after = scenario->cut;
    weather.never_left = scenario->never_left;
    n->world = virtual_world_new(n->twin, &weather);
    virtual_clock_init(&n->clock, virtual_world_time(n->world));
    n->prompt = tm_prompt_from_text("p", PROMPT, strlen(PROMPT), NULL, &error);
    g_assert_no_error(error);
    tm_binding_options binding = {0};
    n->binding = tm_binding_new(n->prompt, NULL, &binding, &error);
    g_assert_no_error(error);
    n->account = tm_account_new("sim", "gemini");
    n->account->key = g_strdup("sim-key");
    n->account->windows = windows;
    g_assert_true(tm_account_set_base_url(n->account, "http://127.0.0.1:1/v1beta", &error));
    n->limits = g_array_new(FALSE, FALSE, sizeof(tm_limit));
    tm_limit rpm = {TM_UNIT_REQUESTS, TM_WINDOW_MINUTE, scenario->rpm, TM_SOURCE_CONFIG, true, 0};
    tm_limit rpd = {TM_UNIT_REQUESTS, TM_WINDOW_DAY, scenario->rpd, TM_SOURCE_CONFIG, true, 0};
    g_array_append_val(n->limits, rpm);
    g_array_append_val(n->limits, rpd);
    queue(n);
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

static void night_close(night *n)
{
    virtual_world_free(n->world);
    tm_twin_free(n->twin);
    tm_binding_free(n->binding);
    tm_prompt_free(n->prompt);
    tm_account_free(n->account);
    g_array_unref(n->limits);
    g_array_unref(n->seen.times);
    g_hash_table_unref(n->seen.asked);
    g_rand_free(n->random);
    remove_dir(n->dir);
    g_free(n->dir);
    g_free(n->store_url);
    g_free(n->ledger_path);
}

/* Runs until every process says it is done. Returns how many steps it took. */
static int64_t mill(night *n)
{
    enum { MOST = 2000000, EVENTS = 256 };
    process p[4] = {0};
    for (int i = 0; i < n->scenario->engines; i++)
        process_open(n, &p[i]);
    int64_t steps = 0;
    for (bool all_done = false; !all_done && steps < MOST;) {
        int64_t wake = 60000;
        all_done = true;
        for (int i = 0; i < n->scenario->engines; i++) {
            if (p[i].done)
                continue;
            steps++;
            if (n->scenario->kill > 0 && g_rand_double(n->random) < n->scenario->kill) {
                n->kills++;
                process_end(&p[i], true);
                process_open(n, &p[i]);
            }
            tm_event events[EVENTS];
            int count = p[i].transport->wait(p[i].transport, 0, NULL, 0, events, EVENTS);
            tm_engine_events(p[i].engine, events, count);
            int64_t mine = 0;
            tm_engine_state state = tm_engine_step(p[i].engine, &mine);
            if (state == TM_ENGINE_RUNNING) {
                all_done = false;
                wake = MIN(wake, mine);
                continue;
            }
            g_assert_cmpint(state, ==, TM_ENGINE_DONE);
            process_end(&p[i], false);
        }
        if (!all_done)
            virtual_world_leap(n->world, wake);
    }
    g_assert_cmpint(steps, <, MOST);
    for (int i = 0; i < n->scenario->engines; i++)
        if (!p[i].done)
            process_end(&p[i], false);
    return steps;
}

static gint by_time(gconstpointer a, gconstpointer b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return x < y ? -1 : x > y;
}

static int most_in_minute(const GArray *times)
{
    int most = 0;
    for (guint last = 0, first = 0; last < times->len; last++) {
        while (g_array_index(times, int64_t, last) - g_array_index(times, int64_t, first) >= 60000)
            first++;
        most = MAX(most, (int)(last - first + 1));
    }
    return most;
}

/* Whole days but the last must be spent to their last request. */
static void check_days(const night *n)
{
    int64_t day = n->scenario->day_ms, current = -1, count = 0;
    for (guint i = 0; i < n->seen.times->len; i++) {
        int64_t this = g_array_index(n->seen.times, int64_t, i) / day;
        if (this != current && current >= 0)
            g_assert_cmpint(count, ==, n->scenario->rpd);
        count = this == current ? count + 1 : 1;
        current = this;
    }
    g_assert_cmpint(count, <=, n->scenario->rpd);
}

/* Every row has its answer, in order; repeats are all counted; no window was exceeded, nothing was refused.
 */
static void check(night *n)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(tm_store) store = tm_store_open(n->store_url, &n->clock.clock, true, &error);
    g_assert_no_error(error);
    g_autoptr(tm_batch) batch = tm_store_batch(store, "night", NULL, &error);
    g_assert_no_error(error);
    g_assert_cmpint(batch->n[TM_JOB_DONE], ==, n->scenario->rows);
    g_autoptr(GArray) page = g_array_new(FALSE, TRUE, sizeof(tm_stored));
    g_assert_true(tm_store_page(store, batch, 0, n->scenario->rows + 1, false, page, &error));
    g_assert_cmpint(page->len, ==, n->scenario->rows);
    for (guint i = 0; i < page->len; i++) {
        tm_stored *row = &g_array_index(page, tm_stored, i);
        g_autofree char *want = g_strdup_printf("echo: Say row %u", i + 1);
        g_assert_cmpint(row->ordinal, ==, i + 1);
        g_assert_cmpstr(row->output, ==, want);
        tm_stored_clear(row);
    }
    int64_t again = 0;
    GHashTableIter iter;
    gpointer times;
    g_hash_table_iter_init(&iter, n->seen.asked);
    while (g_hash_table_iter_next(&iter, NULL, &times))
        again += GPOINTER_TO_INT(times) - 1;
    if (!n->scenario->fail)
        g_assert_cmpint(again, <=, batch->n_repeats);
    g_array_sort(n->seen.times, by_time);
    g_assert_cmpint(n->seen.refused, ==, 0);
    g_assert_cmpint(most_in_minute(n->seen.times), <=, n->scenario->rpm);
    if (n->scenario->whole_days)
        check_days(n);
}

static void test_scenario(gconstpointer data)
{
    const story *scenario = data;
    const char *env = g_getenv("TIDEMILL_SEEDS");
    int seeds = env ? atoi(env) : 6;
    int64_t kills = 0, steps = 0, requests = 0;
    for (int seed = 1; seed <= seeds && !g_test_failed(); seed++) {
        night n;
        night_open(&n, scenario, (guint32)seed);
        steps += mill(&n);
        check(&n);
        kills += n.kills;
        requests += n.seen.times->len;
        if (g_test_failed())
            g_test_message("seed %d", seed);
        night_close(&n);
    }
    g_test_message("%s: %d seeds, %" G_GINT64_FORMAT " steps, %" G_GINT64_FORMAT " kills, %" G_GINT64_FORMAT
                   " requests, 0 refused",
                   scenario->what, seeds, steps, kills, requests);
}

static const story scenarios[] = {
    {"a quiet week of 20 a day", 120, 5, 20, 86400000, 0, NULL, 0, 0, 1, true},
    {"a day of a thousand, 10 a minute", 900, 10, 1000, 86400000, 0, NULL, 0, 0, 1, false},
    {"kills at random steps", 120, 10, 250, 86400000, 0.02, NULL, 0, 0, 1, false},
    {"kills, cuts and a network that fails", 80, 10, 250, 86400000, 0.01, NULL, 0.03, 0.05, 1, false},
    {"three processes on one store", 150, 10, 250, 86400000, 0, NULL, 0, 0, 3, false},
    {"three processes, killed in turn", 100, 15, 250, 86400000, 0.01, NULL, 0, 0, 3, false},
    {"an overloaded service", 60, 15, 1000, 86400000, 0, "overloaded:0.1", 0, 0, 1, false},
    {"short days", 90, 30, 20, 3600000, 0, NULL, 0, 0, 1, true},
};

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_set_nonfatal_assertions();
    for (size_t i = 0; i < G_N_ELEMENTS(scenarios); i++) {
        g_autofree char *path = g_strdup_printf("/nights/%s", scenarios[i].what);
        g_test_add_data_func(path, &scenarios[i], test_scenario);
    }
    return g_test_run();
}
