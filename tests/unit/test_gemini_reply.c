/* test_gemini_reply.c - every row of the API's error tables, and every way an answer may look */
#include "core/provider/provider.h"

#include "core/json.h"
#include <string.h>

static const char secret[] = "AIzaSyTheSecretOfThisTest000000000000000";

static tm_account the_account = {.name = (char *)"test",
                                 .host = (char *)"api.example",
                                 .key = (char *)secret,
                                 .base_url = (char *)"https://api.example/v1beta"};

static tm_step read_as(tm_op_kind kind, int http, const char *body, size_t length, const char *header,
                       tm_call *call, tm_answer *answer)
{
    tm_operation operation = {.kind = kind, .account = &the_account, .model = "gemini-x"};
    tm_reply *reply = g_new0(tm_reply, 1);
    reply->http = http;
    reply->left = true;
    reply->date_ms = 1234000;
    reply->body = body ? g_string_new_len(body, (gssize)length) : NULL;
    if (header) {
        g_auto(GStrv) parts = g_strsplit(header, ": ", 2);
        reply->headers = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
        g_hash_table_insert(reply->headers, g_strdup(parts[0]), g_strdup(parts[1]));
    }
    tm_step step = tm_provider_gemini.next(&operation, reply, call, answer);
    tm_reply_free(reply);
    return step;
}

static void read_reply(int http, const char *body, const char *header, tm_answer *answer)
{
    g_auto(tm_call) call = {0};
    tm_answer_init(answer);
    g_assert_cmpint(read_as(TM_OP_GENERATE, http, body, body ? strlen(body) : 0, header, &call, answer), ==,
                    TM_STEP_ANSWER);
    g_assert_cmpint(answer->http, ==, http);
    g_assert_true(answer->class == TM_CLASS_OK || answer->message);
    g_assert_true(!answer->message || !strstr(answer->message, "TheSecret"));
}

/* ---- errors ---- */

#define ERROR(code, status, message)                                                                         \
    "{\"error\":{\"code\":" #code ",\"status\":\"" status "\",\"message\":\"" message "\"}}"
#define INFO(code, status, message, reason)                                                                  \
    "{\"error\":{\"code\":" #code ",\"status\":\"" status "\",\"message\":\"" message                        \
    "\",\"details\":[{\"@type\":"                                                                            \
    "\"type.googleapis.com/google.rpc.ErrorInfo\",\"reason\":\"" reason                                      \
    "\",\"domain\":\"googleapis.com\"}]}}"

