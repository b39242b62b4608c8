/* test_account.c - base URLs, what costs, and which limit is in force. */
#include "core/account.h"
#include "core/error.h"
#include <string.h>

static const struct {
    const char *provider, *url, *base, *host; /* base NULL: refused */
    bool plain_http;
} urls[] = {
    {"openai", "https://api.example.com/v1/", "https://api.example.com/v1", "api.example.com", false},
    {"openai", "https://API.Example.com:443/v1", "https://API.Example.com:443/v1", "api.example.com", false},
    {"openai", "https://api.example.com:8443", "https://api.example.com:8443", "api.example.com:8443", false},
    {"openai", "http://127.0.0.1:8080/v1", "http://127.0.0.1:8080/v1", "127.0.0.1:8080", false},
    {"openai", "http://localhost", "http://localhost", "localhost", false},
    {"openai", "http://[::1]:80/v1", "http://[::1]:80/v1", "[::1]", false},
    {"gemini", "http://127.0.0.1:8080", "http://127.0.0.1:8080/v1beta", "127.0.0.1:8080", false},
    {"gemini", "http://127.0.0.1:8080/", "http://127.0.0.1:8080/v1beta", "127.0.0.1:8080", false},
    {"gemini", "https://proxy.example.com/google", "https://proxy.example.com/google/v1beta",
     "proxy.example.com", false},
    {"gemini", "https://proxy.example.com/v1", "https://proxy.example.com/v1", "proxy.example.com", false},
    {"gemini", "https://proxy.example.com/v1alpha/", "https://proxy.example.com/v1alpha", "proxy.example.com",
     false},
    {"openai", "http://10.0.0.1/v1", NULL, NULL, false},
    {"openai", "http://10.0.0.1/v1", "http://10.0.0.1/v1", "10.0.0.1", true},
    {"openai", "http://127.0.0.1.example.com/v1", NULL, NULL, false},
    {"openai", "http://localhost.example.com/v1", NULL, NULL, false},
    {"openai", "http://127.1/v1", NULL, NULL, false},
    {"openai", "https://user:secret@api.example.com/v1", NULL, NULL, true},
    {"openai", "https://secret@api.example.com/v1", NULL, NULL, true},
    {"openai", "https://api.example.com/v1?key=secret", NULL, NULL, true},
    {"openai", "https://api.example.com/v1#x", NULL, NULL, true},
    {"openai", "ftp://api.example.com/", NULL, NULL, true},
    {"openai", "api.example.com", NULL, NULL, true},
    {"openai", "https://", NULL, NULL, true},
    {"openai", "https:///v1", NULL, NULL, true},
    {"openai", "", NULL, NULL, true},
};

static void base_url(gconstpointer data)
{
    size_t i = GPOINTER_TO_SIZE(data);
    g_autoptr(tm_account) account = tm_account_new("a", urls[i].provider);
    g_autoptr(GError) error = NULL;
    account->plain_http = urls[i].plain_http;
    gboolean taken = tm_account_set_base_url(account, urls[i].url, &error);
    g_assert_cmpint(taken, ==, urls[i].base != NULL);
    g_assert_cmpstr(account->base_url, ==, urls[i].base);
    g_assert_cmpstr(account->host, ==, urls[i].host);
    if (error)
        g_assert_null(strstr(error->message, "secret@"));
}

static void costs(void)
{
    g_autoptr(tm_account) account = tm_account_new("a", "gemini");
    g_assert_true(account->costs); /* nothing said: it may cost */
    tm_account_set_base_url(account, "https://api.example.com", NULL);
    g_assert_true(account->costs);
    account->tier = g_strdup("1");
    tm_account_weigh(account);
    g_assert_true(account->costs);
    tm_account_set_base_url(account, "http://127.0.0.1:1", NULL);
    g_assert_false(account->costs);
    tm_account_set_base_url(account, "https://api.example.com", NULL);
    g_assert_true(account->costs);
    account->cost_none = true;
    tm_account_weigh(account);
    g_assert_false(account->costs);
    account->cost_none = false;
    g_free(account->tier);
    account->tier = g_strdup("free");
    tm_account_weigh(account);
    g_assert_false(account->costs);
}

static const tm_limit *find(const GArray *limits, tm_unit unit, tm_window window)
{
    const tm_limit *found = NULL;
    for (guint i = 0; i < limits->len; i++) {
        const tm_limit *limit = &g_array_index(limits, tm_limit, i);
        if (limit->unit == unit && limit->window == window) {
            g_assert_null(found); /* one entry each */
            found = limit;
        }
    }
    return found;
}

static void check(const GArray *limits, tm_unit unit, tm_window window, int64_t value, tm_limit_source source)
{
    const tm_limit *limit = find(limits, unit, window);
    g_assert_nonnull(limit);
    if (!limit)
        return;
    g_assert_cmpint(limit->value, ==, value);
    g_assert_cmpint(limit->source, ==, source);
    g_assert_cmpint(limit->hard, ==, source <= TM_SOURCE_CONFIG);
}

static GArray *one(int64_t rpm)
{
    tm_limit limit = {.unit = TM_UNIT_REQUESTS,
                      .window = TM_WINDOW_MINUTE,
                      .value = rpm,
                      .source = TM_SOURCE_CONFIG,
                      .hard = true};
    GArray *array = g_array_new(FALSE, FALSE, sizeof limit);
    return g_array_append_val(array, limit);
}

