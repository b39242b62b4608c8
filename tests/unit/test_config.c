/* test_config.c - the user's config: what it gives, and what it refuses, where. */
#include "core/config.h"
#include "core/error.h"
#include <glib/gstdio.h>
#include <string.h>

/* An environment of the test's own: "NAME=value" texts. */
static const char *look_up(const char *name, void *data)
{
    for (const char *const *entry = data; entry && *entry; entry++)
        if (g_str_has_prefix(*entry, name) && (*entry)[strlen(name)] == '=')
            return *entry + strlen(name) + 1;
    return NULL;
}

static char *run_echo(const char *command, void *data, GError **error)
{
    (void)data;
    if (g_str_has_prefix(command, "echo "))
        return g_strdup(command + 5);
    tm_fail(error, TM_ERROR_STATE, "the key's command failed");
    return NULL;
}

static char *file; /* in the test's own folder */

static tm_config *load(const char *text, const char *const *environment, GError **error)
{
    g_assert_true(g_file_set_contents(file, text, -1, NULL));
    return tm_config_load(file, look_up, (gpointer)environment, error);
}

static void environment_gives_accounts(void)
{
    static const char *const google[] = {"GOOGLE_API_KEY=g", NULL};
    static const char *const both[] = {"GEMINI_API_KEY=a",
                                       "GOOGLE_API_KEY=b",
                                       "OPENAI_API_KEY=o",
                                       "OPENAI_BASE_URL=https://llm.example.com/v1",
                                       "GEMINI_BASE_URL=http://127.0.0.1:99",
                                       NULL};
    g_autoptr(tm_config) none = tm_config_load(NULL, look_up, NULL, NULL);
    g_assert_nonnull(none);
    g_assert_cmpuint(none->accounts->len, ==, 1);
    tm_account *account = tm_config_account(none, "gemini");
    g_assert_cmpstr(account->tier, ==, "free");
    g_assert_false(account->costs);
    g_autoptr(GError) error = NULL;
    g_assert_false(tm_config_key(none, account, look_up, run_echo, NULL, &error));
    g_assert_nonnull(strstr(error->message, "set GEMINI_API_KEY"));
    g_assert_nonnull(strstr(error->message, "aistudio.google.com/apikey"));

    g_autoptr(tm_config) one = tm_config_load(NULL, look_up, (gpointer)google, NULL);
    account = tm_config_account(one, "gemini");
    g_assert_true(tm_config_key(one, account, look_up, run_echo, (gpointer)google, NULL));
    g_assert_cmpstr(account->key, ==, "g");
    g_assert_cmpuint(one->notes->len, ==, 0);

    g_autoptr(tm_config) two = tm_config_load(NULL, look_up, (gpointer)both, NULL);
    account = tm_config_account(two, "gemini");
    g_assert_true(tm_config_key(two, account, look_up, run_echo, (gpointer)both, NULL));
    g_assert_cmpstr(account->key, ==, "a");
    g_assert_cmpstr(account->base_url, ==, "http://127.0.0.1:99/v1beta");
    g_assert_cmpuint(two->notes->len, ==, 1);
    account = tm_config_account(two, "openai");
    g_assert_cmpstr(account->base_url, ==, "https://llm.example.com/v1");
    g_assert_true(account->costs);
}

