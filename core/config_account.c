/* config_account.c - one account of the config. */
#include "core/config_account.h"

#include "core/catalog.h"
#include "core/guess.h"
#include "core/json.h"
#include "core/price.h"
#include <string.h>

static const char *const account_members[] = {"provider",   "base_url", "key",     "tier",   "project",
                                              "limits",     "models",   "windows", "guard",  "day",
                                              "plain_http", "cost",     "budget",  "prices", NULL};

tm_account *tm_account_from_preset(const char *name, const char *preset)
{
    const tm_preset *known = tm_catalog_preset(preset);
    if (!known)
        return NULL;
    tm_account *account = tm_account_new(name, known->provider);
    account->preset = account->service = known;
    account->key_variable = g_strdup(known->key_variable);
    account->windows.day = known->day;
    if (known->base_url)
        tm_account_set_base_url(account, known->base_url, NULL);
    return account;
}

/* Is it the name of a variable, $NAME or ${NAME}? (transfer full) */
static char *variable_of(const char *text)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_";
    bool braced = g_str_has_prefix(text, "${");
    const char *name = text + (braced ? 2 : 1);
    size_t length = text[0] == '$' ? strspn(name, letters) : 0;
    if (length == 0 || g_ascii_isdigit(name[0]) || strcmp(name + length, braced ? "}" : "") != 0)
        return NULL;
    return g_strndup(name, length);
}

/* A key that is written out is refused, and its text shown nowhere. */
static gboolean read_key(tm_config_reader *reader, const json_t *value, tm_account *account)
{
    static const char *const known[] = {"command", NULL};
    tm_config_enter(reader, "key");
    g_clear_pointer(&account->key_variable, g_free);
    if (json_is_string(value))
        account->key_variable = variable_of(json_string_value(value));
    else if (json_is_object(value) && (!tm_config_members(reader, value, known) ||
                                       !tm_config_text(reader, value, "command", &account->key_command)))
        return FALSE;
    if (!account->key_variable && !account->key_command)
        return tm_config_fail(
            reader, "a key is never written here: name the variable that holds it (key: "
                    "$GEMINI_API_KEY) or a command that prints it (key: {command: \"pass show gemini\"})");
    tm_config_leave(reader);
    return TRUE;
}

static gboolean read_tier(tm_config_reader *reader, const json_t *value, tm_account *account)
{
    tm_config_enter(reader, "tier");
    g_autofree char *text = json_is_integer(value) ? g_strdup_printf("%lld", json_integer_value(value))
                                                   : g_strdup(json_string_value(value));
    if (!text || !(strcmp(text, "free") == 0 || (strlen(text) == 1 && strchr("123", text[0]))))
        return tm_config_fail(reader, "a tier is free, 1, 2 or 3");
    account->tier = g_steal_pointer(&text);
    tm_config_leave(reader);
    return TRUE;
}

static gboolean read_day(tm_config_reader *reader, const json_t *object, tm_account *account)
{
    g_autofree char *day = NULL;
    if (!tm_config_text(reader, object, "day", &day))
        return FALSE;
    if (!day)
        return TRUE;
    tm_config_enter(reader, "day");
    if (strcmp(day, "pacific") == 0 || strcmp(day, "America/Los_Angeles") == 0) {
        account->windows.day = TM_DAY_PACIFIC;
    } else if (g_ascii_strcasecmp(day, "utc") == 0) {
        account->windows.day = TM_DAY_UTC;
    } else if (strcmp(day, "rolling") == 0) {
        account->windows.day = TM_DAY_ROLLING;
    } else if (strcmp(day, "none") == 0) {
        account->windows.day = TM_DAY_NONE;
    } else {
        g_autoptr(GTimeZone) zone = g_time_zone_new_identifier(day);
        if (!zone)
            return tm_config_fail(reader,
                                  "\"%s\" is no day: pacific, utc, rolling, none or a zone such as "
                                  "Europe/Berlin",
                                  day);
        account->windows.day = TM_DAY_ZONE;
        account->windows.zone = g_intern_string(day);
    }
    tm_config_leave(reader);
    return TRUE;
}