static void order(void)
{
    g_autoptr(tm_account) account = tm_account_new("a", "gemini");
    account->tier = g_strdup("free");
    GArray *limits = tm_account_limits(account, "gemini-2.5-flash", NULL, 0);
    check(limits, TM_UNIT_REQUESTS, TM_WINDOW_MINUTE, 5, TM_SOURCE_CATALOGUE);
    check(limits, TM_UNIT_REQUESTS, TM_WINDOW_DAY, 20, TM_SOURCE_CATALOGUE); /* the newer entry, not 250 */
    check(limits, TM_UNIT_INPUT_TOKENS, TM_WINDOW_MINUTE, 250000, TM_SOURCE_CATALOGUE);
    g_array_unref(limits);

    account->limits = one(8);
    account->model_limits =
        g_hash_table_new_full(g_str_hash, g_str_equal, NULL, (GDestroyNotify)g_array_unref);
    limits = tm_account_limits(account, "gemini-2.5-flash", NULL, 0);
    check(limits, TM_UNIT_REQUESTS, TM_WINDOW_MINUTE, 8, TM_SOURCE_CONFIG);
    check(limits, TM_UNIT_REQUESTS, TM_WINDOW_DAY, 20, TM_SOURCE_CATALOGUE);
    g_array_unref(limits);

    g_hash_table_insert(account->model_limits, (gpointer) "gemini-*", one(7));
    g_hash_table_insert(account->model_limits, (gpointer) "gemini-2.5-*", one(6));
    limits = tm_account_limits(account, "gemini-2.5-flash", NULL, 0);
    check(limits, TM_UNIT_REQUESTS, TM_WINDOW_MINUTE, 6, TM_SOURCE_CONFIG);
    g_array_unref(limits);

    g_hash_table_insert(account->model_limits, (gpointer) "gemini-2.5-flash", one(4));
    limits = tm_account_limits(account, "gemini-2.5-flash", NULL, 0);
    check(limits, TM_UNIT_REQUESTS, TM_WINDOW_MINUTE, 4, TM_SOURCE_CONFIG);
    g_array_unref(limits);

    tm_limit flag = {.unit = TM_UNIT_REQUESTS,
                     .window = TM_WINDOW_MINUTE,
                     .value = 3,
                     .source = TM_SOURCE_FLAG,
                     .hard = true};
    limits = tm_account_limits(account, "gemini-2.5-flash", &flag, 1);
    check(limits, TM_UNIT_REQUESTS, TM_WINDOW_MINUTE, 3, TM_SOURCE_FLAG);
    g_array_unref(limits);
}

static void defaults(void)
{
    g_autoptr(tm_account) free_gemini = tm_account_new("a", "gemini");
    free_gemini->tier = g_strdup("free");
    GArray *limits = tm_account_limits(free_gemini, "gemini-99-flash", NULL, 0);
    check(limits, TM_UNIT_REQUESTS, TM_WINDOW_MINUTE, 5, TM_SOURCE_DEFAULT);
    check(limits, TM_UNIT_REQUESTS, TM_WINDOW_DAY, 20, TM_SOURCE_DEFAULT);
    g_array_unref(limits);

    /* a model whose day alone is known */
    limits = tm_account_limits(free_gemini, "gemini-3.7-flash", NULL, 0);
    check(limits, TM_UNIT_REQUESTS, TM_WINDOW_MINUTE, 5, TM_SOURCE_DEFAULT);
    check(limits, TM_UNIT_REQUESTS, TM_WINDOW_DAY, 20, TM_SOURCE_CATALOGUE);
    g_array_unref(limits);

    g_autoptr(tm_account) other = tm_account_new("b", "openai");
    tm_account_set_base_url(other, "https://api.example.com/v1", NULL);
    limits = tm_account_limits(other, "m", NULL, 0);
    check(limits, TM_UNIT_REQUESTS, TM_WINDOW_MINUTE, 60, TM_SOURCE_DEFAULT);
    g_assert_cmpuint(limits->len, ==, 1);
    g_array_unref(limits);

    tm_account_set_base_url(other, "http://localhost:11434/v1", NULL);
    limits = tm_account_limits(other, "m", NULL, 0);
    g_assert_cmpuint(limits->len, ==, 0); /* a server of one's own has no quota */
    g_array_unref(limits);
}

static void model_names(void)
{
    g_autoptr(tm_account) account = tm_account_new("a", "openai");
    g_assert_cmpstr(tm_account_model(account, "m"), ==, "m");
    account->models = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    g_hash_table_insert(account->models, g_strdup("m"), g_strdup("vendor/m"));
    g_assert_cmpstr(tm_account_model(account, "m"), ==, "vendor/m");
    g_assert_cmpstr(tm_account_model(account, "n"), ==, "n");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_set_nonfatal_assertions();
    for (size_t i = 0; i < G_N_ELEMENTS(urls); i++) {
        g_autofree char *name = g_strdup_printf("/account/base URL %zu: \"%s\" is %s", i, urls[i].url,
                                                urls[i].base ? "taken" : "refused");
        g_strdelimit(name + strlen("/account/"), "/", '|');
        g_test_add_data_func(name, GSIZE_TO_POINTER(i), base_url);
    }
    g_test_add_func(
        "/account/an account costs unless its tier is free, its host is this machine or it says none", costs);
    g_test_add_func(
        "/account/flag beats model's config beats glob beats star beats catalogue, one limit each", order);
    g_test_add_func("/account/what nobody knows is low and soft", defaults);
    g_test_add_func("/account/a model may have another name at the service", model_names);
    return g_test_run();
}
