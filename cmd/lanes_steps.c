/* lanes_steps.c - which accounts a batch's rows go over: as flags, the prompt and the model's name say. */
#include "cmd/lanes.h"

#include "core/catalog.h"
#include "core/error.h"
#include "core/guess.h"
#include <string.h>

static gboolean fail_no_account(const tm_config *config, const char *name, GError **error)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    for (guint i = 0; i < config->accounts->len; i++)
        g_ptr_array_add(names, ((tm_account *)config->accounts->pdata[i])->name);
    const char *guess = tm_guess(name, (const char *const *)names->pdata, names->len);
    g_ptr_array_add(names, NULL);
    g_autofree char *list = g_strjoinv(", ", (char **)names->pdata);
    return guess
               ? tm_fail(error, TM_ERROR_USAGE, "there is no account \"%s\" (did you mean %s?)", name, guess)
               : tm_fail(error, TM_ERROR_USAGE, "there is no account \"%s\"; there are: %s", name, list);
}

static gboolean fail_no_route(const tm_config *config, const char *name, GError **error)
{
    guint n = 0;
    g_autofree const char **names = (const char **)g_hash_table_get_keys_as_array(config->routes, &n);
    const char *guess = tm_guess(name, names, n);
    return tm_fail(error, TM_ERROR_USAGE, "there is no route \"%s\"%s%s%s", name,
                   guess ? " (did you mean " : "", guess ? guess : "", guess ? "?)" : "");
}

/* Is the account one for models of the prompt's provider ("googleai", "openai", "groq", ...)? */
static bool serves(const tm_account *account, const char *provider)
{
    static const char *const googles[] = {"googleai", "google", "vertexai", "gemini", NULL};
    if (!provider || strcmp(account->name, provider) == 0 ||
        (account->service && strcmp(account->service->name, provider) == 0))
        return true;
    const char *wire = g_strv_contains(googles, provider) ? "gemini" : provider;
    return strcmp(account->provider, wire) == 0;
}

static void add_step(GArray *steps, tm_account *account, char **models)
{
    tm_route_step step = {.account = account, .models = models};
    g_array_append_val(steps, step);
}

static void add_route(GArray *steps, const GPtrArray *route, const char *provider)
{
    for (guint i = 0; i < route->len; i++) {
        const tm_route_step *step = route->pdata[i];
        if (step->models || serves(step->account, provider))
            g_array_append_vals(steps, step, 1);
    }
}

static bool has_key(const tm_account *account)
{
    return account->key || account->key_command ||
           (account->key_variable && g_getenv(account->key_variable) && *g_getenv(account->key_variable));
}

/* Accounts of the environment alone: a name such as gpt-5 is one for the account that speaks OpenAI's format,
 * and any that is not Gemini's is, where there is no key for Gemini. */
static void add_by_name(GArray *steps, const tm_config *config, const char *model)
{
    const char *wire = tm_catalog_wire_of(model);
    for (guint i = 0; i < config->accounts->len && steps->len == 0; i++) {
        tm_account *account = config->accounts->pdata[i];
        bool other = strcmp(account->provider, "gemini") != 0;
        if (wire ? strcmp(account->provider, wire) == 0 && (other || has_key(account))
                 : other && model && !has_key(config->accounts->pdata[0]))
            add_step(steps, account, NULL);
    }
}

/* Without a word from the user: the default route, else the account for such a model, else the first that
 * serves the prompt's provider. */
static gboolean add_default(GArray *steps, const tm_config *config, const char *provider, const char *model,
                            GError **error)
{
    const GPtrArray *route = g_hash_table_lookup(config->routes, "default");
    if (route)
        add_route(steps, route, provider);
    else if (!provider)
        add_by_name(steps, config, model);
    for (guint i = 0; i < config->accounts->len && steps->len == 0; i++)
        if (serves(config->accounts->pdata[i], provider))
            add_step(steps, config->accounts->pdata[i], NULL);
    if (steps->len > 0)
        return TRUE;
    return tm_fail(
        error, TM_ERROR_STATE,
        "the prompt's model is one of \"%s\", and no account is for it: add one to the config, or name "
        "another by --account and --model",
        provider);
}

