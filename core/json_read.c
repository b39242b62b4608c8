/* json_read.c - the quick way from text to a tree, for rows and replies that come by the thousand. What it is
 * not sure of is jansson's to judge: see tm_json_parse(). */
#include "core/json.h"
#include "core/json_word.h"
#include <math.h>
#include <string.h>

enum {
    MOST_DEPTH = 64,
    MOST_DIGITS = 18, /* of an integer that surely fits */
    MOST_REAL = 18,   /* characters of a real that a double surely tells apart: 17 digits and a point */
};

typedef struct {
    const char *at, *end;
    GString *unescaped; /* the last string that had escapes */
    int depth;
} reader;

static json_t *read_value(reader *r);

static void skip_blanks(reader *r)
{
    while (r->at < r->end && (*r->at == ' ' || *r->at == '\n' || *r->at == '\t' || *r->at == '\r'))
        r->at++;
}

/* Takes `c` and the blanks before it, if it stands there. */
static bool take(reader *r, char c)
{
    skip_blanks(r);
    bool there = r->at < r->end && *r->at == c;
    r->at += there;
    return there;
}

/* ---- strings ---- */

/* The four digits of \uXXXX from `at` on; -1: they are not there. */
static int code_unit(const char *at, const char *end)
{
    int unit = 0;
    if (end - at < 4)
        return -1;
    for (int i = 0; i < 4; i++) {
        int digit = g_ascii_xdigit_value(at[i]);
        if (digit < 0)
            return -1;
        unit = unit * 16 + digit;
    }
    return unit;
}

/* \uXXXX, its u taken: a pair of surrogates is one character, a lone one is nothing to be sure of. */
static bool read_code(reader *r)
{
    int unit = code_unit(r->at, r->end);
    if (unit < 0 || (unit >= 0xdc00 && unit <= 0xdfff))
        return false;
    r->at += 4;
    if (unit < 0xd800 || unit > 0xdfff) {
        g_string_append_unichar(r->unescaped, (gunichar)unit);
        return true;
    }
    if (r->end - r->at < 6 || r->at[0] != '\\' || r->at[1] != 'u')
        return false;
    int low = code_unit(r->at + 2, r->end);
    if (low < 0xdc00 || low > 0xdfff)
        return false;
    r->at += 6;
    g_string_append_unichar(r->unescaped, (gunichar)(0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00)));
    return true;
}

static bool read_escape(reader *r)
{
    static const char letters[] = "\"\\/bfnrt", stand_for[] = "\"\\/\b\f\n\r\t";
    if (r->at == r->end || *r->at == '\0')
        return false;
    char letter = *r->at++;
    if (letter == 'u')
        return read_code(r);
    const char *known = strchr(letters, letter);
    if (known)
        g_string_append_c(r->unescaped, stand_for[known - letters]);
    return known != NULL;
}

static const char *skip_plain(const char *at, const char *end)
{
    while (end - at >= 8 && tm_json_plain_word(at))
        at += 8;
    return at;
}

/* The bytes of a string, its opening quote taken; borrowed until the next one is read. */
static bool read_string(reader *r, const char **text, size_t *length)
{
    const char *from = r->at, *plain = r->at; /* plain: begin of what has no escapes */
    unsigned char all = 0;
    g_string_truncate(r->unescaped, 0);
    for (; (r->at = skip_plain(r->at, r->end)) < r->end && *r->at != '"'; r->at++) {
        unsigned char c = (unsigned char)*r->at;
        all |= c;
        if (c < 0x20)
            return false;
        if (c != '\\')
            continue;
        g_string_append_len(r->unescaped, plain, r->at++ - plain);
        if (!read_escape(r))
            return false;
        plain = r->at--;
    }
    if (r->at == r->end || (all >= 0x80 && !g_utf8_validate_len(from, (gsize)(r->at - from), NULL)))
        return false;
    if (plain != from)
        g_string_append_len(r->unescaped, plain, r->at - plain);
    *text = plain == from ? from : r->unescaped->str;
    *length = plain == from ? (size_t)(r->at - from) : r->unescaped->len;
    r->at++;
    return true;
}

/* ---- the rest ---- */

static const char *skip_digits(const char *at, const char *end)
{
    while (at < end && g_ascii_isdigit(*at))
        at++;
    return at;
}

