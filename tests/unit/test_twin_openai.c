/* test_twin_openai.c - the twin's OpenAI wire: what it reads, what it refuses, what it answers. */
#include "tests/unit/twin_house.h"

#define MINI "\"model\":\"gpt-4o-mini\","
#define THINKER "\"model\":\"gpt-5-mini\","
#define SAY(content) "{" MINI "\"messages\":[{\"role\":\"user\",\"content\":" content "}]}"
#define FORMAT(schema)                                                                                       \
    "{" MINI ASK ",\"response_format\":{\"type\":\"json_schema\",\"json_schema\":{\"name\":\"x\","           \
    "\"strict\":true,\"schema\":" schema "}}}"

/* One request: its status, and a member of what comes back. */
typedef struct {
    const char *body;
    int http;
    const char *path, *words; /* words: what it begins with */
} sample;

static void check_all(tm_twin *twin, const char *path, const sample *cases, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        g_autoptr(json_t) answer = NULL;
        g_test_message("%s", cases[i].body);
        int http = post_as(twin, path, "k", cases[i].body, NOON, &answer);
        g_test_message("%s", text_at(answer, "error.message"));
        g_assert_cmpint(http, ==, cases[i].http);
        const char *found = text_at(answer, cases[i].path);
        if (!g_str_has_prefix(found, cases[i].words))
            g_error("%s is \"%s\", not \"%s\"", cases[i].path, found, cases[i].words);
    }
}

static void chats_are_answered(void)
{
    static const sample cases[] = {
        {"{" MINI ASK "}", 200, "choices.0.message.content", "echo: tides"},
        {"{" MINI ASK ",\"n\":2}", 200, "choices.1.message.content", "echo: tides"},
        {"{" MINI ASK ",\"max_tokens\":1}", 200, "choices.0.finish_reason", "length"},
        {"{" MINI ASK ",\"service_tier\":\"flex\"}", 200, "service_tier", "flex"},
        {"{" MINI ASK ",\"temperature\":null}", 200, "choices.0.finish_reason", "stop"},
        {"{" MINI
         "\"messages\":[{\"role\":\"system\",\"content\":\"as JSON\"},{\"role\":\"user\",\"content\":"
         "\"tides\"}],\"response_format\":{\"type\":\"json_object\"}}",
         200, "choices.0.message.content", "{\"echo\":\"tides\"}"},
        {SAY("[{\"type\":\"text\",\"text\":\"a\"},{\"type\":\"image_url\",\"image_url\":{\"url\":"
             "\"data:image/png;base64," PIXEL "\",\"detail\":\"low\"}}]"),
         200, "choices.0.message.content", "echo: a"},
        {SAY("[{\"type\":\"text\",\"text\":\"a\"},{\"type\":\"image_url\",\"image_url\":{\"url\":"
             "\"https://example.com/a.png\"}}]"),
         200, "choices.0.message.content", "echo: a"},
        {SAY("[{\"type\":\"text\",\"text\":\"a\"},{\"type\":\"input_audio\",\"input_audio\":{\"data\":"
             "\"AAAA\","
             "\"format\":\"wav\"}}]"),
         200, "choices.0.message.content", "echo: a"},
        {FORMAT("{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"string\",\"enum\":[\"x\"]}},"
                "\"required\":["
                "\"a\"],\"additionalProperties\":false}"),
         200, "choices.0.message.content", "{\"a\":\"x\"}"},
        {"{" MINI
         "\"messages\":[{\"role\":\"user\",\"content\":\"a\"},{\"role\":\"assistant\",\"content\":null,"
         "\"tool_calls\":[{\"id\":\"1\"}]},{\"role\":\"tool\",\"tool_call_id\":\"1\",\"content\":\"b\"}]}",
         200, "choices.0.message.content", "echo: b"},
    };
    tm_twin *twin = tm_twin_new(&open_house);
    check_all(twin, CHAT, cases, G_N_ELEMENTS(cases));
    tm_twin_free(twin);
}

