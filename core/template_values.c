/* template_values.c - what an expression is worth for a row, and how a value reads as text. */
#include "core/json.h"
#include "core/template_render.h"
#include <string.h>

/* Keeps a value that was made while rendering until the rendering ends. */
static const json_t *keep(tm_renderer *renderer, json_t *value)
{
    if (!value)
        return NULL;
    if (!renderer->made)
        renderer->made = g_ptr_array_new_with_free_func((GDestroyNotify)json_decref);
    g_ptr_array_add(renderer->made, value);
    return value;
}

/* JavaScript's length of a text: UTF-16 units. */
static size_t text_length(const char *text, size_t length)
{
    size_t units = 0;
    for (size_t i = 0; i < length; i++) {
        unsigned char byte = (unsigned char)text[i];
        units += byte >= 0xf0 ? 2 : (byte & 0xc0) != 0x80;
    }
    return units;
}

/* JavaScript's text[index]: half of a pair of surrogates is no character, U+FFFD. NULL: past the end.
 * (transfer full) */
static json_t *text_unit(const char *text, size_t length, size_t index)
{
    const char *end = text + length;
    for (size_t unit = 0; text < end; text = g_utf8_next_char(text)) {
        bool wide = (unsigned char)*text >= 0xf0;
        if (unit == index || (wide && unit + 1 == index))
            return wide ? json_string("\xef\xbf\xbd")
                        : json_stringn(text, (size_t)(g_utf8_next_char(text) - text));
        unit += wide ? 2 : 1;
    }
    return NULL;
}

static const json_t *member(tm_renderer *renderer, const json_t *value, const char *name)
{
    if (json_is_object(value))
        return json_object_get(value, name);
    guint64 index;
    bool counted =
        g_ascii_string_to_unsigned(name, 10, 0, G_MAXUINT32, &index, NULL) && (*name != '0' || !name[1]);
    if (json_is_string(value) && counted)
        return keep(renderer, text_unit(json_string_value(value), json_string_length(value), (size_t)index));
    if (json_is_array(value)) {
        if (counted)
            return json_array_get(value, (size_t)index);
        if (strcmp(name, "length") == 0)
            return keep(renderer, json_integer((json_int_t)json_array_size(value)));
    } else if (json_is_string(value) && strcmp(name, "length") == 0) {
        size_t units = text_length(json_string_value(value), json_string_length(value));
        return keep(renderer, json_integer((json_int_t)units));
    }
    return NULL;
}

static const json_t *follow(tm_renderer *renderer, const json_t *value, const GPtrArray *segments, guint from)
{
    for (guint i = from; value && !json_is_null(value) && i < segments->len; i++)
        value = member(renderer, value, segments->pdata[i]);
    return value;
}

/* What lookup and @-paths find nothing in, and then are themselves, as in Handlebars. */
static bool is_falsy(const json_t *value)
{
    return !value || json_is_null(value) || json_is_false(value) ||
           (json_is_string(value) && !json_string_length(value)) ||
           (json_is_number(value) && json_number_value(value) == 0);
}

/* The same of an @-path. */
static const json_t *follow_data(tm_renderer *renderer, const json_t *value, const GPtrArray *segments,
                                 guint from)
{
    for (guint i = from; !is_falsy(value) && i < segments->len; i++)
        value = member(renderer, value, segments->pdata[i]);
    return value;
}

/* @index and its like, of the loop `depth` levels out. */
static const json_t *loop_value(tm_renderer *renderer, const tm_loop *loop, int depth, const char *name,
                                bool *found)
{
    while (loop && depth-- > 0)
        loop = loop->up;
    *found = loop != NULL;
    if (!loop)
        return NULL;
    if (strcmp(name, "index") == 0)
        return keep(renderer, json_integer((json_int_t)loop->index));
    if (strcmp(name, "key") == 0)
        return keep(renderer, loop->key ? json_string(loop->key) : json_integer((json_int_t)loop->index));
    if (strcmp(name, "first") == 0)
        return loop->index == 0 ? json_true() : json_false();
    if (strcmp(name, "last") == 0)
        return loop->last ? json_true() : json_false();
    *found = false;
    return NULL;
}

static const json_t *data_value(tm_renderer *renderer, const tm_frame *frame, const tm_expression *expression)
{
    const char *name = expression->segments->pdata[0];
    bool found;
    const json_t *value = loop_value(renderer, frame->loop, expression->depth, name, &found);
    if (found)
        return follow_data(renderer, value, expression->segments, 1);
    if (strcmp(name, "root") == 0)
        return follow_data(renderer, renderer->row, expression->segments, 1);
    const char *second = expression->segments->len > 1 ? expression->segments->pdata[1] : "";
    if (strcmp(name, "metadata") == 0 && strcmp(second, "docs") == 0)
        return follow_data(renderer, renderer->render->docs, expression->segments, 2);
    if (strcmp(name, "metadata") == 0 && strcmp(second, "messages") == 0)
        return follow_data(renderer, renderer->render->messages, expression->segments, 2);
    return follow_data(renderer, json_object_get(renderer->render->context, name), expression->segments, 1);
}

