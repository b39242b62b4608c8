/* run.c - tidemill run [PROMPT DATA | BATCH...]: queue what is new, then send until all is answered */
#include "cmd/batch_json.h"
#include "cmd/command.h"
#include "cmd/drive.h"
#include "cmd/mill.h"
#include "cmd/output.h"
#include "cmd/signals.h"
#include "cmd/ui/say.h"
#include "cmd/when.h"
#include "core/error.h"
#include "core/json.h"
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

static char *opt_output, *opt_format, *opt_until, *opt_on_finish;
static gboolean opt_no_wait, opt_partial, opt_keep_going, opt_hold_unknown, opt_spreadsheet, opt_json;
static tm_money_flags money;
static int64_t budget;
static gint64 opt_limit = G_MAXINT64; /* no end */
static int64_t until_ms;
static int opt_concurrency, opt_reask;
static gboolean opt_grow;

static const GOptionEntry options[] = {
    {"output", 'o', 0, G_OPTION_ARG_FILENAME, &opt_output,
     "Write the results there when all is done\n-o labels.csv", "FILE"},
    TM_SOURCE_OPTIONS,
    {"no-wait", 0, 0, G_OPTION_ARG_NONE, &opt_no_wait,
     "Stop instead of waiting for the next day's quota\n--no-wait", NULL},
    {"until", 0, 0, G_OPTION_ARG_STRING, &opt_until, "Stop at a time\n--until 07:30", "TIME"},
    {"limit", 0, 0, G_OPTION_ARG_INT64, &opt_limit, "Send at most N rows\n--limit 20", "N"},
    {0},
};
static const GOptionEntry more[] = {
    TM_SOURCE_MORE,
    TM_SOURCE_FETCH,
    TM_LANE_OPTIONS(tm_source_flags.lanes),
    {"format", 0, 0, G_OPTION_ARG_STRING, &opt_format,
     "Of -o: jsonl, csv or tsv (default: by its ending)\n--format csv", "F"},
    {"spreadsheet", 0, 0, G_OPTION_ARG_NONE, &opt_spreadsheet,
     "Make -o safe and readable for spreadsheets\n--spreadsheet", NULL},
    {"partial", 0, 0, G_OPTION_ARG_NONE, &opt_partial, "Write -o even if rows are still waiting\n--partial",
     NULL},
    {"concurrency", 0, 0, G_OPTION_ARG_INT, &opt_concurrency, "Requests in flight at most\n--concurrency 16",
     "N"},
    {"reask", 0, 0, G_OPTION_ARG_INT, &opt_reask,
     "Ask up to N times more when an answer breaks the schema, telling what is wrong\n--reask 1", "N"},
    {"grow", 0, 0, G_OPTION_ARG_NONE, &opt_grow,
     "Ask once more for an answer that was cut off, with four times the cap\n--grow", NULL},
    {"keep-going", 0, 0, G_OPTION_ARG_NONE, &opt_keep_going,
     "Don't stop when row after row fails the same way\n--keep-going", NULL},
    {"hold-unknown", 0, 0, G_OPTION_ARG_NONE, &opt_hold_unknown,
     "Don't send a row again whose request may have been billed without an answer\n--hold-unknown", NULL},
    {"on-finish", 0, 0, G_OPTION_ARG_STRING, &opt_on_finish,
     "Run this when it ends, with TIDEMILL_STATUS and TIDEMILL_BATCH set\n--on-finish 'notify-send done'",
     "CMD"},
    {"json", 0, 0, G_OPTION_ARG_NONE, &opt_json, "At the end print a line of JSON a batch\n--json", NULL},
    TM_MONEY_OPTIONS(money),
    {0},
};

static gboolean drive(tm_context *context, tm_mill *m, tm_drive_end *end, GError **error)
{
    guint n = m->sources->len;
    g_autofree tm_engine_work *works = g_new0(tm_engine_work, n + 1);
    for (guint i = 0; i < n; i++)
        works[i] = tm_source_work(m->sources->pdata[i], m->lanes->pdata[i]);
    tm_drive_options drive_options = {
        .concurrency = opt_concurrency,
        .limit = opt_limit == G_MAXINT64 ? 0 : opt_limit,
        .until_ms = until_ms,
        .budget_micro_usd = budget,
        .reask = opt_reask,
        .grow = opt_grow,
        .no_wait = opt_no_wait,
        .keep_going = opt_keep_going,
        .hold_unknown = opt_hold_unknown,
        .fetch_media = tm_source_flags.fetch_media,
        .fetch_private = tm_source_flags.fetch_private,
    };
    return tm_drive(context, works, n, &drive_options, end, error);
}