static const struct {
    int http;
    const char *body;
    tm_class class;
    const char *code;   /* NULL: none */
    const char *needle; /* in the message */
} errors[] = {
    {400, ERROR(400, "INVALID_ARGUMENT", "Invalid JSON payload received. Unknown name \\\"x\\\""),
     TM_CLASS_BAD_REQUEST, "INVALID_ARGUMENT", "Unknown name \"x\""},
    {400,
     ERROR(400, "INVALID_ARGUMENT",
           "The input token count exceeds the maximum number of tokens allowed 1048576."),
     TM_CLASS_TOO_LARGE, "INVALID_ARGUMENT", "1048576"},
    {400, ERROR(400, "INVALID_ARGUMENT", "Request payload size exceeds the limit: 20971520 bytes."),
     TM_CLASS_TOO_LARGE, "INVALID_ARGUMENT", "too many bytes"},
    {400, INFO(400, "INVALID_ARGUMENT", "API key not valid. Please pass a valid API key.", "API_KEY_INVALID"),
     TM_CLASS_AUTH, "API_KEY_INVALID", "not valid"},
    {400, ERROR(400, "INVALID_ARGUMENT", "API key not valid. Please pass a valid API key."), TM_CLASS_AUTH,
     "API_KEY_INVALID", "not valid"},
    {400, ERROR(400, "INVALID_ARGUMENT", "API key expired. Please renew the API key."), TM_CLASS_AUTH,
     "API_KEY_INVALID", "expired"},
    {400, ERROR(400, "FAILED_PRECONDITION", "User location is not supported for the API use."), TM_CLASS_AUTH,
     "FAILED_PRECONDITION", "User location"},
    {400,
     ERROR(400, "FAILED_PRECONDITION",
           "Gemini API free tier is not available in your country. Please enable "
           "billing on your project"),
     TM_CLASS_MONEY, "FAILED_PRECONDITION", "enable billing"},
    {400,
     ERROR(400, "FAILED_PRECONDITION", "The File abc is not in an ACTIVE state and usage is not allowed."),
     TM_CLASS_SERVER, "FAILED_PRECONDITION", "not ready"},
    {401, ERROR(401, "UNAUTHENTICATED", "Request had invalid authentication credentials."), TM_CLASS_AUTH,
     "UNAUTHENTICATED", "credentials"},
    {402, ERROR(402, "RESOURCE_EXHAUSTED", "Your prepayment credits are depleted."), TM_CLASS_MONEY,
     "RESOURCE_EXHAUSTED", "depleted"},
    {403, ERROR(403, "PERMISSION_DENIED", "Your API key was reported as leaked. Please use another API key."),
     TM_CLASS_AUTH, "PERMISSION_DENIED", "leaked"},
    {403, INFO(403, "PERMISSION_DENIED", "Generative Language API has not been used", "SERVICE_DISABLED"),
     TM_CLASS_AUTH, "SERVICE_DISABLED", "not enabled"},
    {403, INFO(403, "PERMISSION_DENIED", "Requests to this API are blocked.", "API_KEY_SERVICE_BLOCKED"),
     TM_CLASS_AUTH, "API_KEY_SERVICE_BLOCKED", "may not use"},
    {403,
     INFO(403, "PERMISSION_DENIED", "Requests from referer <empty> are blocked.",
          "API_KEY_HTTP_REFERRER_BLOCKED"),
     TM_CLASS_AUTH, "API_KEY_HTTP_REFERRER_BLOCKED", "web pages"},
    {403,
     INFO(403, "PERMISSION_DENIED", "The provided API key has an IP address restriction.",
          "API_KEY_IP_ADDRESS_BLOCKED"),
     TM_CLASS_AUTH, "API_KEY_IP_ADDRESS_BLOCKED", "IP addresses"},
    {403, INFO(403, "PERMISSION_DENIED", "Consumer has been suspended.", "CONSUMER_SUSPENDED"), TM_CLASS_AUTH,
     "CONSUMER_SUSPENDED", "suspended"},
    {403,
     ERROR(403, "PERMISSION_DENIED",
           "You do not have permission to access the File abc or it may not exist."),
     TM_CLASS_BAD_REQUEST, "PERMISSION_DENIED", "another project"},
    {404,
     ERROR(404, "NOT_FOUND",
           "models/gemini-x is not found for API version v1beta, or is not supported for "
           "generateContent. Call ListModels"),
     TM_CLASS_NO_MODEL, "NOT_FOUND", "models/gemini-x"},
    {404, ERROR(404, "NOT_FOUND", "This model models/gemini-2.5-flash is no longer available to new users."),
     TM_CLASS_NO_MODEL, "NOT_FOUND", "new users"},
    {404, ERROR(404, "NOT_FOUND", "CachedContent not found (or permission denied)"), TM_CLASS_BAD_REQUEST,
     "NOT_FOUND", "cached content"},
    {404, ERROR(404, "NOT_FOUND", "File files/abc not found."), TM_CLASS_BAD_REQUEST, "NOT_FOUND",
     "upload it again"},
    {404, "<html><head><TITLE>Error 404 (Not\nFound)!!1</TITLE></head></html>", TM_CLASS_NO_MODEL, NULL,
     "base_url"},
    {404, NULL, TM_CLASS_NO_MODEL, NULL, "HTTP 404"},
    {405, "<html></html>", TM_CLASS_BAD_REQUEST, NULL, "HTTP 405"},
    {411, "", TM_CLASS_BAD_REQUEST, NULL, "HTTP 411"},
    {413, "<html><title>Request Entity Too Large</title></html>", TM_CLASS_TOO_LARGE, NULL,
     "Request Entity Too Large"},
    {408, "<html></html>", TM_CLASS_SERVER, NULL, "HTTP 408"},
    {409, ERROR(409, "ABORTED", "conflict"), TM_CLASS_SERVER, "ABORTED", "conflict"},
    {418, ERROR(418, "TEAPOT", "short"), TM_CLASS_BAD_REQUEST, "TEAPOT", "short"},
    {499, ERROR(499, "CANCELLED", "The operation was cancelled."), TM_CLASS_SERVER, "CANCELLED", "cancelled"},
    {500, ERROR(500, "INTERNAL", "An internal error has occurred. Please retry"), TM_CLASS_SERVER, "INTERNAL",
     "internal error"},
    {501, ERROR(501, "UNIMPLEMENTED", "Operation is not implemented"), TM_CLASS_NO_MODEL, "UNIMPLEMENTED",
     "can't do"},
    {502, "<!DOCTYPE html><title> Bad  Gateway </title>", TM_CLASS_SERVER, NULL, "\"Bad Gateway\""},
    {503, ERROR(503, "UNAVAILABLE", "The model is overloaded. Please try again later."), TM_CLASS_OVERLOADED,
     "UNAVAILABLE", "overloaded"},
    {503, "<html>", TM_CLASS_OVERLOADED, NULL, "HTTP 503"},
    {504, ERROR(504, "DEADLINE_EXCEEDED", "Deadline expired before operation could complete."),
     TM_CLASS_SERVER, "DEADLINE_EXCEEDED", "Deadline"},
    /* shapes met in the wild */
    {503, "[{\"error\":{\"code\":503,\"status\":\"UNAVAILABLE\",\"message\":\"high demand\"}}]",
     TM_CLASS_OVERLOADED, "UNAVAILABLE", "high demand"},
    {200, "[{\"error\":{\"code\":503,\"status\":\"UNAVAILABLE\",\"message\":\"high demand\"}}]",
     TM_CLASS_OVERLOADED, "UNAVAILABLE", "high demand"},
    {200, ERROR(400, "INVALID_ARGUMENT", "no"), TM_CLASS_BAD_REQUEST, "INVALID_ARGUMENT", "no"},
    {200, "{\"error\":{\"status\":\"UNAVAILABLE\",\"message\":\"no code\"}}", TM_CLASS_OVERLOADED,
     "UNAVAILABLE", "no code"},
    {200, "{\"error\":\"just words\"}", TM_CLASS_SERVER, NULL, "just words"},
    {400, "{\"error\":{\"code\":\"invalid_request\",\"message\":\"newer surface\"}}", TM_CLASS_BAD_REQUEST,
     "invalid_request", "newer surface"},
    {500,
     "{\"error\":{\"code\":500,\"message\":\"got status: 400. "
     "{\\\"error\\\":{\\\"code\\\":400,\\\"status\\\":"
     "\\\"INVALID_ARGUMENT\\\",\\\"message\\\":\\\"API key not valid.\\\"}}\"}}",
     TM_CLASS_AUTH, "API_KEY_INVALID", "API key not valid"},
    {500, "{\"error\":{\"message\":\"{}[\"}}", TM_CLASS_SERVER, NULL, "{}["},
    {500, "{\"error\":null}", TM_CLASS_SERVER, NULL, "HTTP 500"},
    {500, "{\"error\":{\"code\":[],\"status\":7,\"message\":{},\"details\":[1,{\"@type\":3}]}}",
     TM_CLASS_SERVER, NULL, "HTTP 500"},
    {400, ERROR(400, "INVALID_ARGUMENT", "your key AIzaSyTheSecretOfThisTest000000000000000 is odd"),
     TM_CLASS_BAD_REQUEST, "INVALID_ARGUMENT", "[key] is odd"},
    {200, "", TM_CLASS_SERVER, "UNREADABLE", "nothing"},
    {200, NULL, TM_CLASS_SERVER, "UNREADABLE", "nothing"},
    {200, "<html>captive portal</html>", TM_CLASS_SERVER, "UNREADABLE", "a web page"},
    {200, "{\"candidates\": [", TM_CLASS_SERVER, "UNREADABLE", "no JSON"},
    {200, "[]", TM_CLASS_SERVER, "UNREADABLE", "no JSON"},
    {200, "{}", TM_CLASS_SERVER, "NO_CANDIDATES", "without candidates"},
};

