/* template_expression.c - a single value between the braces: a path, a literal, a call in parentheses. */
#include "core/error.h"
#include "core/guess.h"
#include "core/template_nodes.h"
#include <string.h>

gboolean tm_parser_fail(tm_parser *parser, const char *at, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *what = g_strdup_vprintf(format, args);
    va_end(args);
    return tm_unit_fail(parser->unit, (size_t)(at - parser->start), parser->error, "%s", what);
}

int tm_parser_peek(const tm_parser *parser, size_t ahead)
{
    return (size_t)(parser->end - parser->at) > ahead ? (unsigned char)parser->at[ahead] : -1;
}

void tm_parser_skip_space(tm_parser *parser)
{
    size_t n;
    while ((n = tm_space_at(parser->at, parser->end)) > 0)
        parser->at += n;
}

/* Handlebars' characters of a name: all but white space and ! " # % & ' ( ) * + , . / ; < = > @ [ \ ] ^ ` { |
 * } ~ */
size_t tm_word_length(const char *at, const char *end)
{
    const char *from = at;
    while (at < end && *at && !strchr("!\"#%&'()*+,./;<=>@[\\]^`{|}~", *at) && !tm_space_at(at, end))
        at++;
    return (size_t)(at - from);
}

char *tm_word_parse(tm_parser *parser)
{
    size_t n = tm_word_length(parser->at, parser->end);
    if (!n)
        return NULL;
    char *word = g_strndup(parser->at, n);
    parser->at += n;
    return word;
}

/* A literal ends where one of these follows; else `true.x` and `5a` are names. */
static bool ends_literal(const tm_parser *parser, const char *at)
{
    return at >= parser->end || strchr("~})]", *at) || tm_space_at(at, parser->end);
}

/* A quoted text, \" or \' inside standing for the quote. NULL and the error set if it never ends. */
static json_t *parse_quoted(tm_parser *parser)
{
    char quote = *parser->at;
    const char *from = parser->at++;
    g_autoptr(GString) text = g_string_new(NULL);
    while (parser->at < parser->end && *parser->at != quote) {
        if (*parser->at == '\\' && tm_parser_peek(parser, 1) == quote)
            parser->at++;
        g_string_append_c(text, *parser->at++);
    }
    if (parser->at >= parser->end) {
        tm_parser_fail(parser, from, "the text that begins with %c here never ends", quote);
        return NULL;
    }
    parser->at++;
    json_t *literal = json_stringn(text->str, text->len);
    if (!literal)
        tm_parser_fail(parser, from, "text that is no UTF-8");
    return literal;
}

/* true, false, null, undefined and numbers; false: something else stands here. */
static bool parse_plain_literal(tm_parser *parser, json_t **literal)
{
    static const char *const words[] = {"true", "false", "null", "undefined"};
    for (size_t i = 0; i < G_N_ELEMENTS(words); i++) {
        size_t n = strlen(words[i]);
        if ((size_t)(parser->end - parser->at) >= n && memcmp(parser->at, words[i], n) == 0 &&
            ends_literal(parser, parser->at + n)) {
            *literal = i == 0 ? json_true() : i == 1 ? json_false() : i == 2 ? json_null() : NULL;
            parser->at += n;
            return true;
        }
    }
    const char *at = parser->at + (tm_parser_peek(parser, 0) == '-');
    size_t digits = 0, fraction = 0;
    while (at < parser->end && g_ascii_isdigit(*at))
        at++, digits++;
    if (digits && parser->end - at >= 2 && *at == '.' && g_ascii_isdigit(at[1]))
        for (at++; at < parser->end && g_ascii_isdigit(*at); at++)
            fraction++;
    if (!digits || !ends_literal(parser, at))
        return false;
    g_autofree char *text = g_strndup(parser->at, (gsize)(at - parser->at));
    gint64 number;
    if (!fraction && g_ascii_string_to_signed(text, 10, G_MININT64, G_MAXINT64, &number, NULL))
        *literal = json_integer(number);
    else
        *literal = json_real(g_ascii_strtod(text, NULL));
    parser->at = at;
    return true;
}

/* [any text], \] and \\ standing for ] and \. */
static char *parse_bracketed(tm_parser *parser)
{
    const char *from = parser->at++;
    GString *text = g_string_new(NULL);
    while (parser->at < parser->end && *parser->at != ']') {
        if (*parser->at == '\\' && (tm_parser_peek(parser, 1) == ']' || tm_parser_peek(parser, 1) == '\\'))
            parser->at++;
        g_string_append_c(text, *parser->at++);
    }
    if (parser->at >= parser->end) {
        tm_parser_fail(parser, from, "the name that begins with [ here never ends: ] is missing");
        g_string_free(text, TRUE);
        return NULL;
    }
    parser->at++;
    return g_string_free(text, FALSE);
}

