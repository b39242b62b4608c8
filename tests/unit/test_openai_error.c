/* test_openai_error.c - every row of the error tables of services that speak OpenAI's format, what is dropped
 * when a model refuses it, and what headers tell */
#include "openai_house.h"

#define E(code, type, message)                                                                               \
    "{\"error\":{\"message\":\"" message "\",\"type\":\"" type "\",\"param\":null,\"code\":\"" code "\"}}"
#define M(message) "{\"error\":{\"message\":\"" message "\"}}"

static const struct {
    int http;
    const char *body;
    tm_class class;
    const char *code;   /* NULL: none */
    const char *needle; /* in the message */
} errors[] = {
    /* money, whatever the status says */
    {429, E("credit_balance_exhausted", "x", "no"), TM_CLASS_MONEY, "credit_balance_exhausted", "no"},
    {429, E("organization_spend_limit_exceeded", "x", "no"), TM_CLASS_MONEY,
     "organization_spend_limit_exceeded", "no"},
    {429, E("project_spend_limit_exceeded", "x", "no"), TM_CLASS_MONEY, "project_spend_limit_exceeded", "no"},
    {429, E("organization_usage_limit_exceeded", "x", "no"), TM_CLASS_MONEY,
     "organization_usage_limit_exceeded", "no"},
    {429,
     E("insufficient_quota", "insufficient_quota",
       "You exceeded your current quota, please check your plan and billing details."),
     TM_CLASS_MONEY, "insufficient_quota", "quota"},
    {429, "{\"error\":{\"message\":\"x\",\"type\":\"insufficient_quota\",\"code\":null}}", TM_CLASS_MONEY,
     "insufficient_quota", "x"},
    {400, E("billing_hard_limit_reached", "image", "Billing hard limit has been reached"), TM_CLASS_MONEY,
     "billing_hard_limit_reached", "hard limit"},
    {402, M("Insufficient Balance"), TM_CLASS_MONEY, NULL, "Insufficient"},
    {402, "", TM_CLASS_MONEY, NULL, "no credit"},
    {403,
     "{\"code\":\"x y\",\"error\":\"Your team z has either used all available credits or reached its monthly "
     "spending limit.\"}",
     TM_CLASS_MONEY, "x y", "credits"},
    {429, M("Your team has either used all available credits or reached its monthly spending limit."),
     TM_CLASS_MONEY, NULL, "credits"},
    {402,
     "{\"error\":{\"code\":402,\"message\":\"This request requires more credits, or fewer max_tokens. You "
     "requested up to 65536 tokens, but can only afford 99\"}}",
     TM_CLASS_MONEY, NULL, "65536"},
    {402, "{\"error\":{\"code\":402,\"message\":\"x\",\"metadata\":{\"error_type\":\"payment_required\"}}}",
     TM_CLASS_MONEY, "payment_required", "x"},
    {402,
     "{\"error\":{\"code\":402,\"message\":\"x\",\"metadata\":{\"error_type\":\"in_flight_budget_exhausted\"}"
     "}}",
     TM_CLASS_QUOTA_MINUTE, "in_flight_budget_exhausted", "running requests"},
    {402,
     "{\"error\":{\"code\":402,\"message\":\"x\",\"metadata\":{\"limit_source\":\"weight_exceeds_budget\"}}}",
     TM_CLASS_TOO_LARGE, "weight_exceeds_budget", "too dear"},
    {403, "{\"error\":{\"code\":403,\"message\":\"Budget limit exceeded\",\"resets_at\":\"2026-12-01\"}}",
     TM_CLASS_MONEY, NULL, "Budget"},
    {403, E("insufficient_user_quota", "new_api_error", "用户额度不足, 剩余额度: $0.31 (request id: 2026)"),
     TM_CLASS_MONEY, "insufficient_user_quota", "reserved first"},
    {429, M("预扣费额度失败, 用户剩余额度: 0.31, 需要预扣费额度: 0.80"), TM_CLASS_MONEY, NULL, "0.80"},
    {403, E("pre_consume_token_quota_failed", "new_api_error", "x"), TM_CLASS_MONEY,
     "pre_consume_token_quota_failed", "x"},
    {429, "{\"error\":{\"message\":\"ExceededBudget: x\",\"type\":\"budget_exceeded\",\"code\":\"429\"}}",
     TM_CLASS_MONEY, "budget_exceeded", "ExceededBudget"},
    {400, "{\"error\":{\"message\":\"ExceededBudget: x\",\"type\":\"budget_exceeded\",\"code\":\"400\"}}",
     TM_CLASS_MONEY, "budget_exceeded", "ExceededBudget"},
    /* rates */
    {429,
     E("rate_limit_exceeded", "requests",
       "Rate limit reached for gpt-x in organization org-y on requests per day (RPD): Limit 200, Used 200, "
       "Requested 1. "
       "Please try again in 7m12s. You can increase your rate limit by adding a payment method to your "
       "account."),
     TM_CLASS_QUOTA_DAY, "rate_limit_exceeded", "7m12s"},
    {429,
     E("rate_limit_exceeded", "tokens",
       "Rate limit reached on tokens per min (TPM): Limit 30000, Used 29000, Requested 2000. Please try "
       "again in 2s."),
     TM_CLASS_QUOTA_MINUTE, "rate_limit_exceeded", "30000"},
    {429, M("You exceeded your current quota, please check your plan and billing details"),
     TM_CLASS_QUOTA_MINUTE, NULL, "quota"}, /* Gemini's words: no money by themselves */
    {429, "", TM_CLASS_QUOTA_MINUTE, NULL, "HTTP 429"},
    {429, M("您已达到请求数限制：1分钟内最多请求10次"), TM_CLASS_QUOTA_MINUTE, NULL, "10"},
    {429, M("当前分组上游负载已饱和，请稍后再试"), TM_CLASS_OVERLOADED, NULL, "upstream"},
    {429, M("No deployments available for selected model, Try again in 60 seconds. cooldown_list=[]"),
     TM_CLASS_OVERLOADED, NULL, "nobody to ask"},
    {429,
     E("rate_limit_exceeded", "tokens",
       "Request too large for gpt-x on tokens per min (TPM): Limit 10000, Requested 12000."),
     TM_CLASS_TOO_LARGE, "rate_limit_exceeded", "never pass"},
    {413,
     E("rate_limit_exceeded", "tokens",
       "Request too large for model on tokens per minute (TPM): Limit 6000, Requested 8392"),
     TM_CLASS_TOO_LARGE, "rate_limit_exceeded", "never pass"},
    {429, E("slow_down", "x", "Slow down"), TM_CLASS_OVERLOADED, "slow_down", "Slow"},
    {503, E("slow_down", "x", "Slow down"), TM_CLASS_OVERLOADED, "slow_down", "Slow"},
    {429, E("resource_unavailable", "x", "flex"), TM_CLASS_OVERLOADED, "resource_unavailable", "not charged"},
    {498, E("capacity_exceeded", "x", "flex"), TM_CLASS_OVERLOADED, "capacity_exceeded", "no capacity"},
    /* trouble */
    {503, E("server_is_overloaded", "x", "busy"), TM_CLASS_OVERLOADED, "server_is_overloaded", "busy"},
    {500, E("server_error", "server_error", "oops"), TM_CLASS_SERVER, "server_error", "oops"},
    {500, E("do_request_failed", "new_api_error", "oops"), TM_CLASS_SERVER, "do_request_failed", "oops"},
    {502, "<html><title>502 Bad Gateway</title></html>", TM_CLASS_SERVER, NULL, "502 Bad Gateway"},
    {504, "", TM_CLASS_SERVER, NULL, "HTTP 504"},
    {520, "<html></html>", TM_CLASS_SERVER, NULL, "HTTP 520"},
    {524, "<html></html>", TM_CLASS_SERVER, NULL, "may be done and billed"},
    {529, "", TM_CLASS_OVERLOADED, NULL, "HTTP 529"},
    {503, M("Loading model"), TM_CLASS_OVERLOADED, NULL, "Loading"},
    {408, "", TM_CLASS_SERVER, NULL, "HTTP 408"},
    {409, "", TM_CLASS_SERVER, NULL, "HTTP 409"},
    /* keys and accounts */
    {401, E("invalid_api_key", "invalid_request_error", "Incorrect API key provided: sk-TheSe**0000."),
     TM_CLASS_AUTH, "invalid_api_key", "[key]"},
    {401, "{\"message\":\"Unauthorized\",\"request_id\":\"abc\"}", TM_CLASS_AUTH, NULL, "Unauthorized"},
    {401, M("无效的令牌"), TM_CLASS_AUTH, NULL, "令牌"},
    {400,
     "{\"code\":\"Client specified an invalid argument\",\"error\":\"Incorrect API key provided: xa***1. You "
     "can obtain one\"}",
     TM_CLASS_AUTH, "Client specified an invalid argument", "Incorrect"},
    {403,
     E("unsupported_country_region_territory", "request_forbidden",
       "Country, region, or territory not supported"),
     TM_CLASS_AUTH, "unsupported_country_region_territory", "Country"},
    {403, E("access_denied", "new_api_error", "ip"), TM_CLASS_AUTH, "access_denied", "ip"},
    {403, M("用户已被封禁"), TM_CLASS_AUTH, NULL, "封禁"},
    {412, M("Account suspended"), TM_CLASS_AUTH, NULL, "suspended"},
    {403, "", TM_CLASS_AUTH, NULL, "HTTP 403"},
    /* models */
    {404,
     E("model_not_found", "invalid_request_error",
       "The model 'x' does not exist or you do not have access to it."),
     TM_CLASS_NO_MODEL, "model_not_found", "does not exist"},
    {403, E("model_not_found", "invalid_request_error", "Project does not have access to model 'x'"),
     TM_CLASS_NO_MODEL, "model_not_found", "access"},
    {400,
     "{\"object\":\"error\",\"message\":\"Invalid model: "
     "x\",\"type\":\"invalid_model\",\"param\":null,\"code\":\"1500\"}",
     TM_CLASS_NO_MODEL, "1500", "Invalid model"},
    {403, M("Your organization must be verified to use the model 'gpt-image-2'."), TM_CLASS_NO_MODEL,
     "model_not_found", "verified"},
    {404, "{\"error\":{\"message\":\"model 'x' not found\",\"type\":\"not_found_error\"}}", TM_CLASS_NO_MODEL,
     "not_found_error", "not found"},
    {404, "{\"error\":{\"code\":\"DeploymentNotFound\",\"message\":\"The API deployment does not exist.\"}}",
     TM_CLASS_NO_MODEL, "DeploymentNotFound", "deployment's name"},
    {404, "{\"detail\":\"Not Found\"}", TM_CLASS_NO_MODEL, NULL, "base_url"},
    {404, "<html><title>Not here</title></html>", TM_CLASS_NO_MODEL, NULL, "base_url"},
    /* size */
    {400, E("context_length_exceeded", "invalid_request_error", "maximum context length is 8192 tokens"),
     TM_CLASS_TOO_LARGE, "context_length_exceeded", "8192"},
    {400, E("string_above_max_length", "invalid_request_error", "too long"), TM_CLASS_TOO_LARGE,
     "string_above_max_length", "too long"},
    {400, "{\"error\":{\"code\":400,\"message\":\"x\",\"type\":\"exceed_context_size_error\"}}",
     TM_CLASS_TOO_LARGE, "exceed_context_size_error", "context"},
    {400,
     "{\"object\":\"error\",\"message\":\"This model's maximum context length is 4096 "
     "tokens.\",\"type\":\"BadRequestError\",\"code\":400}",
     TM_CLASS_TOO_LARGE, "BadRequestError", "4096"},
    {403, M("Input validation error: inputs tokens + max_new_tokens must be <= 8193"), TM_CLASS_TOO_LARGE,
     NULL, "8193"},
    {413, "", TM_CLASS_TOO_LARGE, NULL, "too many bytes"},
    /* blocked */
    {400, E("content_filter", "x", "The response was filtered"), TM_CLASS_BLOCKED, "content_filter",
     "filtered"},
    {400,
     "{\"error\":{\"code\":\"x\",\"message\":\"m\",\"innererror\":{\"code\":\"ResponsibleAIPolicyViolation\"}"
     "}}",
     TM_CLASS_BLOCKED, "content_filter", "m"},
    {400, E("content_policy_violation", "x", "no"), TM_CLASS_BLOCKED, "content_policy_violation", "no"},
    {400, E("invalid_prompt", "x", "no"), TM_CLASS_BLOCKED, "invalid_prompt", "no"},
    {400, E("moderation_blocked", "x", "no"), TM_CLASS_BLOCKED, "moderation_blocked", "no"},
    {400, E("sensitive_words_detected", "new_api_error", "no"), TM_CLASS_BLOCKED, "sensitive_words_detected",
     "no"},
    {403,
     "{\"error\":{\"code\":403,\"message\":\"Input flagged\",\"metadata\":{\"reasons\":[\"violence\"]}}}",
     TM_CLASS_BLOCKED, NULL, "flagged"},
    /* requests */
    {400, E("invalid_request_error", "invalid_request_error", "you did something"), TM_CLASS_BAD_REQUEST,
     "invalid_request_error", "something"},
    {422, "{\"detail\":[{\"loc\":[\"body\",\"messages\"],\"msg\":\"field required\",\"type\":\"missing\"}]}",
     TM_CLASS_BAD_REQUEST, "missing", "messages: field required"},
    {400, "{\"error\":\"something is wrong\"}", TM_CLASS_BAD_REQUEST, NULL, "something is wrong"},
    {418, "short and stout", TM_CLASS_BAD_REQUEST, NULL, "short and stout"},
    {400,
     "{\"error\":{\"message\":\"Failed to validate "
     "JSON\",\"type\":\"invalid_request_error\",\"code\":\"json_validate_failed\","
     "\"failed_generation\":\"{oops\"}}",
     TM_CLASS_SCHEMA, "json_validate_failed", "validate"},
    /* an error in a 200 */
    {200, "{\"error\":{\"code\":502,\"message\":\"Provider disconnected\"}}", TM_CLASS_SERVER, NULL,
     "disconnected"},
    {200, "{\"error\":{\"message\":\"Rate limit\",\"code\":429}}", TM_CLASS_QUOTA_MINUTE, NULL, "Rate limit"},
    {200, "{\"error\":{\"message\":\"who knows\"},\"choices\":[]}", TM_CLASS_SERVER, NULL, "who knows"},
    {200, "{\"object\":\"error\",\"message\":\"CUDA error\",\"code\":500}", TM_CLASS_SERVER, NULL, "CUDA"},
    /* Google's frames on its own path */
    {429,
     "[{\"error\":{\"code\":429,\"status\":\"RESOURCE_EXHAUSTED\",\"message\":\"x\",\"details\":[{\"@type\":"
     "\"type.googleapis."
     "com/"
     "google.rpc.QuotaFailure\",\"violations\":[{\"quotaId\":\"GenerateRequestsPerDayPerProjectPerModel-"
     "FreeTier\","
     "\"quotaValue\":\"20\"}]}]}}]",
     TM_CLASS_QUOTA_DAY, "RESOURCE_EXHAUSTED", "x"},
    {400, "[{\"error\":{\"code\":400,\"status\":\"INVALID_ARGUMENT\",\"message\":\"API key not valid.\"}}]",
     TM_CLASS_AUTH, "API_KEY_INVALID", "not valid"},
    {402,
     "[{\"error\":{\"code\":402,\"status\":\"RESOURCE_EXHAUSTED\",\"message\":\"Your prepayment credits are "
     "depleted.\"}}]",
     TM_CLASS_MONEY, "RESOURCE_EXHAUSTED", "depleted"},
    {302, "", TM_CLASS_AUTH, "redirect", "redirects"},
};

