/* twin_house.h - what the tests of the twin's OpenAI wire share: asking, and looking into answers. */
#pragma once
#include <string.h>

#include "core/json.h"
#include "jobs/twin/twin.h"

#define NOON INT64_C(1795003200000) /* some noon, UTC */
#define CHAT "/v1/chat/completions"
#define ASK "\"messages\":[{\"role\":\"user\",\"content\":\"tides\"}]"
/* A picture of one pixel. */
#define PIXEL "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGP4z8AAAAMBAQDJ/pLvAAAAAElFTkSuQmCC"

static const tm_twin_options open_house = {
    .rpm = -1, .tpm = -1, .rpd = -1, .windows = {.day = TM_DAY_UTC, .minute_ms = 60000}};

static inline void judge_as(tm_twin *twin, const char *method, const char *path, const char *key,
                            const char *body, int64_t at_ms, tm_twin_reply *reply)
{
    const tm_twin_request request = {.method = method,
                                     .path = path,
                                     .key = key,
                                     .bearer = key != NULL,
                                     .body = body,
                                     .length = body ? strlen(body) : 0};
    tm_twin_judge(twin, &request, at_ms, reply);
}

/* Status of a POST with this key, and its body as JSON. */
static inline int post_as(tm_twin *twin, const char *path, const char *key, const char *body, int64_t at_ms,
                          json_t **answer)
{
    tm_twin_reply reply;
    judge_as(twin, "POST", path, key, body, at_ms, &reply);
    int http = reply.http;
    if (answer)
        *answer = tm_json_parse(reply.body->str, reply.body->len, NULL);
    tm_twin_reply_clear(&reply);
    return http;
}

static inline const char *header_of(const tm_twin_reply *reply, const char *name)
{
    for (guint i = 0; reply->headers && i + 1 < reply->headers->len; i += 2)
        if (g_ascii_strcasecmp(reply->headers->pdata[i], name) == 0)
            return reply->headers->pdata[i + 1];
    return "(none)";
}

/* The member at "choices.0.message"; NULL: there is none. */
static inline const json_t *at(const json_t *value, const char *path)
{
    g_auto(GStrv) steps = g_strsplit(path, ".", -1);
    for (char **step = steps; *step && value; step++)
        value = json_is_array(value) ? json_array_get(value, (size_t)g_ascii_strtoull(*step, NULL, 10))
                                     : json_object_get(value, *step);
    return value;
}

static inline const char *text_at(const json_t *value, const char *path)
{
    const json_t *found = at(value, path);
    return json_is_string(found) ? json_string_value(found) : "(none)";
}
