/* schema_openai.c - JSON Schema as OpenAI's strict json_schema. */
#include "core/json.h"
#include "core/schema_convert.h"
#include <string.h>

/* The API's own bounds, 2026. */
enum { MAX_PROPERTIES = 5000, MAX_LEVELS = 10, MAX_VALUES = 1000, MAX_CHARACTERS = 120000 };
enum { MAX_DEPTH = 64 };

typedef struct {
    tm_converter base;
    int levels; /* of objects and arrays in each other */
    size_t properties, values, characters;
} tm_strict;

static const char *const same[] = {
    "title",    "description",      "minimum", "maximum",    "exclusiveMinimum", "minItems",
    "maxItems", "exclusiveMaximum", "pattern", "multipleOf", "$anchor",          NULL};
static const char *const gone[] = {"not",
                                   "if",
                                   "then",
                                   "else",
                                   "minLength",
                                   "maxLength",
                                   "minProperties",
                                   "maxProperties",
                                   "uniqueItems",
                                   "contains",
                                   "propertyNames",
                                   "patternProperties",
                                   "dependencies",
                                   "dependentRequired",
                                   "default",
                                   "dependentSchemas",
                                   NULL};

static json_t *convert(tm_strict *strict, const json_t *schema);

/* No way to say this: NULL, and why. */
static json_t *give_up(tm_strict *strict, const char *why)
{
    tm_converter_lose(&strict->base, "%s", why);
    return NULL;
}

static void convert_format(tm_strict *strict, const json_t *schema, json_t *out)
{
    static const char *const known[] = {"date-time", "time", "date", "duration", "email",
                                        "hostname",  "ipv4", "ipv6", "uuid",     NULL};
    const char *format = tm_json_string(schema, "format", NULL);
    if (format && g_strv_contains(known, format))
        json_object_set_new(out, "format", json_string(format));
    else if (format)
        tm_converter_lose(&strict->base, "format %s", format);
}

static void convert_type(const json_t *schema, json_t *out)
{
    const json_t *type = json_object_get(schema, "type");
    json_t *words = json_array();
    for (size_t i = 0; i < MAX(json_array_size(type), 1); i++) {
        const char *word = json_string_value(json_is_array(type) ? json_array_get(type, i) : type);
        g_autofree char *small = word ? g_ascii_strdown(word, -1) : NULL;
        if (small)
            json_array_append_new(words, json_string(small));
    }
    if (!json_array_size(words) && json_object_get(schema, "properties"))
        json_array_append_new(words, json_string("object"));
    if (json_array_size(words) && tm_json_bool(schema, "nullable", false) &&
        !tm_converter_has_type(schema, "null"))
        json_array_append_new(words, json_string("null"));
    if (json_array_size(words))
        json_object_set(out, "type", json_array_size(words) == 1 ? json_array_get(words, 0) : words);
    json_decref(words);
}

static json_t *convert_list(tm_strict *strict, const json_t *list)
{
    g_autoptr(json_t) out = json_array();
    for (size_t i = 0; i < json_array_size(list); i++) {
        json_t *one = convert(strict, json_array_get(list, i));
        if (!one)
            return NULL;
        json_array_append_new(out, one);
    }
    return g_steal_pointer(&out);
}

static bool allows_null(const json_t *schema)
{
    const json_t *values = json_object_get(schema, "enum"), *any = json_object_get(schema, "anyOf");
    bool null = tm_converter_has_type(schema, "null") && !values;
    for (size_t i = 0; i < json_array_size(values); i++)
        null |= json_is_null(json_array_get(values, i));
    for (size_t i = 0; i < json_array_size(any); i++)
        null |= tm_converter_has_type(json_array_get(any, i), "null");
    return null;
}

