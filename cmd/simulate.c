/* simulate.c - tidemill simulate: the strict twin of the APIs on loopback */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cmd/command.h"
#include "cmd/signals.h"
#include "cmd/simulate_accounts.h"
#include "cmd/simulate_log.h"
#include "cmd/ui/say.h"
#include "core/error.h"
#include "jobs/twin/twin_server.h"

static gint opt_port;
static gint64 opt_rpm = -1, opt_tpm = -1, opt_rpd = -1, opt_seed = 1;
static char *opt_minute, *opt_day, *opt_day_kind, *opt_latency, *opt_jitter, *opt_log, *opt_tier, *opt_preset,
    *opt_accounts;
static char **opt_fails, **opt_keys, **opt_models;

/* --jitter alone means as much again as the latency. */
static gboolean take_jitter(const char *name, const char *value, gpointer data, GError **error)
{
    (void)name, (void)data, (void)error;
    g_free(opt_jitter);
    opt_jitter = g_strdup(value ? value : "");
    return TRUE;
}

static const GOptionEntry options[] = {
    {"port", 'p', 0, G_OPTION_ARG_INT, &opt_port,
     "Listen on 127.0.0.1:P (a free port if not given)\n--port 8090", "P"},
    {"rpm", 0, 0, G_OPTION_ARG_INT64, &opt_rpm,
     "Requests a minute for each model (no limit if not given)\n--rpm 5", "N"},
    {"rpd", 0, 0, G_OPTION_ARG_INT64, &opt_rpd, "Requests a day for each model; 0: on no tier\n--rpd 20",
     "N"},
    {"minute", 0, 0, G_OPTION_ARG_STRING, &opt_minute, "How long a minute takes here\n--minute 2s", "TIME"},
    {"day", 0, 0, G_OPTION_ARG_STRING, &opt_day, "How long a day takes, or its kind\n--day 20s", "TIME"},
    {"fail", 0, 0, G_OPTION_ARG_STRING_ARRAY, &opt_fails,
     "What goes wrong: CLASS:RATE, CLASS@N,M, CLASS~TEXT\n--fail overloaded:0.05 --fail unknown@3 --fail "
     "blocked~rude",
     "FAULT"},
    {"accounts", 0, 0, G_OPTION_ARG_FILENAME, &opt_accounts,
     "Play these accounts, each with a key and limits of its own\n--accounts accounts.yaml", "FILE"},
    {"log", 0, 0, G_OPTION_ARG_FILENAME, &opt_log, "Append a line of JSON for each arrival\n--log seen.jsonl",
     "FILE"},
    {0},
};
static const GOptionEntry more[] = {
    {"latency", 0, 0, G_OPTION_ARG_STRING, &opt_latency, "How long an answer takes\n--latency 50ms", "TIME"},
    {"preset", 0, 0, G_OPTION_ARG_STRING, &opt_preset,
     "Whose words, headers and quirks /v1 has: openai (default), groq, openrouter, mistral, deepseek, ...\n"
     "--preset groq",
     "NAME"},
    {"tpm", 0, 0, G_OPTION_ARG_INT64, &opt_tpm,
     "Tokens a minute for each model: of input, and under /v1 of input and the output cap\n--tpm 250000",
     "N"},
    {"day-kind", 0, 0, G_OPTION_ARG_STRING, &opt_day_kind,
     "When a day's requests come back: pacific or utc (at midnight), rolling (a day after each), none (all "
     "the "
     "time); else as the service does\n--day-kind rolling",
     "KIND"},
    {"jitter", 0, G_OPTION_FLAG_OPTIONAL_ARG, G_OPTION_ARG_CALLBACK, (gpointer)take_jitter,
     "Up to TIME (default: the latency) more for an answer\n--jitter 30ms", "TIME"},
    {"seed", 0, 0, G_OPTION_ARG_INT64, &opt_seed,
     "Which rates and jitter: the same seed, the same night\n--seed 7", "N"},
    {"key", 0, 0, G_OPTION_ARG_STRING_ARRAY, &opt_keys,
     "A key to accept (else those of GEMINI_API_KEY and OPENAI_API_KEY, else any but invalid-key)\n--key "
     "rehearsal",
     "KEY"},
    {"models", 0, 0, G_OPTION_ARG_STRING_ARRAY, &opt_models,
     "The models there are, split by commas (else the catalogue's)\n--models gemini-2.5-flash,gemini-2.5-pro",
     "NAMES"},
    {"tier", 0, 0, G_OPTION_ARG_STRING, &opt_tier, "The tier that a 429 names: free, 1, 2, 3\n--tier 1",
     "TIER"},
    {0},
};

