/* gemini_parts.h - the nouns behind gemini.c: config, request, reply, fault, error, refusal. Only gemini*.c
 * include it. */
#pragma once
#include "core/json.h"
#include "core/provider/gemini_error.h"

struct tm_skeleton {
    char *system; /* parts of the config's own systemInstruction, as JSON members of an array; NULL: none */
    char *tail;   /* what follows "contents": `,"generationConfig":{...}` and its like, or "" */
    int64_t timeout_ms; /* of a call; 0: the transport's default */
};

/* gemini_config.c: a prompt's config, tools and schema in the API's own places. */
tm_skeleton *tm_gemini_prepare(const tm_prompt *prompt, const char *model, GPtrArray *notes, GError **error);
void tm_gemini_skeleton_free(tm_skeleton *skeleton);

/* gemini_schema.c: sets what kind of answer the prompt asks for, unless its config does. Notes may be NULL.
 */
void tm_gemini_ask_for(json_t *generation, const tm_prompt *prompt, GPtrArray *notes);

/* gemini_request.c: appends the members of a GenerateContentRequest, without its braces: system instruction
 * and contents spliced from the messages, then the skeleton's tail. */
gboolean tm_gemini_write_request(GString *out, const tm_operation *operation, GError **error);

/* gemini_reply.c: reads a GenerateContentResponse. */
void tm_gemini_read_answer(const json_t *root, tm_answer *answer);

/* What a body says of its error; text members are never NULL. */
typedef struct {
    int http;           /* the status to go by: of the HTTP reply, else of the body */
    const char *status; /* RESOURCE_EXHAUSTED, ... */
    const char *message;
    const char *reason;    /* google.rpc.ErrorInfo's */
    const json_t *details; /* NULL: none */
    json_t *nested;        /* owned: where the error stood inside a message's text */
} tm_gemini_fault;

/* gemini_fault.c: reads an error into an empty fault; free its `nested`. `error` may be NULL: no JSON. */
void tm_gemini_fault_read(const json_t *error, int http, tm_gemini_fault *fault);
/* The detail of a type ("google.rpc.RetryInfo"); NULL: none. */
const json_t *tm_gemini_detail(const tm_gemini_fault *fault, const char *type);

/* gemini_refusal.c: a 429. Fills class and violations; gives words that go before the server's, or NULL.
 * Static. */
const char *tm_gemini_read_refusal(const tm_gemini_fault *fault, tm_answer *answer);
/* The wait that an error asks for, in ms; -1: none told. */
int64_t tm_gemini_retry_ms(const tm_gemini_fault *fault, const tm_reply *reply);
