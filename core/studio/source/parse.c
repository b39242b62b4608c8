/* parse.c - a source file's bytes become its tree */
#include "core/studio/source/parse.h"

#ifdef TM_GRAMMARS
#include "core/studio/source/lower.h"
#include <string.h>

/* The grammars' own. */
const TSLanguage *tree_sitter_tsx(void);
const TSLanguage *tree_sitter_python(void);

#if TREE_SITTER_LANGUAGE_VERSION < 14
#error "libtree-sitter is too old: the grammars need one that reads ABI 14 (0.20.3 or later)"
#endif

enum { OPEN_MAX = 10000, PARSE_MICROS = 5000000, MASK_ROUNDS = 3 };

bool tm_parse_can(void)
{
    return true;
}

#if TREE_SITTER_LANGUAGE_VERSION >= 15
/* Newer libraries ask instead of taking a time: each question is about 100 steps, so count them. */
typedef struct {
    const char *text;
    uint32_t length;
    uint32_t questions;
} reading;

static const char *read_bytes(void *payload, uint32_t at, TSPoint point, uint32_t *n)
{
    (void)point;
    reading *r = payload;
    *n = at < r->length ? r->length - at : 0;
    return r->text + (at < r->length ? at : r->length);
}

static bool enough(TSParseState *state)
{
    reading *r = state->payload;
    return ++r->questions > 400000;
}

static TSTree *parse_text(TSParser *parser, const char *text, uint32_t length)
{
    reading r = {text, length, 0};
    TSInput input = {.payload = &r, .read = read_bytes, .encoding = TSInputEncodingUTF8};
    TSParseOptions how = {.payload = &r, .progress_callback = enough};
    return ts_parser_parse_with_options(parser, NULL, input, how);
}
#else
static TSTree *parse_text(TSParser *parser, const char *text, uint32_t length)
{
    ts_parser_set_timeout_micros(parser, PARSE_MICROS);
    return ts_parser_parse_string(parser, NULL, text, length);
}
#endif

/* Overwrites lone `&` in the bytes around a node that the grammar did not understand: it takes one in JSX
 * text ("Terms & Conditions") for an error. */
static bool mask_range(char *text, uint32_t length, TSNode node)
{
    uint32_t from = ts_node_start_byte(node), to = ts_node_end_byte(node) + 2;
    bool masked = false;
    from -= from > 0;
    for (uint32_t i = from; i < to && i < length; i++) {
        char before = i > 0 ? text[i - 1] : ' ', after = i + 1 < length ? text[i + 1] : ' ';
        if (text[i] == '&' && before != '&' && after != '&' && after != '=') {
            text[i] = '_';
            masked = true;
        }
    }
    return masked;
}

static bool mask_errors(char *text, uint32_t length, TSNode root)
{
    bool masked = false, more = true;
    int depth = 0;
    TSTreeCursor cursor = ts_tree_cursor_new(root);
    while (more) {
        TSNode node = ts_tree_cursor_current_node(&cursor);
        if (strcmp(ts_node_type(node), "ERROR") == 0 || ts_node_is_missing(node))
            masked = mask_range(text, length, node) || masked;
        if (ts_node_has_error(node) && depth < LOWER_DEPTH && ts_tree_cursor_goto_first_child(&cursor)) {
            depth++;
            continue;
        }
        while ((more = !ts_tree_cursor_goto_next_sibling(&cursor))) {
            if (!ts_tree_cursor_goto_parent(&cursor))
                break;
            depth--;
        }
        more = !more;
    }
    ts_tree_cursor_delete(&cursor);
    return masked;
}

/* A page's own words are no code: all but its scripts becomes spaces, and places stay where they are.
 * (transfer full) */
static char *scripts_of(const tm_code_file *source)
{
    char *copy = g_memdup2(source->text, source->length + 1), *at = copy, *end = copy + source->length;
    while (at < end) {
        char *tag = at;
        while (tag < end && g_ascii_strncasecmp(tag, "<script", strlen("<script")) != 0)
            tag++;
        char *code = tag < end ? memchr(tag, '>', (size_t)(end - tag)) : NULL;
        code = code ? code + 1 : end;
        for (; at < code; at++)
            *at = *at == '\n' ? '\n' : ' ';
        while (at < end && g_ascii_strncasecmp(at, "</script", strlen("</script")) != 0)
            at++;
    }
    return copy;
}

static TSTree *parse_masked(TSParser *parser, tm_code_file *source)
{
    uint32_t length = (uint32_t)source->length;
    g_autofree char *copy = g_str_has_suffix(source->file, ".html") ? scripts_of(source) : NULL;
    TSTree *tree = parse_text(parser, copy ? copy : source->text, length);
    for (int round = 0; tree && !source->python && round < MASK_ROUNDS; round++) {
        TSNode root = ts_tree_root_node(tree);
        if (!ts_node_has_error(root))
            break;
        if (!copy)
            copy = g_memdup2(source->text, source->length + 1);
        if (!mask_errors(copy, length, root))
            break;
        ts_tree_delete(tree);
        ts_parser_reset(parser);
        tree = parse_text(parser, copy, length);
    }
    return tree;
}

/* libtree-sitter 0.20.7 breaks its own memory over 65,536 brackets that are open at once; nobody writes a
 * hundredth of that. */
static bool is_too_deep(const tm_code_file *source)
{
    int open = 0;
    for (gsize i = 0; i < source->length; i++) {
        if (strchr("([{", source->text[i]))
            open++;
        else if (open > 0 && strchr(")]}", source->text[i]))
            open--;
        if (open > OPEN_MAX)
            return true;
    }
    return false;
}

bool tm_parse(tm_code_file *source)
{
    if (is_too_deep(source))
        return false;
    TSParser *parser = ts_parser_new();
    TSTree *tree = NULL;
    if (ts_parser_set_language(parser, source->python ? tree_sitter_python() : tree_sitter_tsx()))
        tree = parse_masked(parser, source);
    if (tree) {
        tm_lower lower = source->python ? tm_lower_python : tm_lower_script;
        source->root = lower(source, ts_tree_root_node(tree), 0);
        ts_tree_delete(tree);
    }
    ts_parser_delete(parser);
    return source->root != NULL;
}
#else
bool tm_parse_can(void)
{
    return false;
}

bool tm_parse(tm_code_file *source)
{
    (void)source;
    return false;
}
#endif
