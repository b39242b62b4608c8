/* plan.c - tidemill plan PROMPT DATA: what a run would do, and how many nights it takes */
#include "cmd/command.h"
#include "cmd/estimate.h"
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
    tm_prospect prospect; /* rows: new ones and those that wait already */
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
    tm_prospect *ahead = &p->prospect;
    const tm_batch *batch = p->source->batch;
    if (batch && (!tm_store_totals(store, batch, &ahead->totals, error) ||
                  !tm_store_sample(store, batch, &ahead->sizes, &ahead->latency_ms, error)))
        return FALSE;
    ahead->rows = p->intake.added.n_new + (batch ? tm_batch_open(batch) : 0);
    ahead->prompt_bytes = (int64_t)tm_template_static_length(p->source->prompt->template);
    if (p->intake.sizes.rows > 0)
        ahead->sizes = p->intake.sizes;
    return TRUE;
}

static void print_rows(const planned *p)
{
    const tm_added *a = &p->intake.added;
    g_autofree char *n_new = tm_ui_number(a->n_new);
    g_autofree char *known = tm_ui_number(a->n_known);
    g_autofree char *tokens = tm_ui_number(tm_prospect_tokens(&p->prospect) * p->prospect.rows);
    printf("rows: %s new, %s known", n_new, known);
    if (a->n_duplicates && !tm_source_flags.id)
        printf(", %" G_GINT64_FORMAT " the same as an earlier one%s", a->n_duplicates,
               tm_source_flags.dedupe ? " (asked once)" : " (--dedupe asks once)");
    if (p->intake.n_rejected)
        printf(", %" G_GINT64_FORMAT " rejected", p->intake.n_rejected);
    printf("\nto send: %" G_GINT64_FORMAT " requests, about %" G_GINT64_FORMAT
           " input tokens each%s, %s in all\n",
           p->prospect.rows, tm_prospect_tokens(&p->prospect),
           tm_prospect_counted(&p->prospect) ? " (as counted so far)" : " (a guess)", tokens);
    if (p->source->batch)
        printf("batch: %s, %" G_GINT64_FORMAT " answered\n", p->source->batch->name,
               p->source->batch->n[TM_JOB_DONE]);
}

static void print_lane(const planned *p, const tm_engine_lane *lane, const tm_outlook *o, int64_t now_ms)
{
    g_autofree char *words = p->prospect.rows ? tm_outlook_words(o) : g_strdup("nothing to send");
    g_autofree char *line = g_strdup_printf("%s: %s", o->lane, words);
    g_autofree char *shown = tm_ui_show(1, line); /* a server's own words may be among them */
    printf("%s", shown);
    if (p->prospect.rows && o->finish_ms != INT64_MAX) {
        g_autofree char *when = o->forecast.nights > 1 ? tm_ui_time_pacific(o->finish_ms, now_ms)
                                                       : tm_ui_time(o->finish_ms, now_ms);
        printf("; done about %s", when);
    }
    printf("\n");
    if (p->prospect.rows && o->hold_until_ms > now_ms && o->hold_until_ms != INT64_MAX) {
        g_autofree char *until = tm_ui_time_pacific(o->hold_until_ms, now_ms);
        g_autofree char *why = tm_ui_show(1, o->why);
        printf("held until %s: %s\n", until, why);
    }
    if (o->forecast.too_large > 0 && o->forecast.end == TM_FORECAST_DONE)
        printf("about %" G_GINT64_FORMAT
               " rows are larger than a limit allows: they will fail as too_large\n",
               o->forecast.too_large);
    tm_estimate estimate = tm_estimate_of(lane, &p->prospect, p->source->prompt, now_ms);
    g_autofree char *cost = tm_estimate_words(&estimate);
    printf("cost: %s\n", cost);
}

static json_t *bound_json(const tm_limit *bound)
{
    if (bound->value < 0)
        return json_null();
    return json_pack("{s:s, s:s, s:s, s:I, s:s, s:b}", "unit", tm_unit_name(bound->unit), "window",
                     tm_window_name(bound->window), "word", tm_limit_word(bound->unit, bound->window),
                     "limit", (json_int_t)bound->value, "source", tm_limit_source_name(bound->source), "hard",
                     (int)bound->hard);
}

static json_t *instant_json(int64_t ms)
{
    return ms == INT64_MAX ? json_null() : json_integer(ms);
}

static void add_lane_json(planned *p, const tm_engine_lane *lane, const tm_outlook *o, int64_t now_ms)
{
    const tm_forecast *f = &o->forecast;
    json_t *entry = json_pack("{s:s, s:s, s:I, s:I, s:f, s:I, s:s, s:I}", "account", lane->account->name,
                              "model", lane->model, "nights", (json_int_t)f->nights, "a_day",
                              (json_int_t)f->a_day, "a_minute", f->a_minute, "today", (json_int_t)f->today,
                              "end", tm_forecast_end_name(f->end), "too_large", (json_int_t)f->too_large);
    json_object_set_new(entry, "first_ms", instant_json(f->first_ms));
    json_object_set_new(entry, "finish_ms", instant_json(o->finish_ms));
    json_object_set_new(entry, "bound", bound_json(&f->bound));
    tm_estimate estimate = tm_estimate_of(lane, &p->prospect, p->source->prompt, now_ms);
    g_autoptr(json_t) cost = tm_estimate_json(&estimate);
    json_object_update(entry, cost);
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
                            (json_int_t)p->intake.n_rejected, "requests", (json_int_t)p->prospect.rows,
                            "tokens_each", (json_int_t)tm_prospect_tokens(&p->prospect), "accounts");
    else
        print_rows(p);
    for (guint i = 0; i < lanes->len; i++) {
        const tm_engine_lane *lane = &g_array_index(lanes, tm_engine_lane, i);
        tm_outlook outlook = {0};
        if (!tm_outlook_lane(context, lane, &p->prospect, &outlook, error))
            return FALSE;
        if (opt_json)
            add_lane_json(p, lane, &outlook, now_ms);
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