static void each_error(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(errors); i++) {
        g_auto(tm_answer) answer;
        read_reply(errors[i].http, errors[i].body, NULL, &answer);
        bool said = answer.message && strstr(answer.message, errors[i].needle);
        if (answer.class != errors[i].class || !said)
            g_test_message("%d %s: %s, %s", errors[i].http, errors[i].body ? errors[i].body : "-",
                           tm_class_name(answer.class), answer.message ? answer.message : "-");
        g_assert_cmpint(answer.class, ==, errors[i].class);
        g_assert_cmpstr(answer.code, ==, errors[i].code);
        g_assert_true(said);
        g_assert_null(answer.violations);
        g_assert_null(answer.text);
    }
}

static void long_words(void)
{
    g_autoptr(GString) body = g_string_new("{\"error\":{\"code\":400,\"message\":\"");
    for (int i = 0; i < 100000; i++)
        g_string_append(body, "\xc3\xa4\\n ");
    g_string_append(body, "\"}}");
    g_auto(tm_answer) answer;
    read_reply(400, body->str, NULL, &answer);
    g_assert_cmpuint(strlen(answer.message), <, 500);
    g_assert_true(g_utf8_validate(answer.message, -1, NULL));
    g_assert_null(strchr(answer.message, '\n'));
}

static void redirects(void)
{
    g_auto(tm_answer) answer;
    read_reply(302, "", "location: https://login.example/path?token=abc", &answer);
    g_assert_cmpint(answer.class, ==, TM_CLASS_AUTH);
    g_assert_cmpstr(answer.code, ==, "redirect");
    g_assert_nonnull(strstr(answer.message, "login.example"));
    g_assert_null(strstr(answer.message, "token"));
}

/* ---- 429 ---- */

#define METRIC "generativelanguage.googleapis.com/"
#define FREE METRIC "generate_content_free_tier_requests"
#define QUOTA(id, metric, value) "{\"quotaMetric\":\"" metric "\",\"quotaId\":\"" id "\"" value "}"
#define VALUE(n) ",\"quotaValue\":\"" n "\""
#define FAILURE(violations)                                                                                  \
    "{\"@type\":\"type.googleapis.com/google.rpc.QuotaFailure\",\"violations\":[" violations "]}"
#define RETRY(delay) "{\"@type\":\"type.googleapis.com/google.rpc.RetryInfo\",\"retryDelay\":" delay "}"
#define REFUSED(message, details)                                                                            \
    "{\"error\":{\"code\":429,\"status\":\"RESOURCE_EXHAUSTED\",\"message\":\"" message                      \
    "\",\"details\":[" details "]}}"
