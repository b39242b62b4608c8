/* account.h - who pays and where: accounts of the user's config, and routes over accounts and models. */
#pragma once
#include "core/limit.h"
#include <jansson.h>

typedef struct {
    char *name;
    char *provider;                  /* "gemini", "openai": a tm_provider's name */
    const struct tm_preset *preset;  /* of the catalogue, that it was made from; NULL: none */
    const struct tm_preset *service; /* whose ways are known: the preset's, or that of the host; NULL: none */
    char *base_url;                  /* without a slash at its end */
    char *host;         /* of base_url, lower case, with the port if it is not the scheme's own */
    char *key;          /* the secret; NULL: none. Only the transport's header and the ledger's tag see it */
    char *key_variable; /* the environment's variable that holds the key; NULL */
    char *key_command;  /* the command that prints it; NULL */
    char *tier;         /* "free", "1", "2", "3", or NULL */
    char *project;      /* or NULL */
    tm_windows windows;
    int64_t guard_ms;         /* added to sliding windows; default 350 */
    GArray *limits;           /* tm_limit, from config, for every model; NULL: none */
    GHashTable *model_limits; /* model name or glob -> GArray of tm_limit; NULL: none */
    GHashTable *models;       /* our model name -> the service's; NULL: none */
    GHashTable *manners;      /* model -> what its provider has found out of it here, in this process */
    bool plain_http;          /* may send the key over http to another host than loopback */
    bool cost_none;           /* the config says `cost: none` */
    bool costs; /* false: cost_none, or no prices of its own and tier free or loopback; tm_account_weigh() */
    json_t *prices;               /* the config's own: entries as in the catalogue; NULL: none */
    char *price_table;            /* the service whose prices hold here, by the config; NULL: by the host */
    int64_t budget_micro_usd;     /* in all; -1: none named */
    int64_t budget_day_micro_usd; /* -1: none named */
} tm_account;

tm_account *tm_account_new(const char *name, const char *provider);
void tm_account_free(tm_account *account);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(tm_account, tm_account_free)
/* Copies `url` without its trailing slash (Gemini's path gets /v1beta unless it ends in a version), and its
 * host; false and *error if it is no http(s) URL, holds a user name or password, or is plain http to another
 * host than loopback without plain_http. */
gboolean tm_account_set_base_url(tm_account *account, const char *url, GError **error);
/* Is the host this machine: localhost, 127.0.0.0/8, [::1]? */
bool tm_account_is_loopback(const tm_account *account);
/* Sets `costs` from tier, host and cost_none; tm_account_set_base_url() does it by itself. */
void tm_account_weigh(tm_account *account);
/* Does its TPM count input alone, as Gemini's does on whatever path? Else input and output together. */
bool tm_account_counts_input(const tm_account *account);
/* The limits that flag, config and catalogue give for `model`, strongest source first for each (unit,
 * window), one entry each. Soft low defaults stand in where nothing is known (RPM 5, RPD 20 on Gemini's free
 * tier; elsewhere RPM 60, no day; a server on this machine that is no Gemini: none). Free with
 * g_array_unref(). `as-of` dates are in seen_ms. */
GArray *tm_account_limits(const tm_account *account, const char *model, const tm_limit *flags,
                          size_t n_flags);
/* The name by which the account's service knows `model`. Borrowed. */
const char *tm_account_model(const tm_account *account, const char *model);

/* One step of a route. */
typedef struct {
    tm_account *account; /* borrowed from the config */
    char **models;       /* NULL-terminated; NULL: the prompt's own */
    unsigned on;         /* bits of the classes (tm_class) that pass a row on to the next */
} tm_route_step;