static gboolean parse_segment(tm_parser *parser, tm_expression *path)
{
    const char *from = parser->at;
    bool first = !path->segments->len && !path->depth && !path->scoped;
    char *segment = NULL;
    if (tm_parser_peek(parser, 0) == '[') {
        segment = parse_bracketed(parser);
        if (!segment)
            return FALSE;
    } else if (tm_parser_peek(parser, 0) == '.' && tm_parser_peek(parser, 1) == '.') {
        parser->at += 2;
        if (path->segments->len)
            return tm_parser_fail(parser, from, "../ stands only at the beginning of a path");
        path->depth++;
        return TRUE;
    } else if (tm_parser_peek(parser, 0) == '.' && first) {
        parser->at++;
        path->scoped = true;
        return TRUE;
    } else {
        segment = tm_word_parse(parser);
        if (!segment)
            return tm_parser_fail(parser, from, "a name is missing here; to send {{ as text write \\{{");
        if (strcmp(segment, "this") == 0) {
            g_free(segment);
            if (path->segments->len)
                return tm_parser_fail(parser, from, "'this' stands only at the beginning of a path");
            path->scoped = true;
            return TRUE;
        }
    }
    if (!g_utf8_validate(segment, -1, NULL)) {
        g_free(segment);
        return tm_parser_fail(parser, from, "a name that is no UTF-8");
    }
    g_ptr_array_add(path->segments, segment);
    return TRUE;
}

static gboolean parse_path(tm_parser *parser, tm_expression *path)
{
    path->segments = g_ptr_array_new_with_free_func(g_free);
    do {
        if (!parse_segment(parser, path))
            return FALSE;
        int next = tm_parser_peek(parser, 0);
        if (next != '.' && next != '/')
            return TRUE;
        parser->at++;
    } while (TRUE);
}

/* Is the first word of the path a block parameter that is in sight? */
static void find_name(const tm_parser *parser, tm_expression *path)
{
    if (path->depth || path->scoped || !path->segments->len)
        return;
    for (guint up = 0; up < parser->names->len; up++) {
        char **names = parser->names->pdata[parser->names->len - 1 - up];
        for (int i = 0; names[i]; i++) {
            if (strcmp(names[i], path->segments->pdata[0]) == 0) {
                path->kind = TM_EXPRESSION_NAME;
                path->depth = (int)up;
                path->index = i;
                g_ptr_array_remove_index(path->segments, 0);
                return;
            }
        }
    }
}

static gboolean parse_call(tm_parser *parser, tm_expression *expression)
{
    const char *from = parser->at++;
    expression->kind = TM_EXPRESSION_CALL;
    if (++parser->depth > TM_TEMPLATE_MAX_DEPTH)
        return tm_parser_fail(parser, from, "nested deeper than %d levels", TM_TEMPLATE_MAX_DEPTH);
    expression->call = tm_use_parse(parser, TM_AS_VALUE);
    parser->depth--;
    if (!expression->call)
        return FALSE;
    if (tm_parser_peek(parser, 0) != ')')
        return tm_parser_fail(parser, parser->at, "the ( of this expression is never closed: ) is missing");
    parser->at++;
    return TRUE;
}

/* @indx would be empty in every row. Other names are whatever a program gives along: @auth, @state. */
static gboolean check_data(tm_parser *parser, const tm_expression *data, const char *at)
{
    static const char *const known[] = {"index", "key", "first", "last", "root", "metadata", NULL};
    const char *name = data->segments->pdata[0];
    const char *guess = g_strv_contains(known, name) ? NULL : tm_guess(name, known, (size_t)-1);
    return !guess || tm_parser_fail(parser, at, "unknown @%s; did you mean @%s?", name, guess);
}

static gboolean parse_into(tm_parser *parser, tm_expression *expression)
{
    const char *from = parser->at;
    int first = tm_parser_peek(parser, 0);
    if (first == '(')
        return parse_call(parser, expression);
    if (first == '"' || first == '\'') {
        expression->kind = TM_EXPRESSION_LITERAL;
        expression->literal = parse_quoted(parser);
        return expression->literal != NULL;
    }
    if (parse_plain_literal(parser, &expression->literal)) {
        expression->kind = TM_EXPRESSION_LITERAL;
        return TRUE;
    }
    expression->kind = TM_EXPRESSION_PATH;
    if (first == '@') {
        parser->at++;
        expression->kind = TM_EXPRESSION_DATA;
    }
    if (!parse_path(parser, expression))
        return FALSE;
    if (expression->kind == TM_EXPRESSION_PATH)
        find_name(parser, expression);
    else if (!expression->segments->len)
        return tm_parser_fail(parser, parser->at, "a name is missing after @");
    else
        return check_data(parser, expression, from);
    return TRUE;
}

tm_expression *tm_expression_parse(tm_parser *parser)
{
    tm_expression *expression = g_new0(tm_expression, 1);
    const char *from = parser->at;
    if (!parse_into(parser, expression)) {
        tm_expression_free(expression);
        return NULL;
    }
    expression->offset = (size_t)(from - parser->start);
    expression->length = (size_t)(parser->at - from);
    return expression;
}
