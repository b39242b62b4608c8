/* picoschema.c - Dotprompt's short way to write a schema, as JSON Schema:
 *   name: string, what it is      note?: string          tags(array, the tags): string
 *   kind(enum): [A, B]            who(object): {...}     (*): any */
#include "core/error.h"
#include "core/guess.h"
#include "core/json.h"
#include "core/schema.h"
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

enum { MAX_DEPTH = 64 };

static const char *const scalars[] = {"string", "boolean", "null", "number", "integer", "any", NULL};
static const char *const kinds[] = {"object", "array", "enum", "*", NULL};

/* Words of JSON Schema's "type": an object whose type is one of them is no Picoschema. */
static const char *const types[] = {"string",  "boolean", "null",  "number",
                                    "integer", "object",  "array", NULL};

/* Splits "type, description" at the first comma. Both trimmed, *description NULL if there is none. */
static char *split(const char *text, char **description)
{
    const char *comma = strchr(text, ',');
    *description = comma ? g_strstrip(g_strdup(comma + 1)) : NULL;
    if (*description && !**description)
        g_clear_pointer(description, g_free);
    return g_strstrip(comma ? g_strndup(text, (gsize)(comma - text)) : g_strdup(text));
}

static void describe(json_t *schema, const char *description)
{
    if (description)
        json_object_set_new(schema, "description", json_string(description));
}

static json_t *from_scalar(const char *text, GError **error)
{
    g_autofree char *description = NULL, *type = split(text, &description);
    if (!g_strv_contains(scalars, type)) {
        const char *guess = tm_guess(type, scalars, (size_t)-1);
        tm_fail(error, TM_ERROR_INPUT,
                "unknown type '%s'%s%s%s; there are string, number, integer, boolean, null, any", type,
                guess ? "; did you mean '" : "", guess ? guess : "", guess ? "'?" : "");
        return NULL;
    }
    json_t *schema = json_object();
    if (strcmp(type, "any") != 0)
        json_object_set_new(schema, "type", json_string(type));
    describe(schema, description);
    return schema;
}

static json_t *from_value(const json_t *pico, int depth, GError **error);

/* What an optional property may also be: null. */
static void allow_null(json_t *schema)
{
    json_t *type = json_object_get(schema, "type"), *values = json_object_get(schema, "enum");
    if (json_is_string(type))
        json_object_set_new(schema, "type", json_pack("[O, s]", type, "null"));
    if (json_is_array(values)) {
        bool has = false;
        for (size_t i = 0; i < json_array_size(values); i++)
            has |= json_is_null(json_array_get(values, i));
        if (!has)
            json_array_append_new(values, json_null());
    }
}

/* A property's name as written, taken apart: name?(kind, description). */
typedef struct {
    char *name, *kind, *description;
    bool optional;
} tm_property;