static void what_is_wrong_with_a_chat_is_said(void)
{
    static const sample cases[] = {
        {"nonsense", 400, "error.type", "invalid_request_error"},
        {"{" ASK "}", 400, "error.message", "you must provide a model parameter"},
        {"{\"model\":\"gpt-0\"," ASK "}", 404, "error.code", "model_not_found"},
        {"{" MINI ASK ",\"x\":1}", 400, "error.code", "unknown_parameter"},
        {"{" MINI ASK ",\"x\":1}", 400, "error.message", "Unknown parameter: 'x'."},
        {"{" MINI ASK ",\"temperature\":3}", 400, "error.code", "decimal_above_max_value"},
        {"{" MINI ASK ",\"max_tokens\":0}", 400, "error.code", "integer_below_min_value"},
        {"{" MINI ASK ",\"max_tokens\":\"9\"}", 400, "error.code", "invalid_type"},
        {"{" MINI ASK ",\"max_tokens\":99999}", 400, "error.message", "max_tokens is too large: 99999."},
        {"{" MINI ASK ",\"max_tokens\":9,\"max_completion_tokens\":9}", 400, "error.code",
         "invalid_parameter_combination"},
        {"{" MINI ASK ",\"service_tier\":\"slow\"}", 400, "error.message",
         "Invalid value: 'slow'. Supported values are: 'auto', 'default',"},
        {"{" MINI ASK ",\"stop\":[\"a\",\"b\",\"c\",\"d\",\"e\"]}", 400, "error.param", "stop"},
        {"{" MINI ASK ",\"metadata\":{\"a\":1}}", 400, "error.param", "metadata"},
        {"{" MINI ASK ",\"stream_options\":{\"include_usage\":true}}", 400, "error.param", "stream_options"},
        {"{" MINI ASK ",\"stream\":true,\"stream_options\":{\"x\":1}}", 400, "error.param",
         "stream_options.x"},
        {"{" MINI ASK ",\"top_logprobs\":2}", 400, "error.param", "top_logprobs"},
        {"{" MINI ASK ",\"reasoning_effort\":\"low\"}", 400, "error.code", "unsupported_parameter"},
        {"{" THINKER ASK ",\"max_tokens\":9}", 400, "error.message",
         "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens'"},
        {"{" THINKER ASK ",\"temperature\":0}", 400, "error.code", "unsupported_value"},
        {"{" THINKER ASK ",\"top_p\":1}", 400, "error.code", "unsupported_parameter"},
        {"{" THINKER ASK ",\"temperature\":1,\"reasoning_effort\":\"max\"}", 200, "choices.0.finish_reason",
         "stop"},
        {"{\"model\":\"o3\"," ASK ",\"stop\":\"x\"}", 400, "error.param", "stop"},
        {"{" MINI "\"messages\":[]}", 400, "error.code", "empty_array"},
        {"{" MINI "\"n\":1}", 400, "error.code", "missing_required_parameter"},
        {"{" MINI "\"messages\":[{\"role\":\"user\"}]}", 400, "error.param", "messages[0].content"},
        {"{" MINI "\"messages\":[{\"content\":\"a\"}]}", 400, "error.param", "messages[0].role"},
        {"{" MINI "\"messages\":[{\"role\":\"model\",\"content\":\"a\"}]}", 400, "error.code",
         "invalid_value"},
        {"{" MINI "\"messages\":[{\"role\":\"user\",\"content\":\"a\",\"x\":1}]}", 400, "error.param",
         "messages[0].x"},
        {SAY("[]"), 400, "error.param", "messages[0].content"},
        {SAY("[{\"type\":\"video\"}]"), 400, "error.param", "messages[0].content[0].type"},
        {SAY("[{\"type\":\"text\"}]"), 400, "error.param", "messages[0].content[0].text"},
        {SAY("[{\"text\":\"a\"}]"), 400, "error.param", "messages[0].content[0].type"},
        {SAY("[{\"type\":\"image_url\",\"image_url\":{\"url\":\"a.png\"}}]"), 400, "error.code",
         "invalid_image_url"},
        {SAY("[{\"type\":\"image_url\",\"image_url\":{\"url\":\"data:image/png;base64,A=A=\"}}]"), 400,
         "error.code", "invalid_base64"},
        {SAY("[{\"type\":\"image_url\",\"image_url\":{\"url\":\"data:image/png;base64,AAAA\"}}]"), 400,
         "error.code", "invalid_image_format"},
        {SAY("[{\"type\":\"image_url\",\"image_url\":{\"url\":\"data:text/plain;base64,AAAA\"}}]"), 400,
         "error.message", "Invalid MIME type."},
        {"{" MINI
         "\"messages\":[{\"role\":\"system\",\"content\":[{\"type\":\"image_url\",\"image_url\":{\"url\":"
         "\"https://example.com/a.png\"}}]}]}",
         400, "error.code", "invalid_value"},
    };
    tm_twin *twin = tm_twin_new(&open_house);
    check_all(twin, CHAT, cases, G_N_ELEMENTS(cases));
    tm_twin_free(twin);
}