static void file_gives_accounts(void)
{
    static const char *const keys[] = {"MY_KEY= k1 \n", "GEMINI_API_KEY=other", NULL};
    g_autoptr(GError) error = NULL;
    g_autoptr(tm_config) config =
        load("store: sqlite:/x/y.db\n"
             "windows: {minute: 2s, day: 20s}\n"
             "accounts:\n"
             "  free: {provider: gemini, key: $MY_KEY, tier: free, project: p1, guard: 1s}\n"
             "  paid: {provider: gemini, key: {command: \"echo k2\"}, tier: 1, budget: 5 USD/day, windows: "
             "{minute: 1m, day: 30m}}\n"
             "  proxy: {provider: openai, base_url: https://api.example.com/v1/, key: '${MY_KEY}',\n"
             "          limits: {'*': {rpm: 60, tpm: 9}, 'a-*': {rpd: 7}}, models: {m: vendor/m}, budget: "
             "[20 USD, 1.5 USD/day]}\n"
             "  local: {provider: llama.cpp}\n"
             "  or: {provider: openrouter, cost: none, day: Europe/Berlin}\n"
             "routes:\n"
             "  default: [free]\n"
             "  night: [{account: free, models: [m1, m2]}, paid]\n",
             keys, &error);
    g_assert_no_error(error);
    if (!config)
        return;
    g_assert_cmpuint(config->accounts->len, ==, 5); /* none from the environment beside them */
    g_assert_cmpstr(config->store, ==, "sqlite:/x/y.db");

    tm_account *a = tm_config_account(config, "free");
    g_assert_true(tm_config_key(config, a, look_up, run_echo, (gpointer)keys, &error));
    g_assert_cmpstr(a->key, ==, "k1"); /* blanks and line end cut */
    g_assert_cmpstr(a->project, ==, "p1");
    g_assert_cmpint(a->guard_ms, ==, 1000);
    g_assert_cmpint(a->windows.minute_ms, ==, 2000);
    g_assert_cmpint(a->windows.day_ms, ==, 20000);
    g_assert_cmpint(a->windows.day, ==, TM_DAY_PACIFIC);
    g_assert_false(a->costs);

    a = tm_config_account(config, "paid");
    g_assert_true(tm_config_key(config, a, look_up, run_echo, (gpointer)keys, &error));
    g_assert_cmpstr(a->key, ==, "k2");
    g_assert_cmpstr(a->tier, ==, "1");
    g_assert_cmpint(a->budget_day_micro_usd, ==, 5000000);
    g_assert_cmpint(a->budget_micro_usd, ==, -1);
    g_assert_cmpint(a->windows.minute_ms, ==, 60000);
    g_assert_true(a->costs);

    a = tm_config_account(config, "proxy");
    g_assert_cmpstr(a->base_url, ==, "https://api.example.com/v1");
    g_assert_cmpstr(a->key_variable, ==, "MY_KEY");
    g_assert_cmpint(a->budget_micro_usd, ==, 20000000);
    g_assert_cmpint(a->budget_day_micro_usd, ==, 1500000);
    g_assert_cmpuint(a->limits->len, ==, 2);
    g_assert_cmpint(g_array_index(a->limits, tm_limit, 1).unit, ==,
                    TM_UNIT_TOKENS); /* in and out, as OpenAI counts */
    g_assert_true(g_array_index(a->limits, tm_limit, 0).hard);
    g_assert_nonnull(g_hash_table_lookup(a->model_limits, "a-*"));
    g_assert_cmpstr(tm_account_model(a, "m"), ==, "vendor/m");

    a = tm_config_account(config, "local");
    g_assert_true(tm_config_key(config, a, look_up, run_echo, (gpointer)keys, &error)); /* needs none */
    g_assert_null(a->key);
    g_assert_false(a->costs);
    a = tm_config_account(config, "or");
    g_assert_cmpint(a->windows.day, ==, TM_DAY_ZONE);
    g_assert_cmpstr(a->windows.zone, ==, "Europe/Berlin");
    g_assert_cmpstr(a->key_variable, ==, "OPENROUTER_API_KEY");

    const GPtrArray *night = g_hash_table_lookup(config->routes, "night");
    g_assert_cmpuint(night->len, ==, 2);
    g_assert_cmpstr(((tm_route_step *)night->pdata[0])->models[1], ==, "m2");
    g_assert_null(((tm_route_step *)night->pdata[1])->models);
    g_assert_no_error(error);
}

static void windows_alone(void)
{
    static const char *const keys[] = {"GEMINI_API_KEY=k", NULL};
    g_autoptr(tm_config) config = load("windows: {minute: 2s, day: 24h}\n", keys, NULL);
    g_assert_nonnull(config);
    tm_account *account = tm_config_account(config, "gemini");
    g_assert_nonnull(account);
    g_assert_cmpint(account->windows.minute_ms, ==, 2000);
    g_assert_cmpint(account->windows.day_ms, ==, 0); /* 24 h: the calendar's days */
    g_autoptr(tm_config) empty = load("# nothing\n", keys, NULL);
    g_assert_nonnull(empty);
}

