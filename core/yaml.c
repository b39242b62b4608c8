/* yaml.c - YAML into jansson trees and back, over libyaml's events. */
#include "core/yaml.h"
#include "core/error.h"
#include "core/json.h"
#include <stdbool.h>
#include <string.h>
#include <yaml.h>

enum {
    MAX_DEPTH = 64,
    MAX_NODES = 1000000, /* aliases count as what they stand for: ten lines of aliases can mean 10^9 nodes */
};

typedef struct {
    yaml_parser_t parser;
    const char *file;
    int first_line;
    GHashTable *anchors; /* name -> anchored */
    size_t nodes;
    GError **error;
} yaml_reader;

/* What an alias stands for. */
typedef struct {
    json_t *value;
    size_t nodes;
} anchored;

static void anchored_free(gpointer data)
{
    anchored *anchor = data;
    json_decref(anchor->value);
    g_free(anchor);
}

static json_t *fail_at(yaml_reader *reader, yaml_mark_t mark, const char *format, ...) G_GNUC_PRINTF(3, 4);
static json_t *fail_at(yaml_reader *reader, yaml_mark_t mark, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *what = g_strdup_vprintf(format, args);
    va_end(args);
    tm_fail(reader->error, TM_ERROR_INPUT, "%s:%zu:%zu: %s", reader->file,
            mark.line + (size_t)reader->first_line, mark.column + 1, what);
    return NULL;
}

static gboolean next_event(yaml_reader *reader, yaml_event_t *event)
{
    if (yaml_parser_parse(&reader->parser, event))
        return TRUE;
    const yaml_parser_t *parser = &reader->parser;
    const char *context = parser->context ? parser->context : "";
    fail_at(reader, parser->problem_mark, "%s%s%s", parser->problem ? parser->problem : "not YAML",
            *context ? " " : "", context);
    return FALSE;
}

static bool all_of(const char *text, const char *set)
{
    return *text && text[strspn(text, set)] == '\0';
}

/* [-+]? (\.[0-9]+ | [0-9]+ (\.[0-9]*)?) ([eE][-+]?[0-9]+)? */
static bool is_real(const char *text)
{
    text += *text == '-' || *text == '+';
    size_t before = strspn(text, "0123456789"), after = 0;
    text += before;
    if (*text == '.') {
        after = strspn(++text, "0123456789");
        text += after;
    }
    if (!before && !after)
        return false;
    if (*text == 'e' || *text == 'E') {
        text++;
        text += *text == '-' || *text == '+';
        return all_of(text, "0123456789");
    }
    return !*text;
}

/* A plain scalar by the rules of YAML 1.2's core schema; what is none of them is text. An integer past 64
 * bits becomes a real, and .inf and .nan, which JSON can't say, stay text. */
static json_t *plain_value(const char *text, size_t length)
{
    static const char *const nulls[] = {"", "~", "null", "Null", "NULL", NULL};
    static const char *const trues[] = {"true", "True", "TRUE", NULL};
    static const char *const falses[] = {"false", "False", "FALSE", NULL};
    gint64 number;
    guint64 natural;
    if (strlen(text) != length)
        return json_stringn(text, length);
    if (g_strv_contains(nulls, text))
        return json_null();
    if (g_strv_contains(trues, text))
        return json_true();
    if (g_strv_contains(falses, text))
        return json_false();
    if (all_of(text + (*text == '-' || *text == '+'), "0123456789") &&
        g_ascii_string_to_signed(text + (*text == '+'), 10, G_MININT64, G_MAXINT64, &number, NULL))
        return json_integer(number);
    unsigned base = g_str_has_prefix(text, "0o") ? 8 : g_str_has_prefix(text, "0x") ? 16 : 0;
    if (base && g_ascii_isxdigit(text[2]) &&
        g_ascii_string_to_unsigned(text + 2, base, 0, G_MAXINT64, &natural, NULL))
        return json_integer((json_int_t)natural);
    if (is_real(text)) {
        json_t *real = json_real(g_ascii_strtod(text, NULL));
        if (real)
            return real;
    }
    return json_stringn(text, length);
}

static json_t *scalar_value(yaml_reader *reader, const yaml_event_t *event)
{
    const char *text = (const char *)event->data.scalar.value, *tag = (const char *)event->data.scalar.tag;
    size_t length = event->data.scalar.length;
    if (tag && strcmp(tag, YAML_STR_TAG) != 0 && strcmp(tag, "!") != 0 &&
        !g_str_has_prefix(tag, "tag:yaml.org,2002:"))
        return fail_at(reader, event->start_mark, "the tag %s means nothing here; take it out", tag);
    bool is_text = tag ? strcmp(tag, YAML_STR_TAG) == 0 || strcmp(tag, "!") == 0
                       : event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
    json_t *value = is_text ? json_stringn(text, length) : plain_value(text, length);
    return value ? value : fail_at(reader, event->start_mark, "text that is no UTF-8");
}

