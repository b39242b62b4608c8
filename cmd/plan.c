/* plan.c - tidemill plan PROMPT DATA: what a run would do, and how many nights it takes */
#include "cmd/command.h"
#include "cmd/forecast.h"
#include "cmd/source_batch.h"
#include "cmd/source_queue.h"
#include "cmd/ui/say.h"
#include "core/error.h"
#include "core/json.h"
#include <stdio.h>
#include <string.h>

static gboolean opt_json;

static const GOptionEntry options[] = {
    TM_SOURCE_OPTIONS,
    {"json", 0, 0, G_OPTION_ARG_NONE, &opt_json, "As one JSON object\n--json", NULL},
    {0},
};
static const GOptionEntry more[] = {TM_SOURCE_MORE, TM_LANE_OPTIONS(tm_source_flags.lanes), {0}};

typedef struct {
    tm_source *source;
    tm_intake_result intake;
    tm_store_totals_t totals;
    tm_cost each;
    int64_t to_send; /* new rows and those that wait already */
    json_t *json;
} planned;

/* Counts what an add would queue; the store is read only, and may not exist yet. */
static gboolean count_rows(tm_context *context, planned *p, GError **error)
{
    tm_store *store = NULL;
    if (!tm_source_find(context, p->source, error))
        return FALSE;
    store = tm_context_store(context, error);
    tm_intake_options intake = {.dry_run = true};
    if (!tm_source_add(context, p->source, &intake, &p->intake, error))
        return FALSE;
    if (p->source->batch && !tm_store_totals(store, p->source->batch, &p->totals, error))
        return FALSE;
    p->to_send = p->intake.added.n_new + (p->source->batch ? tm_batch_open(p->source->batch) : 0);
    int64_t bytes = (int64_t)tm_template_static_length(p->source->prompt->template) +
                    (p->intake.rows ? p->intake.bytes / p->intake.rows : 0);
    p->each = tm_row_cost(&p->totals, bytes);
    return TRUE;
}

static void print_rows(const planned *p)
{
    const tm_added *a = &p->intake.added;
    g_autofree char *n_new = tm_ui_number(a->n_new);
    g_autofree char *known = tm_ui_number(a->n_known);
    g_autofree char *tokens = tm_ui_number(p->each.of[TM_UNIT_INPUT_TOKENS] * p->to_send);
    printf("rows: %s new, %s known", n_new, known);
    if (a->n_duplicates && !tm_source_flags.id)
        printf(", %" G_GINT64_FORMAT " the same as an earlier one%s", a->n_duplicates,
               tm_source_flags.dedupe ? " (asked once)" : " (--dedupe asks once)");
    if (p->intake.n_rejected)
        printf(", %" G_GINT64_FORMAT " rejected", p->intake.n_rejected);
    printf("\nto send: %" G_GINT64_FORMAT " requests, about %" G_GINT64_FORMAT
           " input tokens each%s, %s in all\n",
           p->to_send, p->each.of[TM_UNIT_INPUT_TOKENS],
           p->totals.answered ? " (as counted so far)" : " (a guess)", tokens);
    if (p->source->batch)
        printf("batch: %s, %" G_GINT64_FORMAT " answered\n", p->source->batch->name,
               p->source->batch->n[TM_JOB_DONE]);
}

static void print_lane(const planned *p, const tm_engine_lane *lane, const tm_outlook *o, int64_t now_ms)
{
    printf("%s: ", o->lane);
    if (p->to_send == 0) {
        printf("nothing to send\n");
    } else if (o->finish_ms == INT64_MAX) {
        printf("never: a row is larger than a limit allows, or the limit is 0 (%s)\n",
               tm_limit_word(o->forecast.bound.unit, o->forecast.bound.window));
    } else {
        g_autofree char *when = o->forecast.days > 1 ? tm_ui_time_pacific(o->finish_ms, now_ms)
                                                     : tm_ui_time(o->finish_ms, now_ms);
        if (o->forecast.a_day >= 0)
            printf("%" G_GINT64_FORMAT " night%s at %" G_GINT64_FORMAT " a day", o->forecast.days,
                   o->forecast.days == 1 ? "" : "s", o->forecast.a_day);
        else
            printf("at %.1f a minute", o->forecast.a_minute);
        printf(", done about %s", when);
        if (o->forecast.bound.value >= 0)
            printf("; bound by %s %" G_GINT64_FORMAT " (%s%s)",
                   tm_limit_word(o->forecast.bound.unit, o->forecast.bound.window), o->forecast.bound.value,
                   tm_limit_source_name(o->forecast.bound.source),
                   o->forecast.bound.hard ? "" : ", not certain");
        printf("\n");
    }
    printf("cost: %s\n", lane->account->costs ? "this account costs money" : "nothing on this account");
}

