/* test_twin_account.c - accounts of the twin, each with windows, credit and faults of its own, and the quirks
 * of those who speak OpenAI's wire. */
#include "tests/unit/twin_house.h"

#define BODY "{\"model\":\"gpt-4o-mini\"," ASK "}"
#define GENERATE "/v1beta/models/gemini-2.5-flash:generateContent"

static char *one_key[] = {"k", NULL};

static tm_twin_account_options account_of(const char *provider)
{
    return (tm_twin_account_options){.name = "one",
                                     .provider = provider,
                                     .keys = one_key,
                                     .rpm = -1,
                                     .tpm = -1,
                                     .rpd = -1,
                                     .windows = {.day = tm_twin_preset_day(provider), .minute_ms = 60000},
                                     .credit_micro_usd = -1};
}

static tm_twin *twin_of(const tm_twin_account_options *accounts, size_t n)
{
    tm_twin_options options = open_house;
    options.accounts = accounts;
    options.n_accounts = n;
    return tm_twin_new(&options);
}

static void a_minute_counts_what_it_refuses(void)
{
    tm_twin_account_options account = account_of("openai");
    account.rpm = 2;
    tm_twin *twin = twin_of(&account, 1);
    g_autoptr(json_t) refused = NULL;
    g_assert_cmpint(post_as(twin, CHAT, "k", BODY, NOON, NULL), ==, 200);
    g_assert_cmpint(post_as(twin, CHAT, "k", BODY, NOON + 10000, NULL), ==, 200);
    g_assert_cmpint(post_as(twin, CHAT, "k", BODY, NOON + 20000, &refused), ==, 429);
    g_assert_cmpstr(text_at(refused, "error.code"), ==, "rate_limit_exceeded");
    g_assert_cmpstr(text_at(refused, "error.type"), ==, "requests");
    /* the first two leave after 60 and 70 s; the refused one counts, so both must */
    g_assert_nonnull(
        strstr(text_at(refused, "error.message"),
               "on requests per min (RPM): Limit 2, Used 2, Requested 1. Please try again in 50s."));
    g_assert_cmpint(post_as(twin, CHAT, "k", BODY, NOON + 69999, NULL), ==, 429);
    g_assert_cmpint(post_as(twin, CHAT, "k", BODY, NOON + 200000, NULL), ==, 200);
    tm_twin_free(twin);
}

static void a_day_refills_all_the_time(void)
{
    tm_twin_account_options account = account_of("openai");
    account.rpd = 200;
    tm_twin *twin = twin_of(&account, 1);
    tm_twin_reply reply;
    for (int i = 0; i < 200; i++)
        g_assert_cmpint(post_as(twin, CHAT, "k", BODY, NOON, NULL), ==, 200);
    judge_as(twin, "POST", CHAT, "k", BODY, NOON, &reply);
    g_assert_cmpint(reply.http, ==, 429);
    g_assert_nonnull(strstr(reply.body->str,
                            "on requests per day (RPD): Limit 200, Used 200, Requested 1. Please "
                            "try again in 7m12s."));
    g_assert_cmpint(reply.retry_after_ms, ==, 432000);
    g_assert_cmpstr(header_of(&reply, "x-ratelimit-remaining-requests"), ==, "0");
    g_assert_cmpstr(header_of(&reply, "x-ratelimit-reset-requests"), ==, "24h0m0s");
    g_assert_cmpstr(header_of(&reply, "retry-after-ms"), ==, "432000");
    tm_twin_reply_clear(&reply);
    g_assert_cmpint(post_as(twin, CHAT, "k", BODY, NOON + 431999, NULL), ==, 429);
    g_assert_cmpint(post_as(twin, CHAT, "k", BODY, NOON + 432000, NULL), ==, 200);
    g_assert_cmpint(post_as(twin, CHAT, "k", BODY, NOON + 432001, NULL), ==, 429);
    tm_twin_free(twin);
}

