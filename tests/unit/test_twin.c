/* test_twin.c - the twin judged over virtual time. */
#include <string.h>

#include "core/json.h"
#include "jobs/twin/twin.h"

static const tm_twin_options open_house = {
    .rpm = -1, .tpm = -1, .rpd = -1, .windows = {.day = TM_DAY_UTC, .minute_ms = 60000}};

#define GENERATE "/v1beta/models/gemini-2.5-flash:generateContent"
#define STREAM "/v1beta/models/gemini-2.5-flash:streamGenerateContent"
#define COUNT "/v1beta/models/gemini-2.5-flash:countTokens"
#define NOON INT64_C(1795003200000) /* some noon, UTC */

static void ask_as(tm_twin *twin, const char *method, const char *path, const char *key, const char *body,
                   int64_t at_ms, tm_twin_reply *reply)
{
    const tm_twin_request request = {
        .method = method, .path = path, .key = key, .body = body, .length = body ? strlen(body) : 0};
    tm_twin_judge(twin, &request, at_ms, reply);
}

/* Status of a POST, and its body read as JSON (NULL wanted: dropped). */
static int post(tm_twin *twin, const char *path, const char *body, int64_t at_ms, json_t **answer)
{
    tm_twin_reply reply;
    ask_as(twin, "POST", path, "k", body, at_ms, &reply);
    int http = reply.http;
    if (answer) {
        g_autoptr(GError) error = NULL;
        *answer = tm_json_parse(reply.body->str, reply.body->len, &error);
        g_assert_no_error(error);
    }
    tm_twin_reply_clear(&reply);
    return http;
}

static int ask(tm_twin *twin, const char *text, int64_t at_ms)
{
    g_autofree char *body = g_strdup_printf("{\"contents\":[{\"parts\":[{\"text\":\"%s\"}]}]}", text);
    return post(twin, GENERATE, body, at_ms, NULL);
}

static const json_t *at(const json_t *value, const char *path)
{
    g_auto(GStrv) steps = g_strsplit(path, ".", -1);
    for (char **step = steps; *step && value; step++)
        value = json_is_array(value) ? json_array_get(value, (size_t)g_ascii_strtoull(*step, NULL, 10))
                                     : json_object_get(value, *step);
    return value;
}

static const char *text_at(const json_t *value, const char *path)
{
    const json_t *found = at(value, path);
    return json_is_string(found) ? json_string_value(found) : "(none)";
}

static void a_minute_slides(void)
{
    tm_twin_options options = open_house;
    options.rpm = 2;
    tm_twin *twin = tm_twin_new(&options);
    g_assert_cmpint(ask(twin, "a", NOON), ==, 200);
    g_assert_cmpint(ask(twin, "b", NOON + 30000), ==, 200);
    g_assert_cmpint(ask(twin, "c", NOON + 59999), ==, 429);
    g_assert_cmpint(ask(twin, "c", NOON + 60000), ==, 200); /* the first has left */
    g_assert_cmpint(ask(twin, "d", NOON + 60001), ==, 429);
    g_assert_cmpint(ask(twin, "d", NOON + 90000), ==, 200);
    tm_twin_free(twin);
}

static void refused_requests_count_nowhere(void)
{
    tm_twin_options options = open_house;
    options.rpm = 1;
    options.rpd = 2;
    tm_twin *twin = tm_twin_new(&options);
    g_assert_cmpint(ask(twin, "a", NOON), ==, 200);
    for (int i = 1; i < 50; i++)
        g_assert_cmpint(ask(twin, "b", NOON + i * 1000), ==, 429);
    g_assert_cmpint(ask(twin, "b", NOON + 60000), ==, 200);
    g_assert_cmpint(ask(twin, "c", NOON + 200000), ==, 429);   /* the day is spent */
    g_assert_cmpint(ask(twin, "c", NOON + 43200000), ==, 200); /* midnight, UTC */
    tm_twin_free(twin);
}

