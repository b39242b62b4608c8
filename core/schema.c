/* schema.c - compiles JSON Schema: references resolved, patterns compiled, types of both spellings. */
#include "core/schema.h"
#include "core/error.h"
#include "core/guess.h"
#include "core/json.h"
#include "core/schema_nodes.h"
#include <string.h>

enum { MAX_DEPTH = 200 };

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

static gboolean build_types(tm_builder *builder, tm_rule *rule, const json_t *type)
{
    static const char *const names[] = {"object",  "array",   "string", "number",
                                        "integer", "boolean", "null",   NULL};
    if (json_is_array(type)) {
        for (size_t i = 0; i < json_array_size(type); i++)
            if (json_is_array(json_array_get(type, i)) ||
                !build_types(builder, rule, json_array_get(type, i)))
                return FALSE;
        return TRUE;
    }
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

/* JavaScript's \uXXXX is PCRE's \x{XXXX}. */
static GRegex *build_pattern(tm_builder *builder, const char *pattern)
{
    g_autoptr(GString) text = g_string_new(NULL);
    for (const char *at = pattern; *at; at++) {
        if (at[0] == '\\' && at[1] == 'u' && strspn(at + 2, "0123456789abcdefABCDEF") >= 4) {
            g_string_append_printf(text, "\\x{%.4s}", at + 2);
            at += 5;
        } else {
            g_string_append_c(text, *at);
            if (at[0] == '\\' && at[1])
                g_string_append_c(text, *++at);
        }
    }
    g_autoptr(GError) error = NULL;
    GRegex *regex = g_regex_new(text->str, G_REGEX_OPTIMIZE | G_REGEX_DOLLAR_ENDONLY, 0, &error);
    if (!regex)
        tm_fail(builder->error, TM_ERROR_INPUT, "schema: the pattern '%s': %s", pattern, error->message);
    return regex;
}

static void build_count(tm_count *count, const json_t *schema, const char *least, const char *most)
{
    count->least = tm_json_integer(schema, least, -1);
    count->most = tm_json_integer(schema, most, -1);
    count->set = count->least >= 0 || count->most >= 0;
}

static const json_t *number(const json_t *schema, const char *key)
{
    const json_t *value = json_object_get(schema, key);
    return json_is_number(value) ? value : NULL;
}

/* A rule where one may stand: absent is fine and gives NULL. */
static gboolean build_part(tm_builder *builder, const json_t *schema, const char *key, const tm_rule **rule)
{
    const json_t *part = json_object_get(schema, key);
    if (part)
        *rule = build(builder, part);
    return !part || *rule;
}

static gboolean build_list(tm_builder *builder, const json_t *schema, const char *key, GPtrArray **list)
{
    const json_t *array = json_object_get(schema, key);
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
    json_t *object = json_object_get(schema, key), *value;
    const char *name;
    if (!json_is_object(object))
        return TRUE;
    *list = g_array_new(FALSE, TRUE, sizeof(tm_member_rule));
    g_array_set_clear_func(*list, member_clear);
    json_object_foreach(object, name, value) {
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
    json_t *object = json_object_get(schema, "properties"), *value;
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

/* The subschema with that $anchor, $id "#name" included. */
static const json_t *find_anchor(const json_t *at, const char *anchor, int depth)
{
    const char *name = tm_json_string(at, "$anchor", NULL), *key;
    json_t *value;
    if (name && strcmp(name, anchor) == 0)
        return at;
    const json_t *found = NULL;
    if (depth < MAX_DEPTH && json_is_object(at)) {
        json_object_foreach((json_t *)(uintptr_t)at, key, value) {
            if (!found)
                found = find_anchor(value, anchor, depth + 1);
        }
    } else if (depth < MAX_DEPTH) {
        for (size_t i = 0; !found && i < json_array_size(at); i++)
            found = find_anchor(json_array_get(at, i), anchor, depth + 1);
    }
    return found;
}

static const json_t *follow_pointer(const json_t *at, const char *pointer)
{
    g_auto(GStrv) steps = g_strsplit(pointer, "/", -1);
    for (int i = 1; at && steps[0] && steps[i]; i++) {
        g_autofree char *plain = g_uri_unescape_string(steps[i], NULL);
        g_autoptr(GString) step = g_string_new(plain ? plain : steps[i]);
        g_string_replace(step, "~1", "/", 0);
        g_string_replace(step, "~0", "~", 0);
        at = json_is_array(at) ? json_array_get(at, (size_t)g_ascii_strtoull(step->str, NULL, 10))
                               : json_object_get(at, step->str);
    }
    return at;
}

static gboolean build_ref(tm_builder *builder, tm_rule *rule, const char *ref)
{
    const json_t *root = builder->schema->source, *target = NULL;
    const char *id = tm_json_string(root, "$id", NULL), *part = strchr(ref, '#');
    size_t before = part ? (size_t)(part - ref) : strlen(ref);
    part = part ? part + 1 : "";
    if (!before || (id && strlen(id) == before && strncmp(id, ref, before) == 0))
        target = *part == '/' || !*part ? follow_pointer(root, part) : find_anchor(root, part, 0);
    if (!target)
        return tm_fail(builder->error, TM_ERROR_INPUT,
                       "schema: nothing stands at $ref \"%s\"; only places of the "
                       "schema itself are followed",
                       ref);
    rule->ref = build(builder, target);
    return rule->ref != NULL;
}

static void build_plain(tm_rule *rule, const json_t *schema)
{
    rule->values = tm_json_array(schema, "enum");
    rule->constant = json_object_get(schema, "const");
    rule->required = tm_json_array(schema, "required");
    rule->needs = tm_json_object(schema, "dependentRequired");
    rule->unique = tm_json_bool(schema, "uniqueItems", false);
    rule->minimum = number(schema, "minimum");
    rule->maximum = number(schema, "maximum");
    rule->above = number(schema, "exclusiveMinimum");
    rule->below = number(schema, "exclusiveMaximum");
    rule->multiple = number(schema, "multipleOf");
    build_count(&rule->length, schema, "minLength", "maxLength");
    build_count(&rule->items_count, schema, "minItems", "maxItems");
    build_count(&rule->members_count, schema, "minProperties", "maxProperties");
    build_count(&rule->contains_count, schema, "minContains", "maxContains");
}

static gboolean build_rule(tm_builder *builder, tm_rule *rule, const json_t *schema)
{
    const json_t *type = json_object_get(schema, "type");
    const char *pattern = tm_json_string(schema, "pattern", NULL),
               *ref = tm_json_string(schema, "$ref", NULL);
    build_plain(rule, schema);
    if (type && !build_types(builder, rule, type))
        return FALSE;
    if (rule->types && tm_json_bool(schema, "nullable", false))
        rule->types |= TM_TYPE_NULL;
    if (pattern && !(rule->pattern = build_pattern(builder, pattern)))
        return FALSE;
    if (ref && !build_ref(builder, rule, ref))
        return FALSE;
    /* "items" as a list is what older drafts call prefixItems; additionalItems is then what follows. */
    bool old = json_is_array(json_object_get(schema, "items"));
    return build_properties(builder, rule, schema) &&
           build_members(builder, schema, "patternProperties", true, &rule->patterns) &&
           build_members(builder, schema, "dependentSchemas", false, &rule->dependents) &&
           build_list(builder, schema, old ? "items" : "prefixItems", &rule->prefix) &&
           build_list(builder, schema, "allOf", &rule->all) &&
           build_list(builder, schema, "anyOf", &rule->any) &&
           build_list(builder, schema, "oneOf", &rule->one) &&
           build_part(builder, schema, old ? "additionalItems" : "items", &rule->items) &&
           build_part(builder, schema, "additionalProperties", &rule->others) &&
           build_part(builder, schema, "propertyNames", &rule->names) &&
           build_part(builder, schema, "contains", &rule->contains) &&
           build_part(builder, schema, "not", &rule->not ) &&
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
    if (builder->depth >= MAX_DEPTH) {
        tm_fail(builder->error, TM_ERROR_INPUT, "schema: nested deeper than %d levels", MAX_DEPTH);
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
    tm_builder builder = {.schema = compiled, .error = error};
    compiled->root = build(&builder, compiled->source);
    return compiled->root ? g_steal_pointer(&compiled) : NULL;
}

void tm_schema_free(tm_schema *schema)
{
    if (!schema)
        return;
    g_hash_table_unref(schema->rules);
    json_decref(schema->source);
    g_free(schema);
}
