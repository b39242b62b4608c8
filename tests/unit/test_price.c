/* test_price.c - a price is found by host, model and day, and what is not known is not free */
#include "core/account.h"
#include "core/catalog.h"
#include "core/json.h"
#include "core/price.h"

#include <glib.h>
#include <string.h>

static const int64_t november = G_GINT64_CONSTANT(1795500000000);    /* 2026-11-24 */
static const int64_t december_31 = G_GINT64_CONSTANT(1798761599999); /* the last ms of 2026, UTC */

static tm_account *google(void)
{
    tm_account *account = tm_account_new("paid", "gemini");
    g_assert_true(tm_account_set_base_url(account, "https://generativelanguage.googleapis.com/v1beta", NULL));
    return account;
}

static tm_account *proxy(void)
{
    tm_account *account = tm_account_new("proxy", "openai");
    g_assert_true(tm_account_set_base_url(account, "https://proxy.example.com/v1", NULL));
    return account;
}

static void a_price_is_that_of_the_day(void)
{
    static const struct {
        const char *model;
        int64_t at, in, out;
    } cases[] = {
        {"gemini-2.5-flash", november, 300000, 2500000},
        {"models/gemini-2.5-flash", november, 300000, 2500000},
        {"gemini-2.5-flash-preview-09-2025", november, 300000, 2500000},
        {"gemini-3-flash-preview", november, 500000, 3000000},
        {"gemini-3.8-flash", december_31, 750000, 3750000},
        {"gemini-3.8-flash", december_31 + 1, 1500000, 7500000},
        {"gemma-4-31b-it", november, 0, 0},
    };
    g_autoptr(tm_account) account = google();
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        tm_price price;
        g_assert_true(tm_price_find(account, cases[i].model, cases[i].at, &price));
        g_assert_cmpint(price.input, ==, cases[i].in);
        g_assert_cmpint(price.output, ==, cases[i].out);
        g_assert_cmpint(price.as_of_ms, >, 0);
    }
    tm_price price;
    g_assert_false(tm_price_find(account, "gemini-99", november, &price));
}

/* A reseller asks what it likes: a service's own list says nothing about it until the config ties them. */
static void a_proxy_has_prices_of_its_own(void)
{
    g_autoptr(tm_account) account = proxy();
    tm_price price;
    g_assert_false(tm_price_find(account, "gemini-2.5-flash", november, &price));
    account->price_table = g_strdup("gemini");
    g_assert_true(tm_price_find(account, "gemini-2.5-flash", november, &price));
    g_assert_cmpint(price.source, ==, TM_PRICE_CATALOGUE);
    account->prices = json_pack("[{s:s, s:f, s:f}, {s:s, s:f, s:f}]", "model", "*", "in", 9.0, "out", 9.0,
                                "model", "gemini-2.5-*", "in", 0.5, "out", 4.0);
    g_assert_true(tm_price_find(account, "gemini-2.5-flash", november, &price));
    g_assert_cmpint(price.input, ==, 500000);
    g_assert_cmpint(price.cached, ==, 500000);
    g_assert_cmpint(price.source, ==, TM_PRICE_CONFIG);
}

static void a_file_stands_above_the_catalogue(void)
{
    g_autoptr(tm_account) account = google();
    tm_price price;
    tm_catalog_give_prices(json_pack("[{s:s, s:s, s:f, s:f}]", "provider", "gemini", "model",
                                     "gemini-2.5-flash", "in", 7.0, "out", 8.0));
    g_assert_true(tm_price_find(account, "gemini-2.5-flash", november, &price));
    g_assert_cmpint(price.input, ==, 7000000);
    g_assert_cmpint(price.source, ==, TM_PRICE_FILE);
    tm_catalog_give_prices(NULL);
    g_assert_true(tm_price_find(account, "gemini-2.5-flash", november, &price));
    g_assert_cmpint(price.source, ==, TM_PRICE_CATALOGUE);
}

