/* config.c - the user's config merged with the environment. */
#include "core/config.h"

#include "core/config_account.h"
#include "core/error.h"
#include "core/guess.h"
#include "core/json.h"
#include "core/outcome.h"
#include "core/yaml.h"
#include <string.h>

static void step_free(gpointer data)
{
    tm_route_step *step = data;
    g_strfreev(step->models);
    g_free(step);
}

void tm_config_free(tm_config *config)
{
    if (!config)
        return;
    g_free(config->path);
    g_free(config->store);
    g_hash_table_unref(config->routes);
    g_ptr_array_unref(config->accounts);
    g_ptr_array_unref(config->notes);
    g_free(config);
}

tm_account *tm_config_account(const tm_config *config, const char *name)
{
    for (guint i = 0; i < config->accounts->len; i++) {
        tm_account *account = config->accounts->pdata[i];
        if (strcmp(account->name, name) == 0)
            return account;
    }
    return NULL;
}

/* ---- the file ---- */

static bool is_name(const char *name)
{
    return *name &&
           strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") == strlen(name);
}

static gboolean read_accounts(tm_config_reader *reader, const json_t *value, tm_config *config)
{
    tm_config_enter(reader, "accounts");
    if (!tm_config_members(reader, value, NULL))
        return FALSE;
    const char *name;
    json_t *member;
    json_object_foreach((json_t *)(gpointer)value, name, member) {
        tm_config_enter(reader, name);
        if (!is_name(name))
            return tm_config_fail(reader, "an account's name is made of letters, digits, '.', '_' and '-'");
        tm_account *account = tm_config_account_read(reader, name, member, &config->windows);
        if (!account)
            return FALSE;
        g_ptr_array_add(config->accounts, account);
        tm_config_leave(reader);
    }
    tm_config_leave(reader);
    return TRUE;
}

static gboolean step_account(tm_config_reader *reader, const tm_config *config, const char *name,
                             tm_route_step *step)
{
    step->account = tm_config_account(config, name);
    if (step->account)
        return TRUE;
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    for (guint i = 0; i < config->accounts->len; i++)
        g_ptr_array_add(names, ((tm_account *)config->accounts->pdata[i])->name);
    const char *guess = tm_guess(name, (const char *const *)names->pdata, names->len);
    return tm_config_fail(reader, "there is no account \"%s\"%s%s%s", name, guess ? " (did you mean " : "",
                          guess ? guess : "", guess ? "?)" : "");
}

static gboolean step_models(tm_config_reader *reader, const json_t *value, tm_route_step *step)
{
    tm_config_enter(reader, "models");
    if (!json_is_array(value) || json_array_size(value) == 0)
        return tm_config_fail(reader, "a list of models is needed here: [gemini-3.5-flash, ...]");
    step->models = g_new0(char *, json_array_size(value) + 1);
    for (size_t i = 0; i < json_array_size(value); i++) {
        const char *model = json_string_value(json_array_get(value, i));
        tm_config_enter_index(reader, i);
        if (!model || !*model)
            return tm_config_fail(reader, "a model's name is needed here");
        step->models[i] = g_strdup(model);
        tm_config_leave(reader);
    }
    tm_config_leave(reader);
    return TRUE;
}

/* on: {blocked: next, schema: next} */
static gboolean step_on(tm_config_reader *reader, const json_t *value, tm_route_step *step)
{
    static const tm_class allowed[] = {TM_CLASS_BLOCKED, TM_CLASS_SCHEMA, TM_CLASS_TRUNCATED,
                                       TM_CLASS_BAD_REQUEST, TM_CLASS_TOO_LARGE};
    const char *name;
    json_t *what;
    tm_config_enter(reader, "on");
    if (!tm_config_members(reader, value, NULL))
        return FALSE;
    json_object_foreach((json_t *)(gpointer)value, name, what) {
        tm_class class = TM_CLASS_OK;
        bool known = tm_class_parse(name, &class), fits = false;
        for (size_t i = 0; i < G_N_ELEMENTS(allowed); i++)
            fits = fits || allowed[i] == class;
        if (!known || !fits)
            return tm_config_fail(
                reader,
                "\"%s\" passes no row on; these can: blocked, schema, truncated, bad_request, "
                "too_large (a spent or failing account passes rows on by itself)",
                name);
        if (g_strcmp0(json_string_value(what), "next") != 0)
            return tm_config_fail(reader, "what can be done is: on: {%s: next}", name);
        step->on |= 1u << class;
    }
    tm_config_leave(reader);
    return TRUE;
}

