/* test_json.c - JSON written and read: what jansson alone would refuse or blur. */
#include "core/error.h"
#include "core/guess.h"
#include "core/json.h"
#include "tests/unit/json_twice.h"
#include <locale.h>
#include <string.h>

#define TEXT(s) s, sizeof s - 1

static void strings_are_escaped(void)
{
    static const struct {
        const char *text;
        size_t length;
        const char *json;
    } cases[] = {
        {TEXT(""), "\"\""},
        {TEXT("plain text that is longer than a word"), "\"plain text that is longer than a word\""},
        {TEXT("a \"quote\" and a \\"), "\"a \\\"quote\\\" and a \\\\\""},
        {TEXT("line\nfeed\ttab\rreturn\b\f"), "\"line\\nfeed\\ttab\\rreturn\\b\\f\""},
        {TEXT("nul\0 and \x1f"), "\"nul\\u0000 and \\u001f\""},
        {TEXT("Z\xc3\xbcrich \xe4\xb8\x96 \xf0\x9f\x91\x8b \x7f/"),
         "\"Z\xc3\xbcrich \xe4\xb8\x96 \xf0\x9f\x91\x8b \x7f/\""},
        {TEXT("bad \xff end"), "\"bad \xef\xbf\xbd end\""},
        {TEXT("cut \xe4\xb8"), "\"cut \xef\xbf\xbd\xef\xbf\xbd\""},
        {TEXT("overlong \xc0\xaf"), "\"overlong \xef\xbf\xbd\xef\xbf\xbd\""},
        {TEXT("surrogate \xed\xa0\x80!"), "\"surrogate \xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd!\""},
        {TEXT("too high \xf4\x90\x80\x80"), "\"too high \xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GString) out = g_string_new(NULL);
        tm_json_write_string(out, cases[i].text, cases[i].length);
        g_assert_cmpstr(out->str, ==, cases[i].json);
    }
}

static void any_byte_at_any_place_reads_back(void)
{
    for (int byte = 0; byte < 0x80; byte++) {
        for (size_t place = 0; place < 17; place++) {
            char text[17];
            memset(text, 'x', sizeof text);
            text[place] = (char)byte;
            g_autoptr(GString) out = g_string_new(NULL);
            tm_json_write_string(out, text, sizeof text);
            g_autoptr(json_t) back = tm_json_parse(out->str, out->len, NULL);
            g_assert_cmpuint(json_string_length(back), ==, sizeof text);
            g_assert_true(memcmp(json_string_value(back), text, sizeof text) == 0);
        }
    }
}

static void numbers_are_written_as_javascript_does(void)
{
    static const char *const cases[][2] = {
        {"0.1", "0.1"},
        {"3.0", "3"},
        {"-0.0", "0"},
        {"1e21", "1e+21"},
        {"1e20", "100000000000000000000"},
        {"0.000001", "0.000001"},
        {"1e-7", "1e-7"},
        {"0.00001234", "0.00001234"},
        {"123456.789", "123456.789"},

        {"1.7976931348623157e308", "1.7976931348623157e+308"},
        {"9223372036854775807", "9223372036854775807"},
        {"0.30000000000000004", "0.30000000000000004"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(json_t) value = tm_json_parse(cases[i][0], strlen(cases[i][0]), NULL);
        g_autofree char *text = tm_json_text(value);
        g_assert_cmpstr(text, ==, cases[i][1]);
    }
}

static void values_keep_their_order(void)
{
    const char *text = "{\"b\":[1,true,null,\"x\"],\"a\":{},\"c\":[]}";
    g_autoptr(json_t) value = tm_json_parse(text, strlen(text), NULL);
    g_autofree char *back = tm_json_text(value);
    g_assert_cmpstr(back, ==, text);
    g_autoptr(GString) lines = g_string_new(NULL);
    tm_json_write_indented(lines, value, 2);
    g_assert_cmpstr(
        lines->str, ==,
        "{\n  \"b\": [\n    1,\n    true,\n    null,\n    \"x\"\n  ],\n  \"a\": {},\n  \"c\": []\n}");
}

static void what_the_world_sends_is_read(void)
{
    static const struct {
        const char *text;
        size_t length;
        const char *back;
    } cases[] = {
        {TEXT("\xef\xbb\xbf{\"a\": 1}"), "{\"a\":1}"},
        {TEXT("\"a\\u0000b\""), "\"a\\u0000b\""},
        {TEXT("\"cut \\ud83d off\""), "\"cut \xef\xbf\xbd off\""},
        {TEXT("\"\\udc4b first\""), "\"\xef\xbf\xbd first\""},
        {TEXT("[\"\\ud83d\\udc4b\", \"\\ud83d\"]"), "[\"\xf0\x9f\x91\x8b\",\"\xef\xbf\xbd\"]"},
        {TEXT("[\"\\\\ud83d\", \"\\ud83d\"]"), "[\"\\\\ud83d\",\"\xef\xbf\xbd\"]"},
        {TEXT("123456789012345678901234567890"), "1.2345678901234568e+29"},
        {TEXT("{\"id\": 99999999999999999999, \"n\": 5}"), "{\"id\":100000000000000000000,\"n\":5}"},
        {TEXT("true"), "true"},
        {TEXT("[-12345678901234567890, 1234567890123456789012.5]"),
         "[-12345678901234567000,1.2345678901234568e+21]"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(json_t) value = tm_json_parse(cases[i].text, cases[i].length, &error);
        g_assert_no_error(error);
        g_autofree char *back = value ? tm_json_text(value) : NULL;
        g_assert_cmpstr(back, ==, cases[i].back);
    }
}

static void broken_text_is_refused_with_its_place(void)
{
    static const char *const cases[] = {"",    "{",     "[1,]",      "{\"a\" 1}", "\"\xff\"",
                                        "nul", "[1] 2", "\"\\ud83d", "NaN"};
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_assert_null(tm_json_parse(cases[i], strlen(cases[i]), &error));
        g_assert_error(error, TM_ERROR, TM_ERROR_INPUT);
        g_assert_true(error && strstr(error->message, "line 1"));
    }
    /* the number ends where the text does: nothing behind it is read */
    g_autofree char *tight = g_memdup2("[ 11111111111111111111", 22);
    g_assert_null(tm_json_parse(tight, 22, NULL));
    GString *deep = g_string_new(NULL);
    for (int i = 0; i < 100000; i++)
        g_string_append_c(deep, '[');
    g_assert_null(tm_json_parse(deep->str, deep->len, NULL));
    g_string_free(deep, TRUE);
}

static void members_fall_back(void)
{
    const char *text =
        "{\"s\": \"x\", \"n\": \"12\", \"r\": 3.0, \"h\": 3.5, \"b\": false, \"o\": {}, \"a\": []}";
    g_autoptr(json_t) o = tm_json_parse(text, strlen(text), NULL);
    g_assert_cmpstr(tm_json_string(o, "s", "?"), ==, "x");
    g_assert_cmpstr(tm_json_string(o, "b", "?"), ==, "?");
    g_assert_cmpint(tm_json_integer(o, "n", -1), ==, 12);
    g_assert_cmpint(tm_json_integer(o, "r", -1), ==, 3);
    g_assert_cmpint(tm_json_integer(o, "h", -1), ==, -1);
    g_assert_cmpint(tm_json_integer(o, "s", -1), ==, -1);
    g_assert_false(tm_json_bool(o, "b", true));
    g_assert_true(tm_json_bool(o, "absent", true));
    g_assert_nonnull(tm_json_object(o, "o"));
    g_assert_null(tm_json_object(o, "a"));
    g_assert_nonnull(tm_json_array(o, "a"));
    g_assert_null(tm_json_array(NULL, "a"));
}

static void a_misspelt_word_is_guessed(void)
{
    static const char *const words[] = {"section", "history", "role", "media", "json", "id", NULL};
    static const char *const cases[][2] = {{"sectoin", "section"}, {"jsno", "json"},    {"Role", "role"},
                                           {"histroy", "history"}, {"mediaa", "media"}, {"is", "id"},
                                           {"wholly", NULL},       {"", NULL},          {"xy", NULL}};
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_assert_cmpstr(tm_guess(cases[i][0], words, (size_t)-1), ==, cases[i][1]);
        g_assert_cmpstr(tm_guess(cases[i][0], words, 6), ==, cases[i][1]);
    }
}

/* Texts as rows, replies and people have them. */
static const char *const plain[] = {
    "{}",
    " [ ] ",
    "\"\"",
    "0",
    "-0",
    "[1,-12,999999999999999999,-999999999999999999]",
    "[0.1,-1.5e-7,1E+21,0e0,5e-324,1e-400]",
    "[true,false,null]",
    "{\"id\":\"7\",\"text\":\"a review, \\\"quoted\\\" \\\\ \\/ \\b\\f\\n\\r\\t Z\xc3\xbcrich "
    "\xf0\x9f\x91\x8b\"}",
    "\"\\u0041\\u00fc\\u4e16\\ud83d\\udc4b\\u0000\"",
    "{\"twice\":1,\"between\":2,\"twice\":[{\"\":{}}]}",
    "{\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"echo\"}],\"role\":\"model\"},\"finishReason\":"
    "\"STOP\","
    "\"avgLogprobs\":-0.0123}],\r\n\t\"usageMetadata\":{\"promptTokenCount\":12,\"totalTokenCount\":15}}",
};

static void the_quick_reader_takes_what_is_plain(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(plain); i++) {
        g_autoptr(json_t) value = tm_json_read(plain[i], strlen(plain[i]));
        g_assert_nonnull(value);
        g_assert_true(json_reads_alike(plain[i], strlen(plain[i])));
    }
}