static gboolean read_duration(const char *name, const char *text, int64_t *ms, GError **error)
{
    if (!text)
        return TRUE;
    *ms = tm_duration_parse(text);
    return *ms >= 0 ||
           tm_fail(error, TM_ERROR_USAGE, "--%s %s: no duration; say 500ms, 2s or 1m", name, text);
}

/* The windows of Gemini's wire, and of OpenAI's: a day of a kind that is told is both's. */
static gboolean read_windows(tm_windows *windows, tm_windows *openai, GError **error)
{
    *windows = tm_windows_default;
    if (!read_duration("minute", opt_minute, &windows->minute_ms, error))
        return FALSE;
    if (windows->minute_ms <= 0)
        return tm_fail(error, TM_ERROR_USAGE, "--minute %s: a minute takes some time; say 2s", opt_minute);
    *openai = *windows;
    openai->day = tm_twin_preset_day(opt_preset);
    if (opt_day && (!tm_simulate_day(opt_day, windows) || !tm_simulate_day(opt_day, openai)))
        return tm_fail(error, TM_ERROR_USAGE, "--day %s: say a duration (20s), pacific, utc, rolling or none",
                       opt_day);
    if (opt_day_kind && (!tm_simulate_day_kind(opt_day_kind, &windows->day) ||
                         !tm_simulate_day_kind(opt_day_kind, &openai->day)))
        return tm_fail(error, TM_ERROR_USAGE, "--day-kind %s: say pacific, utc, rolling or none",
                       opt_day_kind);
    return TRUE;
}

static gboolean check_preset(GError **error)
{
    g_autofree const char **known = tm_twin_presets();
    if (g_strcmp0(opt_preset, "gemini") == 0)
        return tm_fail(error, TM_ERROR_USAGE,
                       "--preset gemini: Gemini's OpenAI-compatible path, /v1beta/openai, is always there");
    if (!opt_preset || g_strv_contains(known, opt_preset))
        return TRUE;
    g_autofree char *all = g_strjoinv(", ", (char **)known);
    return tm_fail(error, TM_ERROR_USAGE, "--preset %s: say one of %s", opt_preset, all);
}

/* What --accounts says by itself. */
static gboolean check_alone(GError **error)
{
    const struct {
        const char *name;
        bool given;
    } others[] = {
        {"rpm", opt_rpm >= 0},          {"tpm", opt_tpm >= 0},          {"rpd", opt_rpd >= 0},
        {"minute", opt_minute != NULL}, {"day", opt_day != NULL},       {"day-kind", opt_day_kind != NULL},
        {"key", opt_keys != NULL},      {"models", opt_models != NULL}, {"tier", opt_tier != NULL},
        {"fail", opt_fails != NULL},    {"preset", opt_preset != NULL}};
    for (size_t i = 0; opt_accounts && i < G_N_ELEMENTS(others); i++)
        if (others[i].given)
            return tm_fail(error, TM_ERROR_USAGE,
                           "--%s and --accounts: each account of the file has its own; say it there",
                           others[i].name);
    return TRUE;
}