static gboolean write_output(tm_context *context, const tm_batch *batch, GError **error)
{
    tm_results_options results = {.spreadsheet = opt_spreadsheet};
    tm_results_count count;
    tm_store *store = tm_context_store(context, error);
    gboolean good = store && tm_output_format(opt_format, opt_output, &results.format, error) &&
                    tm_output_prepare(store, batch, &results, error) &&
                    tm_output_write(store, batch, &results, opt_output, &count, error);
    tm_output_done(&results);
    if (good && strcmp(opt_output, "-") != 0) {
        g_autofree char *n = tm_ui_number(count.n_rows);
        tm_say("%s rows written to %s", n, opt_output);
    }
    return good;
}

/* The counts of one batch, as the user wants to hear them. */
static char *counts(const tm_batch *b)
{
    GString *words = g_string_new(NULL);
    g_autofree char *done = tm_ui_number(b->n[TM_JOB_DONE]);
    g_autofree char *total = tm_ui_number(b->n_total);
    g_string_append_printf(words, "%s of %s answered", done, total);
    static const struct {
        tm_job_state state;
        const char *word;
    } others[] = {{TM_JOB_FAILED, "failed"},
                  {TM_JOB_BLOCKED, "blocked"},
                  {TM_JOB_HELD, "held, their fate unknown"},
                  {TM_JOB_CANCELLED, "cancelled"}};
    for (size_t i = 0; i < G_N_ELEMENTS(others); i++)
        if (b->n[others[i].state])
            g_string_append_printf(words, ", %" G_GINT64_FORMAT " %s", b->n[others[i].state], others[i].word);
    g_autofree char *waiting = tm_ui_number(tm_batch_open(b));
    if (tm_batch_open(b))
        g_string_append_printf(words, ", %s waiting", waiting);
    if (b->n_repeats)
        g_string_append_printf(words, "; %" G_GINT64_FORMAT " request%s of unknown fate %s sent again",
                               b->n_repeats, b->n_repeats == 1 ? "" : "s",
                               b->n_repeats == 1 ? "was" : "were");
    return g_string_free(words, FALSE);
}

static void append_flag(GString *words, const char *flag, const char *value)
{
    g_autofree char *word = value ? tm_ui_word(value) : NULL;
    if (word)
        g_string_append_printf(words, " --%s %s", flag, word);
}

static void append_limit(GString *words, const char *flag, int64_t value)
{
    if (value != TM_LIMIT_UNSAID)
        g_string_append_printf(words, " --%s %" G_GINT64_FORMAT, flag, value);
}

/* The command that goes on: the batch knows its prompt, data and model; where it is sent, what is allowed and
 * where the results go is said again. (transfer full) */
static char *go_on(const char *name)
{
    const tm_lane_flags *lanes = &tm_source_flags.lanes;
    g_autofree char *again = tm_context_again();
    GString *words = g_string_new("tidemill run");
    if (name)
        g_string_append_printf(words, " %s", name);
    if (opt_output && name) {
        g_autofree char *file = tm_ui_word(opt_output);
        g_string_append_printf(words, " -o %s", file);
        append_flag(words, "format", opt_format);
        g_string_append(words, opt_spreadsheet ? " --spreadsheet" : "");
    }
    append_flag(words, "account", lanes->account);
    append_flag(words, "route", lanes->route);
    append_flag(words, "base-url", lanes->base_url);
    append_limit(words, "rpm", lanes->rpm);
    append_limit(words, "tpm", lanes->tpm);
    append_limit(words, "rpd", lanes->rpd);
    append_flag(words, "budget", lanes->budget);
    if (opt_reask)
        g_string_append_printf(words, " --reask %d", opt_reask);
    g_string_append(words, opt_grow ? " --grow" : "");
    g_string_append(words, opt_hold_unknown ? " --hold-unknown" : "");
    g_string_append(words, tm_source_flags.fetch_media ? " --fetch-media" : "");
    g_string_append(words, tm_source_flags.fetch_private ? " --fetch-private" : "");
    g_string_append(words, again);
    return g_string_free(words, FALSE);
}

