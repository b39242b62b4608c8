/* mill.c - see mill.h */
#include "cmd/mill.h"

#include "cmd/command.h"
#include "cmd/forecast.h"
#include "cmd/prompt_argument.h"
#include "cmd/source_batch.h"
#include "cmd/source_queue.h"
#include "cmd/ui/say.h"
#include "core/error.h"

void tm_mill_clear(tm_mill *m)
{
    g_clear_pointer(&m->sources, g_ptr_array_unref);
    g_clear_pointer(&m->lanes, g_ptr_array_unref);
}

static gboolean add_source(tm_context *context, tm_mill *m, tm_source *source, GError **error)
{
    g_ptr_array_add(m->sources, source);
    GArray *lanes = tm_source_lanes(context, source, error);
    if (!lanes)
        return FALSE;
    tm_lanes_note(context, lanes, m->lanes->len == 0);
    g_ptr_array_add(m->lanes, lanes);
    return TRUE;
}

/* PROMPT DATA, or DATA with --prompt. */
static gboolean from_files(tm_context *context, tm_mill *m, const char *prompt, const char *data,
                           GError **error)
{
    tm_source *source = tm_source_open(prompt, data, error);
    /* The lanes come first: without a key nothing need be queued. */
    if (!source || !add_source(context, m, source, error))
        return FALSE;
    g_auto(tm_intake_result) result = {0};
    return tm_source_begin(context, source, false, error) &&
           tm_source_add(context, source, NULL, &result, error);
}

static gboolean from_batch(tm_context *context, tm_mill *m, const tm_batch *batch, GError **error)
{
    tm_source *source = NULL;
    return tm_source_load(context, batch, &source, error) && add_source(context, m, source, error);
}

static gboolean from_names(tm_context *context, tm_mill *m, int argc, char **argv, GError **error)
{
    tm_store *store = tm_context_store(context, error);
    if (!store)
        return FALSE;
    for (int i = 1; i < argc; i++) {
        g_autoptr(tm_batch) batch = tm_store_batch(store, argv[i], tm_context_dir(context), error);
        if (!batch || !from_batch(context, m, batch, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean from_all_open(tm_context *context, tm_mill *m, GError **error)
{
    tm_store *store = tm_context_store(context, error);
    g_autoptr(GPtrArray) batches = store ? tm_store_batches(store, NULL, true, error) : NULL;
    if (!batches)
        return FALSE;
    for (guint i = 0; i < batches->len; i++) {
        const tm_batch *batch = batches->pdata[i];
        g_autofree char *n = tm_ui_number(tm_batch_open(batch));
        tm_say("%s: %s row%s waiting (%s)", batch->name, n, tm_batch_open(batch) == 1 ? "" : "s", batch->dir);
        if (!from_batch(context, m, batch, error))
            return FALSE;
    }
    return TRUE;
}

gboolean tm_mill_gather(tm_context *context, tm_mill *m, int argc, char **argv, GError **error)
{
    m->sources = g_ptr_array_new_with_free_func((GDestroyNotify)tm_source_free);
    m->lanes = g_ptr_array_new_with_free_func((GDestroyNotify)g_array_unref);
    if (tm_source_flags.prompt) {
        if (argc != 2)
            return tm_fail(error, TM_ERROR_USAGE, "with --prompt TEXT name the data file, and nothing else");
        return from_files(context, m, NULL, argv[1], error);
    }
    if (argc == 1)
        return from_all_open(context, m, error);
    bool with_data = argc == 3 && g_file_test(argv[2], G_FILE_TEST_IS_REGULAR); /* so argv[1] is a prompt */
    if (!tm_source_is_prompt(argv[1]) && !with_data)
        return from_names(context, m, argc, argv, error);
    if (argc == 2 && tm_prompt_is_data(argv[1]))
        return tm_fail(error, TM_ERROR_USAGE, "%s with which prompt? tidemill run PROMPT %s", argv[1],
                       argv[1]);
    if (argc == 2)
        return tm_fail(error, TM_ERROR_USAGE, "%s over which data? tidemill run %s DATA.csv", argv[1],
                       argv[1]);
    if (argc > 3)
        return tm_fail(error, TM_ERROR_USAGE, "one prompt and one data file at a time");
    return from_files(context, m, argv[1], argv[2], error);
}

gboolean tm_mill_agree(tm_context *context, const tm_mill *m, const tm_money_flags *flags, GError **error)
{
    tm_store *store = tm_context_store(context, error);
    for (guint i = 0; store && i < m->sources->len; i++) {
        const tm_source *source = m->sources->pdata[i];
        tm_prospect prospect;
        if (!tm_outlook_prospect(store, source->prompt, source->batch, &prospect, error) ||
            !tm_money_agree(context, m->lanes->pdata[i], &prospect, source->prompt, &tm_source_flags.lanes,
                            flags, error))
            return FALSE;
    }
    return store != NULL;
}

int tm_mill_status(const tm_mill *m)
{
    int status = TM_EXIT_OK;
    for (guint i = 0; i < m->sources->len; i++) {
        const tm_batch *b = ((tm_source *)m->sources->pdata[i])->batch;
        if (tm_batch_open(b) > 0)
            return TM_EXIT_WAITING;
        if (b->n[TM_JOB_FAILED] + b->n[TM_JOB_BLOCKED] + b->n[TM_JOB_HELD] > 0)
            status = TM_EXIT_FAILED;
    }
    return status;
}