static void reads_errors(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(errors); i++) {
        house h;
        g_auto(tm_answer) answer;
        g_test_message("%d %s", errors[i].http, errors[i].body);
        house_open(&h, NULL, "m", "{}", NULL, NULL, NULL, HI);
        read_reply(&h, errors[i].http, errors[i].body, NULL, &answer);
        g_assert_cmpstr(tm_class_name(answer.class), ==, tm_class_name(errors[i].class));
        g_assert_cmpstr(answer.code, ==, errors[i].code);
        if (!strstr(answer.message, errors[i].needle))
            g_error("\"%s\" lacks \"%s\"", answer.message, errors[i].needle);
        house_close(&h);
    }
}

static void says_what_the_address_lacks(void)
{
    house h;
    g_auto(tm_answer) answer;
    house_open(&h, NULL, "m", "{}", NULL, NULL, NULL, HI);
    g_assert_true(tm_account_set_base_url(h.account, "https://api.example", NULL));
    read_reply(&h, 404, "404 page not found", NULL, &answer);
    g_assert_cmpstr(answer.message, ==, "base_url probably lacks /v1: HTTP 404: 404 page not found");
    house_close(&h);
}

static void keeps_what_was_paid_for(void)
{
    house h;
    g_auto(tm_answer) answer;
    house_open(&h, "groq", "m", "{}", NULL, "json", NULL, HI);
    read_reply(&h, 400,
               "{\"error\":{\"message\":\"Failed to validate "
               "JSON\",\"code\":\"json_validate_failed\",\"failed_generation\":"
               "\"{oops\"}}",
               NULL, &answer);
    g_assert_cmpint(answer.class, ==, TM_CLASS_SCHEMA);
    g_assert_cmpstr(answer.text, ==, "{oops");
    house_close(&h);
}

