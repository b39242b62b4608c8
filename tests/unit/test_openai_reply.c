/* test_openai_reply.c - every way an answer may look in OpenAI's format: finish, usage, thoughts, pictures */
#include "openai_house.h"

#define SAYS(content, finish)                                                                                \
    "{\"choices\":[{\"message\":{\"content\":" content "},\"finish_reason\":" finish "}]}"

static const struct {
    const char *body;
    tm_class class;
    const char *text, *code, *needle; /* NULL: none */
} finishes[] = {
    {SAYS("\"yes\"", "\"stop\""), TM_CLASS_OK, "yes", NULL, NULL},
    {SAYS("\"yes\"", "\"STOP\""), TM_CLASS_OK, "yes", NULL, NULL},
    {SAYS("\"yes\"", "\"eos\""), TM_CLASS_OK, "yes", NULL, NULL}, /* unknown ones keep the text */
    {SAYS("\"ye\"", "\"length\""), TM_CLASS_TRUNCATED, "ye", "length", "cap"},
    {SAYS("\"ye\"", "\"model_length\""), TM_CLASS_TRUNCATED, "ye", "model_length", "context"},
    {SAYS("null", "\"length\""), TM_CLASS_TRUNCATED, NULL, "length", "thinking used up"},
    {SAYS("\"ye\"", "\"content_filter\""), TM_CLASS_BLOCKED, "ye", "content_filter", "filter"},
    {SAYS("null", "\"content_filter\""), TM_CLASS_BLOCKED, NULL, "content_filter", "filter"},
    {SAYS("\"\"", "\"stop\""), TM_CLASS_SERVER, NULL, "EMPTY", "without text"},
    {SAYS("null", "\"stop\""), TM_CLASS_SERVER, NULL, "EMPTY", "without text"},
    {SAYS("\"ye\"", "\"error\""), TM_CLASS_SERVER, "ye", "error", "broke off"},
    {SAYS("\"ye\"", "null"), TM_CLASS_SERVER, "ye", "NO_FINISH", "finish reason"},
    {SAYS("\"ye\"", "\"\""), TM_CLASS_SERVER, "ye", "NO_FINISH", "finish reason"},
    {"{\"choices\":[{\"message\":{\"content\":\"ye\"}}]}", TM_CLASS_SERVER, "ye", "NO_FINISH",
     "finish reason"},
    {SAYS("\"ye\"", "\"insufficient_system_resource\""), TM_CLASS_OVERLOADED, "ye",
     "insufficient_system_resource", "short"},
    {SAYS("null", "\"tool_calls\""), TM_CLASS_BAD_REQUEST, NULL, "tool_calls", "does not offer"},
    {SAYS("null", "\"function_call\""), TM_CLASS_BAD_REQUEST, NULL, "function_call", "does not offer"},
    {"{\"choices\":[{\"message\":{\"content\":null,\"refusal\":\"I can't "
     "help.\"},\"finish_reason\":\"stop\"}]}",
     TM_CLASS_BLOCKED, NULL, "refusal", "I can't help."},
    {"{\"choices\":[]}", TM_CLASS_SERVER, NULL, "NO_CHOICES", "without choices"},
    {"{}", TM_CLASS_SERVER, NULL, "NO_CHOICES", "without choices"},
    {"{\"choices\":[{\"message\":{\"content\":\"\"},\"finish_reason\":\"error\",\"error\":{\"code\":502,"
     "\"message\":"
     "\"Upstream hung up\"}}]}",
     TM_CLASS_SERVER, NULL, "error", "Upstream hung up"},
    /* parts, and what is no text of the answer */
    {SAYS("[{\"type\":\"text\",\"text\":\"a\"},{\"type\":\"thinking\",\"thinking\":[]},{\"type\":\"text\","
          "\"text\":\"b\"}]",
          "\"stop\""),
     TM_CLASS_OK, "ab", NULL, NULL},
    {SAYS("\"<think>\\nhm\\n</think>\\n\\nyes\"", "\"stop\""), TM_CLASS_OK, "yes", NULL, NULL},
    {SAYS("\"hm\\n</think>\\nyes\"", "\"stop\""), TM_CLASS_OK, "yes", NULL, NULL},
    {SAYS("\"<think>hm\"", "\"length\""), TM_CLASS_TRUNCATED, NULL, "length", "thinking used up"},
    {SAYS("\"use <think> and </think>\"", "\"stop\""), TM_CLASS_OK, "use <think> and </think>", NULL, NULL},
    {"{\"choices\":[{\"message\":{\"content\":\"yes\",\"reasoning_content\":\"hm\",\"reasoning\":\"hm\"},"
     "\"finish_reason\":\"stop\"}]}",
     TM_CLASS_OK, "yes", NULL, NULL},
    {"\n\n: keep-alive\n\n" SAYS("\"yes\"", "\"stop\""), TM_CLASS_OK, "yes", NULL, NULL},
    {"{\"error\":null,\"choices\":[{\"message\":{\"content\":\"yes\"},\"finish_reason\":\"stop\"}]}",
     TM_CLASS_OK, "yes", NULL, NULL},
    /* no answer at all */
    {"", TM_CLASS_SERVER, NULL, "UNREADABLE", "nothing"},
    {"Bad gateway", TM_CLASS_SERVER, NULL, "UNREADABLE", "no JSON"},
    {"<html><title>Hello</title></html>", TM_CLASS_SERVER, NULL, "UNREADABLE",
     "is the account's base_url right"},
};

