/* test_yaml.c - YAML read by the core rules of 1.2, and written so that it reads back the same. */
#include "core/error.h"
#include "core/json.h"
#include "core/yaml.h"
#include <string.h>

static void scalars_are_typed(void)
{
    static const char *const cases[][2] = {
        {"", "null"},
        {"~", "null"},
        {"a: yes\nb: no\nc: on\nd: y", "{\"a\":\"yes\",\"b\":\"no\",\"c\":\"on\",\"d\":\"y\"}"},
        {"[true, True, FALSE, tRue, null, Null, ~]", "[true,true,false,\"tRue\",null,null,null]"},
        {"[0, -7, +1, 007, 0x1F, 0o14, 0b1]", "[0,-7,1,7,31,12,\"0b1\"]"},
        {"[.5, 1., 1e3, -2.5E-1, 1.2.3, ., 12e, 1_000]",
         "[0.5,1,1000,-0.25,\"1.2.3\",\".\",\"12e\",\"1_000\"]"},
        {"['5', \"true\", !!str 5, ! 6]", "[\"5\",\"true\",\"5\",\"6\"]"},
        {"[.inf, .nan, 123456789012345678901]", "[\".inf\",\".nan\",123456789012345680000]"},
        {"a: |\n  two\n  lines\nb: >-\n  folded\n  text", "{\"a\":\"two\\nlines\\n\",\"b\":\"folded text\"}"},
        {"x: &a [1, 2]\ny: *a", "{\"x\":[1,2],\"y\":[1,2]}"},
        {"404: found\n(*): any", "{\"404\":\"found\",\"(*)\":\"any\"}"},
        {"a: \"\\0\"", "{\"a\":\"\\u0000\"}"},
        {"# only a comment\n", "null"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(json_t) value = tm_yaml_parse(cases[i][0], strlen(cases[i][0]), "f.yaml", 1, &error);
        g_assert_no_error(error);
        g_autofree char *text = tm_json_text(value);
        g_assert_cmpstr(text, ==, cases[i][1]);
    }
}

static void mistakes_are_placed(void)
{
    static const char *const cases[][2] = {
        {"a: 1\nb: 2\na: 3", "f.yaml:12:1: the key 'a' stands here twice"},
        {"a: 1\n---\nb: 2", "f.yaml:11:1: a second document"},
        {"? [x]\n: 1", "f.yaml:10:3: a key must be"},
        {"a: *x", "f.yaml:10:4: the alias *x has no anchor"},
        {"a: &x [*x]", "has no anchor"},
        {"a: !color red", "f.yaml:10:4: the tag !color"},
        {"a: b: c", "f.yaml:10:5: mapping values are not allowed"},
        {"a: [1, 2", "f.yaml:"},
        {"a: \"\xff\"", "f.yaml:"},
        {"\tx: 1", "f.yaml:10:1: found character that cannot start any token"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_assert_null(tm_yaml_parse(cases[i][0], strlen(cases[i][0]), "f.yaml", 10, &error));
        g_assert_error(error, TM_ERROR, TM_ERROR_INPUT);
        if (error && !strstr(error->message, cases[i][1])) {
            g_test_message("%s: %s", cases[i][0], error->message);
            g_test_fail();
        }
    }
}

static void bombs_are_refused(void)
{
    g_autoptr(GString) text = g_string_new("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for (int i = 1; i < 10; i++) {
        g_string_append_printf(text, "a%d: &a%d [", i, i);
        for (int k = 0; k < 10; k++)
            g_string_append_printf(text, "%s*a%d", k ? ", " : "", i - 1);
        g_string_append(text, "]\n");
    }
    g_autoptr(GError) error = NULL;
    g_assert_null(tm_yaml_parse(text->str, text->len, "bomb.yaml", 1, &error));
    g_assert_nonnull(error ? strstr(error->message, "aliases stand for more") : NULL);
    g_clear_error(&error);
    g_string_truncate(text, 0);
    for (int i = 0; i < 5000; i++)
        g_string_append_c(text, '[');
    g_assert_null(tm_yaml_parse(text->str, text->len, "deep.yaml", 1, &error));
    g_assert_nonnull(error ? strstr(error->message, "nested deeper") : NULL);
}

static void what_is_written_reads_back(void)
{
    static const char *const cases[] = {
        "null",
        "{\"name\":\"x\",\"n\":5,\"r\":0.1,\"b\":true,\"z\":null,\"e\":{},\"l\":[],\"m\":[1,[2,{\"k\":\"v\"}]"
        "]}",
        "[\"true\",\"5\",\"~\",\"null\",\"\",\" \",\"0x1F\",\"- a\",\"# no\",\"a: "
        "b\",\"'q'\",\"\\\"\",\"@x\",\"{{x}}\"]",
        "[\"two\\nlines\",\"two\\nlines\\n\",\"\\nfirst\",\" lead\\nx\",\"trail "
        "\\nx\",\"tab\\tx\\ny\",\"a\\n\\n\\nb\\n\\n\"]",
        "[\"\xe4\xb8\x96\xe7\x95\x8c\",\"\xf0\x9f\x91\x8b\",\"\\u0007 bell\",\"\\r\\n\",\"\xc2\x85\",\"nul "
        "\\u0000\"]",
        "{\"a key: odd\":1,\"true\":2,\"\xc3\xbc\":3,\"5\":4,\"two\\nlines\":5}",
        "[1e+21,1e-7,-5,9223372036854775807]",
        "\"a long line that no width should ever fold because the reader would then see other white space "
        "than the writer wrote\"",
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(json_t) value = tm_json_parse(cases[i], strlen(cases[i]), &error);
        g_assert_no_error(error);
        g_autofree char *yaml = tm_yaml_write(value);
        g_autoptr(json_t) back = tm_yaml_parse(yaml, strlen(yaml), "written", 1, &error);
        g_assert_no_error(error);
        g_autofree char *text = tm_json_text(back);
        g_assert_cmpstr(text, ==, cases[i]);
    }
}

static void a_prompt_reads_well(void)
{
    const char *json =
        "{\"model\":\"m\",\"input\":{\"default\":{\"text\":\"one\\ntwo\\n\"}},\"list\":[\"a\",\"b\"]}";
    g_autoptr(json_t) value = tm_json_parse(json, strlen(json), NULL);
    g_autofree char *yaml = tm_yaml_write(value);
    g_assert_cmpstr(yaml, ==,
                    "model: m\ninput:\n  default:\n    text: |\n      one\n      two\nlist:\n- a\n- b\n");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_set_nonfatal_assertions();
    g_test_add_func("/yaml/scalars are typed by the core rules of YAML 1.2", scalars_are_typed);
    g_test_add_func("/yaml/mistakes are placed in the user's file", mistakes_are_placed);
    g_test_add_func("/yaml/alias bombs and deep nests are refused", bombs_are_refused);
    g_test_add_func("/yaml/what is written reads back the same", what_is_written_reads_back);
    g_test_add_func("/yaml/what is written reads well", a_prompt_reads_well);
    return g_test_run();
}