/* A proxy without a channel is waited for twice, then the model is closed. */
static void gives_up_an_absent_model(void)
{
    house h;
    house_open(&h, NULL, "m", "{}", NULL, NULL, NULL, HI);
    for (int i = 0; i < 3; i++) {
        g_auto(tm_answer) answer;
        read_reply(
            &h, 503,
            E("model_not_found", "new_api_error", "No available channel for model m under group default"),
            NULL, &answer);
        g_assert_cmpint(answer.class, ==, i < 2 ? TM_CLASS_OVERLOADED : TM_CLASS_NO_MODEL);
    }
    house_close(&h);
}

/* ---- waits and limits ---- */

static const struct {
    const char *service;
    int http;
    const char *body, *headers;
    int64_t retry_ms;
    tm_unit unit;
    tm_window window;
    int64_t value; /* of the first violation; -2: there is none */
} waits[] = {
    {"openai", 429,
     M("x on requests per day (RPD): Limit 200, Used 200, Requested 1. Please try again in 7m12s."), NULL,
     432000, TM_UNIT_REQUESTS, TM_WINDOW_DAY, 200},
    {"openai", 429, M("x on requests per min (RPM): Limit 3, Used 3, Requested 1. Please try again in 20s."),
     NULL, 20000, TM_UNIT_REQUESTS, TM_WINDOW_MINUTE, 3},
    {"openai", 429,
     M("x on tokens per min (TPM): Limit 30,000, Used 29,000, Requested 2,000. Please try again in 6ms."),
     NULL, 6, TM_UNIT_TOKENS, TM_WINDOW_MINUTE, 30000},
    {"openai", 429, M("x on images per minute (IPM): Limit 5, Used 5, Requested 1."), NULL, -1,
     TM_UNIT_IMAGES, TM_WINDOW_MINUTE, 5},
    {"groq", 429,
     M("x on tokens per day (TPD): Limit 100000, Used 99999, Requested 99. Please try again in 1m26.4s."),
     NULL, 86400, TM_UNIT_TOKENS, TM_WINDOW_DAY, 100000},
    {NULL, 429, M("您已达到请求数限制：1分钟内最多请求10次"), NULL, -1, TM_UNIT_REQUESTS, TM_WINDOW_MINUTE,
     10},
    {NULL, 429, M("No deployments available, Try again in 60 seconds."), NULL, 60000, 0, 0, -2},
    {NULL, 429, M("x"), "retry-after: 12", 12000, 0, 0, -2},
    {NULL, 429, M("x"), "retry-after: 12\nretry-after-ms: 1500", 1500, 0, 0, -2},
    {NULL, 429, M("x"), "retry-after: Sun, 08 Nov 2026 12:00:30 GMT", 30000, 0, 0, -2},
    {NULL, 429, M("x"), "retry-after: soon", -1, 0, 0, -2},
    {"openai", 429, M("x"),
     "x-ratelimit-limit-tokens: 100\nx-ratelimit-remaining-tokens: 0\nx-ratelimit-reset-tokens: 6m0s", 360000,
     0, 0, -2},
    {"openrouter", 429, M("Rate limit exceeded: free-models-per-day"),
     "x-ratelimit-limit: 50\nx-ratelimit-remaining: 0\nx-ratelimit-reset: 1794182400000", 43200000,
     TM_UNIT_REQUESTS, TM_WINDOW_DAY, 50},
    {"mistral", 429, M("Rate limit exceeded"), "x-ratelimit-limit-req-minute: 0", -1, TM_UNIT_REQUESTS,
     TM_WINDOW_MINUTE, 0},
};

