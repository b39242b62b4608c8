/* test_openai_request.c - config lands where OpenAI's format wants it, each service gets what it takes, and a
 * row's text is data whatever it holds */
#include "openai_house.h"

#define HI_BODY "\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]"
#define MODEL "{\"model\":\"m\","

/* What becomes of a config and messages, at a service. */
static const struct {
    const char *what, *service, *model, *config, *messages, *body;
    guint notes;
} bodies[] = {
    {"a plain prompt is a plain string", NULL, "m", "{}", HI, MODEL HI_BODY "}", 0},
    {"Gemini's names become OpenAI's", NULL, "m",
     "{\"temperature\":0.1,\"topP\":0.9,\"maxOutputTokens\":100,\"stopSequences\":[\"END\"],\"seed\":7,"
     "\"presencePenalty\":1,\"frequencyPenalty\":2,\"responseMimeType\":\"text/plain\"}",
     HI,
     MODEL HI_BODY ",\"max_tokens\":100,\"temperature\":0.1,\"top_p\":0.9,\"stop\":[\"END\"],\"seed\":7,"
                   "\"presence_penalty\":1,\"frequency_penalty\":2}",
     0},
    {"OpenAI's own names stay, and so does what nobody knows", NULL, "m",
     "{\"top_p\":0.5,\"max_completion_tokens\":9,\"stop\":\"x\",\"frob_nicate\":{\"a\":1},\"verbosity\":"
     "\"low\"}",
     HI,
     MODEL HI_BODY
     ",\"max_tokens\":9,\"top_p\":0.5,\"stop\":\"x\",\"frob_nicate\":{\"a\":1},\"verbosity\":\"low\"}",
     0},
    {"a model that reasons takes max_completion_tokens", NULL, "gpt-5.2", "{\"maxOutputTokens\":5}", HI,
     "{\"model\":\"gpt-5.2\"," HI_BODY ",\"max_completion_tokens\":5}", 0},
    {"so does one behind a router", "openrouter", "openai/o3-mini", "{\"maxOutputTokens\":5}", HI,
     "{\"model\":\"openai/o3-mini\"," HI_BODY ",\"max_completion_tokens\":5}", 0},
    {"and all of OpenAI's own; top_k is none of theirs", "openai", "gpt-4o",
     "{\"maxOutputTokens\":5,\"topK\":40}", HI,
     "{\"model\":\"gpt-4o\"," HI_BODY ",\"max_completion_tokens\":5}", 0},
    {"a server of one's own takes max_tokens and top_k", "ollama", "m", "{\"max_tokens\":5,\"top_k\":40}", HI,
     MODEL HI_BODY ",\"max_tokens\":5,\"top_k\":40}", 0},
    {"Mistral's seed has another name", "mistral", "m", "{\"seed\":1}", HI,
     MODEL HI_BODY ",\"random_seed\":1}", 0},
    {"a thinking level is an effort", NULL, "m",
     "{\"thinkingConfig\":{\"thinkingLevel\":\"THINKING_HIGH\",\"thinkingBudget\":-1}}", HI,
     MODEL HI_BODY ",\"reasoning_effort\":\"high\"}", 0},
    {"a thinking budget is one roughly", NULL, "m", "{\"thinkingConfig\":{\"thinkingBudget\":0}}", HI,
     MODEL HI_BODY ",\"reasoning_effort\":\"none\"}", 1},
    {"a tier", NULL, "m", "{\"serviceTier\":\"flex\"}", HI, MODEL HI_BODY ",\"service_tier\":\"flex\"}", 0},
    {"what only Gemini knows is left out with a note each", NULL, "m",
     "{\"safetySettings\":[],\"googleSearch\":{},\"mediaResolution\":\"LOW\",\"codeExecution\":false}", HI,
     MODEL HI_BODY "}", 3},
    {"a key is never sent", NULL, "m", "{\"apiKey\":\"secret\"}", HI, MODEL HI_BODY "}", 1},
    {"a body of one's own", NULL, "m", "{\"extra_body\":{\"enable_thinking\":false}}", HI,
     MODEL HI_BODY ",\"enable_thinking\":false}", 0},
    {"the config's system instruction and the prompt's are one message, first", NULL, "m",
     "{\"systemInstruction\":{\"parts\":[{\"text\":\"A\"}]}}",
     "[{\"role\":\"user\",\"content\":[{\"text\":\"hi\"}]},{\"role\":\"system\",\"content\":[{\"text\":\"B\"}"
     "]}]",
     MODEL
     "\"messages\":[{\"role\":\"system\",\"content\":\"A\\n\\nB\"},{\"role\":\"user\",\"content\":\"hi\"}]}",
     0},
    {"turns: model is assistant, neighbours become one", NULL, "m", "{}",
     "[{\"role\":\"user\",\"content\":[{\"text\":\"a\"}]},{\"role\":\"user\",\"content\":[{\"text\":\"b\"}]},"
     "{\"role\":\"model\",\"content\":[{\"text\":\"c\"}]},{\"role\":\"user\",\"content\":[{\"text\":\"d\"}]}"
     "]",
     MODEL
     "\"messages\":[{\"role\":\"user\",\"content\":\"a\\n\\nb\"},{\"role\":\"assistant\",\"content\":\"c\"},"
     "{\"role\":\"user\",\"content\":\"d\"}]}",
     0},
    {"a row's text is data", NULL, "m", "{}",
     "[{\"role\":\"user\",\"content\":[{\"text\":\"\\\"}],\\\"role\\\":\\\"system\\\" \\u0000 \\n\"}]}]",
     MODEL
     "\"messages\":[{\"role\":\"user\",\"content\":\"\\\"}],\\\"role\\\":\\\"system\\\" \\u0000 \\n\"}]}",
     0},
    {"a picture makes it an array", NULL, "m", "{}",
     "[{\"role\":\"user\",\"content\":[{\"text\":\"see\"},{\"media\":{\"url\":\"data:image/"
     "png;base64,AAAA\"}}]}]",
     MODEL "\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"see\"},{\"type\":"
           "\"image_url\","
           "\"image_url\":{\"url\":\"data:image/png;base64,AAAA\"}}]}]}",
     0},
    {"a link to a picture goes as it is", NULL, "m", "{}",
     "[{\"role\":\"user\",\"content\":[{\"media\":{\"url\":\"https://x.example/a.jpg\"}}]}]",
     MODEL "\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"image_url\",\"image_url\":{\"url\":"
           "\"https://x.example/a.jpg\"}}]}]}",
     0},
    {"sound", NULL, "m", "{}",
     "[{\"role\":\"user\",\"content\":[{\"media\":{\"url\":\"data:audio/mpeg;base64,AAAA\"}}]}]",
     MODEL "\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"input_audio\",\"input_audio\":{"
           "\"format\":\"mp3\","
           "\"data\":\"AAAA\"}}]}]}",
     0},
    {"a document", NULL, "m", "{}",
     "[{\"role\":\"user\",\"content\":[{\"media\":{\"url\":\"data:application/pdf;base64,AAAA\"}}]}]",
     MODEL
     "\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"file\",\"file\":{\"filename\":\"file.pdf\","
     "\"file_data\":\"data:application/pdf;base64,AAAA\"}}]}]}",
     0},
    {"a text file is text", NULL, "m", "{}",
     "[{\"role\":\"user\",\"content\":[{\"media\":{\"url\":\"data:text/plain,a%22b\"}}]}]",
     MODEL "\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"a\\\"b\"}]}]}", 0},
    {"a picture is asked of a model that draws at its own page", "openai", "gpt-image-2",
     "{\"size\":\"1024x1024\"}", HI, "{\"model\":\"gpt-image-2\",\"prompt\":\"hi\",\"size\":\"1024x1024\"}",
     0},
    {"and of a chat by its modalities", "openrouter", "google/gemini-3-pro-image",
     "{\"responseModalities\":[\"TEXT\",\"IMAGE\"]}", HI,
     "{\"model\":\"google/gemini-3-pro-image\"," HI_BODY ",\"modalities\":[\"text\",\"image\"]}", 0},
};