#define PLAN "You exceeded your current quota, please check your plan and billing details."
#define STAR "\\n* Quota exceeded for metric: " FREE ", limit: "

typedef struct {
    tm_unit unit;
    tm_window window;
    int64_t value;
    const char *tier;
} expected;

static const struct {
    const char *body;
    tm_class class;
    int64_t retry_ms;
    guint n;
    expected violations[3];
} refusals[] = {
    {REFUSED(PLAN, FAILURE(QUOTA("GenerateRequestsPerDayPerProjectPerModel-FreeTier", FREE,
                                 VALUE("20"))) "," RETRY("\"38.2s\"")),
     TM_CLASS_QUOTA_DAY,
     38200,
     1,
     {{TM_UNIT_REQUESTS, TM_WINDOW_DAY, 20, "FreeTier"}}},
    {REFUSED(PLAN, RETRY("\"42s\"") "," FAILURE(
                       QUOTA("GenerateRequestsPerMinutePerProjectPerModel-FreeTier", FREE, VALUE("5")))),
     TM_CLASS_QUOTA_MINUTE,
     42000,
     1,
     {{TM_UNIT_REQUESTS, TM_WINDOW_MINUTE, 5, "FreeTier"}}},
    {REFUSED(PLAN, FAILURE(QUOTA("GenerateContentInputTokensPerModelPerMinute-FreeTier",
                                 METRIC "generate_content_free_tier_input_token_count", VALUE("250000")))),
     TM_CLASS_QUOTA_MINUTE,
     -1,
     1,
     {{TM_UNIT_INPUT_TOKENS, TM_WINDOW_MINUTE, 250000, "FreeTier"}}},
    {REFUSED(PLAN, FAILURE(QUOTA("GenerateContentInputTokensPerModelPerDay-FreeTier",
                                 METRIC "generate_content_free_tier_input_token_count", VALUE("6000000")))),
     TM_CLASS_QUOTA_DAY,
     -1,
     1,
     {{TM_UNIT_INPUT_TOKENS, TM_WINDOW_DAY, 6000000, "FreeTier"}}},
    {REFUSED(PLAN, FAILURE(QUOTA("GenerateContentPaidTierInputTokensPerModelPerMinute",
                                 METRIC "generate_content_paid_tier_input_token_count",
                                 ",\"quotaValue\":1000000"))),
     TM_CLASS_QUOTA_MINUTE,
     -1,
     1,
     {{TM_UNIT_INPUT_TOKENS, TM_WINDOW_MINUTE, 1000000, "PaidTier"}}},
    {REFUSED(PLAN, FAILURE(QUOTA("GenerateRequestsPerDayPerProjectPerModel-PaidTier2",
                                 METRIC "generate_content_paid_tier_2_requests", VALUE("350000")))),
     TM_CLASS_QUOTA_DAY,
     -1,
     1,
     {{TM_UNIT_REQUESTS, TM_WINDOW_DAY, 350000, "PaidTier2"}}},
    {REFUSED(PLAN, FAILURE(QUOTA("", METRIC "generate_requests_per_model_per_day", ""))),
     TM_CLASS_QUOTA_DAY,
     -1,
     1,
     {{TM_UNIT_REQUESTS, TM_WINDOW_DAY, -1, ""}}},
    {REFUSED(PLAN, FAILURE(QUOTA("GenerateRequestsPerMinutePerProjectPerModel",
                                 METRIC "generate_requests_per_model", ""))),
     TM_CLASS_QUOTA_MINUTE,
     -1,
     1,
     {{TM_UNIT_REQUESTS, TM_WINDOW_MINUTE, -1, ""}}},
    /* several at once: the day is the stronger one, and all are told */
    {REFUSED(
         PLAN,
         FAILURE(QUOTA("GenerateRequestsPerMinutePerProjectPerModel-FreeTier", FREE, VALUE("5")) "," QUOTA(
             "GenerateRequestsPerDayPerProjectPerModel-FreeTier", FREE,
             VALUE("20")) "," QUOTA("GenerateContentInputTokensPerModelPerMinute-FreeTier",
                                    METRIC "generate_content_free_tier_input_token_count", ""))),
     TM_CLASS_QUOTA_DAY,
     -1,
     3,
     {{TM_UNIT_REQUESTS, TM_WINDOW_MINUTE, 5, "FreeTier"},
      {TM_UNIT_REQUESTS, TM_WINDOW_DAY, 20, "FreeTier"},
      {TM_UNIT_INPUT_TOKENS, TM_WINDOW_MINUTE, -1, "FreeTier"}}},
    /* a limit of 0 is no wait */
    {REFUSED(PLAN, FAILURE(QUOTA("GenerateRequestsPerDayPerProjectPerModel-FreeTier", FREE,
                                 VALUE("0")) "," QUOTA("GenerateRequestsPerMinutePerProjectPerModel-FreeTier",
                                                       FREE, VALUE("0"))) "," RETRY("\"38s\"")),
     TM_CLASS_NO_MODEL,
     38000,
     2,
     {{TM_UNIT_REQUESTS, TM_WINDOW_DAY, 0, "FreeTier"}, {TM_UNIT_REQUESTS, TM_WINDOW_MINUTE, 0, "FreeTier"}}},
    {REFUSED(PLAN STAR "0, model: gemini-3-pro",
             FAILURE(QUOTA("GenerateRequestsPerDayPerProjectPerModel-FreeTier", FREE, ""))),
     TM_CLASS_NO_MODEL,
     -1,
     1,
     {{TM_UNIT_REQUESTS, TM_WINDOW_DAY, 0, "FreeTier"}}},
    {REFUSED("Quota exceeded",
             "{\"@type\":\"type.googleapis.com/google.rpc.ErrorInfo\",\"reason\":"
             "\"RATE_LIMIT_EXCEEDED\",\"metadata\":{\"quota_limit\":"
             "\"GenerateContentRequestsPerMinutePerProjectPerRegion\",\"quota_limit_value\":\"0\","
             "\"quota_metric\":\"" METRIC "generate_content_requests\"}}"),
     TM_CLASS_NO_MODEL,
     -1,
     1,
     {{TM_UNIT_REQUESTS, TM_WINDOW_MINUTE, 0, ""}}},
    /* prose where fields are missing */
    {REFUSED(PLAN STAR "20, model: gemini-3.8-flash\\nPlease retry in 53.170503096s.", ""),
     TM_CLASS_QUOTA_MINUTE,
     53171,
     1,
     {{TM_UNIT_REQUESTS, TM_WINDOW_MINUTE, 20, "FreeTier"}}},
    {REFUSED(PLAN STAR "20, model: gemini-3.8-flash\\nPlease retry in 9h23m44.781424344s.", ""),
     TM_CLASS_QUOTA_DAY,
     33824782,
     1,
     {{TM_UNIT_REQUESTS, TM_WINDOW_DAY, 20, "FreeTier"}}},
    {REFUSED(PLAN STAR "0, model: gemini-3-pro", ""),
     TM_CLASS_NO_MODEL,
     -1,
     1,
     {{TM_UNIT_REQUESTS, TM_WINDOW_MINUTE, 0, "FreeTier"}}},
    {REFUSED("Please retry in 84ms.", ""), TM_CLASS_QUOTA_MINUTE, 84, 0, {{0}}},
    {REFUSED("Please retry in 14h27m56s.", ""), TM_CLASS_QUOTA_DAY, 52076000, 0, {{0}}},
    /* waits in every shape */
    {REFUSED("x", RETRY("\"0.539477544s\"")), TM_CLASS_QUOTA_MINUTE, 540, 0, {{0}}},
    {REFUSED("x", RETRY("\"65205s\"")), TM_CLASS_QUOTA_DAY, 65205000, 0, {{0}}},
    {REFUSED("x", RETRY("\"900ms\"")), TM_CLASS_QUOTA_MINUTE, 900, 0, {{0}}},
    {REFUSED("x", RETRY("\"0s\"")), TM_CLASS_QUOTA_MINUTE, 0, 0, {{0}}},
    {REFUSED("x", RETRY("{\"seconds\":\"38\",\"nanos\":500000000}")), TM_CLASS_QUOTA_MINUTE, 38500, 0, {{0}}},
    {REFUSED("retry in 7s", RETRY("\"soon\"")), TM_CLASS_QUOTA_MINUTE, 7000, 0, {{0}}},
    {REFUSED("x", RETRY("{\"seconds\":\"9223372036854775807\"}")),
     TM_CLASS_QUOTA_DAY,
     315360000000,
     0,
     {{0}}},
    /* no rate limits */
    {REFUSED("Your prepayment credits are depleted. Please go to AI Studio", ""),
     TM_CLASS_MONEY,
     -1,
     0,
     {{0}}},
    {REFUSED("Your project has exceeded its monthly spending cap.", ""), TM_CLASS_MONEY, -1, 0, {{0}}},
    {REFUSED("You have hit the spend-based rate limit", RETRY("\"120s\"")),
     TM_CLASS_QUOTA_MINUTE,
     120000,
     1,
     {{TM_UNIT_MICRO_USD, TM_WINDOW_TEN_MINUTES, -1, ""}}},
    {"{\"error\":{\"code\":429,\"message\":\"Resource has been exhausted (e.g. check quota).\",\"status\":"
     "\"RESOURCE_EXHAUSTED\"}}",
     TM_CLASS_QUOTA_MINUTE,
     -1,
     0,
     {{0}}},
    {REFUSED("Resource exhausted. Please try again later. Please refer to error-code-429", ""),
     TM_CLASS_OVERLOADED,
     -1,
     0,
     {{0}}},
    {"[" REFUSED(PLAN,
                 FAILURE(QUOTA("GenerateRequestsPerDayPerProjectPerModel-FreeTier", FREE, VALUE("20")))) "]",
     TM_CLASS_QUOTA_DAY,
     -1,
     1,
     {{TM_UNIT_REQUESTS, TM_WINDOW_DAY, 20, "FreeTier"}}},
    {"<html>Too Many Requests</html>", TM_CLASS_QUOTA_MINUTE, -1, 0, {{0}}},
    {REFUSED("x", FAILURE("1,{},{\"quotaValue\":\"-3\",\"quotaId\":\"OddPerDay-AVeryLongTierNameIndeed\"}")),
     TM_CLASS_QUOTA_DAY,
     -1,
     1,
     {{TM_UNIT_REQUESTS, TM_WINDOW_DAY, -1, "AVeryLongTierNa"}}},
};

