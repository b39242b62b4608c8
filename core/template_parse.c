/* template_parse.c - a template's source to its nodes: text, tags, blocks. */
#include "core/error.h"
#include "core/template_nodes.h"
#include <string.h>

static tm_node *add_node(tm_parser *parser, tm_program *program, tm_node_kind kind, const char *at)
{
    tm_node *node = g_new0(tm_node, 1);
    node->kind = kind;
    node->offset = (size_t)(at - parser->start);
    g_ptr_array_add(program->nodes, node);
    return node;
}

static void add_text(tm_parser *parser, tm_program *program, const char *from, const char *to)
{
    if (from == to)
        return;
    tm_node *node = add_node(parser, program, TM_NODE_TEXT, from);
    node->original = node->text = from;
    node->original_length = node->length = (size_t)(to - from);
}

static const char *find(const char *at, const char *end, const char *what)
{
    return at < end ? memmem(at, (size_t)(end - at), what, strlen(what)) : NULL;
}

/* Reads the text up to the next tag, which parser->at then stands on; \{{ is text, \\{{ a backslash and a
 * tag. */
static void parse_text(tm_parser *parser, tm_program *program)
{
    while (parser->at < parser->end) {
        const char *from = parser->at, *open = find(from, parser->end, "{{");
        if (!open) {
            parser->at = parser->end;
            add_text(parser, program, from, parser->end);
            return;
        }
        parser->at = open;
        if (open == from || open[-1] != '\\') {
            add_text(parser, program, from, open);
            return;
        }
        add_text(parser, program, from, open - 1);
        if (open - from >= 2 && open[-2] == '\\')
            return;
        /* the escaped tag is text up to where the next one, escaped or not, begins */
        const char *next = find(open + 2, parser->end, "{{");
        next = next ? next : parser->end;
        if (next < parser->end && next - open > 2 && next[-1] == '\\')
            next -= next - open > 3 && next[-2] == '\\' ? 2 : 1;
        add_text(parser, program, open, next);
        parser->at = next;
        if (tm_parser_at(parser, next, "{{"))
            return;
    }
}

static gboolean parse_program(tm_parser *parser, tm_program *program, tm_tag *stop);

static gboolean parse_comment(tm_parser *parser, tm_program *program, const tm_tag *tag)
{
    tm_node *node = add_node(parser, program, TM_NODE_COMMENT, tag->from);
    const char *end;
    if (tm_parser_at(parser, tag->inside, "--")) {
        end = find(tag->inside + 2, parser->end, "--}}");
        const char *tilde = find(tag->inside + 2, parser->end, "--~}}");
        end = tilde && (!end || tilde < end) ? tilde + 5 : end ? end + 4 : NULL;
    } else {
        end = find(tag->inside, parser->end, "}}");
        end = end ? end + 2 : NULL;
    }
    if (!end)
        return tm_parser_fail(parser, tag->from, "this comment is never closed: %s is missing",
                              tm_parser_at(parser, tag->inside, "--") ? "--}}" : "}}");
    node->open.open = tag->open;
    node->open.close = end[-3] == '~';
    parser->at = end;
    return TRUE;
}

static gboolean parse_value(tm_parser *parser, tm_program *program, const tm_tag *tag)
{
    tm_node *node = add_node(parser, program, TM_NODE_PRINT, tag->from);
    parser->at = tag->inside;
    node->use = tm_use_parse(parser, TM_AS_TEXT);
    node->open.open = tag->open;
    return node->use && tm_tag_close(parser, tag, &node->open.close);
}

static gboolean parse_partial(tm_parser *parser, tm_program *program, const tm_tag *tag)
{
    tm_node *node = add_node(parser, program, TM_NODE_PARTIAL, tag->from);
    g_ptr_array_add(parser->unit->calls, node);
    parser->at = tag->inside;
    tm_parser_skip_space(parser);
    const char *from = parser->at;
    if (tm_parser_at(parser, from, "("))
        return tm_parser_fail(parser, from, "a partial is named, not computed: {{> name}}");
    if (tm_parser_at(parser, from, "\"") || tm_parser_at(parser, from, "'")) {
        tm_expression *name = tm_expression_parse(parser);
        if (!name)
            return FALSE;
        node->partial = g_strdup(json_string_value(name->literal));
        tm_expression_free(name);
    } else {
        node->partial = tm_word_parse(parser);
    }
    if (!node->partial)
        return tm_parser_fail(parser, from, "the partial's name is missing: {{> name}}");
    node->use = tm_use_new();
    if (!tm_use_parse_arguments(parser, node->use))
        return FALSE;
    if (node->use->params->len > 1)
        return tm_parser_fail(parser, from, "a partial takes one context: {{> %s object name=value}}",
                              node->partial);
    node->open.open = tag->open;
    return tm_tag_close(parser, tag, &node->open.close);
}

