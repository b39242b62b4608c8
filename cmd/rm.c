/* rm.c - tidemill rm BATCH: a batch goes, with its rows and answers. */
#include "cmd/command.h"
#include "cmd/ui/say.h"
#include "core/error.h"
#include "core/json.h"
#include <stdio.h>
#include <unistd.h>

static gboolean opt_yes, opt_json;

static const GOptionEntry options[] = {
    {"yes", 'y', 0, G_OPTION_ARG_NONE, &opt_yes, "Do not ask", NULL},
    {"json", 0, 0, G_OPTION_ARG_NONE, &opt_json, "One JSON object", NULL},
    {0},
};

/* Yes, on the terminal or by --yes. False without *error: no. */
static gboolean confirmed(const tm_batch *batch, GError **error)
{
    char line[16] = "";
    g_autofree char *rows = tm_ui_number(batch->n_total);
    g_autofree char *answers = tm_ui_number(batch->n[TM_JOB_DONE]);
    g_autofree char *name = tm_ui_show(STDERR_FILENO, batch->name);
    if (opt_yes)
        return TRUE;
    if (!isatty(STDIN_FILENO) || !isatty(STDERR_FILENO))
        return tm_fail(error, TM_ERROR_USAGE,
                       "rm removes %s for good, with its rows (%s) and answers (%s): say so with --yes",
                       batch->name, rows, answers);
    fprintf(stderr, "Remove %s for good, with its rows (%s) and answers (%s)? [y/N] ", name, rows, answers);
    return fgets(line, sizeof line, stdin) && (line[0] == 'y' || line[0] == 'Y');
}

static int run(tm_context *context, int argc, char **argv, GError **error)
{
    (void)argc;
    GError *why = NULL;
    tm_store *store = tm_context_store_read(context, error); /* a wrong name makes no store */
    if (!store)
        return TM_EXIT_ERROR;
    g_autoptr(tm_batch) batch = tm_store_batch(store, argv[1], tm_context_dir(context), error);
    if (!batch)
        return TM_EXIT_ERROR;
    if (!confirmed(batch, &why)) {
        if (!why)
            tm_say("nothing was removed");
        else
            g_propagate_error(error, why);
        return why ? TM_EXIT_USAGE : TM_EXIT_ERROR;
    }
    store = tm_context_store(context, error);
    if (!store || !tm_store_remove(store, batch, error))
        return TM_EXIT_ERROR;
    g_autofree char *rows = tm_ui_number(batch->n_total);
    if (opt_json) {
        g_autoptr(json_t) json = json_pack("{s:I, s:s, s:I}", "id", (json_int_t)batch->id, "batch",
                                           batch->name, "removed", (json_int_t)batch->n_total);
        g_autofree char *text = tm_json_text(json);
        puts(text);
    } else {
        tm_say("%s: removed, %s row%s", batch->name, rows, batch->n_total == 1 ? "" : "s");
    }
    return TM_EXIT_OK;
}

const tm_command tm_cmd_rm = {
    .name = "rm",
    .args = "BATCH",
    .min_args = 1,
    .max_args = 1,
    .summary = "remove a batch with its rows and answers",
    .description = "Not while a tidemill works on it. What it used of the quota stays used.",
    .examples = "tidemill rm classify.reviews --yes",
    .options = options,
    .run = run,
};
