/* gemini_schema.c - the kind of answer that a prompt asks for, in generationConfig's words: labels, a schema,
 * JSON. */
#include "core/provider/gemini_parts.h"

#include <stdbool.h>
#include <string.h>

static void note(GPtrArray *notes, const char *format, ...) G_GNUC_PRINTF(2, 3);
static void note(GPtrArray *notes, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    if (notes)
        g_ptr_array_add(notes, g_strdup_vprintf(format, args));
    va_end(args);
}

static void put_schema(json_t *generation, const tm_prompt *prompt, GPtrArray *notes)
{
    g_autoptr(GPtrArray) lost = g_ptr_array_new_with_free_func(g_free);
    json_t *schema = tm_schema_to_gemini(prompt->output_schema, lost);
    if (schema) {
        json_object_set_new(generation, "responseSchema", schema);
    } else {
        g_ptr_array_set_size(lost, 0);
        schema = tm_schema_to_gemini_json(prompt->output_schema, lost);
        json_object_set_new(generation, "responseJsonSchema", schema);
    }
    for (guint i = 0; i < lost->len; i++)
        note(notes, "output schema: %s is not told to the model; answers are checked for it all the same",
             (const char *)lost->pdata[i]);
}

void tm_gemini_ask_for(json_t *generation, const tm_prompt *prompt, GPtrArray *notes)
{
    const GPtrArray *unchecked = prompt->output_check ? tm_schema_notes(prompt->output_check) : NULL;
    const char *mime = tm_json_string(generation, "responseMimeType", NULL);
    bool own =
        json_object_get(generation, "responseSchema") || json_object_get(generation, "responseJsonSchema");
    bool wanted = prompt->labels || prompt->output_schema || g_strcmp0(prompt->output_format, "json") == 0;
    for (guint i = 0; unchecked && i < unchecked->len; i++)
        note(notes, "output schema: %s", (const char *)unchecked->pdata[i]);
    if (json_object_get(generation, "responseFormat"))
        return;
    bool takes = !mime || strcmp(mime, "application/json") == 0 ||
                 (prompt->labels && strcmp(mime, "text/x.enum") == 0);
    if (!own && takes && prompt->labels)
        json_object_set_new(generation, "responseSchema",
                            json_pack("{s:s, s:O}", "type", "STRING", "enum",
                                      (json_t *)(uintptr_t)tm_labels_names(prompt->labels)));
    else if (!own && takes && prompt->output_schema)
        put_schema(generation, prompt, notes);
    else if (!own && prompt->output_schema)
        note(notes,
             "the output schema is not told to the model: config.responseMimeType is %s; answers are checked "
             "for it "
             "all the same",
             mime);
    if (!mime && (wanted || own))
        json_object_set_new(generation, "responseMimeType",
                            json_string(prompt->labels && !own ? "text/x.enum" : "application/json"));
}