static void reads_waits(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(waits); i++) {
        house h;
        g_auto(tm_answer) answer;
        g_test_message("%s %s", waits[i].body, waits[i].headers ? waits[i].headers : "");
        house_open(&h, waits[i].service, "m", "{}", NULL, NULL, NULL, HI);
        read_reply(&h, waits[i].http, waits[i].body, waits[i].headers, &answer);
        g_assert_cmpint(answer.retry_ms, ==, waits[i].retry_ms);
        g_assert_cmpuint(answer.violations ? answer.violations->len : 0, ==, waits[i].value != -2);
        if (waits[i].value != -2) {
            const tm_violation *v = &g_array_index(answer.violations, tm_violation, 0);
            g_assert_cmpint(v->unit, ==, waits[i].unit);
            g_assert_cmpint(v->window, ==, waits[i].window);
            g_assert_cmpint(v->value, ==, waits[i].value);
        }
        g_assert_true(waits[i].value != 0 || answer.class == TM_CLASS_NO_MODEL);
        house_close(&h);
    }
}

#define GOOD "{\"choices\":[{\"message\":{\"content\":\"x\"},\"finish_reason\":\"stop\"}]}"
#define RATE(what, limit, left, reset)                                                                       \
    "x-ratelimit-limit-" what ": " limit "\nx-ratelimit-remaining-" what ": " left                           \
    "\nx-ratelimit-reset-" what ": " reset

