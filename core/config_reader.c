/* config_reader.c - walks the config's tree and remembers where it is. */
#include "core/config_reader.h"

#include "core/error.h"
#include "core/guess.h"
#include <string.h>
#include <yaml.h>

void tm_config_enter(tm_config_reader *reader, const char *member)
{
    g_ptr_array_add(reader->trail, g_strdup(member));
}

void tm_config_enter_index(tm_config_reader *reader, size_t index)
{
    g_ptr_array_add(reader->trail, g_strdup_printf("%zu", index));
}

void tm_config_leave(tm_config_reader *reader)
{
    g_ptr_array_set_size(reader->trail, (int)reader->trail->len - 1);
}

/* The line (from 1) of a mapping's key or a sequence's item; *node goes there. 0: not found. */
static int step_into(yaml_document_t *document, yaml_node_t **node, const char *name)
{
    if ((*node)->type == YAML_SEQUENCE_NODE) {
        yaml_node_item_t *item = (*node)->data.sequence.items.start + g_ascii_strtoull(name, NULL, 10);
        if (item >= (*node)->data.sequence.items.top)
            return 0;
        *node = yaml_document_get_node(document, *item);
        return *node ? (int)(*node)->start_mark.line + 1 : 0;
    }
    if ((*node)->type != YAML_MAPPING_NODE)
        return 0;
    for (yaml_node_pair_t *pair = (*node)->data.mapping.pairs.start; pair < (*node)->data.mapping.pairs.top;
         pair++) {
        yaml_node_t *key = yaml_document_get_node(document, pair->key);
        if (!key || key->type != YAML_SCALAR_NODE || strcmp((const char *)key->data.scalar.value, name) != 0)
            continue;
        *node = yaml_document_get_node(document, pair->value);
        return *node ? (int)key->start_mark.line + 1 : 0;
    }
    return 0;
}

/* Where the trail ends in the text. Read a second time, for errors only: the tree keeps no places. */
static int line_of(const tm_config_reader *reader)
{
    yaml_parser_t parser;
    yaml_document_t document;
    int line = 1;
    if (!yaml_parser_initialize(&parser))
        return line;
    yaml_parser_set_input_string(&parser, (const unsigned char *)reader->text, reader->length);
    if (yaml_parser_load(&parser, &document)) {
        yaml_node_t *node = yaml_document_get_root_node(&document);
        for (guint i = 0; node && i < reader->trail->len; i++) {
            int at = step_into(&document, &node, reader->trail->pdata[i]);
            if (at == 0)
                break;
            line = at;
        }
        yaml_document_delete(&document);
    }
    yaml_parser_delete(&parser);
    return line;
}

gboolean tm_config_fail(tm_config_reader *reader, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *message = g_strdup_vprintf(format, args);
    va_end(args);
    g_autoptr(GString) where = g_string_new(NULL);
    for (guint i = 0; i < reader->trail->len; i++)
        g_string_append_printf(where, "%s%s", i ? "." : "", (char *)reader->trail->pdata[i]);
    return tm_fail(reader->error, TM_ERROR_INPUT, "%s:%d: %s%s%s", reader->file, line_of(reader), where->str,
                   where->len ? ": " : "", message);
}

gboolean tm_config_members(tm_config_reader *reader, const json_t *value, const char *const *known)
{
    if (!json_is_object(value))
        return tm_config_fail(reader, "a mapping is needed here: {name: value, ...}");
    const char *name;
    json_t *member;
    json_object_foreach((json_t *)(gpointer)value, name, member) {
        if (!known || g_strv_contains(known, name))
            continue;
        const char *guess = tm_guess(name, known, (size_t)-1);
        tm_config_enter(reader, name);
        if (guess)
            return tm_config_fail(reader, "unknown member (did you mean %s?)", guess);
        g_autofree char *list = g_strjoinv(", ", (char **)(gpointer)known);
        return tm_config_fail(reader, "unknown member; there are: %s", list);
    }
    return TRUE;
}

gboolean tm_config_text(tm_config_reader *reader, const json_t *object, const char *name, char **out)
{
    const json_t *value = json_object_get(object, name);
    if (!value)
        return TRUE;
    tm_config_enter(reader, name);
    if (!json_is_string(value) || json_string_length(value) == 0)
        return tm_config_fail(reader, "a text is needed here");
    if (strlen(json_string_value(value)) != json_string_length(value))
        return tm_config_fail(reader, "the text holds a NUL character");
    g_free(*out);
    *out = g_strdup(json_string_value(value));
    tm_config_leave(reader);
    return TRUE;
}

gboolean tm_config_flag(tm_config_reader *reader, const json_t *object, const char *name, bool *out)
{
    const json_t *value = json_object_get(object, name);
    if (!value)
        return TRUE;
    tm_config_enter(reader, name);
    if (!json_is_boolean(value))
        return tm_config_fail(reader, "true or false is needed here");
    *out = json_is_true(value);
    tm_config_leave(reader);
    return TRUE;
}

gboolean tm_config_duration(tm_config_reader *reader, const json_t *object, const char *name, int64_t *out_ms)
{
    const json_t *value = json_object_get(object, name);
    if (!value)
        return TRUE;
    tm_config_enter(reader, name);
    int64_t ms = json_is_string(value) ? tm_duration_parse(json_string_value(value)) : -1;
    if (ms < 0)
        return tm_config_fail(reader,
                              "a duration with its unit is needed here, such as 500ms, 2s, 1.5m or 24h");
    *out_ms = ms;
    tm_config_leave(reader);
    return TRUE;
}

gboolean tm_config_windows(tm_config_reader *reader, const json_t *object, tm_windows *windows)
{
    static const char *const known[] = {"minute", "day", NULL};
    const json_t *value = json_object_get(object, "windows");
    if (!value)
        return TRUE;
    tm_config_enter(reader, "windows");
    int64_t minute = windows->minute_ms, day = windows->day_ms;
    if (!tm_config_members(reader, value, known) || !tm_config_duration(reader, value, "minute", &minute) ||
        !tm_config_duration(reader, value, "day", &day))
        return FALSE;
    if (minute < 100)
        return tm_config_fail(reader, "a minute shorter than 100ms can't be kept");
    if (day == 24 * 3600 * 1000) /* the real thing: calendar days */
        day = 0;
    if (day != 0 && day < minute)
        return tm_config_fail(reader, "the day is shorter than the minute");
    windows->minute_ms = minute;
    windows->day_ms = day;
    tm_config_leave(reader);
    return TRUE;
}
