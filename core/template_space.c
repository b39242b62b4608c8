/* template_space.c - white space as Handlebars treats it: ~ takes all of it, a tag that stands alone on its
 * line takes the line with it. The rules, and their odd corners, are those of Handlebars 4.7's whitespace
 * control, so that a prompt renders here byte for byte as it does there. */
#include "core/template_nodes.h"
#include <string.h>

/* JavaScript's \s beyond ASCII: U+00A0 U+1680 U+2000-200A U+2028 U+2029 U+202F U+205F U+3000 U+FEFF */
static bool wide_space(gunichar c)
{
    return c == 0xa0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200a) || c == 0x2028 || c == 0x2029 ||
           c == 0x202f || c == 0x205f || c == 0x3000 || c == 0xfeff;
}

static bool narrow_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

size_t tm_space_at(const char *at, const char *end)
{
    if (at >= end)
        return 0;
    if ((unsigned char)*at < 0x80)
        return narrow_space(*at);
    gunichar c = g_utf8_get_char_validated(at, end - at);
    return c < 0x110000 && wide_space(c) ? (size_t)g_unichar_to_utf8(c, NULL) : 0;
}

size_t tm_space_before(const char *start, const char *at)
{
    if (at <= start)
        return 0;
    const char *from = at - 1;
    while (from > start && at - from < 4 && ((unsigned char)*from & 0xc0) == 0x80)
        from--;
    size_t n = tm_space_at(from, at);
    return n == (size_t)(at - from) ? n : 0;
}

static tm_node *node_at(const tm_program *program, gint64 i)
{
    /* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): callers ask of programs that are there */
    return i >= 0 && i < (gint64)program->nodes->len ? program->nodes->pdata[i] : NULL;
}

/* Does the text before node `i` end with a line end and nothing but white space after it? */
static bool blank_before(const tm_program *program, gint64 i, bool root)
{
    const tm_node *text = node_at(program, i - 1);
    if (!text)
        return root;
    if (text->kind != TM_NODE_TEXT)
        return false;
    const char *at = text->original + text->original_length;
    size_t n;
    while ((n = tm_space_before(text->original, at)) > 0) {
        at -= n;
        if (*at == '\n')
            return true;
    }
    return at == text->original && root && !node_at(program, i - 2);
}

/* Does the text after node `i` begin with nothing but white space and a line end? */
static bool blank_after(const tm_program *program, gint64 i, bool root)
{
    const tm_node *text = node_at(program, i + 1);
    if (!text)
        return root;
    if (text->kind != TM_NODE_TEXT)
        return false;
    const char *at = text->original, *end = at + text->original_length;
    size_t n;
    while ((n = tm_space_at(at, end)) > 0) {
        if (*at == '\n')
            return true;
        at += n;
    }
    return at == end && root && !node_at(program, i + 2);
}

/* Takes white space off the start of the text after node `i`: all of it, or the rest of one line. */
static void trim_right(tm_program *program, gint64 i, bool all)
{
    tm_node *text = program ? node_at(program, i + 1) : NULL;
    if (!text || text->kind != TM_NODE_TEXT || (!all && text->right_stripped))
        return;
    const char *at = text->text, *end = at + text->length;
    size_t n;
    if (all) {
        while ((n = tm_space_at(at, end)) > 0)
            at += n;
    } else {
        while (at < end && (*at == ' ' || *at == '\t'))
            at++;
        if (at < end && *at == '\r')
            at++;
        if (at < end && *at == '\n')
            at++;
    }
    text->right_stripped = at != text->text;
    text->length = (size_t)(end - at);
    text->text = at;
}

/* Takes white space off the end of the text before node `i`: all of it, or the blanks of its last line. */
static bool trim_left(tm_program *program, gint64 i, bool all)
{
    tm_node *text = program ? node_at(program, i - 1) : NULL;
    if (!text || text->kind != TM_NODE_TEXT || (!all && text->left_stripped))
        return false;
    const char *end = text->text + text->length;
    size_t n;
    if (all)
        while ((n = tm_space_before(text->text, end)) > 0)
            end -= n;
    else
        while (end > text->text && (end[-1] == ' ' || end[-1] == '\t'))
            end--;
    size_t length = (size_t)(end - text->text);
    text->left_stripped = length != text->length;
    text->length = length;
    return text->left_stripped;
}