/* The cap on output counts before anything is said, and what is larger than the window never passes. */
static void tokens_count_at_arrival(void)
{
    tm_twin_account_options account = account_of("openai");
    account.tpm = 1000;
    tm_twin *twin = twin_of(&account, 1);
    g_autoptr(json_t) over = NULL, large = NULL;
    tm_twin_reply reply;
#define CAPPED(cap) "{\"model\":\"gpt-4o-mini\"," ASK ",\"max_tokens\":" cap "}"
    judge_as(twin, "POST", CHAT, "k", CAPPED("598"), NOON, &reply);
    g_assert_cmpstr(header_of(&reply, "x-ratelimit-limit-tokens"), ==, "1000");
    g_assert_cmpstr(header_of(&reply, "x-ratelimit-remaining-tokens"), ==, "400");
    g_assert_cmpstr(header_of(&reply, "x-ratelimit-reset-tokens"), ==, "1m0s");
    tm_twin_reply_clear(&reply);
    g_assert_cmpint(post_as(twin, CHAT, "k", CAPPED("399"), NOON + 1000, &over), ==, 429);
    g_assert_cmpstr(text_at(over, "error.type"), ==, "tokens");
    g_assert_nonnull(strstr(text_at(over, "error.message"),
                            "(TPM): Limit 1000, Used 600, Requested 401. Please try again in 59s."));
    g_assert_cmpint(post_as(twin, CHAT, "k", CAPPED("1000"), NOON + 2000, &large), ==, 429);
    g_assert_nonnull(
        strstr(text_at(large, "error.message"), "Request too large for gpt-4o-mini in organization"));
    g_assert_cmpint(post_as(twin, CHAT, "k", BODY, NOON + 2000, NULL), ==, 200); /* 2 + 16 */
    g_assert_cmpint(post_as(twin, CHAT, "k", CAPPED("380"), NOON + 2000, NULL), ==, 200);
    g_assert_cmpint(post_as(twin, CHAT, "k", BODY, NOON + 2000, NULL), ==, 429);
    tm_twin_free(twin);
}

static void accounts_are_known_by_their_keys(void)
{
    char *a[] = {"a", NULL}, *b[] = {"b", NULL}, *c[] = {"c", NULL}, *fails[] = {"overloaded@1", NULL};
    tm_twin_account_options accounts[] = {account_of("openai"), account_of("openai"), account_of("gemini")};
    accounts[0].keys = a;
    accounts[0].rpm = 1;
    accounts[1].keys = b;
    accounts[1].fails = fails;
    accounts[2].keys = c;
    tm_twin *twin = twin_of(accounts, G_N_ELEMENTS(accounts));
    g_assert_cmpint(post_as(twin, CHAT, "a", BODY, NOON, NULL), ==, 200);
    g_assert_cmpint(post_as(twin, CHAT, "a", BODY, NOON, NULL), ==, 429);
    g_assert_cmpint(post_as(twin, CHAT, "b", BODY, NOON, NULL), ==, 503);
    g_assert_cmpint(post_as(twin, CHAT, "b", BODY, NOON, NULL), ==, 200);
    g_assert_cmpint(post_as(twin, CHAT, "c", BODY, NOON, NULL), ==, 401); /* Gemini's */
    g_assert_cmpint(post_as(twin, CHAT, "d", BODY, NOON, NULL), ==, 401);
    const tm_twin_request native = {.method = "POST",
                                    .path = GENERATE,
                                    .key = "a",
                                    .body = "{\"contents\":[{\"parts\":[{\"text\":\"a\"}]}]}",
                                    .length = strlen("{\"contents\":[{\"parts\":[{\"text\":\"a\"}]}]}")};
    tm_twin_request right = native;
    right.key = "c";
    tm_twin_reply reply;
    tm_twin_judge(twin, &native, NOON, &reply);
    g_assert_cmpint(reply.http, ==, 400);
    tm_twin_reply_clear(&reply);
    tm_twin_judge(twin, &right, NOON, &reply);
    g_assert_cmpint(reply.http, ==, 200);
    g_assert_cmpstr(header_of(&reply, "X-Gemini-Service-Tier"), ==, "standard");
    tm_twin_reply_clear(&reply);
    tm_twin_free(twin);
}

static void keep_last(const json_t *line, void *data)
{
    json_t **kept = data;
    json_decref(*kept);
    *kept = json_deep_copy(line);
}

