/* template_use.c - what stands between two braces as a whole: a value, or a helper with its arguments. */
#include "core/template_nodes.h"
#include <string.h>

/* name=value */
static gboolean parse_named(tm_parser *parser, tm_use *use, size_t name_length)
{
    tm_named *named = g_new0(tm_named, 1);
    named->name = g_strndup(parser->at, name_length);
    named->offset = (size_t)(parser->at - parser->start);
    g_ptr_array_add(use->named, named);
    parser->at += name_length;
    tm_parser_skip_space(parser);
    parser->at++;
    tm_parser_skip_space(parser);
    named->value = tm_expression_parse(parser);
    return named->value != NULL;
}

gboolean tm_use_parse_arguments(tm_parser *parser, tm_use *use)
{
    for (;;) {
        tm_parser_skip_space(parser);
        int next = tm_parser_peek(parser, 0);
        if (next == -1 || next == '}' || next == '~' || next == ')' || next == '|')
            return TRUE;
        size_t n = tm_word_length(parser->at, parser->end);
        tm_parser after = *parser;
        after.at += n;
        tm_parser_skip_space(&after);
        if (n && n == 2 && memcmp(parser->at, "as", 2) == 0 && tm_parser_peek(&after, 0) == '|')
            return TRUE;
        if (n && tm_parser_peek(&after, 0) == '=') {
            if (!parse_named(parser, use, n))
                return FALSE;
            continue;
        }
        if (use->named->len)
            return tm_parser_fail(parser, parser->at,
                                  "an argument without a name stands before those with one");
        tm_expression *param = tm_expression_parse(parser);
        if (!param)
            return FALSE;
        g_ptr_array_add(use->params, param);
    }
}

/* A literal as head, {{12}} or {{"a b"}}, is the column of that name. */
static void literal_to_path(tm_parser *parser, tm_expression *head)
{
    if (head->kind != TM_EXPRESSION_LITERAL)
        return;
    char *name = json_is_string(head->literal) ? g_strdup(json_string_value(head->literal))
                                               : g_strndup(parser->start + head->offset, head->length);
    json_decref(head->literal);
    head->literal = NULL;
    head->kind = TM_EXPRESSION_PATH;
    head->segments = g_ptr_array_new_with_free_func(g_free);
    g_ptr_array_add(head->segments, name);
}

static gboolean find_helper(tm_parser *parser, tm_use *use, int way)
{
    const tm_expression *head = use->head;
    bool simple =
        head->kind == TM_EXPRESSION_PATH && !head->depth && !head->scoped && head->segments->len == 1;
    bool call = use->params->len || use->named->len || way == TM_AS_VALUE;
    const tm_helper *helper = simple ? tm_helper_named(head->segments->pdata[0]) : NULL;
    if (helper) {
        use->helper = helper;
        return tm_helper_check(parser->unit, use, way, parser->error);
    }
    return !call || tm_helper_unknown(parser->unit, head, way, parser->error);
}

tm_use *tm_use_parse(tm_parser *parser, int way)
{
    tm_use *use = tm_use_new();
    tm_parser_skip_space(parser);
    use->head = tm_expression_parse(parser);
    if (use->head) {
        literal_to_path(parser, use->head);
        if (tm_use_parse_arguments(parser, use) && find_helper(parser, use, way))
            return use;
    }
    tm_use_free(use);
    return NULL;
}

char **tm_names_parse(tm_parser *parser, gboolean *ok)
{
    *ok = TRUE;
    tm_parser_skip_space(parser);
    const char *from = parser->at;
    if (tm_parser_peek(parser, 0) != 'a' || tm_parser_peek(parser, 1) != 's' ||
        !tm_space_at(parser->at + 2, parser->end))
        return NULL;
    parser->at += 2;
    tm_parser_skip_space(parser);
    if (tm_parser_peek(parser, 0) != '|') {
        *ok = tm_parser_fail(parser, from, "block parameters are written as |name|");
        return NULL;
    }
    parser->at++;
    GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
    for (;;) {
        tm_parser_skip_space(parser);
        char *name = tm_word_parse(parser);
        if (!name)
            break;
        g_ptr_array_add(names, name);
    }
    if (tm_parser_peek(parser, 0) != '|' || !names->len || names->len > 2) {
        *ok = tm_parser_fail(parser, from, "block parameters are one or two names: as |item index|");
        g_ptr_array_unref(names);
        return NULL;
    }
    parser->at++;
    g_ptr_array_add(names, NULL);
    g_ptr_array_set_free_func(names, NULL);
    return (char **)g_ptr_array_free(names, FALSE);
}
