/* schema_pattern.c - ECMAScript's regular expressions, which JSON Schema uses, written for PCRE: \d, \w and
 * \s mean what they mean there, so do \u, $ and the empty class. */
#include "core/schema_nodes.h"
#include <string.h>

/* What stands inside [...] for a class and for all but it. */
static const struct {
    char letter;
    const char *inside, *outside;
} classes[] = {
    {'d', "0-9", "\\x{0}-\\x{2f}\\x{3a}-\\x{10ffff}"},
    {'w', "0-9A-Z_a-z", "\\x{0}-\\x{2f}\\x{3a}-\\x{40}\\x{5b}-\\x{5e}\\x{60}\\x{7b}-\\x{10ffff}"},
    {'s',
     "\\x{9}-\\x{d}\\x{20}\\x{a0}\\x{1680}\\x{2000}-\\x{200a}\\x{2028}\\x{2029}\\x{202f}\\x{205f}\\x{3000}"
     "\\x{feff}",
     "\\x{0}-\\x{8}\\x{e}-\\x{1f}\\x{21}-\\x{9f}\\x{a1}-\\x{167f}\\x{1681}-\\x{1fff}\\x{200b}-\\x{2027}\\x{"
     "202a}-"
     "\\x{202e}\\x{2030}-\\x{205e}\\x{2060}-\\x{2fff}\\x{3001}-\\x{fefe}\\x{ff00}-\\x{10ffff}"},
};

/* Long names of Unicode's categories, which PCRE has by their letters. */
static const char *const categories[][2] = {
    {"Letter", "L"},
    {"Lowercase_Letter", "Ll"},
    {"Uppercase_Letter", "Lu"},
    {"Titlecase_Letter", "Lt"},
    {"Modifier_Letter", "Lm"},
    {"Other_Letter", "Lo"},
    {"Mark", "M"},
    {"Nonspacing_Mark", "Mn"},
    {"Number", "N"},
    {"Decimal_Number", "Nd"},
    {"digit", "Nd"},
    {"Letter_Number", "Nl"},
    {"Other_Number", "No"},
    {"Punctuation", "P"},
    {"punct", "P"},
    {"Symbol", "S"},
    {"Currency_Symbol", "Sc"},
    {"Math_Symbol", "Sm"},
    {"Separator", "Z"},
    {"Space_Separator", "Zs"},
    {"Control", "Cc"},
    {"Other", "C"},
};

static bool is_hex(const char *at, size_t n)
{
    return strspn(at, "0123456789abcdefABCDEF") >= n;
}

/* \p{...}: bytes read, 0 if it is none. */
static size_t put_property(GString *out, const char *at)
{
    const char *end = at[2] == '{' ? strchr(at, '}') : NULL;
    if (!end)
        return 0;
    g_autofree char *name = g_strndup(at + 3, (gsize)(end - at - 3));
    const char *value = strchr(name, '='), *word = value ? value + 1 : name;
    for (size_t i = 0; i < G_N_ELEMENTS(categories); i++)
        if (strcmp(categories[i][0], word) == 0)
            word = categories[i][1];
    g_string_append_printf(out, "\\%c{%s}", at[1], word);
    return (size_t)(end - at) + 1;
}

/* An escape, which stands at `at`; inside of [...] or not. Returns its bytes. */
static size_t put_escape(GString *out, const char *at, bool inside)
{
    char letter = at[1];
    for (size_t i = 0; i < G_N_ELEMENTS(classes); i++) {
        bool but = letter == g_ascii_toupper(classes[i].letter);
        if (letter != classes[i].letter && !but)
            continue;
        const char *set = but && inside ? classes[i].outside : classes[i].inside;
        if (inside)
            g_string_append(out, set);
        else
            g_string_append_printf(out, "[%s%s]", but ? "^" : "", set);
        return 2;
    }
    if (letter == 'u' && is_hex(at + 2, 4)) {
        gunichar code = (gunichar)g_ascii_strtoull((char[]){at[2], at[3], at[4], at[5], 0}, NULL, 16);
        bool pair = code >= 0xd800 && code < 0xdc00 && at[6] == '\\' && at[7] == 'u' && is_hex(at + 8, 4);
        gunichar low =
            pair ? (gunichar)g_ascii_strtoull((char[]){at[8], at[9], at[10], at[11], 0}, NULL, 16) : 0;
        pair = low >= 0xdc00 && low < 0xe000;
        if (pair)
            code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
        g_string_append_printf(out, "\\x{%x}", code);
        return pair ? 12 : 6;
    }
    if (letter == 'u' && at[2] == '{' && strchr(at, '}')) {
        size_t n = (size_t)(strchr(at, '}') - at) + 1;
        g_string_append(out, "\\x");
        g_string_append_len(out, at + 2, (gssize)n - 2);
        return n;
    }
    if (letter == 'p' || letter == 'P') {
        size_t n = put_property(out, at);
        if (n)
            return n;
    }
    if (letter == 'v') { /* PCRE means any vertical space by it */
        g_string_append(out, "\\x{b}");
        return 2;
    }
    if (!letter) {
        g_string_append_c(out, '\\');
        return 1;
    }
    g_string_append_len(out, at, 2);
    return 2;
}

GRegex *tm_schema_pattern(const char *pattern, GError **error)
{
    g_autoptr(GString) text = g_string_new(NULL);
    bool inside = false;
    for (const char *at = pattern; *at;) {
        if (*at == '\\') {
            at += put_escape(text, at, inside);
        } else if (inside) {
            inside = *at != ']';
            /* PCRE would read [: and its like as a class of POSIX */
            g_string_append(text, *at == '[' ? "\\[" : (char[]){*at, 0});
            at++;
        } else if (g_str_has_prefix(at, "[]") || g_str_has_prefix(at, "[^]")) {
            g_string_append(text, at[1] == ']' ? "(?!)" : "[\\x{0}-\\x{10ffff}]");
            at += at[1] == ']' ? 2 : 3;
        } else if (*at == '.') {
            g_string_append(text, "[^\\n\\r\\x{2028}\\x{2029}]");
            at++;
        } else {
            inside = *at == '[';
            g_string_append_c(text, *at++);
            if (inside && *at == '^')
                g_string_append_c(text, *at++);
        }
    }
    return g_regex_new(text->str, G_REGEX_OPTIMIZE | G_REGEX_DOLLAR_ENDONLY, 0, error);
}