static void each_refusal(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(refusals); i++) {
        g_auto(tm_answer) answer;
        read_reply(429, refusals[i].body, NULL, &answer);
        if (answer.class != refusals[i].class || answer.retry_ms != refusals[i].retry_ms)
            g_test_message("%s", refusals[i].body);
        g_assert_cmpint(answer.class, ==, refusals[i].class);
        g_assert_cmpint(answer.retry_ms, ==, refusals[i].retry_ms);
        guint n = answer.violations ? answer.violations->len : 0;
        g_assert_cmpuint(n, ==, refusals[i].n);
        for (guint k = 0; k < MIN(n, refusals[i].n); k++) {
            const tm_violation *got = &g_array_index(answer.violations, tm_violation, k);
            const expected *want = &refusals[i].violations[k];
            g_assert_cmpint(got->unit, ==, want->unit);
            g_assert_cmpint(got->window, ==, want->window);
            g_assert_cmpint(got->value, ==, want->value);
            g_assert_cmpstr(got->tier, ==, want->tier);
        }
    }
}

static void header_waits(void)
{
    static const struct {
        const char *header;
        int64_t ms;
    } rows[] = {{"retry-after: 30", 30000}, {"retry-after-ms: 1500", 1500},
                {"retry-after: 1.5", 1500}, {"retry-after: Tue, 24 Nov 2026 18:00:00 GMT", -1},
                {"retry-after: -1", -1},    {"retry-after: nan", -1}};
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_auto(tm_answer) answer;
        read_reply(503, "{}", rows[i].header, &answer);
        g_assert_cmpint(answer.retry_ms, ==, rows[i].ms);
    }
}

