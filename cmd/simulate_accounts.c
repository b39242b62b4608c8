/* simulate_accounts.c - reads the accounts of `simulate --accounts FILE`. */
#include "cmd/simulate_accounts.h"

#include <string.h>

#include "core/config_reader.h"
#include "core/error.h"
#include "core/guess.h"
#include "core/json.h"
#include "core/price.h"
#include "core/yaml.h"

static const char *const members[] = {"name", "provider", "key", "tier",     "models", "rpm",  "tpm",
                                      "rpd",  "minute",   "day", "day_kind", "credit", "fail", NULL};

gboolean tm_simulate_day_kind(const char *text, tm_day_kind *kind)
{
    static const struct {
        const char *name;
        tm_day_kind kind;
    } kinds[] = {
        {"pacific", TM_DAY_PACIFIC}, {"utc", TM_DAY_UTC}, {"rolling", TM_DAY_ROLLING}, {"none", TM_DAY_NONE}};
    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++)
        if (strcmp(kinds[i].name, text) == 0) {
            *kind = kinds[i].kind;
            return TRUE;
        }
    return FALSE;
}

gboolean tm_simulate_day(const char *text, tm_windows *windows)
{
    if (tm_simulate_day_kind(text, &windows->day))
        return TRUE;
    windows->day_ms = tm_duration_parse(text);
    return windows->day_ms > 0;
}

static void account_clear(gpointer data)
{
    tm_twin_account_options *account = data;
    g_free((gpointer)account->name);
    g_free((gpointer)account->provider);
    g_free((gpointer)account->tier);
    g_strfreev(account->keys);
    g_strfreev(account->models);
    g_strfreev(account->fails);
}

/* A text or a number as text; NULL: neither. (transfer full) */
static char *word_of(const json_t *value)
{
    return json_is_string(value)   ? g_strdup(json_string_value(value))
           : json_is_number(value) ? tm_json_text(value)
                                   : NULL;
}

static gboolean read_word(tm_config_reader *reader, const json_t *object, const char *name, char **out)
{
    const json_t *value = json_object_get(object, name);
    if (!value || json_is_null(value))
        return TRUE;
    *out = word_of(value);
    tm_config_enter(reader, name);
    gboolean good = *out || tm_config_fail(reader, "say one word or number");
    if (good)
        tm_config_leave(reader);
    return good;
}

/* One text, several split by commas, or a list of them. Absent: *out stays. */
static gboolean read_words(tm_config_reader *reader, const json_t *object, const char *name, char ***out)
{
    const json_t *value = json_object_get(object, name);
    size_t i;
    json_t *one;
    if (!value || json_is_null(value))
        return TRUE;
    tm_config_enter(reader, name);
    g_autoptr(GStrvBuilder) words = g_strv_builder_new();
    gboolean good = json_is_string(value) || (json_is_array(value) && json_array_size(value) > 0);
    if (json_is_string(value)) {
        g_auto(GStrv) split = g_strsplit(json_string_value(value), ",", -1);
        for (char **word = split; *word; word++)
            g_strv_builder_add(words, g_strstrip(*word));
    }
    json_array_foreach(value, i, one) {
        g_autofree char *word = word_of(one);
        good = good && word;
        if (word)
            g_strv_builder_add(words, word);
    }
    if (!good)
        return tm_config_fail(reader, "say one name, or a list of names");
    *out = g_strv_builder_end(words);
    tm_config_leave(reader);
    return TRUE;
}

static gboolean read_limit(tm_config_reader *reader, const json_t *object, const char *name, int64_t *out)
{
    const json_t *value = json_object_get(object, name);
    *out = -1;
    if (!value || json_is_null(value))
        return TRUE;
    tm_config_enter(reader, name);
    if (!json_is_integer(value) || json_integer_value(value) < 0)
        return tm_config_fail(reader, "limits count from 0; leave one out for no limit");
    *out = json_integer_value(value);
    tm_config_leave(reader);
    return TRUE;
}

