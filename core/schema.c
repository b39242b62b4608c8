/* schema.c - compiles JSON Schema, drafts 7 and 2020-12: references resolved, patterns compiled, types of
 * both spellings. */
#include "core/schema.h"
#include "core/error.h"
#include "core/guess.h"
#include "core/json.h"
#include "core/schema_nodes.h"
#include <string.h>

typedef struct {
    tm_schema *schema;
    int depth;
    GError **error;
} tm_builder;

static void member_clear(gpointer data)
{
    tm_member_rule *member = data;
    g_free(member->name);
    if (member->pattern)
        g_regex_unref(member->pattern);
}

static void rule_free(gpointer data)
{
    tm_rule *rule = data;
    GPtrArray *const lists[] = {rule->prefix, rule->all, rule->any, rule->one};
    GArray *const members[] = {rule->patterns, rule->dependents};
    for (size_t i = 0; i < G_N_ELEMENTS(lists); i++)
        if (lists[i])
            g_ptr_array_unref(lists[i]);
    for (size_t i = 0; i < G_N_ELEMENTS(members); i++)
        if (members[i])
            g_array_unref(members[i]);
    if (rule->pattern)
        g_regex_unref(rule->pattern);
    if (rule->properties)
        g_hash_table_unref(rule->properties);
    g_free(rule);
}

static const tm_rule *build(tm_builder *builder, const json_t *schema);

static gboolean build_type(tm_builder *builder, tm_rule *rule, const json_t *type)
{
    static const char *const names[] = {"object",  "array",   "string", "number",
                                        "integer", "boolean", "null",   NULL};
    const char *word = json_string_value(type);
    if (!word)
        return tm_fail(builder->error, TM_ERROR_INPUT, "schema: a type is no word");
    for (unsigned i = 0; names[i]; i++) {
        if (g_ascii_strcasecmp(word, names[i]) == 0) {
            rule->types |= 1u << i;
            return TRUE;
        }
    }
    if (strcmp(word, "TYPE_UNSPECIFIED") == 0)
        return TRUE;
    const char *guess = tm_guess(word, names, (size_t)-1);
    return tm_fail(builder->error, TM_ERROR_INPUT, "schema: unknown type '%s'%s%s%s", word,
                   guess ? "; did you mean '" : "", guess ? guess : "", guess ? "'?" : "");
}

/* One of the words, or a list of them. */
static gboolean build_types(tm_builder *builder, tm_rule *rule, const json_t *type)
{
    if (!json_is_array(type))
        return build_type(builder, rule, type);
    for (size_t i = 0; i < json_array_size(type); i++)
        if (!build_type(builder, rule, json_array_get(type, i)))
            return FALSE;
    return TRUE;
}

static GRegex *build_pattern(tm_builder *builder, const char *pattern)
{
    g_autoptr(GError) error = NULL;
    GRegex *regex = tm_schema_pattern(pattern, &error);
    if (!regex)
        tm_fail(builder->error, TM_ERROR_INPUT, "schema: the pattern '%s': %s", pattern, error->message);
    return regex;
}

/* What stands behind a keyword of the schema's draft; NULL: nothing that counts. */
static json_t *get(const tm_builder *builder, const json_t *schema, const char *key)
{
    bool alone = builder->schema->drafts == TM_DRAFT_7 && json_is_string(json_object_get(schema, "$ref"));
    if ((alone && strcmp(key, "$ref") != 0) || !tm_keyword_named(key, builder->schema->drafts))
        return NULL;
    return json_object_get(schema, key);
}

static void build_count(const tm_builder *builder, tm_count *count, const json_t *schema, const char *least,
                        const char *most)
{
    const char *const keys[] = {least, most};
    int64_t *const bounds[] = {&count->least, &count->most};
    for (int i = 0; i < 2; i++) {
        const json_t *value = get(builder, schema, keys[i]);
        *bounds[i] = json_is_real(value) ? (int64_t)json_real_value(value)
                     : value             ? tm_json_integer(schema, keys[i], -1)
                                         : -1;
    }
    count->set = count->least >= 0 || count->most >= 0;
}

