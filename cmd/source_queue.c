/* source_queue.c - see source_queue.h */
#include "cmd/source_queue.h"

#include "cmd/signals.h"
#include "cmd/ui/progress.h"
#include "cmd/ui/say.h"
#include "cmd/ui/work.h"
#include "core/error.h"
#include <string.h>

enum { BUSY_MS = 200 };

static void show_progress(int64_t read, int64_t size, int64_t rows, void *data)
{
    (void)data;
    g_autofree char *n = tm_ui_number(rows);
    g_autofree char *words = g_strdup_printf("reading: %s rows", n);
    tm_progress_work("reading", words, read, size);
}

static void say_added(const tm_source *source, const tm_intake_result *result, const char *rejects)
{
    const tm_added *added = &result->added;
    g_autofree char *n_new = tm_ui_number(added->n_new);
    g_autofree char *n_known = tm_ui_number(added->n_known);
    g_autoptr(GString) words = g_string_new(NULL);
    g_string_append_printf(words, "%s: %s new, %s known", source->batch->name, n_new, n_known);
    if (added->n_duplicates && tm_source_flags.dedupe)
        g_string_append_printf(words, ", %" G_GINT64_FORMAT " the same as others: asked once",
                               added->n_duplicates);
    else if (added->n_duplicates && added->n_new && !tm_source_flags.id)
        g_string_append_printf(words,
                               ", %" G_GINT64_FORMAT " of them the same as others (--dedupe asks once)",
                               added->n_duplicates);
    tm_say("%s", words->str);
    for (guint i = 0; result->reasons && i < result->reasons->len; i++)
        tm_warn("%s", (const char *)result->reasons->pdata[i]);
    if (result->n_rejected && result->rejects_error)
        tm_warn("%" G_GINT64_FORMAT " rows could not be used; %s", result->n_rejected, result->rejects_error);
    else if (result->n_rejected)
        tm_warn("%" G_GINT64_FORMAT " rows could not be used; they are kept in %s", result->n_rejected,
                rejects);
}

/* While another process loads the same batch for the first time there is nothing to compare with: wait for
 * it. */
static gboolean queue_rows(tm_store *store, tm_source *source, const char *base,
                           const tm_intake_options *intake, tm_intake_result *result, GError **error)
{
    for (bool said = false;; said = true) {
        g_autoptr(GError) failed = NULL;
        tm_intake_result_clear(result);
        gboolean good =
            tm_intake(store, source->batch, source->dataset, base, source->binding, intake, result, &failed);
        tm_progress_clear();
        if (good)
            return TRUE;
        bool wait =
            g_error_matches(failed, TM_ERROR, TM_ERROR_BUSY) && result->rows == 0 && tm_signals_count() == 0;
        if (!wait) {
            g_propagate_error(error, g_steal_pointer(&failed));
            return FALSE;
        }
        if (!said)
            tm_say("%s", failed->message);
        g_usleep(BUSY_MS * 1000);
    }
}

gboolean tm_source_add(tm_context *context, tm_source *source, const tm_intake_options *options,
                       tm_intake_result *result, GError **error)
{
    tm_store *store = tm_context_store(context, error);
    if (!store)
        return FALSE;
    bool from_stdin = strcmp(source->data, "-") == 0;
    g_autofree char *base = from_stdin ? g_strdup("stdin") : g_path_get_basename(source->data);
    g_autofree char *rejects = tm_source_flags.rejects ? g_strdup(tm_source_flags.rejects)
                                                       : g_strdup_printf("%s.rejects.jsonl", base);
    tm_intake_options intake = options ? *options : (tm_intake_options){0};
    intake.dedupe = tm_source_flags.dedupe;
    intake.by_id = tm_source_flags.id != NULL;
    intake.strict = tm_source_flags.strict;
    intake.media = source->media ? source->media->rows : NULL;
    if (intake.media && source->batch)
        tm_media_rows_remember(intake.media, store, source->batch);
    intake.rejects = intake.dry_run ? NULL : rejects;
    intake.progress = show_progress;
    intake.stop = tm_signals_flag();
    if (!queue_rows(store, source, base, &intake, result, error))
        return FALSE;
    if (result->stopped)
        return tm_fail(error, TM_ERROR_STOPPED, "stopped while reading %s; the same command goes on", base);
    if (intake.dry_run)
        return TRUE;
    if (!tm_store_refresh(store, source->batch, error))
        return FALSE;
    say_added(source, result, rejects);
    return TRUE;
}

GArray *tm_source_chosen(tm_context *context, tm_source *source, const tm_intake_result *result,
                         GError **error)
{
    tm_store *store = tm_context_store(context, error);
    if (!store || !result->ordinals)
        return NULL;
    GArray *jobs = tm_store_again(store, source->batch, (const int64_t *)(void *)result->ordinals->data,
                                  result->ordinals->len, error);
    if (jobs && !tm_store_refresh(store, source->batch, error))
        g_clear_pointer(&jobs, g_array_unref);
    return jobs;
}