static json_t *read_value(yaml_reader *reader, yaml_event_t *event, int depth);

static gboolean read_members(yaml_reader *reader, json_t *object, int depth)
{
    for (;;) {
        yaml_event_t event;
        if (!next_event(reader, &event))
            return FALSE;
        if (event.type == YAML_MAPPING_END_EVENT) {
            yaml_event_delete(&event);
            return TRUE;
        }
        yaml_mark_t mark = event.start_mark;
        g_autofree char *key = NULL;
        if (event.type == YAML_SCALAR_EVENT && event.data.scalar.length &&
            strlen((const char *)event.data.scalar.value) == event.data.scalar.length)
            key = g_strdup((const char *)event.data.scalar.value);
        yaml_event_delete(&event);
        if (!key)
            return fail_at(reader, mark, "a key must be a word or a text") != NULL;
        if (json_object_get(object, key))
            return fail_at(reader, mark, "the key '%s' stands here twice; keep one of them", key) != NULL;
        if (!next_event(reader, &event))
            return FALSE;
        json_t *value = read_value(reader, &event, depth);
        if (!value)
            return FALSE;
        if (json_object_set_new(object, key, value) < 0)
            return fail_at(reader, mark, "a key that is no UTF-8") != NULL;
    }
}

static gboolean read_elements(yaml_reader *reader, json_t *array, int depth)
{
    for (;;) {
        yaml_event_t event;
        if (!next_event(reader, &event))
            return FALSE;
        if (event.type == YAML_SEQUENCE_END_EVENT) {
            yaml_event_delete(&event);
            return TRUE;
        }
        json_t *value = read_value(reader, &event, depth);
        if (!value)
            return FALSE;
        json_array_append_new(array, value);
    }
}

static json_t *read_alias(yaml_reader *reader, const yaml_event_t *event)
{
    const char *name = (const char *)event->data.alias.anchor;
    const anchored *anchor = g_hash_table_lookup(reader->anchors, name);
    if (!anchor)
        return fail_at(reader, event->start_mark, "the alias *%s has no anchor &%s before it", name, name);
    reader->nodes += anchor->nodes;
    if (reader->nodes > MAX_NODES)
        return fail_at(reader, event->start_mark, "the aliases stand for more than %d values", MAX_NODES);
    return json_incref(anchor->value);
}

/* Reads the value that `event` begins; the event is freed. */
static json_t *read_value(yaml_reader *reader, yaml_event_t *event, int depth)
{
    json_t *value = NULL;
    g_autofree char *anchor = NULL;
    size_t nodes = reader->nodes++;
    gboolean complete = TRUE;
    if (depth > MAX_DEPTH) {
        fail_at(reader, event->start_mark, "nested deeper than %d levels", MAX_DEPTH);
    } else if (event->type == YAML_ALIAS_EVENT) {
        value = read_alias(reader, event);
    } else if (event->type == YAML_SCALAR_EVENT) {
        anchor = g_strdup((const char *)event->data.scalar.anchor);
        value = scalar_value(reader, event);
    } else if (event->type == YAML_MAPPING_START_EVENT) {
        anchor = g_strdup((const char *)event->data.mapping_start.anchor);
        value = json_object();
        complete = read_members(reader, value, depth + 1);
    } else if (event->type == YAML_SEQUENCE_START_EVENT) {
        anchor = g_strdup((const char *)event->data.sequence_start.anchor);
        value = json_array();
        complete = read_elements(reader, value, depth + 1);
    }
    yaml_event_delete(event);
    if (!complete) {
        json_decref(value);
        return NULL;
    }
    if (value && anchor) {
        anchored *entry = g_new0(anchored, 1);
        entry->value = json_incref(value);
        entry->nodes = reader->nodes - nodes;
        g_hash_table_replace(reader->anchors, g_steal_pointer(&anchor), entry);
    }
    return value;
}

/* The one document; NULL and the error set otherwise. */
static json_t *read_document(yaml_reader *reader)
{
    g_autoptr(json_t) value = NULL;
    bool seen = false;
    for (;;) {
        yaml_event_t event;
        if (!next_event(reader, &event))
            return NULL;
        yaml_event_type_t type = event.type;
        yaml_mark_t mark = event.start_mark;
        if (type == YAML_STREAM_START_EVENT || type == YAML_DOCUMENT_END_EVENT ||
            type == YAML_STREAM_END_EVENT) {
            yaml_event_delete(&event);
            if (type == YAML_STREAM_END_EVENT)
                return value ? g_steal_pointer(&value) : json_null();
        } else if (type == YAML_DOCUMENT_START_EVENT) {
            yaml_event_delete(&event);
            if (seen)
                return fail_at(reader, mark, "a second document begins here; only one is read");
            seen = true;
        } else {
            value = read_value(reader, &event, 0);
            if (!value)
                return NULL;
        }
    }
}

