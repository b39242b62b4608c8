/* twin_account.h - whom a key belongs to: models, limits, credit, and what each model has used of them. */
#pragma once
#include "core/account.h"
#include "jobs/twin/twin.h"
#include "jobs/twin/twin_preset.h"
#include "jobs/twin/twin_window.h"

typedef struct {
    char *name;
    const tm_twin_preset *preset; /* of its OpenAI wire */
    bool gemini;                  /* speaks Gemini's wire, too */
    GHashTable *keys;             /* NULL: any but invalid-key */
    char **models;
    GHashTable *model_set;
    int64_t rpm, tpm, rpd; /* as in tm_twin_options */
    tm_windows windows;
    const char *tier; /* interned */
    bool counts_credit;
    int64_t credit;     /* left, in micro-dollars; it may end below 0 */
    tm_account *priced; /* at the service itself, whose price list holds; NULL: it is not in the catalogue */
    GArray *faults;
    GHashTable *uses; /* model -> tm_twin_use */
    int64_t n_generate;
} tm_twin_account;

/* Copies. NULL only if one of `fails` is none, or the provider is unknown. (transfer full) */
tm_twin_account *tm_twin_account_new(const tm_twin_account_options *options);
void tm_twin_account_free(tm_twin_account *account);
/* May this key come in? */
bool tm_twin_account_takes(const tm_twin_account *account, const char *key);
bool tm_twin_account_has(const tm_twin_account *account, const char *model);
/* What `model` has used. Borrowed. */
tm_twin_use *tm_twin_account_use(tm_twin_account *account, const char *model);
bool tm_twin_account_is_broke(const tm_twin_account *account);
/* Pays for an answer by the catalogue's price of the day, or by that of an unknown model: 1 dollar per
 * million tokens of input and 4 of output, thoughts included. */
void tm_twin_account_pay(tm_twin_account *account, const char *model, int64_t wall_ms, int64_t input,
                         int64_t output);
