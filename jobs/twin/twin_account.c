/* twin_account.c - an account of the twin. */
#include "jobs/twin/twin_account.h"

#include <string.h>

#include "core/catalog.h"
#include "core/price.h"
#include "jobs/twin/twin_fault.h"

enum { UNKNOWN_INPUT = 1000000, UNKNOWN_OUTPUT = 4000000 }; /* micro-dollars per million tokens */

static GHashTable *set_of(char **names)
{
    GHashTable *set = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (; names && *names; names++)
        g_hash_table_add(set, g_strdup(*names));
    return set;
}

/* Names of OpenAI's models: its JavaScript library's typings and the price list of 2026-11. */
static const char *const openai_models[] = {
    "gpt-6.2-sol",   "gpt-6.1-terra",    "gpt-6.1-sol", "gpt-6-luna", "gpt-5.6-luna", "gpt-5.4",
    "gpt-5.4-mini",  "gpt-5.4-nano",     "gpt-5-mini",  "gpt-5-nano", "gpt-4.1",      "gpt-4.1-mini",
    "gpt-4.1-nano",  "gpt-4o",           "gpt-4o-mini", "o3",         "o4-mini",      "gpt-image-2",
    "gpt-image-1.5", "gpt-image-1-mini", NULL};

/* Who speaks OpenAI's wire has Gemini's names, too, as a proxy has. */
static char **known_models(bool gemini)
{
    GStrvBuilder *names = g_strv_builder_new();
    const char *const *lists[] = {tm_catalog_models("gemini"), gemini ? NULL : openai_models};
    for (size_t i = 0; i < G_N_ELEMENTS(lists); i++)
        for (const char *const *name = lists[i]; name && *name; name++)
            g_strv_builder_add(names, *name);
    char **all = g_strv_builder_end(names);
    g_strv_builder_unref(names);
    return all;
}

/* An account at the service of this name itself, for its prices. */
static tm_account *account_at(const char *service)
{
    const tm_preset *known = tm_catalog_preset(service);
    if (!known)
        return NULL;
    tm_account *account = tm_account_new(service, known->provider);
    tm_account_set_base_url(account, known->base_url, NULL);
    return account;
}

tm_twin_account *tm_twin_account_new(const tm_twin_account_options *options)
{
    const tm_twin_preset *preset = tm_twin_preset_named(options->provider);
    GArray *faults = preset ? tm_twin_faults_new(options->fails, NULL) : NULL;
    if (!faults)
        return NULL;
    tm_twin_account *account = g_new0(tm_twin_account, 1);
    account->name = g_strdup(options->name ? options->name : "default");
    account->preset = preset;
    account->gemini = preset->shape == TM_TWIN_LISTED;
    account->keys = options->keys ? set_of(options->keys) : NULL;
    account->models = options->models ? g_strdupv(options->models) : known_models(account->gemini);
    account->model_set = set_of(account->models);
    account->rpm = options->rpm;
    account->tpm = options->tpm;
    account->rpd = options->rpd;
    account->windows = options->windows;
    account->tier = g_intern_string(options->tier ? options->tier : "free");
    account->counts_credit = options->credit_micro_usd >= 0;
    account->credit = MAX(options->credit_micro_usd, 0);
    account->priced = account->counts_credit ? account_at(preset->name) : NULL;
    account->faults = faults;
    account->uses = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)tm_twin_use_free);
    return account;
}

void tm_twin_account_free(tm_twin_account *account)
{
    if (!account)
        return;
    g_free(account->name);
    if (account->keys)
        g_hash_table_unref(account->keys);
    g_strfreev(account->models);
    g_hash_table_unref(account->model_set);
    g_array_unref(account->faults);
    g_hash_table_unref(account->uses);
    if (account->priced)
        tm_account_free(account->priced);
    g_free(account);
}

bool tm_twin_account_takes(const tm_twin_account *account, const char *key)
{
    return account->keys ? g_hash_table_contains(account->keys, key) : strcmp(key, "invalid-key") != 0;
}

bool tm_twin_account_has(const tm_twin_account *account, const char *model)
{
    return g_hash_table_contains(account->model_set, model);
}

tm_twin_use *tm_twin_account_use(tm_twin_account *account, const char *model)
{
    tm_twin_use *use = g_hash_table_lookup(account->uses, model);
    if (!use) {
        use = tm_twin_use_new(&account->windows);
        g_hash_table_insert(account->uses, g_strdup(model), use);
    }
    tm_twin_use_set_day(use, account->rpd);
    return use;
}

bool tm_twin_account_is_broke(const tm_twin_account *account)
{
    return account->counts_credit && account->credit <= 0;
}

void tm_twin_account_pay(tm_twin_account *account, const char *model, int64_t wall_ms, int64_t input,
                         int64_t output)
{
    tm_price price = {.input = UNKNOWN_INPUT, .output = UNKNOWN_OUTPUT};
    const tm_usage usage = {.input = input, .output = output};
    if (!account->counts_credit)
        return;
    if (account->priced)
        tm_price_find(account->priced, model, wall_ms, &price);
    account->credit -= tm_price_cost(&price, &usage, strstr(model, "image") != NULL);
}
