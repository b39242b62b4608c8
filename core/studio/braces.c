/* braces.c - text that somebody typed as text of a Handlebars template.
 *
 * What Handlebars makes of backslashes: `\{{` is a literal `{{`, `\\{{` one backslash and then an expression.
 * So a literal backslash before braces is written twice and followed by an empty comment. A brace that
 * touches an expression is set off by a blank, which the expression's `~` takes away again. */
#include "core/studio/braces.h"
#include <string.h>

/* Names that the template reads as something else: helpers, and words of the language. */
static const char *const helpers[] = {"each",   "history",      "if",    "ifEquals", "json",
                                      "log",    "lookup",       "media", "role",     "section",
                                      "unless", "unlessEquals", "with"};
static const char *const words[] = {"else", "false", "null", "this", "true", "undefined"};

static bool is_among(const char *name, const char *const *list, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(name, list[i]) == 0)
            return true;
    return false;
}

static bool starts_word(gunichar c)
{
    return c == '_' || g_unichar_isalpha(c);
}

static bool goes_on_in_word(gunichar c)
{
    return starts_word(c) || g_unichar_isalnum(c) || g_unichar_ismark(c) || c == '-';
}

/* Does a LaTeX command end just before `at`, as in `\frac{{a}}`, or an exponent? One letter is no command
 * here: `\n` is often typed as such. */
static bool follows_latex(const char *text, const char *at)
{
    if (at > text && at[-1] == '^')
        return true;
    const char *back = at;
    while (back > text && g_ascii_isalpha(back[-1]))
        back--;
    return at - back > 1 && back > text && back[-1] == '\\';
}

/* The variable at `at`, which begins `{{`: its name (transfer full) and the text behind it; NULL: none is
 * there. */
static char *variable_at(const char *text, const char *at, const char **end)
{
    const char *start = at + 2;
    if (*start == '{' || (at > text && (at[-1] == '{' || at[-1] == '$')) || follows_latex(text, at))
        return NULL;
    start += strspn(start, " \t");
    const char *stop = start;
    if (!starts_word(g_utf8_get_char(stop)))
        return NULL;
    while (goes_on_in_word(g_utf8_get_char(stop)))
        stop = g_utf8_next_char(stop);
    const char *close = stop + strspn(stop, " \t");
    if (strncmp(close, "}}", 2) != 0)
        return NULL;
    g_autofree char *name = g_strndup(start, (gsize)(stop - start));
    if (is_among(name, words, G_N_ELEMENTS(words)))
        return NULL;
    *end = close + 2;
    return g_steal_pointer(&name);
}

/* The first variable of `text` from `from` on, NULL if there is none. `\frac{{a}}{{b}}`: the second pair of
 * braces belongs to the first. */
static char *next_variable(const char *text, const char *from, const char **at, const char **end)
{
    const char *latex_end = NULL;
    for (*at = from; (*at = strstr(*at, "{{")); (*at)++) {
        bool latex = *at == latex_end || follows_latex(text, *at);
        const char *close = latex ? strstr(*at, "}}") : NULL;
        if (close) {
            latex_end = close + 2;
            *at = close;
            continue;
        }
        char *name = variable_at(text, *at, end);
        if (name)
            return name;
        while ((*at)[1] == '{') /* the whole run of braces */
            (*at)++;
    }
    return NULL;
}

bool tm_braces_has_variable(const char *text)
{
    const char *at, *end;
    g_autofree char *name = next_variable(text, text, &at, &end);
    return name != NULL;
}

void tm_braces_add(GPtrArray *names, const char *name)
{
    for (guint i = 0; i < names->len; i++)
        if (strcmp(g_ptr_array_index(names, i), name) == 0)
            return;
    g_ptr_array_add(names, g_strdup(name));
}

static bool ends_with(const GString *out, char c)
{
    return out->len > 0 && out->str[out->len - 1] == c;
}

static void append_literal(GString *out, const char *text, size_t length)
{
    const char *at = text, *stop = text + length;
    if (at < stop && *at == '}' && g_str_has_suffix(out->str, "}}")) { /* behind an expression */
        g_string_insert(out, (gssize)out->len - 2, "~");
        g_string_append_c(out, ' ');
    }
    while (at < stop) {
        const char *braces = g_strstr_len(at, stop - at, "{{");
        g_string_append_len(out, at, (braces ? braces : stop) - at);
        if (!braces)
            break;
        if (ends_with(out, '\\'))
            g_string_append(out, "\\{{!}}");
        g_string_append(out, "\\{{");
        at = braces + 2;
    }
}

void tm_braces_expression(GString *out, const char *inner)
{
    bool touches = ends_with(out, '{');
    if (touches)
        g_string_append_c(out, ' ');
    else if (ends_with(out, '\\'))
        g_string_append_c(out, '\\');
    g_string_append_printf(out, "{{%s%s}}", touches ? "~" : "", inner);
}

char *tm_braces_variable(const char *name)
{
    bool hidden =
        is_among(name, helpers, G_N_ELEMENTS(helpers)) || is_among(name, words, G_N_ELEMENTS(words));
    return g_strconcat(hidden ? "this." : "", name, NULL);
}

void tm_braces_text(GString *out, const char *text, GPtrArray *names, int64_t *chars)
{
    const char *from = text, *at, *end;
    char *name;
    while (names && (name = next_variable(text, from, &at, &end))) {
        append_literal(out, from, (size_t)(at - from));
        *chars += g_utf8_strlen(from, at - from);
        g_autofree char *expression = tm_braces_variable(name);
        tm_braces_expression(out, expression);
        tm_braces_add(names, name);
        g_free(name);
        from = end;
    }
    append_literal(out, from, strlen(from));
    *chars += g_utf8_strlen(from, -1);
}

char *tm_braces_word(const char *name)
{
    g_autofree char *valid = g_utf8_make_valid(name, -1);
    GString *word = g_string_new(NULL);
    for (const char *at = valid; *at; at = g_utf8_next_char(at)) {
        gunichar c = g_utf8_get_char(at);
        if (word->len == 0 ? starts_word(c) : goes_on_in_word(c))
            g_string_append_unichar(word, c);
        else if (word->len > 0 && !ends_with(word, '_'))
            g_string_append_c(word, '_');
    }
    while (ends_with(word, '_') || ends_with(word, '-'))
        g_string_truncate(word, word->len - 1);
    if (word->len == 0 || is_among(word->str, words, G_N_ELEMENTS(words)))
        g_string_append(word, "value");
    return g_string_free(word, FALSE);
}
