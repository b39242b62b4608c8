/* schema_gemini_json.c - JSON Schema as Gemini's responseJsonSchema: real JSON Schema, of which the API reads
 * some keywords and passes over the rest. What it would pass over is left out and named. */
#include "core/json.h"
#include "core/schema_convert.h"
#include <string.h>

static const char *const same[] = {"title",   "description", "format",   "minItems",         "maxItems",
                                   "minimum", "maximum",     "required", "propertyOrdering", "$anchor",
                                   NULL};
static const char *const gone[] = {"not",
                                   "if",
                                   "then",
                                   "else",
                                   "allOf",
                                   "pattern",
                                   "minLength",
                                   "maxLength",
                                   "minProperties",
                                   "maxProperties",
                                   "uniqueItems",
                                   "multipleOf",
                                   "contains",
                                   "patternProperties",
                                   "propertyNames",
                                   "dependentRequired",
                                   "dependencies",
                                   "dependentSchemas",
                                   NULL};

static json_t *convert(tm_converter *converter, const json_t *schema);

static void convert_type(const json_t *schema, json_t *out)
{
    const json_t *type = json_object_get(schema, "type");
    g_autoptr(json_t) words =
        json_is_string(type) ? json_pack("[O]", type) : json_incref((json_t *)(uintptr_t)type);
    if (!json_array_size(words))
        return;
    json_t *lower = json_array();
    for (size_t i = 0; i < json_array_size(words); i++) {
        const char *word = json_string_value(json_array_get(words, i));
        g_autofree char *small = g_ascii_strdown(word ? word : "", -1);
        json_array_append_new(lower, json_string(small));
    }
    if (tm_json_bool(schema, "nullable", false) && !tm_converter_has_type(schema, "null"))
        json_array_append_new(lower, json_string("null"));
    json_object_set(out, "type", json_array_size(lower) == 1 ? json_array_get(lower, 0) : lower);
    json_decref(lower);
}

/* Texts and numbers are values; null among them is an alternative of its own. */
static void convert_values(tm_converter *converter, const json_t *schema, json_t *out)
{
    g_autoptr(json_t) values = tm_converter_values(schema), plain = json_array();
    bool null = false;
    for (size_t i = 0; i < json_array_size(values); i++) {
        json_t *value = json_array_get(values, i);
        null |= json_is_null(value);
        if (json_is_string(value) || json_is_number(value))
            json_array_append(plain, value);
        else if (!json_is_null(value))
            tm_converter_lose(converter, "enum of %s",
                              json_is_boolean(value) ? "true and false" : "objects and arrays");
    }
    if (!json_array_size(plain) || json_array_size(plain) + null != json_array_size(values))
        return;
    if (!null) {
        json_object_set(out, "enum", plain);
        return;
    }
    json_object_del(out, "type");
    json_object_set_new(out, "anyOf", json_pack("[{s:O}, {s:s}]", "enum", plain, "type", "null"));
}

static void convert_named(tm_converter *converter, const json_t *object, json_t *out, const char *key)
{
    const char *name;
    json_t *value;
    if (!json_is_object(object))
        return;
    json_t *named = json_object_get(out, key);
    if (!named) {
        named = json_object();
        json_object_set_new(out, key, named);
    }
    json_object_foreach((json_t *)(uintptr_t)object, name, value)
        json_object_set_new(named, name, convert(converter, value));
}

static void convert_list(tm_converter *converter, const json_t *list, json_t *out, const char *key)
{
    if (!json_is_array(list) || json_object_get(out, key))
        return;
    json_t *converted = json_array();
    for (size_t i = 0; i < json_array_size(list); i++)
        json_array_append_new(converted, convert(converter, json_array_get(list, i)));
    json_object_set_new(out, key, converted);
}

static void convert_inside(tm_converter *converter, const json_t *schema, json_t *out)
{
    const json_t *items = json_object_get(schema, "items"), *others;
    convert_named(converter, json_object_get(schema, "$defs"), out, "$defs");
    convert_named(converter, json_object_get(schema, "definitions"), out, "$defs");
    convert_named(converter, json_object_get(schema, "properties"), out, "properties");
    convert_list(converter, json_object_get(schema, "anyOf"), out, "anyOf");
    if (json_object_get(schema, "oneOf") && json_object_get(out, "anyOf"))
        tm_converter_lose(converter, "oneOf beside anyOf");
    else if (json_object_get(schema, "oneOf"))
        tm_converter_lose(converter, "oneOf (read as anyOf)");
    convert_list(converter, json_object_get(schema, "oneOf"), out, "anyOf");
    convert_list(converter, json_object_get(schema, "prefixItems"), out, "prefixItems");
    convert_list(converter, json_is_array(items) ? items : NULL, out, "prefixItems");
    if (json_is_array(items))
        items = json_object_get(schema, "additionalItems");
    if (json_is_object(items))
        json_object_set_new(out, "items", convert(converter, items));
    else if (json_is_false(items))
        tm_converter_lose(converter, "items: false");
    others = json_object_get(schema, "additionalProperties");
    if (json_is_boolean(others))
        json_object_set(out, "additionalProperties", (json_t *)(uintptr_t)others);
    else if (others)
        json_object_set_new(out, "additionalProperties", convert(converter, others));
}

/* Beside $ref only words with a $ may stand. */
static json_t *convert_ref(tm_converter *converter, const json_t *schema, const char *ref)
{
    g_autofree char *target = tm_converter_ref(ref);
    json_t *out = json_pack("{s:s}", "$ref", target), *value;
    const char *name;
    json_object_foreach((json_t *)(uintptr_t)schema, name, value)
        if (*name != '$' && strcmp(name, "definitions") != 0)
            tm_converter_lose(converter, "%s beside $ref", name);
    convert_named(converter, json_object_get(schema, "$defs"), out, "$defs");
    convert_named(converter, json_object_get(schema, "definitions"), out, "$defs");
    return out;
}

static json_t *convert(tm_converter *converter, const json_t *schema)
{
    if (!json_is_object(schema)) {
        if (json_is_false(schema))
            tm_converter_lose(converter, "the schema false");
        return json_object();
    }
    const char *ref = tm_json_string(schema, "$ref", NULL);
    if (ref)
        return convert_ref(converter, schema, ref);
    json_t *whole = json_object_get(schema, "allOf") ? tm_converter_unfold(converter, schema) : NULL;
    if (whole) {
        json_t *out = convert(converter, whole);
        json_decref(whole);
        return out;
    }
    json_t *out = json_object();
    bool integer = tm_converter_has_type(schema, "integer") && !tm_converter_has_type(schema, "number");
    convert_type(schema, out);
    tm_converter_copy(schema, same, out);
    tm_converter_lose_all(converter, schema, gone);
    tm_converter_bounds(converter, schema, integer, out);
    convert_values(converter, schema, out);
    convert_inside(converter, schema, out);
    return out;
}

json_t *tm_schema_to_gemini_json(const json_t *schema, GPtrArray *lost)
{
    tm_converter converter = {.root = schema, .lost = lost};
    return convert(&converter, schema);
}