static void the_day_is_pacific_or_short_or_rolls(void)
{
    tm_twin_options options = open_house;
    options.rpd = 1;
    options.windows = tm_windows_default;
    tm_twin *twin = tm_twin_new(&options);
    /* 2026-11-01, the day of 25 hours, begins at 07:00 UTC and ends on the 2nd at 08:00 UTC */
    int64_t begin = INT64_C(1793516400000);
    g_assert_cmpint(ask(twin, "a", begin), ==, 200);
    g_assert_cmpint(ask(twin, "b", begin + 25 * INT64_C(3600000) - 1), ==, 429);
    g_assert_cmpint(ask(twin, "b", begin + 25 * INT64_C(3600000)), ==, 200);
    tm_twin_free(twin);

    options.windows.day_ms = 20000;
    twin = tm_twin_new(&options);
    g_assert_cmpint(ask(twin, "a", NOON + 19999), ==, 200);
    g_assert_cmpint(ask(twin, "b", NOON + 20000), ==, 200);
    g_assert_cmpint(ask(twin, "c", NOON + 39999), ==, 429);
    tm_twin_free(twin);

    options.windows.day = TM_DAY_ROLLING;
    twin = tm_twin_new(&options);
    g_assert_cmpint(ask(twin, "a", NOON + 19999), ==, 200);
    g_assert_cmpint(ask(twin, "b", NOON + 20000), ==, 429);
    g_assert_cmpint(ask(twin, "b", NOON + 39999), ==, 200);
    tm_twin_free(twin);
}

static void each_model_has_its_own_windows(void)
{
    char *models[] = {"gemini-2.5-flash", "gemini-2.5-pro", NULL};
    tm_twin_options options = open_house;
    options.rpm = 1;
    options.models = models;
    tm_twin *twin = tm_twin_new(&options);
    g_assert_cmpint(ask(twin, "a", NOON), ==, 200);
    g_assert_cmpint(post(twin, "/v1/models/gemini-2.5-pro:generateContent",
                         "{\"contents\":{\"parts\":{\"text\":\"a\"}}}", NOON, NULL),
                    ==, 200);
    tm_twin_free(twin);
}

static void one_429_names_all_violations(void)
{
    tm_twin_options options = open_house;
    options.rpm = 1;
    options.rpd = 1;
    options.tpm = 3; /* "aaaaaaaa" has 2 tokens */
    tm_twin *twin = tm_twin_new(&options);
    g_autoptr(json_t) body = NULL;
    g_assert_cmpint(ask(twin, "aaaaaaaa", NOON), ==, 200);
    g_assert_cmpint(
        post(twin, GENERATE, "{\"contents\":[{\"parts\":[{\"text\":\"bbbbbbbb\"}]}]}", NOON + 1500, &body),
        ==, 429);
    g_assert_cmpstr(text_at(body, "error.status"), ==, "RESOURCE_EXHAUSTED");
    g_assert_cmpint(json_integer_value(at(body, "error.code")), ==, 429);
    const json_t *violations = at(body, "error.details.1.violations");
    g_assert_cmpuint(json_array_size(violations), ==, 3);
    g_assert_cmpstr(text_at(violations, "0.quotaId"), ==,
                    "GenerateRequestsPerDayPerProjectPerModel-FreeTier");
    g_assert_cmpstr(text_at(violations, "1.quotaId"), ==,
                    "GenerateRequestsPerMinutePerProjectPerModel-FreeTier");
    g_assert_cmpstr(text_at(violations, "2.quotaId"), ==,
                    "GenerateContentInputTokensPerModelPerMinute-FreeTier");
    g_assert_cmpstr(text_at(violations, "2.quotaMetric"), ==,
                    "generativelanguage.googleapis.com/generate_content_free_tier_input_token_count");
    g_assert_cmpstr(text_at(violations, "0.quotaDimensions.model"), ==, "gemini-2.5-flash");
    g_assert_cmpstr(text_at(violations, "0.quotaValue"), ==, "1");
    /* midnight is 12 h less 1.5 s away; the field is cut to seconds, the prose is not */
    g_assert_cmpstr(text_at(body, "error.details.2.retryDelay"), ==, "43198s");
    g_assert_nonnull(strstr(text_at(body, "error.message"), "Please retry in 11h59m58.5s."));
    g_assert_nonnull(strstr(text_at(body, "error.message"),
                            "\n* Quota exceeded for metric: generativelanguage.googleapis.com/"
                            "generate_content_free_tier_requests, limit: 1, model: gemini-2.5-flash\n"));
    tm_twin_free(twin);
}

