/* code.c - a source file as a tree that is the same for every language */
#include "core/studio/source/code.h"
#include <string.h>

enum { WRITTEN_MAX = 200 };

tm_code_file *tm_code_file_new(const char *file, const char *text, gsize length)
{
    tm_code_file *source = g_new0(tm_code_file, 1);
    source->file = g_strdup(file);
    source->text = g_strndup(text, length);
    source->length = length;
    source->first_line = 1;
    source->python = g_str_has_suffix(file, ".py");
    source->texts = g_string_chunk_new(4096);
    source->nodes = g_ptr_array_new();
    return source;
}

void tm_code_file_free(tm_code_file *source)
{
    if (!source)
        return;
    for (guint i = 0; i < source->nodes->len; i++) {
        tm_code *code = g_ptr_array_index(source->nodes, i);
        g_free(code->kids);
        g_free(code);
    }
    g_ptr_array_unref(source->nodes);
    g_string_chunk_free(source->texts);
    g_free(source->file);
    g_free(source->text);
    g_free(source);
}

tm_code *tm_code_new(tm_code_file *source, tm_code_kind kind, guint32 start, guint32 end, int line)
{
    tm_code *code = g_new0(tm_code, 1);
    code->kind = kind;
    code->source = source;
    code->start = start;
    code->end = end;
    code->line = line;
    g_ptr_array_add(source->nodes, code);
    return code;
}

void tm_code_text(tm_code *code, const char *text, gssize length)
{
    code->text = g_string_chunk_insert_len(code->source->texts, text, length);
}

void tm_code_add(tm_code *code, tm_code *kid)
{
    if (!kid)
        return;
    if (code->n == code->room) {
        code->room = code->room ? code->room * 2 : 3;
        code->kids = g_renew(tm_code *, code->kids, code->room);
    }
    code->kids[code->n++] = kid;
    kid->parent = code;
}

tm_code *tm_code_kid(const tm_code *code, guint i)
{
    return code && i < code->n ? code->kids[i] : NULL;
}

bool tm_code_holds(const tm_code *code, const tm_code *inner)
{
    for (; inner; inner = inner->parent)
        if (inner == code)
            return true;
    return false;
}

char *tm_code_written(const tm_code *code)
{
    const char *at = code->source->text + code->start, *end = code->source->text + code->end;
    GString *out = g_string_new(NULL);
    for (; at < end && out->len < WRITTEN_MAX; at = g_utf8_next_char(at)) {
        if (!g_ascii_isspace(*at))
            g_string_append_len(out, at, g_utf8_next_char(at) - at);
        else if (out->len > 0 && out->str[out->len - 1] != ' ')
            g_string_append_c(out, ' ');
    }
    if (at < end)
        g_string_append(out, "...");
    return g_string_free(out, FALSE);
}

tm_code *tm_code_around(const tm_code *code, tm_code_kind kind)
{
    for (tm_code *at = code->parent; at; at = at->parent)
        if (at->kind == kind)
            return at;
    return NULL;
}

bool tm_code_is(const tm_code *code, tm_code_kind kind, const char *text)
{
    return code && code->kind == kind && (!text || g_strcmp0(code->text, text) == 0);
}

void tm_code_walk(tm_code *code, tm_code_visit visit, void *data)
{
    if (!code)
        return;
    visit(code, data);
    for (guint i = 0; i < code->n; i++)
        tm_code_walk(code->kids[i], visit, data);
}
