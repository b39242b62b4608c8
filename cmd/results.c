/* results.c - tidemill results BATCH [DATA]: answers in order, joined */
#include "cmd/command.h"
#include "cmd/output.h"
#include "cmd/source_batch.h"
#include "cmd/ui/progress.h"
#include "cmd/ui/say.h"
#include "cmd/ui/terminal.h"
#include "cmd/ui/work.h"
#include "core/error.h"
#include <string.h>
#include <unistd.h>

static char *opt_output, *opt_format;
static gboolean opt_failed, opt_all_revisions, opt_spreadsheet, opt_json;

static const GOptionEntry options[] = {
    {"output", 'o', 0, G_OPTION_ARG_FILENAME, &opt_output,
     "Write there instead of to the terminal\n-o labels.csv", "FILE"},
    {"format", 0, 0, G_OPTION_ARG_STRING, &opt_format,
     "jsonl, csv or tsv (default: by -o's ending, else jsonl)\n--format csv", "F"},
    {"failed", 0, 0, G_OPTION_ARG_NONE, &opt_failed, "Only rows that failed or were blocked\n--failed", NULL},
    {"all-revisions", 0, 0, G_OPTION_ARG_NONE, &opt_all_revisions,
     "Every answer, of older prompts too\n--all-revisions", NULL},
    {"spreadsheet", 0, 0, G_OPTION_ARG_NONE, &opt_spreadsheet,
     "For Excel and its kin: a BOM, and no cell that could be a formula\n--spreadsheet", NULL},
    {0},
};
static const GOptionEntry more[] = {
    {"json", 0, 0, G_OPTION_ARG_NONE, &opt_json, "The same as --format jsonl\n--json", NULL},
    TM_SOURCE_DATA,
    TM_SOURCE_MEDIA,
    {0},
};

static void say_counts(const tm_batch *batch, const tm_results_count *count)
{
    if (opt_failed && count->n_rows == 0) {
        tm_say("%s: no row failed or was blocked", batch->name);
        return;
    }
    g_autofree char *rows = tm_ui_number(count->n_rows);
    g_autoptr(GString) words = g_string_new(NULL);
    g_string_append_printf(words, "%s: %s row%s, %" G_GINT64_FORMAT " answered", batch->name, rows,
                           count->n_rows == 1 ? "" : "s", count->n_done);
    if (count->n_failed)
        g_string_append_printf(words, ", %" G_GINT64_FORMAT " failed", count->n_failed);
    if (count->n_blocked)
        g_string_append_printf(words, ", %" G_GINT64_FORMAT " blocked", count->n_blocked);
    if (count->n_waiting)
        g_string_append_printf(words, ", %" G_GINT64_FORMAT " waiting", count->n_waiting);
    if (count->n_held)
        g_string_append_printf(words, ", %" G_GINT64_FORMAT " held", count->n_held);
    if (count->n_cancelled)
        g_string_append_printf(words, ", %" G_GINT64_FORMAT " cancelled", count->n_cancelled);
    if (count->n_unknown_rows)
        g_string_append_printf(words, "; %" G_GINT64_FORMAT " rows of the data were never queued",
                               count->n_unknown_rows);
    if (opt_output)
        g_string_append_printf(words, "; written to %s", opt_output);
    tm_say("%s", words->str);
}

static void show_progress(int64_t rows, int64_t done, int64_t total, void *data)
{
    (void)data;
    g_autofree char *n = tm_ui_number(rows);
    g_autofree char *words = g_strdup_printf("writing: %s rows", n);
    tm_progress_work("writing", words, done, total);
}

static int run(tm_context *context, int argc, char **argv, GError **error)
{
    tm_results_options results = {
        .failed_only = opt_failed, .all_revisions = opt_all_revisions, .spreadsheet = opt_spreadsheet};
    tm_results_count count;
    /* Where the rows themselves go to the terminal no line is drawn between them. */
    if (opt_output || !tm_ui_is_terminal(STDOUT_FILENO))
        results.progress = show_progress;
    if (!tm_output_format(opt_json ? "jsonl" : opt_format, opt_output, &results.format, error) ||
        !tm_output_check(opt_output, error))
        return TM_EXIT_ERROR;
    tm_store *store = tm_context_store_read(context, error);
    g_autoptr(tm_batch) batch = store ? tm_store_batch(store, argv[1], tm_context_dir(context), error) : NULL;
    if (!batch)
        return TM_EXIT_ERROR;
    g_autoptr(tm_source) joined = NULL;
    if (argc == 3) {
        joined = tm_source_join(store, batch, argv[2], error);
        if (!joined)
            return TM_EXIT_ERROR;
        results.dataset = joined->dataset;
        results.binding = joined->binding;
        results.media = joined->media ? joined->media->rows : NULL;
        if (results.media) {
            tm_media_rows_remember(results.media, store, batch);
            tm_media_rows_forgive(results.media);
        }
    }
    gboolean good = tm_output_prepare(store, batch, &results, error) &&
                    tm_output_write(store, batch, &results, opt_output, &count, error);
    tm_output_done(&results);
    tm_progress_clear();
    if (!good)
        return TM_EXIT_ERROR;
    if (!count.cut_off) /* `| head` has what it wanted; the counts would be of a part */
        say_counts(batch, &count);
    return TM_EXIT_OK;
}

const tm_command tm_cmd_results = {
    .name = "results",
    .args = "BATCH [DATA]",
    .min_args = 1,
    .max_args = 2,
    .summary = "the answers, in the order of the input, joined to its columns",
    .description =
        "With DATA the answers are joined to that file's rows and columns, in its order: it may have been\n"
        "sorted, and have gained rows and columns, since.",
    .examples = "tidemill results classify.reviews -o labels.csv\n"
                "tidemill results classify.reviews reviews-sorted.csv --format csv\n"
                "tidemill results classify.reviews --failed",
    .options = options,
    .more = more,
    .run = run,
};
