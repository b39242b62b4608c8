/* source.c - see source.h */
#include "cmd/source.h"

#include "cmd/prompt_argument.h"
#include "cmd/signals.h"
#include "cmd/ui/progress.h"
#include "cmd/ui/say.h"
#include "core/error.h"
#include "core/json.h"
#include <string.h>

enum {
    FEW_ANSWERS = 10, /* so many are asked again without a word after an edit */
    BUSY_MS = 200,
};

void tm_source_free(tm_source *source)
{
    if (!source)
        return;
    tm_prompt_free(source->prompt);
    tm_dataset_close(source->dataset);
    tm_binding_free(source->binding);
    tm_batch_free(source->batch);
    tm_revision_free(source->revision);
    g_free(source->model);
    g_free(source->data);
    g_free(source->identity);
    g_free(source);
}

bool tm_source_is_prompt(const char *word)
{
    g_autofree char *file = g_strdup(word);
    char *hash = strrchr(file, '#');
    if (g_file_test(file, G_FILE_TEST_EXISTS))
        return true;
    if (hash && hash > file)
        *hash = '\0';
    return g_str_has_suffix(word, ".prompt") || (hash && g_file_test(file, G_FILE_TEST_EXISTS));
}

/* Prompt and data by their absolute paths, and --name: the same command always means the same batch. */
static char *identity_of(const char *prompt, const char *data)
{
    g_autofree char *path = prompt ? g_canonicalize_filename(prompt, NULL) : g_strdup("--prompt");
    g_autofree char *here = strcmp(data, "-") == 0 ? g_get_current_dir() : NULL;
    return g_strdup_printf("%s\n%s%s\n%s", path, data, here ? here : "",
                           tm_source_flags.name ? tm_source_flags.name : "");
}

tm_source *tm_source_open(const char *prompt, const char *data, GError **error)
{
    g_autoptr(tm_source) source = g_new0(tm_source, 1);
    source->prompt = tm_prompt_argument(prompt, tm_source_flags.prompt, tm_source_flags.lanes.model, error);
    if (!source->prompt)
        return NULL;
    source->dataset = tm_source_flags_dataset(data, error);
    if (!source->dataset)
        return NULL;
    tm_binding_options binding = tm_source_flags_binding();
    source->binding = tm_binding_new(source->prompt, tm_dataset_columns(source->dataset), &binding, error);
    if (!source->binding)
        return NULL;
    source->model =
        g_strdup(tm_source_flags.lanes.model ? tm_source_flags.lanes.model : source->prompt->model);
    source->data = strcmp(data, "-") == 0 ? g_strdup("-") : g_canonicalize_filename(data, NULL);
    source->identity = identity_of(prompt, source->data);
    return g_steal_pointer(&source);
}

GArray *tm_source_lanes(tm_context *context, const tm_source *source, GError **error)
{
    tm_lane_flags flags = tm_source_flags.lanes;
    flags.model = source->model;
    return tm_lanes_choose(context, source->prompt, &flags, error);
}

/* ---- batch and revision ---- */

/* "classify.reviews" */
static char *name_of(const tm_source *source)
{
    if (tm_source_flags.name)
        return g_strdup(tm_source_flags.name);
    g_autofree char *data =
        strcmp(source->data, "-") == 0 ? g_strdup("stdin") : g_path_get_basename(source->data);
    char *dot = strchr(data + 1, '.');
    if (dot)
        *dot = '\0';
    char *name = g_strdup_printf("%s.%s", source->prompt->name, data);
    return g_strdelimit(name, " \t\n/#", '-');
}

static json_t *options_of(const tm_source *source, int64_t trial)
{
    json_t *options = json_object();
    json_object_set_new(options, "binding", tm_binding_to_json(source->binding));
    if (source->model)
        json_object_set_new(options, "model", json_string(source->model));
    if (trial > 0)
        json_object_set_new(options, "trial", json_integer(trial));
    return options;
}

static char *hash_of(const tm_source *source)
{
    g_autoptr(GChecksum) checksum = g_checksum_new(G_CHECKSUM_SHA256);
    g_autoptr(json_t) binding = tm_binding_to_json(source->binding);
    g_autofree char *text = tm_json_text(binding);
    const char *pieces[] = {source->prompt->hash, text, source->model ? source->model : ""};
    for (size_t i = 0; i < G_N_ELEMENTS(pieces); i++)
        g_checksum_update(checksum, (const guchar *)pieces[i], (gssize)strlen(pieces[i]) + 1);
    return g_strdup(g_checksum_get_string(checksum));
}

/* Rows that were answered before a trial revision began; 0: the revision is no trial. */
static int64_t trial_of(const tm_revision *revision)
{
    g_autoptr(json_t) options = tm_json_parse(revision->options, strlen(revision->options), NULL);
    return options ? tm_json_integer(options, "trial", 0) : 0;
}

static gboolean changed(const tm_batch *batch, int64_t answered, GError **error)
{
    g_autofree char *n = tm_ui_number(answered);
    return tm_fail(error, TM_ERROR_CHANGED,
                   "the prompt, its model or its mapping changed after %s rows of %s were answered. Choose:\n"
                   "  --requeue    ask all rows again with the new prompt\n"
                   "  --continue   keep those answers, ask the rest with the new prompt\n"
                   "  --name NEW   make a new batch beside it",
                   n, batch->name);
}

