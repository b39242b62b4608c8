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
                g_string_append(out, "\xef\xbf\xbd");
                at += 6;
                continue;
            }
        }
        g_string_append_len(out, at, (gssize)n);
        at += n;
    }
    return at;
}

/* The JSON number at `at` ends there; NULL: it is none. *whole: it has neither fraction nor exponent;
 * *digits: how many it has from the first that is no 0. */
static const char *number_end(const char *at, const char *end, bool *whole, int *digits)
{
    const char *first = at += at < end && *at == '-';
    bool significant = false, good = true;
    *whole = true;
    *digits = 0;
    for (; at < end && (g_ascii_isdigit(*at) || *at == '.'); at++) {
        good = good && (*at != '.' || (*whole && at > first && at + 1 < end && g_ascii_isdigit(at[1])));
        *whole = *whole && *at != '.';
        significant = significant || (*at != '.' && *at != '0');
        *digits += significant && *at != '.';
    }
    if (!good || at == first || (*first == '0' && at - first > 1 && first[1] != '.'))
        return NULL;
    if (at < end && (*at == 'e' || *at == 'E')) {
        *whole = false;
        at++;
        at += at < end && (*at == '+' || *at == '-');
        if (at == end || !g_ascii_isdigit(*at))
            return NULL;
        while (at < end && g_ascii_isdigit(*at))
            at++;
    }
    return at;
}

/* Copies the number at `at`: one that no machine number holds as it is written becomes a string of its text
 * with `as_text`, else a real; gives the place after it. */
static const char *mend_number(GString *out, const char *at, const char *end, bool as_text)
{
    enum { EXACT = 17 }; /* digits that a double tells apart */
    bool whole;
    int digits;
    const char *after = number_end(at, end, &whole, &digits);
    if (!after) {
        g_string_append_c(out, *at);
        return at + 1;
    }
    g_autofree char *copy = g_strndup(at, (gsize)(after - at));
    bool past_64_bits = whole && !g_ascii_string_to_signed(copy, 10, G_MININT64, G_MAXINT64, NULL, NULL);
    if (as_text && (past_64_bits || (!whole && digits > EXACT)))
        g_string_append_printf(out, "\"%s\"", copy);
    else
        g_string_append_printf(out, "%s%s", copy, past_64_bits ? "e0" : "");
    return after;
}

/* What jansson refuses and the world sends all the same: lone surrogates, integers past 64 bits. */
static GString *mend(const char *text, size_t length, bool as_text)
{
    GString *out = g_string_sized_new(length + 16);
    const char *at = text, *end = text + length;
    while (at < end) {
        if (*at == '"') {
            at = mend_string(out, at, end);
            if (at < end)
                g_string_append_c(out, *at++);
        } else if (*at == '-' || g_ascii_isdigit(*at)) {
            at = mend_number(out, at, end, as_text);
        } else {
            g_string_append_c(out, *at++);
        }
    }
    return out;
}

#define LOAD_FLAGS (JSON_ALLOW_NUL | JSON_DECODE_ANY)

static void skip_bom(const char **text, size_t *length)
{
    if (*length >= 3 && memcmp(*text, "\xef\xbb\xbf", 3) == 0) {
        *text += 3;
        *length -= 3;
    }
}

/* What tm_json_read() is not sure of. */
static json_t *parse_slowly(const char *text, size_t length, GError **error)
{
    json_error_t first, second;
    json_t *value = json_loadb(text, length, LOAD_FLAGS, &first);
    if (value)
        return value;
    g_autoptr(GString) mended = mend(text, length, false);
    if (mended->len != length || memcmp(mended->str, text, length) != 0) {
        value = json_loadb(mended->str, mended->len, LOAD_FLAGS, &second);
        if (value)
            return value;
        first = second;
    }
    g_autofree char *what = g_utf8_make_valid(first.text, -1);
    tm_fail(error, TM_ERROR_INPUT, "not JSON: line %d, column %d: %s", first.line, first.column, what);
    return NULL;
}

json_t *tm_json_parse(const char *text, size_t length, GError **error)
{
    skip_bom(&text, &length);
    json_t *value = tm_json_read(text, length);
    return value ? value : parse_slowly(text, length, error);
}

json_t *tm_json_parse_row(const char *text, size_t length, GError **error)
{
    skip_bom(&text, &length);
    json_t *value = tm_json_read(text, length);
    if (value)
        return value;
    value = parse_slowly(text, length, error);
    if (!value)
        return NULL;
    g_autoptr(GString) mended = mend(text, length, true);
    json_t *exact = json_loadb(mended->str, mended->len, LOAD_FLAGS, NULL);
    if (!exact)
        return value;
    json_decref(value);
    return exact;
}

void tm_json_write_compact(GString *out, const char *text, size_t length)
{
    const char *end = text + length, *at = text;
    bool lone = memmem(text, length, "\\ud", 3) || memmem(text, length, "\\uD", 3);
    while (at < end) {
        const char *from = at;
        if (*at == '"' && lone) {
            at = mend_string(out, at, end);
            from = at;
            at += at < end;
        } else if (*at == '"') {
            for (at++; at < end && *at != '"'; at++)
                at += *at == '\\';
            at = MIN(at + 1, end);
        } else {
            while (at < end && *at != '"' && !g_ascii_isspace(*at))
                at++;
        }
        g_string_append_len(out, from, at - from);
        while (at < end && g_ascii_isspace(*at))
            at++;
    }
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
