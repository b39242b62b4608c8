/* simulate.c - tidemill simulate: the strict twin of the APIs on loopback */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cmd/command.h"
#include "cmd/ui/say.h"
#include "core/error.h"
#include "core/json.h"
#include "jobs/twin/twin_server.h"

static gint opt_port;
static gint64 opt_rpm = -1, opt_tpm = -1, opt_rpd = -1, opt_seed = 1;
static char *opt_minute, *opt_day, *opt_latency, *opt_jitter, *opt_log, *opt_tier;
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
    {"day", 0, 0, G_OPTION_ARG_STRING, &opt_day,
     "How long a day takes, or pacific (default), utc, rolling\n--day 20s", "TIME"},
    {"latency", 0, 0, G_OPTION_ARG_STRING, &opt_latency, "How long an answer takes\n--latency 50ms", "TIME"},
    {"fail", 0, 0, G_OPTION_ARG_STRING_ARRAY, &opt_fails,
     "What goes wrong: CLASS:RATE, CLASS@N,M, CLASS~TEXT\n--fail overloaded:0.05 --fail unknown@3 --fail "
     "blocked~rude",
     "FAULT"},
    {"log", 0, 0, G_OPTION_ARG_FILENAME, &opt_log, "Append a line of JSON for each arrival\n--log seen.jsonl",
     "FILE"},
    {0},
};
static const GOptionEntry more[] = {
    {"tpm", 0, 0, G_OPTION_ARG_INT64, &opt_tpm, "Input tokens a minute for each model\n--tpm 250000", "N"},
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

static int signal_pipe[2] = {-1, -1};

static void on_signal(int number)
{
    int kept = errno;
    (void)number;
    ssize_t written = write(signal_pipe[1], "", 1);
    (void)written;
    errno = kept;
}

/* A descriptor that becomes readable with SIGTERM or SIGINT. */
static int stop_fd(GError **error)
{
    struct sigaction action = {.sa_handler = on_signal};
    if (pipe2(signal_pipe, O_CLOEXEC | O_NONBLOCK) != 0) {
        tm_fail(error, TM_ERROR_IO, "can't make a pipe: %s", g_strerror(errno));
        return -1;
    }
    sigemptyset(&action.sa_mask);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGINT, &action, NULL);
    return signal_pipe[0];
}

static gboolean read_duration(const char *name, const char *text, int64_t *ms, GError **error)
{
    if (!text)
        return TRUE;
    *ms = tm_duration_parse(text);
    return *ms >= 0 ||
           tm_fail(error, TM_ERROR_USAGE, "--%s %s: no duration; say 500ms, 2s or 1m", name, text);
}

static gboolean read_windows(tm_windows *windows, GError **error)
{
    *windows = tm_windows_default;
    if (!read_duration("minute", opt_minute, &windows->minute_ms, error))
        return FALSE;
    if (windows->minute_ms <= 0)
        return tm_fail(error, TM_ERROR_USAGE, "--minute %s: a minute takes some time; say 2s", opt_minute);
    if (g_strcmp0(opt_day, "utc") == 0) {
        windows->day = TM_DAY_UTC;
    } else if (g_strcmp0(opt_day, "rolling") == 0) {
        windows->day = TM_DAY_ROLLING;
    } else if (opt_day && strcmp(opt_day, "pacific") != 0) {
        windows->day_ms = tm_duration_parse(opt_day);
        if (windows->day_ms <= 0)
            return tm_fail(error, TM_ERROR_USAGE, "--day %s: say a duration (20s), pacific, utc or rolling",
                           opt_day);
    }
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

static gboolean read_options(tm_twin_options *o, GError **error)
{
    static const char *const tiers[] = {"free", "1", "2", "3", NULL};
    *o = (tm_twin_options){.rpm = opt_rpm,
                           .tpm = opt_tpm,
                           .rpd = opt_rpd,
                           .fails = opt_fails,
                           .seed = (uint64_t)opt_seed,
                           .tier = opt_tier};
    if (opt_port < 0 || opt_port > 65535)
        return tm_fail(error, TM_ERROR_USAGE, "--port %d: ports go from 1 to 65535; 0 takes a free one",
                       opt_port);
    if (opt_rpm < -1 || opt_tpm < -1 || opt_rpd < -1)
        return tm_fail(error, TM_ERROR_USAGE,
                       "--rpm, --tpm and --rpd count from 0; leave one out for no limit");
    if (opt_tier && !g_strv_contains(tiers, opt_tier))
        return tm_fail(error, TM_ERROR_USAGE, "--tier %s: say free, 1, 2 or 3", opt_tier);
    if (!read_windows(&o->windows, error) || !read_duration("latency", opt_latency, &o->latency_ms, error))
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

static FILE *open_log(const char *path, GError **error)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600); /* it holds pieces of prompts */
    FILE *file = fd < 0 ? NULL : fdopen(fd, "a");
    if (!file) {
        tm_fail(error, TM_ERROR_IO, "--log %s: %s", path, g_strerror(errno));
        if (fd >= 0)
            close(fd);
        return NULL;
    }
    setvbuf(file, NULL, _IOLBF, 65536); /* what was seen is on file when the next request comes */
    return file;
}