/* {{{{raw}}}} ... {{{{/raw}}}}: its text as it stands. */
static gboolean parse_raw(tm_parser *parser, tm_program *program, const tm_tag *tag)
{
    parser->at = tag->inside;
    tm_parser_skip_space(parser);
    const char *name = parser->at;
    g_autofree char *word = tm_word_parse(parser);
    tm_parser_skip_space(parser);
    if (!word || strcmp(word, "raw") != 0 || !tm_parser_at(parser, parser->at, "}}}}"))
        return tm_parser_fail(parser, name, "a raw block is written {{{{raw}}}}...{{{{/raw}}}}");
    const char *from = parser->at + 4, *at = from;
    for (int open = 1; open > 0; at += 4) {
        at = find(at, parser->end, "{{{{");
        if (!at)
            return tm_parser_fail(parser, tag->from,
                                  "this raw block is never closed: {{{{/raw}}}} is missing");
        open += tm_parser_at(parser, at, "{{{{/raw}}}}")  ? -1
                : tm_parser_at(parser, at, "{{{{raw}}}}") ? 1
                                                          : 0;
    }
    at -= 4;
    tm_node *node = add_node(parser, program, TM_NODE_BLOCK, tag->from);
    node->use = tm_use_new();
    node->use->helper = tm_helper_named("raw");
    node->program = tm_program_new();
    add_text(parser, node->program, from, at);
    parser->at = at + strlen("{{{{/raw}}}}");
    return TRUE;
}

/* Reads the rest of an opening tag: head, arguments, block parameters. */
static gboolean parse_block_open(tm_parser *parser, tm_node *block, const tm_tag *tag)
{
    gboolean ok;
    parser->at = tag->inside;
    if (tm_parser_at(parser, parser->at, ">") || tm_parser_at(parser, parser->at, "*"))
        return tm_parser_fail(parser, tag->from, "partial blocks and decorators are not part of Dotprompt");
    block->use = tm_use_parse(parser, TM_AS_BLOCK);
    if (!block->use)
        return FALSE;
    block->program->names = tm_names_parse(parser, &ok);
    block->open.open = tag->open;
    return ok && tm_tag_close(parser, tag, &block->open.close);
}

static tm_node *add_block(tm_parser *parser, tm_program *program, const tm_tag *tag)
{
    tm_node *block = add_node(parser, program, TM_NODE_BLOCK, tag->from);
    block->program = tm_program_new();
    return block;
}

/* Reads a block's programs up to the tag that ends it, which *stop then is. */
static gboolean parse_block_body(tm_parser *parser, tm_node *block, tm_tag *stop)
{
    if (++parser->depth > TM_TEMPLATE_MAX_DEPTH)
        return tm_parser_fail(parser, parser->start + block->offset, "blocks nested deeper than %d levels",
                              TM_TEMPLATE_MAX_DEPTH);
    if (block->program->names)
        g_ptr_array_add(parser->names, block->program->names);
    gboolean ok = parse_program(parser, block->program, stop);
    if (block->program->names)
        g_ptr_array_set_size(parser->names, (gint)parser->names->len - 1);
    if (!ok)
        return FALSE;
    tm_tag otherwise = *stop;
    block->middle.open = otherwise.open;
    if (otherwise.kind == TM_TAG_ELSE) {
        block->inverse = tm_program_new();
        parser->at = otherwise.inside;
        if (!tm_tag_close(parser, &otherwise, &block->middle.close) ||
            !parse_program(parser, block->inverse, stop))
            return FALSE;
        if (stop->kind == TM_TAG_ELSE || stop->kind == TM_TAG_CHAIN)
            return tm_parser_fail(parser, stop->from, "a second {{else}} in one block");
    } else if (otherwise.kind == TM_TAG_CHAIN) {
        block->inverse = tm_program_new();
        block->inverse->chained = true;
        tm_node *chained = add_block(parser, block->inverse, &otherwise);
        if (!parse_block_open(parser, chained, &otherwise))
            return FALSE;
        block->middle.close = chained->open.close;
        if (!parse_block_body(parser, chained, stop))
            return FALSE;
    }
    parser->depth--;
    return TRUE;
}

