/* test_forecast.c - what a rehearsal forecasts of a quota, against what the real engine, store and ledger
 * then need in virtual time: 2 % of the time, or a minute. TIDEMILL_SEEDS says how many quotas (default 30).
 */
#include "core/binding.h"
#include "jobs/engine.h"
#include "jobs/prospect.h"
#include "tests/sim/virtual_transport.h"
#include "tests/unit/folder.h"
#include <stdlib.h>
#include <string.h>

static const char PROMPT[] = "---\nmodel: gemini-2.5-flash\n---\nSay {{text}}";
#define MINUTE_MS 60000
#define YEAR_MS (365 * (int64_t)86400000)

/* What one seed decides. A limit of -1: there is none. */
typedef struct {
    int64_t rpm, rpd, tpm, latency_ms, start_ms, day_ms;
    int rows, before, concurrency; /* before: rows that are sent ere the forecast is made */
    int text;                      /* bytes of a row at most */
} quota;

typedef struct {
    quota quota;
    char *dir, *store_url, *ledger_path;
    tm_twin *twin;
    virtual_world *world;
    virtual_clock clock;
    tm_windows windows;
    tm_prompt *prompt;
    tm_binding *binding;
    tm_account *account;
    GArray *limits;
    GArray *bytes; /* int64_t: of each row, in order */
    tm_store *store;
    tm_ledger *ledger;
    tm_transport *transport;
    tm_batch *batch;
    tm_revision *revision;
} scene;

static int64_t one_of(GRand *random, const int64_t *values, int n)
{
    return values[g_rand_int_range(random, 0, n)];
}

static quota draw_quota(GRand *random)
{
    static const int64_t rpms[] = {2, 5, 10, 15, 30, 60, 100, 300, -1}, rpds[] = {10, 20, 50, 250, 1000, -1},
                         tpms[] = {-1, -1, 3000, 20000, 100000}, latencies[] = {300, 1000, 3000, 9000, 30000};
    quota q = {
        .rpm = one_of(random, rpms, G_N_ELEMENTS(rpms)),
        .rpd = one_of(random, rpds, G_N_ELEMENTS(rpds)),
        .tpm = one_of(random, tpms, G_N_ELEMENTS(tpms)),
        .latency_ms = one_of(random, latencies, G_N_ELEMENTS(latencies)),
        .rows = g_rand_int_range(random, 40, 400),
        .concurrency = g_rand_int_range(random, 1, 100),
        .start_ms = virtual_options_default.start_ms + (int64_t)(g_rand_double(random) * (double)YEAR_MS),
        .day_ms = g_rand_int_range(random, 0, 6) == 0 ? 3600000 : 0,
    };
    /* Where a handful of rows fills the minute, their order decides, and that no forecast knows. */
    q.text = g_rand_int_range(random, 40, q.tpm == 3000 ? 600 : 4000);
    if (g_rand_boolean(random))
        q.before = g_rand_int_range(random, 1, 30);
    return q;
}

static void add_limit(scene *s, tm_unit unit, tm_window window, int64_t value)
{
    tm_limit limit = {unit, window, value, TM_SOURCE_CONFIG, true, 0};
    if (value >= 0)
        g_array_append_val(s->limits, limit);
}

static void queue_rows(scene *s, GRand *random)
{
    g_autoptr(GError) error = NULL;
    tm_batch like = {.name = "night", .dir = "/", .data = "-", .prompt = "p", .identity = "night"};
    s->batch = tm_store_batch_new(s->store, &like, true, &error);
    g_assert_no_error(error);
    tm_revision revision = {.hash = "h", .prompt = "{}", .options = "{}"};
    g_assert_true(tm_store_revise(s->store, s->batch, &revision, false, &error));
    tm_add_options add = {0};
    tm_adder *adder = tm_store_add_begin(s->store, s->batch, &add, &error);
    g_assert_no_error(error);
    for (int i = 1; i <= s->quota.rows; i++) {
        int length = g_rand_int_range(random, 5, s->quota.text);
        g_autofree char *text = g_strnfill((gsize)length, 'x');
        g_autofree char *body = g_strdup_printf("{\"text\":\"%s\"}", text);
        uint8_t key[16] = {(uint8_t)i, (uint8_t)(i >> 8)};
        int64_t bytes = (int64_t)strlen(body);
        g_array_append_val(s->bytes, bytes);
        g_assert_true(tm_store_add_row(adder, i, key, body, strlen(body), NULL, &error));
    }
    tm_added added;
    g_assert_true(tm_store_add_end(adder, &added, &error));
    g_assert_true(tm_store_refresh(s->store, s->batch, &error));
    s->revision = tm_store_revision(s->store, s->batch->revision, &error);
    g_assert_no_error(error);
}