static void reads_finishes(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(finishes); i++) {
        house h;
        g_auto(tm_answer) answer;
        g_test_message("%s", finishes[i].body);
        house_open(&h, NULL, "m", "{}", NULL, NULL, NULL, HI);
        read_reply(&h, 200, finishes[i].body, NULL, &answer);
        g_assert_cmpstr(tm_class_name(answer.class), ==, tm_class_name(finishes[i].class));
        g_assert_cmpstr(answer.text, ==, finishes[i].text);
        g_assert_cmpstr(answer.code, ==, finishes[i].code);
        g_assert_true(!finishes[i].needle || (answer.message && strstr(answer.message, finishes[i].needle)));
        house_close(&h);
    }
}

static void a_page_where_an_api_should_be(void)
{
    house h;
    g_auto(tm_answer) answer;
    house_open(&h, NULL, "m", "{}", NULL, NULL, NULL, HI);
    g_assert_true(tm_account_set_base_url(h.account, "https://api.example", NULL));
    read_reply(&h, 200, "<!DOCTYPE html><html></html>", NULL, &answer);
    g_assert_cmpint(answer.class, ==, TM_CLASS_NO_MODEL); /* closes the lane: no row is spent on it */
    g_assert_nonnull(strstr(answer.message, "base_url probably lacks /v1"));
    house_close(&h);
}

/* Output and thinking add up to what is paid for. */
static const struct {
    const char *usage;
    int64_t input, cached, output, thinking;
} usages[] = {
    {"{\"prompt_tokens\":10,\"completion_tokens\":5,\"total_tokens\":15}", 10, -1, 5, -1},
    {"{\"prompt_tokens\":10,\"completion_tokens\":50,\"prompt_tokens_details\":{\"cached_tokens\":4},"
     "\"completion_tokens_details\":{\"reasoning_tokens\":40}}",
     10, 4, 10, 40},
    {"{\"prompt_tokens\":10,\"completion_tokens\":5,\"total_tokens\":55,\"completion_tokens_details\":{"
     "\"reasoning_tokens\":40}}",
     10, -1, 5, 40}, /* xAI: thoughts on top */
    {"{\"prompt_tokens\":10,\"completion_tokens\":50,\"total_tokens\":100,\"completion_tokens_details\":{"
     "\"reasoning_tokens\":40}}",
     10, -1, 50, 40}, /* the same, with more text than thought */
    {"{\"prompt_tokens\":9,\"prompt_cache_hit_tokens\":8,\"completion_tokens\":1}", 9, 8, 1,
     -1},                                                              /* DeepSeek */
    {"{\"prompt_tokens\":0,\"completion_tokens\":0}", -1, -1, -1, -1}, /* a proxy that does not count */
    {"{}", -1, -1, -1, -1},
    {"null", -1, -1, -1, -1},
};