/* The keys to accept; NULL: any. */
static char **read_keys(void)
{
    const char *gemini = g_getenv("GEMINI_API_KEY"), *openai = g_getenv("OPENAI_API_KEY");
    if (opt_keys)
        return g_strdupv(opt_keys);
    GStrvBuilder *keys = g_strv_builder_new();
    if (gemini && *gemini)
        g_strv_builder_add(keys, gemini);
    if (openai && *openai)
        g_strv_builder_add(keys, openai);
    char **list = g_strv_builder_end(keys);
    g_strv_builder_unref(keys);
    if (!*list)
        g_clear_pointer(&list, g_strfreev);
    return list;
}

static char **read_models(void)
{
    GStrvBuilder *models = g_strv_builder_new();
    for (char **names = opt_models; names && *names; names++) {
        g_auto(GStrv) split = g_strsplit(*names, ",", -1);
        for (char **name = split; *name; name++)
            if (*g_strstrip(*name))
                g_strv_builder_add(models, *name);
    }
    char **list = g_strv_builder_end(models);
    g_strv_builder_unref(models);
    if (!*list)
        g_clear_pointer(&list, g_strfreev);
    return list;
}

static gboolean read_options(tm_twin_options *o, tm_windows *openai, GError **error)
{
    static const char *const tiers[] = {"free", "1", "2", "3", NULL};
    *o = (tm_twin_options){.rpm = opt_rpm,
                           .tpm = opt_tpm,
                           .rpd = opt_rpd,
                           .fails = opt_fails,
                           .seed = (uint64_t)opt_seed,
                           .preset = opt_preset,
                           .openai_windows = openai,
                           .tier = opt_tier};
    if (opt_port < 0 || opt_port > 65535)
        return tm_fail(error, TM_ERROR_USAGE, "--port %d: ports go from 1 to 65535; 0 takes a free one",
                       opt_port);
    if (opt_rpm < -1 || opt_tpm < -1 || opt_rpd < -1)
        return tm_fail(error, TM_ERROR_USAGE,
                       "--rpm, --tpm and --rpd count from 0; leave one out for no limit");
    if (opt_tier && !g_strv_contains(tiers, opt_tier))
        return tm_fail(error, TM_ERROR_USAGE, "--tier %s: say free, 1, 2 or 3", opt_tier);
    if (!check_preset(error) || !check_alone(error))
        return FALSE;
    if (!read_windows(&o->windows, openai, error) ||
        !read_duration("latency", opt_latency, &o->latency_ms, error))
        return FALSE;
    o->jitter_ms = opt_jitter ? o->latency_ms : 0;
    if (opt_jitter && *opt_jitter && !read_duration("jitter", opt_jitter, &o->jitter_ms, error))
        return FALSE;
    for (char **fault = opt_fails; fault && *fault; fault++)
        if (!tm_twin_fault_check(*fault, error))
            return g_prefix_error(error, "--fail: "), FALSE;
    o->keys = read_keys();
    o->models = read_models();
    return TRUE;
}

static void say_limits(int64_t rpm, int64_t tpm, int64_t rpd, const char *whose)
{
    const struct {
        const char *word;
        int64_t value;
    } limits[] = {{"requests a minute", rpm}, {"tokens a minute", tpm}, {"requests a day", rpd}};
    g_autoptr(GString) line = g_string_new(NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(limits); i++)
        if (limits[i].value >= 0)
            g_string_append_printf(line, "%s%" PRId64 " %s", line->len ? ", " : "", limits[i].value,
                                   limits[i].word);
    tm_say("%s: %s", whose, line->len ? line->str : "none");
}