json_t *tm_yaml_parse(const char *text, size_t length, const char *file, int first_line, GError **error)
{
    yaml_reader reader = {.file = file, .first_line = first_line, .error = error};
    if (!yaml_parser_initialize(&reader.parser))
        g_error("out of memory");
    reader.anchors = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, anchored_free);
    yaml_parser_set_encoding(&reader.parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&reader.parser, (const unsigned char *)text, length);
    json_t *value = read_document(&reader);
    g_hash_table_unref(reader.anchors);
    yaml_parser_delete(&reader.parser);
    return value;
}

static int append_text(void *data, unsigned char *buffer, size_t size)
{
    g_string_append_len(data, (const char *)buffer, (gssize)size);
    return 1;
}

static void emit_scalar(yaml_emitter_t *emitter, const char *text, size_t length, bool plain,
                        yaml_scalar_style_t style)
{
    yaml_event_t event;
    yaml_scalar_event_initialize(&event, NULL, NULL, (const yaml_char_t *)text, (int)length, plain, 1, style);
    yaml_emitter_emit(emitter, &event);
}

static void emit_string(yaml_emitter_t *emitter, const char *text, size_t length)
{
    g_autoptr(json_t) read_back = plain_value(text, length);
    bool plain = json_is_string(read_back);
    /* libyaml's literal blocks lose what is odd at their edges (spaces, tabs): quotes keep it. */
    bool block = memchr(text, '\n', length) && !g_ascii_isspace(*text) && !strchr(text, '\t') &&
                 !strstr(text, " \n") && text[length - 1] != ' ';
    emit_scalar(emitter, text, length, plain, block ? YAML_LITERAL_SCALAR_STYLE : YAML_ANY_SCALAR_STYLE);
}

static void emit_value(yaml_emitter_t *emitter, const json_t *value);

static void emit_object(yaml_emitter_t *emitter, json_t *object)
{
    yaml_event_t event;
    const char *key;
    json_t *member;
    yaml_mapping_start_event_initialize(&event, NULL, NULL, 1, YAML_BLOCK_MAPPING_STYLE);
    yaml_emitter_emit(emitter, &event);
    json_object_foreach(object, key, member) {
        emit_scalar(emitter, key, strlen(key), *key && !memchr(key, '\n', strlen(key)),
                    YAML_ANY_SCALAR_STYLE);
        emit_value(emitter, member);
    }
    yaml_mapping_end_event_initialize(&event);
    yaml_emitter_emit(emitter, &event);
}

static void emit_array(yaml_emitter_t *emitter, const json_t *array)
{
    yaml_event_t event;
    yaml_sequence_start_event_initialize(&event, NULL, NULL, 1, YAML_BLOCK_SEQUENCE_STYLE);
    yaml_emitter_emit(emitter, &event);
    for (size_t i = 0; i < json_array_size(array); i++)
        emit_value(emitter, json_array_get(array, i));
    yaml_sequence_end_event_initialize(&event);
    yaml_emitter_emit(emitter, &event);
}

static void emit_value(yaml_emitter_t *emitter, const json_t *value)
{
    if (json_is_object(value)) {
        emit_object(emitter, (json_t *)(uintptr_t)value);
    } else if (json_is_array(value)) {
        emit_array(emitter, value);
    } else if (json_is_string(value)) {
        emit_string(emitter, json_string_value(value), json_string_length(value));
    } else {
        g_autofree char *text = tm_json_text(value);
        emit_scalar(emitter, text, strlen(text), true, YAML_PLAIN_SCALAR_STYLE);
    }
}

char *tm_yaml_write(const json_t *value)
{
    GString *out = g_string_new(NULL);
    yaml_emitter_t emitter;
    yaml_event_t event;
    if (!yaml_emitter_initialize(&emitter))
        g_error("out of memory");
    yaml_emitter_set_output(&emitter, append_text, out);
    yaml_emitter_set_unicode(&emitter, 1);
    yaml_emitter_set_width(&emitter, -1);
    yaml_stream_start_event_initialize(&event, YAML_UTF8_ENCODING);
    yaml_emitter_emit(&emitter, &event);
    yaml_document_start_event_initialize(&event, NULL, NULL, NULL, 1);
    yaml_emitter_emit(&emitter, &event);
    emit_value(&emitter, value);
    yaml_document_end_event_initialize(&event, 1);
    yaml_emitter_emit(&emitter, &event);
    yaml_stream_end_event_initialize(&event);
    yaml_emitter_emit(&emitter, &event);
    yaml_emitter_flush(&emitter);
    yaml_emitter_delete(&emitter);
    return g_string_free(out, FALSE);
}
