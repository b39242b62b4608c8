/* lower.c - what the languages share on the way from tree-sitter's nodes to code.h */
#ifdef TM_GRAMMARS
#include "core/studio/source/lower.h"
#include <string.h>

tm_code *tm_lower_new(tm_code_file *source, tm_code_kind kind, TSNode node)
{
    return tm_code_new(source, kind, ts_node_start_byte(node), ts_node_end_byte(node),
                       (int)ts_node_start_point(node).row + source->first_line);
}

bool tm_lower_is(TSNode node, const char *type)
{
    return !ts_node_is_null(node) && strcmp(ts_node_type(node), type) == 0;
}

TSNode tm_lower_field(TSNode node, const char *field)
{
    return ts_node_child_by_field_name(node, field, (uint32_t)strlen(field));
}

void tm_lower_name(tm_code *code, TSNode node)
{
    guint32 start = ts_node_start_byte(node), end = ts_node_end_byte(node);
    tm_code_text(code, code->source->text + start, (gssize)(end - start));
}

void tm_lower_kids(tm_code *code, TSNode node, tm_lower lower, int depth)
{
    TSTreeCursor cursor = ts_tree_cursor_new(node);
    if (ts_tree_cursor_goto_first_child(&cursor))
        do {
            TSNode kid = ts_tree_cursor_current_node(&cursor);
            if (ts_node_is_named(kid) && !ts_node_is_extra(kid))
                tm_code_add(code, lower(code->source, kid, depth + 1));
        } while (ts_tree_cursor_goto_next_sibling(&cursor));
    ts_tree_cursor_delete(&cursor);
}

/* The digits of an escape: \u{1F600}, \u00e9, \xe9, Python's \U0001F600. Moves *at behind them; 0: none. */
static gunichar digits(const char **at, const char *end, int least)
{
    const char *from = *at;
    bool braces = from < end && *from == '{';
    from += braces;
    const char *stop = from;
    gunichar value = 0;
    while (stop < end && g_ascii_isxdigit(*stop) && (braces ? stop - from < 6 : stop - from < least))
        value = value * 16 + (gunichar)g_ascii_xdigit_value(*stop++);
    if (braces ? stop == end || *stop != '}' : stop - from < least)
        return 0;
    *at = stop + braces;
    return value;
}

static void append_code_point(GString *out, gunichar c, const char **at, const char *end)
{
    if (c >= 0xd800 && c < 0xdc00 && end - *at > 2 && (*at)[0] == '\\' && (*at)[1] == 'u') { /* two halves */
        const char *second = *at + 2;
        gunichar low = digits(&second, end, 4);
        if (low >= 0xdc00 && low < 0xe000) {
            c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
            *at = second;
        }
    }
    g_string_append_unichar(out, g_unichar_validate(c) && c ? c : 0xfffd);
}

/* `at` is behind a backslash. */
static const char *cook_one(GString *out, const char *at, const char *end, bool python)
{
    static const char signs[] = "n\nt\tr\rb\bf\fv\v";
    const char *sign = strchr(signs, *at);
    if (g_ascii_isalpha(*at) && sign && (sign - signs) % 2 == 0) {
        g_string_append_c(out, sign[1]);
        return at + 1;
    }
    if (*at == 'x' || *at == 'u' || (python && *at == 'U')) {
        const char *from = at + 1;
        gunichar c = digits(&from, end, *at == 'x' ? 2 : *at == 'u' ? 4 : 8);
        if (c) {
            append_code_point(out, c, &from, end);
            return from;
        }
    }
    if (*at == '\n')
        return at + 1;
    if (*at == '\r')
        return at + 1 + (at + 1 < end && at[1] == '\n');
    if (python && !strchr("\\'\"", *at)) { /* Python keeps the backslash of what is no escape */
        g_string_append_c(out, '\\');
        return at;
    }
    const char *next = g_utf8_next_char(at);
    g_string_append_len(out, at, next - at);
    return next;
}

void tm_lower_cook(tm_code *code, guint32 start, guint32 end)
{
    const char *at = code->source->text + start, *stop = code->source->text + end;
    g_autoptr(GString) out = g_string_new(NULL);
    while (at < stop) {
        if (*at == '\\' && at + 1 < stop)
            at = cook_one(out, at + 1, stop, code->source->python);
        else if (*at == '\r' && at + 1 < stop && at[1] == '\n')
            at++; /* line ends of a text are \n, whatever those of the file are */
        else
            g_string_append_c(out, *at++);
    }
    tm_code_text(code, out->str, (gssize)out->len);
}
#else
typedef int tm_lower_is_not_built;
#endif