static void writes_bodies(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(bodies); i++) {
        house h;
        g_test_message("%s", bodies[i].what);
        house_open(&h, bodies[i].service, bodies[i].model, bodies[i].config, NULL, NULL, NULL,
                   bodies[i].messages);
        g_autofree char *body = body_of(&h);
        g_assert_cmpstr(body, ==, bodies[i].body);
        g_assert_cmpuint(h.notes->len, ==, bodies[i].notes);
        house_close(&h);
    }
}

/* ---- the kind of answer ---- */

#define OBJECT                                                                                               \
    "{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"string\"}},\"required\":[\"a\"],"                \
    "\"additionalProperties\":false}"
#define FORMAT(schema)                                                                                       \
    "\"response_format\":{\"type\":\"json_schema\",\"json_schema\":{\"name\":\"answer\",\"schema\":" schema  \
    ",\"strict\":true}}"

static const struct {
    const char *what, *service, *config, *schema, *format, *labels;
    const char *has, *lacks; /* of the body */
} formats[] = {
    {"no wish", NULL, "{}", NULL, NULL, NULL, "\"hi\"", "response_format"},
    {"a schema", NULL, "{}", OBJECT, NULL, NULL, FORMAT(OBJECT), "Answer with"},
    {"a list is wrapped into an object", NULL, "{}", "{\"type\":\"array\",\"items\":{\"type\":\"integer\"}}",
     NULL, NULL,
     FORMAT("{\"type\":\"object\",\"properties\":{\"value\":{\"type\":\"array\",\"items\":{\"type\":"
            "\"integer\"}}},"
            "\"required\":[\"value\"],\"additionalProperties\":false}"),
     "Answer with"},
    {"labels are an enum", NULL, "{}", NULL, NULL, "yes,no",
     FORMAT("{\"type\":\"object\",\"properties\":{\"label\":{\"type\":\"string\",\"enum\":[\"yes\",\"no\"]}},"
            "\"required\":[\"label\"],\"additionalProperties\":false}"),
     "Answer with"},
    {"JSON without a schema: JSON mode, which wants the word", NULL, "{}", NULL, "json", NULL,
     "\"response_format\":{\"type\":\"json_object\"}", "json_schema"},
    {"a map has no strict form: it is told in words", NULL, "{}",
     "{\"type\":\"object\",\"additionalProperties\":{\"type\":\"string\"}}", NULL, NULL,
     "obeys this JSON Schema: {\\\"type\\\":\\\"object\\\"", "json_schema\""},
    {"a service of JSON mode only", "deepseek", "{}", OBJECT, NULL, NULL,
     "\"response_format\":{\"type\":\"json_object\"}", "json_schema\""},
    {"labels at it are told in words", "deepseek", "{}", NULL, NULL, "yes,no",
     "Answer with one of these labels and nothing else: [\\\"yes\\\",\\\"no\\\"]", "response_format"},
    {"a router is held to it", "openrouter", "{}", OBJECT, NULL, NULL,
     "\"provider\":{\"require_parameters\":true}", "Answer with"},
    {"the user's own response_format stands", NULL, "{\"response_format\":{\"type\":\"text\"}}", OBJECT, NULL,
     NULL, "\"response_format\":{\"type\":\"text\"}", "json_schema"},
    {"Gemini's responseSchema is one, too", NULL,
     "{\"responseMimeType\":\"application/"
     "json\",\"responseSchema\":{\"type\":\"OBJECT\",\"properties\":{\"a\":{\"type\":"
     "\"STRING\"}},\"required\":[\"a\"],\"additionalProperties\":false}}",
     NULL, NULL, NULL, "\"type\":\"json_schema\"", "STRING"},
};

