/* prompt.c - reads prompts: front matter, body, partials; and keeps them whole for a batch's revision. */
#include "core/prompt.h"
#include "core/error.h"
#include "core/front_matter.h"
#include "core/json.h"
#include "core/yaml.h"
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

enum { MAX_FILE = 32 * 1024 * 1024 }; /* a prompt is typed by a person; a larger file is another file */

/* Where partials and named schemas come from: a folder, or the copy kept in a revision. Those used are put
 * into `used` and `used_schemas`. */
typedef struct {
    const char *dir;
    const json_t *kept, *kept_schemas;
    json_t *used, *used_schemas;
} tm_partials;

static gboolean read_file(const char *path, char **text, size_t *length, GError **error)
{
    struct stat status;
    if (stat(path, &status) != 0)
        return tm_fail(error, TM_ERROR_IO, "%s: %s", path, g_strerror(errno));
    if (S_ISDIR(status.st_mode))
        return tm_fail(error, TM_ERROR_INPUT, "%s: is a folder, not a prompt file", path);
    if (status.st_size > MAX_FILE)
        return tm_fail(error, TM_ERROR_INPUT, "%s: larger than %d MB: not a prompt file", path,
                       MAX_FILE >> 20);
    g_autoptr(GError) cause = NULL;
    if (!g_file_get_contents(path, text, length, &cause))
        return tm_fail(error, TM_ERROR_IO, "%s: %s", path, cause->message);
    return TRUE;
}

/* A partial's name is part of a file's name: nothing that leaves the folder. */
static bool is_file_safe(const char *name)
{
    return *name && *name != '.' && !strpbrk(name, "/\\:");
}

static char *load_partial(const char *name, void *data)
{
    tm_partials *partials = data;
    char *text = g_strdup(tm_json_string(partials->kept, name, NULL));
    size_t length = 0;
    if (!text && partials->dir && is_file_safe(name)) {
        g_autofree char *file = g_strdup_printf("_%s.prompt", name);
        g_autofree char *path = g_build_filename(partials->dir, file, NULL);
        if (!read_file(path, &text, &length, NULL) || !text)
            return NULL;
        if (g_str_has_prefix(text, "\xef\xbb\xbf"))
            memmove(text, text + 3, strlen(text + 3) + 1);
    }
    json_t *copy = text ? json_string(text) : NULL;
    if (copy)
        json_object_set_new(partials->used, name, copy);
    return text;
}

/* _NAME.schema.yaml or .json */
static json_t *load_schema(const char *name, void *data, GError **error)
{
    static const char *const endings[] = {"yaml", "yml", "json"};
    tm_partials *partials = data;
    json_t *schema = json_incref(json_object_get(partials->kept_schemas, name));
    for (size_t i = 0; !schema && partials->dir && is_file_safe(name) && i < G_N_ELEMENTS(endings); i++) {
        g_autofree char *file = g_strdup_printf("_%s.schema.%s", name, endings[i]), *text = NULL;
        g_autofree char *path = g_build_filename(partials->dir, file, NULL);
        size_t length;
        if (!g_file_test(path, G_FILE_TEST_EXISTS))
            continue;
        if (!read_file(path, &text, &length, error))
            return NULL;
        schema = i < 2 ? tm_yaml_parse(text, length, file, 1, error) : tm_json_parse(text, length, error);
        if (!schema) {
            if (i == 2)
                g_prefix_error(error, "%s: ", file);
            return NULL;
        }
    }
    if (schema)
        json_object_set(partials->used_schemas, name, schema);
    return schema;
}

/* SHA-256 over source, partials and schemas, each with its length so that no two prompts run together alike.
 */
static char *hash_of(const tm_prompt *prompt)
{
    g_autoptr(GChecksum) checksum = g_checksum_new(G_CHECKSUM_SHA256);
    g_autofree char *partials = json_dumps(prompt->partials, JSON_SORT_KEYS | JSON_COMPACT);
    g_autofree char *schemas =
        json_object_size(prompt->schemas) ? json_dumps(prompt->schemas, JSON_SORT_KEYS | JSON_COMPACT) : NULL;
    const char *const texts[] = {prompt->source, partials, schemas};
    for (size_t i = 0; i < G_N_ELEMENTS(texts) && texts[i]; i++) {
        g_autofree char *length = g_strdup_printf("%zu:", strlen(texts[i]));
        g_checksum_update(checksum, (const guchar *)length, -1);
        g_checksum_update(checksum, (const guchar *)texts[i], -1);
    }
    return g_strdup(g_checksum_get_string(checksum));
}

/* A schema that is an enum of texts and nothing else asks for a label. (transfer full); NULL: it does not. */
static tm_labels *labels_of(const json_t *schema)
{
    const json_t *values = tm_json_array(schema, "enum"), *type = json_object_get(schema, "type");
    if (!values ||
        (type && g_ascii_strcasecmp(json_is_string(type) ? json_string_value(type) : "", "string") != 0) ||
        tm_json_bool(schema, "nullable", false))
        return NULL;
    return tm_labels_new(values, NULL);
}

