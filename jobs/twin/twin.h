/* twin.h - the strict copy of the APIs behind `tidemill simulate`: judges requests at their arrival by the
 * limits it was given, and answers as a function of the request. Pure: time is handed in, so the same code is
 * the server of the tests' virtual transport. twin_server.h puts it on a loopback port. */
#pragma once
#include "core/limit.h"
#include "core/outcome.h"
#include <glib.h>
#include <jansson.h>

/* An account with windows of its own, found by the key of a request. */
typedef struct {
    const char *name;      /* in the log; NULL: "default" */
    const char *provider;  /* "gemini" or a preset of OpenAI's wire (tm_twin_presets()); NULL: openai */
    char **keys;           /* accepted; NULL: any but "invalid-key" */
    char **models;         /* NULL: the catalogue's */
    int64_t rpm, tpm, rpd; /* as below */
    tm_windows windows;
    const char *tier;         /* as below */
    int64_t credit_micro_usd; /* when it is spent, requests are refused for want of money; -1: no matter */
    char **fails;             /* as below */
} tm_twin_account_options;

typedef struct {
    int64_t rpm, tpm, rpd; /* 0: the model is on no tier (limit: 0); -1: no such limit */
    tm_windows windows;
    const tm_windows *openai_windows; /* of the OpenAI wire; NULL: the same with the preset's own day */
    const char *preset;               /* whose quirks the OpenAI wire has; NULL: openai's */
    const tm_twin_account_options *accounts; /* these alone, with limits, keys, models, tiers and faults of
                                                their own; n 0: one for each wire, as said here */
    size_t n_accounts;
    int64_t latency_ms; /* of an answer */
    int64_t jitter_ms;  /* 0..jitter added, by the seed */
    char **fails;       /* "CLASS:RATE" (0.05) or "CLASS@ROW,ROW" (nth generate request, from 1) or
                           "CLASS~TEXT" (a request whose prompt holds TEXT), NULL-terminated; classes of
                           core/outcome plus quota_bare (429 without details), empty, html, array */
    uint64_t seed;
    char **keys;      /* accepted; NULL: any but "invalid-key" */
    char **models;    /* NULL: the catalogue's */
    const char *tier; /* "free", "1", "2", "3": named by the quotaIds of a 429; NULL: free */
} tm_twin_options;
/* Is `fault` one of the forms above? */
gboolean tm_twin_fault_check(const char *fault, GError **error);
/* Names of presets, NULL-terminated; "gemini" is one of them. (transfer full: g_free) */
const char **tm_twin_presets(void);
/* The day of a preset's limits. It must be one. */
tm_day_kind tm_twin_preset_day(const char *preset);

typedef struct tm_twin tm_twin;
/* Copies. NULL only if one of `fails` is none or a preset is unknown. (transfer full) */
tm_twin *tm_twin_new(const tm_twin_options *options);
void tm_twin_free(tm_twin *twin);
/* From now on: other limits (-1: no such limit), as when Google cuts or raises them. What was counted stays.
 */
void tm_twin_set_limits(tm_twin *twin, int64_t rpm, int64_t tpm, int64_t rpd);
/* From now on: other faults (NULL: none). False, and nothing changes, if one of them is none. */
gboolean tm_twin_set_fails(tm_twin *twin, char **fails);

typedef struct {
    const char *method, *path; /* path with query */
    const char *key;           /* of x-goog-api-key or Authorization: Bearer; NULL: none */
    gboolean bearer;           /* it came as Authorization: the native paths refuse it as the real ones do */
    const char *body;
    size_t length;
} tm_twin_request;

typedef struct {
    int http;
    const char *content_type; /* static */
    GString *body;
    int64_t delay_ms;       /* after arrival */
    int64_t retry_after_ms; /* told by a Retry-After header; 0: none (Gemini has none) */
    GPtrArray *headers;     /* more of them: char*, name and value in turn; NULL: none */
    enum {
        TM_TWIN_ANSWER,
        TM_TWIN_CUT,
        TM_TWIN_HANG
    } fate; /* cut: close without a byte; hang: never answer */
} tm_twin_reply;
void tm_twin_reply_clear(tm_twin_reply *reply);

/* Judges a request that arrived at wall_ms. */
void tm_twin_judge(tm_twin *twin, const tm_twin_request *request, int64_t wall_ms, tm_twin_reply *reply);

/* What was judged, for tests and `--log`: one line of JSON an arrival:
 * {"at_ms", "op", "account", "provider", "model", "http", "class", "tokens", "minute", "day", "text",
 * "hash"}: `account` and `provider` are absent where no key was good; `tokens` count to the minute's;
 * `minute` and `day` are the requests counted in each window with this one; `text` the first 80 characters of
 * the prompt's last user text; `hash` of the body. Called for every arrival. */
typedef void (*tm_twin_log)(const json_t *line, void *data);
void tm_twin_set_log(tm_twin *twin, tm_twin_log log, void *data);

/* The answer that any request with these contents gets, so that a test knows what every row must get:
 * for text: "echo: " + the last user text. For a schema: a value that obeys it, chosen by hash of the
 * contents. */
char *tm_twin_answer_text(const json_t *generate_body);
/* The prompt's tokens: countTokens and promptTokenCount agree. (bytes of text + 3) / 4, media 258 each. */
int64_t tm_twin_tokens(const json_t *generate_body);
