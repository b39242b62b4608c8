/* import_json.c - what was imported as `import --json` prints it */
#include "core/studio/import.h"

static json_t *strings(char *const *list)
{
    json_t *array = json_array();
    for (; *list; list++)
        json_array_append_new(array, json_string(*list));
    return array;
}

static json_t *prompt_json(const tm_imported *prompt)
{
    json_t *notes = json_array();
    for (guint i = 0; i < prompt->notes->len; i++)
        json_array_append_new(notes, json_string(g_ptr_array_index(prompt->notes, i)));
    json_t *json =
        json_pack("{s:s, s:s?, s:s, s:i, s:s, s:s?, s:o, s:I, s:I, s:s?, s:b, s:o, s:b, s:o, s:b, s:o}",
                  "name", prompt->name, "path", prompt->path, "file", prompt->file, "line", prompt->line,
                  "api", prompt->api, "model", prompt->model, "variables", strings(prompt->variables),
                  "system_chars", (json_int_t)prompt->system_chars, "template_chars",
                  (json_int_t)prompt->template_chars, "response_mime", prompt->response_mime, "schema",
                  prompt->schema, "schema_keys", strings(prompt->schema_keys), "media", prompt->media,
                  "config", strings(prompt->config), "complete", prompt->complete, "notes", notes);
    if (prompt->caller_file)
        json_object_set_new(
            json, "caller",
            json_pack("{s:s, s:i}", "file", prompt->caller_file, "line", prompt->caller_line));
    return json;
}

json_t *tm_import_to_json(const tm_import *import)
{
    json_t *prompts = json_array(), *skipped = json_array();
    for (guint i = 0; i < import->prompts->len; i++)
        json_array_append_new(prompts, prompt_json(g_ptr_array_index(import->prompts, i)));
    for (guint i = 0; i < import->skipped->len; i++) {
        const tm_skipped *one = g_ptr_array_index(import->skipped, i);
        json_array_append_new(
            skipped, json_pack("{s:s, s:i, s:s}", "file", one->file, "line", one->line, "why", one->why));
    }
    return json_pack("{s:o, s:o}", "prompts", prompts, "skipped", skipped);
}
