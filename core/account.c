/* account.c - who pays and where. */
#include "core/account.h"

#include "core/catalog.h"
#include "core/error.h"
#include <arpa/inet.h>
#include <string.h>

static const int64_t default_guard_ms = 350; /* simulated: 0.000 % refused at 5 a minute on a LAN */

tm_account *tm_account_new(const char *name, const char *provider)
{
    tm_account *account = g_new0(tm_account, 1);
    account->name = g_strdup(name);
    account->provider = g_strdup(provider);
    account->windows = tm_windows_default;
    account->guard_ms = default_guard_ms;
    account->budget_micro_usd = -1;
    account->budget_day_micro_usd = -1;
    account->costs = true;
    account->manners = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    return account;
}

void tm_account_free(tm_account *account)
{
    if (!account)
        return;
    g_free(account->name);
    g_free(account->provider);
    g_free(account->base_url);
    g_free(account->host);
    if (account->key) /* a secret does not stay in freed memory */
        explicit_bzero(account->key, strlen(account->key));
    g_free(account->key);
    g_free(account->key_variable);
    g_free(account->key_command);
    g_free(account->tier);
    g_free(account->project);
    g_clear_pointer(&account->limits, g_array_unref);
    g_clear_pointer(&account->model_limits, g_hash_table_unref);
    g_clear_pointer(&account->models, g_hash_table_unref);
    g_clear_pointer(&account->prices, json_decref);
    g_free(account->price_table);
    g_clear_pointer(&account->manners, g_hash_table_unref);
    g_free(account);
}

/* `host` without port and brackets. */
static bool is_loopback(const char *host)
{
    struct in_addr v4;
    struct in6_addr v6;
    if (inet_pton(AF_INET, host, &v4) == 1)
        return (ntohl(v4.s_addr) >> 24) == 127;
    if (inet_pton(AF_INET6, host, &v6) == 1)
        return memcmp(&v6, &in6addr_loopback, sizeof v6) == 0;
    return g_ascii_strcasecmp(host, "localhost") == 0;
}

bool tm_account_is_loopback(const tm_account *account)
{
    g_autoptr(GUri) uri = account->base_url ? g_uri_parse(account->base_url, G_URI_FLAGS_NONE, NULL) : NULL;
    return uri && is_loopback(g_uri_get_host(uri));
}

void tm_account_weigh(tm_account *account)
{
    bool told = account->prices || account->price_table; /* who names prices pays them */
    bool free = g_strcmp0(account->tier, "free") == 0 || tm_account_is_loopback(account);
    account->costs = !account->cost_none && (told || !free);
}

/* A preset's ways are those of its service wherever it is reached, but for `openai` and `gemini`: many others
 * speak their formats, and are known by their hosts. */
static const tm_preset *service_of(const tm_account *account)
{
    const tm_preset *preset = account->preset;
    if (preset && strcmp(preset->name, preset->provider) != 0)
        return preset;
    for (const char *const *name = tm_catalog_presets(); *name; name++) {
        const tm_preset *known = tm_catalog_preset(*name);
        if (strcmp(known->provider, account->provider) == 0 && g_strcmp0(known->host, account->host) == 0)
            return known;
    }
    return NULL;
}

bool tm_account_counts_input(const tm_account *account)
{
    return strcmp(account->provider, "gemini") == 0 ||
           (account->service && g_strcmp0(account->service->limits_of, "gemini") == 0);
}

/* "example.com", "example.com:8443", "[::1]:80". */
static char *host_of(GUri *uri, bool https)
{
    g_autofree char *lower = g_ascii_strdown(g_uri_get_host(uri), -1);
    const char *open = strchr(lower, ':') ? "[" : "", *close = *open ? "]" : "";
    int port = g_uri_get_port(uri);
    if (port < 0 || port == (https ? 443 : 80))
        return g_strdup_printf("%s%s%s", open, lower, close);
    return g_strdup_printf("%s%s%s:%d", open, lower, close, port);
}

/* Does the path hold a segment such as /v1 or /v1beta? */
static bool has_version(const char *path)
{
    return g_regex_match_simple("/v[0-9]+[a-z0-9]*(/|$)", path, 0, 0);
}

gboolean tm_account_set_base_url(tm_account *account, const char *url, GError **error)
{
    g_autoptr(GUri) uri = g_uri_parse(url, G_URI_FLAGS_HAS_PASSWORD, NULL);
    const char *scheme = uri ? g_uri_get_scheme(uri) : NULL; /* lower case already */
    bool https = g_strcmp0(scheme, "https") == 0;
    if (uri && g_uri_get_userinfo(uri)) /* not shown: it may be a secret */
        return tm_fail(error, TM_ERROR_INPUT,
                       "the URL holds a user name or password; give a key by `key:` instead");
    if (!uri || (!https && g_strcmp0(scheme, "http") != 0) || !g_uri_get_host(uri) || !*g_uri_get_host(uri))
        return tm_fail(error, TM_ERROR_INPUT, "\"%s\" is no http or https URL", url);
    if (g_uri_get_query(uri) || g_uri_get_fragment(uri))
        return tm_fail(error, TM_ERROR_INPUT, "the URL must end with its path, without ?... and #...");
    if (!https && !account->plain_http && !is_loopback(g_uri_get_host(uri)))
        return tm_fail(error, TM_ERROR_INPUT,
                       "over plain http anybody on the way to %s could read the key; use https, or "
                       "say `plain_http: true` in the account",
                       g_uri_get_host(uri));
    g_free(account->base_url);
    g_free(account->host);
    size_t length = strlen(url);
    while (length > 0 && url[length - 1] == '/')
        length--;
    bool bare = strcmp(account->provider, "gemini") == 0 && !has_version(g_uri_get_path(uri));
    account->base_url = g_strdup_printf("%.*s%s", (int)length, url, bare ? "/v1beta" : "");
    account->host = host_of(uri, https);
    account->service = service_of(account);
    tm_account_weigh(account);
    return TRUE;
}

