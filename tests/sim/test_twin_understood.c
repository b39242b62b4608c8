/* test_twin_understood.c - what the twin says is what the Gemini reader hears: each fault, over the virtual
 * wire, comes out as the class the twin's log names. */
#include <string.h>

#include "tests/sim/virtual_transport.h"

static const tm_twin_options open_house = {
    .rpm = -1, .tpm = -1, .rpd = -1, .windows = {.day = TM_DAY_PACIFIC, .minute_ms = 60000}};

typedef struct {
    const char *fails; /* NULL: none */
    const char *config;
    tm_class class;
} fault_case;

static const fault_case cases[] = {
    {NULL, "{}", TM_CLASS_OK},
    {NULL, "{\"maxOutputTokens\":2}", TM_CLASS_TRUNCATED},
    {NULL, "{\"x\":1}", TM_CLASS_BAD_REQUEST},
    {"overloaded:1", "{}", TM_CLASS_OVERLOADED},
    {"array:1", "{}", TM_CLASS_OVERLOADED},
    {"server:1", "{}", TM_CLASS_SERVER},
    {"html:1", "{}", TM_CLASS_SERVER},
    {"empty:1", "{}", TM_CLASS_SERVER},
    {"blocked@1", "{}", TM_CLASS_BLOCKED}, /* the prompt refused */
    {"blocked@2", "{}", TM_CLASS_BLOCKED}, /* the answer stopped */
    {"truncated:1", "{}", TM_CLASS_TRUNCATED},
    {"bad_request:1", "{}", TM_CLASS_BAD_REQUEST},
    {"too_large:1", "{}", TM_CLASS_TOO_LARGE},
    {"auth:1", "{}", TM_CLASS_AUTH},
    {"no_model:1", "{}", TM_CLASS_NO_MODEL},
    {"money@1", "{}", TM_CLASS_MONEY}, /* 402 */
    {"money@2", "{}", TM_CLASS_MONEY}, /* 429 */
    {"quota_minute:1", "{}", TM_CLASS_QUOTA_MINUTE},
    {"quota_day:1", "{}", TM_CLASS_QUOTA_DAY},
    {"quota_bare:1", "{}", TM_CLASS_QUOTA_MINUTE},
    {"unknown:1", "{}", TM_CLASS_UNKNOWN},
    {"timeout:1", "{}", TM_CLASS_TIMEOUT},
};

static tm_reply *send(tm_transport *transport, const char *config, uint64_t tag)
{
    tm_call call = {.method = "POST",
                    .url = g_strdup("http://127.0.0.1:1/v1beta/models/gemini-2.5-flash:generateContent"),
                    .key_header = g_strdup("x-goog-api-key: k"),
                    .body = g_string_new(NULL)};
    tm_event event;
    g_string_printf(call.body, "{\"contents\":[{\"parts\":[{\"text\":\"tides\"}]}],\"generationConfig\":%s}",
                    config);
    transport->submit(transport, &call, tag, NULL);
    do
        transport->wait(transport, 1000000, NULL, 0, &event, 1);
    while (event.kind != TM_EVENT_DONE);
    return event.reply;
}

static tm_class hear(tm_reply *reply)
{
    g_autoptr(tm_account) account = tm_account_new("gemini", "gemini");
    const tm_operation operation = {.kind = TM_OP_GENERATE, .account = account, .model = "gemini-2.5-flash"};
    g_auto(tm_call) call = {0};
    g_auto(tm_answer) answer;
    tm_answer_init(&answer);
    g_assert_cmpint((int)tm_provider_gemini.next(&operation, reply, &call, &answer), ==, (int)TM_STEP_ANSWER);
    return answer.class;
}

static void all_is_understood(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        char *fails[] = {(char *)cases[i].fails, NULL};
        tm_twin_options options = open_house;
        options.fails = fails;
        tm_twin *twin = tm_twin_new(&options);
        virtual_world *world = virtual_world_new(twin, NULL);
        virtual_clock clock;
        virtual_clock_init(&clock, virtual_world_time(world));
        tm_transport *transport = virtual_transport_new(world, &clock);
        bool second = cases[i].fails && g_str_has_suffix(cases[i].fails, "@2");
        if (second)
            tm_reply_free(send(transport, "{}", 1));
        g_autoptr(tm_reply) reply = send(transport, cases[i].config, 2);
        g_test_message("%s %s", cases[i].fails ? cases[i].fails : "no fault", cases[i].config);
        g_assert_cmpstr(tm_class_name(hear(reply)), ==, tm_class_name(cases[i].class));
        transport->free(transport);
        virtual_world_free(world);
        tm_twin_free(twin);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_set_nonfatal_assertions();
    g_test_add_func("/twin/what it says is what the Gemini reader hears", all_is_understood);
    return g_test_run();
}
