/* source_batch.c - see source_batch.h */
#include "cmd/source_batch.h"

#include "cmd/revision_prompt.h"
#include "cmd/ui/say.h"
#include "core/error.h"
#include "core/json.h"
#include <string.h>

enum { FEW_ANSWERS = 10 }; /* so many are asked again without a word after an edit */

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
    if (source->prompt->labels_given)
        json_object_set(options, "labels", (json_t *)(uintptr_t)tm_labels_names(source->prompt->labels));
    if (source->media)
        json_object_set_new(options, "media", tm_source_media_to_json(source->media));
    if (trial > 0)
        json_object_set_new(options, "trial", json_integer(trial));
    return options;
}

static char *hash_of(const tm_source *source)
{
    g_autoptr(GChecksum) checksum = g_checksum_new(G_CHECKSUM_SHA256);
    g_autoptr(json_t) binding = tm_binding_to_json(source->binding);
    g_autofree char *text = tm_json_text(binding);
    /* labels of the prompt's own schema are in its hash already */
    g_autofree char *labels =
        source->prompt->labels_given ? tm_json_text(tm_labels_names(source->prompt->labels)) : NULL;
    const char *pieces[] = {source->prompt->hash, text, source->model ? source->model : "", labels};
    for (size_t i = 0; i < G_N_ELEMENTS(pieces) && pieces[i]; i++)
        g_checksum_update(checksum, (const guchar *)pieces[i], (gssize)strlen(pieces[i]) + 1);
    g_autofree char *files = source->media ? tm_source_media_hash(source->media) : NULL;
    if (files && *files)
        g_checksum_update(checksum, (const guchar *)files, (gssize)strlen(files));
    return g_strdup(g_checksum_get_string(checksum));
}

/* Is another --media-root named than the revision keeps? */
static bool media_moved(const tm_revision *revision, const tm_source *source)
{
    g_autoptr(json_t) options = tm_json_parse(revision->options, strlen(revision->options), NULL);
    const json_t *media = options ? json_object_get(options, "media") : NULL;
    return source->media && g_strcmp0(source->media->root, tm_json_string(media, "root", NULL)) != 0;
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
    return tm_fail(
        error, TM_ERROR_CHANGED,
        "the prompt, its model, labels or mapping changed after %s rows of %s were answered. Choose:\n"
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
    if (!same || requeue || (tried && !trial) || media_moved(current, source)) {
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

/* ---- what the store keeps ---- */

/* The prompt, labels, binding, media and model that the batch's current revision keeps. (transfer full) */
static tm_source *stored(tm_store *store, const tm_batch *batch, const char *data, GError **error)
{
    g_autoptr(tm_source) source = g_new0(tm_source, 1);
    source->revision = tm_store_revision(store, batch->revision, error);
    if (!source->revision)
        return NULL;
    g_autoptr(json_t) options = NULL;
    source->prompt = tm_revision_prompt(source->revision, &options, error);
    if (!source->prompt || !tm_source_flags_label(source->prompt, error))
        return NULL;
    source->binding = tm_binding_from_json(source->prompt, json_object_get(options, "binding"), error);
    if (!source->binding)
        return NULL;
    const char *model = tm_source_flags.lanes.model ? tm_source_flags.lanes.model
                                                    : tm_json_string(options, "model", source->prompt->model);
    source->model = g_strdup(model);
    GError *failed = NULL;
    source->media = tm_source_media_from_json(source->prompt, source->binding, data,
                                              json_object_get(options, "media"), &failed);
    if (failed) {
        g_propagate_error(error, failed);
        return NULL;
    }
    return g_steal_pointer(&source);
}

tm_source *tm_source_join(tm_store *store, const tm_batch *batch, const char *data, GError **error)
{
    g_autoptr(tm_source) source = stored(store, batch, data, error);
    if (!source)
        return NULL;
    source->dataset = tm_source_flags_dataset(data, error);
    return source->dataset ? g_steal_pointer(&source) : NULL;
}

tm_source *tm_source_look(tm_store *store, const tm_batch *batch, GError **error)
{
    g_autoptr(tm_source) source = stored(store, batch, batch->data, error);
    if (!source)
        return NULL;
    g_autofree char *id = g_strdup_printf("#%" G_GINT64_FORMAT, batch->id);
    source->batch = tm_store_batch(store, id, NULL, error);
    if (!source->batch)
        return NULL;
    source->data = g_strdup(batch->data);
    source->identity = g_strdup(batch->identity);
    return g_steal_pointer(&source);
}

gboolean tm_source_load(tm_context *context, const tm_batch *batch, tm_source **out, GError **error)
{
    tm_store *store = tm_context_store(context, error);
    g_autoptr(tm_source) source = store ? tm_source_look(store, batch, error) : NULL;
    if (!source)
        return FALSE;
    if (tm_source_flags.lanes.model || tm_source_flags.labels || tm_source_flags.requeue ||
        trial_of(source->revision) > 0) {
        g_clear_pointer(&source->revision, tm_revision_free);
        if (!revise(store, source, false, error))
            return FALSE;
    }
    *out = g_steal_pointer(&source);
    return TRUE;
}
