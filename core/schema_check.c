/* schema_check.c - does a value obey a schema? */
#include "core/json.h"
#include "core/schema_nodes.h"
#include <inttypes.h>
#include <math.h>
#include <string.h>

enum {
    MAX_DEPTH = 500,     /* a reference that leads to itself never ends */
    MAX_STEPS = 1000000, /* alternatives of alternatives multiply */
};

typedef struct {
    GString *path;
    GString *why; /* the first reason, with its path; empty: none yet */
    int depth;
    int steps;
    bool quiet; /* inside alternatives: only the verdict counts */
} tm_checker;

static bool check(tm_checker *checker, const tm_rule *rule, const json_t *value);

static bool no(tm_checker *checker, const char *format, ...) G_GNUC_PRINTF(2, 3);
static bool no(tm_checker *checker, const char *format, ...)
{
    if (checker->quiet || checker->why->len)
        return false;
    va_list args;
    va_start(args, format);
    g_string_append_printf(checker->why, "%s: ", checker->path->len ? checker->path->str : "/");
    g_string_append_vprintf(checker->why, format, args);
    va_end(args);
    return false;
}

/* Checks a member or element, its name added to the path meanwhile. */
static bool check_at(tm_checker *checker, const tm_rule *rule, const json_t *value, const char *name)
{
    size_t length = checker->path->len;
    g_string_append_printf(checker->path, "/%s", name);
    bool ok = check(checker, rule, value);
    g_string_truncate(checker->path, length);
    return ok;
}

static bool obeys(tm_checker *checker, const tm_rule *rule, const json_t *value)
{
    bool quiet = checker->quiet;
    checker->quiet = true;
    bool ok = check(checker, rule, value);
    checker->quiet = quiet;
    return ok;
}

/* Numbers and texts by value, 1 and 1.0 the same. */
static bool is_equal(const json_t *a, const json_t *b)
{
    if (json_is_number(a) && json_is_number(b))
        return json_is_integer(a) && json_is_integer(b) ? json_integer_value(a) == json_integer_value(b)
                                                        : json_number_value(a) == json_number_value(b);
    if (!a || !b || json_typeof(a) != json_typeof(b))
        return false;
    if (json_is_array(a)) {
        size_t n = json_array_size(a);
        for (size_t i = 0; i < n && n == json_array_size(b); i++)
            if (!is_equal(json_array_get(a, i), json_array_get(b, i)))
                return false;
        return n == json_array_size(b);
    }
    if (json_is_object(a)) {
        const char *key;
        json_t *member;
        bool same = json_object_size(a) == json_object_size(b);
        json_object_foreach((json_t *)(uintptr_t)a, key, member)
            same = same && is_equal(member, json_object_get(b, key));
        return same;
    }
    return json_equal((json_t *)(uintptr_t)a, (json_t *)(uintptr_t)b);
}

static const char *type_name(const json_t *value)
{
    static const char *const names[] = {"an object", "an array", "a string", "an integer",
                                        "a number",  "true",     "false",    "null"};
    return names[json_typeof(value)];
}

static unsigned types_of(const json_t *value)
{
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        return TM_TYPE_OBJECT;
    case JSON_ARRAY:
        return TM_TYPE_ARRAY;
    case JSON_STRING:
        return TM_TYPE_STRING;
    case JSON_INTEGER:
        return TM_TYPE_NUMBER | TM_TYPE_INTEGER;
    case JSON_REAL: {
        double real = json_real_value(value);
        return TM_TYPE_NUMBER | (real == floor(real) ? TM_TYPE_INTEGER : 0);
    }
    case JSON_TRUE:
    case JSON_FALSE:
        return TM_TYPE_BOOLEAN;
    case JSON_NULL:
        break;
    }
    return TM_TYPE_NULL;
}