/* {{/name}} must close what was opened. */
static gboolean parse_block_end(tm_parser *parser, tm_node *block, const tm_tag *stop)
{
    const char *from = parser->start + block->offset;
    const tm_expression *head = block->use->head;
    g_autofree char *name = g_strndup(parser->start + head->offset, head->length);
    if (stop->kind != TM_TAG_CLOSE)
        return tm_parser_fail(parser, from, "this block is never closed: {{/%s}} is missing", name);
    parser->at = stop->inside;
    tm_parser_skip_space(parser);
    from = parser->at;
    tm_expression *end = tm_expression_parse(parser);
    if (!end)
        return FALSE;
    g_autofree char *word = g_strndup(from, end->length);
    tm_expression_free(end);
    if (strcmp(word, name) != 0) {
        tm_place place = {0};
        tm_unit_place(parser->unit, &place, block->offset);
        return tm_parser_fail(parser, from, "{{/%s}} stands where {{/%s}} should close the block of line %d",
                              word, name, place.line);
    }
    block->close.open = stop->open;
    return tm_tag_close(parser, stop, &block->close.close);
}

static gboolean parse_block(tm_parser *parser, tm_program *program, const tm_tag *tag)
{
    tm_node *block = add_block(parser, program, tag);
    tm_tag stop = {.kind = TM_TAG_NONE};
    if (!parse_block_open(parser, block, tag) || !parse_block_body(parser, block, &stop) ||
        !parse_block_end(parser, block, &stop))
        return FALSE;
    for (tm_program *chain = block->inverse; chain && chain->chained;) {
        tm_node *chained = chain->nodes->pdata[0];
        chained->close = block->close;
        chain = chained->inverse;
    }
    if (tag->kind == TM_TAG_INVERSE) { /* {{^x}}: what stands first is for when x is empty */
        tm_program *first = block->program;
        block->program = block->inverse;
        block->inverse = first;
    }
    return TRUE;
}

/* Reads nodes up to a tag that only an enclosing block understands, or the end: *stop. */
static gboolean parse_program(tm_parser *parser, tm_program *program, tm_tag *stop)
{
    for (;;) {
        gboolean ok = TRUE;
        parse_text(parser, program);
        tm_tag tag = tm_tag_look(parser);
        switch (tag.kind) {
        case TM_TAG_NONE:
        case TM_TAG_ELSE:
        case TM_TAG_CHAIN:
        case TM_TAG_CLOSE:
            *stop = tag;
            return TRUE;
        case TM_TAG_VALUE:
        case TM_TAG_TRIPLE:
            ok = parse_value(parser, program, &tag);
            break;
        case TM_TAG_BLOCK:
        case TM_TAG_INVERSE:
            ok = parse_block(parser, program, &tag);
            break;
        case TM_TAG_PARTIAL:
            ok = parse_partial(parser, program, &tag);
            break;
        case TM_TAG_COMMENT:
            ok = parse_comment(parser, program, &tag);
            break;
        case TM_TAG_RAW:
            ok = parse_raw(parser, program, &tag);
            break;
        }
        if (!ok)
            return FALSE;
    }
}

gboolean tm_unit_parse(tm_unit *unit, GError **error)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    tm_parser parser = {.unit = unit,
                        .start = unit->source,
                        .at = unit->source,
                        .end = unit->source + unit->length,
                        .names = names,
                        .error = error};
    tm_tag stop = {.kind = TM_TAG_NONE};
    unit->program = tm_program_new();
    if (!parse_program(&parser, unit->program, &stop))
        return FALSE;
    if (stop.kind == TM_TAG_CLOSE)
        return tm_parser_fail(&parser, stop.from, "this closes a block that is not open");
    if (stop.kind != TM_TAG_NONE)
        return tm_parser_fail(&parser, stop.from, "{{else}} stands outside of any block");
    tm_program_strip(unit->program);
    return TRUE;
}