/* {rpm: 5, tpm: 250000, ...} into tm_limit. What a provider's TPM counts is its own. */
static GArray *read_limit_set(tm_config_reader *reader, const json_t *value, const tm_account *account)
{
    static const char *const known[] = {"rpm", "tpm", "rpd", "tpd", "ipm", NULL};
    tm_unit tokens = tm_account_counts_input(account) ? TM_UNIT_INPUT_TOKENS : TM_UNIT_TOKENS;
    const tm_unit units[] = {TM_UNIT_REQUESTS, tokens, TM_UNIT_REQUESTS, tokens, TM_UNIT_IMAGES};
    static const tm_window windows[] = {TM_WINDOW_MINUTE, TM_WINDOW_MINUTE, TM_WINDOW_DAY, TM_WINDOW_DAY,
                                        TM_WINDOW_MINUTE};
    if (!tm_config_members(reader, value, known))
        return NULL;
    g_autoptr(GArray) limits = g_array_new(FALSE, FALSE, sizeof(tm_limit));
    for (size_t i = 0; known[i]; i++) {
        const json_t *number = json_object_get(value, known[i]);
        if (!number)
            continue;
        tm_config_enter(reader, known[i]);
        if (!json_is_integer(number) || json_integer_value(number) < 0) {
            tm_config_fail(reader, "a whole number is needed here");
            return NULL;
        }
        tm_limit limit = {.unit = units[i],
                          .window = windows[i],
                          .value = json_integer_value(number),
                          .source = TM_SOURCE_CONFIG,
                          .hard = true};
        g_array_append_val(limits, limit);
        tm_config_leave(reader);
    }
    return g_steal_pointer(&limits);
}

static gboolean read_limits(tm_config_reader *reader, const json_t *value, tm_account *account)
{
    tm_config_enter(reader, "limits");
    if (!tm_config_members(reader, value, NULL))
        return FALSE;
    const char *glob;
    json_t *set;
    json_object_foreach((json_t *)(gpointer)value, glob, set) {
        tm_config_enter(reader, glob);
        if (!json_is_object(set))
            return tm_config_fail(reader,
                                  "limits are given for a model or for all: limits: {\"*\": {rpm: 60}}");
        GArray *limits = read_limit_set(reader, set, account);
        if (!limits)
            return FALSE;
        if (strcmp(glob, "*") == 0) {
            account->limits = limits;
        } else {
            if (!account->model_limits)
                account->model_limits =
                    g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_array_unref);
            g_hash_table_replace(account->model_limits, g_strdup(glob), limits);
        }
        tm_config_leave(reader);
    }
    tm_config_leave(reader);
    return TRUE;
}

static gboolean read_models(tm_config_reader *reader, const json_t *value, tm_account *account)
{
    tm_config_enter(reader, "models");
    if (!tm_config_members(reader, value, NULL))
        return FALSE;
    account->models = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    const char *ours;
    json_t *theirs;
    json_object_foreach((json_t *)(gpointer)value, ours, theirs) {
        char *name = NULL;
        if (!tm_config_text(reader, value, ours, &name))
            return FALSE;
        g_hash_table_replace(account->models, g_strdup(ours), name);
    }
    tm_config_leave(reader);
    return TRUE;
}

/* "5 USD/day", "20 USD". */
static gboolean read_budget(tm_config_reader *reader, const json_t *value, tm_account *account)
{
    const char *text = json_is_string(value) ? json_string_value(value) : "";
    int64_t micro_usd;
    bool a_day;
    if (!strstr(text, "USD") || !tm_price_amount(text, &micro_usd, &a_day))
        return tm_config_fail(reader, "a budget is an amount in US dollars: 20 USD, or 5 USD/day");
    *(a_day ? &account->budget_day_micro_usd : &account->budget_micro_usd) = micro_usd;
    return TRUE;
}

/* {MODEL: {in: 0.30, out: 2.50}, ...} in dollars per million tokens, or the service whose list holds here. */
static gboolean read_prices(tm_config_reader *reader, const json_t *value, tm_account *account)
{
    static const char *const known[] = {"in", "cached", "out", "out_image", NULL};
    tm_config_enter(reader, "prices");
    if (json_is_string(value)) {
        account->price_table = g_strdup(json_string_value(value));
        if (!tm_catalog_preset(account->price_table))
            return tm_config_fail(reader,
                                  "\"%s\" is no service whose prices are known: name one, or give the "
                                  "prices themselves",
                                  account->price_table);
        tm_config_leave(reader);
        return TRUE;
    }
    if (!tm_config_members(reader, value, NULL))
        return FALSE;
    account->prices = json_array();
    const char *model, *member;
    json_t *entry, *figure;
    json_object_foreach((json_t *)(gpointer)value, model, entry) {
        tm_config_enter(reader, model);
        if (!tm_config_members(reader, entry, known))
            return FALSE;
        json_object_foreach(entry, member, figure)
            if (!json_is_number(figure) || json_number_value(figure) < 0)
                return tm_config_fail(reader, "%s: a price is a number of US dollars per million tokens",
                                      member);
        if (!json_object_get(entry, "in") || !json_object_get(entry, "out"))
            return tm_config_fail(reader,
                                  "a price needs both: {in: 0.30, out: 2.50}, US dollars per million tokens");
        json_t *row = json_copy(entry);
        json_object_set_new(row, "model", json_string(model));
        json_array_append_new(account->prices, row);
        tm_config_leave(reader);
    }
    tm_config_leave(reader);
    return TRUE;
}

