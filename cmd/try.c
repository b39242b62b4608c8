/* try.c - tidemill try PROMPT DATA: send a row or some now, and look at prompt, answer, tokens */
#include "cmd/command.h"
#include "cmd/drive.h"
#include "cmd/forecast.h"
#include "cmd/money.h"
#include "cmd/source_batch.h"
#include "cmd/source_queue.h"
#include "cmd/ui/say.h"
#include "core/error.h"
#include "core/json.h"
#include "jobs/results_row.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int opt_n = 1, opt_sample;
static gint64 opt_row, opt_seed = 1;
static gboolean opt_json;
static tm_money_flags money;
static int64_t budget;

static const GOptionEntry options[] = {
    {"rows", 'n', 0, G_OPTION_ARG_INT, &opt_n, "The first N rows (default 1)\n-n 3", "N"},
    {"row", 0, 0, G_OPTION_ARG_INT64, &opt_row, "Row K of the data\n--row 17", "K"},
    {"sample", 0, 0, G_OPTION_ARG_INT, &opt_sample, "N rows drawn by chance\n--sample 5", "N"},
    TM_SOURCE_OPTIONS,
    {"json", 0, 0, G_OPTION_ARG_NONE, &opt_json, "A line of JSON a row\n--json", NULL},
    {0},
};
static const GOptionEntry more[] = {
    {"seed", 0, 0, G_OPTION_ARG_INT64, &opt_seed, "Which chance --sample takes\n--seed 7", "S"},
    TM_SOURCE_MORE,
    TM_SOURCE_FETCH,
    TM_LANE_OPTIONS(tm_source_flags.lanes),
    TM_MONEY_OPTIONS(money),
    {0},
};

static void print_messages(const tm_source *source, const tm_stored *row)
{
    g_autoptr(json_t) body = tm_json_parse_row(row->body, row->body_length, NULL);
    g_autoptr(json_t) input = body ? tm_binding_input(source->binding, body, NULL) : NULL;
    g_autoptr(GPtrArray) messages = input ? tm_prompt_render(source->prompt, input, NULL) : NULL;
    for (guint i = 0; messages && i < messages->len; i++) {
        const tm_message *message = messages->pdata[i];
        for (guint k = 0; k < message->parts->len; k++) {
            const tm_part *part = message->parts->pdata[k];
            g_autofree char *text = tm_ui_show(1, part->kind == TM_PART_TEXT ? part->text->str
                                                  : part->url                ? part->url
                                                                             : "(part)");
            printf("%s: %s\n", message->role, g_strchomp(text));
        }
    }
}

static void print_answer(const tm_source *source, const tm_stored *row)
{
    printf("--- row %" G_GINT64_FORMAT "\n", row->ordinal);
    print_messages(source, row);
    if (row->output) {
        g_autofree char *text = tm_ui_show(1, row->output);
        printf("=> %s\n", g_strchomp(text));
    }
    if (row->state != TM_JOB_DONE) {
        g_autofree char *why = tm_ui_show(1, row->message ? row->message : "");
        printf("%s%s%s%s%s\n", tm_job_state_name(row->state), row->revision ? ", " : "",
               row->revision ? tm_class_name(row->class) : "", *why ? ": " : "", why);
    }
    if (row->usage.input >= 0)
        printf("(%s; tokens: %" G_GINT64_FORMAT " in, %" G_GINT64_FORMAT " out, %" G_GINT64_FORMAT
               " thinking)\n",
               row->model ? row->model : "?", row->usage.input, MAX(row->usage.output, 0),
               MAX(row->usage.thinking, 0));
}

/* The line that `results` prints of this row. */
static void print_json(const tm_source *source, const tm_stored *row)
{
    tm_result result = {.number = row->ordinal,
                        .status = tm_job_state_name(row->state),
                        .key = row->key,
                        .stored = row,
                        .labels = source->prompt->labels,
                        .checked = true};
    GString *line = g_string_new(NULL);
    tm_result_write_json(&result, tm_prompt_wants_json(source->prompt), line);
    fwrite(line->str, 1, line->len, stdout);
    g_string_free(line, TRUE);
}

static void say_use(const tm_use *use)
{
    g_autofree char *used = tm_ui_number(use->used);
    g_autofree char *limit = tm_ui_number(use->limit.value);
    tm_say("%s of %s used today", used, limit);
}

/* "1 of 20 used today" */
static void say_today(tm_context *context, const tm_engine_lane *lane)
{
    tm_ledger *ledger = tm_context_ledger(context, NULL);
    tm_lane asked = {
        .scope = tm_ledger_scope(ledger, lane->account, NULL),
        .model = lane->model,
        .windows = &lane->account->windows,
        .limits = (const tm_limit *)(const void *)lane->limits->data,
        .n_limits = lane->limits->len,
        .guard_ms = lane->account->guard_ms,
    };
    g_autoptr(GArray) uses = tm_ledger_uses(ledger, &asked, NULL);
    for (guint i = 0; uses && i < uses->len; i++) {
        const tm_use *use = &g_array_index(uses, tm_use, i);
        if (use->limit.unit == TM_UNIT_REQUESTS && use->limit.window == TM_WINDOW_DAY)
            say_use(use);
    }
}

