/* notebook.c - {"cells": [{"cell_type": "code", "source": "..." or ["line\n", ...]}]} */
#include "core/studio/source/notebook.h"
#include "core/json.h"
#include <string.h>

static void add_lines(GString *code, const char *text)
{
    for (const char *at = text; *at;) {
        const char *end = strchr(at, '\n');
        gsize n = end ? (gsize)(end - at) : strlen(at);
        const char *word = at + strspn(at, " \t");
        if (word < at + n && (*word == '%' || *word == '!'))
            g_string_append_c(code, '#');
        g_string_append_len(code, at, (gssize)n);
        g_string_append_c(code, '\n');
        at += n + (end != NULL);
    }
}

char *tm_notebook_code(const char *text, gsize length)
{
    g_autoptr(json_t) root = tm_json_parse(text, length, NULL);
    const json_t *cells = json_object_get(root, "cells"), *cell;
    size_t i, k;
    if (!json_is_array(cells))
        return NULL;
    g_autoptr(GString) code = g_string_new(NULL);
    json_array_foreach(cells, i, cell) {
        const json_t *source = json_object_get(cell, "source"), *line;
        if (g_strcmp0(tm_json_string(cell, "cell_type", ""), "code") != 0)
            continue;
        g_autoptr(GString) whole = g_string_new(json_is_string(source) ? json_string_value(source) : NULL);
        json_array_foreach(source, k, line)
            g_string_append(whole, json_is_string(line) ? json_string_value(line) : "");
        add_lines(code, whole->str);
    }
    return g_strdup(code->str);
}
