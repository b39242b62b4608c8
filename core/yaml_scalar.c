/* yaml_scalar.c - see yaml_scalar.h */
#include "core/yaml_scalar.h"

#include <glib.h>
#include <stdbool.h>
#include <string.h>

static bool all_of(const char *text, const char *set)
{
    return *text && text[strspn(text, set)] == '\0';
}

/* [-+]? (\.[0-9]+ | [0-9]+ (\.[0-9]*)?) ([eE][-+]?[0-9]+)? */
static bool is_real(const char *text)
{
    text += *text == '-' || *text == '+';
    size_t before = strspn(text, "0123456789"), after = 0;
    text += before;
    if (*text == '.') {
        after = strspn(++text, "0123456789");
        text += after;
    }
    if (!before && !after)
        return false;
    if (*text == 'e' || *text == 'E') {
        text++;
        text += *text == '-' || *text == '+';
        return all_of(text, "0123456789");
    }
    return !*text;
}

json_t *tm_yaml_scalar(const char *text, size_t length)
{
    static const char *const nulls[] = {"", "~", "null", "Null", "NULL", NULL};
    static const char *const trues[] = {"true", "True", "TRUE", NULL};
    static const char *const falses[] = {"false", "False", "FALSE", NULL};
    gint64 number;
    guint64 natural;
    if (strlen(text) != length)
        return json_stringn(text, length);
    if (g_strv_contains(nulls, text))
        return json_null();
    if (g_strv_contains(trues, text))
        return json_true();
    if (g_strv_contains(falses, text))
        return json_false();
    if (all_of(text + (*text == '-' || *text == '+'), "0123456789") &&
        g_ascii_string_to_signed(text + (*text == '+'), 10, G_MININT64, G_MAXINT64, &number, NULL))
        return json_integer(number);
    unsigned base = g_str_has_prefix(text, "0o") ? 8 : g_str_has_prefix(text, "0x") ? 16 : 0;
    if (base && g_ascii_isxdigit(text[2]) &&
        g_ascii_string_to_unsigned(text + 2, base, 0, G_MAXINT64, &natural, NULL))
        return json_integer((json_int_t)natural);
    if (is_real(text)) {
        json_t *real = json_real(g_ascii_strtod(text, NULL));
        if (real)
            return real;
    }
    return json_stringn(text, length);
}