static gboolean read_windows(tm_config_reader *reader, const json_t *object, tm_windows *windows)
{
    g_autofree char *day = NULL, *kind = NULL;
    if (!tm_config_duration(reader, object, "minute", &windows->minute_ms) ||
        !read_word(reader, object, "day", &day) || !read_word(reader, object, "day_kind", &kind))
        return FALSE;
    if (windows->minute_ms <= 0)
        return tm_config_fail(reader, "a minute takes some time; say 2s");
    if (day && !tm_simulate_day(day, windows))
        return tm_config_fail(reader, "day: say a duration (20s), pacific, utc, rolling or none");
    if (kind && !tm_simulate_day_kind(kind, &windows->day))
        return tm_config_fail(reader, "day_kind: say pacific, utc, rolling or none");
    return TRUE;
}

static gboolean read_credit(tm_config_reader *reader, const json_t *object, int64_t *micro_usd)
{
    g_autofree char *text = NULL;
    bool a_day = false;
    *micro_usd = -1;
    if (!read_word(reader, object, "credit", &text))
        return FALSE;
    return !text || (tm_price_amount(text, micro_usd, &a_day) && !a_day) ||
           tm_config_fail(reader, "credit: say an amount in dollars: 5, 0.25, \"5 USD\"");
}

/* {CLASS: RATE} or a list of what --fail takes. */
static gboolean read_fails(tm_config_reader *reader, const json_t *object, char ***fails)
{
    const json_t *value = json_object_get(object, "fail");
    const char *class;
    json_t *rate;
    if (json_is_object(value)) {
        g_autoptr(GStrvBuilder) texts = g_strv_builder_new();
        json_object_foreach((json_t *)value, class, rate) {
            g_autofree char *word = word_of(rate);
            bool mark = word && (*word == '@' || *word == '~');
            g_autofree char *text = g_strconcat(class, mark ? "" : ":", word ? word : "", NULL);
            g_strv_builder_add(texts, text);
        }
        *fails = g_strv_builder_end(texts);
    } else if (json_is_string(value)) { /* one: its commas are its own */
        const char *one[] = {json_string_value(value), NULL};
        *fails = g_strdupv((char **)one);
    } else if (!read_words(reader, object, "fail", fails)) {
        return FALSE;
    }
    tm_config_enter(reader, "fail");
    for (char **fault = *fails; fault && *fault; fault++) {
        g_autoptr(GError) why = NULL;
        if (!tm_twin_fault_check(*fault, &why))
            return tm_config_fail(reader, "%s", why->message);
    }
    tm_config_leave(reader);
    return TRUE;
}

static gboolean read_provider(tm_config_reader *reader, const json_t *object, char **provider)
{
    g_autofree const char **known = tm_twin_presets();
    if (!read_word(reader, object, "provider", provider))
        return FALSE;
    if (!*provider)
        *provider = g_strdup("openai");
    if (g_strv_contains(known, *provider))
        return TRUE;
    const char *guess = tm_guess(*provider, known, g_strv_length((char **)known));
    g_autofree char *all = g_strjoinv(", ", (char **)known);
    return tm_config_fail(reader, "there is no provider \"%s\"%s%s%s; there are %s", *provider,
                          guess ? " (did you mean " : "", guess ? guess : "", guess ? "?)" : "", all);
}

/* Keys may be named by the environment's variable that holds them. */
static gboolean read_keys(tm_config_reader *reader, const json_t *object, char ***keys)
{
    if (!read_words(reader, object, "key", keys))
        return FALSE;
    if (!*keys)
        return tm_config_fail(reader, "an account is known by its key: say key: WORD");
    for (char **key = *keys; *key; key++) {
        const char *value = **key == '$' ? g_getenv(*key + 1) : *key;
        if (!value || !*value)
            return tm_config_fail(reader, "key: the variable %s is not set", *key);
        char *own = g_strdup(value);
        g_free(*key);
        *key = own;
    }
    return TRUE;
}