/* The reason in short: the service's own words, in brackets, were said when they came. (transfer full) */
static char *reason(const tm_drive_end *end)
{
    g_autofree char *words = g_strdup(end->words ? end->words : "rows are waiting");
    char *bracket = end->stop == TM_STOP_CLOSED ? strstr(words, " (") : NULL;
    if (bracket)
        *bracket = '\0';
    if (g_str_has_suffix(words, "."))
        words[strlen(words) - 1] = '\0';
    return end->stop == TM_STOP_SIGNAL ? g_steal_pointer(&words) : g_strconcat("stopped: ", words, NULL);
}

/* Why it stopped, and what to type. `when`: it is worth it from then; NULL: now. */
static void say_stopped(const tm_batch *batch, bool several, const tm_drive_end *end, const char *when)
{
    g_autofree char *why = reason(end);
    g_autofree char *name = tm_ui_word(batch->name);
    g_autofree char *next = go_on(several ? NULL : name);
    g_autofree char *again = tm_context_again();
    g_autoptr(GString) words = g_string_new(why);
    if (when)
        g_string_append_printf(words, "; worth it from %s", when);
    if (!several && end->stop == TM_STOP_CANARY && batch->n[TM_JOB_FAILED] + batch->n[TM_JOB_BLOCKED] > 0)
        g_string_append_printf(words,
                               ". See: tidemill results %s --failed%s; mend the prompt or the data, or go on "
                               "all the same with: %s --keep-going",
                               name, again, next);
    else if (end->stop == TM_STOP_CLOSED)
        g_string_append_printf(words, ". Mend that (tidemill check%s says what is there)%s. Go on with: %s",
                               again, strstr(why, " has no model ") ? ", or name another by --model" : "",
                               next);
    else
        g_string_append_printf(words, ". Go on with: %s", next);
    if (!several && opt_output && end->stop != TM_STOP_CANARY)
        g_string_append_printf(words, "; what is there now: tidemill results %s%s", name, again);
    tm_say("%s", words->str);
}

/* What to type to go on, or to see the results: always the last line. */
static void last_line(const tm_mill *m, int status, const tm_drive_end *end, int64_t now_ms)
{
    const tm_batch *first = ((tm_source *)m->sources->pdata[0])->batch;
    g_autofree char *name = tm_ui_word(first->name);
    g_autofree char *again = tm_context_again();
    if (status == TM_EXIT_WAITING) {
        g_autofree char *when = end->wait_until_ms > now_ms && end->wait_until_ms != INT64_MAX
                                    ? tm_ui_time_pacific(end->wait_until_ms, now_ms)
                                    : NULL;
        say_stopped(first, m->sources->len > 1, end, when);
        return;
    }
    if (status == TM_EXIT_FAILED)
        tm_say("see why: tidemill results %s --failed%s; ask those again: tidemill retry %s%s", name, again,
               name, again);
    else if (first->n_total == 0)
        tm_say("nothing to do: %s has no rows", first->data);
    else if (first->n[TM_JOB_CANCELLED] > 0)
        tm_say("cancelled rows are not sent any more; to ask them after all: tidemill run PROMPT DATA --name "
               "NEW");
    else if (!opt_output)
        tm_say("results: tidemill results %s -o results.csv%s", name, again);
}

static gboolean print_json(tm_store *store, const tm_batch *batch, int status, const tm_drive_end *end,
                           GError **error)
{
    g_autoptr(json_t) line = tm_batch_json(store, batch, error);
    if (!line)
        return FALSE;
    json_object_set_new(line, "exit", json_integer(status));
    if (status == TM_EXIT_WAITING && end->words)
        json_object_set_new(line, "stopped", json_string(end->words));
    g_autofree char *text = tm_json_text(line);
    puts(text);
    return TRUE;
}

static void on_finish(int status, const char *batch)
{
    g_autofree char *number = g_strdup_printf("%d", status);
    g_autoptr(GError) error = NULL;
    char *argv[] = {"/bin/sh", "-c", opt_on_finish, NULL};
    g_auto(GStrv) env = g_environ_setenv(g_get_environ(), "TIDEMILL_STATUS", number, TRUE);
    env = g_environ_setenv(env, "TIDEMILL_BATCH", batch, TRUE);
    if (!g_spawn_sync(NULL, argv, env, G_SPAWN_DEFAULT, NULL, NULL, NULL, NULL, NULL, &error))
        tm_warn("--on-finish: %s", error->message);
}

static void say_spent(const tm_drive_end *end)
{
    g_autofree char *spent = tm_price_text(end->view.spent_micro_usd), *of = tm_price_text(budget);
    if (end->view.spent_micro_usd > 0)
        tm_say("spent in this run: %s%s%s", spent, budget ? " of " : "", budget ? of : "");
}