/* The preset's variable is meant for the preset's host: another host gets no key by itself. */
static void key_stays_home(void)
{
    static const char *const keys[] = {"GEMINI_API_KEY=secret", NULL};
    g_autoptr(GError) error = NULL;
    g_autoptr(tm_config) config =
        load("accounts: {a: {provider: gemini, base_url: https://elsewhere.example.com}}\n", keys, &error);
    g_assert_no_error(error);
    tm_account *account = tm_config_account(config, "a");
    g_assert_false(tm_config_key(config, account, look_up, run_echo, (gpointer)keys, &error));
    g_assert_null(account->key);
}

static void key_that_is_no_header(void)
{
    static const char *const keys[] = {"GEMINI_API_KEY=se\r\nX-Evil: cret", NULL};
    g_autoptr(GError) error = NULL;
    g_autoptr(tm_config) config = tm_config_load(NULL, look_up, (gpointer)keys, NULL);
    g_assert_false(tm_config_key(config, tm_config_account(config, "gemini"), look_up, run_echo,
                                 (gpointer)keys, &error));
    g_assert_null(strstr(error->message, "cret"));
}

/* Each is refused, with the line and these words. */
static const struct {
    const char *text, *where, *words;
} refused[] = {
    {"acounts: {}\n", ":1: ", "did you mean accounts?"},
    {"accounts:\n  a:\n    provider: gemini\n    teir: free\n",
     ":4: accounts.a.teir: ", "did you mean tier?"},
    {"accounts:\n  a: {provider: gemini,\n      teir: free}\n", ":3: ", "did you mean tier?"},
    {"accounts:\n  a: {provider: gemeni}\n", ":2: ", "did you mean gemini?"},
    {"accounts:\n  a: {tier: free}\n", ":2: ", "provider: gemini"},
    {"accounts:\n  a: {provider: gemini, tier: 4}\n", ":2: ", "free, 1, 2 or 3"},
    {"accounts:\n  a: {provider: gemini,\n     key: SECRET123}\n", ":3: accounts.a.key: ", "$GEMINI_API_KEY"},
    {"accounts:\n  a: {provider: gemini, key: $SECRET123 x}\n", ":2: ", "never written here"},
    {"accounts:\n  a: {provider: gemini, key: 12345}\n", ":2: ", "never written here"},
    {"accounts:\n  a: {provider: gemini, key: {comand: x}}\n", ":2: ", "did you mean command?"},
    {"accounts:\n  a: {provider: gemini, key: {}}\n", ":2: ", "never written here"},
    {"accounts: [a]\n", ":1: ", "mapping"},
    {"accounts: {'a b': {provider: gemini}}\n", ":1: ", "letters"},
    {"accounts: {a: gemini}\n", ":1: ", "mapping"},
    {"accounts: {a: {provider: openai, base_url: 'http://10.0.0.1/v1'}}\n", ":1: ", "plain_http: true"},
    {"accounts: {a: {provider: openai, base_url: 'https://u:SECRET123@h/v1'}}\n",
     ":1: ", "user name or password"},
    {"accounts: {a: {provider: openai, plain_http: 'yes'}}\n", ":1: ", "true or false"},
    {"accounts: {a: {provider: gemini, limits: {rpm: 5}}}\n", ":1: ", "{\"*\": {rpm: 60}}"},
    {"accounts: {a: {provider: gemini, limits: {'*': {rpn: 5}}}}\n", ":1: ", "did you mean rpm?"},
    {"accounts: {a: {provider: gemini, limits: {'*': {rpm: 5.5}}}}\n", ":1: ", "whole number"},
    {"accounts: {a: {provider: gemini, limits: {'*': {rpm: -1}}}}\n", ":1: ", "whole number"},
    {"accounts: {a: {provider: gemini, models: [x]}}\n", ":1: ", "mapping"},
    {"accounts: {a: {provider: gemini, budget: 5}}\n", ":1: ", "20 USD"},
    {"accounts: {a: {provider: gemini, budget: 5 EUR}}\n", ":1: ", "20 USD"},
    {"accounts: {a: {provider: gemini, budget: USD}}\n", ":1: ", "20 USD"},
    {"accounts: {a: {provider: gemini, cost: 5}}\n", ":1: ", "text"},
    {"accounts: {a: {provider: gemini, cost: some}}\n", ":1: ", "cost: none"},
    {"accounts: {a: {provider: gemini, day: Mars/Base}}\n", ":1: ", "Europe/Berlin"},
    {"accounts: {a: {provider: gemini, guard: 5}}\n", ":1: ", "unit"},
    {"windows: {minute: 2}\n", ":1: ", "unit"},
    {"windows: {minute: 2s, day: 1s}\n", ":1: ", "shorter"},
    {"windows: {minute: 1ms}\n", ":1: ", "100ms"},
    {"windows: {hour: 1h}\n", ":1: ", "minute, day"},
    {"accounts: {a: {provider: gemini}}\nroutes:\n  default: [b]\n", ":3: ", "no account \"b\""},
    {"accounts: {free: {provider: gemini}}\nroutes:\n  default:\n    - fre\n", ":4: ", "did you mean free?"},
    {"accounts: {a: {provider: gemini}}\nroutes: {default: a}\n", ":2: ", "list of accounts"},
    {"accounts: {a: {provider: gemini}}\nroutes: {r: [{models: [x]}]}\n", ":2: ", "which account"},
    {"accounts: {a: {provider: gemini}}\nroutes: {r: [{account: a, models: []}]}\n",
     ":2: ", "list of models"},
    {"store: 5\n", ":1: ", "text"},
    {"[]\n", ":1: ", "mapping"},
    {"a: {\n", ":", ""},
};

