/* twin_openai_schema.c - the rules of a strict schema. Rules: OpenAI's documents on structured outputs, 2026;
 * words: public reports. */
#include <string.h>

#include "core/json.h"
#include "jobs/twin/twin_openai.h"

enum { MAX_PROPERTIES = 5000, MAX_DEPTH = 10, MAX_ENUMS = 1000, MAX_NAMES = 120000, MAX_PATH = 256 };

/* A walk over a schema. */
typedef struct {
    int64_t properties, enums, names;
    char *flaw;
} walk;

static void walk_schema(walk *w, const json_t *schema, const char *at, int depth);

static void flaw(walk *w, const char *at, const char *words)
{
    if (!w->flaw)
        w->flaw = g_strdup_printf("In context=(%s), %s", at, words);
}

static void say(walk *w, const char *at, const char *format, const char *name)
{
    g_autoptr(GString) words = g_string_new(format);
    g_string_replace(words, "%", name, 0);
    flaw(w, at, words->str);
}

static char *below(const char *at, const char *step)
{
    return g_strdup_printf("%s%s'%.*s'", at, *at ? ", " : "", MAX_PATH, step);
}

static bool is_type(const json_t *schema, const char *name)
{
    const json_t *type = json_object_get(schema, "type");
    size_t i;
    json_t *one;
    if (json_is_string(type))
        return strcmp(json_string_value(type), name) == 0;
    json_array_foreach(type, i, one) {
        if (json_is_string(one) && strcmp(json_string_value(one), name) == 0)
            return true;
    }
    return false;
}

/* Keywords that are not permitted, and types that there are. */
static void check_words(walk *w, const json_t *schema, const char *at)
{
    static const char *const refused[] = {"allOf",
                                          "oneOf",
                                          "not",
                                          "if",
                                          "then",
                                          "else",
                                          "dependentRequired",
                                          "dependentSchemas",
                                          "dependencies",
                                          "patternProperties",
                                          "unevaluatedProperties",
                                          "propertyNames",
                                          "minLength",
                                          "maxLength",
                                          "minProperties",
                                          "maxProperties",
                                          "contains",
                                          "uniqueItems",
                                          "default"};
    static const char *const formats[] = {"date-time", "time", "date", "duration", "email",
                                          "hostname",  "ipv4", "ipv6", "uuid",     NULL};
    static const char *const types[] = {"string", "number", "integer", "boolean", "object", "array", "null"};
    for (size_t i = 0; i < G_N_ELEMENTS(refused); i++)
        if (json_object_get(schema, refused[i]))
            say(w, at, "'%' is not permitted.", refused[i]);
    const char *format = tm_json_string(schema, "format", NULL);
    if (format && !g_strv_contains(formats, format))
        say(w, at, "'%' is not a valid format.", format);
    bool known = !json_object_get(schema, "type");
    for (size_t i = 0; i < G_N_ELEMENTS(types); i++)
        known = known || is_type(schema, types[i]);
    if (!known)
        flaw(w, at, "the given 'type' is none of JSON Schema's.");
    if (!json_object_get(schema, "type") && !json_object_get(schema, "anyOf") &&
        !json_object_get(schema, "$ref") && !json_object_get(schema, "enum") &&
        !json_object_get(schema, "const"))
        flaw(w, at, "schema must have a 'type' key.");
}

static bool names(const json_t *list, const char *name)
{
    size_t i;
    json_t *one;
    json_array_foreach(list, i, one) {
        if (json_is_string(one) && strcmp(json_string_value(one), name) == 0)
            return true;
    }
    return false;
}