static void strict_schemas_are_checked(void)
{
#define CLOSED ",\"additionalProperties\":false}"
    static const sample cases[] = {
        {"{" MINI ASK ",\"response_format\":{\"type\":\"json_object\"}}", 400, "error.message",
         "'messages' must contain the word 'json'"},
        {"{" MINI ASK ",\"response_format\":{\"type\":\"xml\"}}", 400, "error.param", "response_format.type"},
        {"{" MINI ASK ",\"response_format\":{\"type\":\"json_schema\"}}", 400, "error.param",
         "response_format.json_schema"},
        {"{" MINI ASK
         ",\"response_format\":{\"type\":\"json_schema\",\"json_schema\":{\"name\":\"a b\",\"schema\":{"
         "\"type\":\"object\"}}}}",
         400, "error.param", "response_format.json_schema.name"},
        {"{" MINI ASK
         ",\"response_format\":{\"type\":\"json_schema\",\"json_schema\":{\"name\":\"x\",\"schema\":{"
         "\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"null\"}}}}}}",
         200, "choices.0.message.content", "{\"a\":null}"}, /* not strict */
        {FORMAT("{\"type\":\"array\",\"items\":{\"type\":\"string\"}}"), 400, "error.message",
         "Invalid schema for response_format 'x': schema must be a JSON Schema of 'type: \"object\"', got "
         "'type: "
         "\"array\"'."},
        {FORMAT("{\"type\":\"object\",\"properties\":{}}"), 400, "error.message",
         "Invalid schema for response_format 'x': In context=(), 'additionalProperties' is required"},
        {FORMAT("{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"string\"}},\"required\":[]" CLOSED),
         400, "error.message",
         "Invalid schema for response_format 'x': In context=(), 'required' is required to be supplied and "
         "to be "
         "an array including every key in properties. Missing 'a'."},
        {FORMAT("{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"object\",\"properties\":{}}},"
                "\"required\":["
                "\"a\"]" CLOSED),
         400, "error.message",
         "Invalid schema for response_format 'x': In context=('properties', 'a'), 'additionalProperties'"},
        {FORMAT("{\"type\":\"object\",\"properties\":{\"a\":{\"oneOf\":[{\"type\":\"string\"}]}},"
                "\"required\":[\"a\"]" CLOSED),
         400, "error.message",
         "Invalid schema for response_format 'x': In context=('properties', 'a'), 'oneOf' is not permitted."},
        {FORMAT("{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"string\",\"default\":\"x\"}},"
                "\"required\":["
                "\"a\"]" CLOSED),
         400, "error.param", "response_format"},
        {FORMAT(
             "{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"array\"}},\"required\":[\"a\"]" CLOSED),
         400, "error.code", "invalid_json_schema"},
        {FORMAT(
             "{\"type\":\"object\",\"properties\":{\"a\":{\"anyOf\":[{\"type\":\"object\",\"properties\":{"
             "\"k\":{"
             "\"type\":\"null\"}},\"required\":[\"k\"],\"additionalProperties\":false},{\"type\":\"object\","
             "\"properties\":{\"k\":{\"type\":\"string\"}},\"required\":[\"k\"],\"additionalProperties\":"
             "false}]}},"
             "\"required\":[\"a\"]" CLOSED),
         400, "error.message",
         "Invalid schema for response_format 'x': In context=('properties', 'a'), objects provided via "
         "'anyOf'"},
    };
    tm_twin *twin = tm_twin_new(&open_house);
    check_all(twin, CHAT, cases, G_N_ELEMENTS(cases));
    g_autoptr(GString) deep = g_string_new("{\"type\":\"string\"}");
    for (int i = 0; i < 10; i++) {
        g_string_prepend(deep, "{\"type\":\"object\",\"required\":[\"a\"],\"additionalProperties\":false,"
                               "\"properties\":{\"a\":");
        g_string_append(deep, "}}");
    }
    g_autofree char *body = g_strdup_printf(
        "{" MINI ASK
        ",\"response_format\":{\"type\":\"json_schema\",\"json_schema\":{\"name\":\"x\",\"strict\":true,"
        "\"schema\":%s}}}",
        deep->str);
    const sample too_deep = {body, 400, "error.code", "invalid_json_schema"};
    check_all(twin, CHAT, &too_deep, 1);
    tm_twin_free(twin);
}