/* The same or null. Takes the schema. (transfer full) */
static json_t *or_null(json_t *schema)
{
    json_t *type = json_object_get(schema, "type");
    if (!type || json_object_get(schema, "enum"))
        return json_pack("{s:[o, {s:s}]}", "anyOf", schema, "type", "null");
    json_t *words = json_is_array(type) ? json_copy(type) : json_pack("[O]", type);
    json_array_append_new(words, json_string("null"));
    json_object_set_new(schema, "type", words);
    return schema;
}

static bool is_required(const json_t *schema, const char *name)
{
    const json_t *required = json_object_get(schema, "required");
    for (size_t i = 0; i < json_array_size(required); i++)
        if (g_strcmp0(json_string_value(json_array_get(required, i)), name) == 0)
            return true;
    return false;
}

/* False: no way. */
static bool convert_object(tm_strict *strict, const json_t *schema, json_t *out)
{
    json_t *properties = json_object_get(schema, "properties"), *value;
    const json_t *others = json_object_get(schema, "additionalProperties");
    const char *name;
    if (json_is_object(others) || !json_object_size(properties))
        return give_up(strict, "an object whose names are not known (additionalProperties)") != NULL;
    json_t *converted = json_object(), *required = json_array();
    json_object_set_new(out, "properties", converted);
    json_object_set_new(out, "required", required);
    json_object_set_new(out, "additionalProperties", json_false());
    if (!others || json_is_true(others))
        tm_converter_lose(&strict->base, "members beyond those named (additionalProperties)");
    json_object_foreach(properties, name, value) {
        json_t *property = convert(strict, value);
        if (!property)
            return false;
        if (!is_required(schema, name) && !allows_null(property)) {
            property = or_null(property); /* what may be absent comes back as null instead */
            tm_converter_lose(&strict->base, "that '%s' may be absent (it comes back as null)", name);
        }
        json_object_set_new(converted, name, property);
        json_array_append_new(required, json_string(name));
        strict->characters += strlen(name);
        strict->properties++;
    }
    return true;
}

/* The API wants a type beside an enum: that of its values, where they have one. */
static void add_type(const json_t *values, json_t *out)
{
    const char *type = NULL;
    bool null = false;
    for (size_t i = 0; i < json_array_size(values); i++) {
        const json_t *value = json_array_get(values, i);
        const char *its = json_is_string(value)    ? "string"
                          : json_is_integer(value) ? "integer"
                          : json_is_boolean(value) ? "boolean"
                          : json_is_real(value)    ? "number"
                                                   : NULL;
        null = null || json_is_null(value);
        if (json_is_null(value))
            continue;
        if (!its || (type && strcmp(type, its) != 0))
            return;
        type = its;
    }
    if (type)
        json_object_set_new(out, "type", null ? json_pack("[s, s]", type, "null") : json_string(type));
}

static void convert_values(tm_strict *strict, const json_t *schema, json_t *out)
{
    json_t *values = tm_converter_values(schema);
    if (!values)
        return;
    if (!json_object_get(out, "type"))
        add_type(values, out);
    json_object_set_new(out, "enum", values);
    strict->values += json_array_size(values);
    for (size_t i = 0; i < json_array_size(values); i++)
        strict->characters += json_string_length(json_array_get(values, i));
}

static bool convert_array(tm_strict *strict, const json_t *schema, json_t *out)
{
    const json_t *items = json_object_get(schema, "items");
    if (json_is_array(items) || json_object_get(schema, "prefixItems"))
        return give_up(strict, "a list whose places have schemas of their own (prefixItems)") != NULL;
    if (!json_is_object(items))
        return give_up(strict, "a list of anything: items is missing") != NULL;
    json_t *converted = convert(strict, items);
    if (converted)
        json_object_set_new(out, "items", converted);
    return converted != NULL;
}

