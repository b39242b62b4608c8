/* provider.h - a service's wire format: turns an operation into calls and replies into answers. A provider
 * never sends: no socket, no clock. */
#pragma once
#include "core/account.h"
#include "core/outcome.h"
#include "core/prompt.h"

/* What is to be done at the service. Batch operations (UPLOAD, SUBMIT, FIND, POLL, FETCH) come later. */
typedef enum { TM_OP_GENERATE, TM_OP_COUNT, TM_OP_MODEL, TM_OP_MODELS } tm_op_kind;

/* A file that is read, as base64, while the body is sent. */
typedef struct {
    size_t at; /* where in the body it goes, instead of the mark that stands there */
    int fd;    /* owned */
    int64_t size;
    uint8_t sha256[32];
    bool checked; /* it must still have this hash, or the call is broken off before its end */
} tm_call_file;
enum { TM_MEDIA_MARK = 1 }; /* a byte that can't stand in JSON text: no value can forge it */

/* One HTTP call, ready for the transport. Owned by its holder; tm_call_clear(). */
typedef struct {
    const char *method; /* "GET", "POST"; static */
    char *url;          /* never holds a key */
    GPtrArray *headers; /* char* "Name: value", without the key's; NULL: none */
    char *key_header;   /* the header line that holds the key ("x-goog-api-key: ..."); NULL: none. Secret */
    GString *body;      /* NULL: none */
    GArray *files;      /* tm_call_file, in their order in the body, a mark in it for each; NULL: none */
    int64_t timeout_ms; /* for the whole call; 0: the transport's default */
    unsigned manners;   /* the provider's mark of how it was written: goes into the operation for next() */
} tm_call;
void tm_call_clear(tm_call *call);
/* Bytes of the body as it is sent, files included. */
int64_t tm_call_length(const tm_call *call);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(tm_call, tm_call_clear)

/* Why a reply has no HTTP status. */
typedef enum {
    TM_WIRE_OK,        /* there is a status */
    TM_WIRE_DNS,       /* never left */
    TM_WIRE_REFUSED,   /* never left: no connection */
    TM_WIRE_TLS,       /* never left: no trust */
    TM_WIRE_CUT,       /* the connection broke; `left` says whether after the first byte went out */
    TM_WIRE_TIMEOUT,   /* too slow; `left` as above */
    TM_WIRE_TOO_BIG,   /* the answer is over the cap */
    TM_WIRE_CANCELLED, /* we gave it up; `left` as above */
    TM_WIRE_CHANGED,   /* a file of the body changed while it was sent: broken off before its end */
} tm_wire;

typedef struct {
    tm_wire wire;
    char *detail; /* the transport's words when wire is not OK; no key in it */
    bool left;    /* the first byte of the request may have left */
    int http;
    GHashTable
        *headers;    /* lower-case name -> value; NULL: none. Of a 2xx only x-... and retry-... are kept */
    GString *body;   /* NULL: none */
    int64_t date_ms; /* the Date header as epoch ms; 0: none */
} tm_reply;
void tm_reply_free(tm_reply *reply);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(tm_reply, tm_reply_free)

/* What all rows of one (revision, model) share, as text written once: bodies are spliced from it. Immutable.
 */
typedef struct tm_skeleton tm_skeleton;

/* Gives a media part's bytes: base64 appended to `out`, *mime (transfer full). Of a type that is no text it
 * may append one TM_MEDIA_MARK instead, which the provider copies as it is. Handed in by the engine. */
typedef gboolean (*tm_media_source)(void *data, const char *url, const char *content_type, GString *out,
                                    char **mime, GError **error);

typedef struct {
    tm_op_kind kind;
    const tm_account *account;
    const char *model;           /* as the service names it */
    const tm_skeleton *skeleton; /* GENERATE, COUNT */
    const GPtrArray *messages;   /* GENERATE, COUNT: tm_message */
    tm_media_source media;       /* may be NULL: then local paths are an error */
    void *media_data;
    unsigned manners; /* next(): of the call that is answered */
} tm_operation;

typedef enum { TM_STEP_CALL, TM_STEP_ANSWER } tm_step;

typedef struct {
    const char *name;
    /* The constant part: config split into the API's own places (generationConfig, safetySettings, tools,
     * thinkingConfig, ...), schema converted. Unknown members pass through so that the API can refuse them.
     * `notes` (char*, may be NULL) gets what the user should know. (transfer full) */
    tm_skeleton *(*prepare)(const tm_prompt *prompt, const char *model, GPtrArray *notes, GError **error);
    void (*skeleton_free)(tm_skeleton *skeleton);
    /* The operation's first call. COUNT is an error where the service has no such page. */
    gboolean (*begin)(const tm_operation *operation, tm_call *call, GError **error);
    /* Reads the reply: another call to make (*call filled), or the answer (*answer filled). Never fails: what
     * can't be read is an answer of class server or unknown. For TM_OP_COUNT usage.input is the count; for
     * TM_OP_MODEL/MODELS `text` is the service's JSON. The same *answer is handed in again for the reply to a
     * further call: it holds what earlier ones gave (pages of MODELS). A further call counts against no
     * quota; where a GENERATE must be written anew the answer's class is ADAPTED instead. */
    tm_step (*next)(const tm_operation *operation, const tm_reply *reply, tm_call *call, tm_answer *answer);
} tm_provider;

extern const tm_provider tm_provider_gemini, tm_provider_openai;
/* "gemini", "openai"; NULL: unknown. */
const tm_provider *tm_provider_named(const char *name);
/* For providers: class and message of a reply that has no HTTP status. What never left is of class network.
 */
void tm_provider_read_wire(const tm_account *account, const tm_reply *reply, tm_answer *answer);
/* For providers (reply_words.c): a server's words cut, scrubbed, on one line. (transfer full) */
char *tm_provider_tidy(const char *text, size_t length, const char *key);
/* The title of a front end's HTML page. (transfer full); NULL: none. */
char *tm_provider_page_title(const tm_reply *reply, const char *key);
/* The host that a redirect points to: all of it that may be shown. (transfer full) */
char *tm_provider_redirect_target(const tm_reply *reply);
/* The body of a GENERATE call as JSON, for preview's "request". Of a local file the path stands where its
 * bytes would be: nothing is read. (transfer full) */
json_t *tm_provider_request(const tm_provider *provider, const tm_operation *operation, GError **error);