static gboolean read_money(tm_config_reader *reader, const json_t *object, tm_account *account)
{
    const json_t *budget = json_object_get(object, "budget");
    g_autofree char *cost = NULL;
    if (!tm_config_text(reader, object, "cost", &cost))
        return FALSE;
    if (cost && strcmp(cost, "none") != 0) {
        tm_config_enter(reader, "cost");
        return tm_config_fail(reader, "only `cost: none` can be said; prices are given by `prices:`");
    }
    account->cost_none = cost != NULL;
    const json_t *prices = json_object_get(object, "prices");
    if (prices && !read_prices(reader, prices, account))
        return FALSE;
    if (!budget)
        return TRUE;
    tm_config_enter(reader, "budget");
    if (json_is_array(budget)) {
        for (size_t i = 0; i < json_array_size(budget); i++)
            if (!read_budget(reader, json_array_get(budget, i), account))
                return FALSE;
    } else if (!read_budget(reader, budget, account)) {
        return FALSE;
    }
    tm_config_leave(reader);
    return TRUE;
}

/* The provider named, or an error with a guess. */
static tm_account *account_of(tm_config_reader *reader, const char *name, const json_t *value)
{
    g_autofree char *preset = NULL;
    if (!tm_config_text(reader, value, "provider", &preset))
        return NULL;
    if (!preset) {
        tm_config_fail(reader, "say which service it is: provider: gemini");
        return NULL;
    }
    tm_account *account = tm_account_from_preset(name, preset);
    if (account)
        return account;
    const char *guess = tm_guess(preset, tm_catalog_presets(), (size_t)-1);
    g_autofree char *list = g_strjoinv(", ", (char **)(gpointer)tm_catalog_presets());
    tm_config_enter(reader, "provider");
    if (guess)
        tm_config_fail(reader, "unknown provider \"%s\" (did you mean %s?)", preset, guess);
    else
        tm_config_fail(reader,
                       "unknown provider \"%s\"; there are: %s. Any service that speaks OpenAI's format: "
                       "provider: openai with its base_url",
                       preset, list);
    return NULL;
}

static gboolean read_base_url(tm_config_reader *reader, const json_t *value, tm_account *account)
{
    g_autofree char *url = NULL;
    if (!tm_config_text(reader, value, "base_url", &url))
        return FALSE;
    if (!url && account->base_url)
        return TRUE;
    if (!url)
        return tm_config_fail(reader,
                              "this service has an address for each customer: name yours by base_url");
    g_autoptr(GError) problem = NULL;
    if (tm_account_set_base_url(account, url, &problem))
        return TRUE;
    tm_config_enter(reader, "base_url");
    return tm_config_fail(reader, "%s", problem->message);
}

tm_account *tm_config_account_read(tm_config_reader *reader, const char *name, const json_t *value,
                                   const tm_windows *windows)
{
    if (!tm_config_members(reader, value, account_members))
        return NULL;
    g_autoptr(tm_account) account = account_of(reader, name, value);
    if (!account)
        return NULL;
    account->windows.minute_ms = windows->minute_ms;
    account->windows.day_ms = windows->day_ms;
    const json_t *key = json_object_get(value, "key"), *tier = json_object_get(value, "tier");
    const json_t *limits = json_object_get(value, "limits"), *models = json_object_get(value, "models");
    /* A key of the preset's own variable goes to the preset's own host only. */
    if (!key && json_object_get(value, "base_url"))
        g_clear_pointer(&account->key_variable, g_free);
    if (!tm_config_flag(reader, value, "plain_http", &account->plain_http) ||
        !read_base_url(reader, value, account) || (key && !read_key(reader, key, account)) ||
        (tier && !read_tier(reader, tier, account)) ||
        !tm_config_text(reader, value, "project", &account->project) || !read_day(reader, value, account) ||
        !tm_config_windows(reader, value, &account->windows) ||
        !tm_config_duration(reader, value, "guard", &account->guard_ms) ||
        (limits && !read_limits(reader, limits, account)) ||
        (models && !read_models(reader, models, account)) || !read_money(reader, value, account))
        return NULL;
    tm_account_weigh(account);
    return g_steal_pointer(&account);
}