static void the_tier_names_the_quota(void)
{
    static const struct {
        const char *tier, *id, *metric;
    } cases[] = {
        {"1", "GenerateRequestsPerMinutePerProjectPerModel", "generate_requests_per_model"},
        {"2", "GenerateRequestsPerMinutePerProjectPerModel-PaidTier2",
         "generate_content_paid_tier_2_requests"},
        {"3", "GenerateRequestsPerMinutePerProjectPerModel-PaidTier3",
         "generate_content_paid_tier_3_requests"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        tm_twin_options options = open_house;
        options.rpm = 0;
        options.tier = cases[i].tier;
        tm_twin *twin = tm_twin_new(&options);
        g_autoptr(json_t) body = NULL;
        g_autofree char *metric = g_strdup_printf("generativelanguage.googleapis.com/%s", cases[i].metric);
        g_assert_cmpint(post(twin, GENERATE, "{\"contents\":[{\"parts\":[{\"text\":\"a\"}]}]}", NOON, &body),
                        ==, 429);
        g_assert_cmpstr(text_at(body, "error.details.1.violations.0.quotaId"), ==, cases[i].id);
        g_assert_cmpstr(text_at(body, "error.details.1.violations.0.quotaMetric"), ==, metric);
        g_assert_cmpstr(text_at(body, "error.details.1.violations.0.quotaValue"), ==, "0");
        tm_twin_free(twin);
    }
}

static void bodies_are_read_strictly(void)
{
    static const struct {
        const char *body, *words;
    } cases[] = {
        {"", "Invalid JSON payload received."},
        {"{\"contents\":", "Invalid JSON payload received."},
        {"[]", "Root element must be a message."},
        {"{}", "* GenerateContentRequest.contents: contents is not specified\n"},
        {"{\"contents\":[]}", "* GenerateContentRequest.contents: contents is not specified\n"},
        {"{\"contents\":[{\"parts\":[]}]}",
         "* GenerateContentRequest.contents[0].parts: contents.parts must not be empty.\n"},
        {"{\"contents\":[{\"parts\":[{\"text\":\"\"}]}]}",
         "* GenerateContentRequest.contents[0].parts: contents.parts must not be empty.\n"},
        {"{\"contents\":[{\"parts\":[{}]}]}", "* GenerateContentRequest.contents[0].parts[0].data: required "
                                              "oneof field 'data' must have one initialized "
                                              "field\n"},
        {"{\"contents\":[{\"role\":\"robot\",\"parts\":[{\"text\":\"a\"}]}]}",
         "Please use a valid role: user, model."},
        {"{\"contents\":[{\"parts\":[{\"text\":\"a\"}]}],\"generationConfig\":{\"x\":1}}",
         "Invalid JSON payload received. Unknown name \"x\" at 'generation_config': Cannot find field."},
        {"{\"contents\":[{\"parts\":[{\"txt\":\"a\"}]}],\"y\":1}",
         "Invalid JSON payload received. Unknown name \"txt\" at 'contents[0].parts[0]': Cannot find field.\n"
         "Invalid JSON payload received. Unknown name \"y\": Cannot find field."},
        {"{\"contents\":[{\"parts\":[{\"text\":5}]}]}",
         "Invalid value at 'contents[0].parts[0].text' (TYPE_STRING), 5"},
        {"{\"contents\":[{\"parts\":[{\"inlineData\":{\"mimeType\":\"image/png\",\"data\":\"a*b\"}}]}]}",
         "Invalid value at 'contents[0].parts[0].inline_data.data' (TYPE_BYTES), Base64 decoding failed for "
         "\"a*b\""},
        {"{\"contents\":[{\"parts\":[{\"inlineData\":{\"mimeType\":\"application/"
         "zip\",\"data\":\"AAAA\"}}]}]}",
         "Unsupported MIME type: application/zip"},
        {"{\"contents\":[{\"parts\":[{\"text\":\"a\"}]}],\"safetySettings\":[{\"category\":"
         "\"HARM_CATEGORY_HARASSMENT\",\"threshold\":\"BLOCK_HIGH_AND_ABOVE\"}]}",
         "Invalid value at 'safety_settings[0].threshold' "
         "(type.googleapis.com/google.ai.generativelanguage.v1beta.Threshold), \"BLOCK_HIGH_AND_ABOVE\""},
        {"{\"contents\":[{\"parts\":[{\"text\":\"a\"}]}],\"generationConfig\":{\"temperature\":3}}",
         "* GenerateContentRequest.generation_config.temperature: temperature must be in the range [0.0, "
         "2.0].\n"},
        {"{\"contents\":[{\"parts\":[{\"text\":\"a\"}]}],\"generationConfig\":{\"thinkingConfig\":"
         "{\"thinkingBudget\":0,\"thinkingLevel\":\"LOW\"}}}",
         "You can only set only one of thinking budget and thinking level."},
        {"{\"contents\":[{\"parts\":[{\"text\":\"a\"}]}],\"generationConfig\":{\"responseMimeType\":"
         "\"application/"
         "json\",\"responseSchema\":{\"type\":\"OBJECT\",\"properties\":{\"a\":{\"type\":\"STRING\","
         "\"additionalProperties\":false}}}}}",
         "Invalid JSON payload received. Unknown name \"additionalProperties\" at "
         "'generation_config.response_schema.properties[0].value': Cannot find field."},
        {"{\"contents\":[{\"parts\":[{\"text\":\"a\"}]}],\"generationConfig\":{\"responseMimeType\":"
         "\"application/json\",\"responseSchema\":{\"type\":\"OBJECT\"}}}",
         "* GenerateContentRequest.generation_config.response_schema.properties: should be non-empty for "
         "OBJECT type\n"},
        {"{\"contents\":[{\"parts\":[{\"text\":\"a\"}]}],\"generationConfig\":{\"responseMimeType\":\"text/"
         "html\"}}",
         "* GenerateContentRequest.generation_config.response_mime_type: allowed mimetypes are `text/plain`, "
         "`application/json`, `application/xml`, `application/yaml` and `text/x.enum`.\n"},
    };
    tm_twin *twin = tm_twin_new(&open_house);
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(json_t) body = NULL;
        g_assert_cmpint(post(twin, GENERATE, cases[i].body, NOON, &body), ==, 400);
        g_assert_cmpstr(text_at(body, "error.status"), ==, "INVALID_ARGUMENT");
        if (!g_strrstr(text_at(body, "error.message"), cases[i].words)) {
            g_test_message("%s", cases[i].body);
            g_assert_cmpstr(text_at(body, "error.message"), ==, cases[i].words);
        }
    }
    tm_twin_free(twin);
}

