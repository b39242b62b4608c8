/* openai_schema.c - the kind of answer that a prompt asks for as response_format: labels, a schema, JSON; in
 * words where the service takes no schema; and the way back. */
#include "core/provider/openai_parts.h"

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

/* {"type": "json_schema", ...} around a schema in strict shape, as JSON. Takes it. (transfer full) */
static char *format_of(json_t *strict)
{
    g_autoptr(json_t) format = json_pack("{s:s, s:{s:s, s:o, s:b}}", "type", "json_schema", "json_schema",
                                         "name", "answer", "schema", strict, "strict", 1);
    return tm_json_text(format);
}

/* A schema whose root is no object becomes the one member of an object. NULL: it refers to its own root, or
 * can't be said. (transfer full) */
static json_t *wrapped(const json_t *schema, GPtrArray *lost)
{
    g_autofree char *text = tm_json_text(schema);
    if (strstr(text, "\"$ref\"") || strstr(text, "\"$defs\""))
        return NULL;
    g_autoptr(json_t) outer =
        json_pack("{s:s, s:{s:O}, s:[s], s:b}", "type", "object", "properties", "value",
                  (json_t *)(gpointer)schema, "required", "value", "additionalProperties", 0);
    return tm_schema_to_openai(outer, lost);
}

static void put_schema(tm_skeleton *skeleton, const json_t *schema, GPtrArray *notes)
{
    g_autoptr(GPtrArray) lost = g_ptr_array_new_with_free_func(g_free);
    json_t *strict = tm_schema_to_openai(schema, lost);
    g_autofree char *text = tm_json_text(schema);
    if (!strict) {
        g_autoptr(GPtrArray) again = g_ptr_array_new_with_free_func(g_free);
        strict = wrapped(schema, again);
        skeleton->wrap = strict ? TM_WRAP_VALUE : TM_WRAP_NONE;
        if (strict) {
            g_ptr_array_unref(lost);
            lost = g_steal_pointer(&again);
        }
    }
    skeleton->object = strict == NULL || skeleton->wrap == TM_WRAP_NONE;
    skeleton->hint = g_strdup_printf("Answer with JSON only, without a Markdown fence, that obeys this JSON "
                                     "Schema: %s",
                                     text);
    if (strict) {
        skeleton->schema = format_of(strict);
        for (guint i = 0; i < lost->len; i++)
            note(notes, "output schema: %s is not told to the model; answers are checked for it all the same",
                 (const char *)lost->pdata[i]);
    } else {
        note(notes, "output schema: it is told to the model in words only: %s",
             lost->len ? (const char *)lost->pdata[lost->len - 1] : "it has no strict form");
    }
}

static void put_labels(tm_skeleton *skeleton, const tm_labels *labels)
{
    json_t *names = (json_t *)(gpointer)tm_labels_names(labels);
    g_autofree char *text = tm_json_text(names);
    skeleton->wrap = TM_WRAP_LABEL;
    skeleton->schema =
        format_of(json_pack("{s:s, s:{s:{s:s, s:O}}, s:[s], s:b}", "type", "object", "properties", "label",
                            "type", "string", "enum", names, "required", "label", "additionalProperties", 0));
    skeleton->hint = g_strdup_printf("Answer with one of these labels and nothing else: %s", text);
}

void tm_openai_ask_for(tm_skeleton *skeleton, const tm_prompt *prompt, const json_t *schema, GPtrArray *notes)
{
    const GPtrArray *unchecked = prompt->output_check ? tm_schema_notes(prompt->output_check) : NULL;
    for (guint i = 0; unchecked && i < unchecked->len; i++)
        note(notes, "output schema: %s", (const char *)unchecked->pdata[i]);
    if (skeleton->format)
        return;
    if (prompt->output_schema)
        schema = prompt->output_schema;
    if (prompt->labels) {
        put_labels(skeleton, prompt->labels);
    } else if (schema) {
        skeleton->wanted = json_incref((json_t *)(gpointer)schema);
        put_schema(skeleton, schema, notes);
    } else if (tm_prompt_wants_json(prompt)) {
        skeleton->object = true;
        skeleton->hint = g_strdup("Answer with JSON only, without a Markdown fence.");
    }
}

/* ---- the way back ---- */

static void set_text(tm_answer *answer, const json_t *value)
{
    g_free(answer->text);
    answer->text = json_is_string(value) ? g_strndup(json_string_value(value), json_string_length(value))
                                         : tm_json_text(value);
    answer->text_length = json_is_string(value) ? json_string_length(value) : strlen(answer->text);
}

void tm_openai_unwrap(const tm_skeleton *skeleton, tm_answer *answer)
{
    if (!answer->text || !skeleton || (skeleton->wrap == TM_WRAP_NONE && !skeleton->wanted))
        return;
    g_autoptr(json_t) json = tm_json_parse(answer->text, answer->text_length, NULL);
    if (!json_is_object(json))
        return;
    const json_t *label = json_object_get(json, "label"), *value = json_object_get(json, "value");
    bool alone = json_object_size(json) == 1;
    if (skeleton->wrap == TM_WRAP_LABEL) {
        if (alone && json_is_string(label))
            set_text(answer, label);
        return;
    }
    if (skeleton->wrap == TM_WRAP_VALUE) {
        if (!alone || !value)
            return;
        json_t *inner = json_incref((json_t *)(gpointer)value);
        tm_schema_drop_absent(skeleton->wanted, inner);
        set_text(answer, inner);
        if (json_is_string(inner)) { /* the prompt's schema wants a JSON text, with its quotes */
            g_free(answer->text);
            answer->text = tm_json_text(inner);
            answer->text_length = strlen(answer->text);
        }
        json_decref(inner);
        return;
    }
    if (tm_schema_drop_absent(skeleton->wanted, json))
        set_text(answer, json);
}
