/* twin_answer.h - what the twin says, written as the APIs write it. */
#pragma once
#include "jobs/twin/twin_speech.h"

typedef enum {
    TM_TWIN_UNARY,
    TM_TWIN_SSE,    /* server-sent events */
    TM_TWIN_LIST,   /* a stream without alt=sse: a list of responses */
    TM_TWIN_CHAT,   /* OpenAI's chat.completion */
    TM_TWIN_CHUNKS, /* chat.completion.chunk, as server-sent events */
} tm_twin_form;
/* The reply's body; arguments as tm_twin_speak() takes them. (transfer full) */
GString *tm_twin_answer_body(const json_t *body, const char *model, tm_twin_form form, tm_twin_fault fault,
                             int64_t nth);
/* {"totalTokens": ...} of countTokens. (transfer full) */
GString *tm_twin_count_body(const json_t *body);
