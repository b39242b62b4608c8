/* schema_keywords.c - the words of JSON Schema, drafts 7 and 2020-12, and what may stand behind each. */
#include "core/error.h"
#include "core/guess.h"
#include "core/schema_nodes.h"
#include <string.h>

#define SEVEN TM_DRAFT_7
#define NEWER TM_DRAFT_2020
#define BOTH TM_DRAFT_ANY

static const tm_keyword keywords[] = {
    {"type", TM_FORM_TYPE, BOTH},
    {"enum", TM_FORM_VALUES, BOTH},
    {"const", TM_FORM_ANY, BOTH},
    {"properties", TM_FORM_NAMED, BOTH},
    {"required", TM_FORM_NAMES, BOTH},
    {"additionalProperties", TM_FORM_SCHEMA, BOTH},
    {"patternProperties", TM_FORM_NAMED, BOTH},
    {"propertyNames", TM_FORM_SCHEMA, BOTH},
    {"minProperties", TM_FORM_COUNT, BOTH},
    {"maxProperties", TM_FORM_COUNT, BOTH},
    {"dependentRequired", TM_FORM_NEEDS, NEWER},
    {"dependentSchemas", TM_FORM_NAMED, NEWER},
    {"dependencies", TM_FORM_DEPENDENCIES, BOTH}, /* as most tools have it: the newer draft allows that */
    {"items", TM_FORM_ITEMS, BOTH},
    {"prefixItems", TM_FORM_SCHEMAS, NEWER},
    {"additionalItems", TM_FORM_SCHEMA, SEVEN},
    {"contains", TM_FORM_SCHEMA, BOTH},
    {"minContains", TM_FORM_COUNT, NEWER},
    {"maxContains", TM_FORM_COUNT, NEWER},
    {"minItems", TM_FORM_COUNT, BOTH},
    {"maxItems", TM_FORM_COUNT, BOTH},
    {"uniqueItems", TM_FORM_BOOL, BOTH},
    {"minLength", TM_FORM_COUNT, BOTH},
    {"maxLength", TM_FORM_COUNT, BOTH},
    {"pattern", TM_FORM_TEXT, BOTH},
    {"minimum", TM_FORM_NUMBER, BOTH},
    {"maximum", TM_FORM_NUMBER, BOTH},
    {"exclusiveMinimum", TM_FORM_NUMBER, BOTH},
    {"exclusiveMaximum", TM_FORM_NUMBER, BOTH},
    {"multipleOf", TM_FORM_STEP, BOTH},
    {"allOf", TM_FORM_SCHEMAS, BOTH},
    {"anyOf", TM_FORM_SCHEMAS, BOTH},
    {"oneOf", TM_FORM_SCHEMAS, BOTH},
    {"not", TM_FORM_SCHEMA, BOTH},
    {"if", TM_FORM_SCHEMA, BOTH},
    {"then", TM_FORM_SCHEMA, BOTH},
    {"else", TM_FORM_SCHEMA, BOTH},
    {"$ref", TM_FORM_TEXT, BOTH},
    {"$defs", TM_FORM_NAMED, BOTH},
    {"definitions", TM_FORM_NAMED, BOTH},
    {"$id", TM_FORM_TEXT, BOTH},
    {"$schema", TM_FORM_TEXT, BOTH},
    {"$anchor", TM_FORM_TEXT, NEWER},
    {"$dynamicAnchor", TM_FORM_TEXT, NEWER}, /* for $ref an anchor like any */
    {"$comment", TM_FORM_ANY, BOTH},
    {"$vocabulary", TM_FORM_ANY, NEWER},
    /* OpenAPI's, which Gemini takes */
    {"nullable", TM_FORM_BOOL, BOTH},
    {"propertyOrdering", TM_FORM_NAMES, BOTH},
    {"example", TM_FORM_ANY, BOTH},
    /* say nothing of what is right */
    {"title", TM_FORM_ANY, BOTH},
    {"description", TM_FORM_ANY, BOTH},
    {"default", TM_FORM_ANY, BOTH},
    {"examples", TM_FORM_ANY, BOTH},
    {"deprecated", TM_FORM_ANY, NEWER},
    {"readOnly", TM_FORM_ANY, BOTH},
    {"writeOnly", TM_FORM_ANY, BOTH},
    /* both drafts let a validator take these for a comment */
    {"format", TM_FORM_UNCHECKED, BOTH},
    {"contentEncoding", TM_FORM_UNCHECKED, BOTH},
    {"contentMediaType", TM_FORM_UNCHECKED, BOTH},
    {"contentSchema", TM_FORM_UNCHECKED, NEWER},
    {"unevaluatedProperties", TM_FORM_REFUSED, NEWER},
    {"unevaluatedItems", TM_FORM_REFUSED, NEWER},
    {"$dynamicRef", TM_FORM_REFUSED, NEWER},
    {"$recursiveRef", TM_FORM_REFUSED, TM_DRAFT_ANY},
};

