/* message.h - what a rendered prompt is: messages of parts. A row's value is only ever the text of a
 * part: it can't become a role, a media reference or a helper. */
#pragma once
#include <glib.h>
#include <jansson.h>

typedef enum { TM_PART_TEXT, TM_PART_MEDIA, TM_PART_OTHER } tm_part_kind;

typedef struct {
    tm_part_kind kind;
    GString *text;      /* TM_PART_TEXT */
    char *url;          /* TM_PART_MEDIA: path, data: or http(s) URL */
    char *content_type; /* TM_PART_MEDIA; NULL: not said */
    json_t *other;      /* TM_PART_OTHER: passed through to preview (Dotprompt's pending sections) */
    json_t *metadata;   /* or NULL */
} tm_part;

typedef struct {
    char *role;       /* "user", "model", "system", or as the template says */
    GPtrArray *parts; /* of tm_part, owned */
    json_t *metadata; /* e.g. {"purpose": "history"}; or NULL */
} tm_message;

tm_part *tm_part_text(const char *text, gssize length); /* copies; -1: to the NUL */
tm_part *tm_part_media(const char *url, const char *content_type);
void tm_part_free(tm_part *part);
tm_message *tm_message_new(const char *role);
void tm_message_free(tm_message *message);
/* An array that owns its tm_message. (transfer full) */
GPtrArray *tm_messages_new(void);
/* Dotprompt's own shape: [{"role", "content": [{"text"} | {"media": {"url", "contentType"}}], "metadata"}].
 */
json_t *tm_messages_to_json(const GPtrArray *messages);
/* The same read back; NULL and *error if it is not of that shape. (transfer full) */
GPtrArray *tm_messages_from_json(const json_t *json, GError **error);