/* A rule where one may stand: absent is fine and gives NULL. */
static gboolean build_part(tm_builder *builder, const json_t *schema, const char *key, const tm_rule **rule)
{
    const json_t *part = get(builder, schema, key);
    if (part)
        *rule = build(builder, part);
    return !part || *rule;
}

static gboolean build_list(tm_builder *builder, const json_t *schema, const char *key, GPtrArray **list)
{
    const json_t *array = get(builder, schema, key);
    if (!json_is_array(array))
        return TRUE;
    *list = g_ptr_array_new();
    for (size_t i = 0; i < json_array_size(array); i++) {
        const tm_rule *rule = build(builder, json_array_get(array, i));
        if (!rule)
            return FALSE;
        g_ptr_array_add(*list, (gpointer)(uintptr_t)rule);
    }
    return TRUE;
}

static gboolean build_members(tm_builder *builder, const json_t *schema, const char *key, bool pattern,
                              GArray **list)
{
    json_t *object = get(builder, schema, key), *value;
    const char *name;
    if (!json_is_object(object))
        return TRUE;
    if (!*list) {
        *list = g_array_new(FALSE, TRUE, sizeof(tm_member_rule));
        g_array_set_clear_func(*list, member_clear);
    }
    json_object_foreach(object, name, value) {
        if (json_is_array(value))
            continue; /* a list of names among dependencies */
        tm_member_rule member = {.name = g_strdup(name)};
        member.rule = build(builder, value);
        member.pattern = pattern && member.rule ? build_pattern(builder, name) : NULL;
        g_array_append_val(*list, member);
        if (!member.rule || (pattern && !member.pattern))
            return FALSE;
    }
    return TRUE;
}

static gboolean build_properties(tm_builder *builder, tm_rule *rule, const json_t *schema)
{
    json_t *object = get(builder, schema, "properties"), *value;
    const char *name;
    if (!json_is_object(object))
        return TRUE;
    rule->properties = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    json_object_foreach(object, name, value) {
        const tm_rule *property = build(builder, value);
        if (!property)
            return FALSE;
        g_hash_table_insert(rule->properties, g_strdup(name), (gpointer)(uintptr_t)property);
    }
    return TRUE;
}

static void build_plain(const tm_builder *builder, tm_rule *rule, const json_t *schema)
{
    rule->values = get(builder, schema, "enum");
    rule->constant = get(builder, schema, "const");
    rule->required = get(builder, schema, "required");
    rule->needs = get(builder, schema, "dependentRequired");
    rule->needs_7 = get(builder, schema, "dependencies");
    rule->unique = json_is_true(get(builder, schema, "uniqueItems"));
    rule->nullable = json_is_true(get(builder, schema, "nullable"));
    rule->minimum = get(builder, schema, "minimum");
    rule->maximum = get(builder, schema, "maximum");
    rule->above = get(builder, schema, "exclusiveMinimum");
    rule->below = get(builder, schema, "exclusiveMaximum");
    rule->multiple = get(builder, schema, "multipleOf");
    build_count(builder, &rule->length, schema, "minLength", "maxLength");
    build_count(builder, &rule->items_count, schema, "minItems", "maxItems");
    build_count(builder, &rule->members_count, schema, "minProperties", "maxProperties");
    build_count(builder, &rule->contains_count, schema, "minContains", "maxContains");
}

static gboolean build_ref(tm_builder *builder, tm_rule *rule, const json_t *schema)
{
    const char *ref = json_string_value(get(builder, schema, "$ref"));
    if (!ref)
        return TRUE;
    const json_t *target = tm_schema_follow(builder->schema, schema, ref, builder->error);
    rule->ref = target ? build(builder, target) : NULL;
    return rule->ref != NULL;
}