const tm_keyword *tm_keyword_named(const char *name, unsigned drafts)
{
    for (size_t i = 0; i < G_N_ELEMENTS(keywords); i++)
        if (keywords[i].drafts & drafts && strcmp(keywords[i].name, name) == 0)
            return &keywords[i];
    return NULL;
}

unsigned tm_keyword_drafts(const char *schema_uri)
{
    static const struct {
        const char *part;
        unsigned drafts;
    } known[] = {
        {"json-schema.org/draft-07/schema", SEVEN},      {"json-schema.org/draft-06/schema", SEVEN},
        {"json-schema.org/draft-04/schema", SEVEN},      {"json-schema.org/draft/2019-09/schema", BOTH},
        {"json-schema.org/draft/2020-12/schema", NEWER}, {"json-schema.org/schema", BOTH},
    };
    const char *host = strstr(schema_uri, "://");
    size_t n = strlen(schema_uri);
    n -= n && schema_uri[n - 1] == '#';
    for (size_t i = 0; host && i < G_N_ELEMENTS(known); i++)
        if (schema_uri + n - (host + 3) == (gssize)strlen(known[i].part) &&
            strncmp(host + 3, known[i].part, strlen(known[i].part)) == 0)
            return known[i].drafts;
    return 0;
}

static bool is_schema(const json_t *value)
{
    return json_is_object(value) || json_is_boolean(value);
}

static bool is_names(const json_t *value)
{
    bool ok = json_is_array(value);
    for (size_t i = 0; ok && i < json_array_size(value); i++)
        ok = json_is_string(json_array_get(value, i));
    return ok;
}

static bool is_schemas(const json_t *value)
{
    bool ok = json_is_array(value);
    for (size_t i = 0; ok && i < json_array_size(value); i++)
        ok = is_schema(json_array_get(value, i));
    return ok;
}

static bool is_count(const json_t *value)
{
    guint64 count;
    if (json_is_string(value))
        return g_ascii_string_to_unsigned(json_string_value(value), 10, 0, G_MAXINT64, &count, NULL);
    double n = json_number_value(value);
    return json_is_number(value) && n >= 0 && n < 9e15 && n == (double)(int64_t)n;
}

/* An object each of whose members is a schema, or a list of names. */
static bool is_map(const json_t *value, bool schemas, bool names)
{
    const char *key;
    json_t *member;
    bool ok = json_is_object(value);
    json_object_foreach((json_t *)(uintptr_t)value, key, member)
        ok = ok && ((schemas && is_schema(member)) || (names && is_names(member)));
    return ok;
}