static void open_server(scene *s, guint32 seed)
{
    static char *models[] = {"gemini-2.5-flash", NULL};
    tm_twin_options twin = {.rpm = s->quota.rpm,
                            .tpm = s->quota.tpm,
                            .rpd = s->quota.rpd,
                            .windows = s->windows,
                            .latency_ms = s->quota.latency_ms * 3 / 4,
                            .jitter_ms = s->quota.latency_ms / 2,
                            .models = models,
                            .seed = seed};
    virtual_options weather = virtual_options_default;
    weather.seed = seed;
    weather.start_ms = s->quota.start_ms;
    s->twin = tm_twin_new(&twin);
    s->world = virtual_world_new(s->twin, &weather);
    virtual_clock_init(&s->clock, virtual_world_time(s->world));
}

/* In memory where there is such a place: power cuts are not this test's subject, and fsync takes its time. */
static char *new_folder(void)
{
    g_autoptr(GError) error = NULL;
    if (g_file_test("/dev/shm", G_FILE_TEST_IS_DIR)) {
        char *path = g_mkdtemp(g_strdup("/dev/shm/tidemill-sim-XXXXXX"));
        if (path)
            return path;
    }
    char *path = g_dir_make_tmp("tidemill-sim-XXXXXX", &error);
    g_assert_no_error(error);
    return path;
}

static void open_scene(scene *s, guint32 seed)
{
    g_autoptr(GError) error = NULL;
    GRand *random = g_rand_new_with_seed(seed);
    tm_binding_options binding = {0};
    *s = (scene){.quota = draw_quota(random), .windows = tm_windows_default};
    s->windows.day_ms = s->quota.day_ms;
    s->dir = new_folder();
    s->store_url = g_strdup_printf("sqlite:%s/store.db", s->dir);
    s->ledger_path = g_strdup_printf("%s/ledger.db", s->dir);
    open_server(s, seed);
    s->prompt = tm_prompt_from_text("p", PROMPT, strlen(PROMPT), NULL, &error);
    s->binding = tm_binding_new(s->prompt, NULL, &binding, &error);
    g_assert_no_error(error);
    s->account = tm_account_new("sim", "gemini");
    s->account->key = g_strdup("sim-key");
    s->account->windows = s->windows;
    g_assert_true(tm_account_set_base_url(s->account, "http://127.0.0.1:1/v1beta", &error));
    s->limits = g_array_new(FALSE, FALSE, sizeof(tm_limit));
    s->bytes = g_array_new(FALSE, FALSE, sizeof(int64_t));
    add_limit(s, TM_UNIT_REQUESTS, TM_WINDOW_MINUTE, s->quota.rpm);
    add_limit(s, TM_UNIT_REQUESTS, TM_WINDOW_DAY, s->quota.rpd);
    add_limit(s, TM_UNIT_INPUT_TOKENS, TM_WINDOW_MINUTE, s->quota.tpm);
    s->store = tm_store_open(s->store_url, &s->clock.clock, false, &error);
    g_assert_no_error(error);
    s->ledger = tm_ledger_open(s->ledger_path, &s->clock.clock, &error);
    g_assert_no_error(error);
    s->transport = virtual_transport_new(s->world, &s->clock);
    queue_rows(s, random);
    g_rand_free(random);
}

static void close_scene(scene *s)
{
    s->transport->free(s->transport);
    tm_ledger_close(s->ledger);
    tm_batch_free(s->batch);
    tm_revision_free(s->revision);
    tm_store_close(s->store);
    virtual_world_free(s->world);
    tm_twin_free(s->twin);
    tm_binding_free(s->binding);
    tm_prompt_free(s->prompt);
    tm_account_free(s->account);
    g_array_unref(s->limits);
    g_array_unref(s->bytes);
    folder_remove(s->dir);
    g_free(s->dir);
    g_free(s->store_url);
    g_free(s->ledger_path);
}

/* Runs the engine to its end: until `limit` rows were sent (0: all). */
static void mill(scene *s, int limit)
{
    g_autoptr(GError) error = NULL;
    tm_engine_lane lane = {.account = s->account,
                           .provider = &tm_provider_gemini,
                           .model = "gemini-2.5-flash",
                           .limits = s->limits};
    tm_engine_work work = {.batch = s->batch,
                           .revision = s->revision,
                           .prompt = s->prompt,
                           .binding = s->binding,
                           .lanes = &lane,
                           .n_lanes = 1};
    tm_engine_options options = {.store = s->store,
                                 .ledger = s->ledger,
                                 .transport = s->transport,
                                 .clock = &s->clock.clock,
                                 .concurrency = s->quota.concurrency,
                                 .limit = limit,
                                 .seed = 1};
    tm_engine *engine = tm_engine_new(&options, &work, 1, &error);
    g_assert_no_error(error);
    tm_engine_state state;
    int64_t wake_ms = 0;
    while ((state = tm_engine_step(engine, &wake_ms)) == TM_ENGINE_RUNNING) {
        tm_event events[256];
        int n = s->transport->wait(s->transport, wake_ms, NULL, 0, events, G_N_ELEMENTS(events));
        tm_engine_events(engine, events, n);
    }
    g_assert_cmpint(state, ==, limit ? TM_ENGINE_STOPPED : TM_ENGINE_DONE);
    tm_engine_free(engine);
}

