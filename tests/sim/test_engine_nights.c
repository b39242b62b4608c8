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
    int64_t day_ms;         /* 0: Pacific calendar days */
    double kill;            /* chance a step */
    const char *fail;       /* the twin's --fail; NULL */
    double cut, never_left; /* the network's faults */
    int engines;            /* on one store */
    bool whole_days;        /* every whole day must be used to its last request */
    int64_t start_ms;       /* 0: 2026-11-24, Pacific midnight */
    int odd_day;            /* hours of a day that must be among them: 23 or 25 */
    int tpm;                /* of client and server, rows of very different size; 0: no such limit */
    int server_rpd;         /* the server allows only so many a day; 0: as the client believes */
    int most_refused;
    double clock_set; /* chance a step that the wall clock is set to the right time or an hour off it */
    double reboot;    /* chance a step that the machine starts anew */
} story;

/* What the server saw. */
typedef struct {
    GArray *times;     /* int64_t, of counted requests */
    GArray *tokens;    /* int64_t, parallel: input tokens of each */
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
    int64_t tokens = json_integer_value(json_object_get(line, "tokens"));
    g_array_append_val(s->tokens, tokens);
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

/* With a limit on tokens a row takes up to a third of the minute's. */
static char *row_text(const story *scenario, int i)
{
    GString *text = g_string_new(NULL);
    g_string_printf(text, "row %d", i);
    int64_t length = scenario->tpm ? (int64_t)i * 7919 % (scenario->tpm * 4 / 3) : 0;
    if (i % 5)
        length /= 40; /* most are small */
    while ((int64_t)text->len < length)
        g_string_append_c(text, 'x');
    return g_string_free(text, FALSE);
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
        g_autofree char *text = row_text(n->scenario, i);
        g_autofree char *body = g_strdup_printf("{\"text\":\"%s\"}", text);
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
                            .tpm = scenario->tpm ? scenario->tpm : -1,
                            .rpd = scenario->server_rpd ? scenario->server_rpd : scenario->rpd,
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
                     .tokens = g_array_new(FALSE, FALSE, sizeof(int64_t)),
                     .asked = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL)};
    tm_twin_set_log(n->twin, see, &n->seen);
    virtual_options weather = virtual_options_default;
    weather.seed = seed;
    weather.cut_after = scenario->cut;
    weather.never_left = scenario->never_left;
    if (scenario->start_ms)
        weather.start_ms = scenario->start_ms;
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
    tm_limit tpm = {TM_UNIT_INPUT_TOKENS, TM_WINDOW_MINUTE, scenario->tpm, TM_SOURCE_CONFIG, true, 0};
    if (scenario->tpm)
        g_array_append_val(n->limits, tpm);
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
    g_array_unref(n->seen.tokens);
    g_hash_table_unref(n->seen.asked);
    g_rand_free(n->random);
    remove_dir(n->dir);
    g_free(n->dir);
    g_free(n->store_url);
    g_free(n->ledger_path);
}

static bool happens(night *n, double chance)
{
    return chance > 0 && g_rand_double(n->random) < chance;
}