static void unknown_fields_stand_in_a_bad_request(void)
{
    tm_twin *twin = tm_twin_new(&open_house);
    g_autoptr(json_t) body = NULL;
    post(twin, GENERATE, "{\"contents\":[{\"parts\":[{\"text\":\"a\"}]}],\"generationConfig\":{\"x\":1}}",
         NOON, &body);
    g_assert_cmpstr(text_at(body, "error.details.0.@type"), ==, "type.googleapis.com/google.rpc.BadRequest");
    g_assert_cmpstr(text_at(body, "error.details.0.fieldViolations.0.field"), ==, "generation_config");
    tm_twin_free(twin);
}

static void snake_case_and_single_values_are_taken(void)
{
    tm_twin *twin = tm_twin_new(&open_house);
    g_autoptr(json_t) body = NULL;
    g_assert_cmpint(
        post(twin, GENERATE,
             "{\"system_instruction\":{\"parts\":{\"text\":\"s\"}},\"contents\":{\"parts\":{\"text\":\"a\"}},"
             "\"generation_config\":{\"max_output_tokens\":\"100\",\"top_p\":null},\"safety_settings\":[]}",
             NOON, &body),
        ==, 200);
    g_assert_cmpstr(text_at(body, "candidates.0.content.parts.0.text"), ==, "echo: a");
    g_assert_cmpstr(text_at(body, "candidates.0.finishReason"), ==, "STOP");
    tm_twin_free(twin);
}