static void write_line(const json_t *line, void *data)
{
    g_autoptr(GString) text = g_string_new(NULL);
    tm_json_write(text, line);
    g_string_append_c(text, '\n');
    fwrite(text->str, 1, text->len, data);
}

static void say_limits(const tm_twin_options *o)
{
    const struct {
        const char *word;
        int64_t value;
    } limits[] = {
        {"requests a minute", o->rpm}, {"input tokens a minute", o->tpm}, {"requests a day", o->rpd}};
    g_autoptr(GString) line = g_string_new(NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(limits); i++)
        if (limits[i].value >= 0)
            g_string_append_printf(line, "%s%" PRId64 " %s", line->len ? ", " : "", limits[i].value,
                                   limits[i].word);
    tm_say("limits for each model: %s", line->len ? line->str : "none");
}

static int serve(tm_context *context, tm_twin *twin, const tm_twin_options *o, GError **error)
{
    int fd = stop_fd(error);
    if (fd < 0)
        return TM_EXIT_ERROR;
    tm_twin_server *server = tm_twin_server_start(twin, opt_port, tm_context_clock(context), error);
    if (!server)
        return TM_EXIT_ERROR;
    int port = tm_twin_server_port(server);
    say_limits(o);
    tm_say("use it with --base-url http://127.0.0.1:%d/v1beta; end it with Ctrl-C", port);
    printf("http://127.0.0.1:%d\n", port); /* ready: scripts wait for this line */
    fflush(stdout);
    tm_twin_server_run(server, fd);
    tm_twin_server_free(server);
    return TM_EXIT_OK;
}

static int run(tm_context *context, int argc, char **argv, GError **error)
{
    tm_twin_options o;
    (void)argc, (void)argv;
    if (!read_options(&o, error))
        return TM_EXIT_USAGE;
    FILE *log = opt_log ? open_log(opt_log, error) : NULL;
    int status = TM_EXIT_ERROR;
    if (!opt_log || log) {
        tm_twin *twin = tm_twin_new(&o);
        if (log)
            tm_twin_set_log(twin, write_line, log);
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
        "Judges requests as Gemini does (and, under /v1/chat/completions, as OpenAI does): keys, models,\n"
        "unknown fields, limits in sliding windows. Answers \"echo: \" and the prompt, or a value that "
        "obeys\n"
        "the schema that was asked for. The first line on stdout is its address; then it is ready.",
    .examples =
        "tidemill simulate --port 8090 --rpm 5 --rpd 20\n"
        "tidemill simulate --rpm 5 --rpd 20 --minute 2s --day 20s --latency 50ms   # a night in a minute\n"
        "tidemill simulate --fail overloaded:0.3 --fail unknown@7 --log seen.jsonl",
    .options = options,
    .more = more,
    .run = run,
};
