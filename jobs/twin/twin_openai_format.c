/* twin_openai_format.c - response_format: what the answer must be. */
#include <string.h>

#include "core/json.h"
#include "jobs/twin/twin_openai.h"

enum { MAX_NAME = 64 };

static const char *const types[] = {"json_object", "json_schema", "text", NULL};

static const tm_twin_openai_field fields[] = {
    {"type", TM_FIELD_OF_TEXT, 0, 0, types},
    {"json_schema", TM_FIELD_OF_OBJECT, 0, 0, NULL},
    {NULL, TM_FIELD_OF_ANYTHING, 0, 0, NULL},
};
static const tm_twin_openai_field schema_fields[] = {
    {"name", TM_FIELD_OF_TEXT, 0, 0, NULL},     {"description", TM_FIELD_OF_TEXT, 0, 0, NULL},
    {"schema", TM_FIELD_OF_OBJECT, 0, 0, NULL}, {"strict", TM_FIELD_OF_FLAG, 0, 0, NULL},
    {NULL, TM_FIELD_OF_ANYTHING, 0, 0, NULL},
};

static bool refuse(tm_twin_arrival *a, const char *param, const char *code, const char *words)
{
    tm_twin_refuse_parameter(a, param, code, words);
    return false;
}

static bool fits_name(tm_twin_arrival *a, const char *name)
{
    size_t length = strlen(name);
    if (!length)
        return refuse(a, "response_format.json_schema.name", "missing_required_parameter",
                      "Missing required parameter: 'response_format.json_schema.name'.");
    if (length > MAX_NAME || strspn(name, G_CSET_a_2_z G_CSET_A_2_Z G_CSET_DIGITS "_-") != length)
        return refuse(a, "response_format.json_schema.name", "invalid_value",
                      "Invalid 'response_format.json_schema.name': string does not match pattern. Expected a "
                      "string that matches the pattern '^[a-zA-Z0-9_-]+$' of at most 64 characters.");
    return true;
}

static bool take_schema(tm_twin_arrival *a, json_t *format, json_t *config)
{
    json_t *named = json_object_get(format, "json_schema");
    if (!named)
        return refuse(a, "response_format.json_schema", "missing_required_parameter",
                      "Missing required parameter: 'response_format.json_schema'.");
    if (!tm_twin_openai_fields(a, named, "response_format.json_schema.", schema_fields) ||
        !fits_name(a, tm_json_string(named, "name", "")))
        return false;
    if (a->preset->no_schema)
        return refuse(a, NULL, "invalid_request_error", "This response_format type is unavailable now");
    json_t *schema = json_object_get(named, "schema");
    g_autofree char *flaw = NULL;
    if (a->preset->strict && !schema)
        flaw = g_strdup("schema must be a JSON Schema of 'type: \"object\"', got 'type: \"None\"'.");
    else if (a->preset->strict && json_is_true(json_object_get(named, "strict")))
        flaw = tm_twin_openai_schema_flaw(schema);
    if (flaw) {
        g_autofree char *words = g_strdup_printf("Invalid schema for response_format '%s': %s",
                                                 tm_json_string(named, "name", ""), flaw);
        return refuse(a, "response_format", "invalid_json_schema", words);
    }
    if (schema)
        json_object_set(config, "responseJsonSchema", schema);
    return true;
}

static bool speaks_of_json(const json_t *value)
{
    g_autofree char *text = tm_json_text(value);
    g_autofree char *lower = g_ascii_strdown(text, -1);
    return strstr(lower, "json") != NULL;
}

static bool take_object(tm_twin_arrival *a, const json_t *chat)
{
    if (a->preset->no_json_object)
        return refuse(a, "response_format", NULL, "'response_format.type' must be 'json_schema' or 'text'");
    if (a->preset->strict && !speaks_of_json(json_object_get(chat, "messages")))
        return refuse(
            a, "messages", NULL,
            "'messages' must contain the word 'json' in some form, to use 'response_format' of type "
            "'json_object'.");
    return true;
}

bool tm_twin_openai_format(tm_twin_arrival *a, json_t *chat, json_t *config)
{
    json_t *format = json_object_get(chat, "response_format");
    const char *type = tm_json_string(format, "type", "");
    if (!format)
        return true;
    if (!tm_twin_openai_fields(a, format, "response_format.", fields))
        return false;
    if (!*type)
        return refuse(a, "response_format.type", "missing_required_parameter",
                      "Missing required parameter: 'response_format.type'.");
    if (strcmp(type, "text") == 0)
        return true;
    json_object_set_new(config, "responseMimeType", json_string("application/json"));
    return strcmp(type, "json_schema") == 0 ? take_schema(a, format, config) : take_object(a, chat);
}
