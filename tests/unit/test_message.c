/* test_message.c - messages to JSON and back. */
#include "core/error.h"
#include "core/json.h"
#include "core/message.h"
#include <string.h>

static void messages_survive_json(void)
{
    const char *text =
        "[{\"role\":\"system\",\"content\":[{\"text\":\"be brief\"}]},"
        "{\"role\":\"user\",\"content\":[{\"text\":\"a\\u0000b\"},{\"media\":{\"url\":\"p.png\","
        "\"contentType\":"
        "\"image/"
        "png\"}},{\"media\":{\"url\":\"q\"}},{\"toolRequest\":{\"name\":\"x\"},\"metadata\":{\"k\":1}},"
        "{\"metadata\":{\"purpose\":\"intro\",\"pending\":true}}],\"metadata\":{\"purpose\":\"history\"}}]";
    g_autoptr(GError) error = NULL;
    g_autoptr(json_t) json = tm_json_parse(text, strlen(text), &error);
    g_autoptr(GPtrArray) messages = tm_messages_from_json(json, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(messages->len, ==, 2);
    g_autoptr(json_t) back = tm_messages_to_json(messages);
    g_autofree char *written = tm_json_text(back);
    g_assert_cmpstr(written, ==, text);
}

static void bytes_that_are_no_utf8_are_replaced(void)
{
    g_autoptr(GPtrArray) messages = tm_messages_new();
    tm_message *message = tm_message_new("user");
    g_ptr_array_add(message->parts, tm_part_text("a\xff", -1));
    g_ptr_array_add(message->parts, tm_part_media("\xfe.png", NULL));
    g_ptr_array_add(messages, message);
    g_autoptr(json_t) json = tm_messages_to_json(messages);
    g_autofree char *written = tm_json_text(json);
    g_assert_cmpstr(written, ==,
                    "[{\"role\":\"user\",\"content\":[{\"text\":\"a\xef\xbf\xbd\"},{\"media\":{\"url\":"
                    "\"\xef\xbf\xbd.png\"}}]}]");
}

static void other_shapes_are_refused(void)
{
    static const char *const cases[][2] = {
        {"{}", "no array"},
        {"[1]", "message 1: it has no role"},
        {"[{\"role\": \"user\"}]", "message 1: its content"},
        {"[{\"role\": \"user\", \"content\": [3]}]", "message 1: a part is no object"},
        {"[{\"role\": \"user\", \"content\": [{\"media\": {}}]}]", "no url"},
        {"[{\"role\": 1, \"content\": []}]", "no role"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(json_t) json = tm_json_parse(cases[i][0], strlen(cases[i][0]), NULL);
        g_assert_null(tm_messages_from_json(json, &error));
        g_assert_error(error, TM_ERROR, TM_ERROR_INPUT);
        g_assert_nonnull(error ? strstr(error->message, cases[i][1]) : NULL);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_set_nonfatal_assertions();
    g_test_add_func("/message/messages survive JSON", messages_survive_json);
    g_test_add_func("/message/bytes that are no UTF-8 are replaced", bytes_that_are_no_utf8_are_replaced);
    g_test_add_func("/message/other shapes are refused, naming the message", other_shapes_are_refused);
    return g_test_run();
}