static gboolean build_rule(tm_builder *builder, tm_rule *rule, const json_t *schema)
{
    const json_t *type = get(builder, schema, "type");
    const char *pattern = json_string_value(get(builder, schema, "pattern"));
    build_plain(builder, rule, schema);
    if (type && !build_types(builder, rule, type))
        return FALSE;
    if (rule->types && rule->nullable)
        rule->types |= TM_TYPE_NULL;
    if (pattern && !(rule->pattern = build_pattern(builder, pattern)))
        return FALSE;
    /* "items" as a list is what older drafts call prefixItems; additionalItems is then what follows. */
    bool old = json_is_array(get(builder, schema, "items"));
    return build_ref(builder, rule, schema) && build_properties(builder, rule, schema) &&
           build_members(builder, schema, "patternProperties", true, &rule->patterns) &&
           build_members(builder, schema, "dependentSchemas", false, &rule->dependents) &&
           build_members(builder, schema, "dependencies", false, &rule->dependents) &&
           build_list(builder, schema, old ? "items" : "prefixItems", &rule->prefix) &&
           build_list(builder, schema, "allOf", &rule->all) &&
           build_list(builder, schema, "anyOf", &rule->any) &&
           build_list(builder, schema, "oneOf", &rule->one) &&
           build_part(builder, schema, old ? "additionalItems" : "items", &rule->items) &&
           build_part(builder, schema, "additionalProperties", &rule->others) &&
           build_part(builder, schema, "propertyNames", &rule->names) &&
           build_part(builder, schema, "contains", &rule->contains) &&
           build_part(builder, schema, "not", &rule->unlike) &&
           build_part(builder, schema, "if", &rule->when) &&
           build_part(builder, schema, "then", &rule->then) &&
           build_part(builder, schema, "else", &rule->otherwise);
}

/* The rule of that subschema; made once, so that a schema may refer to itself. */
static const tm_rule *build(tm_builder *builder, const json_t *schema)
{
    tm_rule *rule = g_hash_table_lookup(builder->schema->rules, schema);
    /* true and false are one json_t each in jansson, and one rule each here */
    if (rule)
        return rule;
    if (!json_is_object(schema) && !json_is_boolean(schema)) {
        tm_fail(builder->error, TM_ERROR_INPUT, "schema: an object is expected where a schema should stand");
        return NULL;
    }
    if (builder->depth >= TM_SCHEMA_MAX_DEPTH) {
        tm_fail(builder->error, TM_ERROR_INPUT, "schema: nested deeper than %d levels", TM_SCHEMA_MAX_DEPTH);
        return NULL;
    }
    rule = g_new0(tm_rule, 1);
    g_hash_table_insert(builder->schema->rules, (gpointer)(uintptr_t)schema, rule);
    rule->never = json_is_false(schema);
    if (!json_is_object(schema))
        return rule;
    builder->depth++;
    gboolean ok = build_rule(builder, rule, schema);
    builder->depth--;
    return ok ? rule : NULL;
}

tm_schema *tm_schema_compile(const json_t *schema, GError **error)
{
    g_autoptr(tm_schema) compiled = g_new0(tm_schema, 1);
    compiled->source = json_deep_copy(schema);
    compiled->rules = g_hash_table_new_full(NULL, NULL, NULL, rule_free);
    compiled->places = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    compiled->bases = g_hash_table_new_full(NULL, NULL, NULL, g_free);
    compiled->notes = g_ptr_array_new_with_free_func(g_free);
    const char *draft = tm_json_string(schema, "$schema", NULL);
    compiled->drafts = draft ? tm_keyword_drafts(draft) : TM_DRAFT_ANY;
    if (!compiled->drafts) {
        tm_fail(
            error, TM_ERROR_INPUT,
            "schema: $schema \"%s\" is not known; JSON Schema draft 7 and 2020-12 are: leave the line out, "
            "or write https://json-schema.org/draft/2020-12/schema",
            draft);
        return NULL;
    }
    if (!tm_schema_index(compiled, compiled->source, NULL, "", 0, error))
        return NULL;
    tm_builder builder = {.schema = compiled, .error = error};
    compiled->root = build(&builder, compiled->source);
    return compiled->root ? g_steal_pointer(&compiled) : NULL;
}

void tm_schema_free(tm_schema *schema)
{
    if (!schema)
        return;
    g_hash_table_unref(schema->rules);
    g_hash_table_unref(schema->places);
    g_hash_table_unref(schema->bases);
    g_ptr_array_unref(schema->notes);
    json_decref(schema->source);
    g_free(schema);
}

const GPtrArray *tm_schema_notes(const tm_schema *schema)
{
    return schema->notes;
}