static const struct {
    const char *what, *service, *headers;
    int64_t pause_ms;
    guint n;
    tm_unit unit;
    tm_window window;
    int64_t value;
} told[] = {
    {"a minute's refills within one", "openai", RATE("requests", "500", "499", "120ms"), -1, 1,
     TM_UNIT_REQUESTS, TM_WINDOW_MINUTE, 500},
    {"a day's within one", "openai", RATE("requests", "200", "199", "7m12s"), -1, 1, TM_UNIT_REQUESTS,
     TM_WINDOW_DAY, 200},
    {"of 10,000 a day, too", "openai", RATE("requests", "10000", "9999", "8.64s"), -1, 1, TM_UNIT_REQUESTS,
     TM_WINDOW_DAY, 10000},
    {"tokens", "openai", RATE("tokens", "30000", "15000", "30s"), -1, 1, TM_UNIT_TOKENS, TM_WINDOW_MINUTE,
     30000},
    {"nothing used tells nothing", "openai", RATE("requests", "500", "500", "0s"), -1, 0, 0, 0, 0},
    {"a spent minute of tokens: pause", "openai", RATE("tokens", "100", "0", "60s"), 60000, 1, TM_UNIT_TOKENS,
     TM_WINDOW_MINUTE, 100},
    {"a spent minute of requests: until the next fits", "openai", RATE("requests", "60", "0", "1m0s"), 1001,
     1, TM_UNIT_REQUESTS, TM_WINDOW_MINUTE, 60},
    {"Groq's requests are a day's", "groq", RATE("requests", "14400", "14399", "6s"), -1, 1, TM_UNIT_REQUESTS,
     TM_WINDOW_DAY, 14400},
    {"Groq's tokens a minute's", "groq", RATE("tokens", "6000", "5990", "100ms"), -1, 1, TM_UNIT_TOKENS,
     TM_WINDOW_MINUTE, 6000},
    {"Mistral's names", "mistral", "x-ratelimit-limit-req-minute: 60\nx-ratelimit-remaining-req-minute: 59",
     -1, 1, TM_UNIT_REQUESTS, TM_WINDOW_MINUTE, 60},
    {"Cerebras's names and seconds", "cerebras", RATE("requests-day", "1000", "0", "33011.38"), 33011380, 1,
     TM_UNIT_REQUESTS, TM_WINDOW_DAY, 1000},
    {"Azure's -1 and 0 are nothing", "azure",
     "x-ratelimit-limit-requests: -1\nx-ratelimit-remaining-requests: -1\nx-ratelimit-limit-tokens: 0\n"
     "x-ratelimit-remaining-tokens: 0\nx-ratelimit-reset-tokens: 1s",
     -1, 0, 0, 0, 0},
    {"an unknown proxy's minute", NULL, RATE("requests", "60", "59", "59s"), -1, 1, TM_UNIT_REQUESTS,
     TM_WINDOW_MINUTE, 60},
    {"an unknown proxy's longer window is not guessed at", NULL, RATE("requests", "200", "199", "7m12s"), -1,
     0, 0, 0, 0},
    {"a service without such headers", "ollama", RATE("requests", "60", "0", "60s"), -1, 0, 0, 0, 0},
    {"OpenRouter's are of refusals only", "openrouter", "x-ratelimit-limit: 20\nx-ratelimit-remaining: 0", -1,
     0, 0, 0, 0},
};

