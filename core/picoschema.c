/* picoschema.c - Dotprompt's short way to write a schema, as JSON Schema:
 *   name: string, what it is      note?: string          tags(array, the tags): string
 *   kind(enum): [A, B]            who(object): {...}     (*): any      author: Person, a schema by its name
 */
#include "core/error.h"
#include "core/guess.h"
#include "core/json.h"
#include "core/schema.h"
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

enum { MAX_DEPTH = 64, MAX_NAMED = 16 };

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

typedef struct {
    tm_schema_loader load;
    void *data;
    int depth; /* of objects */
    int named; /* schemas by name in each other */
    GError **error;
} tm_pico;

static json_t *from_any(tm_pico *pico, const json_t *value);

/* A schema by its name. (transfer full) */
static json_t *from_name(tm_pico *pico, const char *name)
{
    g_autoptr(GError) failed = NULL;
    g_autoptr(json_t) named = pico->load ? pico->load(name, pico->data, &failed) : NULL;
    if (failed) {
        g_propagate_error(pico->error, g_steal_pointer(&failed));
        return NULL;
    }
    if (!named) {
        const char *guess = tm_guess(name, scalars, (size_t)-1);
        g_autofree char *own =
            pico->load && !strpbrk(name, "/\\:. ")
                ? g_strdup_printf("; a schema of your own stands in _%s.schema.yaml beside the prompt", name)
                : g_strdup("");
        if (guess)
            tm_fail(pico->error, TM_ERROR_INPUT, "unknown type '%s'; did you mean '%s'?", name, guess);
        else
            tm_fail(pico->error, TM_ERROR_INPUT,
                    "unknown type '%s'; there are string, number, integer, boolean, null, any%s", name, own);
        return NULL;
    }
    if (pico->named >= MAX_NAMED) {
        tm_fail(pico->error, TM_ERROR_INPUT, "the schema '%s' is made of itself; use JSON Schema's $ref",
                name);
        return NULL;
    }
    pico->named++;
    g_autoptr(json_t) schema = from_any(pico, named);
    pico->named--;
    if (!schema && !pico->named)
        g_prefix_error(pico->error, "%s: ", name);
    return schema ? json_copy(schema) : NULL;
}

static json_t *from_scalar(tm_pico *pico, const char *text)
{
    g_autofree char *description = NULL, *type = split(text, &description);
    json_t *schema = g_strv_contains(scalars, type) ? json_object() : from_name(pico, type);
    if (schema && g_strv_contains(scalars, type) && strcmp(type, "any") != 0)
        json_object_set_new(schema, "type", json_string(type));
    if (schema)
        describe(schema, description);
    return schema;
}

static json_t *from_value(tm_pico *pico, const json_t *value);

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
        if (close && strcmp(close + 1, "?") == 0)
            return tm_fail(error, TM_ERROR_INPUT, "'%s': the ? stands behind the name: %s?%.*s", key,
                           property->name, (int)(close + 1 - open), open);
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

static json_t *of_kind(tm_pico *pico, const tm_property *property, const json_t *value)
{
    json_t *schema = NULL;
    if (!property->kind || strcmp(property->kind, "*") == 0 || strcmp(property->kind, "object") == 0)
        return from_value(pico, value);
    if (strcmp(property->kind, "enum") == 0) {
        if (!json_is_array(value) || !json_array_size(value))
            tm_fail(pico->error, TM_ERROR_INPUT, "'%s': an enum is a list of values: [A, B]", property->name);
        else
            schema = json_pack("{s:o}", "enum", json_copy((json_t *)(uintptr_t)value));
        return schema;
    }
    json_t *items = from_value(pico, value);
    return items ? json_pack("{s:s, s:o}", "type", "array", "items", items) : NULL;
}

static gboolean add_property(tm_pico *pico, json_t *object, const char *key, const json_t *value)
{
    g_auto(tm_property) parts = {0};
    if (!read_property(key, &parts, pico->error))
        return FALSE;
    bool rest = !*parts.name && parts.kind && strcmp(parts.kind, "*") == 0;
    if (!rest && (!*parts.name || (parts.kind && strcmp(parts.kind, "*") == 0)))
        return tm_fail(pico->error, TM_ERROR_INPUT, "'%s' names no property", key);
    json_t *schema = of_kind(pico, &parts, value);
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

static json_t *from_object(tm_pico *pico, const json_t *value)
{
    g_autoptr(json_t) object = json_pack("{s:s, s:{}, s:[], s:b}", "type", "object", "properties", "required",
                                         "additionalProperties", 0);
    const char *key;
    json_t *member;
    json_object_foreach((json_t *)(uintptr_t)value, key, member) {
        if (!add_property(pico, object, key, member))
            return NULL;
    }
    if (!json_array_size(json_object_get(object, "required")))
        json_object_del(object, "required");
    return g_steal_pointer(&object);
}

static json_t *from_value(tm_pico *pico, const json_t *value)
{
    json_t *schema = NULL;
    if (json_is_string(value))
        return from_scalar(pico, json_string_value(value));
    if (!json_is_object(value)) {
        tm_fail(pico->error, TM_ERROR_INPUT,
                "a type is missing: write a word like string, or an object of properties");
    } else if (++pico->depth > MAX_DEPTH) {
        tm_fail(pico->error, TM_ERROR_INPUT, "nested deeper than %d levels", MAX_DEPTH);
    } else {
        schema = from_object(pico, value);
        pico->depth--;
    }
    return schema;
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

/* Either language. */
static json_t *from_any(tm_pico *pico, const json_t *value)
{
    if (json_is_object(value)) {
        if (is_json_schema(value))
            return json_deep_copy(value);
        /* {properties: {...}} without a type is JSON Schema too, as in Dotprompt. */
        if (json_is_object(json_object_get(value, "properties"))) {
            json_t *schema = json_pack("{s:s}", "type", "object");
            g_autoptr(json_t) copy = json_deep_copy(value);
            json_object_update(schema, copy);
            return schema;
        }
    }
    return from_value(pico, value);
}

json_t *tm_schema_from_pico(const json_t *pico, tm_schema_loader load, void *data, GError **error)
{
    tm_pico reader = {.load = load, .data = data, .error = error};
    return from_any(&reader, pico);
}
