/* value_ask.c - what can be said of a value; and frames */
#include "core/studio/source/value.h"
#include <string.h>

tm_truth tm_value_truth(const tm_value *value)
{
    switch (value->kind) {
    case VALUE_UNDEFINED:
    case VALUE_NULL:
        return TRUTH_NO;
    case VALUE_BOOL:
        return value->yes ? TRUTH_YES : TRUTH_NO;
    case VALUE_NUMBER:
        return g_ascii_strtod(value->text, NULL) != 0 ? TRUTH_YES : TRUTH_NO;
    case VALUE_TEXT:
        return *value->text ? TRUTH_YES : TRUTH_NO;
    case VALUE_JOIN: {
        bool some = false;
        for (guint i = 0; i < value->items->len; i++) {
            const tm_value *item = tm_value_item(value, i);
            if (item->kind == VALUE_TEXT && *item->text)
                return TRUTH_YES;
            some = some || item->kind != VALUE_TEXT;
        }
        return some ? TRUTH_MAYBE : TRUTH_NO;
    }
    case VALUE_CHOICE: {
        if (value->truth)
            return (tm_truth)(value->truth - 1);
        tm_truth yes = tm_value_truth(tm_value_item(value, 1)), no = tm_value_truth(tm_value_item(value, 2));
        tm_truth truth = yes == no ? yes : TRUTH_MAYBE;
        ((tm_value *)value)->truth = (guint8)(truth + 1);
        return truth;
    }
    case VALUE_TEST:
    case VALUE_NOT:
    case VALUE_UNKNOWN:
    case VALUE_EACH:
    case VALUE_SDK:
        return TRUTH_MAYBE;
    default:
        return TRUTH_YES;
    }
}

bool tm_value_equal(const tm_value *a, const tm_value *b)
{
    if (a == b)
        return true;
    if (a->kind != b->kind || a->yes != b->yes || a->size != b->size || a->code != b->code ||
        g_strcmp0(a->text, b->text) != 0 || g_strcmp0(a->key, b->key) != 0)
        return false;
    if (a->kind == VALUE_UNKNOWN)
        return true;
    guint n = a->items ? a->items->len : 0;
    if (n != (b->items ? b->items->len : 0))
        return false;
    for (guint i = 0; i < n; i++)
        if ((a->keys && b->keys &&
             strcmp(g_ptr_array_index(a->keys, i), g_ptr_array_index(b->keys, i)) != 0) ||
            !tm_value_equal(tm_value_item(a, i), tm_value_item(b, i)))
            return false;
    return true;
}

bool tm_value_is_text(const tm_value *value)
{
    switch (value->kind) {
    case VALUE_TEXT:
    case VALUE_JOIN:
    case VALUE_NUMBER:
    case VALUE_UNKNOWN:
    case VALUE_EACH:
        return true;
    case VALUE_CHOICE:
        return tm_value_is_text(tm_value_item(value, 1)) && tm_value_is_text(tm_value_item(value, 2));
    default:
        return false;
    }
}

char *tm_value_literal(const tm_value *value)
{
    if (!value)
        return NULL;
    if (value->kind == VALUE_TEXT || value->kind == VALUE_NUMBER)
        return g_strdup(value->text);
    if (value->kind == VALUE_BOOL)
        return g_strdup(value->yes ? "true" : "false");
    if (value->kind != VALUE_JOIN)
        return NULL;
    g_autoptr(GString) whole = g_string_new(NULL);
    for (guint i = 0; i < value->items->len; i++) {
        g_autofree char *piece = tm_value_literal(tm_value_item(value, i));
        if (!piece)
            return NULL;
        g_string_append(whole, piece);
    }
    return g_strdup(whole->str);
}

gsize tm_value_static(const tm_value *value)
{
    if (!value)
        return 0;
    if (value->kind == VALUE_TEXT)
        return (gsize)g_utf8_strlen(value->text, -1);
    gsize n = 0;
    if (value->kind == VALUE_JOIN || value->kind == VALUE_ARRAY || value->kind == VALUE_OBJECT)
        for (guint i = 0; value->items && i < value->items->len; i++)
            n += tm_value_static(tm_value_item(value, i));
    if (value->kind == VALUE_CHOICE)
        n = tm_value_static(tm_value_item(value, 1)) + tm_value_static(tm_value_item(value, 2));
    if (value->kind == VALUE_EACH || value->kind == VALUE_MAPPED)
        n = tm_value_static(tm_value_item(value, 2));
    return n;
}

bool tm_value_any(const tm_value *value, bool (*is)(const tm_value *, const void *), const void *data)
{
    if (!value)
        return false;
    if (value->kind == VALUE_UNKNOWN)
        return is(value, data);
    for (guint i = 0; value->items && i < value->items->len; i++)
        if (tm_value_any(tm_value_item(value, i), is, data))
            return true;
    return false;
}

tm_frame *tm_frame_new(tm_frame *up, tm_code *code, guint id)
{
    tm_frame *frame = g_new0(tm_frame, 1);
    frame->id = id;
    frame->up = up;
    frame->code = code;
    frame->names = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)tm_value_unref);
    return frame;
}

void tm_frame_free(tm_frame *frame)
{
    g_hash_table_unref(frame->names);
    tm_value_unref(frame->self);
    g_free(frame);
}

void tm_frame_set(tm_frame *frame, const char *name, tm_value *value)
{
    g_hash_table_insert(frame->names, g_strdup(name), value);
}

tm_value *tm_frame_get(const tm_frame *frame, const char *name)
{
    return g_hash_table_lookup(frame->names, name);
}

GHashTable *tm_frame_names_copy(const tm_frame *frame)
{
    GHashTable *copy = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)tm_value_unref);
    GHashTableIter iter;
    gpointer name, value;
    g_hash_table_iter_init(&iter, frame->names);
    while (g_hash_table_iter_next(&iter, &name, &value))
        g_hash_table_insert(copy, g_strdup(name), tm_value_ref(value));
    return copy;
}