static void reads_headers(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(told); i++) {
        house h;
        g_auto(tm_answer) answer;
        g_test_message("%s", told[i].what);
        house_open(&h, told[i].service, "m", "{}", NULL, NULL, NULL, HI);
        read_reply(&h, 200, GOOD, told[i].headers, &answer);
        g_assert_cmpint(answer.class, ==, TM_CLASS_OK);
        g_assert_cmpint(answer.pause_ms, ==, told[i].pause_ms);
        g_assert_null(answer.violations);
        g_assert_cmpuint(answer.told ? answer.told->len : 0, ==, told[i].n);
        if (told[i].n) {
            const tm_violation *v = &g_array_index(answer.told, tm_violation, 0);
            g_assert_cmpint(v->unit, ==, told[i].unit);
            g_assert_cmpint(v->window, ==, told[i].window);
            g_assert_cmpint(v->value, ==, told[i].value);
        }
        house_close(&h);
    }
}

/* ---- what a model does not take ---- */

#define REFUSES(name, more)                                                                                  \
    "{\"error\":{\"message\":\"Unsupported parameter: '" name "' is not supported with this model." more     \
    "\",\"type\":"                                                                                           \
    "\"invalid_request_error\",\"param\":\"" name "\",\"code\":\"unsupported_parameter\"}}"