static void reads_usage(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(usages); i++) {
        house h;
        g_auto(tm_answer) answer;
        g_autofree char *body =
            g_strdup_printf("{\"model\":\"m-2026\",\"usage\":%s,\"choices\":[{\"message\":{\"content\":"
                            "\"x\"},\"finish_reason\":\"stop\"}]}",
                            usages[i].usage);
        house_open(&h, NULL, "m", "{}", NULL, NULL, NULL, HI);
        read_reply(&h, 200, body, NULL, &answer);
        g_test_message("%s", usages[i].usage);
        g_assert_cmpint(answer.usage.input, ==, usages[i].input);
        g_assert_cmpint(answer.usage.cached, ==, usages[i].cached);
        g_assert_cmpint(answer.usage.output, ==, usages[i].output);
        g_assert_cmpint(answer.usage.thinking, ==, usages[i].thinking);
        g_assert_cmpstr(answer.model, ==, "m-2026");
        house_close(&h);
    }
}

#define PNG "iVBORw0KGgo="
#define PNG_PART "{\"inlineData\":{\"mimeType\":\"image/png\",\"data\":\"" PNG "\"}}"
#define MESSAGE(members) "{\"choices\":[{\"message\":{" members "},\"finish_reason\":\"stop\"}]}"

static const struct {
    const char *config, *body, *part, *text;
} pictures[] = {
    {"{}",
     MESSAGE("\"content\":\"here\",\"images\":[{\"type\":\"image_url\",\"image_url\":{\"url\":\"data:image/"
             "png;base64," PNG "\"}}]"),
     PNG_PART, "here"},
    {"{}", MESSAGE("\"content\":null,\"image\":{\"url\":\"data:image/png;base64," PNG "\"}"), PNG_PART, NULL},
    {"{}", MESSAGE("\"content\":\"![a](data:image/png;base64," PNG ")\""), PNG_PART, NULL},
    {"{}", MESSAGE("\"content\":\"see ![a](data:image/png;base64," PNG ") there\""), PNG_PART, "see  there"},
    {"{}", MESSAGE("\"content\":\"data:image/png;base64," PNG "\\n\""), PNG_PART, NULL},
    {"{}",
     MESSAGE("\"content\":[{\"type\":\"image_url\",\"image_url\":{\"url\":\"data:image/png;base64," PNG
             "\"}},"
             "{\"type\":\"text\",\"text\":\"x\"}]"),
     PNG_PART, "x"},
    {"{}",
     MESSAGE("\"content\":[{\"type\":\"output_image\",\"image_url\":\"data:image/png;base64," PNG "\"}]"),
     PNG_PART, NULL},
    /* a link is a picture where one was asked for, else text */
    {"{\"responseModalities\":[\"IMAGE\"]}", MESSAGE("\"content\":\"![a](https://x.example/a.png)\""),
     "{\"fileData\":{\"fileUri\":\"https://x.example/a.png\"}}", NULL},
    {"{}", MESSAGE("\"content\":\"![a](https://x.example/a.png)\""), NULL, "![a](https://x.example/a.png)"},
    {"{}",
     "{\"created\":1,\"data\":[{\"b64_json\":\"" PNG
     "\"}],\"usage\":{\"input_tokens\":7,\"output_tokens\":9}}",
     PNG_PART, NULL},
    {"{}", "{\"data\":[{\"url\":\"https://x.example/a.png\"}]}",
     "{\"fileData\":{\"fileUri\":\"https://x.example/a.png\"}}", NULL},
};