static void keys_and_models_are_judged(void)
{
    static const struct {
        const char *method, *path, *key;
        int http;
        const char *words;
    } cases[] = {
        {"POST", GENERATE, NULL, 403, "Method doesn't allow unregistered callers"},
        {"POST", GENERATE, "invalid-key", 400, "API_KEY_INVALID"},
        {"GET", "/v1beta/models", "invalid-key", 400, "API_KEY_INVALID"},
        {"POST", GENERATE "?key=k", NULL, 200, "echo: a"},
        {"POST", "/v1beta/models/gemini-0:generateContent", "k", 404,
         "models/gemini-0 is not found for API version v1beta, or is not supported for generateContent. Call "
         "ListModels to see the list of available models and their supported methods."},
        {"GET", "/v1/models/gemini-0", "k", 404, "Model is not found: models/gemini-0 for api version v1"},
        {"GET", "/v1beta/models/gemini-2.5-flash", "k", 200, "\"inputTokenLimit\":1048576"},
        {"POST", "/v1beta/models/gemini-2.5-flash:fly", "k", 404, "<title>"},
        {"GET", GENERATE, "k", 404, "<title>"},
        {"GET", "/", "k", 404, "<title>"},
        {"GET", "/v1beta/models/%zz", "k", 404, "<title>"},
    };
    tm_twin *twin = tm_twin_new(&open_house);
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        tm_twin_reply reply;
        ask_as(twin, cases[i].method, cases[i].path, cases[i].key,
               "{\"contents\":[{\"parts\":[{\"text\":\"a\"}]}]}", NOON, &reply);
        g_assert_cmpint(reply.http, ==, cases[i].http);
        g_assert_nonnull(strstr(reply.body->str, cases[i].words));
        tm_twin_reply_clear(&reply);
    }
    tm_twin_free(twin);

    char *keys[] = {"one", "two", NULL};
    tm_twin_options options = open_house;
    options.keys = keys;
    twin = tm_twin_new(&options);
    tm_twin_reply reply;
    ask_as(twin, "GET", "/v1beta/models", "two", NULL, NOON, &reply);
    g_assert_cmpint(reply.http, ==, 200);
    tm_twin_reply_clear(&reply);
    ask_as(twin, "GET", "/v1beta/models", "three", NULL, NOON, &reply);
    g_assert_cmpint(reply.http, ==, 400);
    tm_twin_reply_clear(&reply);
    tm_twin_free(twin);
}

static void the_list_of_models_has_pages(void)
{
    char *models[] = {"a", "b", "c", NULL};
    tm_twin_options options = open_house;
    options.models = models;
    tm_twin *twin = tm_twin_new(&options);
    g_autoptr(GString) seen = g_string_new(NULL), path = g_string_new("/v1beta/models?pageSize=2");
    for (int page = 0; page < 2; page++) {
        tm_twin_reply reply;
        ask_as(twin, "GET", path->str, "k", NULL, NOON, &reply);
        g_autoptr(json_t) body = tm_json_parse(reply.body->str, reply.body->len, NULL);
        for (size_t i = 0; i < json_array_size(at(body, "models")); i++)
            g_string_append(seen, text_at(json_array_get(at(body, "models"), i), "name"));
        g_string_printf(path, "/v1beta/models?pageSize=2&pageToken=%s", text_at(body, "nextPageToken"));
        tm_twin_reply_clear(&reply);
    }
    g_assert_cmpstr(seen->str, ==, "models/amodels/bmodels/c");
    tm_twin_free(twin);
}

static void counting_agrees_with_the_answer_and_is_free(void)
{
    static const char contents[] =
        "\"contents\":[{\"role\":\"user\",\"parts\":[{\"text\":\"h\u00e9llo\"},{\"inlineData\":{"
        "\"mimeType\":\"image/png\",\"data\":\"iVBORw0KGgo=\"}}]}],\"systemInstruction\":{\"parts\":["
        "{\"text\":\"be brief\"}]}";
    tm_twin_options options = open_house;
    options.rpm = 1;
    tm_twin *twin = tm_twin_new(&options);
    g_autofree char *body = g_strdup_printf("{%s}", contents);
    g_autofree char *whole =
        g_strdup_printf("{\"generateContentRequest\":{\"model\":\"models/gemini-2.5-flash\",%s}}", contents);
    g_autoptr(json_t) answer = NULL;
    g_assert_cmpint(post(twin, GENERATE, body, NOON, &answer), ==, 200);
    for (int i = 0; i < 5; i++) {
        g_autoptr(json_t) count = NULL;
        g_assert_cmpint(post(twin, COUNT, whole, NOON, &count), ==, 200);
        g_assert_cmpint(json_integer_value(at(count, "totalTokens")), ==, 4 + 258);
    }
    g_assert_cmpint(json_integer_value(at(answer, "usageMetadata.promptTokenCount")), ==, 4 + 258);
    g_autoptr(json_t) parsed = tm_json_parse(body, strlen(body), NULL);
    g_assert_cmpint(tm_twin_tokens(parsed), ==, 4 + 258);
    tm_twin_free(twin);
}