static void property_clear(tm_property *property)
{
    g_free(property->name);
    g_free(property->kind);
    g_free(property->description);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(tm_property, property_clear)

static gboolean read_property(const char *key, tm_property *property, GError **error)
{
    const char *open = strchr(key, '(');
    property->name = g_strstrip(open ? g_strndup(key, (gsize)(open - key)) : g_strdup(key));
    if (open) {
        const char *close = strrchr(open, ')');
        if (!close || close[1])
            return tm_fail(error, TM_ERROR_INPUT, "'%s' lacks its )", key);
        g_autofree char *inside = g_strndup(open + 1, (gsize)(close - open - 1));
        property->kind = split(inside, &property->description);
        if (!g_strv_contains(kinds, property->kind)) {
            const char *guess = tm_guess(property->kind, kinds, (size_t)-1);
            return tm_fail(error, TM_ERROR_INPUT, "'%s': (%s) is none of (object), (array), (enum)%s%s%s",
                           key, property->kind, guess ? "; did you mean (" : "", guess ? guess : "",
                           guess ? ")?" : "");
        }
    }
    size_t n = strlen(property->name);
    if (n && property->name[n - 1] == '?') {
        property->optional = true;
        property->name[n - 1] = '\0';
        g_strchomp(property->name);
    }
    return TRUE;
}

static json_t *of_kind(const tm_property *property, const json_t *value, int depth, GError **error)
{
    json_t *schema = NULL;
    if (!property->kind || strcmp(property->kind, "*") == 0 || strcmp(property->kind, "object") == 0)
        return from_value(value, depth, error);
    if (strcmp(property->kind, "enum") == 0) {
        if (!json_is_array(value) || !json_array_size(value))
            tm_fail(error, TM_ERROR_INPUT, "'%s': an enum is a list of values: [A, B]", property->name);
        else
            schema = json_pack("{s:o}", "enum", json_copy((json_t *)(uintptr_t)value));
        return schema;
    }
    json_t *items = from_value(value, depth, error);
    return items ? json_pack("{s:s, s:o}", "type", "array", "items", items) : NULL;
}

static gboolean add_property(json_t *object, const char *key, const json_t *value, int depth, GError **error)
{
    g_auto(tm_property) parts = {0};
    if (!read_property(key, &parts, error))
        return FALSE;
    bool rest = !*parts.name && parts.kind && strcmp(parts.kind, "*") == 0;
    if (!rest && (!*parts.name || (parts.kind && strcmp(parts.kind, "*") == 0)))
        return tm_fail(error, TM_ERROR_INPUT, "'%s' names no property", key);
    json_t *schema = of_kind(&parts, value, depth, error);
    if (!schema)
        return FALSE;
    if (rest) {
        json_object_set_new(object, "additionalProperties", schema);
        return TRUE;
    }
    describe(schema, parts.description);
    if (parts.optional)
        allow_null(schema);
    else
        json_array_append_new(json_object_get(object, "required"), json_string(parts.name));
    json_object_set_new(json_object_get(object, "properties"), parts.name, schema);
    return TRUE;
}

static json_t *from_object(const json_t *pico, int depth, GError **error)
{
    g_autoptr(json_t) object = json_pack("{s:s, s:{}, s:[], s:b}", "type", "object", "properties", "required",
                                         "additionalProperties", 0);
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)pico, key, value) {
        if (!add_property(object, key, value, depth + 1, error))
            return NULL;
    }
    if (!json_array_size(json_object_get(object, "required")))
        json_object_del(object, "required");
    return g_steal_pointer(&object);
}

static json_t *from_value(const json_t *pico, int depth, GError **error)
{
    if (depth > MAX_DEPTH) {
        tm_fail(error, TM_ERROR_INPUT, "nested deeper than %d levels", MAX_DEPTH);
        return NULL;
    }
    if (json_is_string(pico))
        return from_scalar(json_string_value(pico), error);
    if (json_is_object(pico))
        return from_object(pico, depth, error);
    tm_fail(error, TM_ERROR_INPUT, "a type is missing: write a word like string, or an object of properties");
    return NULL;
}

/* JSON Schema as it is: told by a type that is one of JSON Schema's (in any case; Gemini writes them upper),
 * or by members that no Picoschema has. */
static bool is_json_schema(const json_t *pico)
{
    static const char *const marks[] = {"$schema", "$ref", "$defs", "anyOf", "oneOf", "allOf", NULL};
    const json_t *type = json_object_get(pico, "type");
    if (json_is_string(type)) {
        g_autofree char *word = g_ascii_strdown(json_string_value(type), -1);
        return g_strv_contains(types, word);
    }
    for (int i = 0; marks[i]; i++) {
        const json_t *mark = json_object_get(pico, marks[i]);
        if (mark && (*marks[i] == '$' || json_is_array(mark)))
            return true;
    }
    return json_is_array(type) || json_is_array(json_object_get(pico, "enum"));
}

json_t *tm_schema_from_pico(const json_t *pico, GError **error)
{
    if (json_is_object(pico)) {
        if (is_json_schema(pico))
            return json_deep_copy(pico);
        /* {properties: {...}} without a type is JSON Schema too, as in Dotprompt. */
        if (json_is_object(json_object_get(pico, "properties"))) {
            json_t *schema = json_pack("{s:s}", "type", "object");
            g_autoptr(json_t) copy = json_deep_copy(pico);
            json_object_update(schema, copy);
            return schema;
        }
    }
    return from_value(pico, 0, error);
}