static void the_quick_reader_never_differs_from_jansson(void)
{
    static const char *const bits[] = {"\"",   "\\",           "{",       "}",    "[",    "]",       ",",
                                       ":",    "\\u",          "\\ud83d", "00",   ".",    "e",       "-",
                                       "\x80", "\xed\xa0\x80", "\x01",    "\xff", "true", "\\u0000", " ",
                                       "\t",   "1e999"};
    g_autoptr(GRand) random = g_rand_new_with_seed(20261124);
    for (int i = 0; i < 200000; i++) {
        const char *sample = plain[g_rand_int_range(random, 0, G_N_ELEMENTS(plain))];
        g_autoptr(GString) text = g_string_new(sample);
        for (int n = g_rand_int_range(random, 1, 4); n > 0; n--) {
            gssize at = g_rand_int_range(random, 0, (gint32)text->len + 1);
            if (g_rand_boolean(random) && text->len)
                g_string_erase(text, MIN(at, (gssize)text->len - 1), 1);
            else
                g_string_insert(text, at, bits[g_rand_int_range(random, 0, G_N_ELEMENTS(bits))]);
        }
        if (!json_reads_alike(text->str, text->len))
            g_error("read otherwise than by jansson: %s", text->str);
    }
}

static void what_is_deep_is_left_to_jansson(void)
{
    g_autoptr(GString) text = g_string_new(NULL);
    for (int i = 0; i < 1000; i++)
        g_string_append_c(text, '[');
    for (int i = 0; i < 1000; i++)
        g_string_append_c(text, ']');
    g_assert_null(tm_json_read(text->str, text->len));
    g_autoptr(json_t) value = tm_json_parse(text->str, text->len, NULL);
    g_assert_nonnull(value);
}

