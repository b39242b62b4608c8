/* twin_preset.h - how services that speak OpenAI's wire differ from it and from one another, as data. */
#pragma once
#include "core/limit.h"
#include <glib.h>
#include <stdbool.h>

/* How an error is wrapped. */
typedef enum {
    TM_TWIN_NESTED,     /* {"error": {"message", "type", "param", "code"}} */
    TM_TWIN_NUMBERED,   /* the same with a number as the code, and metadata */
    TM_TWIN_FLAT,       /* {"object": "error", "message", "type", "param", "code"} */
    TM_TWIN_CODE_FIRST, /* {"code": "...", "error": "text"} */
    TM_TWIN_STRING,     /* {"error": "text"} */
    TM_TWIN_LISTED,     /* [{"error": {"code", "message", "status", "details"}}], as Gemini's path does */
} tm_twin_shape;

/* An error in a service's words. {model}, {key} (a part of it), {what} ("requests per min (RPM)"), {limit},
 * {used}, {requested} and {wait} are filled in. */
typedef struct {
    const char *class; /* of the log, or: no_key, rate, big (larger than its window), no_plan (a limit of 0),
                          busy (a 429 without numbers) */
    int http;
    const char *type, *code, *words; /* a type "UNIT" is "requests" or "tokens" */
} tm_twin_words;

/* A trio of rate-limit headers; a name NULL: not sent. */
typedef struct {
    tm_unit unit;
    enum { TM_TWIN_OF_MINUTE, TM_TWIN_OF_DAY, TM_TWIN_OF_SCARCER } window;
    const char *limit, *remaining, *reset;
} tm_twin_rate;

typedef enum { TM_TWIN_RESET_GO, TM_TWIN_RESET_SECONDS, TM_TWIN_RESET_EPOCH_MS } tm_twin_reset;

typedef struct {
    const char *name;
    const char *path; /* of its base URL; /v1 works for all */
    tm_day_kind day;  /* NONE: a daily limit refills all the time */
    tm_twin_shape shape;
    const tm_twin_words *words; /* class NULL ends; the rest is OpenAI's; NULL: all */
    const tm_twin_rate *rates;  /* limit NULL ends; NULL: none */
    tm_twin_reset reset;
    bool rates_when_refused; /* the headers come with a 429 alone */
    bool retry_after;        /* a 429 has the header */
    bool refused_counts;     /* to the minute's requests */
    bool strict;             /* unknown fields are refused; what reasoning models don't take, too */
    bool no_schema;          /* json_schema is refused */
    bool no_json_object;     /* json_object is refused */
    bool keyless;            /* takes requests without a key */
    bool keeps_alive;        /* writes blank lines or comments while a request is queued */
} tm_twin_preset;

/* "openai" for NULL; NULL: unknown. Static. */
const tm_twin_preset *tm_twin_preset_named(const char *name);
/* The n-th, or NULL. */
const tm_twin_preset *tm_twin_preset_nth(guint n);
/* What the service says about an error of this class; never NULL. */
const tm_twin_words *tm_twin_preset_words(const tm_twin_preset *preset, const char *class);
