/* catalog.h - what is known of services, models, limits and prices, as data with as-of dates:
 * core/catalog.yaml, compiled in. */
#pragma once
#include "core/limit.h"
#include <jansson.h>

/* A service that can be named as `provider:`. */
typedef struct {
    const char *name;          /* "gemini", "openai", "openrouter", ... */
    const char *provider;      /* the wire format: "gemini" or "openai" */
    const char *base_url;
    const char *key_variable;
    tm_day_kind day;
} tm_preset;

/* NULL: unknown. Borrowed, lives as long as the program. */
const tm_preset *tm_catalog_preset(const char *name);
/* Appends soft limits known for (provider, tier, model) to `limits` (tm_limit), newest entry that fits. */
void tm_catalog_limits(const char *provider, const char *tier, const char *model, GArray *limits);
/* The models of a provider that are known, NULL-terminated. Borrowed. */
const char *const *tm_catalog_models(const char *provider);
/* Does the model think before it answers (so that a small output cap may leave no text)? */
gboolean tm_catalog_model_thinks(const char *model);
/* Price per million tokens in micro-dollars; false: unknown. */
gboolean tm_catalog_price(const char *provider, const char *model, int64_t *input, int64_t *output);