static int serve(tm_context *context, tm_twin *twin, const tm_twin_options *o, GError **error)
{
    tm_signals_catch();
    tm_twin_server *server = tm_twin_server_start(twin, opt_port, tm_context_clock(context), error);
    if (!server)
        return TM_EXIT_ERROR;
    int port = tm_twin_server_port(server);
    if (!o->n_accounts)
        say_limits(o->rpm, o->tpm, o->rpd, "limits for each model");
    for (size_t i = 0; i < o->n_accounts; i++) {
        const tm_twin_account_options *account = &o->accounts[i];
        g_autofree char *head =
            g_strdup_printf("account %s (%s)", account->name ? account->name : "default", account->provider);
        say_limits(account->rpm, account->tpm, account->rpd, head);
    }
    tm_say("Gemini: --base-url http://127.0.0.1:%d/v1beta", port);
    tm_say("OpenAI and its like: --base-url http://127.0.0.1:%d/v1", port);
    tm_say("end it with Ctrl-C");
    printf("http://127.0.0.1:%d\n", port); /* ready: scripts wait for this line */
    fflush(stdout);
    tm_twin_server_run(server, tm_signals_fd());
    tm_twin_server_free(server);
    return TM_EXIT_OK;
}

static int run(tm_context *context, int argc, char **argv, GError **error)
{
    tm_twin_options o;
    tm_windows openai;
    (void)argc, (void)argv;
    if (!read_options(&o, &openai, error))
        return TM_EXIT_USAGE;
    g_autoptr(GArray) accounts = opt_accounts ? tm_simulate_accounts(opt_accounts, error) : NULL;
    if (opt_accounts && !accounts)
        return TM_EXIT_ERROR;
    if (accounts) {
        o.accounts = (const tm_twin_account_options *)(gpointer)accounts->data;
        o.n_accounts = accounts->len;
    }
    FILE *log = opt_log ? tm_simulate_log_open(opt_log, error) : NULL;
    int status = TM_EXIT_ERROR;
    if (!opt_log || log) {
        tm_twin *twin = tm_twin_new(&o);
        if (log)
            tm_twin_set_log(twin, tm_simulate_log_write, log);
        status = serve(context, twin, &o, error);
        tm_twin_free(twin);
    }
    if (log && fclose(log) != 0 && status == TM_EXIT_OK) {
        tm_fail(error, TM_ERROR_IO, "--log %s: %s", opt_log, g_strerror(errno));
        status = TM_EXIT_ERROR;
    }
    g_strfreev(o.keys);
    g_strfreev(o.models);
    return status;
}

const tm_command tm_cmd_simulate = {
    .name = "simulate",
    .args = "",
    .min_args = 0,
    .max_args = 0,
    .summary = "a strict twin of the API on this machine, for rehearsal and tests",
    .description =
        "Judges requests as Gemini does (/v1beta), and as OpenAI and those do that speak its wire\n"
        "(/v1/chat/completions, /v1/images/generations, /v1/models): keys, models, unknown fields, schemas,\n"
        "limits in sliding windows, credit. Answers \"echo: \" and the prompt, or a value that obeys the "
        "schema\n"
        "that was asked for, whole or as a stream; a picture is made from its prompt. The first line on "
        "stdout\n"
        "is its address; then it is ready.\n\n"
        "A file of accounts:\n"
        "  - {name: free, provider: gemini, key: one, tier: free, rpm: 5, rpd: 20, minute: 2s, day: 20s}\n"
        "  - {name: paid, provider: openai, key: two, tpm: 30000, credit: 0.05, fail: {overloaded: 0.1}}",
    .examples =
        "tidemill simulate --port 8090 --rpm 5 --rpd 20\n"
        "tidemill simulate --rpm 5 --rpd 20 --minute 2s --day 20s --latency 50ms   # a night in a minute\n"
        "tidemill simulate --preset groq --rpm 30 --tpm 6000 --rpd 1000\n"
        "tidemill simulate --accounts accounts.yaml --log seen.jsonl\n"
        "tidemill simulate --fail overloaded:0.3 --fail unknown@7 --log seen.jsonl",
    .options = options,
    .more = more,
    .run = run,
};
