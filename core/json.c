/* json.c - small helpers over jansson: reading what the world sends, and members of objects. */
#include "core/json.h"
#include "core/error.h"
#include <math.h>
#include <string.h>

/* The code unit of "\uXXXX" at `at`; -1 if that is not there. */
static int escaped_unit(const char *at, const char *end)
{
    if (end - at < 6 || at[0] != '\\' || at[1] != 'u')
        return -1;
    int unit = 0;
    for (int i = 2; i < 6; i++) {
        int digit = g_ascii_xdigit_value(at[i]);
        if (digit < 0)
            return -1;
        unit = unit * 16 + digit;
    }
    return unit;
}

/* Copies one string from its opening quote on, lone surrogates as U+FFFD; gives the place after it. */
static const char *mend_string(GString *out, const char *at, const char *end)
{
    g_string_append_c(out, *at++);
    while (at < end && *at != '"') {
        int unit = escaped_unit(at, end);
        size_t n = *at == '\\' && at + 1 < end ? 2 : 1;
        if (unit >= 0xd800 && unit <= 0xdfff) {
            int low = escaped_unit(at + 6, end);
            if (unit < 0xdc00 && low >= 0xdc00 && low <= 0xdfff) {
                n = 12;
            } else {
                g_string_append(out, "\\ufffd");
                at += 6;
                continue;
            }
        }
        g_string_append_len(out, at, (gssize)n);
        at += n;
    }
    return at;
}

/* What jansson refuses and the world sends all the same: lone surrogates, integers past 64 bits. */
static GString *mend(const char *text, size_t length)
{
    GString *out = g_string_sized_new(length + 16);
    const char *at = text, *end = text + length;
    while (at < end) {
        if (*at == '"') {
            at = mend_string(out, at, end);
            if (at < end)
                g_string_append_c(out, *at++);
        } else if (g_ascii_isdigit(*at)) {
            const char *from = at;
            bool whole = true;
            for (; at < end && (g_ascii_isdigit(*at) || memchr(".eE+-", *at, 5)); at++)
                whole = whole && g_ascii_isdigit(*at);
            g_string_append_len(out, from, at - from);
            if (whole && at - from >= 19)
                g_string_append(out, "e0"); /* makes it a real */
        } else {
            g_string_append_c(out, *at++);
        }
    }
    return out;
}

json_t *tm_json_parse(const char *text, size_t length, GError **error)
{
    const size_t flags = JSON_ALLOW_NUL | JSON_DECODE_ANY;
    if (length >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) {
        text += 3;
        length -= 3;
    }
    json_error_t first, second;
    json_t *value = tm_json_read(text, length);
    if (!value)
        value = json_loadb(text, length, flags, &first);
    if (value)
        return value;
    g_autoptr(GString) mended = mend(text, length);
    if (mended->len != length || memcmp(mended->str, text, length) != 0) {
        value = json_loadb(mended->str, mended->len, flags, &second);
        if (value)
            return value;
        first = second;
    }
    g_autofree char *what = g_utf8_make_valid(first.text, -1);
    tm_fail(error, TM_ERROR_INPUT, "not JSON: line %d, column %d: %s", first.line, first.column, what);
    return NULL;
}

const char *tm_json_string(const json_t *object, const char *key, const char *fallback)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : fallback;
}

int64_t tm_json_integer(const json_t *object, const char *key, int64_t fallback)
{
    const json_t *value = json_object_get(object, key);
    if (json_is_integer(value))
        return json_integer_value(value);
    if (json_is_real(value)) {
        double real = json_real_value(value);
        return real == floor(real) && fabs(real) < 9e18 ? (int64_t)real : fallback;
    }
    gint64 number;
    if (json_is_string(value) &&
        g_ascii_string_to_signed(json_string_value(value), 10, G_MININT64, G_MAXINT64, &number, NULL))
        return number;
    return fallback;
}

bool tm_json_bool(const json_t *object, const char *key, bool fallback)
{
    const json_t *value = json_object_get(object, key);
    return json_is_boolean(value) ? json_is_true(value) : fallback;
}

const json_t *tm_json_object(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    return json_is_object(value) ? value : NULL;
}

const json_t *tm_json_array(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    return json_is_array(value) ? value : NULL;
}