static int finish(tm_context *context, tm_mill *m, tm_drive_end *end, GError **error)
{
    for (guint i = 0; i < m->sources->len; i++) {
        tm_batch *batch = ((tm_source *)m->sources->pdata[i])->batch;
        if (!tm_store_refresh(tm_context_store(context, error), batch, error))
            return TM_EXIT_ERROR;
        g_autofree char *words = counts(batch);
        tm_say("%s: %s", batch->name, words);
    }
    say_spent(end);
    const tm_batch *first = ((tm_source *)m->sources->pdata[0])->batch;
    int status = tm_mill_status(m);
    if (opt_output && (status != TM_EXIT_WAITING || opt_partial) && !write_output(context, first, error))
        return TM_EXIT_ERROR;
    for (guint i = 0; opt_json && i < m->sources->len; i++)
        if (!print_json(tm_context_store(context, error), ((tm_source *)m->sources->pdata[i])->batch, status,
                        end, error))
            return TM_EXIT_ERROR;
    last_line(m, status, end, tm_clock_now(tm_context_clock(context)).wall_ms);
    if (opt_on_finish)
        on_finish(status, first->name);
    return status;
}

static gboolean check_flags(tm_context *context, GError **error)
{
    if (opt_limit < 1)
        return tm_fail(error, TM_ERROR_USAGE,
                       "--limit takes a number above 0; to queue and send nothing: tidemill add");
    if (opt_reask < 0 || opt_reask > 10)
        return tm_fail(error, TM_ERROR_USAGE, "--reask takes a number up to 10");
    if (opt_concurrency < 0)
        return tm_fail(error, TM_ERROR_USAGE, "--concurrency takes a number above 0");
    if (opt_json && opt_output && strcmp(opt_output, "-") == 0)
        return tm_fail(error, TM_ERROR_USAGE, "--json and -o - both write to stdout: choose one");
    if (!tm_money_budget(&tm_source_flags.lanes, &budget, error))
        return FALSE;
    return !opt_until ||
           tm_when_parse(opt_until, tm_clock_now(tm_context_clock(context)).wall_ms, &until_ms, error);
}

static int run(tm_context *context, int argc, char **argv, GError **error)
{
    g_auto(tm_mill) m = {0};
    tm_drive_end end = {0};
    tm_results_format format;
    if (!check_flags(context, error))
        return TM_EXIT_USAGE;
    if (!tm_output_format(opt_format, opt_output, &format, error) || !tm_output_check(opt_output, error))
        return TM_EXIT_ERROR;
    if (opt_format && !opt_output)
        tm_warn("--format is that of the results (-o FILE), and there is no -o; the data's is --data-format");
    tm_signals_catch();
    if (!tm_mill_gather(context, &m, argc, argv, error))
        return TM_EXIT_ERROR;
    if (m.sources->len == 0) {
        tm_say("nothing is waiting. Begin with: tidemill run PROMPT DATA");
        return TM_EXIT_OK;
    }
    if (opt_output && m.sources->len > 1) {
        tm_fail(error, TM_ERROR_USAGE, "-o takes the results of one batch; %u are open: name one",
                m.sources->len);
        return TM_EXIT_USAGE;
    }
    GError *why = NULL;
    if (!tm_mill_agree(context, &m, &money, &why)) {
        if (!why)
            tm_say("nothing was sent; the rows are queued");
        else
            g_propagate_error(error, why);
        return why ? TM_EXIT_ERROR : TM_EXIT_WAITING;
    }
    if (!drive(context, &m, &end, error))
        return TM_EXIT_ERROR;
    int status = finish(context, &m, &end, error);
    g_free(end.words);
    return status;
}

const tm_command tm_cmd_run = {
    .name = "run",
    .args = "[PROMPT DATA | BATCH...]",
    .min_args = 0,
    .max_args = -1,
    .summary = "queue what is new, then send until every row is answered",
    .description = "Waits through the night when the day's quota is spent. Close the terminal, lose the "
                   "network, kill it:\n"
                   "the same command goes on where it was. Without names it works all open batches.",
    .examples =
        "tidemill run classify.prompt reviews.csv -o labels.csv\n"
        "tidemill run export.zip#classify reviews.csv --limit 20\n"
        "tidemill run --prompt 'Label {{text}} as positive or negative' --model gemini-2.5-flash data.csv\n"
        "tidemill run classify.reviews --no-wait\n"
        "tidemill run",
    .options = options,
    .more = more,
    .run = run,
};