static void the_log_names_the_account(void)
{
    tm_twin_account_options account = account_of("groq");
    account.rpd = 1;
    tm_twin *twin = twin_of(&account, 1);
    json_t *line = NULL;
    tm_twin_set_log(twin, keep_last, &line);
    post_as(twin, CHAT, "k", BODY, NOON, NULL);
    post_as(twin, CHAT, "k", BODY, NOON, NULL);
    g_assert_cmpstr(text_at(line, "account"), ==, "one");
    g_assert_cmpstr(text_at(line, "provider"), ==, "groq");
    g_assert_cmpstr(text_at(line, "model"), ==, "gpt-4o-mini");
    g_assert_cmpstr(text_at(line, "class"), ==, "quota_day");
    g_assert_cmpint(json_integer_value(at(line, "http")), ==, 429);
    g_assert_cmpint(json_integer_value(at(line, "tokens")), ==, 2 + 16);
    g_assert_cmpint(json_integer_value(at(line, "day")), ==, 1);
    post_as(twin, CHAT, "nobody", BODY, NOON, NULL);
    g_assert_null(at(line, "account"));
    g_assert_cmpstr(text_at(line, "class"), ==, "auth");
    json_decref(line);
    tm_twin_free(twin);
}

/* 2 tokens in and 3 out, of a model whose price nobody knows: 1 and 4 dollars per million, 14 micro-dollars.
 */
static void credit_is_spent_by_answers(void)
{
    static const struct {
        const char *provider, *path, *code;
        int http;
    } cases[] = {
        {"openai", CHAT, "insufficient_quota", 429},
        {"deepseek", CHAT, "Insufficient Balance", 402},
        {"openrouter", CHAT, "Insufficient credits", 402},
        {"new-api", CHAT, "insufficient_user_quota", 403},
        {"xai", CHAT, "has either used all available credits", 429},
    };
    char *models[] = {"gpt-4o-mini", NULL};
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        tm_twin_account_options account = account_of(cases[i].provider);
        account.credit_micro_usd = 20;
        account.models = models;
        tm_twin *twin = twin_of(&account, 1);
        int n = 0, http = 0;
        while (n < 100 && (http = post_as(twin, cases[i].path, "k", BODY, NOON, NULL)) == 200)
            n++;
        g_assert_cmpint(n, >=, 1);
        g_assert_cmpint(n, <, 100);
        g_assert_cmpint(http, ==, cases[i].http);
        tm_twin_reply reply;
        judge_as(twin, "POST", cases[i].path, "k", BODY, NOON, &reply);
        g_assert_nonnull(strstr(reply.body->str, cases[i].code));
        tm_twin_reply_clear(&reply);
        tm_twin_free(twin);
    }
}

