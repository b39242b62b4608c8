/* message.c - what a rendered prompt is: messages of parts. */
#include "core/message.h"
#include "core/error.h"
#include "core/json.h"
#include <string.h>

tm_part *tm_part_text(const char *text, gssize length)
{
    tm_part *part = g_new0(tm_part, 1);
    part->kind = TM_PART_TEXT;
    part->text = g_string_new_len(text, length < 0 ? (gssize)strlen(text) : length);
    return part;
}

tm_part *tm_part_media(const char *url, const char *content_type)
{
    tm_part *part = g_new0(tm_part, 1);
    part->kind = TM_PART_MEDIA;
    part->url = g_strdup(url);
    part->content_type = g_strdup(content_type);
    return part;
}

void tm_part_free(tm_part *part)
{
    if (!part)
        return;
    if (part->text)
        g_string_free(part->text, TRUE);
    g_free(part->url);
    g_free(part->content_type);
    json_decref(part->other);
    json_decref(part->metadata);
    g_free(part);
}

tm_message *tm_message_new(const char *role)
{
    tm_message *message = g_new0(tm_message, 1);
    message->role = g_strdup(role);
    message->parts = g_ptr_array_new_with_free_func((GDestroyNotify)tm_part_free);
    return message;
}

void tm_message_free(tm_message *message)
{
    if (!message)
        return;
    g_free(message->role);
    g_ptr_array_unref(message->parts);
    json_decref(message->metadata);
    g_free(message);
}

GPtrArray *tm_messages_new(void)
{
    return g_ptr_array_new_with_free_func((GDestroyNotify)tm_message_free);
}

/* A JSON string of any bytes: what is no UTF-8 becomes U+FFFD. */
static json_t *string_of(const char *text, size_t length)
{
    json_t *string = json_stringn(text, length);
    if (string)
        return string;
    g_autofree char *valid = g_utf8_make_valid(text, (gssize)length);
    return json_string(valid);
}

static json_t *part_to_json(const tm_part *part)
{
    json_t *json;
    if (part->kind == TM_PART_OTHER) {
        json = json_is_object(part->other) ? json_copy(part->other) : json_object();
    } else {
        json = json_object();
        if (part->kind == TM_PART_TEXT) {
            json_object_set_new(json, "text", string_of(part->text->str, part->text->len));
        } else {
            json_t *media = json_object();
            json_object_set_new(media, "url", string_of(part->url, strlen(part->url)));
            if (part->content_type)
                json_object_set_new(media, "contentType",
                                    string_of(part->content_type, strlen(part->content_type)));
            json_object_set_new(json, "media", media);
        }
    }
    if (part->metadata)
        json_object_set(json, "metadata", part->metadata);
    return json;
}

json_t *tm_messages_to_json(const GPtrArray *messages)
{
    json_t *array = json_array();
    for (guint i = 0; i < messages->len; i++) {
        const tm_message *message = messages->pdata[i];
        json_t *content = json_array();
        for (guint k = 0; k < message->parts->len; k++)
            json_array_append_new(content, part_to_json(message->parts->pdata[k]));
        json_t *json = json_object();
        json_object_set_new(json, "role", string_of(message->role, strlen(message->role)));
        json_object_set_new(json, "content", content);
        if (message->metadata)
            json_object_set(json, "metadata", message->metadata);
        json_array_append_new(array, json);
    }
    return array;
}

static tm_part *part_from_json(const json_t *json, GError **error)
{
    const json_t *text = json_object_get(json, "text"), *media = json_object_get(json, "media");
    tm_part *part;
    if (!json_is_object(json)) {
        tm_fail(error, TM_ERROR_INPUT,
                "a part is no object: write {\"text\": ...} or {\"media\": {\"url\": ...}}");
        return NULL;
    }
    if (json_is_string(text)) {
        part = tm_part_text(json_string_value(text), (gssize)json_string_length(text));
    } else if (media) {
        const char *url = tm_json_string(media, "url", NULL);
        if (!url) {
            tm_fail(error, TM_ERROR_INPUT, "a media part has no url");
            return NULL;
        }
        part = tm_part_media(url, tm_json_string(media, "contentType", NULL));
    } else {
        part = g_new0(tm_part, 1);
        part->kind = TM_PART_OTHER;
        part->other = json_copy((json_t *)(uintptr_t)json);
        json_object_del(part->other, "metadata");
    }
    json_t *metadata = json_object_get(json, "metadata");
    if (metadata)
        part->metadata = json_incref(metadata);
    return part;
}

static tm_message *message_from_json(const json_t *json, GError **error)
{
    const char *role = tm_json_string(json, "role", NULL);
    const json_t *content = json_object_get(json, "content");
    if (!role || !*role) {
        tm_fail(error, TM_ERROR_INPUT, "it has no role");
        return NULL;
    }
    if (!json_is_array(content)) {
        tm_fail(error, TM_ERROR_INPUT, "its content is no array of parts");
        return NULL;
    }
    tm_message *message = tm_message_new(role);
    for (size_t i = 0; i < json_array_size(content); i++) {
        tm_part *part = part_from_json(json_array_get(content, i), error);
        if (!part) {
            tm_message_free(message);
            return NULL;
        }
        g_ptr_array_add(message->parts, part);
    }
    json_t *metadata = json_object_get(json, "metadata");
    if (metadata)
        message->metadata = json_incref(metadata);
    return message;
}

GPtrArray *tm_messages_from_json(const json_t *json, GError **error)
{
    if (!json_is_array(json)) {
        tm_fail(error, TM_ERROR_INPUT, "messages are no array");
        return NULL;
    }
    g_autoptr(GPtrArray) messages = tm_messages_new();
    for (size_t i = 0; i < json_array_size(json); i++) {
        tm_message *message = message_from_json(json_array_get(json, i), error);
        if (!message) {
            g_prefix_error(error, "message %zu: ", i + 1);
            return NULL;
        }
        g_ptr_array_add(messages, message);
    }
    return g_steal_pointer(&messages);
}
