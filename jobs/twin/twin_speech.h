/* twin_speech.h - what the twin says, a function of the request. Bodies are as tm_twin_read() left them. */
#pragma once
#include "jobs/twin/twin_fault.h"
#include <glib.h>
#include <jansson.h>
#include <stdbool.h>

/* The text of the last turn that is the user's. */
GString *tm_twin_last_text(const json_t *body);
/* All texts of the prompt, system instruction included, each with a newline behind it. */
GString *tm_twin_prompt_text(const json_t *body);
/* Of the prompt, media included; *media_tokens: of them alone. */
int64_t tm_twin_count_tokens(const json_t *body, int64_t *media_tokens);

typedef struct {
    GString *text;            /* its holder frees it */
    const char *finish;       /* NULL: nothing was generated, the prompt was blocked */
    int64_t output, thoughts; /* tokens */
    bool show_thoughts;
    const char *mime; /* of the media that the answer holds; NULL: none */
    char *media;      /* its bytes as base64; its holder frees it */
} tm_twin_speech;
/* `fault`: NONE, BLOCKED, TRUNCATED, SCHEMA or EMPTY; `nth` numbers the answer. */
tm_twin_speech tm_twin_speak(const json_t *body, tm_twin_fault fault, int64_t nth);
/* What a model that draws or speaks adds to its answer, or answers instead. */
void tm_twin_speech_add_media(tm_twin_speech *speech, const json_t *body, const char *model);