/* Has the real more digits than a double tells apart? Then it may be wanted as it is written. */
static bool is_long(const char *real, size_t length)
{
    enum { EXACT = 17 };
    int digits = 0;
    for (size_t i = 0; length > EXACT && i < length && !memchr("eE", real[i], 2); i++)
        digits += g_ascii_isdigit(real[i]) && (digits > 0 || real[i] != '0');
    return digits > EXACT;
}

/* After the digits of `from`: a fraction, an exponent, or both. */
static json_t *read_real(reader *r, const char *from)
{
    char copy[64];
    const char *digits;
    if (r->at < r->end && *r->at == '.') {
        digits = r->at + 1;
        r->at = skip_digits(digits, r->end);
        if (r->at == digits)
            return NULL;
    }
    if (r->at < r->end && (*r->at == 'e' || *r->at == 'E')) {
        digits = r->at + 1;
        digits += digits < r->end && (*digits == '+' || *digits == '-');
        r->at = skip_digits(digits, r->end);
        if (r->at == digits)
            return NULL;
    }
    size_t length = (size_t)(r->at - from);
    if (length >= sizeof copy || is_long(from, length))
        return NULL;
    memcpy(copy, from, length);
    copy[length] = '\0';
    double real = g_ascii_strtod(copy, NULL);
    return isfinite(real) ? json_real(real) : NULL;
}

static json_t *read_number(reader *r)
{
    const char *from = r->at;
    r->at += *r->at == '-';
    const char *digits = r->at;
    r->at = skip_digits(digits, r->end);
    if (r->at == digits || (*digits == '0' && r->at - digits > 1))
        return NULL;
    if (r->at < r->end && memchr(".eE", *r->at, 3))
        return read_real(r, from);
    if (r->at - digits > MOST_DIGITS)
        return NULL;
    json_int_t value = 0;
    for (; digits < r->at; digits++)
        value = value * 10 + (*digits - '0');
    return json_integer(*from == '-' ? -value : value);
}

static json_t *read_word(reader *r, const char *word, json_t *value)
{
    size_t length = strlen(word);
    if ((size_t)(r->end - r->at) < length || memcmp(r->at, word, length) != 0)
        return NULL;
    r->at += length;
    return value;
}

static json_t *read_object(reader *r)
{
    g_autoptr(json_t) object = json_object();
    if (take(r, '}'))
        return g_steal_pointer(&object);
    do {
        const char *text;
        size_t length;
        if (!take(r, '"') || !read_string(r, &text, &length) || memchr(text, '\0', length))
            return NULL;
        g_autofree char *key = g_strndup(text, length);
        json_t *value = take(r, ':') ? read_value(r) : NULL;
        if (!value || json_object_set_new_nocheck(object, key, value) != 0)
            return NULL;
    } while (take(r, ','));
    return take(r, '}') ? g_steal_pointer(&object) : NULL;
}

static json_t *read_array(reader *r)
{
    g_autoptr(json_t) array = json_array();
    if (take(r, ']'))
        return g_steal_pointer(&array);
    do {
        json_t *value = read_value(r);
        if (!value || json_array_append_new(array, value) != 0)
            return NULL;
    } while (take(r, ','));
    return take(r, ']') ? g_steal_pointer(&array) : NULL;
}

static json_t *read_nested(reader *r, json_t *(*read)(reader *))
{
    json_t *value = NULL;
    if (++r->depth <= MOST_DEPTH) {
        r->at++;
        value = read(r);
    }
    r->depth--;
    return value;
}

static json_t *read_value(reader *r)
{
    const char *text;
    size_t length;
    skip_blanks(r);
    if (r->at == r->end)
        return NULL;
    switch (*r->at) {
    case '{':
        return read_nested(r, read_object);
    case '[':
        return read_nested(r, read_array);
    case '"':
        r->at++;
        return read_string(r, &text, &length) ? json_stringn_nocheck(text, length) : NULL;
    case 't':
        return read_word(r, "true", json_true());
    case 'f':
        return read_word(r, "false", json_false());
    case 'n':
        return read_word(r, "null", json_null());
    default:
        return *r->at == '-' || g_ascii_isdigit(*r->at) ? read_number(r) : NULL;
    }
}

json_t *tm_json_read(const char *text, size_t length)
{
    g_autoptr(GString) unescaped = g_string_new(NULL);
    reader r = {.at = text, .end = text + length, .unescaped = unescaped};
    g_autoptr(json_t) value = read_value(&r);
    skip_blanks(&r);
    return r.at == r.end ? g_steal_pointer(&value) : NULL;
}