/* ---- answers ---- */

#define CANDIDATE(parts, finish)                                                                             \
    "{\"candidates\":[{\"content\":{\"role\":\"model\",\"parts\":[" parts "]},\"finishReason\":\"" finish    \
    "\"}]}"
#define TEXT CANDIDATE("{\"text\":\"some\"}"

static const struct {
    const char *body;
    tm_class class;
    const char *text; /* NULL: none */
    guint n_parts;
    const char *needle; /* in the message; NULL: none is wanted */
} answers[] = {
    {CANDIDATE("{\"text\":\"think\",\"thought\":true},{\"text\":\"a\"},{\"text\":\"b\",\"thoughtSignature\":\"xx\"}", "STOP"),
     TM_CLASS_OK, "ab", 0, NULL},
    {CANDIDATE("{\"inlineData\":{\"mimeType\":\"image/png\",\"data\":\"AAAA\"}},{\"text\":\"see\"}", "STOP"), TM_CLASS_OK,
     "see", 1, NULL},
    {CANDIDATE("{\"inlineData\":{\"mimeType\":\"image/png\",\"data\":\"AAAA\"}}", "STOP"), TM_CLASS_OK, NULL, 1, NULL},
    {CANDIDATE("{\"functionCall\":{\"name\":\"f\"}}", "STOP"), TM_CLASS_OK, NULL, 1, NULL},
    {CANDIDATE("{\"executableCode\":{\"code\":\"1\"}}", "STOP"), TM_CLASS_SERVER, NULL, 1, "without text"},
    {CANDIDATE("", "STOP"), TM_CLASS_SERVER, NULL, 0, "without text"},
    {CANDIDATE("{\"text\":\"\"},{\"thoughtSignature\":\"x\"}", "STOP"), TM_CLASS_SERVER, NULL, 0, "without text"},
    {"{\"candidates\":[{\"finishReason\":\"STOP\"}]}", TM_CLASS_SERVER, NULL, 0, "without text"},
    {"{\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"x\"}]}}]}", TM_CLASS_OK, "x", 0, NULL},
    {TEXT, "MAX_TOKENS"), TM_CLASS_TRUNCATED, "some", 0, "maxOutputTokens"},
    {"{\"candidates\":[{\"finishReason\":\"MAX_TOKENS\"}],\"usageMetadata\":{\"thoughtsTokenCount\":99}}",
     TM_CLASS_TRUNCATED, NULL, 0, "99 tokens thought"},
    {TEXT, "CONTINUATION"), TM_CLASS_TRUNCATED, "some", 0, "go on"},
    {TEXT, "SAFETY"), TM_CLASS_BLOCKED, "some", 0, "SAFETY"},
    {CANDIDATE("", "RECITATION"), TM_CLASS_BLOCKED, NULL, 0, "RECITATION"},
    {CANDIDATE("", "BLOCKLIST"), TM_CLASS_BLOCKED, NULL, 0, "BLOCKLIST"},
    {CANDIDATE("", "PROHIBITED_CONTENT"), TM_CLASS_BLOCKED, NULL, 0, "PROHIBITED_CONTENT"},
    {CANDIDATE("", "SPII"), TM_CLASS_BLOCKED, NULL, 0, "SPII"},
    {CANDIDATE("", "LANGUAGE"), TM_CLASS_BLOCKED, NULL, 0, "LANGUAGE"},
    {CANDIDATE("", "ESCALATION"), TM_CLASS_BLOCKED, NULL, 0, "ESCALATION"},
    {CANDIDATE("", "IMAGE_SAFETY"), TM_CLASS_BLOCKED, NULL, 0, "IMAGE_SAFETY"},
    {CANDIDATE("", "IMAGE_PROHIBITED_CONTENT"), TM_CLASS_BLOCKED, NULL, 0, "IMAGE_PROHIBITED_CONTENT"},
    {CANDIDATE("", "IMAGE_RECITATION"), TM_CLASS_BLOCKED, NULL, 0, "IMAGE_RECITATION"},
    {CANDIDATE("", "IMAGE_OTHER"), TM_CLASS_SERVER, NULL, 0, "no image"},
    {CANDIDATE("", "NO_IMAGE"), TM_CLASS_SERVER, NULL, 0, "no image"},
    {CANDIDATE("", "MALFORMED_FUNCTION_CALL"), TM_CLASS_SERVER, NULL, 0, "broken tool call"},
    {CANDIDATE("", "MALFORMED_RESPONSE"), TM_CLASS_SERVER, NULL, 0, "broken answer"},
    {CANDIDATE("", "UNEXPECTED_TOOL_CALL"), TM_CLASS_BAD_REQUEST, NULL, 0, "tool"},
    {CANDIDATE("", "TOO_MANY_TOOL_CALLS"), TM_CLASS_BAD_REQUEST, NULL, 0, "tools"},
    {CANDIDATE("", "MISSING_THOUGHT_SIGNATURE"), TM_CLASS_BAD_REQUEST, NULL, 0, "signatures"},
    {TEXT, "OTHER"), TM_CLASS_OK, "some", 0, NULL},
    {TEXT, "NOT_KNOWN_YET"), TM_CLASS_OK, "some", 0, NULL},
    {CANDIDATE("", "NOT_KNOWN_YET"), TM_CLASS_SERVER, NULL, 0, "NOT_KNOWN_YET"},
    {"{\"promptFeedback\":{\"blockReason\":\"PROHIBITED_CONTENT\"},\"usageMetadata\":{\"promptTokenCount\":5}}",
     TM_CLASS_BLOCKED, NULL, 0, "PROHIBITED_CONTENT"},
    {"{\"candidates\":[1],\"promptFeedback\":7}", TM_CLASS_SERVER, NULL, 0, "without candidates"},
    {"{\"candidates\":[{\"content\":{\"parts\":[1,null,{\"text\":5},{\"text\":\"x\"}]},\"finishReason\":3}]}",
     TM_CLASS_OK, "x", 1, NULL},
};