/* Frees `prompt` on failure. */
static tm_prompt *build(tm_prompt *prompt, const char *file, const char *text, size_t length,
                        tm_partials *partials, GError **error)
{
    g_autoptr(tm_prompt) owned = prompt;
    tm_front_matter front;
    if (!g_utf8_validate_len(text, length, NULL)) {
        tm_fail(error, TM_ERROR_INPUT, "%s: not UTF-8 text; save it as UTF-8", file);
        return NULL;
    }
    prompt->source = g_strndup(text, length);
    prompt->config = json_object();
    prompt->partials = partials->used = json_object();
    prompt->schemas = partials->used_schemas = json_object();
    if (!tm_front_matter_find(prompt->source, length, file, &front, error))
        return NULL;
    if (front.text && !tm_front_matter_read(&front, file, prompt, load_schema, partials, error))
        return NULL;
    prompt->template = tm_template_compile(front.body, front.body_length, file, front.body_line, load_partial,
                                           partials, error);
    if (!prompt->template)
        return NULL;
    prompt->labels = labels_of(prompt->output_schema);
    prompt->hash = hash_of(prompt);
    return g_steal_pointer(&owned);
}

static char *name_of(const char *path)
{
    char *name = g_path_get_basename(path);
    if (g_str_has_suffix(name, ".prompt") && strlen(name) > strlen(".prompt"))
        name[strlen(name) - strlen(".prompt")] = '\0';
    return name;
}

tm_prompt *tm_prompt_load(const char *path, GError **error)
{
    g_autofree char *text = NULL, *dir = g_path_get_dirname(path);
    size_t length = 0;
    if (!read_file(path, &text, &length, error))
        return NULL;
    tm_partials partials = {.dir = dir};
    tm_prompt *prompt = g_new0(tm_prompt, 1);
    prompt->name = name_of(path);
    prompt->path = g_canonicalize_filename(path, NULL);
    return build(prompt, path, text, length, &partials, error);
}

tm_prompt *tm_prompt_from_text(const char *name, const char *text, size_t length, const char *dir,
                               GError **error)
{
    tm_partials partials = {.dir = dir};
    tm_prompt *prompt = g_new0(tm_prompt, 1);
    prompt->name = g_strdup(name);
    return build(prompt, name, text, length, &partials, error);
}

void tm_prompt_free(tm_prompt *prompt)
{
    if (!prompt)
        return;
    char *const texts[] = {prompt->name,          prompt->path,   prompt->model, prompt->provider,
                           prompt->output_format, prompt->source, prompt->hash};
    json_t *const trees[] = {prompt->config,        prompt->input_schema, prompt->input_default,
                             prompt->output_schema, prompt->tools,        prompt->metadata,
                             prompt->ext,           prompt->raw,          prompt->partials,
                             prompt->schemas};
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++)
        g_free(texts[i]);
    for (size_t i = 0; i < G_N_ELEMENTS(trees); i++)
        json_decref(trees[i]);
    tm_schema_free(prompt->output_check);
    tm_labels_unref(prompt->labels);
    tm_template_free(prompt->template);
    g_free(prompt);
}

json_t *tm_prompt_to_json(const tm_prompt *prompt)
{
    json_t *json = json_pack("{s:s*, s:s*, s:s*, s:O}", "name", prompt->name, "path", prompt->path, "source",
                             prompt->source, "partials", prompt->partials);
    if (json_object_size(prompt->schemas))
        json_object_set(json, "schemas", prompt->schemas);
    return json;
}

tm_prompt *tm_prompt_from_json(const json_t *json, GError **error)
{
    const char *name = tm_json_string(json, "name", NULL), *source = tm_json_string(json, "source", NULL);
    const char *path = tm_json_string(json, "path", NULL);
    if (!name || !source) {
        tm_fail(error, TM_ERROR_INTERNAL, "the kept copy of a prompt lacks its name or source");
        return NULL;
    }
    tm_partials partials = {.kept = tm_json_object(json, "partials"),
                            .kept_schemas = tm_json_object(json, "schemas")};
    tm_prompt *prompt = g_new0(tm_prompt, 1);
    prompt->name = g_strdup(name);
    prompt->path = g_strdup(path);
    return build(prompt, path ? path : name, source, strlen(source), &partials, error);
}

gboolean tm_prompt_set_labels(tm_prompt *prompt, tm_labels *labels, GError **error)
{
    bool json = prompt->output_schema || g_strcmp0(prompt->output_format, "json") == 0;
    if (json && !prompt->labels)
        return tm_fail(
            error, TM_ERROR_USAGE,
            "--labels: the prompt asks for JSON by its output; a label is a word. Take the output out of "
            "the prompt, or write the labels into its schema: label(enum): [a, b]");
    tm_labels_ref(labels);
    tm_labels_unref(prompt->labels);
    prompt->labels = labels;
    prompt->labels_given = true;
    json_decref(prompt->output_schema);
    prompt->output_schema = json_pack("{s:s, s:O}", "type", "string", "enum", tm_labels_names(labels));
    tm_schema_free(prompt->output_check);
    prompt->output_check = tm_schema_compile(prompt->output_schema, error);
    return prompt->output_check != NULL;
}

gboolean tm_prompt_wants_json(const tm_prompt *prompt)
{
    if (prompt->labels)
        return FALSE;
    static const char *const formats[] = {"json", "array", NULL};
    const char *mime = tm_json_string(prompt->config, "responseMimeType", "");
    return prompt->output_schema ||
           (prompt->output_format && g_strv_contains(formats, prompt->output_format)) ||
           strcmp(mime, "application/json") == 0;
}

GPtrArray *tm_prompt_render(const tm_prompt *prompt, const json_t *input, GError **error)
{
    tm_render render = {.input = input};
    g_autoptr(json_t) merged = NULL;
    if (json_object_size(prompt->input_default)) {
        merged = json_copy(prompt->input_default);
        if (json_is_object(input))
            json_object_update(merged, (json_t *)(uintptr_t)input);
        render.input = merged;
    }
    return tm_template_render(prompt->template, &render, error);
}