static void refuses(gconstpointer data)
{
    size_t i = GPOINTER_TO_SIZE(data);
    g_autoptr(GError) error = NULL;
    g_autoptr(tm_config) config = load(refused[i].text, NULL, &error);
    g_assert_null(config);
    g_assert_nonnull(error);
    if (!error)
        return;
    g_test_message("%s", error->message);
    g_assert_true(g_str_has_prefix(error->message, file));
    g_assert_nonnull(strstr(error->message, refused[i].where));
    g_assert_nonnull(strstr(error->message, refused[i].words));
    g_assert_null(strstr(error->message, "SECRET123"));
}

static void missing_file(void)
{
    g_autoptr(GError) error = NULL;
    g_assert_null(tm_config_load("/nowhere/config.yaml", look_up, NULL, &error));
    g_assert_error(error, TM_ERROR, TM_ERROR_IO);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_set_nonfatal_assertions();
    g_autofree char *folder = g_dir_make_tmp("tidemill-config-XXXXXX", NULL);
    file = g_build_filename(folder, "config.yaml", NULL);
    g_test_add_func("/config/without a file the environment gives the accounts", environment_gives_accounts);
    g_test_add_func("/config/a file gives accounts, routes, limits, windows and budgets",
                    file_gives_accounts);
    g_test_add_func("/config/windows alone change the environment's accounts", windows_alone);
    g_test_add_func("/config/a preset's key variable is not sent to another host", key_stays_home);
    g_test_add_func("/config/a key that would break a header is refused and not shown",
                    key_that_is_no_header);
    g_test_add_func("/config/a config that was named must be there", missing_file);
    for (size_t i = 0; i < G_N_ELEMENTS(refused); i++) {
        g_autofree char *name =
            g_strdup_printf("/config/is refused with its line %zu (%s)", i, refused[i].words);
        g_strdelimit(name + strlen("/config/"), "/", '|');
        g_test_add_data_func(name, GSIZE_TO_POINTER(i), refuses);
    }
    int status = g_test_run();
    g_unlink(file);
    g_rmdir(folder);
    g_free(file);
    return status;
}