static void keeps_pictures(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(pictures); i++) {
        house h;
        g_auto(tm_answer) answer;
        g_test_message("%s", pictures[i].body);
        house_open(&h, NULL, "m", pictures[i].config, NULL, NULL, NULL, HI);
        read_reply(&h, 200, pictures[i].body, NULL, &answer);
        g_assert_cmpint(answer.class, ==, TM_CLASS_OK);
        g_assert_cmpstr(answer.text, ==, pictures[i].text);
        g_assert_cmpuint(answer.parts ? answer.parts->len : 0, ==, pictures[i].part != NULL);
        if (pictures[i].part)
            g_assert_cmpstr(answer.parts->pdata[0], ==, pictures[i].part);
        house_close(&h);
    }
    house h;
    g_auto(tm_answer) answer, late;
    house_open(&h, NULL, "gpt-image-2", "{}", NULL, NULL, NULL, HI);
    read_reply(&h, 200, "{\"data\":[]}", NULL, &answer);
    g_assert_cmpint(answer.class, ==, TM_CLASS_SERVER);
    read_reply(&h, 200, "{\"data\":[{\"task_id\":\"t\"}]}", NULL, &late);
    g_assert_cmpint(late.class, ==, TM_CLASS_BAD_REQUEST);
    house_close(&h);
}

/* The wrapping that a strict schema needs comes off again. */
static const struct {
    const char *schema, *labels, *says, *text;
} wrapped[] = {
    {NULL, "yes,no", "{\\\"label\\\":\\\"yes\\\"}", "yes"},
    {NULL, "yes,no", "yes", "yes"},
    {"{\"type\":\"array\",\"items\":{\"type\":\"integer\"}}", NULL, "{\\\"value\\\":[1,2]}", "[1,2]"},
    {"{\"type\":\"array\",\"items\":{\"type\":\"integer\"}}", NULL, "[1,2]", "[1,2]"},
    {"{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"string\"},\"b\":{\"type\":[\"string\",\"null\"]}"
     ","
     "\"c\":{\"type\":\"object\",\"properties\":{\"d\":{\"type\":\"integer\"}}}}}",
     NULL, "{\\\"a\\\":null,\\\"b\\\":null,\\\"c\\\":{\\\"d\\\":null}}", "{\"b\":null,\"c\":{}}"},
    {"{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"string\"}},\"required\":[\"a\"]}", NULL,
     "{\\\"a\\\":\\\"x\\\"}", "{\"a\":\"x\"}"},
};

static void unwraps(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(wrapped); i++) {
        house h;
        g_auto(tm_answer) answer;
        g_autofree char *body = g_strdup_printf(MESSAGE("\"content\":\"%s\""), wrapped[i].says);
        house_open(&h, NULL, "m", "{}", wrapped[i].schema, NULL, wrapped[i].labels, HI);
        read_reply(&h, 200, body, NULL, &answer);
        g_test_message("%s", body);
        g_assert_cmpint(answer.class, ==, TM_CLASS_OK);
        g_assert_cmpstr(answer.text, ==, wrapped[i].text);
        house_close(&h);
    }
}

static void keeps_calls_of_functions(void)
{
    house h;
    g_auto(tm_answer) answer;
    house_open(
        &h, NULL, "m",
        "{\"tools\":[{\"functionDeclarations\":[{\"name\":\"f\",\"parameters\":{\"type\":\"object\"}}]}]}",
        NULL, NULL, NULL, HI);
    g_autofree char *body = body_of(&h);
    g_assert_nonnull(strstr(body, "\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"f\""));
    read_reply(&h, 200,
               "{\"choices\":[{\"message\":{\"content\":null,\"tool_calls\":[{\"id\":\"1\",\"type\":"
               "\"function\",\"function\":{"
               "\"name\":\"f\",\"arguments\":\"{\\\"a\\\":1}\"}}]},\"finish_reason\":\"tool_calls\"}]}",
               NULL, &answer);
    g_assert_cmpint(answer.class, ==, TM_CLASS_OK);
    g_assert_cmpstr(answer.parts->pdata[0], ==, "{\"functionCall\":{\"name\":\"f\",\"args\":{\"a\":1}}}");
    house_close(&h);
}