static const json_t *lookup(tm_renderer *renderer, const tm_frame *frame, const tm_use *use)
{
    const json_t *object = tm_value_of(renderer, frame, use->params->pdata[0]);
    const json_t *key = tm_value_of(renderer, frame, use->params->pdata[1]);
    if (is_falsy(object))
        return object;
    if (json_is_string(key))
        return member(renderer, object, json_string_value(key));
    if (!key)
        return NULL;
    g_autoptr(GString) name = g_string_new(NULL); /* [1] is the name 1 */
    tm_value_write(name, key);
    return member(renderer, object, name->str);
}

const json_t *tm_named_value(tm_renderer *renderer, const tm_frame *frame, const tm_use *use,
                             const char *name)
{
    for (guint i = 0; i < use->named->len; i++) {
        const tm_named *named = use->named->pdata[i];
        if (strcmp(named->name, name) == 0)
            return tm_value_of(renderer, frame, named->value);
    }
    return NULL;
}

const json_t *tm_call_value(tm_renderer *renderer, const tm_frame *frame, const tm_use *use)
{
    if (use->helper->kind == TM_HELPER_LOOKUP)
        return lookup(renderer, frame, use);
    const json_t *value = tm_value_of(renderer, frame, use->params->pdata[0]);
    const json_t *indent = tm_named_value(renderer, frame, use, "indent");
    if (!value)
        return NULL;
    g_autoptr(GString) text = g_string_new(NULL);
    tm_json_write_indented(text, value,
                           json_is_integer(indent) ? (int)CLAMP(json_integer_value(indent), 0, 10) : 0);
    return keep(renderer, json_stringn(text->str, text->len));
}

const json_t *tm_value_of(tm_renderer *renderer, const tm_frame *frame, const tm_expression *expression)
{
    switch (expression->kind) {
    case TM_EXPRESSION_LITERAL:
        return expression->literal;
    case TM_EXPRESSION_DATA:
        return data_value(renderer, frame, expression);
    case TM_EXPRESSION_CALL:
        return tm_call_value(renderer, frame, expression->call);
    case TM_EXPRESSION_NAME: {
        const tm_names *names = frame->names;
        for (int up = expression->depth; up > 0; up--)
            names = names->up;
        return follow(renderer, names->values[expression->index], expression->segments, 0);
    }
    case TM_EXPRESSION_PATH:
        break;
    }
    const tm_scope *scope = frame->scope;
    for (int up = expression->depth; scope && up > 0; up--)
        scope = scope->up;
    return scope ? follow(renderer, scope->value, expression->segments, 0) : NULL;
}

bool tm_value_is_empty(const json_t *value)
{
    return !value || json_is_null(value) || json_is_false(value) ||
           (json_is_string(value) && !json_string_length(value)) ||
           (json_is_array(value) && !json_array_size(value));
}

bool tm_values_equal(const json_t *a, const json_t *b)
{
    if (json_is_number(a) && json_is_number(b))
        return json_is_integer(a) && json_is_integer(b) ? json_integer_value(a) == json_integer_value(b)
                                                        : json_number_value(a) == json_number_value(b);
    if (json_is_string(a) && json_is_string(b))
        return json_equal((json_t *)(uintptr_t)a, (json_t *)(uintptr_t)b);
    return a == b; /* as === : the same object, the same one of true, false, null, undefined */
}

static bool is_flat(const json_t *array)
{
    for (size_t i = 0; i < json_array_size(array); i++) {
        const json_t *element = json_array_get(array, i);
        if (json_is_object(element) || (json_is_array(element) && !is_flat(element)))
            return false;
    }
    return true;
}

/* Handlebars prints [1,2] as "1,2" and an object as "[object Object]", which no prompt ever means: objects,
 * and arrays that hold some, are printed as JSON. */
static void write_compound(GString *out, const json_t *value)
{
    if (!json_is_array(value) || !is_flat(value)) {
        tm_json_write(out, value);
        return;
    }
    for (size_t i = 0; i < json_array_size(value); i++) {
        if (i)
            g_string_append_c(out, ',');
        tm_value_write(out, json_array_get(value, i));
    }
}

void tm_value_write(GString *out, const json_t *value)
{
    switch (value ? json_typeof(value) : JSON_NULL) {
    case JSON_STRING:
        g_string_append_len(out, json_string_value(value), (gssize)json_string_length(value));
        break;
    case JSON_NULL:
        break;
    case JSON_ARRAY:
    case JSON_OBJECT:
        write_compound(out, value);
        break;
    default: /* numbers, true and false */
        tm_json_write(out, value);
    }
}