static void usage_counts_thoughts_as_output(void)
{
    tm_twin *twin = tm_twin_new(&open_house);
    g_autoptr(json_t) answer = NULL, none = NULL;
    g_assert_cmpint(post_as(twin, CHAT, "k", "{" THINKER ASK "}", NOON, &answer), ==, 200);
    g_assert_cmpint(json_integer_value(at(answer, "usage.prompt_tokens")), ==, 2);
    int64_t thoughts = json_integer_value(at(answer, "usage.completion_tokens_details.reasoning_tokens"));
    g_assert_cmpint(thoughts, >, 0);
    g_assert_cmpint(json_integer_value(at(answer, "usage.completion_tokens")), ==, thoughts + 3);
    g_assert_cmpint(json_integer_value(at(answer, "usage.prompt_tokens_details.cached_tokens")), ==, 0);
    /* a cap that thinking eats up leaves no text */
    g_assert_cmpint(post_as(twin, CHAT, "k", "{" THINKER ASK ",\"max_completion_tokens\":4}", NOON, &none),
                    ==, 200);
    g_assert_cmpstr(text_at(none, "choices.0.finish_reason"), ==, "length");
    g_assert_true(json_is_null(at(none, "choices.0.message.content")));
    tm_twin_free(twin);
}

static void a_stream_says_the_same_in_pieces(void)
{
    static const char body[] =
        "{" MINI "\"messages\":[{\"role\":\"user\",\"content\":\"h\u00e9h\u00e9\"}],\"stream\":true,"
        "\"stream_options\":{\"include_usage\":true}}";
    tm_twin *twin = tm_twin_new(&open_house);
    tm_twin_reply reply;
    judge_as(twin, "POST", CHAT, "k", body, NOON, &reply);
    g_assert_cmpint(reply.http, ==, 200);
    g_assert_cmpstr(reply.content_type, ==, "text/event-stream");
    g_auto(GStrv) events = g_strsplit(reply.body->str, "\n\n", -1);
    g_autoptr(GString) text = g_string_new(NULL), finish = g_string_new(NULL);
    int64_t usage = 0;
    guint n = g_strv_length(events);
    g_assert_cmpstr(events[n - 2], ==, "data: [DONE]");
    for (guint i = 0; i + 2 < n; i++) {
        g_assert_true(g_str_has_prefix(events[i], "data: "));
        g_autoptr(json_t) chunk = tm_json_parse(events[i] + 6, strlen(events[i]) - 6, NULL);
        g_assert_cmpstr(text_at(chunk, "object"), ==, "chat.completion.chunk");
        const json_t *content = at(chunk, "choices.0.delta.content");
        g_string_append(text, content ? json_string_value(content) : "");
        if (json_is_string(at(chunk, "choices.0.finish_reason")))
            g_string_append(finish, text_at(chunk, "choices.0.finish_reason"));
        usage += json_integer_value(at(chunk, "usage.total_tokens"));
    }
    g_assert_cmpstr(text->str, ==, "echo: h\u00e9h\u00e9");
    g_assert_cmpstr(finish->str, ==, "stop");
    g_assert_cmpint(usage, ==, 2 + 3);
    tm_twin_reply_clear(&reply);
    tm_twin_free(twin);
}