/* A request with everything, and what is left out of it after each refusal in turn. */
static const struct {
    const char *what, *config, *body;
    const char *had, *lacks, *has; /* of the requests before and after; NULL: nothing */
} refused[] = {
    {"max_tokens", "{\"max_tokens\":9}", REFUSES("max_tokens", " Use 'max_completion_tokens' instead."),
     "\"max_tokens\":9", "\"max_tokens\"", "\"max_completion_tokens\":9"},
    {"a temperature", "{\"temperature\":0.2,\"topP\":0.5}",
     "{\"error\":{\"message\":\"Unsupported value: 'temperature' does not support 0.2 with this model. Only "
     "the default (1) "
     "value is supported.\",\"param\":\"temperature\",\"code\":\"unsupported_value\"}}",
     "temperature", "temperature", "\"top_p\":0.5"},
    {"as xAI says it", "{\"stop\":[\"x\"]}",
     "{\"code\":\"x\",\"error\":\"Argument not supported on this model: 'stop'\"}", "\"stop\"", "\"stop\"",
     NULL},
    {"as FastAPI says it", "{\"topK\":4}",
     "{\"detail\":[{\"loc\":[\"body\",\"top_k\"],\"msg\":\"Extra inputs are not "
     "permitted\",\"type\":\"extra_forbidden\"}]}",
     "top_k", "top_k", NULL},
    {"as older OpenAI says it", "{\"topK\":4}", M("Unrecognized request argument supplied: top_k"), "top_k",
     "top_k", NULL},
    {"as Groq says it", "{\"logprobs\":3}", M("`top_logprobs` is not supported with this model"),
     "top_logprobs", "top_logprobs", NULL},
    {"an effort", "{\"thinkingConfig\":{\"thinkingLevel\":\"high\"}}", REFUSES("reasoning_effort", ""),
     "reasoning_effort", "reasoning_effort", NULL},
};

static void leaves_out_what_is_refused(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(refused); i++) {
        house h;
        g_auto(tm_answer) answer, late;
        g_test_message("%s", refused[i].what);
        house_open(&h, NULL, "m", refused[i].config, NULL, NULL, NULL, HI);
        g_autofree char *before = body_of(&h);
        unsigned mark = h.operation.manners;
        g_assert_nonnull(strstr(before, refused[i].had));
        read_reply(&h, 400, refused[i].body, NULL, &answer);
        g_assert_cmpint(answer.class, ==, TM_CLASS_ADAPTED);
        g_assert_nonnull(answer.message); /* said once */
        g_autofree char *after = body_of(&h);
        g_assert_null(strstr(after, refused[i].lacks));
        g_assert_true(!refused[i].has || strstr(after, refused[i].has));
        h.operation.manners = mark; /* one that was in flight meanwhile goes again without a word */
        read_reply(&h, 400, refused[i].body, NULL, &late);
        g_assert_cmpint(late.class, ==, TM_CLASS_ADAPTED);
        g_assert_null(late.message);
        house_close(&h);
    }
}