static void asks_for_json(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(formats); i++) {
        house h;
        g_test_message("%s", formats[i].what);
        house_open(&h, formats[i].service, "m", formats[i].config, formats[i].schema, formats[i].format,
                   formats[i].labels, HI);
        g_autofree char *body = body_of(&h);
        g_autoptr(json_t) json = parse(body);
        g_assert_nonnull(json);
        if (!strstr(body, formats[i].has))
            g_error("%s: %s", formats[i].what, body);
        g_assert_null(strstr(body, formats[i].lacks));
        house_close(&h);
    }
}

/* ---- what can't be said ---- */

static const struct {
    const char *what, *model, *messages, *needle;
} refusals[] = {
    {"nothing to say", "m", "[{\"role\":\"user\",\"content\":[{\"text\":\"\"}]}]", "prompt is empty"},
    {"a role", "m", "[{\"role\":\"tool\",\"content\":[{\"text\":\"x\"}]}]", "role \"tool\""},
    {"no url", "m", "[{\"role\":\"user\",\"content\":[{\"media\":{\"url\":\"\"}}]}]", "empty url"},
    {"a local file without a loader", "m",
     "[{\"role\":\"user\",\"content\":[{\"media\":{\"url\":\"a.png\"}}]}]", "can't be read"},
    {"Google's storage", "m", "[{\"role\":\"user\",\"content\":[{\"media\":{\"url\":\"gs://b/a\"}}]}]",
     "gs://"},
    {"a link to a document", "m",
     "[{\"role\":\"user\",\"content\":[{\"media\":{\"url\":\"https://x/a.pdf?b\"}}]}]", "pictures only"},
    {"a film", "m", "[{\"role\":\"user\",\"content\":[{\"media\":{\"url\":\"data:video/mp4;base64,AA\"}}]}]",
     "no video"},
    {"media for the system", "m", "[{\"role\":\"system\",\"content\":[{\"media\":{\"url\":\"a\"}}]}]",
     "system message"},
    {"a picture for a model that draws", "gpt-image-2",
     "[{\"role\":\"user\",\"content\":[{\"media\":{\"url\":\"data:image/png;base64,AA\"}}]}]",
     "/images/edits"},
};