static gboolean apply_base_url(GArray *steps, const char *url, GError **error)
{
    if (steps->len > 1)
        return tm_fail(error, TM_ERROR_USAGE, "--base-url is for one account: name it by --account");
    tm_route_step *step = &g_array_index(steps, tm_route_step, 0);
    g_autoptr(GError) problem = NULL;
    if (!tm_account_set_base_url(step->account, url, &problem))
        return tm_fail(error, TM_ERROR_USAGE, "--base-url: %s", problem->message);
    return TRUE;
}

/* An account of the config, else a service of the catalogue with its own address and key variable. NULL:
 * neither. */
static tm_account *account_named(tm_config *config, const char *name)
{
    const tm_preset *preset = tm_catalog_preset(name);
    tm_account *account = tm_config_account(config, name);
    if (account || !preset || !preset->base_url)
        return account;
    account = tm_account_from_preset(name, name);
    account->windows.minute_ms = config->windows.minute_ms;
    account->windows.day_ms = config->windows.day_ms;
    g_ptr_array_add(config->accounts, account);
    return account;
}

/* "openai/gpt-5" and "groq/llama": the account or service that stands before the model. NULL: none. Static.
 */
static const char *provider_in(const tm_config *config, const char *model)
{
    const char *slash = strchr(model, '/');
    g_autofree char *name = slash ? g_strndup(model, (size_t)(slash - model)) : NULL;
    if (!name || !(tm_config_account(config, name) || tm_catalog_preset(name)))
        return NULL;
    return g_intern_string(name);
}

/* Does an address speak OpenAI's format for this model? .../v1beta/openai and .../v4 are said of no Gemini,
 * .../v1 may be either: there the model's name decides. */
static bool speaks_openai(const char *url, const char *provider, const char *model)
{
    const char *wire = provider ? NULL : tm_catalog_wire_of(model);
    g_autofree char *path = g_strdup(url);
    for (size_t n = strlen(path); n > 0 && path[n - 1] == '/'; n--)
        path[n - 1] = '\0';
    if (g_str_has_suffix(path, "/openai"))
        return true;
    if (g_str_has_suffix(path, "/v1beta") || g_strcmp0(wire, "gemini") == 0)
        return false;
    return g_strcmp0(wire, "openai") == 0 || (!provider && g_regex_match_simple("/v[0-9]+$", path, 0, 0));
}

/* --base-url without an account: one for what is spoken there. It is made where the config has none. */
static void add_for_url(GArray *steps, tm_config *config, const char *url, const char *provider,
                        const char *model)
{
    if (!speaks_openai(url, provider, model))
        return;
    tm_account *account = tm_config_account(config, "openai");
    if (account && strcmp(account->provider, "openai") != 0)
        return;
    add_step(steps, account ? account : account_named(config, "openai"), NULL);
}

GArray *tm_lanes_steps(tm_context *context, const tm_prompt *prompt, const tm_lane_flags *flags,
                       GError **error)
{
    tm_config *config = tm_context_config(context, error);
    if (!config)
        return NULL;
    g_autoptr(GArray) steps = g_array_new(FALSE, FALSE, sizeof(tm_route_step));
    const char *provider = flags->model ? provider_in(config, flags->model)
                           : prompt     ? prompt->provider
                                        : NULL;
    const char *model = flags->model ? flags->model : prompt ? prompt->model : NULL;
    if (flags->base_url && !flags->account && !flags->route)
        add_for_url(steps, config, flags->base_url, provider, model);
    if (steps->len > 0)
        return apply_base_url(steps, flags->base_url, error) ? g_steal_pointer(&steps) : NULL;
    if (flags->account && flags->route) {
        tm_fail(error, TM_ERROR_USAGE, "--account and --route contradict each other: give one of them");
        return NULL;
    }
    if (flags->account) {
        tm_account *account = account_named(config, flags->account);
        if (!account) {
            fail_no_account(config, flags->account, error);
            return NULL;
        }
        add_step(steps, account, NULL);
    } else if (flags->route) {
        const GPtrArray *route = g_hash_table_lookup(config->routes, flags->route);
        if (!route) {
            fail_no_route(config, flags->route, error);
            return NULL;
        }
        add_route(steps, route, NULL);
    } else if (!add_default(steps, config, provider, model, error)) {
        return NULL;
    }
    if (flags->base_url && !apply_base_url(steps, flags->base_url, error))
        return NULL;
    return g_steal_pointer(&steps);
}