static bool convert_defs(tm_strict *strict, const json_t *schema, json_t *out)
{
    static const char *const keys[] = {"$defs", "definitions"};
    const char *name;
    json_t *value;
    for (size_t i = 0; i < G_N_ELEMENTS(keys); i++) {
        json_object_foreach(json_object_get(schema, keys[i]), name, value) {
            json_t *converted = convert(strict, value);
            if (!converted)
                return false;
            if (!json_object_get(out, "$defs"))
                json_object_set_new(out, "$defs", json_object());
            json_object_set_new(json_object_get(out, "$defs"), name, converted);
        }
    }
    return true;
}

static bool convert_alternatives(tm_strict *strict, const json_t *schema, json_t *out)
{
    const json_t *list = json_object_get(schema, "anyOf");
    if (!list && (list = json_object_get(schema, "oneOf")))
        tm_converter_lose(&strict->base, "oneOf (sent as anyOf)");
    if (!list)
        return true;
    json_t *converted = convert_list(strict, list);
    if (converted)
        json_object_set_new(out, "anyOf", converted);
    return converted != NULL;
}

static json_t *convert_plain(tm_strict *strict, const json_t *schema)
{
    g_autoptr(json_t) out = json_object();
    convert_type(schema, out);
    tm_converter_copy(schema, same, out);
    tm_converter_lose_all(&strict->base, schema, gone);
    convert_format(strict, schema, out);
    bool object = tm_converter_has_type(out, "object"), array = tm_converter_has_type(out, "array");
    strict->levels += object || array;
    if (strict->levels > MAX_LEVELS)
        return give_up(strict, "more than 10 levels of objects and lists");
    convert_values(strict, schema, out);
    bool ok = (!object || convert_object(strict, schema, out)) &&
              (!array || convert_array(strict, schema, out)) && convert_alternatives(strict, schema, out) &&
              convert_defs(strict, schema, out);
    strict->levels -= object || array;
    if (!ok)
        return NULL;
    bool said = json_object_get(out, "type") || json_object_get(out, "anyOf") || json_object_get(out, "enum");
    return said ? g_steal_pointer(&out) : give_up(strict, "a value of any kind: its type is missing");
}

static json_t *convert(tm_strict *strict, const json_t *schema)
{
    const char *ref = tm_json_string(schema, "$ref", NULL);
    json_t *out = NULL;
    if (!json_is_object(schema))
        return give_up(strict, "the schemas true and false");
    if (strict->base.depth >= MAX_DEPTH)
        return give_up(strict, "more than 64 schemas in each other");
    strict->base.depth++;
    if (ref) {
        g_autofree char *target = tm_converter_ref(ref);
        out = json_pack("{s:s}", "$ref", target);
        if (json_object_get(schema, "description"))
            json_object_set(out, "description", json_object_get(schema, "description"));
        if (!convert_defs(strict, schema, out))
            g_clear_pointer(&out, json_decref);
    } else if (json_object_get(schema, "allOf")) {
        g_autoptr(json_t) whole = tm_converter_unfold(&strict->base, schema);
        out = whole ? convert(strict, whole) : give_up(strict, "allOf of several schemas");
    } else {
        out = convert_plain(strict, schema);
    }
    strict->base.depth--;
    return out;
}

json_t *tm_schema_to_openai(const json_t *schema, GPtrArray *lost)
{
    tm_strict strict = {.base = {.root = schema, .lost = lost}};
    json_t *whole = json_object_get(schema, "$ref") ? tm_converter_unfold(&strict.base, schema) : NULL;
    g_autoptr(json_t) out = convert(&strict, whole ? whole : schema);
    json_decref(whole);
    if (!out)
        return NULL;
    if (g_strcmp0(tm_json_string(out, "type", NULL), "object") != 0)
        return give_up(&strict, "an answer that is no object");
    if (strict.properties > MAX_PROPERTIES || strict.values > MAX_VALUES ||
        strict.characters > MAX_CHARACTERS)
        return give_up(&strict,
                       "so much: at most 5,000 properties, 1,000 values and 120,000 characters of names");
    return g_steal_pointer(&out);
}
