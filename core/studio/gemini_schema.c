/* gemini_schema.c - Gemini's schema (OBJECT, nullable, "minItems": "1") as JSON Schema */
#include "core/json.h"
#include "core/studio/settings.h"
#include <string.h>

/* Counts may be saved as texts. */
static const char *const counts[] = {"minItems",  "maxItems",  "minProperties", "maxProperties",
                                     "minLength", "maxLength", "minimum",       "maximum"};

static json_t *convert(const json_t *schema, int depth);

static json_t *converted_members(const json_t *members, int depth)
{
    json_t *out = json_object();
    const char *name;
    json_t *member;
    json_object_foreach((json_t *)members, name, member)
        json_object_set_new(out, name, convert(member, depth));
    return out;
}

static json_t *converted_list(const json_t *list, int depth)
{
    json_t *out = json_array();
    size_t i;
    json_t *member;
    json_array_foreach(list, i, member)
        json_array_append_new(out, convert(member, depth));
    return out;
}

static json_t *converted_type(const json_t *value)
{
    if (!json_is_string(value))
        return json_deep_copy(value);
    g_autofree char *type = g_ascii_strdown(json_string_value(value), -1);
    return json_string(type);
}

/* "3" -> 3 */
static json_t *converted_count(const json_t *value)
{
    const char *text = json_string_value(value);
    char *end = NULL;
    double number = text ? g_ascii_strtod(text, &end) : 0;
    if (!text || end == text || *end)
        return json_deep_copy(value);
    return number >= -1e15 && number <= 1e15 && number == (double)(json_int_t)number
               ? json_integer((json_int_t)number)
               : json_real(number);
}

static bool is_count(const char *key)
{
    for (size_t i = 0; i < G_N_ELEMENTS(counts); i++)
        if (strcmp(key, counts[i]) == 0)
            return true;
    return false;
}

/* `nullable` said in JSON Schema's way. */
static void allow_null(json_t *schema)
{
    json_t *type = json_object_get(schema, "type"), *values = json_object_get(schema, "enum");
    json_t *any = json_object_get(schema, "anyOf");
    if (json_is_string(type) && strcmp(json_string_value(type), "null") != 0)
        json_object_set_new(schema, "type", json_pack("[O, s]", type, "null"));
    if (json_is_array(values))
        json_array_append_new(values, json_null());
    if (json_is_array(any))
        json_array_append_new(any, json_pack("{s:s}", "type", "null"));
}

static json_t *convert(const json_t *schema, int depth)
{
    if (!json_is_object(schema) || depth > 100) /* no API takes a schema as deep as that */
        return json_deep_copy(schema);
    json_t *out = json_object();
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)schema, key, value) {
        json_t *now = NULL;
        if (strcmp(key, "nullable") == 0 || (strcmp(key, "type") == 0 && json_is_string(value) &&
                                             g_str_has_suffix(json_string_value(value), "_UNSPECIFIED")))
            continue;
        if (strcmp(key, "type") == 0)
            now = converted_type(value);
        else if (strcmp(key, "properties") == 0 || strcmp(key, "$defs") == 0)
            now = json_is_object(value) ? converted_members(value, depth + 1) : json_deep_copy(value);
        else if (json_is_array(value) && (strcmp(key, "anyOf") == 0 || strcmp(key, "oneOf") == 0 ||
                                          strcmp(key, "allOf") == 0 || strcmp(key, "prefixItems") == 0))
            now = converted_list(value, depth + 1);
        else if (strcmp(key, "items") == 0 || strcmp(key, "additionalProperties") == 0)
            now = convert(value, depth + 1);
        else
            now = is_count(key) ? converted_count(value) : json_deep_copy(value);
        json_object_set_new(out, key, now);
    }
    if (tm_json_bool(schema, "nullable", false))
        allow_null(out);
    return out;
}

json_t *tm_settings_schema(const json_t *schema)
{
    return convert(schema, 0);
}
