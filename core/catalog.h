/* catalog.h - what is known of services, models, limits and prices, as data with as-of dates:
 * core/catalog.yaml, compiled in. */
#pragma once
#include "core/limit.h"
#include <jansson.h>

/* How a service that speaks OpenAI's format can be held to JSON; the later the less. */
typedef enum { TM_JSON_SCHEMA, TM_JSON_OBJECT, TM_JSON_PROMPT } tm_json_way;

/* What a service's rate-limit headers mean. OPENAI: windows are told by the time until they refill. */
typedef enum {
    TM_HEADERS_NONE,
    TM_HEADERS_OPENAI,
    TM_HEADERS_GROQ,       /* requests a day, tokens a minute */
    TM_HEADERS_MISTRAL,    /* ...-req-minute, ...-tokens-minute */
    TM_HEADERS_OPENROUTER, /* on a refusal only; the reset is an instant in epoch ms */
    TM_HEADERS_CEREBRAS,   /* ...-requests-day, ...-tokens-minute */
    TM_HEADERS_PLAIN,      /* as OPENAI's, of an unknown proxy: a minute's if they refill within one */
} tm_header_style;

/* A service that can be named as `provider:`. */
typedef struct tm_preset {
    const char *name;         /* "gemini", "openai", "openrouter", ... */
    const char *provider;     /* the wire format: "gemini" or "openai" */
    const char *base_url;     /* NULL: each account has its own */
    const char *host;         /* of base_url, as tm_account has it; NULL */
    const char *key_variable; /* NULL: a server on this machine, which needs none */
    tm_day_kind day;
    /* OpenAI's format only: */
    const char *key_header; /* the header that holds the bare key; NULL: Authorization: Bearer */
    tm_json_way json;       /* the most that it takes */
    const char *cap;        /* "max_tokens" or "max_completion_tokens" for models that don't reason */
    tm_header_style headers;
    const char *limits_of;     /* whose limits hold, where not its own: "gemini"; NULL */
    const char *random_seed;   /* its name of `seed`; NULL: that one */
    bool counts_used;          /* its TPM counts what an answer took, not what it might have taken */
    bool lists_models_only;    /* has no page for one model */
    const json_t *lacks;       /* array of fields that it refuses; NULL: not known */
    const json_t *with_schema; /* members that hold it to a schema; NULL */
    const char *note;          /* for `check`; NULL */
} tm_preset;

/* NULL: unknown. Borrowed, lives as long as the program. Not thread-safe, as all of this file. */
const tm_preset *tm_catalog_preset(const char *name);
/* Their names, NULL-terminated. Borrowed. */
const char *const *tm_catalog_presets(void);
/* Appends soft limits known for (provider, tier, model) to `limits` (tm_limit), newest entry that fits. A
 * value that is null there is not known and not appended. */
void tm_catalog_limits(const char *provider, const char *tier, const char *model, GArray *limits);
/* Does `glob` (with * and ?) match the model's name? */
bool tm_model_matches(const char *glob, const char *model);
/* The wire format whose own models have such names: "gemini", "openai"; NULL: a name says nothing. Static. */
const char *tm_catalog_wire_of(const char *model);
/* The models of a provider that are known, NULL-terminated. Borrowed. */
const char *const *tm_catalog_models(const char *provider);
/* Does the model think before it answers (so that a small output cap may leave no text)? */
gboolean tm_catalog_model_thinks(const char *model);
/* The price list, as core/price.c reads it: array of {provider, model (name or glob), from, until, in,
 * cached, out, out_image, long_over, long {in, cached, out}, as_of}, dollars per million tokens. Borrowed. */
const json_t *tm_catalog_prices(void);
/* Such a list of the user's, which stands above the catalogue's own. Takes `list` over; NULL: none. */
void tm_catalog_give_prices(json_t *list);
const json_t *tm_catalog_prices_given(void);
/* The name of the service whose own host this is; NULL: of none. Static. */
const char *tm_catalog_host(const char *host);
/* Midnight UTC at which "2026-11-24" begins, in ms since the epoch; 0 if it is no date. */
int64_t tm_catalog_date_ms(const char *text);