static void usage_is_counted(void)
{
    const tm_price price = {.input = 300000,
                            .cached = 30000,
                            .output = 2500000,
                            .image = 30000000,
                            .long_over = 200000,
                            .long_input = 600000,
                            .long_cached = 60000,
                            .long_output = 5000000};
    static const struct {
        tm_usage usage;
        bool picture;
        int64_t cost;
    } cases[] = {
        {{1000, -1, 100, -1}, false, 300 + 250},
        {{1000, 400, 100, 60}, false, 180 + 12 + 400},
        {{1000, 9000, 0, 0}, false, 30}, /* no more is cached than there is */
        {{1, 0, 0, 0}, false, 1},        /* rounded up */
        {{0, 0, 0, 0}, false, 0},
        {{-1, -1, -1, -1}, false, 0},
        {{0, 0, 1000, 0}, true, 30000},
        {{200000, 0, 0, 0}, false, 60000},
        {{200001, 100000, 10, 0}, false, 60001 + 6000 + 50},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++)
        g_assert_cmpint(tm_price_cost(&price, &cases[i].usage, cases[i].picture), ==, cases[i].cost);
    g_assert_cmpint(tm_price_most(&price, 1000, 100), ==, 300 + 3000);
}

static void amounts_are_read_and_shown(void)
{
    static const struct {
        const char *text;
        int64_t micro_usd;
        bool a_day;
    } cases[] = {
        {"5", 5000000, false},        {"2.50 USD", 2500000, false}, {"$0.10", 100000, false},
        {"5 USD/day", 5000000, true}, {"$1/day", 1000000, true},    {"0", 0, false},
        {".5", 500000, false},        {"20 usd", 20000000, false},
    };
    static const char *const wrong[] = {"", "much", "-1", "5 EUR", "5 USD/week", "nan", "inf", "1e99", "$"};
    int64_t micro_usd;
    bool a_day;
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_assert_true(tm_price_amount(cases[i].text, &micro_usd, &a_day));
        g_assert_cmpint(micro_usd, ==, cases[i].micro_usd);
        g_assert_cmpint(a_day, ==, cases[i].a_day);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++)
        g_assert_false(tm_price_amount(wrong[i], &micro_usd, &a_day));
    static const struct {
        int64_t micro_usd;
        const char *text;
    } shown[] = {{0, "$0"}, {1, "$0.0000"}, {1234, "$0.0012"}, {4200000, "$4.20"}, {1300000000, "$1300"}};
    for (size_t i = 0; i < G_N_ELEMENTS(shown); i++) {
        g_autofree char *text = tm_price_text(shown[i].micro_usd);
        g_assert_cmpstr(text, ==, shown[i].text);
    }
}

static void the_cap_is_the_prompts(void)
{
    static const struct {
        const char *text;
        int64_t cap;
    } cases[] = {
        {"---\nconfig: {maxOutputTokens: 300}\n---\nhi", 300},
        {"---\nconfig: {max_tokens: 20}\n---\nhi", 20},
        {"hi", 65536},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(tm_prompt) prompt =
            tm_prompt_from_text("p", cases[i].text, strlen(cases[i].text), NULL, NULL);
        g_assert_cmpint(tm_price_output_cap(prompt), ==, cases[i].cap);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_set_nonfatal_assertions();
    g_test_add_func("/price/a price is that of the day", a_price_is_that_of_the_day);
    g_test_add_func("/price/a proxy has prices of its own", a_proxy_has_prices_of_its_own);
    g_test_add_func("/price/a file stands above the catalogue", a_file_stands_above_the_catalogue);
    g_test_add_func("/price/usage is counted", usage_is_counted);
    g_test_add_func("/price/amounts are read and shown", amounts_are_read_and_shown);
    g_test_add_func("/price/the cap is the prompt's", the_cap_is_the_prompts);
    return g_test_run();
}
