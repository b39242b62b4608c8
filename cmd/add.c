/* add.c - tidemill add PROMPT DATA: queue only */
#include "cmd/command.h"
#include "cmd/source_batch.h"
#include "cmd/source_queue.h"
#include "cmd/ui/say.h"
#include "core/error.h"
#include "core/json.h"
#include <stdio.h>

static gboolean opt_json;

static const GOptionEntry options[] = {
    TM_SOURCE_OPTIONS,
    {"json", 0, 0, G_OPTION_ARG_NONE, &opt_json, "One JSON object\n--json", NULL},
    {0},
};
static const GOptionEntry more[] = {TM_SOURCE_MORE, {0}};

static void print_json(const tm_batch *batch, const tm_intake_result *result)
{
    g_autoptr(json_t) json =
        json_pack("{s:s, s:I, s:I, s:I, s:I, s:I, s:I}", "batch", batch->name, "id", (json_int_t)batch->id,
                  "rows", (json_int_t)batch->n_total, "new", (json_int_t)result->added.n_new, "known",
                  (json_int_t)result->added.n_known, "duplicates", (json_int_t)result->added.n_duplicates,
                  "rejected", (json_int_t)result->n_rejected);
    g_autofree char *text = tm_json_text(json);
    puts(text);
}

static int run(tm_context *context, int argc, char **argv, GError **error)
{
    bool text = tm_source_flags.prompt != NULL;
    if (argc != (text ? 2 : 3)) {
        tm_fail(error, TM_ERROR_USAGE,
                text ? "with --prompt TEXT name the data file, and nothing else"
                     : "add needs a prompt and a data file");
        return TM_EXIT_USAGE;
    }
    g_autoptr(tm_source) source = tm_source_open(text ? NULL : argv[1], argv[argc - 1], error);
    g_auto(tm_intake_result) result = {0};
    if (!source || !tm_source_begin(context, source, false, error) ||
        !tm_source_add(context, source, NULL, &result, error))
        return TM_EXIT_ERROR;
    if (opt_json)
        print_json(source->batch, &result);
    g_autofree char *name = tm_ui_word(source->batch->name);
    g_autofree char *again = tm_context_again();
    if (source->batch->n_total == 0)
        tm_say("nothing to do: %s has no rows", source->data);
    else if (tm_batch_open(source->batch) == 0)
        tm_say("all of them are answered: tidemill results %s%s", name, again);
    else
        tm_say("send them with: tidemill run %s%s", name, again);
    return TM_EXIT_OK;
}

const tm_command tm_cmd_add = {
    .name = "add",
    .args = "PROMPT DATA",
    .min_args = 1,
    .max_args = 2,
    .summary = "queue a prompt over a data file, send nothing",
    .description = "The same command again queues only the rows that are new.",
    .examples = "tidemill add classify.prompt reviews.csv\n"
                "tidemill add classify.prompt reviews.csv --priority 5",
    .options = options,
    .more = more,
    .run = run,
};