static void too_many_tokens_are_refused_and_counted(void)
{
    tm_twin_options options = open_house;
    options.rpd = 1;
    tm_twin *twin = tm_twin_new(&options);
    g_autofree char *text = g_strnfill(4 * 1048577, 'x');
    g_assert_cmpint(ask(twin, text, NOON), ==, 400);
    g_assert_cmpint(ask(twin, "a", NOON), ==, 429);
    tm_twin_free(twin);
}

static void an_answer_is_a_function_of_its_request(void)
{
    static const char *const configs[] = {
        "{}",
        "{\"responseMimeType\":\"application/json\"}",
        "{\"maxOutputTokens\":3}",
        "{\"maxOutputTokens\":20,\"thinkingConfig\":{\"thinkingBudget\":10,\"includeThoughts\":true}}",
        "{\"responseMimeType\":\"text/"
        "x.enum\",\"responseSchema\":{\"type\":\"STRING\",\"enum\":[\"a\",\"b\"]}}",
        "{\"responseMimeType\":\"application/"
        "json\",\"responseSchema\":{\"type\":\"OBJECT\",\"properties\":{\"label\":"
        "{\"type\":\"STRING\",\"enum\":[\"pos\",\"neg\"]},\"score\":{\"type\":\"NUMBER\",\"minimum\":0,"
        "\"maximum\":1}},"
        "\"propertyOrdering\":[\"score\",\"label\"]}}",
    };
    tm_twin *twin = tm_twin_new(&open_house);
    for (size_t i = 0; i < G_N_ELEMENTS(configs); i++) {
        g_autofree char *body = g_strdup_printf("{\"contents\":[{\"role\":\"user\",\"parts\":[{\"text\":"
                                                "\"tides \\ud83c\\udf0a\"}]}],\"generationConfig\":%s}",
                                                configs[i]);
        g_autoptr(json_t) parsed = tm_json_parse(body, strlen(body), NULL);
        g_autofree char *expected = tm_twin_answer_text(parsed);
        for (int n = 0; n < 3; n++) {
            g_autoptr(json_t) answer = NULL;
            g_autoptr(GString) text = g_string_new(NULL);
            g_assert_cmpint(post(twin, GENERATE, body, NOON + n, &answer), ==, 200);
            const json_t *parts = at(answer, "candidates.0.content.parts");
            for (size_t k = 0; k < json_array_size(parts); k++)
                if (!json_is_true(at(json_array_get(parts, k), "thought")))
                    g_string_append(text, text_at(json_array_get(parts, k), "text"));
            g_assert_cmpstr(text->str, ==, expected);
        }
    }
    tm_twin_free(twin);
}

static void streams_say_the_same_in_pieces(void)
{
    tm_twin *twin = tm_twin_new(&open_house);
    tm_twin_reply reply;
    const char *body = "{\"contents\":[{\"parts\":[{\"text\":\"a b c\"}]}]}";
    ask_as(twin, "POST", STREAM "?alt=sse", "k", body, NOON, &reply);
    g_assert_cmpstr(reply.content_type, ==, "text/event-stream");
    g_autoptr(GString) text = g_string_new(NULL);
    g_auto(GStrv) events = g_strsplit(reply.body->str, "\r\n\r\n", -1);
    for (char **event = events; **event; event++) {
        g_assert_true(g_str_has_prefix(*event, "data: "));
        g_autoptr(json_t) piece = tm_json_parse(*event + 6, strlen(*event + 6), NULL);
        g_string_append(text, text_at(piece, "candidates.0.content.parts.0.text"));
    }
    g_assert_cmpstr(text->str, ==, "echo: a b c");
    tm_twin_reply_clear(&reply);
    g_autoptr(json_t) list = NULL, refused = NULL;
    g_assert_cmpint(post(twin, STREAM, body, NOON, &list), ==, 200);
    g_assert_cmpuint(json_array_size(list), ==, 2);
    g_assert_cmpint(post(twin, STREAM, "{}", NOON, &refused), ==, 400);
    g_assert_cmpstr(text_at(refused, "0.error.status"), ==, "INVALID_ARGUMENT");
    tm_twin_free(twin);
}