/* What a service says to a key, a model or a rate that is wrong, where it is not what OpenAI says. */
static void presets_have_their_quirks(void)
{
    static const struct {
        const char *provider, *path, *key, *body;
        int http;
        const char *words, *header, *value;
    } cases[] = {
        {"groq", "/openai/v1/chat/completions", "k", BODY, 200, "echo: tides", "x-ratelimit-limit-requests",
         "50"},
        {"groq", CHAT, "k", "{\"model\":\"gpt-4o-mini\"," ASK ",\"max_tokens\":9999}", 413,
         "Request too large", NULL, NULL},
        {"groq", CHAT, "k", "{\"model\":\"gpt-5-mini\"," ASK ",\"max_tokens\":50,\"x\":1}", 200, "echo", NULL,
         NULL},
        {"openrouter", "/api/v1/chat/completions", "k", BODY, 200, "echo: tides", "X-RateLimit-Limit",
         "(none)"},
        {"openrouter", CHAT, "k", "{\"model\":\"none\"," ASK "}", 400,
         "{\"error\":{\"message\":\"none is not a valid model ID\",\"code\":400", NULL, NULL},
        {"mistral", CHAT, "k", "{\"model\":\"none\"," ASK "}", 400,
         "{\"object\":\"error\",\"message\":\"Invalid model: "
         "none\",\"type\":\"invalid_model\",\"param\":null,\"code\":"
         "\"1500\"}",
         NULL, NULL},
        {"mistral", CHAT, "k", BODY, 200, "echo: tides", "x-ratelimit-remaining-tokens-minute", "982"},
        {"mistral", CHAT, "k", BODY, 200, "echo: tides", "x-ratelimit-tokens-query-cost", "18"},
        {"deepseek", CHAT, "k", BODY, 200, "\n\n{\"id\"", NULL, NULL},
        {"deepseek", CHAT, "k",
         "{\"model\":\"gpt-4o-mini\"," ASK
         ",\"response_format\":{\"type\":\"json_schema\",\"json_schema\":{\"name\":"
         "\"x\",\"schema\":{\"type\":\"object\"}}}}",
         400, "This response_format type is unavailable now", NULL, NULL},
        {"xai", CHAT, "nobody-at-all", BODY, 400,
         "{\"code\":\"Client specified an invalid argument\",\"error\":\"Incorrect API key provided: no***l.",
         NULL, NULL},
        {"lmstudio", CHAT, NULL, BODY, 200, "echo: tides", NULL, NULL},
        {"lmstudio", CHAT, "k",
         "{\"model\":\"gpt-4o-mini\"," ASK ",\"response_format\":{\"type\":\"json_object\"}}", 400,
         "{\"error\":\"'response_format.type' must be 'json_schema' or 'text'\"}", NULL, NULL},
        {"new-api", CHAT, "k", "{\"model\":\"none\"," ASK "}", 503, "\"code\":\"model_not_found\"", NULL,
         NULL},
        {"cerebras", CHAT, "k", BODY, 200, "echo: tides", "x-ratelimit-reset-tokens-minute", "60.000"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        tm_twin_account_options account = account_of(cases[i].provider);
        account.rpm = 30;
        account.rpd = 50;
        account.tpm = 1000;
        tm_twin *twin = twin_of(&account, 1);
        tm_twin_reply reply;
        judge_as(twin, "POST", cases[i].path, cases[i].key, cases[i].body, NOON, &reply);
        g_test_message("%s: %s", cases[i].provider, reply.body->str);
        g_assert_cmpint(reply.http, ==, cases[i].http);
        g_assert_nonnull(strstr(reply.body->str, cases[i].words));
        if (cases[i].header)
            g_assert_cmpstr(header_of(&reply, cases[i].header), ==, cases[i].value);
        tm_twin_reply_clear(&reply);
        tm_twin_free(twin);
    }
}

/* A limit of 0: Mistral refuses for ever, and its header is the only one to say so. */
static void a_model_outside_the_plan(void)
{
    tm_twin_account_options account = account_of("mistral");
    account.rpm = 0;
    tm_twin *twin = twin_of(&account, 1);
    tm_twin_reply reply;
    judge_as(twin, "POST", CHAT, "k", BODY, NOON, &reply);
    g_assert_cmpint(reply.http, ==, 429);
    g_assert_cmpstr(header_of(&reply, "x-ratelimit-limit-req-minute"), ==, "0");
    tm_twin_reply_clear(&reply);
    tm_twin_free(twin);
}

static void every_preset_has_a_name_and_a_day(void)
{
    g_autofree const char **names = tm_twin_presets();
    g_assert_cmpint(tm_twin_preset_day("openai"), ==, TM_DAY_NONE);
    g_assert_cmpint(tm_twin_preset_day("groq"), ==, TM_DAY_ROLLING);
    g_assert_cmpint(tm_twin_preset_day("openrouter"), ==, TM_DAY_UTC);
    for (const char **name = names; *name; name++) {
        tm_twin_options options = open_house;
        options.preset = *name;
        tm_twin *twin = tm_twin_new(&options);
        g_assert_nonnull(twin);
        tm_twin_free(twin);
    }
    tm_twin_options options = open_house;
    options.preset = "nobody";
    g_assert_null(tm_twin_new(&options));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/twin account/a minute counts what it refuses", a_minute_counts_what_it_refuses);
    g_test_add_func("/twin account/a day refills all the time", a_day_refills_all_the_time);
    g_test_add_func("/twin account/tokens count at arrival", tokens_count_at_arrival);
    g_test_add_func("/twin account/accounts are known by their keys", accounts_are_known_by_their_keys);
    g_test_add_func("/twin account/the log names the account", the_log_names_the_account);
    g_test_add_func("/twin account/credit is spent by answers", credit_is_spent_by_answers);
    g_test_add_func("/twin account/presets have their quirks", presets_have_their_quirks);
    g_test_add_func("/twin account/a model outside the plan", a_model_outside_the_plan);
    g_test_add_func("/twin account/every preset has a name and a day", every_preset_has_a_name_and_a_day);
    return g_test_run();
}