/* What a row's number is read as: itself, or the text it was written as. */
static void a_row_keeps_numbers_as_they_are_written(void)
{
    static const struct {
        const char *written, *read;
    } cases[] = {
        {"9007199254740993", "9007199254740993"},
        {"-9223372036854775808", "-9223372036854775808"},
        {"9223372036854775808", "\"9223372036854775808\""},
        {"18446744073709551615", "\"18446744073709551615\""},
        {"-123456789012345678901234567890", "\"-123456789012345678901234567890\""},
        {"0.1000000000000000055", "\"0.1000000000000000055\""},
        {"3.14159265358979323846e0", "\"3.14159265358979323846e0\""},
        {"0.00012345678901234567", "0.00012345678901234567"},
        {"1.50", "1.5"},
        {"[18446744073709551615,{\"a\":\"18446744073709551616\"}]",
         "[\"18446744073709551615\",{\"a\":\"18446744073709551616\"}]"},
        {"[\"\\ud83d\",-9223372036854775808]", "[\"\xef\xbf\xbd\",-9223372036854775808]"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(json_t) value = tm_json_parse_row(cases[i].written, strlen(cases[i].written), NULL);
        g_autofree char *read = tm_json_text(value);
        g_assert_cmpstr(read, ==, cases[i].read);
    }
    static const char *const broken[] = {"{12345678901234567890: 1}", "[012345678901234567890]",
                                         "[12345678901234567890.]", "[12345678901234567890"};
    for (size_t i = 0; i < G_N_ELEMENTS(broken); i++)
        g_assert_null(tm_json_parse_row(broken[i], strlen(broken[i]), NULL));
}

static void json_text_is_made_compact(void)
{
    static const char text[] = " {\n \"a b\" : [ 1.0 , \"x \\\" y\" ],\r\n\"c\":\"\\ud83d!\\ud83d\\ude00\", "
                               "\"a b\": 18446744073709551615 }\n";
    g_autoptr(GString) out = g_string_new(NULL);
    tm_json_write_compact(out, text, strlen(text));
    g_assert_cmpstr(out->str, ==,
                    " {\"a b\":[1.0,\"x \\\" y\"],\"c\":\"\xef\xbf\xbd!\\ud83d\\ude00\",\"a b\":"
                    "18446744073709551615}" +
                        1);
}

int main(int argc, char **argv)
{
    setlocale(LC_ALL, "");
    g_test_init(&argc, &argv, NULL);
    g_test_set_nonfatal_assertions();
    g_test_add_func("/json/strings are escaped, and bad UTF-8 becomes U+FFFD", strings_are_escaped);
    g_test_add_func("/json/any byte at any place reads back", any_byte_at_any_place_reads_back);
    g_test_add_func("/json/numbers are written as JavaScript does", numbers_are_written_as_javascript_does);
    g_test_add_func("/json/values keep their order", values_keep_their_order);
    g_test_add_func("/json/lone surrogates, NULs, BOMs and huge integers are read",
                    what_the_world_sends_is_read);
    g_test_add_func("/json/a row keeps numbers as they are written", a_row_keeps_numbers_as_they_are_written);
    g_test_add_func("/json/text is made compact", json_text_is_made_compact);
    g_test_add_func("/json/the quick reader takes what is plain", the_quick_reader_takes_what_is_plain);
    g_test_add_func("/json/the quick reader never differs from jansson",
                    the_quick_reader_never_differs_from_jansson);
    g_test_add_func("/json/what is deep is left to jansson", what_is_deep_is_left_to_jansson);
    g_test_add_func("/json/broken text is refused with its place", broken_text_is_refused_with_its_place);
    g_test_add_func("/json/members fall back where they are absent or of another type", members_fall_back);
    g_test_add_func("/guess/a misspelt word is guessed", a_misspelt_word_is_guessed);
    return g_test_run();
}
