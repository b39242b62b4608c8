/* yaml.c - YAML into jansson trees, over libyaml's events. */
#include "core/yaml.h"
#include "core/error.h"
#include "core/json.h"
#include "core/yaml_scalar.h"
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

static json_t *scalar_value(yaml_reader *reader, const yaml_event_t *event)
{
    const char *text = (const char *)event->data.scalar.value, *tag = (const char *)event->data.scalar.tag;
    size_t length = event->data.scalar.length;
    if (tag && strcmp(tag, YAML_STR_TAG) != 0 && strcmp(tag, "!") != 0 &&
        !g_str_has_prefix(tag, "tag:yaml.org,2002:"))
        return fail_at(reader, event->start_mark, "the tag %s means nothing here; take it out", tag);
    bool is_text = tag ? strcmp(tag, YAML_STR_TAG) == 0 || strcmp(tag, "!") == 0
                       : event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
    json_t *value = is_text ? json_stringn(text, length) : tm_yaml_scalar(text, length);
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
