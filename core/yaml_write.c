/* yaml_write.c - jansson trees as YAML, by libyaml's emitter. */
#include "core/json.h"
#include "core/yaml.h"
#include "core/yaml_scalar.h"
#include <stdbool.h>
#include <string.h>
#include <yaml.h>

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
    g_autoptr(json_t) read_back = tm_yaml_scalar(text, length);
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
