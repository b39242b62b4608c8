/* outcome.h - the classes that everything which can happen to a request falls into, and what each
 * class asks for. */
#pragma once
#include "core/limit.h"
#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef enum {
    TM_CLASS_OK,
    TM_CLASS_TRUNCATED,     /* MAX_TOKENS; the text is kept; empty text is never done */
    TM_CLASS_BLOCKED,       /* SAFETY, RECITATION, ... */
    TM_CLASS_SCHEMA,        /* the answer breaks the output schema; the paid text is kept */
    TM_CLASS_BAD_REQUEST,   /* 400: the row or the config is wrong */
    TM_CLASS_TOO_LARGE,     /* larger than the window, the context or the body cap */
    TM_CLASS_INPUT_CHANGED, /* a media file changed since add */
    TM_CLASS_AUTH,          /* wrong, leaked or suspended key */
    TM_CLASS_NO_MODEL,      /* unknown model, or limit 0 on this tier */
    TM_CLASS_QUOTA_MINUTE,
    TM_CLASS_QUOTA_DAY,
    TM_CLASS_MONEY,      /* spend cap, empty prepay */
    TM_CLASS_OVERLOADED, /* 503, shedding: the lane's trouble, spends no attempt of the row */
    TM_CLASS_SERVER,  /* 500, 502, 504, nonsense or nothing in a 200: may be the row's, spends an attempt */
    TM_CLASS_NETWORK, /* provably never left: DNS, refused, TLS */
    TM_CLASS_TIMEOUT, /* left, and no answer within the time */
    TM_CLASS_UNKNOWN, /* left, and the connection was cut or we crashed: fate unknown, maybe billed */
    TM_CLASS_ADAPTED, /* the service refused a setting, and requests are written without it from now on: the
                         row goes again under a grant of its own, the refused request counts as used */
    TM_N_CLASSES,
} tm_class;

/* What a class asks the engine to do with the row and with the lane it came from. */
typedef enum {
    TM_DO_RECORD,        /* the row is done (ok), failed or blocked; go on */
    TM_DO_AGAIN,         /* the row goes back, the lane pauses (but after ADAPTED): one hold, one probe */
    TM_DO_AGAIN_CHARGED, /* the same, and an attempt of the row is spent */
    TM_DO_CLOSE,         /* nothing passes on this lane until the user acts; the row goes back */
} tm_do;

const char *tm_class_name(tm_class class); /* "ok", "bad_request", ... */
bool tm_class_parse(const char *name, tm_class *class);
tm_do tm_class_do(tm_class class);
/* May the canary stop a batch over this class: bad_request, too_large, truncated, schema, blocked? */
bool tm_class_is_systematic(tm_class class);

/* One violation of a 429, or a limit told by a header. */
typedef struct {
    tm_unit unit;
    tm_window window;
    int64_t value; /* the limit; -1: not told */
    char tier[16]; /* "FreeTier", "PaidTier2", "" */
} tm_violation;

/* Token counts as the server gave them; -1: not told. */
typedef struct {
    int64_t input, cached, output, thinking;
} tm_usage;

/* What a reply was, once read: owned by its holder, free with tm_answer_clear(). */
typedef struct {
    tm_class class;
    int http;           /* 0: no reply */
    char *code;         /* the provider's own word: RESOURCE_EXHAUSTED, API_KEY_INVALID, ... or NULL */
    char *message;      /* scrubbed of key shapes; NULL with ok */
    int64_t retry_ms;   /* wait the server asks for, from now; -1: none told */
    int64_t pause_ms;   /* the window is spent, though this one passed: nothing more for so long; -1 */
    GArray *violations; /* tm_violation: what was refused; NULL: none */
    GArray *told;       /* tm_violation: limits told by headers, whatever the class; NULL: none */
    char *text;         /* the answer's text, NUL-terminated; NULL: none. May hold U+0000 inside */
    size_t text_length;
    GPtrArray *parts; /* of char*: JSON text of parts that are no text (inlineData, ...); NULL: none */
    char *finish;     /* STOP, MAX_TOKENS, ... as the provider says; NULL */
    char *model;      /* the model version that answered; NULL */
    tm_usage usage;
} tm_answer;

void tm_answer_init(tm_answer *answer); /* class ok, numbers at "not told" */
void tm_answer_clear(tm_answer *answer);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(tm_answer, tm_answer_clear)

/* A copy of `text` in which everything shaped like an API key (AIza..., sk-..., AQ...., Bearer ...) and, if
 * `key` is not NULL, the key itself or any 8 bytes or more of it, is replaced by "[key]". (transfer full) */
char *tm_scrub(const char *text, const char *key);