static bool check_type(tm_checker *checker, unsigned types, const json_t *value)
{
    static const char *const names[] = {"object", "array", "string", "number", "integer", "boolean", "null"};
    if (!types || types & types_of(value))
        return true;
    g_autoptr(GString) wanted = g_string_new(NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
        if (types & 1u << i)
            g_string_append_printf(wanted, "%s%s", wanted->len ? " or " : "", names[i]);
    return no(checker, "is %s, not %s", type_name(value), wanted->str);
}

static bool check_values(tm_checker *checker, const tm_rule *rule, const json_t *value)
{
    if (rule->constant && !is_equal(rule->constant, value))
        return no(checker, "is not the one value allowed");
    if (!rule->values)
        return true;
    for (size_t i = 0; i < json_array_size(rule->values); i++)
        if (is_equal(json_array_get(rule->values, i), value))
            return true;
    if (json_is_string(value) && json_string_length(value) <= 80)
        return no(checker, "'%s' is none of the %zu values allowed", json_string_value(value),
                  json_array_size(rule->values));
    return no(checker, "is none of the %zu values allowed", json_array_size(rule->values));
}

static bool check_count(tm_checker *checker, const tm_count *count, int64_t n, const char *what)
{
    if (count->least >= 0 && n < count->least)
        return no(checker, "has %" PRId64 " %s, fewer than %" PRId64, n, what, count->least);
    if (count->most >= 0 && n > count->most)
        return no(checker, "has %" PRId64 " %s, more than %" PRId64, n, what, count->most);
    return true;
}

static bool check_string(tm_checker *checker, const tm_rule *rule, const json_t *value)
{
    const char *text = json_string_value(value);
    size_t length = json_string_length(value);
    if (rule->length.set &&
        !check_count(checker, &rule->length, g_utf8_strlen(text, (gssize)length), "characters"))
        return false;
    if (rule->pattern && !g_regex_match_full(rule->pattern, text, (gssize)length, 0, 0, NULL, NULL))
        return no(checker, "does not match the pattern %s", g_regex_get_pattern(rule->pattern));
    return true;
}

static bool check_number(tm_checker *checker, const tm_rule *rule, const json_t *value)
{
    double n = json_number_value(value);
    if (rule->minimum && n < json_number_value(rule->minimum))
        return no(checker, "%g is less than %g", n, json_number_value(rule->minimum));
    if (rule->maximum && n > json_number_value(rule->maximum))
        return no(checker, "%g is more than %g", n, json_number_value(rule->maximum));
    if (rule->above && n <= json_number_value(rule->above))
        return no(checker, "%g is not more than %g", n, json_number_value(rule->above));
    if (rule->below && n >= json_number_value(rule->below))
        return no(checker, "%g is not less than %g", n, json_number_value(rule->below));
    double step = rule->multiple ? json_number_value(rule->multiple) : 0;
    if (step > 0) {
        double ratio = n / step;
        if (!isfinite(ratio) ? fmod(n, step) != 0
                             : fabs(ratio - round(ratio)) > 1e-9 * MAX(1, fabs(ratio) * 1e-6))
            return no(checker, "%g is no multiple of %g", n, step);
    }
    return true;
}

static bool all_different(const json_t *array)
{
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (size_t i = 0; i < json_array_size(array); i++) {
        const json_t *element = json_array_get(array, i);
        g_autofree char *sorted = json_dumps(element, JSON_SORT_KEYS | JSON_ENCODE_ANY | JSON_COMPACT);
        /* a whole real is the same number as the integer; deeper inside arrays that is not looked for */
        char *text = json_is_number(element) ? tm_json_text(element) : g_strdup(sorted ? sorted : "");
        if (!g_hash_table_add(seen, text))
            return false;
    }
    return true;
}

static bool check_array(tm_checker *checker, const tm_rule *rule, const json_t *value)
{
    size_t n = json_array_size(value), prefix = rule->prefix ? rule->prefix->len : 0, found = 0;
    if (rule->items_count.set && !check_count(checker, &rule->items_count, (int64_t)n, "items"))
        return false;
    for (size_t i = 0; i < n; i++) {
        const json_t *element = json_array_get(value, i);
        const tm_rule *item = i < prefix ? rule->prefix->pdata[i] : rule->items;
        char name[24];
        g_snprintf(name, sizeof name, "%zu", i);
        if (item && !check_at(checker, item, element, name))
            return false;
        found += rule->contains && obeys(checker, rule->contains, element);
    }
    if (rule->unique && !all_different(value))
        return no(checker, "has an item twice");
    if (!rule->contains)
        return true;
    tm_count count = rule->contains_count;
    count.least = count.least < 0 ? 1 : count.least;
    return check_count(checker, &count, (int64_t)found, "items of the kind asked for");
}

static bool check_member(tm_checker *checker, const tm_rule *rule, const char *name, const json_t *value)
{
    const tm_rule *own = rule->properties ? g_hash_table_lookup(rule->properties, name) : NULL;
    bool known = own != NULL;
    if (own && !check_at(checker, own, value, name))
        return false;
    for (guint i = 0; rule->patterns && i < rule->patterns->len; i++) {
        const tm_member_rule *member = &g_array_index(rule->patterns, tm_member_rule, i);
        if (!g_regex_match(member->pattern, name, 0, NULL))
            continue;
        known = true;
        if (!check_at(checker, member->rule, value, name))
            return false;
    }
    if (rule->names) {
        g_autoptr(json_t) text = json_string(name);
        if (!check_at(checker, rule->names, text, name))
            return false;
    }
    if (known || !rule->others)
        return true;
    return rule->others->never ? no(checker, "has '%s', which is not in the schema", name)
                               : check_at(checker, rule->others, value, name);
}

static bool has_all(tm_checker *checker, const json_t *names, const json_t *value)
{
    for (size_t i = 0; i < json_array_size(names); i++) {
        const char *name = json_string_value(json_array_get(names, i));
        if (name && !json_object_get(value, name))
            return no(checker, "lacks '%s'", name);
    }
    return true;
}

static bool check_object(tm_checker *checker, const tm_rule *rule, const json_t *value)
{
    const char *name;
    json_t *member, *names;
    bool ok = has_all(checker, rule->required, value) &&
              (!rule->members_count.set ||
               check_count(checker, &rule->members_count, (int64_t)json_object_size(value), "members"));
    if (!ok)
        return false;
    json_object_foreach((json_t *)(uintptr_t)value, name, member)
        if (!check_member(checker, rule, name, member))
            return false;
    for (guint i = 0; rule->dependents && i < rule->dependents->len; i++) {
        const tm_member_rule *dependent = &g_array_index(rule->dependents, tm_member_rule, i);
        if (json_object_get(value, dependent->name) && !check(checker, dependent->rule, value))
            return false;
    }
    json_object_foreach((json_t *)(uintptr_t)rule->needs, name, names)
        if (json_object_get(value, name) && !has_all(checker, names, value))
            return false;
    return true;
}

static bool check_alternatives(tm_checker *checker, const tm_rule *rule, const json_t *value)
{
    for (guint i = 0; rule->all && i < rule->all->len; i++)
        if (!check(checker, rule->all->pdata[i], value))
            return false;
    guint fit = 0;
    for (guint i = 0; rule->any && !fit && i < rule->any->len; i++)
        fit += obeys(checker, rule->any->pdata[i], value);
    if (rule->any && !fit)
        return no(checker, "fits none of its %u alternatives", rule->any->len);
    fit = 0;
    for (guint i = 0; rule->one && i < rule->one->len; i++)
        fit += obeys(checker, rule->one->pdata[i], value);
    if (rule->one && fit != 1)
        return no(checker, "fits %u of its %u alternatives, not one", fit, rule->one->len);
    if (rule->not &&obeys(checker, rule->not, value))
        return no(checker, "is what it must not be");
    const tm_rule *next = !rule->when                         ? NULL
                          : obeys(checker, rule->when, value) ? rule->then
                                                              : rule->otherwise;
    return !next || check(checker, next, value);
}

static bool check_rule(tm_checker *checker, const tm_rule *rule, const json_t *value)
{
    if (rule->never)
        return no(checker, "may not be there");
    if (!check_type(checker, rule->types, value) || !check_values(checker, rule, value))
        return false;
    if (rule->ref && !check(checker, rule->ref, value))
        return false;
    bool ok = json_is_string(value)   ? check_string(checker, rule, value)
              : json_is_number(value) ? check_number(checker, rule, value)
              : json_is_array(value)  ? check_array(checker, rule, value)
              : json_is_object(value) ? check_object(checker, rule, value)
                                      : true;
    return ok && check_alternatives(checker, rule, value);
}

static bool check(tm_checker *checker, const tm_rule *rule, const json_t *value)
{
    if (checker->depth >= MAX_DEPTH || ++checker->steps > MAX_STEPS) {
        checker->quiet = false;
        return no(checker,
                  "takes too long to check: the schema leads back to itself or has too many alternatives");
    }
    checker->depth++;
    bool ok = check_rule(checker, rule, value);
    checker->depth--;
    return ok;
}

gboolean tm_schema_check(const tm_schema *schema, const json_t *value, char **why)
{
    g_autoptr(GString) path = g_string_new(NULL), reason = g_string_new(NULL);
    tm_checker checker = {.path = path, .why = reason};
    bool ok = check(&checker, schema->root, value);
    /* a reason that stopped the check stands even where the way out would have been an alternative */
    ok = ok && checker.steps <= MAX_STEPS;
    if (!ok && why)
        *why = g_strdup(reason->len ? reason->str : "/: does not obey the schema");
    return ok;
}
