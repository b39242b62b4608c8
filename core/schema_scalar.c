/* schema_scalar.c - what a schema says of a value itself: its type, its length, its bounds, the values
 * allowed. */
#include "core/json.h"
#include "core/schema_checker.h"
#include <inttypes.h>
#include <math.h>

enum {
    SHOWN = 60,  /* characters of a value in a reason */
    LISTED = 12, /* values in a reason */
};

bool tm_checker_no(tm_checker *checker, const char *format, ...)
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

bool tm_check_type(tm_checker *checker, unsigned types, const json_t *value)
{
    static const char *const names[] = {"object", "array", "string", "number", "integer", "boolean", "null"};
    if (!types || types & types_of(value))
        return true;
    g_autoptr(GString) wanted = g_string_new(NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
        if (types & 1u << i)
            g_string_append_printf(wanted, "%s%s", wanted->len ? " or " : "", names[i]);
    return tm_checker_no(checker, "is %s, not %s", type_name(value), wanted->str);
}

/* A value for a person: short, or cut. (transfer full) */
static char *shown(const json_t *value)
{
    g_autofree char *text = tm_json_text(value);
    if (g_utf8_strlen(text, -1) <= SHOWN)
        return g_steal_pointer(&text);
    g_autofree char *head = g_utf8_substring(text, 0, SHOWN);
    return g_strconcat(head, "...", NULL);
}

bool tm_check_values(tm_checker *checker, const tm_rule *rule, const json_t *value)
{
    size_t n = json_array_size(rule->values);
    bool among = !rule->values;
    if (rule->constant && !tm_values_same(rule->constant, value)) {
        g_autofree char *is = shown(value), *wanted = shown(rule->constant);
        return tm_checker_no(checker, "is %s, not %s", is, wanted);
    }
    for (size_t i = 0; !among && i < n; i++)
        among = tm_values_same(json_array_get(rule->values, i), value);
    if (among || checker->quiet)
        return among;
    g_autofree char *is = shown(value);
    if (n > LISTED)
        return tm_checker_no(checker, "%s is none of the %zu values allowed", is, n);
    g_autoptr(GString) list = g_string_new(NULL);
    for (size_t i = 0; i < n; i++) {
        g_autofree char *one = shown(json_array_get(rule->values, i));
        g_string_append_printf(list, "%s%s", i ? ", " : "", one);
    }
    return tm_checker_no(checker, "%s is none of %s", is, list->str);
}

bool tm_check_count(tm_checker *checker, const tm_count *count, int64_t n, const char *what)
{
    if (count->least >= 0 && n < count->least)
        return tm_checker_no(checker, "has %" PRId64 " %s, fewer than %" PRId64, n, what, count->least);
    if (count->most >= 0 && n > count->most)
        return tm_checker_no(checker, "has %" PRId64 " %s, more than %" PRId64, n, what, count->most);
    return true;
}

bool tm_check_string(tm_checker *checker, const tm_rule *rule, const json_t *value)
{
    const char *text = json_string_value(value);
    size_t length = json_string_length(value);
    if (rule->length.set &&
        !tm_check_count(checker, &rule->length, g_utf8_strlen(text, (gssize)length), "characters"))
        return false;
    if (rule->pattern && !g_regex_match_full(rule->pattern, text, (gssize)length, 0, 0, NULL, NULL))
        return tm_checker_no(checker, "does not match the pattern %s", g_regex_get_pattern(rule->pattern));
    return true;
}

/* Is `value` on that side of the bound (1: above), or on it where that is allowed? */
static bool check_bound(tm_checker *checker, const json_t *value, const json_t *bound, int side,
                        bool inclusive)
{
    int order = bound ? tm_numbers_compare(value, bound) : side;
    if (order == side || (order == 0 && inclusive))
        return true;
    g_autofree char *is = tm_json_text(value), *wanted = tm_json_text(bound);
    return tm_checker_no(checker, "%s is %s%s %s", is, inclusive ? "" : "not ",
                         (side > 0) == inclusive ? "less than" : "more than", wanted);
}

bool tm_check_number(tm_checker *checker, const tm_rule *rule, const json_t *value)
{
    if (!check_bound(checker, value, rule->minimum, 1, true) ||
        !check_bound(checker, value, rule->maximum, -1, true) ||
        !check_bound(checker, value, rule->above, 1, false) ||
        !check_bound(checker, value, rule->below, -1, false))
        return false;
    if (!rule->multiple || tm_number_is_multiple(value, rule->multiple))
        return true;
    g_autofree char *is = tm_json_text(value), *step = tm_json_text(rule->multiple);
    return tm_checker_no(checker, "%s is no multiple of %s", is, step);
}