static void pictures_are_a_function_of_the_prompt(void)
{
#define IMAGES "/v1/images/generations"
#define PAINT(more) "{\"model\":\"gpt-image-2\",\"prompt\":\"a mill\"" more "}"
    static const sample cases[] = {
        {PAINT(""), 200, "data.0.b64_json", "iVBORw0KGgo"},
        {PAINT(",\"n\":2,\"size\":\"1536x1024\",\"quality\":\"low\""), 200, "size", "1536x1024"},
        {PAINT(",\"response_format\":\"b64_json\""), 400, "error.code", "unknown_parameter"},
        {PAINT(",\"size\":\"100x100\""), 400, "error.param", "size"},
        {PAINT(",\"size\":\"1600x160\""), 400, "error.param", "size"},
        {PAINT(",\"n\":11"), 400, "error.code", "integer_above_max_value"},
        {PAINT(",\"quality\":\"hd\""), 400, "error.code", "invalid_value"},
        {"{\"model\":\"gpt-image-2\"}", 400, "error.param", "prompt"},
        {"{\"model\":\"dall-e-3\",\"prompt\":\"a\"}", 404, "error.code", "model_not_found"},
        {"{\"model\":\"gpt-4o\",\"prompt\":\"a\"}", 400, "error.param", "model"},
    };
    tm_twin *twin = tm_twin_new(&open_house);
    check_all(twin, IMAGES, cases, G_N_ELEMENTS(cases));
    g_autoptr(json_t) one = NULL, same = NULL, other = NULL;
    post_as(twin, IMAGES, "k", PAINT(""), NOON, &one);
    post_as(twin, IMAGES, "k", PAINT(""), NOON + 5, &same);
    post_as(twin, IMAGES, "k", "{\"model\":\"gpt-image-2\",\"prompt\":\"a tide\"}", NOON, &other);
    g_assert_cmpstr(text_at(one, "data.0.b64_json"), ==, text_at(same, "data.0.b64_json"));
    g_assert_cmpstr(text_at(one, "data.0.b64_json"), !=, text_at(other, "data.0.b64_json"));
    tm_twin_free(twin);
}

static void paths_keys_and_models_are_judged(void)
{
    static const struct {
        const char *method, *path, *key;
        int http;
        const char *words;
    } cases[] = {
        {"POST", CHAT, NULL, 401, "You didn't provide an API key"},
        {"POST", CHAT, "invalid-key", 401, "Incorrect API key provided: in***y. You can find"},
        {"GET", CHAT, "k", 405, "method_not_supported"},
        {"POST", "/chat/completions", "k", 404, "404 page not found\n"},
        {"POST", "/api/v1/chat/completions", "k", 404, "404 page not found\n"}, /* OpenRouter's */
        {"GET", "/models", "k", 404, "404 page not found\n"},
        {"GET", "/v1/models", "k", 200, "\"id\":\"gpt-4o-mini\""},
        {"GET", "/v1/models/gpt-4o-mini", "k", 200, "\"object\":\"model\""},
        {"GET", "/v1/models/gpt-0", "k", 404, "The model `gpt-0` does not exist or you do not have access"},
        {"GET", "/v1/key", "k", 404, "404 page not found\n"},
        /* Gemini's own path has Gemini's errors, in a list */
        {"POST", "/v1beta/openai/chat/completions", "invalid-key", 400, "[{\"error\":{\"code\":400"},
        {"GET", "/v1beta/openai/models/gemini-2.5-flash", "k", 200, "\"owned_by\":\"gemini\""},
    };
    tm_twin *twin = tm_twin_new(&open_house);
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        tm_twin_reply reply;
        judge_as(twin, cases[i].method, cases[i].path, cases[i].key, "{" MINI ASK "}", NOON, &reply);
        g_test_message("%s %s: %s", cases[i].method, cases[i].path, reply.body->str);
        g_assert_cmpint(reply.http, ==, cases[i].http);
        g_assert_nonnull(strstr(reply.body->str, cases[i].words));
        tm_twin_reply_clear(&reply);
    }
    tm_twin_free(twin);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/twin openai/chats are answered", chats_are_answered);
    g_test_add_func("/twin openai/what is wrong with a chat is said", what_is_wrong_with_a_chat_is_said);
    g_test_add_func("/twin openai/strict schemas are checked", strict_schemas_are_checked);
    g_test_add_func("/twin openai/usage counts thoughts as output", usage_counts_thoughts_as_output);
    g_test_add_func("/twin openai/a stream says the same in pieces", a_stream_says_the_same_in_pieces);
    g_test_add_func("/twin openai/pictures are a function of the prompt",
                    pictures_are_a_function_of_the_prompt);
    g_test_add_func("/twin openai/paths, keys and models are judged", paths_keys_and_models_are_judged);
    return g_test_run();
}