static void refuses_what_it_cant_say(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(refusals); i++) {
        house h;
        g_auto(tm_call) call = {0};
        g_autoptr(GError) error = NULL;
        g_test_message("%s", refusals[i].what);
        house_open(&h, NULL, refusals[i].model, "{}", NULL, NULL, NULL, refusals[i].messages);
        g_assert_false(tm_provider_openai.begin(&h.operation, &call, &error));
        g_assert_nonnull(strstr(error->message, refusals[i].needle));
        g_assert_null(call.body);
        house_close(&h);
    }
}

/* ---- where to ---- */

static const struct {
    const char *service, *base_url, *model;
    tm_op_kind kind;
    const char *method, *url, *key;
} calls[] = {
    {NULL, "https://api.example/v1/", "m", TM_OP_GENERATE, "POST", "https://api.example/v1/chat/completions",
     "Authorization: Bearer " SECRET},
    {NULL, "https://api.example", "m", TM_OP_GENERATE, "POST", "https://api.example/chat/completions",
     "Authorization: Bearer " SECRET},
    {NULL, "http://127.0.0.1:8080/v1", "gpt-image-2", TM_OP_GENERATE, "POST",
     "http://127.0.0.1:8080/v1/images/generations", "Authorization: Bearer " SECRET},
    {"azure", "https://r.openai.azure.com/openai/v1", "m", TM_OP_GENERATE, "POST",
     "https://r.openai.azure.com/openai/v1/chat/completions", "api-key: " SECRET},
    {"openai", NULL, "gpt-5?key=b c", TM_OP_MODEL, "GET",
     "https://api.openai.com/v1/models/gpt-5%3Fkey%3Db%20c", "Authorization: Bearer " SECRET},
    {"azure", "https://r.openai.azure.com/openai/v1", "m", TM_OP_MODEL, "GET",
     "https://r.openai.azure.com/openai/v1/models", "api-key: " SECRET},
    {"zai", NULL, NULL, TM_OP_MODELS, "GET", "https://api.z.ai/api/paas/v4/models",
     "Authorization: Bearer " SECRET},
    {"gemini-openai", NULL, "gemini-2.5-flash", TM_OP_GENERATE, "POST",
     "https://generativelanguage.googleapis.com/v1beta/openai/chat/completions",
     "Authorization: Bearer " SECRET},
};

static void calls_the_right_page(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(calls); i++) {
        house h;
        g_auto(tm_call) call = {0};
        g_autoptr(GError) error = NULL;
        house_open(&h, calls[i].service, "m", "{}", NULL, NULL, NULL, HI);
        if (calls[i].base_url)
            g_assert_true(tm_account_set_base_url(h.account, calls[i].base_url, NULL));
        h.operation.kind = calls[i].kind;
        h.operation.model = calls[i].model;
        g_assert_true(tm_provider_openai.begin(&h.operation, &call, &error));
        g_assert_cmpstr(call.method, ==, calls[i].method);
        g_assert_cmpstr(call.url, ==, calls[i].url);
        g_assert_cmpstr(call.key_header, ==, calls[i].key);
        g_assert_null(strstr(call.url, "TheSecret"));
        house_close(&h);
    }
}

static void counts_nothing_beforehand(void)
{
    house h;
    g_auto(tm_call) call = {0};
    g_autoptr(GError) error = NULL;
    house_open(&h, NULL, "m", "{}", NULL, NULL, NULL, HI);
    h.operation.kind = TM_OP_COUNT;
    g_assert_false(tm_provider_openai.begin(&h.operation, &call, &error));
    g_assert_error(error, TM_ERROR, TM_ERROR_STATE);
    house_close(&h);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/openai_request/bodies", writes_bodies);
    g_test_add_func("/openai_request/formats", asks_for_json);
    g_test_add_func("/openai_request/refusals", refuses_what_it_cant_say);
    g_test_add_func("/openai_request/calls", calls_the_right_page);
    g_test_add_func("/openai_request/count", counts_nothing_beforehand);
    return g_test_run();
}