/* Shows every tried row's answer. The command's status: as run's. */
static int show(tm_context *context, const tm_source *source, const GArray *jobs, const GArray *lanes,
                const tm_drive_end *end, GError **error)
{
    int status = TM_EXIT_OK;
    for (guint i = 0; i < jobs->len; i++) {
        tm_stored row = {0};
        if (!tm_store_row(tm_context_store(context, error), source->batch, g_array_index(jobs, int64_t, i),
                          &row, error))
            return TM_EXIT_ERROR;
        if (opt_json)
            print_json(source, &row);
        else
            print_answer(source, &row);
        if (row.state == TM_JOB_WAITING || row.state == TM_JOB_RUNNING)
            status = TM_EXIT_WAITING;
        else if (row.state != TM_JOB_DONE && status == TM_EXIT_OK)
            status = TM_EXIT_FAILED;
        tm_stored_clear(&row);
    }
    fflush(stdout);
    if (end->view.sent == 0 && status != TM_EXIT_WAITING)
        tm_say("answered before: nothing was sent");
    say_today(context, &g_array_index(lanes, tm_engine_lane, 0));
    if (status == TM_EXIT_WAITING)
        tm_say("stopped: %s. Go on with the same command",
               end->words ? end->words : "the row is still waiting");
    else
        tm_say("all rows: the same with run instead of try");
    return status;
}

static gboolean agree(tm_context *context, const tm_source *source, const GArray *lanes, guint rows,
                      GError **error)
{
    tm_prospect prospect;
    tm_store *store = tm_context_store(context, error);
    if (!store || !tm_outlook_prospect(store, source->prompt, source->batch, &prospect, error))
        return FALSE;
    prospect.rows = MIN(prospect.rows, rows);
    return tm_money_agree(context, lanes, &prospect, source->prompt, &tm_source_flags.lanes, &money, error);
}

static gboolean check(int argc, GError **error)
{
    if (argc != (tm_source_flags.prompt ? 2 : 3))
        return tm_fail(error, TM_ERROR_USAGE, "try needs a prompt and a data file");
    if (opt_n < 1 || opt_row < 0 || opt_sample < 0)
        return tm_fail(error, TM_ERROR_USAGE, "-n, --row and --sample take a number above 0");
    return tm_money_budget(&tm_source_flags.lanes, &budget, error);
}

static int run(tm_context *context, int argc, char **argv, GError **error)
{
    if (!check(argc, error))
        return TM_EXIT_USAGE;
    g_autoptr(tm_source) source =
        tm_source_open(tm_source_flags.prompt ? NULL : argv[1], argv[argc - 1], error);
    g_autoptr(GArray) lanes = source ? tm_source_lanes(context, source, error) : NULL;
    if (lanes)
        tm_lanes_note(context, lanes, true);
    if (!lanes || !tm_source_begin(context, source, true, error))
        return TM_EXIT_ERROR;
    g_auto(tm_intake_result) intake = {0};
    tm_intake_options intake_options = {.first = opt_row || opt_sample ? 0 : opt_n,
                                        .row = opt_row,
                                        .sample = opt_sample,
                                        .seed = (uint64_t)opt_seed};
    if (!tm_source_add(context, source, &intake_options, &intake, error))
        return TM_EXIT_ERROR;
    g_autoptr(GArray) jobs = tm_source_chosen(context, source, &intake, error);
    if (!jobs)
        return TM_EXIT_ERROR;
    if (jobs->len == 0) {
        if (opt_row)
            tm_fail(error, TM_ERROR_INPUT, "%s has no row %" G_GINT64_FORMAT, argv[argc - 1], opt_row);
        else
            tm_fail(error, TM_ERROR_INPUT, "%s has no rows%s", argv[argc - 1],
                    intake.n_rejected ? " that can be used" : "");
        return TM_EXIT_ERROR;
    }
    tm_engine_work work = tm_source_work(source, lanes);
    work.jobs = (const int64_t *)(void *)jobs->data;
    work.n_jobs = jobs->len;
    GError *why = NULL;
    if (!agree(context, source, lanes, jobs->len, &why)) {
        if (!why)
            tm_say("nothing was sent");
        else
            g_propagate_error(error, why);
        return why ? TM_EXIT_ERROR : TM_EXIT_WAITING;
    }
    tm_drive_options drive = {.fetch_media = tm_source_flags.fetch_media,
                              .fetch_private = tm_source_flags.fetch_private,
                              .no_wait = true,
                              .budget_micro_usd = budget};
    tm_drive_end end = {0};
    if (!tm_drive(context, &work, 1, &drive, &end, error))
        return TM_EXIT_ERROR;
    int status = show(context, source, jobs, lanes, &end, error);
    g_free(end.words);
    return status;
}

const tm_command tm_cmd_try = {
    .name = "try",
    .args = "PROMPT DATA",
    .min_args = 1,
    .max_args = 2,
    .summary = "send one row now, see prompt, answer and tokens",
    .description = "The answer is kept: a run over the same data does not ask that row again.",
    .examples = "tidemill try classify.prompt reviews.csv\n"
                "tidemill try classify.prompt reviews.csv --row 17\n"
                "tidemill try classify.prompt reviews.csv --sample 3 --seed 7",
    .options = options,
    .more = more,
    .run = run,
};