/* NULL: the value is of this form; else what it should be. */
static const char *wrong_form(tm_form form, const json_t *value)
{
    switch (form) {
    case TM_FORM_SCHEMA:
        return is_schema(value) ? NULL : "a schema: an object, true or false";
    case TM_FORM_SCHEMAS:
        return is_schemas(value) ? NULL : "a list of schemas";
    case TM_FORM_ITEMS:
        return is_schema(value) || is_schemas(value) ? NULL : "a schema: an object, true or false";
    case TM_FORM_NAMED:
        return is_map(value, true, false) ? NULL : "an object of schemas";
    case TM_FORM_NEEDS:
        return is_map(value, false, true) ? NULL : "an object of lists of names";
    case TM_FORM_DEPENDENCIES:
        return is_map(value, true, true) ? NULL : "an object of schemas or lists of names";
    case TM_FORM_COUNT:
        return is_count(value) ? NULL : "a whole number from 0 up";
    case TM_FORM_NUMBER:
        return json_is_number(value) ? NULL : "a number";
    case TM_FORM_STEP:
        return json_is_number(value) && json_number_value(value) > 0 ? NULL : "a number above 0";
    case TM_FORM_TEXT:
        return json_is_string(value) ? NULL : "a text";
    case TM_FORM_BOOL:
        return json_is_boolean(value) ? NULL : "true or false";
    case TM_FORM_NAMES:
        return is_names(value) ? NULL : "a list of names";
    case TM_FORM_VALUES:
        return json_is_array(value) ? NULL : "a list of values";
    default:
        return NULL;
    }
}

static void note(GPtrArray *notes, const char *path, const char *what)
{
    char *line = g_strdup_printf("%s%s%s", path, *path ? ": " : "", what);
    if (g_ptr_array_find_with_equal_func(notes, line, g_str_equal, NULL))
        g_free(line);
    else
        g_ptr_array_add(notes, line);
}

/* A word that these drafts don't know: it checks nothing, and who wrote it may think it does. */
static void note_unknown(GPtrArray *notes, const char *path, const char *name)
{
    const char *names[G_N_ELEMENTS(keywords)];
    for (size_t i = 0; i < G_N_ELEMENTS(keywords); i++)
        names[i] = keywords[i].name;
    const char *guess = tm_guess(name, names, G_N_ELEMENTS(names));
    bool other = tm_keyword_named(name, TM_DRAFT_ANY) != NULL;
    if (g_ascii_strncasecmp(name, "x-", 2) == 0)
        return; /* somebody's own, and said so */
    g_autofree char *what = g_strdup_printf(
        "'%s' %s; it checks nothing%s%s%s", name,
        other ? "is not in the draft that $schema names" : "is no word of JSON Schema",
        guess && !other ? ". Did you mean '" : "", guess && !other ? guess : "", guess && !other ? "'?" : "");
    note(notes, path, what);
}

gboolean tm_keywords_check(const json_t *schema, unsigned drafts, const char *path, GPtrArray *notes,
                           GError **error)
{
    const char *name, *at = *path ? path : "/";
    json_t *value;
    bool alone = drafts == SEVEN && json_is_string(json_object_get(schema, "$ref"));
    json_object_foreach((json_t *)(uintptr_t)schema, name, value) {
        const tm_keyword *keyword = tm_keyword_named(name, drafts);
        if (!keyword) {
            note_unknown(notes, path, name);
            continue;
        }
        bool carries = keyword->form == TM_FORM_ANY || *name == '$' || strcmp(name, "definitions") == 0;
        if (alone && !carries) {
            g_autofree char *what =
                g_strdup_printf("'%s' stands beside $ref, where draft 7 passes it over", name);
            note(notes, path, what);
            continue;
        }
        const char *wanted = wrong_form(keyword->form, value);
        if (keyword->form == TM_FORM_REFUSED)
            return tm_fail(error, TM_ERROR_INPUT,
                           "schema: %s: %s is not checked here, so answers that break it would pass; say it "
                           "with additionalProperties, items or $ref, or leave it out",
                           at, name);
        if (wanted && json_is_boolean(value) && g_str_has_prefix(name, "exclusive"))
            return tm_fail(error, TM_ERROR_INPUT,
                           "schema: %s: %s is true or false in draft 4 only; give the bound itself: %s: 5",
                           at, name, name);
        if (wanted)
            return tm_fail(error, TM_ERROR_INPUT, "schema: %s: %s must be %s", at, name, wanted);
        if (keyword->form == TM_FORM_UNCHECKED) {
            g_autofree char *what = json_is_string(value) ? g_strdup_printf("%s '%s' is not checked", name,
                                                                            json_string_value(value))
                                                          : g_strdup_printf("%s is not checked", name);
            note(notes, path, what);
        }
    }
    return TRUE;
}
