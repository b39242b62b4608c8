/* template_tag.c - one tag, from brace to brace: its kind, its ~, where its inside begins. */
#include "core/template_nodes.h"
#include <string.h>

bool tm_parser_at(const tm_parser *parser, const char *at, const char *what)
{
    size_t n = strlen(what);
    return (size_t)(parser->end - at) >= n && memcmp(at, what, n) == 0;
}

static const char *skip_space(const tm_parser *parser, const char *at)
{
    size_t n;
    while ((n = tm_space_at(at, parser->end)) > 0)
        at += n;
    return at;
}

static bool closes_at(const tm_parser *parser, const char *at)
{
    at = skip_space(parser, at);
    return tm_parser_at(parser, at, "}}") || tm_parser_at(parser, at, "~}}");
}

tm_tag tm_tag_look(const tm_parser *parser)
{
    tm_tag tag = {.from = parser->at, .inside = parser->at + 2};
    if (parser->at >= parser->end)
        return tag;
    if (tm_parser_at(parser, parser->at, "{{{{")) {
        tag.kind = TM_TAG_RAW;
        tag.inside += 2;
        return tag;
    }
    if (tm_parser_at(parser, tag.inside, "~")) {
        tag.open = true;
        tag.inside++;
    }
    char sign = tag.inside < parser->end ? *tag.inside : '\0';
    const char *word = skip_space(parser, tag.inside);
    tm_parser after = *parser;
    after.at = word;
    g_autofree char *name = tm_word_parse(&after);
    tag.kind = sign == '{'   ? TM_TAG_TRIPLE
               : sign == '#' ? TM_TAG_BLOCK
               : sign == '/' ? TM_TAG_CLOSE
               : sign == '>' ? TM_TAG_PARTIAL
               : sign == '!' ? TM_TAG_COMMENT
               : sign == '^' ? (closes_at(parser, tag.inside + 1) ? TM_TAG_ELSE : TM_TAG_INVERSE)
                             : TM_TAG_VALUE;
    if (tag.kind != TM_TAG_VALUE || sign == '&') {
        tag.inside++;
    } else if (name && strcmp(name, "else") == 0 && after.at < parser->end && !strchr("=./", *after.at)) {
        tag.kind = closes_at(parser, after.at) ? TM_TAG_ELSE : TM_TAG_CHAIN;
        tag.inside = after.at;
    }
    return tag;
}

gboolean tm_tag_close(tm_parser *parser, const tm_tag *tag, bool *close)
{
    tm_parser_skip_space(parser);
    bool triple = tag->kind == TM_TAG_TRIPLE;
    const char *at = parser->at + (triple && tm_parser_at(parser, parser->at, "}"));
    *close = tm_parser_at(parser, at, "~");
    const char *braces = at + *close;
    if ((!triple || at > parser->at) && tm_parser_at(parser, braces, "}}")) {
        parser->at = braces + 2;
        return TRUE;
    }
    if (parser->at >= parser->end)
        return tm_parser_fail(parser, tag->from, "this tag is never closed: %s is missing",
                              triple ? "}}}" : "}}");
    return tm_parser_fail(parser, parser->at, "%s is expected here; to send {{ as text write \\{{",
                          triple ? "}}}" : "}}");
}