static gint64 size_of(const tm_program *program)
{
    return (gint64)program->nodes->len; /* NOLINT(clang-analyzer-core.NullDereference): as above */
}

/* What a node asks of the text around it. */
typedef struct {
    tm_strip strip;
    bool open_alone, close_alone; /* a block whose opening or closing tag may stand alone */
    bool alone;                   /* a partial or comment that may */
} tm_wish;

static void strip_program(tm_program *program, bool root);

static tm_wish strip_block(tm_node *block)
{
    if (block->program)
        strip_program(block->program, false);
    if (block->inverse)
        strip_program(block->inverse, false);
    tm_program *program = block->program ? block->program : block->inverse;
    tm_program *inverse = block->program ? block->inverse : NULL;
    tm_program *first = inverse, *last = inverse;
    if (inverse && inverse->chained) {
        first = node_at(inverse, 0)->program;
        while (last->chained)
            last = node_at(last, size_of(last) - 1)->program;
    }
    tm_wish wish = {
        .strip = {block->open.open, block->close.close},
        .open_alone = blank_after(program, -1, false),
        .close_alone = blank_before(first ? first : program, size_of(first ? first : program), false),
    };
    if (block->open.close)
        trim_right(program, -1, true);
    if (!inverse) {
        if (block->close.open)
            trim_left(program, size_of(program), true);
        return wish;
    }
    if (block->middle.open)
        trim_left(program, size_of(program), true);
    if (block->middle.close)
        trim_right(first, -1, true);
    if (block->close.open)
        trim_left(last, size_of(last), true);
    if (blank_before(program, size_of(program), false) && blank_after(first, -1, false)) {
        trim_left(program, size_of(program), false);
        trim_right(first, -1, false);
    }
    return wish;
}

static tm_wish strip_node(tm_node *node)
{
    if (node->kind == TM_NODE_BLOCK)
        return strip_block(node);
    return (tm_wish){.strip = node->open, .alone = node->kind != TM_NODE_PRINT};
}

static void save_indent(tm_program *program, gint64 i)
{
    tm_node *node = node_at(program, i);
    const tm_node *text = node_at(program, i - 1);
    if (node->kind != TM_NODE_PARTIAL)
        return;
    const char *end = text->original + text->original_length, *at = end;
    while (at > text->original && (at[-1] == ' ' || at[-1] == '\t'))
        at--;
    node->indent = g_strndup(at, (gsize)(end - at));
}

static void strip_program(tm_program *program, bool root)
{
    for (gint64 i = 0; i < size_of(program); i++) {
        tm_node *node = node_at(program, i);
        if (node->kind == TM_NODE_TEXT)
            continue;
        tm_wish wish = strip_node(node);
        bool before = blank_before(program, i, root), after = blank_after(program, i, root);
        if (wish.strip.close)
            trim_right(program, i, true);
        if (wish.strip.open)
            trim_left(program, i, true);
        if (wish.alone && before && after) {
            trim_right(program, i, false);
            if (trim_left(program, i, false))
                save_indent(program, i);
        }
        if (wish.open_alone && before) {
            trim_right(node->program ? node->program : node->inverse, -1, false);
            trim_left(program, i, false);
        }
        if (wish.close_alone && after) {
            tm_program *last = node->inverse ? node->inverse : node->program;
            trim_right(program, i, false);
            trim_left(last, size_of(last), false);
        }
    }
}

/* Comments and empty texts have done their part once the white space is settled. */
static void drop_empty(tm_program *program)
{
    for (guint i = program->nodes->len; i-- > 0;) {
        tm_node *node = program->nodes->pdata[i];
        if (node->kind == TM_NODE_COMMENT || (node->kind == TM_NODE_TEXT && !node->length)) {
            g_ptr_array_remove_index(program->nodes, i);
            continue;
        }
        if (node->program)
            drop_empty(node->program);
        if (node->inverse)
            drop_empty(node->inverse);
    }
}

void tm_program_strip(tm_program *program)
{
    strip_program(program, true);
    drop_empty(program);
}