static void each_answer(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(answers); i++) {
        g_auto(tm_answer) answer;
        read_reply(200, answers[i].body, NULL, &answer);
        if (answer.class != answers[i].class)
            g_test_message("%s", answers[i].body);
        g_assert_cmpint(answer.class, ==, answers[i].class);
        g_assert_cmpstr(answer.text, ==, answers[i].text);
        g_assert_cmpuint(answer.text_length, ==, answers[i].text ? strlen(answers[i].text) : 0);
        g_assert_cmpuint(answer.parts ? answer.parts->len : 0, ==, answers[i].n_parts);
        if (answers[i].needle) {
            g_assert_nonnull(strstr(answer.message, answers[i].needle));
            g_assert_nonnull(answer.code);
        } else {
            g_assert_null(answer.message);
        }
    }
}

static void usage(void)
{
    g_auto(tm_answer) answer, bare;
    read_reply(200,
               "{\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"nul \\u0000 and "
               "\\ud83d\"}]},\"finishReason\":\"STOP\"}],"
               "\"usageMetadata\":{\"promptTokenCount\":8,\"toolUsePromptTokenCount\":\"2\","
               "\"cachedContentTokenCount\":3,"
               "\"candidatesTokenCount\":11,\"thoughtsTokenCount\":829},\"modelVersion\":\"gemini-x-001\"}",
               NULL, &answer);
    g_assert_cmpint(answer.class, ==, TM_CLASS_OK);
    g_assert_cmpint(answer.usage.input, ==, 10);
    g_assert_cmpint(answer.usage.cached, ==, 3);
    g_assert_cmpint(answer.usage.output, ==, 11);
    g_assert_cmpint(answer.usage.thinking, ==, 829);
    g_assert_cmpstr(answer.model, ==, "gemini-x-001");
    g_assert_cmpstr(answer.finish, ==, "STOP");
    g_assert_cmpuint(answer.text_length, ==, 13);
    g_assert_true(memcmp(answer.text, "nul \0 and \xef\xbf\xbd", 14) == 0);
    read_reply(200, TEXT, "STOP"), NULL, &bare);
    g_assert_cmpint(bare.usage.input, ==, -1);
    g_assert_cmpint(bare.usage.thinking, ==, -1);
}

