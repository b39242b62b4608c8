/* retry.c - tidemill retry BATCH: rows that failed, were blocked or are held wait again. */
#include "cmd/command.h"
#include "cmd/ui/say.h"
#include "core/error.h"
#include "core/guess.h"
#include "core/json.h"
#include <stdio.h>

static char *opt_class;
static gboolean opt_json;

static const GOptionEntry options[] = {
    {"class", 'c', 0, G_OPTION_ARG_STRING, &opt_class,
     "Only these: truncated, blocked, schema, bad_request, unknown, ...\n--class schema", "CLASS"},
    {"json", 0, 0, G_OPTION_ARG_NONE, &opt_json, "One JSON object", NULL},
    {0},
};

static gboolean find_class(tm_class *class, GError **error)
{
    const char *names[TM_N_CLASSES];
    *class = TM_N_CLASSES;
    if (!opt_class || (tm_class_parse(opt_class, class) && *class != TM_CLASS_OK))
        return TRUE;
    for (int i = TM_CLASS_OK + 1; i < TM_N_CLASSES; i++)
        names[i - 1] = tm_class_name((tm_class)i);
    const char *near = tm_guess(opt_class, names, TM_N_CLASSES - 1);
    return tm_fail(error, TM_ERROR_USAGE,
                   "--class: no row fails as \"%s\"%s%s%s; tidemill status BATCH shows how they did",
                   opt_class, near ? " (did you mean " : "", near ? near : "", near ? "?)" : "");
}

static void tell(const tm_batch *batch, int64_t rows)
{
    if (opt_json) {
        g_autoptr(json_t) json = json_pack("{s:I, s:s, s:I}", "id", (json_int_t)batch->id, "batch",
                                           batch->name, "retried", (json_int_t)rows);
        g_autofree char *text = tm_json_text(json);
        puts(text);
        return;
    }
    g_autofree char *number = tm_ui_number(rows);
    g_autofree char *name = tm_ui_word(batch->name);
    g_autofree char *again = tm_context_again();
    if (rows == 0)
        tm_say("%s: no row %s%s", batch->name, opt_class ? "ended as " : "failed, was blocked or is held",
               opt_class ? opt_class : "");
    else
        tm_say("%s: %s row%s again; next: tidemill run %s%s", batch->name, number,
               rows == 1 ? " waits" : "s wait", name, again);
}

static int retry(tm_context *context, char **argv, GError **error)
{
    tm_class class;
    if (!find_class(&class, error))
        return TM_EXIT_USAGE;
    tm_store *store;
    g_autoptr(tm_batch) batch = tm_context_batch(context, argv[1], &store, error);
    if (!batch)
        return TM_EXIT_ERROR;
    int64_t rows = tm_store_retry(store, batch, class, error);
    if (rows < 0)
        return TM_EXIT_ERROR;
    tell(batch, rows);
    return TM_EXIT_OK;
}

static int run(tm_context *context, int argc, char **argv, GError **error)
{
    (void)argc;
    int status = retry(context, argv, error);
    g_clear_pointer(&opt_class, g_free);
    return status;
}

const tm_command tm_cmd_retry = {
    .name = "retry",
    .args = "BATCH",
    .min_args = 1,
    .max_args = 1,
    .summary = "rows that failed or were blocked wait again",
    .description =
        "With fresh attempts; so do rows that --hold-unknown holds, which may then be paid for twice.\n"
        "What they answered before is kept. Nothing is sent yet.",
    .examples = "tidemill retry classify.reviews\n"
                "tidemill retry classify.reviews --class schema",
    .options = options,
    .run = run,
};