/* Makes what the source says the batch's current revision, if it is not yet. */
static gboolean revise(tm_store *store, tm_source *source, bool trial, GError **error)
{
    tm_batch *batch = source->batch;
    g_autoptr(tm_revision) current =
        batch->revision ? tm_store_revision(store, batch->revision, error) : NULL;
    if (batch->revision && !current)
        return FALSE;
    g_autofree char *hash = hash_of(source);
    bool same = current && strcmp(current->hash, hash) == 0;
    int64_t tried = current ? trial_of(current) : 0;
    int64_t answered = batch->n[TM_JOB_DONE] + batch->n[TM_JOB_FAILED] + batch->n[TM_JOB_BLOCKED];
    int64_t older = tried ? tried : same ? 0 : answered;

    bool requeue = tm_source_flags.requeue || (!same && older <= FEW_ANSWERS);
    if (trial)
        requeue = false;
    else if (older > FEW_ANSWERS && !tm_source_flags.requeue && !tm_source_flags.go_on)
        return changed(batch, older, error);
    if (!same || requeue || (tried && !trial)) {
        g_autoptr(json_t) prompt = tm_prompt_to_json(source->prompt);
        g_autoptr(json_t) options = options_of(source, trial ? older : 0);
        g_autofree char *prompt_text = tm_json_text(prompt);
        g_autofree char *options_text = tm_json_text(options);
        tm_revision like = {.hash = hash, .prompt = prompt_text, .options = options_text};
        if (!tm_store_revise(store, batch, &like, requeue, error))
            return FALSE;
    }
    source->revision = tm_store_revision(store, batch->revision, error);
    return source->revision != NULL;
}

gboolean tm_source_find(tm_context *context, tm_source *source, GError **error)
{
    tm_store *store = tm_context_store(context, error);
    if (!store)
        return FALSE;
    g_autoptr(GError) failed = NULL;
    source->batch = tm_store_batch_by_identity(store, source->identity, &failed);
    if (failed)
        g_propagate_error(error, g_steal_pointer(&failed));
    return !failed || source->batch;
}

gboolean tm_source_begin(tm_context *context, tm_source *source, bool trial, GError **error)
{
    if (!tm_source_find(context, source, error))
        return FALSE;
    tm_store *store = tm_context_store(context, error);
    if (!source->batch) {
        g_autofree char *name = name_of(source);
        tm_batch like = {
            .name = name,
            .dir = (char *)(uintptr_t)tm_context_dir(context),
            .data = source->data,
            .prompt = source->prompt->path ? source->prompt->path : source->prompt->name,
            .identity = source->identity,
            .priority = tm_source_flags.priority,
        };
        source->batch = tm_store_batch_new(store, &like, tm_source_flags.name != NULL, error);
        if (!source->batch)
            return FALSE;
    } else if (tm_source_flags.priority != 0 &&
               !tm_store_set_priority(store, source->batch, tm_source_flags.priority, error)) {
        return FALSE;
    }
    return revise(store, source, trial, error);
}

/* ---- adding ---- */

static void show_progress(int64_t read, int64_t size, int64_t rows, void *data)
{
    (void)data;
    g_autofree char *n = tm_ui_number(rows);
    g_autofree char *line = size > 0 ? g_strdup_printf("reading: %s rows, %d %%", n, (int)(read * 100 / size))
                                     : g_strdup_printf("reading: %s rows", n);
    tm_progress_line(line);
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
    intake.rejects = intake.dry_run ? NULL : rejects;
    intake.progress = show_progress;
    intake.stop = tm_signals_flag();
    if (!queue_rows(store, source, base, &intake, result, error))
        return FALSE;
    if (result->stopped)
        return tm_fail(error, TM_ERROR_STATE, "stopped while reading %s; the same command goes on", base);
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

/* ---- what the store keeps ---- */

/* The prompt, binding and model that the batch's current revision keeps. (transfer full) */
static tm_source *stored(tm_store *store, const tm_batch *batch, GError **error)
{
    g_autoptr(tm_source) source = g_new0(tm_source, 1);
    source->revision = tm_store_revision(store, batch->revision, error);
    if (!source->revision)
        return NULL;
    g_autoptr(json_t) prompt =
        tm_json_parse(source->revision->prompt, strlen(source->revision->prompt), error);
    g_autoptr(json_t) options =
        prompt ? tm_json_parse(source->revision->options, strlen(source->revision->options), error) : NULL;
    source->prompt = options ? tm_prompt_from_json(prompt, error) : NULL;
    if (!source->prompt)
        return NULL;
    source->binding = tm_binding_from_json(source->prompt, json_object_get(options, "binding"), error);
    if (!source->binding)
        return NULL;
    const char *model = tm_source_flags.lanes.model ? tm_source_flags.lanes.model
                                                    : tm_json_string(options, "model", source->prompt->model);
    source->model = g_strdup(model);
    return g_steal_pointer(&source);
}

tm_source *tm_source_join(tm_store *store, const tm_batch *batch, const char *data, GError **error)
{
    g_autoptr(tm_source) source = stored(store, batch, error);
    if (!source)
        return NULL;
    source->dataset = tm_source_flags_dataset(data, error);
    return source->dataset ? g_steal_pointer(&source) : NULL;
}

gboolean tm_source_load(tm_context *context, const tm_batch *batch, tm_source **out, GError **error)
{
    tm_store *store = tm_context_store(context, error);
    g_autoptr(tm_source) source = store ? stored(store, batch, error) : NULL;
    if (!source)
        return FALSE;
    g_autofree char *id = g_strdup_printf("#%" G_GINT64_FORMAT, batch->id);
    source->batch = tm_store_batch(store, id, NULL, error);
    if (!source->batch)
        return FALSE;
    source->data = g_strdup(batch->data);
    source->identity = g_strdup(batch->identity);
    if (tm_source_flags.lanes.model || tm_source_flags.requeue || trial_of(source->revision) > 0) {
        g_clear_pointer(&source->revision, tm_revision_free);
        if (!revise(store, source, false, error))
            return FALSE;
    }
    *out = g_steal_pointer(&source);
    return TRUE;
}