static gboolean read_account(tm_config_reader *reader, const json_t *value, tm_twin_account_options *out)
{
    static const char *const tiers[] = {"free", "1", "2", "3", NULL};
    char *name = NULL, *provider = NULL, *tier = NULL;
    gboolean good = tm_config_members(reader, value, members) && read_word(reader, value, "name", &name) &&
                    read_provider(reader, value, &provider) && read_word(reader, value, "tier", &tier);
    out->name = name;
    out->provider = provider;
    out->tier = tier;
    if (!good)
        return FALSE;
    if (tier && !g_strv_contains(tiers, tier))
        return tm_config_fail(reader, "tier: say free, 1, 2 or 3");
    out->windows = tm_windows_default;
    out->windows.day = tm_twin_preset_day(provider);
    return read_keys(reader, value, &out->keys) && read_words(reader, value, "models", &out->models) &&
           read_limit(reader, value, "rpm", &out->rpm) && read_limit(reader, value, "tpm", &out->tpm) &&
           read_limit(reader, value, "rpd", &out->rpd) && read_windows(reader, value, &out->windows) &&
           read_credit(reader, value, &out->credit_micro_usd) && read_fails(reader, value, &out->fails);
}

/* Would its requests be taken for another's, whose key is the same? */
static gboolean is_known_apart(tm_config_reader *reader, const GArray *accounts,
                               const tm_twin_account_options *one)
{
    for (guint i = 0; i < accounts->len; i++) {
        const tm_twin_account_options *other = &g_array_index(accounts, tm_twin_account_options, i);
        bool wire = (strcmp(one->provider, "gemini") == 0) == (strcmp(other->provider, "gemini") == 0);
        for (char **key = one->keys; wire && key && *key; key++)
            if (g_strv_contains((const char *const *)other->keys, *key))
                return tm_config_fail(reader, "another account on the same wire has this key: no request "
                                              "would ever be this one's");
    }
    return TRUE;
}

static gboolean read_list(tm_config_reader *reader, const json_t *list, GArray *accounts)
{
    size_t i;
    json_t *value;
    if (json_array_size(list) == 0)
        return tm_config_fail(reader,
                              "say a list of accounts: - {name: free, provider: gemini, key: k, rpm: 5}");
    json_array_foreach(list, i, value) {
        tm_twin_account_options one = {0};
        tm_config_enter_index(reader, i);
        gboolean good = read_account(reader, value, &one) && is_known_apart(reader, accounts, &one);
        g_array_append_val(accounts, one);
        if (!good)
            return FALSE;
        tm_config_leave(reader);
    }
    return TRUE;
}

GArray *tm_simulate_accounts(const char *path, GError **error)
{
    g_autofree char *text = NULL;
    gsize length;
    g_autoptr(GError) why = NULL;
    if (!g_file_get_contents(path, &text, &length, &why)) {
        tm_fail(error, TM_ERROR_INPUT, "--accounts %s", why->message);
        return NULL;
    }
    g_autoptr(json_t) tree = tm_yaml_parse(text, length, path, 1, error);
    if (!tree)
        return NULL;
    g_autoptr(GPtrArray) trail = g_ptr_array_new_with_free_func(g_free);
    tm_config_reader reader = {.file = path, .text = text, .length = length, .trail = trail, .error = error};
    g_autoptr(GArray) accounts = g_array_new(FALSE, TRUE, sizeof(tm_twin_account_options));
    g_array_set_clear_func(accounts, account_clear);
    const json_t *list = tree;
    if (json_is_object(tree)) {
        static const char *const tops[] = {"accounts", NULL};
        if (!tm_config_members(&reader, tree, tops))
            return NULL;
        tm_config_enter(&reader, "accounts");
        list = json_object_get(tree, "accounts");
    }
    return read_list(&reader, list, accounts) ? g_steal_pointer(&accounts) : NULL;
}