/* Appends what is not there yet of its (unit, window): called from the strongest source to the weakest. */
static void merge(GArray *limits, const tm_limit *more, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        bool known = false;
        for (guint k = 0; k < limits->len && !known; k++) {
            const tm_limit *limit = &g_array_index(limits, tm_limit, k);
            known = limit->unit == more[i].unit && limit->window == more[i].window;
        }
        if (!known)
            g_array_append_val(limits, more[i]);
    }
}

static void merge_array(GArray *limits, const GArray *more)
{
    if (more)
        merge(limits, (const tm_limit *)(gpointer)more->data, more->len);
}

/* The config's limits for this model: its own name first, then globs, the longest first. */
static void merge_model_limits(GArray *limits, const tm_account *account, const char *model)
{
    if (!account->model_limits)
        return;
    merge_array(limits, g_hash_table_lookup(account->model_limits, model));
    g_autoptr(GPtrArray) globs = g_ptr_array_new();
    GHashTableIter iter;
    gpointer key;
    g_hash_table_iter_init(&iter, account->model_limits);
    while (g_hash_table_iter_next(&iter, &key, NULL)) {
        if (!tm_model_matches(key, model))
            continue;
        guint at = 0;
        while (at < globs->len && strlen(globs->pdata[at]) >= strlen(key))
            at++;
        g_ptr_array_insert(globs, (int)at, key);
    }
    for (guint i = 0; i < globs->len; i++)
        merge_array(limits, g_hash_table_lookup(account->model_limits, globs->pdata[i]));
}

/* Where nothing is known: low and soft. */
static void merge_defaults(GArray *limits, const tm_account *account)
{
    static const tm_limit free_tier[] = {
        {.unit = TM_UNIT_REQUESTS, .window = TM_WINDOW_MINUTE, .value = 5, .source = TM_SOURCE_DEFAULT},
        {.unit = TM_UNIT_REQUESTS, .window = TM_WINDOW_DAY, .value = 20, .source = TM_SOURCE_DEFAULT},
    };
    static const tm_limit elsewhere[] = {
        {.unit = TM_UNIT_REQUESTS, .window = TM_WINDOW_MINUTE, .value = 60, .source = TM_SOURCE_DEFAULT},
    };
    bool gemini = tm_account_counts_input(account);
    if (gemini && (!account->tier || strcmp(account->tier, "free") == 0))
        merge(limits, free_tier, G_N_ELEMENTS(free_tier));
    else if (gemini || !tm_account_is_loopback(account))
        merge(limits, elsewhere, G_N_ELEMENTS(elsewhere));
}

/* What the user will spend: the whole account's, whatever the model. */
static void merge_budgets(GArray *limits, const tm_account *account)
{
    const tm_limit budgets[] = {
        {TM_UNIT_MICRO_USD, TM_WINDOW_NONE, account->budget_micro_usd, TM_SOURCE_CONFIG, true, 0},
        {TM_UNIT_MICRO_USD, TM_WINDOW_DAY, account->budget_day_micro_usd, TM_SOURCE_CONFIG, true, 0},
    };
    for (size_t i = 0; account->costs && i < G_N_ELEMENTS(budgets); i++)
        if (budgets[i].value >= 0)
            merge(limits, &budgets[i], 1);
}

GArray *tm_account_limits(const tm_account *account, const char *model, const tm_limit *flags, size_t n_flags)
{
    GArray *limits = g_array_new(FALSE, FALSE, sizeof(tm_limit));
    merge(limits, flags, n_flags);
    merge_model_limits(limits, account, model);
    merge_array(limits, account->limits);
    merge_budgets(limits, account);
    g_autoptr(GArray) known = g_array_new(FALSE, FALSE, sizeof(tm_limit));
    /* A tier that is not told is taken for the lowest. */
    const char *whose =
        account->service && account->service->limits_of ? account->service->limits_of : account->provider;
    tm_catalog_limits(whose, account->tier ? account->tier : "free", model, known);
    merge_array(limits, known);
    merge_defaults(limits, account);
    return limits;
}

const char *tm_account_model(const tm_account *account, const char *model)
{
    const char *service = account->models ? g_hash_table_lookup(account->models, model) : NULL;
    return service ? service : model;
}
