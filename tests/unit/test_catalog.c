/* test_catalog.c - the catalogue reads, and each of its entries is sane. */
#include "catalog_yaml.h"
#include "core/account.h"
#include "core/catalog.h"
#include "core/json.h"
#include "core/yaml.h"
#include <string.h>

static void presets(void)
{
    static const char *const wanted[] = {
        "gemini",       "gemini-openai", "openai",    "azure",   "openrouter",  "groq",
        "mistral",      "together",      "deepseek",  "xai",     "cerebras",    "fireworks",
        "sambanova",    "ollama",        "llama.cpp", "vllm",    "lmstudio",    "litellm",
        "ollama-cloud", "moonshot",      "zai",       "alibaba", "siliconflow", "deepinfra",
        "nvidia",       "huggingface",   "novita",    "vercel",  "cohere"};
    for (size_t i = 0; i < G_N_ELEMENTS(wanted); i++) {
        const tm_preset *preset = tm_catalog_preset(wanted[i]);
        g_assert_nonnull(preset);
        if (!preset)
            continue;
        g_assert_true(strcmp(preset->provider, "gemini") == 0 || strcmp(preset->provider, "openai") == 0);
        g_assert_true(strcmp(preset->cap, "max_tokens") == 0 ||
                      strcmp(preset->cap, "max_completion_tokens") == 0);
        if (!preset->base_url) /* Azure: each customer has an address of his own */
            continue;
        g_autoptr(tm_account) account = tm_account_new("a", preset->provider);
        g_autoptr(GError) error = NULL;
        g_assert_true(tm_account_set_base_url(account, preset->base_url, &error));
        g_assert_no_error(error);
        g_assert_cmpstr(account->base_url, ==, preset->base_url);
        g_assert_true(account->service && strcmp(account->service->host, preset->host) == 0);
        /* a service elsewhere needs a key */
        g_assert_true(preset->key_variable || tm_account_is_loopback(account));
    }
    g_assert_null(tm_catalog_preset("geminy"));
    g_assert_cmpuint(g_strv_length((char **)(gpointer)tm_catalog_presets()), ==, G_N_ELEMENTS(wanted));
    g_assert_cmpint(tm_catalog_preset("gemini")->day, ==, TM_DAY_PACIFIC);
    g_assert_cmpint(tm_catalog_preset("openrouter")->day, ==, TM_DAY_UTC);
    g_assert_cmpint(tm_catalog_preset("openai")->day, ==, TM_DAY_ROLLING);
    g_assert_cmpint(tm_catalog_preset("vllm")->day, ==, TM_DAY_NONE);
}

static bool is_date(const char *text)
{
    return text && g_regex_match_simple("^20[0-9]{2}-[01][0-9]-[0-3][0-9]$", text, 0, 0);
}

static void entries(void)
{
    static const char *const limit_members[] = {"provider", "tier", "model", "rpm",        "tpm", "rpd",
                                                "tpd",      "ipm",  "as_of", "confidence", NULL};
    static const char *const price_members[] = {"provider", "model",    "from",         "until",     "in",
                                                "cached",   "out",      "out_image",    "long_over", "long",
                                                "as_of",    "in_image", "cached_image", "out_text",  NULL};
    g_autoptr(GError) error = NULL;
    g_autoptr(json_t) tree =
        tm_yaml_parse((const char *)catalog_yaml, catalog_yaml_length, "catalog", 1, &error);
    g_assert_no_error(error);
    size_t i;
    json_t *entry, *value;
    const char *name;
    json_array_foreach(json_object_get(tree, "limits"), i, entry) {
        g_assert_true(is_date(tm_json_string(entry, "as_of", NULL)));
        g_assert_nonnull(tm_catalog_preset(tm_json_string(entry, "provider", "")));
        g_assert_nonnull(tm_json_string(entry, "tier", NULL)); /* a number there would never be found */
        json_object_foreach(entry, name, value) {
            g_assert_true(g_strv_contains(limit_members, name));
            g_assert_false(json_is_integer(value) && json_integer_value(value) < 0);
        }
    }
    g_assert_cmpuint(i, >, 10);
    json_array_foreach(json_object_get(tree, "prices"), i, entry) {
        g_assert_true(is_date(tm_json_string(entry, "as_of", NULL)));
        g_assert_true(json_is_number(json_object_get(entry, "in")) &&
                      json_is_number(json_object_get(entry, "out")));
        json_object_foreach(entry, name, value)
            g_assert_true(g_strv_contains(price_members, name));
    }
    g_assert_cmpuint(i, >, 10);
}

static void limits(void)
{
    g_autoptr(GArray) found = g_array_new(FALSE, FALSE, sizeof(tm_limit));
    tm_catalog_limits("gemini", "free", "gemini-2.5-pro", found);
    g_assert_cmpuint(found->len, ==, 2); /* "null" is not known, which is not a limit */
    g_assert_cmpint(g_array_index(found, tm_limit, 1).value, ==, 0); /* newer than the 50 a day of 2025-11 */
    g_assert_cmpint(g_array_index(found, tm_limit, 1).seen_ms, ==,
                    G_GINT64_CONSTANT(1780272000000)); /* 2026-06-01 */
    g_assert_false(g_array_index(found, tm_limit, 1).hard);
    g_array_set_size(found, 0);
    tm_catalog_limits("gemini", "1", "gemini-2.5-flash", found);
    g_assert_cmpint(g_array_index(found, tm_limit, 0).value, ==, 1000);
    g_array_set_size(found, 0);
    tm_catalog_limits("gemini", "1", "gemini-99", found);
    tm_catalog_limits("openai", "free", "gemini-2.5-flash", found);
    tm_catalog_limits("gemini", NULL, "gemini-2.5-flash", found);
    g_assert_cmpuint(found->len, ==, 0);
}

static void models(void)
{
    g_assert_true(g_strv_contains(tm_catalog_models("gemini"), "gemini-2.5-flash"));
    g_assert_null(tm_catalog_models("nobody")[0]);
    g_assert_true(tm_catalog_model_thinks("gemini-2.5-flash"));
    g_assert_true(tm_catalog_model_thinks("gemini-3.8-flash"));
    g_assert_false(tm_catalog_model_thinks("gemini-2.5-flash-lite")); /* off unless asked for */
    g_assert_false(tm_catalog_model_thinks("gemma-4-31b-it"));
    g_assert_false(tm_catalog_model_thinks("llama"));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_set_nonfatal_assertions();
    g_test_add_func("/catalog/the services people name are there, with an address, a key variable and a day",
                    presets);
    g_test_add_func("/catalog/every entry has a date and no misspelt member", entries);
    g_test_add_func("/catalog/the newest entry that fits gives the limits, and null is not a limit", limits);
    g_test_add_func("/catalog/models are known, and which of them think", models);
    return g_test_run();
}