/* An account's name, or {account: ..., models: [...], on: {...}}. */
static gboolean read_step(tm_config_reader *reader, const json_t *value, const tm_config *config,
                          tm_route_step *step)
{
    static const char *const known[] = {"account", "models", "on", NULL};
    if (json_is_string(value))
        return step_account(reader, config, json_string_value(value), step);
    g_autofree char *name = NULL;
    if (!tm_config_members(reader, value, known) || !tm_config_text(reader, value, "account", &name))
        return FALSE;
    if (!name)
        return tm_config_fail(reader, "say which account: {account: NAME, models: [...]}");
    if (!step_account(reader, config, name, step))
        return FALSE;
    const json_t *models = json_object_get(value, "models"), *on = json_object_get(value, "on");
    return (!models || step_models(reader, models, step)) && (!on || step_on(reader, on, step));
}

static gboolean read_route(tm_config_reader *reader, const char *name, const json_t *value, tm_config *config)
{
    tm_config_enter(reader, name);
    if (!json_is_array(value) || json_array_size(value) == 0)
        return tm_config_fail(reader, "a route is a list of accounts: [free, paid]");
    GPtrArray *steps = g_ptr_array_new_with_free_func(step_free);
    g_hash_table_replace(config->routes, g_strdup(name), steps);
    for (size_t i = 0; i < json_array_size(value); i++) {
        tm_route_step *step = g_new0(tm_route_step, 1);
        g_ptr_array_add(steps, step);
        tm_config_enter_index(reader, i);
        if (!read_step(reader, json_array_get(value, i), config, step))
            return FALSE;
        tm_config_leave(reader);
    }
    tm_config_leave(reader);
    return TRUE;
}

static gboolean read_routes(tm_config_reader *reader, const json_t *value, tm_config *config)
{
    tm_config_enter(reader, "routes");
    if (!tm_config_members(reader, value, NULL))
        return FALSE;
    const char *name;
    json_t *route;
    json_object_foreach((json_t *)(gpointer)value, name, route) {
        if (!read_route(reader, name, route, config))
            return FALSE;
    }
    tm_config_leave(reader);
    return TRUE;
}

static gboolean read_top(tm_config_reader *reader, const json_t *tree, tm_config *config)
{
    static const char *const known[] = {"accounts", "routes", "store", "windows", NULL};
    if (json_is_null(tree)) /* an empty file */
        return TRUE;
    if (!tm_config_members(reader, tree, known) || !tm_config_windows(reader, tree, &config->windows) ||
        !tm_config_text(reader, tree, "store", &config->store))
        return FALSE;
    const json_t *accounts = json_object_get(tree, "accounts");
    return !accounts || read_accounts(reader, accounts, config);
}

/* ---- the environment ---- */

/* A variable's value, NULL if it is unset or empty. */
static const char *set(tm_getenv lookup, void *data, const char *name)
{
    const char *value = lookup(name, data);
    return value && *value ? value : NULL;
}

static gboolean add_from_environment(tm_config *config, const char *preset, const char *variable,
                                     const char *url, const char *url_variable, GError **error)
{
    tm_account *account = tm_account_from_preset(preset, preset);
    g_ptr_array_add(config->accounts, account);
    g_free(account->key_variable);
    account->key_variable = g_strdup(variable);
    account->windows.minute_ms = config->windows.minute_ms;
    account->windows.day_ms = config->windows.day_ms;
    if (strcmp(preset, "gemini") == 0)
        account->tier = g_strdup("free");
    tm_account_weigh(account);
    if (url && !tm_account_set_base_url(account, url, error)) {
        g_prefix_error(error, "%s: ", url_variable);
        return FALSE;
    }
    return TRUE;
}