/* ---- what is no generation ---- */

static void counts_and_models(void)
{
    g_auto(tm_answer) count, odd, model, models;
    g_auto(tm_call) call = {0};
    tm_answer_init(&count);
    read_as(TM_OP_COUNT, 200, "{\"totalTokens\":\"42\"}", 20, NULL, &call, &count);
    g_assert_cmpint(count.class, ==, TM_CLASS_OK);
    g_assert_cmpint(count.usage.input, ==, 42);
    tm_answer_init(&odd);
    read_as(TM_OP_COUNT, 200, "{}", 2, NULL, &call, &odd);
    g_assert_cmpint(odd.class, ==, TM_CLASS_SERVER);
    tm_answer_init(&model);
    read_as(TM_OP_MODEL, 200, "{\"name\": \"models/x\"}", 20, NULL, &call, &model);
    g_assert_cmpstr(model.text, ==, "{\"name\":\"models/x\"}");

    static const char first[] = "{\"models\":[{\"name\":\"a\"}],\"nextPageToken\":\"n/2\"}";
    static const char second[] = "{\"models\":[{\"name\":\"b\"}]}";
    tm_answer_init(&models);
    g_assert_cmpint(read_as(TM_OP_MODELS, 200, first, sizeof first - 1, NULL, &call, &models), ==,
                    TM_STEP_CALL);
    g_assert_cmpstr(call.url, ==, "https://api.example/v1beta/models?pageSize=1000&pageToken=n%2F2");
    g_assert_nonnull(call.key_header);
    tm_call_clear(&call);
    g_assert_cmpint(read_as(TM_OP_MODELS, 200, second, sizeof second - 1, NULL, &call, &models), ==,
                    TM_STEP_ANSWER);
    g_assert_cmpstr(models.text, ==, "{\"models\":[{\"name\":\"a\"},{\"name\":\"b\"}]}");
}

static void wires(void)
{
    static const struct {
        tm_wire wire;
        bool left;
        tm_class class;
    } rows[] = {
        {TM_WIRE_DNS, false, TM_CLASS_NETWORK},      {TM_WIRE_REFUSED, false, TM_CLASS_NETWORK},
        {TM_WIRE_TLS, false, TM_CLASS_NETWORK},      {TM_WIRE_CUT, false, TM_CLASS_NETWORK},
        {TM_WIRE_CUT, true, TM_CLASS_UNKNOWN},       {TM_WIRE_TIMEOUT, false, TM_CLASS_NETWORK},
        {TM_WIRE_TIMEOUT, true, TM_CLASS_TIMEOUT},   {TM_WIRE_TOO_BIG, true, TM_CLASS_TOO_LARGE},
        {TM_WIRE_CANCELLED, true, TM_CLASS_UNKNOWN}, {TM_WIRE_CANCELLED, false, TM_CLASS_NETWORK},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        tm_operation operation = {.kind = TM_OP_GENERATE, .account = &the_account, .model = "gemini-x"};
        tm_reply reply = {
            .wire = rows[i].wire, .left = rows[i].left, .detail = (char *)"x AIzaSyTheSecretOfThisTest y"};
        g_auto(tm_call) call = {0};
        g_auto(tm_answer) answer;
        tm_answer_init(&answer);
        g_assert_cmpint(tm_provider_gemini.next(&operation, &reply, &call, &answer), ==, TM_STEP_ANSWER);
        g_assert_cmpint(answer.class, ==, rows[i].class);
        g_assert_nonnull(strstr(answer.message, "api.example"));
        g_assert_null(strstr(answer.message, "TheSecret"));
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_set_nonfatal_assertions();
    g_test_add_func("/gemini reply/every error has its class, its code and its words", each_error);
    g_test_add_func("/gemini reply/words are cut, on one line, and whole characters", long_words);
    g_test_add_func("/gemini reply/a redirect closes the account and names the host alone", redirects);
    g_test_add_func("/gemini reply/every 429 tells what was exceeded and for how long", each_refusal);
    g_test_add_func("/gemini reply/waits in headers count where the body has none", header_waits);
    g_test_add_func("/gemini reply/an answer is text that is no thought, and never empty", each_answer);
    g_test_add_func("/gemini reply/usage is as told, NUL bytes stay, lone surrogates do not cost the answer",
                    usage);
    g_test_add_func("/gemini reply/counts and models are read, lists page by page", counts_and_models);
    g_test_add_func("/gemini reply/without a status the wire's word and whether it left decide", wires);
    return g_test_run();
}
