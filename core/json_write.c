/* json_write.c - JSON as text: the string writer that request bodies are spliced with, numbers as JavaScript
 * has them. */
#include "core/json.h"
#include "core/json_word.h"
#include <math.h>
#include <string.h>

/* How many bytes the UTF-8 sequence at `at` takes, 0 if it is none: overlong forms, surrogates and what lies
 * past U+10FFFF are none. */
static size_t sequence_length(const unsigned char *at, const unsigned char *end)
{
    unsigned char first = at[0];
    size_t n = first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0;
    if (!n || (size_t)(end - at) < n)
        return 0;
    for (size_t i = 1; i < n; i++)
        if ((at[i] & 0xc0) != 0x80)
            return 0;
    if ((first == 0xe0 && at[1] < 0xa0) || (first == 0xed && at[1] > 0x9f) ||
        (first == 0xf0 && at[1] < 0x90) || (first == 0xf4 && at[1] > 0x8f))
        return 0;
    return n;
}

static void write_escape(GString *out, unsigned char byte)
{
    static const char digits[] = "0123456789abcdef";
    const char *named = NULL;
    switch (byte) {
    case '"':
        named = "\\\"";
        break;
    case '\\':
        named = "\\\\";
        break;
    case '\b':
        named = "\\b";
        break;
    case '\f':
        named = "\\f";
        break;
    case '\n':
        named = "\\n";
        break;
    case '\r':
        named = "\\r";
        break;
    case '\t':
        named = "\\t";
        break;
    default:
        break;
    }
    if (named) {
        g_string_append_len(out, named, 2);
    } else {
        char hex[6] = {'\\', 'u', '0', '0', digits[byte >> 4], digits[byte & 15]};
        g_string_append_len(out, hex, 6);
    }
}

void tm_json_write_string(GString *out, const char *text, size_t length)
{
    const unsigned char *at = (const unsigned char *)text, *end = at + length, *run = at;
    g_string_append_c(out, '"');
    while (at < end) {
        if (end - at >= 8 && tm_json_plain_word(at)) {
            at += 8;
            continue;
        }
        unsigned char byte = *at;
        size_t n = byte >= 0x80 ? sequence_length(at, end) : byte >= 0x20 && byte != '"' && byte != '\\';
        if (n) {
            at += n;
            continue;
        }
        g_string_append_len(out, (const char *)run, at - run);
        if (byte >= 0x80)
            g_string_append(out, "\xef\xbf\xbd");
        else
            write_escape(out, byte);
        run = ++at;
    }
    g_string_append_len(out, (const char *)run, at - run);
    g_string_append_c(out, '"');
}

/* As JavaScript writes numbers: 15 digits or what reads back the same, no ".0", exponents from 1e21 up and
 * below 1e-6. That is valid JSON, what Handlebars prints, and 0.1 stays 0.1. */
void tm_json_write_number(GString *out, const json_t *number)
{
    if (json_is_integer(number)) {
        g_string_append_printf(out, "%" JSON_INTEGER_FORMAT, json_integer_value(number));
        return;
    }
    static const char *const formats[] = {"%.14e", "%.15e", "%.16e"};
    char text[G_ASCII_DTOSTR_BUF_SIZE], digits[20] = "";
    double value = json_real_value(number);
    if (value < 0)
        g_string_append_c(out, '-');
    value = fabs(value);
    for (size_t i = 0; i < G_N_ELEMENTS(formats); i++) {
        g_ascii_formatd(text, sizeof text, formats[i], value);
        if (g_ascii_strtod(text, NULL) == value)
            break;
    }
    /* text is D.DDDDe+XX: the digits without their trailing zeros, and where the point stands among them */
    const char *exponent = strchr(text, 'e');
    int n = 0, point = atoi(exponent + 1) + 1;
    for (const char *at = text; at < exponent; at++)
        if (*at != '.')
            digits[n++] = *at;
    while (n > 1 && digits[n - 1] == '0')
        n--;
    if (point > 0 && point <= 21) {
        for (int i = 0; i < MAX(n, point); i++) {
            if (i == point)
                g_string_append_c(out, '.');
            g_string_append_c(out, i < n ? digits[i] : '0');
        }
    } else if (point > -6 && point <= 0) {
        g_string_append(out, "0.");
        for (int i = point; i < 0; i++)
            g_string_append_c(out, '0');
        g_string_append_len(out, digits, n);
    } else {
        g_string_append_c(out, digits[0]);
        if (n > 1)
            g_string_append_c(out, '.');
        g_string_append_len(out, digits + 1, n - 1);
        g_string_append_printf(out, "e%+d", point - 1);
    }
}

static void write_break(GString *out, int indent, int level)
{
    if (!indent)
        return;
    g_string_append_c(out, '\n');
    for (int i = 0; i < indent * level; i++)
        g_string_append_c(out, ' ');
}

static void write_value(GString *out, const json_t *value, int indent, int level);

static void write_object(GString *out, const json_t *object, int indent, int level)
{
    const char *key;
    json_t *member;
    bool first = true;
    g_string_append_c(out, '{');
    json_object_foreach((json_t *)(uintptr_t)object, key, member) {
        if (!first)
            g_string_append_c(out, ',');
        first = false;
        write_break(out, indent, level + 1);
        tm_json_write_string(out, key, strlen(key));
        g_string_append(out, indent ? ": " : ":");
        write_value(out, member, indent, level + 1);
    }
    if (!first)
        write_break(out, indent, level);
    g_string_append_c(out, '}');
}

static void write_array(GString *out, const json_t *array, int indent, int level)
{
    size_t n = json_array_size(array);
    g_string_append_c(out, '[');
    for (size_t i = 0; i < n; i++) {
        if (i)
            g_string_append_c(out, ',');
        write_break(out, indent, level + 1);
        write_value(out, json_array_get(array, i), indent, level + 1);
    }
    if (n)
        write_break(out, indent, level);
    g_string_append_c(out, ']');
}

static void write_value(GString *out, const json_t *value, int indent, int level)
{
    switch (value ? json_typeof(value) : JSON_NULL) {
    case JSON_OBJECT:
        write_object(out, value, indent, level);
        break;
    case JSON_ARRAY:
        write_array(out, value, indent, level);
        break;
    case JSON_STRING:
        tm_json_write_string(out, json_string_value(value), json_string_length(value));
        break;
    case JSON_INTEGER:
    case JSON_REAL:
        tm_json_write_number(out, value);
        break;
    case JSON_TRUE:
        g_string_append(out, "true");
        break;
    case JSON_FALSE:
        g_string_append(out, "false");
        break;
    case JSON_NULL:
        g_string_append(out, "null");
        break;
    }
}

void tm_json_write(GString *out, const json_t *value)
{
    write_value(out, value, 0, 0);
}

void tm_json_write_indented(GString *out, const json_t *value, int indent)
{
    write_value(out, value, CLAMP(indent, 0, 10), 0);
}

char *tm_json_text(const json_t *value)
{
    GString *out = g_string_new(NULL);
    tm_json_write(out, value);
    return g_string_free(out, FALSE);
}