static void faults_come_as_told(void)
{
    static const struct {
        const char *class;
        int http;
        const char *words;
        int fate;
    } cases[] = {
        {"overloaded", 503, "\"UNAVAILABLE\"", TM_TWIN_ANSWER},
        {"server", 500, "\"INTERNAL\"", TM_TWIN_ANSWER},
        {"html", 502, "<!DOCTYPE html>", TM_TWIN_ANSWER},
        {"array", 503, "[{\"error\"", TM_TWIN_ANSWER},
        {"blocked", 200, "\"SAFETY\"", TM_TWIN_ANSWER},
        {"truncated", 200, "\"MAX_TOKENS\"", TM_TWIN_ANSWER},
        {"empty", 200, "\"finishReason\":\"STOP\"", TM_TWIN_ANSWER},
        {"bad_request", 400, "\"INVALID_ARGUMENT\"", TM_TWIN_ANSWER},
        {"too_large", 400, "exceeds the maximum number of tokens", TM_TWIN_ANSWER},
        {"auth", 400, "API_KEY_INVALID", TM_TWIN_ANSWER},
        {"no_model", 404, "is not found", TM_TWIN_ANSWER},
        {"money", 429, "prepayment credits are depleted", TM_TWIN_ANSWER},
        {"quota_minute", 429, "PerMinute", TM_TWIN_ANSWER},
        {"quota_day", 429, "PerDay", TM_TWIN_ANSWER},
        {"quota_bare", 429, "Resource has been exhausted (e.g. check quota).", TM_TWIN_ANSWER},
        {"unknown", 0, NULL, TM_TWIN_CUT},
        {"timeout", 0, NULL, TM_TWIN_HANG},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *second = g_strdup_printf("%s@2", cases[i].class);
        char *fails[] = {second, NULL};
        tm_twin_options options = open_house;
        options.fails = fails;
        tm_twin *twin = tm_twin_new(&options);
        tm_twin_reply reply;
        const char *body = "{\"contents\":[{\"parts\":[{\"text\":\"a\"}]}]}";
        g_assert_cmpint(ask(twin, "a", NOON), ==, 200);
        ask_as(twin, "POST", GENERATE, "k", body, NOON, &reply);
        g_assert_cmpint(reply.http, ==, cases[i].http);
        g_assert_cmpint((int)reply.fate, ==, cases[i].fate);
        if (cases[i].words)
            g_assert_nonnull(strstr(reply.body->str, cases[i].words));
        tm_twin_reply_clear(&reply);
        g_assert_cmpint(ask(twin, "a", NOON), ==, 200);
        tm_twin_free(twin);
    }
}

static int count_503s(uint64_t seed)
{
    char *fails[] = {"overloaded:0.3", NULL};
    tm_twin_options options = open_house;
    options.fails = fails;
    options.seed = seed;
    tm_twin *twin = tm_twin_new(&options);
    int n = 0, place = 0;
    for (int i = 0; i < 1000; i++)
        if (ask(twin, "a", NOON + i) == 503)
            n++, place += i;
    tm_twin_free(twin);
    g_assert_cmpint(n, >, 240);
    g_assert_cmpint(n, <, 360);
    return place;
}

static void chance_follows_the_seed(void)
{
    g_assert_cmpint(count_503s(7), ==, count_503s(7));
    g_assert_cmpint(count_503s(7), !=, count_503s(8));
}

static void an_overloaded_request_eats_the_day(void)
{
    char *fails[] = {"overloaded~storm", NULL};
    tm_twin_options options = open_house;
    options.fails = fails;
    options.rpd = 2;
    tm_twin *twin = tm_twin_new(&options);
    g_assert_cmpint(ask(twin, "a storm", NOON), ==, 503);
    g_assert_cmpint(ask(twin, "calm", NOON), ==, 200);
    g_assert_cmpint(ask(twin, "calm", NOON), ==, 429);
    tm_twin_free(twin);
}

