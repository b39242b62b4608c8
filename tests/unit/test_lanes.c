/* test_lanes.c - from flags, prompt and config to the accounts and models that rows go over. */
#include "cmd/lanes.h"
#include "core/error.h"
#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>

static const char config_text[] =
    "accounts:\n"
    "  free: {provider: gemini, key: $LANES_KEY, tier: free}\n"
    "  other: {provider: gemini, key: $LANES_KEY, tier: free, models: {gemini-2.5-pro: pro-of-theirs}}\n"
    "  paid: {provider: gemini, key: $LANES_KEY, tier: 1, budget: 5 USD}\n"
    "  keyless: {provider: gemini, key: $LANES_NO_KEY, tier: free}\n"
    "  here: {provider: gemini, base_url: http://127.0.0.1:9}\n"
    "routes:\n"
    "  night: [{account: free, models: [gemini-3.5-flash, gemini-3.5-flash-lite]}, other]\n"
    "  dear: [free, paid]\n";

/* What is asked, and what comes: "account model" a line, or words of the error. */
static const struct {
    const char *what;
    tm_lane_flags flags;
    const char *model, *provider; /* the prompt's */
    const char *lanes, *error;
} cases[] = {
#define NO_LIMITS .rpm = TM_LIMIT_UNSAID, .tpm = TM_LIMIT_UNSAID, .rpd = TM_LIMIT_UNSAID
    {"the first account takes the prompt's model",
     {NO_LIMITS},
     "gemini-2.5-flash",
     NULL,
     "free gemini-2.5-flash\n",
     NULL},
    {"a Google prefix means a Gemini account",
     {NO_LIMITS},
     "gemini-2.5-flash",
     "googleai",
     "free gemini-2.5-flash\n",
     NULL},
    {"a provider without an account is an error", {NO_LIMITS}, "gpt", "openai", NULL, "no account is for it"},
    {"--model is stronger than the prompt",
     {.model = (char *)"models/gemini-2.5-pro", NO_LIMITS},
     "x",
     NULL,
     "free gemini-2.5-pro\n",
     NULL},
    {"--account", {.account = (char *)"other", NO_LIMITS}, "m", NULL, "other m\n", NULL},
    {"a misspelt account gets a guess",
     {.account = (char *)"othr", NO_LIMITS},
     "m",
     NULL,
     NULL,
     "did you mean other?"},
    {"--route gives its accounts and models in order",
     {.route = (char *)"night", NO_LIMITS},
     "m",
     NULL,
     "free gemini-3.5-flash\nfree gemini-3.5-flash-lite\nother m\n",
     NULL},
    {"--model holds on a route",
     {.route = (char *)"night", .model = (char *)"z", NO_LIMITS},
     "m",
     NULL,
     "free z\nother z\n",
     NULL},
    {"a misspelt route gets a guess",
     {.route = (char *)"nigth", NO_LIMITS},
     "m",
     NULL,
     NULL,
     "did you mean night?"},
    {"--account and --route contradict",
     {.account = (char *)"free", .route = (char *)"night", NO_LIMITS},
     "m",
     NULL,
     NULL,
     "contradict"},
    {"no model at all", {NO_LIMITS}, NULL, NULL, NULL, "--model gemini-2.5-flash"},
    {"no key", {.account = (char *)"keyless", NO_LIMITS}, "m", NULL, NULL, "set LANES_NO_KEY"},
    {"a server of one's own needs no key",
     {.account = (char *)"here", NO_LIMITS},
     "m",
     NULL,
     "here m\n",
     NULL},
    {"a paid account costs nothing on this machine",
     {.account = (char *)"paid", .base_url = (char *)"http://127.0.0.1:1", NO_LIMITS},
     "m",
     NULL,
     "paid m\n",
     NULL},
    {"--base-url over plain http to another host",
     {.base_url = (char *)"http://example.com", NO_LIMITS},
     "m",
     NULL,
     NULL,
     "plain http"},
    {"--base-url with several accounts",
     {.route = (char *)"night", .base_url = (char *)"http://127.0.0.1:1", NO_LIMITS},
     "m",
     NULL,
     NULL,
     "one account"},
    {"no requests at all are no limit",
     {.rpm = 0, .tpm = TM_LIMIT_UNSAID, .rpd = TM_LIMIT_UNSAID},
     "m",
     NULL,
     NULL,
     "--rpm must be at least 1"},
};

static char *lanes_text(const GArray *lanes)
{
    GString *out = g_string_new(NULL);
    for (guint i = 0; lanes && i < lanes->len; i++) {
        const tm_engine_lane *lane = &g_array_index(lanes, tm_engine_lane, i);
        g_assert_nonnull(lane->provider);
        g_string_append_printf(out, "%s %s\n", lane->account->name, lane->model);
    }
    return g_string_free(out, FALSE);
}

static void one(gconstpointer data)
{
    size_t i = GPOINTER_TO_SIZE(data);
    tm_context *context = tm_context_new();
    tm_prompt prompt = {.model = (char *)(gpointer)cases[i].model,
                        .provider = (char *)(gpointer)cases[i].provider};
    g_autoptr(GError) error = NULL;
    g_autoptr(GArray) lanes = tm_lanes_choose(context, &prompt, &cases[i].flags, &error);
    g_autofree char *text = lanes_text(lanes);
    if (cases[i].error) {
        g_assert_null(lanes);
        g_assert_nonnull(error);
        g_assert_nonnull(strstr(error ? error->message : "", cases[i].error));
        g_assert_null(strstr(error ? error->message : "", "SECRET"));
    } else {
        g_assert_no_error(error);
        g_assert_cmpstr(text, ==, cases[i].lanes);
    }
    tm_context_free(context);
}

static void limits(void)
{
    tm_context *context = tm_context_new();
    tm_prompt prompt = {.model = (char *)"gemini-2.5-flash"};
    tm_lane_flags flags = {.rpm = 3, .tpm = 1000, .rpd = 7};
    g_autoptr(GArray) lanes = tm_lanes_choose(context, &prompt, &flags, NULL);
    g_assert_nonnull(lanes);
    const GArray *found = g_array_index(lanes, tm_engine_lane, 0).limits;
    g_assert_cmpuint(found->len, ==, 3);
    for (guint i = 0; i < found->len; i++) {
        g_assert_cmpint(g_array_index(found, tm_limit, i).source, ==, TM_SOURCE_FLAG);
        g_assert_true(g_array_index(found, tm_limit, i).hard);
    }
    g_assert_cmpint(g_array_index(found, tm_limit, 1).unit, ==, TM_UNIT_INPUT_TOKENS);
    g_assert_cmpstr(g_array_index(lanes, tm_engine_lane, 0).account->key, ==, "SECRET");
    g_clear_pointer(&lanes, g_array_unref);
    tm_context_free(context);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_set_nonfatal_assertions();
    g_autofree char *folder = g_dir_make_tmp("tidemill-lanes-XXXXXX", NULL);
    g_autofree char *file = g_build_filename(folder, "config.yaml", NULL);
    g_assert_true(g_file_set_contents(file, config_text, -1, NULL));
    setenv("TIDEMILL_CONFIG", file, 1);
    setenv("LANES_KEY", "SECRET", 1);
    unsetenv("LANES_NO_KEY");
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *name = g_strdup_printf("/lanes/%s", cases[i].what);
        g_test_add_data_func(name, GSIZE_TO_POINTER(i), one);
    }
    g_test_add_func("/lanes/limits given as flags are hard and count as the account does", limits);
    int status = g_test_run();
    g_unlink(file);
    g_rmdir(folder);
    return status;
}
