/* cancel.c - tidemill cancel BATCH: its waiting rows will not be sent. */
#include "cmd/command.h"
#include "cmd/ui/say.h"
#include "core/json.h"
#include <stdio.h>

static gboolean opt_json;

static const GOptionEntry options[] = {
    {"json", 0, 0, G_OPTION_ARG_NONE, &opt_json, "One JSON object", NULL},
    {0},
};

static void tell(const tm_batch *batch, int64_t rows)
{
    if (opt_json) {
        g_autoptr(json_t) json =
            json_pack("{s:I, s:s, s:I, s:I}", "id", (json_int_t)batch->id, "batch", batch->name, "cancelled",
                      (json_int_t)rows, "running", (json_int_t)batch->n[TM_JOB_RUNNING]);
        g_autofree char *text = tm_json_text(json);
        puts(text);
        return;
    }
    g_autofree char *number = tm_ui_number(rows);
    if (rows == 0)
        tm_say("%s: no row was waiting", batch->name);
    else
        tm_say("%s: %s waiting row%s will not be sent any more; answers are kept", batch->name, number,
               rows == 1 ? "" : "s");
    g_autofree char *running = tm_ui_number(batch->n[TM_JOB_RUNNING]);
    if (batch->n[TM_JOB_RUNNING])
        tm_say("%s in flight: a running tidemill still records what they answer", running);
}

static int run(tm_context *context, int argc, char **argv, GError **error)
{
    (void)argc;
    tm_store *store;
    g_autoptr(tm_batch) batch = tm_context_batch(context, argv[1], &store, error);
    if (!batch)
        return TM_EXIT_ERROR;
    int64_t rows = tm_store_cancel(store, batch, error);
    if (rows < 0 || !tm_store_refresh(store, batch, error))
        return TM_EXIT_ERROR;
    tell(batch, rows);
    return TM_EXIT_OK;
}

const tm_command tm_cmd_cancel = {
    .name = "cancel",
    .args = "BATCH",
    .min_args = 1,
    .max_args = 1,
    .summary = "stop a batch: its waiting rows will not be sent",
    .description = "Answers stay, and so does the batch. Rows that are in flight are still recorded. To ask "
                   "the rows after\n"
                   "all: tidemill run PROMPT DATA --name NEW.",
    .examples = "tidemill cancel classify.reviews",
    .options = options,
    .run = run,
};