static tm_forecast forecast_of(scene *s)
{
    g_autoptr(GError) error = NULL;
    tm_lane lane = {.scope = tm_ledger_scope(s->ledger, s->account, &error),
                    .model = "gemini-2.5-flash",
                    .windows = &s->windows,
                    .limits = (const tm_limit *)(const void *)s->limits->data,
                    .n_limits = s->limits->len,
                    .guard_ms = s->account->guard_ms};
    tm_prospect prospect = {.prompt_bytes = (int64_t)tm_template_static_length(s->prompt->template),
                            .concurrency = s->quota.concurrency};
    tm_forecast forecast = {0};
    g_assert_no_error(error);
    g_assert_true(tm_store_refresh(s->store, s->batch, &error));
    g_assert_true(tm_store_totals(s->store, s->batch, &prospect.totals, &error));
    g_assert_true(tm_store_sample(s->store, s->batch, &prospect.sizes, &prospect.latency_ms, &error));
    memset(&prospect.sizes, 0, sizeof prospect.sizes); /* as plan does: of all rows, not of a few */
    for (guint i = (guint)s->batch->n[TM_JOB_DONE]; i < s->bytes->len; i++)
        tm_sizes_add(&prospect.sizes, g_array_index(s->bytes, int64_t, i));
    if (!prospect.latency_ms)
        prospect.latency_ms = s->quota.latency_ms;
    prospect.rows = tm_batch_open(s->batch);
    tm_instant now = tm_clock_now(&s->clock.clock);
    g_assert_true(tm_prospect_forecast(&prospect, s->ledger, &lane, &now, &forecast, &error));
    return forecast;
}

/* How far off, in ms and as a share of what it took; long_share: the same, 0 unless that was over 50 minutes.
 */
typedef struct {
    int64_t ms;
    double share, long_share;
} deviation;

static deviation deviation_of(guint32 seed)
{
    scene s;
    open_scene(&s, seed);
    const quota *q = &s.quota;
    if (q->before)
        mill(&s, q->before);
    int64_t began = tm_clock_now(&s.clock.clock).wall_ms;
    tm_forecast f = forecast_of(&s);
    mill(&s, 0);
    int64_t took = tm_clock_now(&s.clock.clock).wall_ms - began, said = f.finish_ms - began;
    deviation d = {.ms = llabs(took - said)};
    d.share = (double)d.ms / (double)MAX(took, 1);
    d.long_share = took > 50 * MINUTE_MS ? d.share : 0;
    g_test_message("%u: RPM %" G_GINT64_FORMAT ", RPD %" G_GINT64_FORMAT ", TPM %" G_GINT64_FORMAT
                   ", %d rows of up to %d bytes, %d before, answers in %" G_GINT64_FORMAT
                   " ms, %d at a time: forecast %.1f s in %" G_GINT64_FORMAT " nights, took %.1f s: %.2f %%",
                   seed, q->rpm, q->rpd, q->tpm, q->rows, q->text, q->before, q->latency_ms, q->concurrency,
                   (double)said / 1000, f.nights, (double)took / 1000, 100 * d.share);
    g_assert_cmpint(f.end, ==, TM_FORECAST_DONE);
    close_scene(&s);
    return d;
}

static void forecasts_come_true(void)
{
    const char *env = g_getenv("TIDEMILL_SEEDS");
    int seeds = env ? atoi(env) : 30;
    deviation worst = {0};
    for (int seed = 1; seed <= seeds; seed++) {
        deviation d = deviation_of((guint32)seed);
        g_assert_true(d.ms <= MINUTE_MS || d.share <= 0.02);
        worst.ms = MAX(worst.ms, d.ms);
        worst.long_share = MAX(worst.long_share, d.long_share);
    }
    g_test_message("%d quotas: largest deviation %.1f s; %.3f %% of what took over 50 minutes", seeds,
                   (double)worst.ms / 1000, 100 * worst.long_share);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_set_nonfatal_assertions();
    g_test_add_func("/forecast/comes true within 2 % or a minute", forecasts_come_true);
    return g_test_run();
}