static void faults_that_are_none_are_refused(void)
{
    static const char *const wrong[] = {
        "overloaded", "overloaded:", "overloaded:2", "overloaded:x", "storm:0.1",
        "unknown@",   "unknown@0",   "unknown@1,x",  "blocked~",     "",
        "network:0.1"};
    for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++) {
        g_autoptr(GError) error = NULL;
        g_assert_false(tm_twin_fault_check(wrong[i], &error));
        g_assert_nonnull(error);
    }
    g_assert_true(tm_twin_fault_check("unknown@1,20", NULL));
}

static void keep_line(const json_t *line, void *data)
{
    *(json_t **)data = json_deep_copy(line);
}

static void the_log_tells_what_was_seen(void)
{
    tm_twin_options options = open_house;
    options.rpm = 1;
    tm_twin *twin = tm_twin_new(&options);
    json_t *line = NULL;
    ask(twin, "a", NOON);
    tm_twin_set_log(twin, keep_line, &line);
    g_autofree char *accents = g_strnfill(300, 'e');
    ask(twin, accents, NOON + 5);
    g_assert_cmpint(json_integer_value(at(line, "at_ms")), ==, NOON + 5);
    g_assert_cmpstr(text_at(line, "op"), ==, "generate");
    g_assert_cmpstr(text_at(line, "model"), ==, "gemini-2.5-flash");
    g_assert_cmpint(json_integer_value(at(line, "http")), ==, 429);
    g_assert_cmpstr(text_at(line, "class"), ==, "quota_minute");
    g_assert_cmpint(json_integer_value(at(line, "tokens")), ==, 75);
    g_assert_cmpint(json_integer_value(at(line, "minute")), ==, 1);
    g_assert_cmpint(json_integer_value(at(line, "day")), ==, 1);
    g_assert_cmpuint(strlen(text_at(line, "text")), ==, 80);
    g_assert_cmpuint(strlen(text_at(line, "hash")), ==, 16);
    json_decref(line);
    tm_twin_free(twin);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_set_nonfatal_assertions();
    g_test_add_func("/twin/a minute slides: a request leaves it after exactly a minute", a_minute_slides);
    g_test_add_func("/twin/refused requests count in no window", refused_requests_count_nowhere);
    g_test_add_func("/twin/the day is Pacific with its 25 hours, or short, or rolls",
                    the_day_is_pacific_or_short_or_rolls);
    g_test_add_func("/twin/each model has its own windows", each_model_has_its_own_windows);
    g_test_add_func("/twin/one 429 names all violations, with the real wait", one_429_names_all_violations);
    g_test_add_func("/twin/the tier names the quota", the_tier_names_the_quota);
    g_test_add_func("/twin/bodies are read strictly, and refused in the real words",
                    bodies_are_read_strictly);
    g_test_add_func("/twin/unknown fields stand in a BadRequest", unknown_fields_stand_in_a_bad_request);
    g_test_add_func("/twin/snake_case, single values and nulls are taken",
                    snake_case_and_single_values_are_taken);
    g_test_add_func("/twin/keys, models and paths are judged", keys_and_models_are_judged);
    g_test_add_func("/twin/the list of models has pages", the_list_of_models_has_pages);
    g_test_add_func("/twin/counting agrees with the answer and is free",
                    counting_agrees_with_the_answer_and_is_free);
    g_test_add_func("/twin/too many tokens are refused and counted", too_many_tokens_are_refused_and_counted);
    g_test_add_func("/twin/an answer is a function of its request", an_answer_is_a_function_of_its_request);
    g_test_add_func("/twin/streams say the same in pieces", streams_say_the_same_in_pieces);
    g_test_add_func("/twin/faults come as told", faults_come_as_told);
    g_test_add_func("/twin/chance follows the seed", chance_follows_the_seed);
    g_test_add_func("/twin/an overloaded request eats the day", an_overloaded_request_eats_the_day);
    g_test_add_func("/twin/faults that are none are refused", faults_that_are_none_are_refused);
    g_test_add_func("/twin/the log tells what was seen", the_log_tells_what_was_seen);
    return g_test_run();
}