static void add_lane_json(planned *p, const tm_engine_lane *lane, const tm_outlook *o)
{
    json_t *entry = json_pack("{s:s, s:s, s:I, s:I, s:f}", "account", lane->account->name, "model",
                              lane->model, "nights", (json_int_t)o->forecast.days, "a_day",
                              (json_int_t)o->forecast.a_day, "a_minute", o->forecast.a_minute);
    json_object_set_new(entry, "finish_ms",
                        o->finish_ms == INT64_MAX ? json_null() : json_integer(o->finish_ms));
    json_object_set_new(entry, "costs", json_boolean(lane->account->costs));
    json_array_append_new(json_object_get(p->json, "accounts"), entry);
}

static gboolean print_plan(tm_context *context, planned *p, GError **error)
{
    int64_t now_ms = tm_clock_now(tm_context_clock(context)).wall_ms;
    g_autoptr(GArray) lanes = tm_source_lanes(context, p->source, error);
    if (!lanes)
        return FALSE;
    tm_lanes_note(context, lanes, true);
    if (opt_json)
        p->json = json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:[]}", "new", (json_int_t)p->intake.added.n_new,
                            "known", (json_int_t)p->intake.added.n_known, "duplicates",
                            (json_int_t)p->intake.added.n_duplicates, "rejected",
                            (json_int_t)p->intake.n_rejected, "requests", (json_int_t)p->to_send,
                            "tokens_each", (json_int_t)p->each.of[TM_UNIT_INPUT_TOKENS], "accounts");
    else
        print_rows(p);
    for (guint i = 0; i < lanes->len; i++) {
        const tm_engine_lane *lane = &g_array_index(lanes, tm_engine_lane, i);
        tm_outlook outlook = {0};
        if (!tm_outlook_lane(context, lane, &p->each, p->to_send, &outlook, error))
            return FALSE;
        if (opt_json)
            add_lane_json(p, lane, &outlook);
        else
            print_lane(p, lane, &outlook, now_ms);
    }
    if (p->json) {
        g_autofree char *text = tm_json_text(p->json);
        puts(text);
    }
    return TRUE;
}

static int run(tm_context *context, int argc, char **argv, GError **error)
{
    bool text = tm_source_flags.prompt != NULL;
    if (argc != (text ? 2 : 3)) {
        tm_fail(error, TM_ERROR_USAGE, "plan needs a prompt and a data file");
        return TM_EXIT_USAGE;
    }
    planned p = {.source = tm_source_open(text ? NULL : argv[1], argv[argc - 1], error)};
    gboolean good = p.source && count_rows(context, &p, error) && print_plan(context, &p, error);
    tm_source_free(p.source);
    json_decref(p.json);
    tm_intake_result_clear(&p.intake);
    return good ? TM_EXIT_OK : TM_EXIT_ERROR;
}

const tm_command tm_cmd_plan = {
    .name = "plan",
    .args = "PROMPT DATA",
    .min_args = 1,
    .max_args = 2,
    .summary = "what a run would send, on how many nights, and when it is done",
    .description = "Sends nothing and queues nothing.",
    .examples = "tidemill plan classify.prompt reviews.csv\n"
                "tidemill plan classify.prompt reviews.csv --rpd 250",
    .options = options,
    .more = more,
    .run = run,
};