static gboolean read_environment(tm_config *config, tm_getenv lookup, void *data, GError **error)
{
    const char *gemini = set(lookup, data, "GEMINI_API_KEY"), *google = set(lookup, data, "GOOGLE_API_KEY");
    const char *variable = !gemini && google ? "GOOGLE_API_KEY" : "GEMINI_API_KEY";
    if (gemini && google && strcmp(gemini, google) != 0)
        g_ptr_array_add(config->notes, g_strdup("GEMINI_API_KEY and GOOGLE_API_KEY are both set and differ: "
                                                "GEMINI_API_KEY is taken"));
    const char *url_variable = "GEMINI_BASE_URL", *url = set(lookup, data, url_variable);
    if (!url)
        url = set(lookup, data, url_variable = "GOOGLE_GEMINI_BASE_URL");
    if (!add_from_environment(config, "gemini", variable, url, url_variable, error))
        return FALSE;
    url = set(lookup, data, "OPENAI_BASE_URL");
    if (!url && !set(lookup, data, "OPENAI_API_KEY"))
        return TRUE;
    return add_from_environment(config, "openai", "OPENAI_API_KEY", url, "OPENAI_BASE_URL", error);
}

/* ---- both ---- */

static gboolean read_file(tm_config *config, tm_getenv lookup, void *data, GError **error)
{
    g_autofree char *text = NULL;
    gsize length = 0;
    g_autoptr(GError) problem = NULL;
    if (!g_file_get_contents(config->path, &text, &length, &problem))
        return tm_fail(error, TM_ERROR_IO, "can't read the config: %s", problem->message);
    g_autoptr(json_t) tree = tm_yaml_parse(text, length, config->path, 1, error);
    if (!tree)
        return FALSE;
    g_autoptr(GPtrArray) trail = g_ptr_array_new_with_free_func(g_free);
    tm_config_reader reader = {
        .file = config->path, .text = text, .length = length, .trail = trail, .error = error};
    if (!read_top(&reader, tree, config) ||
        (config->accounts->len == 0 && !read_environment(config, lookup, data, error)))
        return FALSE;
    const json_t *routes = json_object_get(tree, "routes");
    return !routes || read_routes(&reader, routes, config);
}

tm_config *tm_config_load(const char *path, tm_getenv lookup, void *data, GError **error)
{
    g_autoptr(tm_config) config = g_new0(tm_config, 1);
    config->path = g_strdup(path);
    config->windows = tm_windows_default;
    config->accounts = g_ptr_array_new_with_free_func((GDestroyNotify)tm_account_free);
    config->notes = g_ptr_array_new_with_free_func(g_free);
    config->routes =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_ptr_array_unref);
    if (!(path ? read_file(config, lookup, data, error) : read_environment(config, lookup, data, error)))
        return NULL;
    return g_steal_pointer(&config);
}

/* ---- keys ---- */

static gboolean take_key(tm_account *account, const char *secret, const char *source, GError **error)
{
    g_autofree char *key =
        g_strstrip(g_strdup(secret)); /* a line end from `echo` or a file is no part of it */
    if (!*key)
        return tm_fail(error, TM_ERROR_STATE, "account %s: %s gives an empty key", account->name, source);
    for (const char *c = key; *c; c++)
        if (!g_ascii_isgraph(*c)) /* it becomes a header line */
            return tm_fail(
                error, TM_ERROR_STATE,
                "account %s: the key from %s holds a space, a line end or a character outside of ASCII",
                account->name, source);
    account->key = g_steal_pointer(&key);
    return TRUE;
}

gboolean tm_config_key(const tm_config *config, tm_account *account, tm_getenv lookup, tm_run_command run,
                       void *data, GError **error)
{
    (void)config;
    if (account->key)
        return TRUE;
    if (account->key_command) {
        g_autofree char *line = run(account->key_command, data, error);
        return line && take_key(account, line, "its command", error);
    }
    const char *secret = account->key_variable ? set(lookup, data, account->key_variable) : NULL;
    if (secret)
        return take_key(account, secret, account->key_variable, error);
    if (tm_account_is_loopback(account))
        return TRUE;
    if (!account->key_variable)
        return tm_fail(
            error, TM_ERROR_STATE,
            "no API key for account %s: name the variable that holds it in the config (key: $NAME)",
            account->name);
    return tm_fail(
        error, TM_ERROR_STATE, "no API key: set %s%s, for instance by: export %s=...", account->key_variable,
        strcmp(account->provider, "gemini") == 0 ? " (free: https://aistudio.google.com/apikey)" : "",
        account->key_variable);
}