/* Refused though it was not sent, or sent in neither way: that ends. */
static void adapts_only_so_far(void)
{
    house h;
    int steps = 0;
    house_open(&h, NULL, "m", "{\"max_tokens\":9}", NULL, NULL, NULL, HI);
    for (tm_class class = TM_CLASS_ADAPTED; class == TM_CLASS_ADAPTED && steps < 9; steps++) {
        g_auto(tm_answer) answer;
        g_autofree char *body = body_of(&h);
        read_reply(&h, 400,
                   strstr(body, "max_tokens") ? REFUSES("max_tokens", "")
                                              : REFUSES("max_completion_tokens", ""),
                   NULL, &answer);
        class = answer.class;
    }
    g_assert_cmpint(steps, ==, 3); /* the other name, no cap, an error */
    house_close(&h);
    house_open(&h, NULL, "m", "{\"temperature\":1}", NULL, NULL, NULL, HI);
    for (int i = 0; i < 2; i++) {
        g_auto(tm_answer) answer;
        g_autofree char *body = body_of(&h);
        read_reply(&h, 400, REFUSES("temperature", ""), NULL, &answer);
        g_assert_cmpint(answer.class, ==, i == 0 ? TM_CLASS_ADAPTED : TM_CLASS_BAD_REQUEST);
    }
    house_close(&h);
}

/* A slip of the user's is not passed over. */
static void a_misspelt_setting_is_an_error(void)
{
    house h;
    g_auto(tm_answer) answer;
    house_open(&h, NULL, "m", "{\"temprature\":1}", NULL, NULL, NULL, HI);
    g_autofree char *body = body_of(&h);
    read_reply(&h, 400, E("unknown_parameter", "invalid_request_error", "Unknown parameter: 'temprature'."),
               NULL, &answer);
    g_assert_cmpint(answer.class, ==, TM_CLASS_BAD_REQUEST);
    house_close(&h);
}

#define OBJECT "{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"string\"}},\"required\":[\"a\"]}"

static void steps_down_from_a_schema(void)
{
    static const char *const sent[] = {"\"json_schema\"", "\"json_object\"", "obeys this JSON Schema"};
    static const char *const says[] = {
        M("'response_format' of type 'json_schema' is not supported"),
        "{\"error\":\"'response_format.type' must be 'json_schema' or 'text'\"}",
        M("'response_format' is not supported"),
    };
    house h;
    house_open(&h, NULL, "m", "{}", OBJECT, NULL, NULL, HI);
    for (size_t i = 0; i < G_N_ELEMENTS(sent); i++) {
        g_auto(tm_answer) answer;
        g_autofree char *body = body_of(&h);
        g_assert_nonnull(strstr(body, sent[i]));
        g_assert_cmpint(strstr(body, "response_format") != NULL, ==, i < 2);
        read_reply(&h, 400, says[i], NULL, &answer);
        g_assert_cmpint(answer.class, ==, i < 2 ? TM_CLASS_ADAPTED : TM_CLASS_BAD_REQUEST);
    }
    house_close(&h);
}

/* What one batch has found out holds for the next over the same account and model, and for no other. */
static void is_kept_with_account_and_model(void)
{
    house h;
    g_auto(tm_answer) answer;
    house_open(&h, NULL, "m", "{\"temperature\":1}", NULL, NULL, NULL, HI);
    g_autofree char *first = body_of(&h);
    read_reply(&h, 400, REFUSES("temperature", ""), NULL, &answer);
    g_assert_cmpint(answer.class, ==, TM_CLASS_ADAPTED);
    tm_skeleton *other = tm_provider_openai.prepare(&h.prompt, "m", NULL, NULL);
    h.operation.skeleton = other;
    g_autofree char *same = body_of(&h);
    g_assert_null(strstr(same, "temperature"));
    h.operation.model = "n";
    g_autofree char *another = body_of(&h);
    g_assert_nonnull(strstr(another, "temperature"));
    tm_provider_openai.skeleton_free(other);
    house_close(&h);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/openai_error/table", reads_errors);
    g_test_add_func("/openai_error/address", says_what_the_address_lacks);
    g_test_add_func("/openai_error/paid", keeps_what_was_paid_for);
    g_test_add_func("/openai_error/absent", gives_up_an_absent_model);
    g_test_add_func("/openai_error/waits", reads_waits);
    g_test_add_func("/openai_error/headers", reads_headers);
    g_test_add_func("/openai_error/adapt", leaves_out_what_is_refused);
    g_test_add_func("/openai_error/ends", adapts_only_so_far);
    g_test_add_func("/openai_error/slip", a_misspelt_setting_is_an_error);
    g_test_add_func("/openai_error/json", steps_down_from_a_schema);
    g_test_add_func("/openai_error/memory", is_kept_with_account_and_model);
    return g_test_run();
}