static void check_object(walk *w, const json_t *schema, const char *at, int depth)
{
    const json_t *properties = json_object_get(schema, "properties"),
                 *required = json_object_get(schema, "required");
    const char *key;
    json_t *child;
    size_t i;
    if (!json_is_false(json_object_get(schema, "additionalProperties")))
        flaw(w, at, "'additionalProperties' is required to be supplied and to be false.");
    json_array_foreach(required, i, child) {
        if (json_is_string(child) && !json_object_get(properties, json_string_value(child)))
            say(w, at, "'required' is given an extra key: '%'.", json_string_value(child));
    }
    json_object_foreach((json_t *)properties, key, child) {
        g_autofree char *step = below(at, "properties"), *place = below(step, key);
        w->properties++;
        w->names += (int64_t)strlen(key);
        if (!names(required, key))
            say(w, at,
                "'required' is required to be supplied and to be an array including every key in properties. "
                "Missing '%'.",
                key);
        walk_schema(w, child, place, depth + 1);
    }
}

static void check_choices(walk *w, const json_t *schema, const char *at, int depth)
{
    const json_t *choices = json_object_get(schema, "anyOf");
    size_t i;
    json_t *one;
    g_autofree char *step = below(at, "anyOf");
    g_autoptr(GHashTable) first = g_hash_table_new(g_str_hash, g_str_equal);
    json_array_foreach(choices, i, one) {
        g_autofree char *place = g_strdup_printf("%s, '%zu'", step, i);
        void *member = json_object_iter(json_object_get(one, "properties"));
        if (member && !g_hash_table_add(first, (gpointer)json_object_iter_key(member)))
            say(w, at, "objects provided via 'anyOf' must not share identical first keys. Shared: '%'.",
                json_object_iter_key(member));
        walk_schema(w, one, place, depth);
    }
}

static void check_definitions(walk *w, const json_t *schema, const char *at)
{
    static const char *const lists[] = {"$defs", "definitions"};
    const char *key;
    json_t *one;
    for (size_t i = 0; i < G_N_ELEMENTS(lists); i++)
        json_object_foreach(json_object_get(schema, lists[i]), key, one) {
            g_autofree char *step = below(at, lists[i]), *place = below(step, key);
            walk_schema(w, one, place, 1);
        }
}

static void check_enum(walk *w, const json_t *schema)
{
    const json_t *values = json_object_get(schema, "enum");
    size_t i;
    json_t *one;
    w->enums += (int64_t)json_array_size(values);
    json_array_foreach(values, i, one) {
        w->names += (int64_t)json_string_length(one);
    }
}

static void walk_schema(walk *w, const json_t *schema, const char *at, int depth)
{
    if (w->flaw)
        return;
    if (depth > MAX_DEPTH) {
        flaw(w, at, "the schema is nested more than 10 levels deep.");
        return;
    }
    if (!json_is_object(schema)) {
        flaw(w, at, "the schema must be an object.");
        return;
    }
    check_words(w, schema, at);
    check_enum(w, schema);
    const char *ref = tm_json_string(schema, "$ref", NULL);
    if (ref && *ref != '#')
        say(w, at, "reference to component '%' which was not found in the schema.", ref);
    if (is_type(schema, "object"))
        check_object(w, schema, at, depth);
    if (is_type(schema, "array")) {
        g_autofree char *place = below(at, "items");
        if (json_object_get(schema, "items"))
            walk_schema(w, json_object_get(schema, "items"), place, depth + 1);
        else
            flaw(w, at, "array schema missing items.");
    }
    check_choices(w, schema, at, depth);
    check_definitions(w, schema, at);
}

char *tm_twin_openai_schema_flaw(const json_t *schema)
{
    walk w = {0};
    if (!is_type(schema, "object")) {
        g_autofree char *type = tm_json_text(json_object_get(schema, "type"));
        return g_strdup_printf("schema must be a JSON Schema of 'type: \"object\"', got 'type: %s'.",
                               json_object_get(schema, "type") ? type : "\"None\"");
    }
    if (json_object_get(schema, "anyOf"))
        flaw(&w, "", "schema must not have 'anyOf' at the top level.");
    walk_schema(&w, schema, "", 1);
    if (w.properties > MAX_PROPERTIES)
        flaw(&w, "", "the schema has more than 5000 properties.");
    if (w.enums > MAX_ENUMS)
        flaw(&w, "", "the schema has more than 1000 enum values.");
    if (w.names > MAX_NAMES)
        flaw(&w, "", "the names in the schema are longer than 120000 characters.");
    return w.flaw;
}