/* The clock is set, the machine starts anew: all processes live through it, or die. */
static void disturb(night *n, process *p)
{
    if (happens(n, n->scenario->clock_set))
        virtual_clock_set_ahead(&n->clock, g_rand_int_range(n->random, -1, 2) * 3600000);
    if (!happens(n, n->scenario->reboot))
        return;
    n->kills++;
    for (int i = 0; i < n->scenario->engines; i++)
        if (!p[i].done)
            process_end(&p[i], true);
    virtual_clock_reboot(&n->clock);
    for (int i = 0; i < n->scenario->engines; i++)
        process_open(n, &p[i]);
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
        int64_t wake = 3600000;
        all_done = true;
        disturb(n, p);
        for (int i = 0; i < n->scenario->engines; i++) {
            if (p[i].done)
                continue;
            steps++;
            if (happens(n, n->scenario->kill)) {
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

/* The most of `amounts` (NULL: of requests) in any minute. Arrivals are in order. */
static int64_t most_in_minute(const GArray *times, const GArray *amounts)
{
    int64_t most = 0, sum = 0;
    for (guint last = 0, first = 0; last < times->len; last++) {
        sum += amounts ? g_array_index(amounts, int64_t, last) : 1;
        for (; g_array_index(times, int64_t, last) - g_array_index(times, int64_t, first) >= 60000; first++)
            sum -= amounts ? g_array_index(amounts, int64_t, first) : 1;
        most = MAX(most, sum);
    }
    return most;
}

/* No day is exceeded; where asked, whole days but the last are spent to their last request. */
static void check_days(const night *n)
{
    int64_t start = 0, end = 0, count = 0;
    bool odd_day = n->scenario->odd_day == 0;
    int a_day = n->scenario->server_rpd ? n->scenario->server_rpd : n->scenario->rpd;
    for (guint i = 0; i < n->seen.times->len; i++) {
        int64_t at = g_array_index(n->seen.times, int64_t, i);
        if (at >= end) {
            if (end && n->scenario->whole_days)
                g_assert_cmpint(count, ==, a_day);
            tm_day_of(&n->account->windows, at, &start, &end);
            odd_day = odd_day || end - start == n->scenario->odd_day * (int64_t)3600000;
            count = 0;
        }
        g_assert_cmpint(at, >=, start);
        g_assert_cmpint(++count, <=, a_day);
    }
    g_assert_true(odd_day);
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
        g_autofree char *text = row_text(n->scenario, (int)i + 1);
        g_autofree char *want = g_strconcat("echo: Say ", text, NULL);
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
    g_assert_cmpint(n->seen.refused, <=, n->scenario->most_refused);
    g_assert_cmpint(most_in_minute(n->seen.times, NULL), <=, n->scenario->rpm);
    if (n->scenario->tpm)
        g_assert_cmpint(most_in_minute(n->seen.times, n->seen.tokens), <=, n->scenario->tpm);
    check_days(n);
}

static void test_scenario(gconstpointer data)
{
    const story *scenario = data;
    const char *env = g_getenv("TIDEMILL_SEEDS");
    int seeds = env ? atoi(env) : 4;
    int64_t kills = 0, steps = 0, requests = 0, refused = 0;
    for (int seed = 1; seed <= seeds && !g_test_failed(); seed++) {
        night n;
        night_open(&n, scenario, (guint32)seed);
        steps += mill(&n);
        check(&n);
        kills += n.kills;
        requests += n.seen.times->len;
        refused += n.seen.refused;
        if (g_test_failed())
            g_test_message("seed %d", seed);
        night_close(&n);
    }
    g_test_message("%s: %d seeds, %" G_GINT64_FORMAT " steps, %" G_GINT64_FORMAT " kills, %" G_GINT64_FORMAT
                   " requests, %" G_GINT64_FORMAT " refused",
                   scenario->what, seeds, steps, kills, requests, refused);
}

static const story scenarios[] = {
    {.what = "a quiet week of 20 a day", .rows = 120, .rpm = 5, .rpd = 20, .whole_days = true, .engines = 1},
    {.what = "a day of a thousand, 10 a minute", .rows = 900, .rpm = 10, .rpd = 1000, .engines = 1},
    {.what = "kills at random steps", .rows = 120, .rpm = 10, .rpd = 250, .kill = 0.02, .engines = 1},
    {.what = "kills, cuts and a network that fails",
     .rows = 80,
     .rpm = 10,
     .rpd = 250,
     .kill = 0.01,
     .cut = 0.03,
     .never_left = 0.05,
     .engines = 1},
    {.what = "three processes on one store", .rows = 150, .rpm = 10, .rpd = 250, .engines = 3},
    {.what = "three processes, killed in turn",
     .rows = 100,
     .rpm = 15,
     .rpd = 250,
     .kill = 0.01,
     .engines = 3},
    {.what = "an overloaded service",
     .rows = 60,
     .rpm = 15,
     .rpd = 1000,
     .fail = "overloaded:0.1",
     .engines = 1},
    {.what = "short days",
     .rows = 90,
     .rpm = 30,
     .rpd = 20,
     .day_ms = 3600000,
     .whole_days = true,
     .engines = 1},
    {.what = "the clock set an hour off and back",
     .rows = 90,
     .rpm = 5,
     .rpd = 20,
     .whole_days = true,
     .clock_set = 0.003,
     .engines = 1},
    {.what = "the machine starts anew", .rows = 60, .rpm = 10, .rpd = 20, .reboot = 0.005, .engines = 1},
    /* 2026-10-31 07:00 UTC: the second day has 25 hours; 2026-03-07 08:00 UTC: it has 23 */
    {.what = "a night of summer time's end",
     .rows = 80,
     .rpm = 5,
     .rpd = 20,
     .whole_days = true,
     .start_ms = 1793430000000,
     .odd_day = 25,
     .engines = 1},
    {.what = "a night of summer time's begin",
     .rows = 80,
     .rpm = 5,
     .rpd = 20,
     .whole_days = true,
     .start_ms = 1772870400000,
     .odd_day = 23,
     .engines = 1},
    {.what = "the server allows less a day than believed",
     .rows = 60,
     .rpm = 5,
     .rpd = 20,
     .whole_days = true,
     .server_rpd = 12,
     .most_refused = 8,
     .engines = 1},
    {.what = "tokens a minute, rows of very different size",
     .rows = 120,
     .rpm = 60,
     .rpd = 1000,
     .tpm = 3000,
     .engines = 1},
    {.what = "tokens a minute, three processes, killed",
     .rows = 60,
     .rpm = 60,
     .rpd = 1000,
     .kill = 0.003,
     .engines = 3,
     .tpm = 3000},
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
