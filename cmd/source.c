/* source.c - see source.h */
#include "cmd/source.h"

#include "cmd/prompt_argument.h"
#include <string.h>

void tm_source_free(tm_source *source)
{
    if (!source)
        return;
    tm_source_media_free(source->media); /* it borrows prompt and binding */
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
    if (!source->prompt || !tm_source_flags_label(source->prompt, error))
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
    GError *failed = NULL;
    source->media = tm_source_media_open(source->prompt, source->binding, source->data, &failed);
    if (failed) {
        g_propagate_error(error, failed);
        return NULL;
    }
    return g_steal_pointer(&source);
}

GArray *tm_source_lanes(tm_context *context, const tm_source *source, GError **error)
{
    tm_lane_flags flags = tm_source_flags.lanes;
    flags.model = source->model;
    return tm_lanes_choose(context, source->prompt, &flags, error);
}

tm_engine_work tm_source_work(const tm_source *source, const GArray *lanes)
{
    return (tm_engine_work){
        .batch = source->batch,
        .revision = source->revision,
        .prompt = source->prompt,
        .binding = source->binding,
        .media = source->media ? source->media->loader : NULL,
        .lanes = (const tm_engine_lane *)(void *)lanes->data,
        .n_lanes = lanes->len,
    };
}
