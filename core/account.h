/* account.h - who pays and where: accounts of the user's config, and routes over accounts and models. */
#pragma once
#include "core/limit.h"
#include <jansson.h>

typedef struct {
    char *name;
    char *provider;       /* "gemini", "openai": a tm_provider's name */
    char *base_url;       /* without a slash at its end */
    char *host;           /* of base_url, lower case, with the port if it is not the scheme's own */
    char *key;            /* the secret; NULL: none. Only the transport's header and the ledger's tag see it */
    char *key_variable;   /* the variable or command it came from, for messages; NULL */
    char *tier;           /* "free", "1", "2", "3", or NULL */
    char *project;        /* or NULL */
    tm_windows windows;
    int64_t guard_ms;     /* added to sliding windows; default 350 */
    GArray *limits;       /* tm_limit, from config, for every model; NULL: none */
    GHashTable *model_limits; /* model name or glob -> GArray of tm_limit; NULL: none */
    GHashTable *models;   /* our model name -> the service's; NULL: none */
    bool plain_http;      /* may send the key over http to another host than loopback */
    bool costs;           /* false: tier free, loopback host, or cost: none */
    int64_t budget_micro_usd;     /* -1: none named */
    int64_t budget_day_micro_usd; /* -1: none named */
} tm_account;

tm_account *tm_account_new(const char *name, const char *provider);
void tm_account_free(tm_account *account);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(tm_account, tm_account_free)
/* Copies `url` without its trailing slash, and its host; false and *error if it is no http(s) URL, holds a user
 * name or password, or is plain http to another host than loopback without plain_http. */
gboolean tm_account_set_base_url(tm_account *account, const char *url, GError **error);
/* The limits that flag, config and catalogue give for `model`, strongest source first for each (unit, window),
 * one entry each. Soft low defaults stand in where nothing is known (RPM 5, RPD 20 on Gemini's free tier;
 * services other than Gemini: RPM 60, no day). Free with g_array_unref(). `as-of` dates are in seen_ms. */
GArray *tm_account_limits(const tm_account *account, const char *model, const tm_limit *flags, size_t n_flags);
/* The name by which the account's service knows `model`. Borrowed. */
const char *tm_account_model(const tm_account *account, const char *model);

/* One step of a route. */
typedef struct {
    tm_account *account;  /* borrowed from the config */
    char **models;        /* NULL-terminated; NULL: the prompt's own */
} tm_route_step;
