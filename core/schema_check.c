/* schema_check.c - does a value obey a schema? */
#include "core/json.h"
#include "core/schema_checker.h"
#include <string.h>

enum {
    MAX_DEPTH = 500,     /* a reference that leads to itself never ends */
    MAX_STEPS = 1000000, /* alternatives of alternatives multiply */
    TOLD = 4,            /* alternatives of which the reason is told */
};

static bool check(tm_checker *checker, const tm_rule *rule, const json_t *value);

/* Checks a member or element, its name added to the path meanwhile. */
static bool check_at(tm_checker *checker, const tm_rule *rule, const json_t *value, const char *name)
{
    size_t length = checker->path->len;
    tm_schema_step(checker->path, name);
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

static bool check_array(tm_checker *checker, const tm_rule *rule, const json_t *value)
{
    size_t n = json_array_size(value), prefix = rule->prefix ? rule->prefix->len : 0, found = 0;
    if (rule->items_count.set && !tm_check_count(checker, &rule->items_count, (int64_t)n, "items"))
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
    if (rule->unique && !tm_values_differ(value))
        return tm_checker_no(checker, "has an item twice");
    if (!rule->contains)
        return true;
    tm_count count = rule->contains_count;
    count.least = count.least < 0 ? 1 : count.least;
    return tm_check_count(checker, &count, (int64_t)found, "items of the kind asked for");
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
    return rule->others->never ? tm_checker_no(checker, "has '%s', which is not in the schema", name)
                               : check_at(checker, rule->others, value, name);
}

static bool has_all(tm_checker *checker, const json_t *names, const json_t *value)
{
    for (size_t i = 0; i < json_array_size(names); i++) {
        const char *name = json_string_value(json_array_get(names, i));
        if (name && !json_object_get(value, name))
            return tm_checker_no(checker, "lacks '%s'", name);
    }
    return true;
}

static bool check_object(tm_checker *checker, const tm_rule *rule, const json_t *value)
{
    const char *name;
    json_t *member, *names;
    bool ok = has_all(checker, rule->required, value) &&
              (!rule->members_count.set ||
               tm_check_count(checker, &rule->members_count, (int64_t)json_object_size(value), "members"));
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
    const json_t *const needs[] = {rule->needs, rule->needs_7};
    for (size_t i = 0; i < G_N_ELEMENTS(needs); i++)
        json_object_foreach((json_t *)(uintptr_t)needs[i], name, names)
            if (json_is_array(names) && json_object_get(value, name) && !has_all(checker, names, value))
                return false;
    return true;
}

/* None of the alternatives fits: each one's own reason, as far as they are few. */
static bool no_alternative(tm_checker *checker, const GPtrArray *alternatives, const json_t *value)
{
    if (checker->quiet || checker->why->len)
        return false;
    if (checker->telling)
        return tm_checker_no(checker, "fits none of its %u alternatives", alternatives->len);
    g_autoptr(GString) reasons = g_string_new(NULL);
    size_t below = checker->path->len;
    checker->telling = true;
    for (guint i = 0; i < alternatives->len && i < TOLD; i++) {
        check(checker, alternatives->pdata[i], value);
        const char *reason = checker->why->str;
        /* only what is further down is said with its place */
        if (strncmp(reason, checker->path->str, below) == 0)
            reason += below;
        if (g_str_has_prefix(reason, ": "))
            reason += 2;
        else if (!below && g_str_has_prefix(reason, "/: "))
            reason += 3;
        g_string_append_printf(reasons, "%s(%u) %s", i ? "; " : "", i + 1, reason);
        g_string_truncate(checker->why, 0);
    }
    checker->telling = false;
    return tm_checker_no(checker, "fits none of its %u alternatives: %s%s", alternatives->len, reasons->str,
                         alternatives->len > TOLD ? "; ..." : "");
}

static bool check_all(tm_checker *checker, const tm_rule *rule, const json_t *value)
{
    for (guint i = 0; rule->all && i < rule->all->len; i++)
        if (!check(checker, rule->all->pdata[i], value))
            return false;
    return true;
}

static bool check_any(tm_checker *checker, const tm_rule *rule, const json_t *value)
{
    for (guint i = 0; rule->any && i < rule->any->len; i++)
        if (obeys(checker, rule->any->pdata[i], value))
            return true;
    return !rule->any || no_alternative(checker, rule->any, value);
}

static bool check_one(tm_checker *checker, const tm_rule *rule, const json_t *value)
{
    guint fit = 0;
    for (guint i = 0; rule->one && i < rule->one->len; i++)
        fit += obeys(checker, rule->one->pdata[i], value);
    if (!rule->one || fit == 1)
        return true;
    return fit ? tm_checker_no(checker, "fits %u of its %u alternatives, not one", fit, rule->one->len)
               : no_alternative(checker, rule->one, value);
}

static bool check_alternatives(tm_checker *checker, const tm_rule *rule, const json_t *value)
{
    if (!check_all(checker, rule, value) || !check_any(checker, rule, value) ||
        !check_one(checker, rule, value))
        return false;
    if (rule->unlike && obeys(checker, rule->unlike, value))
        return tm_checker_no(checker, "is what it must not be");
    const tm_rule *next = !rule->when                         ? NULL
                          : obeys(checker, rule->when, value) ? rule->then
                                                              : rule->otherwise;
    return !next || check(checker, next, value);
}

static bool check_rule(tm_checker *checker, const tm_rule *rule, const json_t *value)
{
    if (rule->never)
        return tm_checker_no(checker, "may not be there");
    if (rule->nullable && json_is_null(value))
        return true;
    if (!tm_check_type(checker, rule->types, value) || !tm_check_values(checker, rule, value))
        return false;
    if (rule->ref && !check(checker, rule->ref, value))
        return false;
    bool ok = json_is_string(value)   ? tm_check_string(checker, rule, value)
              : json_is_number(value) ? tm_check_number(checker, rule, value)
              : json_is_array(value)  ? check_array(checker, rule, value)
              : json_is_object(value) ? check_object(checker, rule, value)
                                      : true;
    return ok && check_alternatives(checker, rule, value);
}

static bool check(tm_checker *checker, const tm_rule *rule, const json_t *value)
{
    if (checker->given_up)
        return false;
    if (checker->depth >= MAX_DEPTH || ++checker->steps > MAX_STEPS) {
        checker->quiet = false;
        checker->given_up = true;
        return tm_checker_no(
            checker, "takes too long to check: the schema leads back to itself or has too many alternatives");
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
    ok = ok && !checker.given_up;
    if (!ok && why)
        *why = g_strdup(reason->len ? reason->str : "/: does not obey the schema");
    return ok;
}