/* ---- models ---- */

static void finds_a_model(void)
{
    house h;
    g_auto(tm_call) call = {0}, none = {0};
    g_auto(tm_answer) page, list, wrong, missing;
    house_open(&h, NULL, "m", "{}", NULL, NULL, NULL, HI);
    h.operation.kind = TM_OP_MODEL;
    tm_answer_init(&page);
    g_assert_cmpint(reply_of(&h, 200, "{\"id\":\"m\",\"object\":\"model\"}", NULL, &none, &page), ==,
                    TM_STEP_ANSWER);
    g_assert_cmpint(page.class, ==, TM_CLASS_OK);

    tm_answer_init(&list); /* no such page: the list is asked */
    g_assert_cmpint(reply_of(&h, 404, "{\"detail\":\"Not Found\"}", NULL, &call, &list), ==, TM_STEP_CALL);
    g_assert_cmpstr(call.url, ==, "https://api.example/v1/models");
    g_assert_cmpint(reply_of(&h, 200, "{\"data\":[{\"id\":\"n\"},{\"id\":\"m\"}]}", NULL, &none, &list), ==,
                    TM_STEP_ANSWER);
    g_assert_cmpint(list.class, ==, TM_CLASS_OK);

    tm_answer_init(&missing); /* absence from a list is no proof: no code, so that the lane opens */
    missing.http = 404;
    g_assert_cmpint(reply_of(&h, 200, "{\"data\":[{\"id\":\"n\"}]}", NULL, &none, &missing), ==,
                    TM_STEP_ANSWER);
    g_assert_cmpint(missing.class, ==, TM_CLASS_NO_MODEL);
    g_assert_null(missing.code);

    tm_answer_init(&wrong); /* but a service's own word is */
    g_assert_cmpint(
        reply_of(&h, 404,
                 "{\"error\":{\"message\":\"The model 'm' does not exist or you do not have access to it.\","
                 "\"type\":\"invalid_request_error\",\"param\":null,\"code\":\"model_not_found\"}}",
                 NULL, &none, &wrong),
        ==, TM_STEP_ANSWER);
    g_assert_cmpint(wrong.class, ==, TM_CLASS_NO_MODEL);
    g_assert_cmpstr(wrong.code, ==, "model_not_found");
    house_close(&h);
}

static void lists_models(void)
{
    static const char *const lists[] = {"{\"data\":[{\"id\":\"a\"}]}", "[{\"id\":\"a\"}]"};
    for (size_t i = 0; i < G_N_ELEMENTS(lists); i++) {
        house h;
        g_auto(tm_answer) answer;
        house_open(&h, NULL, "m", "{}", NULL, NULL, NULL, HI);
        h.operation.kind = TM_OP_MODELS;
        read_reply(&h, 200, lists[i], NULL, &answer);
        g_assert_cmpstr(answer.text, ==, "{\"data\":[{\"id\":\"a\"}]}");
        house_close(&h);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/openai_reply/finishes", reads_finishes);
    g_test_add_func("/openai_reply/page", a_page_where_an_api_should_be);
    g_test_add_func("/openai_reply/usage", reads_usage);
    g_test_add_func("/openai_reply/pictures", keeps_pictures);
    g_test_add_func("/openai_reply/wrapping", unwraps);
    g_test_add_func("/openai_reply/functions", keeps_calls_of_functions);
    g_test_add_func("/openai_reply/model", finds_a_model);
    g_test_add_func("/openai_reply/models", lists_models);
    return g_test_run();
}
