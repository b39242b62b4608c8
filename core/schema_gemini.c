/* schema_gemini.c - JSON Schema as Gemini's responseSchema: an OpenAPI subset with nullable, upper-case types
 * and propertyOrdering, without $ref, const, oneOf and additionalProperties. */
#include "core/json.h"
#include "core/schema_convert.h"
#include <string.h>

enum {
    MAX_DEPTH = 64,
    MAX_STEPS = 20000, /* references that double each other unfold without end */
};

static json_t *convert(tm_converter *converter, const json_t *schema);

/* Keywords that pass as they are. */
static const char *const same[] = {"title",         "description",   "minItems",         "maxItems",
                                   "minimum",       "maximum",       "minLength",        "maxLength",
                                   "minProperties", "maxProperties", "pattern",          "example",
                                   "default",       "nullable",      "propertyOrdering", NULL};
static const char *const gone[] = {"not",
                                   "if",
                                   "patternProperties",
                                   "propertyNames",
                                   "contains",
                                   "uniqueItems",
                                   "multipleOf",
                                   "dependentRequired",
                                   "dependentSchemas",
                                   "dependencies",
                                   "additionalItems",
                                   NULL};

/* Gemini refuses other formats with a 400. */
static void copy_format(tm_converter *converter, const json_t *schema, json_t *out)
{
    static const char *const known[] = {"enum", "date-time", "float", "double", "int32", "int64", NULL};
    const char *format = tm_json_string(schema, "format", NULL);
    if (format && g_strv_contains(known, format))
        json_object_set_new(out, "format", json_string(format));
    else if (format)
        tm_converter_lose(converter, "format %s", format);
}

static void set_type(json_t *out, const char *type)
{
    g_autofree char *upper = g_ascii_strup(type, -1);
    json_object_set_new(out, "type", json_string(upper));
}

/* One type and perhaps null; several become alternatives. False: no way. */
static bool convert_type(const json_t *schema, json_t *out)
{
    const json_t *type = json_object_get(schema, "type");
    if (json_is_string(type)) {
        set_type(out, json_string_value(type));
        return true;
    }
    const char *single = NULL;
    size_t others = 0;
    for (size_t i = 0; i < json_array_size(type); i++) {
        const char *word = json_string_value(json_array_get(type, i));
        if (!word)
            return false;
        if (g_ascii_strcasecmp(word, "null") == 0) {
            json_object_set_new(out, "nullable", json_true());
        } else {
            single = word;
            others++;
        }
    }
    if (single) {
        set_type(out, single);
        return others == 1;
    }
    const char *meant = json_object_get(schema, "properties") ? "OBJECT"
                        : json_object_get(schema, "items")    ? "ARRAY"
                                                              : NULL;
    if (meant)
        set_type(out, meant);
    return true;
}

/* Values must be texts; null among them is nullable. False: no way. */
static bool convert_values(const json_t *schema, json_t *out)
{
    g_autoptr(json_t) values = tm_converter_values(schema);
    if (!values)
        return true;
    json_t *texts = json_array();
    json_object_set_new(out, "enum", texts);
    for (size_t i = 0; i < json_array_size(values); i++) {
        json_t *value = json_array_get(values, i);
        if (json_is_string(value))
            json_array_append(texts, value);
        else if (json_is_null(value))
            json_object_set_new(out, "nullable", json_true());
        else
            return false;
    }
    if (!json_object_get(out, "type"))
        set_type(out, "STRING");
    return json_array_size(texts) > 0;
}

static bool convert_object(tm_converter *converter, const json_t *schema, json_t *out)
{
    json_t *properties = json_object_get(schema, "properties"), *value;
    const char *name;
    const json_t *others = json_object_get(schema, "additionalProperties");
    if (json_is_object(others) ||
        (g_strcmp0(tm_json_string(out, "type", NULL), "OBJECT") == 0 && !json_object_size(properties)))
        return false; /* a map of names that are not known: only real JSON Schema says that */
    if (!json_is_object(properties))
        return true;
    json_t *converted = json_object(), *order = json_array();
    json_object_set_new(out, "properties", converted);
    json_object_foreach(properties, name, value) {
        json_t *property = convert(converter, value);
        if (!property)
            break;
        json_object_set_new(converted, name, property);
        json_array_append_new(order, json_string(name));
    }
    json_t *required = json_object_get(schema, "required");
    if (json_is_array(required))
        json_object_set(out, "required", required);
    /* without it the API answers in alphabetical order */
    if (!json_object_get(out, "propertyOrdering"))
        json_object_set(out, "propertyOrdering", order);
    json_decref(order);
    return json_object_size(converted) == json_object_size(properties);
}

static bool convert_alternatives(tm_converter *converter, const json_t *schema, json_t *out)
{
    const json_t *alternatives = tm_json_array(schema, "anyOf");
    if (!alternatives && (alternatives = tm_json_array(schema, "oneOf")))
        tm_converter_lose(converter, "oneOf (sent as anyOf)");
    if (!alternatives)
        return true;
    json_t *list = json_array();
    for (size_t i = 0; i < json_array_size(alternatives); i++) {
        const json_t *alternative = json_array_get(alternatives, i);
        const char *type = tm_json_string(alternative, "type", "");
        if (g_ascii_strcasecmp(type, "null") == 0) {
            json_object_set_new(out, "nullable", json_true());
            continue;
        }
        json_t *converted = convert(converter, alternative);
        if (!converted) {
            json_decref(list);
            return false;
        }
        json_array_append_new(list, converted);
    }
    if (json_array_size(list) == 1 && !json_object_get(out, "type"))
        json_object_update_missing(out, json_array_get(list, 0));
    else if (json_array_size(list))
        json_object_set(out, "anyOf", list);
    json_decref(list);
    return true;
}

static json_t *convert_plain(tm_converter *converter, const json_t *schema)
{
    g_autoptr(json_t) out = json_object();
    const json_t *items = json_object_get(schema, "items");
    if (json_object_get(schema, "prefixItems") || json_is_array(items))
        return NULL;
    if (!convert_type(schema, out) || !convert_values(schema, out))
        return NULL;
    tm_converter_copy(schema, same, out);
    tm_converter_lose_all(converter, schema, gone);
    copy_format(converter, schema, out);
    tm_converter_bounds(converter, schema, g_strcmp0(tm_json_string(out, "type", NULL), "INTEGER") == 0, out);
    if (!convert_object(converter, schema, out) || !convert_alternatives(converter, schema, out))
        return NULL;
    if (items) {
        json_t *converted = convert(converter, items);
        if (!converted)
            return NULL;
        json_object_set_new(out, "items", converted);
    }
    bool said = json_object_get(out, "type") || json_object_get(out, "anyOf");
    return said ? g_steal_pointer(&out) : NULL; /* "anything" has no words here */
}

static json_t *convert(tm_converter *converter, const json_t *schema)
{
    if (!json_is_object(schema) || converter->depth >= MAX_DEPTH || ++converter->steps > MAX_STEPS)
        return NULL;
    converter->depth++;
    json_t *out = NULL;
    if (json_object_get(schema, "$ref") || json_object_get(schema, "allOf")) {
        g_autoptr(json_t) whole = tm_converter_unfold(converter, schema);
        out = whole ? convert(converter, whole) : NULL; /* one that leads back to itself ends at the depth */
    } else {
        out = convert_plain(converter, schema);
    }
    converter->depth--;
    return out;
}

json_t *tm_schema_to_gemini(const json_t *schema, GPtrArray *lost)
{
    tm_converter converter = {.root = schema, .lost = lost};
    return convert(&converter, schema);
}
