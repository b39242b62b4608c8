/* openai_parts.h - the nouns behind openai.c: config, manners, request, reply, pictures, fault, error,
 * limits. Only openai*.c include it. */
#pragma once
#include "core/catalog.h"
#include "core/json.h"
#include "core/provider/provider.h"

/* A member of the body that the prompt's config asks for. */
typedef struct {
    char *name, *text; /* text: its value as JSON */
    bool own;          /* as the user wrote it: none of the names known here */
} tm_openai_field;

/* How an answer is wrapped, since a schema's root must be an object. */
typedef enum { TM_WRAP_NONE, TM_WRAP_LABEL, TM_WRAP_VALUE } tm_openai_wrap;

struct tm_skeleton {
    GPtrArray *fields; /* tm_openai_field, in the order of writing */
    char *system;      /* the config's own system instruction; NULL: none */
    char *format;      /* response_format as the user wrote it, as JSON; NULL: ours */
    char *schema; /* response_format that names a schema, as JSON; NULL: there is none, or it can't be said */
    char *hint;   /* tells in words what is wanted where no schema does; NULL: any text will do */
    bool object;  /* an object is wanted, so that JSON mode makes sense */
    tm_openai_wrap wrap;
    json_t *wanted;     /* the prompt's output schema; NULL */
    int64_t cap;        /* tokens of an answer; -1: not said */
    bool picture;       /* the answer is to be a picture */
    bool tools;         /* the model may call functions */
    int64_t timeout_ms; /* of a call; 0: the transport's default */
};

/* openai_config.c: a prompt's config, tools and schema in the API's own words. */
tm_skeleton *tm_openai_prepare(const tm_prompt *prompt, const char *model, GPtrArray *notes, GError **error);
void tm_openai_skeleton_free(tm_skeleton *skeleton);

/* openai_schema.c: what kind of answer the prompt asks for; `schema`: the config's own, or NULL. */
void tm_openai_ask_for(tm_skeleton *skeleton, const tm_prompt *prompt, const json_t *schema,
                       GPtrArray *notes);
/* Takes the wrapping off the answer's text, and null members that stand for absent ones. */
void tm_openai_unwrap(const tm_skeleton *skeleton, tm_answer *answer);

/* openai_manners.c: what a model at an account was found to take; kept with the account. */
typedef struct {
    unsigned now; /* grows with each thing that is found out */
    struct {
        const char *name; /* interned */
        unsigned since;
    } dropped[24];
    size_t n_dropped;
    const char *cap; /* "max_tokens", "max_completion_tokens"; NULL: none is sent */
    unsigned cap_since;
    bool cap_swapped;
    tm_json_way json;
    unsigned json_since;
    int missing; /* times in a row that a proxy had nobody behind it for the model */
} tm_openai_manners;
/* `fallback` is filled and given where the account keeps nothing. */
tm_openai_manners *tm_openai_manners_of(const tm_operation *operation, tm_openai_manners *fallback);
bool tm_openai_is_dropped(const tm_openai_manners *manners, const char *name);
/* The json_way in which this request asks: TM_JSON_PROMPT where no JSON is wanted. */
tm_json_way tm_openai_json_way(const tm_openai_manners *manners, const tm_skeleton *skeleton);
/* A model that thinks first refuses max_tokens and temperature. */
bool tm_openai_reasons(const char *model);

/* openai_request.c: the body of a chat or of a picture's request. */
gboolean tm_openai_write_chat(GString *out, const tm_operation *operation, const tm_openai_manners *manners,
                              GError **error);
gboolean tm_openai_write_picture(GString *out, const tm_operation *operation,
                                 const tm_openai_manners *manners, GError **error);
/* Is it a model that answers at /images/generations only? */
bool tm_openai_draws(const char *model);

/* openai_media.c: a media part of a message. */
gboolean tm_openai_write_media(GString *out, const tm_part *part, const tm_operation *operation,
                               GError **error);

/* openai_reply.c: reads a chat completion, or what /images/generations answers. */
void tm_openai_read_answer(const tm_operation *operation, const json_t *root, tm_answer *answer);

/* openai_pictures.c: keeps the pictures of a message, wherever they stand, as parts of the answer. */
void tm_openai_keep_pictures(const json_t *message, tm_answer *answer);
/* Those of {"data": [{"b64_json"} | {"url"}]}. */
void tm_openai_keep_drawn(const json_t *root, tm_answer *answer);
/* Takes those out that a text holds as Markdown or as a bare data: URL; links only with `links`. */
void tm_openai_take_pictures(GString *text, bool links, tm_answer *answer);

/* What a body says of its error; text members are never NULL. */
typedef struct {
    int http;         /* the status to go by: of the HTTP reply, else of the body */
    const char *code; /* invalid_api_key, ... */
    const char *type, *param, *message;
    const char *limit_source; /* OpenRouter's metadata.limit_source or error_type */
    const char *failed;       /* Groq's failed_generation */
    bool moderated;           /* OpenRouter's metadata.reasons */
    char *joined;             /* owned: the message, where it was put together */
    bool any;                 /* the body is an error of some known shape */
} tm_openai_fault;
/* openai_fault.c: reads a body, in whatever shape, into an empty fault; free its `joined`. `root` may be
 * NULL: no JSON. */
void tm_openai_fault_read(const json_t *root, int http, tm_openai_fault *fault);

/* openai_error.c: fills class, code, message, retry and violations from a reply that is an error. */
void tm_openai_read_error(const tm_operation *operation, const tm_reply *reply, const json_t *root,
                          tm_answer *answer);
/* A page of HTML, or nothing, with a good status. */
void tm_openai_read_nonsense(const tm_operation *operation, const tm_reply *reply, tm_answer *answer);

/* openai_adapt.c: a refusal of a setting: drops or swaps it, or steps down from a schema, and makes the
 * answer one of class ADAPTED. False: it is none, or nothing is left to leave out. */
bool tm_openai_adapt(const tm_operation *operation, const tm_openai_fault *fault, tm_answer *answer);

/* openai_refusal.c: a 429 (or Groq's 413). Fills class and violations; gives words that go before the
 * server's, or NULL. Static. */
const char *tm_openai_read_refusal(const tm_openai_fault *fault, tm_answer *answer);
/* The wait that an error asks for, in ms; -1: none told. */
int64_t tm_openai_retry_ms(const tm_openai_fault *fault, const tm_reply *reply);

/* openai_limits.c: what headers tell: limits, a spent window, on a refusal the wait. */
void tm_openai_read_limits(const tm_account *account, const tm_reply *reply, tm_answer *answer);
/* A header's value; NULL. */
const char *tm_openai_header(const tm_reply *reply, const char *name);
