/* test_label.c - sets of labels: what is read as one, what an answer is taken for. */
#include "core/answer.h"
#include "core/error.h"
#include "core/json.h"
#include "tests/unit/folder.h"
#include <string.h>

static char *joined(const tm_labels *labels)
{
    return tm_json_text(tm_labels_names(labels));
}

static void words_are_read(void)
{
    static const char *const cases[][2] = {
        {"a,b,c", "[\"a\",\"b\",\"c\"]"},
        {" very good , bad,bad,Bad", "[\"very good\",\"bad\",\"Bad\"]"},
        {"one", "[\"one\"]"},
        {"", "there is none"},
        {"a,,b", "an empty label"},
        {"a,\xff", "no UTF-8"},
        {"@", "--labels: "},
        {"@nowhere/at-all", "--labels: "},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(tm_labels) labels = tm_labels_read(cases[i][0], &error);
        g_autofree char *text = labels ? joined(labels) : NULL;
        if (*cases[i][1] == '[')
            g_assert_cmpstr(text, ==, cases[i][1]);
        else
            g_assert_nonnull(error ? strstr(error->message, cases[i][1]) : NULL);
    }
}

static void files_are_read(void)
{
    static const struct {
        const char *text, *labels;
        gssize length;
    } cases[] = {
        {"a\nb\n", "[\"a\",\"b\"]", -1},
        {"\xef\xbb\xbfone\r\n\r\n  two, words \r\n# no comment", "[\"one\",\"two, words\",\"# no comment\"]",
         -1},
        {"\n \n", "there is none", -1},
        {"a\0b", "is no text file", 3},
    };
    g_autofree char *dir = g_dir_make_tmp("labels-XXXXXX", NULL),
                    *path = g_build_filename(dir, "l.txt", NULL);
    g_autofree char *words = g_strconcat("@", path, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_file_set_contents(path, cases[i].text, cases[i].length, NULL);
        g_autoptr(tm_labels) labels = tm_labels_read(words, &error);
        g_autofree char *text = labels ? joined(labels) : NULL;
        if (*cases[i].labels == '[')
            g_assert_cmpstr(text, ==, cases[i].labels);
        else
            g_assert_nonnull(error ? strstr(error->message, cases[i].labels) : NULL);
    }
    folder_remove(dir);
}

static void answers_are_labels(void)
{
    /* NULL: no label */
    static const char *const cases[][2] = {
        {"positive", "positive"},
        {"  positive\n", "positive"},
        {"POSITIVE", "positive"},
        {"\"Positive\"", "positive"},
        {"\" positive \"", "positive"},
        {"```\npositive\n```", "positive"},
        {"```json\n\"positive\"\n```\n", "positive"},
        {"~~~\npositive\n~~~", "positive"},
        {"Caf\xc3\xa9", "caf\xc3\xa9"},
        {"CAFE\xcc\x81", "caf\xc3\xa9"},
        {"no", "no"},
        {"No", "No"},
        {"NO", NULL}, /* no and No are two labels */
        {"positive.", NULL},
        {"Label: positive", NULL},
        {"positive negative", NULL},
        {"positive\n\nbecause", NULL},
        {"``````", NULL},
        {"```\n```", NULL},
        {"", NULL},
        {"\"positive", NULL},
        {"[\"positive\"]", NULL},
        {"null", NULL},
        {"\xff", NULL},
    };
    g_autoptr(tm_labels) labels = tm_labels_read("positive,negative,no,No,caf\xc3\xa9", NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++)
        g_assert_cmpstr(tm_labels_match(labels, cases[i][0], strlen(cases[i][0])), ==, cases[i][1]);
    g_assert_null(tm_labels_match(labels, "no\0", 3));
}

static tm_prompt *prompt_of(const char *text)
{
    g_autoptr(GError) error = NULL;
    tm_prompt *prompt = tm_prompt_from_text("t", text, strlen(text), NULL, &error);
    g_assert_no_error(error);
    return prompt;
}

static void enums_are_labels(void)
{
    static const struct {
        const char *schema;
        bool labels;
    } cases[] = {
        {"{type: string, enum: [a, b]}", true},
        {"{enum: [a, b]}", true},
        {"{type: STRING, enum: [a]}", true},
        {"{enum: [a, 1]}", false},
        {"{enum: [a, null]}", false},
        {"{type: [string, 'null'], enum: [a]}", false},
        {"{type: string}", false},
        {"{'label(enum)': [a, b]}", false},
        {"{type: string, enum: [a], nullable: true}", false},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *text = g_strdup_printf("---\noutput: {schema: %s}\n---\nx", cases[i].schema);
        g_autoptr(tm_prompt) prompt = prompt_of(text);
        g_assert_true((prompt->labels != NULL) == cases[i].labels);
        g_assert_false(prompt->labels_given);
        g_assert_true(tm_prompt_wants_json(prompt) != cases[i].labels);
    }
}

static void labels_are_given_to_a_prompt(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(tm_labels) labels = tm_labels_read("a,b", NULL);
    g_autoptr(tm_prompt) plain = prompt_of("x"),
                         own = prompt_of("---\noutput: {schema: {enum: [c]}}\n---\nx");
    g_autoptr(tm_prompt) object = prompt_of("---\noutput: {schema: {a: string}}\n---\nx");
    g_autoptr(tm_prompt) json = prompt_of("---\noutput: {format: json}\n---\nx");
    g_assert_true(tm_prompt_set_labels(plain, labels, &error));
    g_assert_true(tm_prompt_set_labels(own, labels, &error));
    g_assert_no_error(error);
    g_assert_true(own->labels == labels && own->labels_given);
    g_autofree char *schema = tm_json_text(own->output_schema);
    g_assert_cmpstr(schema, ==, "{\"type\":\"string\",\"enum\":[\"a\",\"b\"]}");
    g_assert_false(tm_prompt_set_labels(object, labels, &error));
    g_assert_error(error, TM_ERROR, TM_ERROR_USAGE);
    g_assert_false(tm_prompt_set_labels(json, labels, NULL));
}

static void other_answers_break_the_schema(void)
{
    static const struct {
        const char *text;
        tm_class class;
    } cases[] = {{"```\nA\n```", TM_CLASS_OK}, {"c", TM_CLASS_SCHEMA}, {"", TM_CLASS_SCHEMA}};
    g_autoptr(tm_labels) labels = tm_labels_read("a,b", NULL);
    g_autoptr(tm_prompt) prompt = prompt_of("x");
    tm_prompt_set_labels(prompt, labels, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_auto(tm_answer) answer;
        tm_answer_init(&answer);
        answer.text = g_strdup(cases[i].text);
        answer.text_length = strlen(cases[i].text);
        tm_answer_check(&answer, prompt);
        g_assert_cmpint(answer.class, ==, cases[i].class);
        g_assert_cmpstr(answer.text, ==, cases[i].text);
        if (answer.class != TM_CLASS_OK)
            g_assert_cmpstr(answer.message, ==, "the answer is none of the labels: a, b");
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_set_nonfatal_assertions();
    g_test_add_func("/label/words are read", words_are_read);
    g_test_add_func("/label/files are read, a label a line", files_are_read);
    g_test_add_func("/label/blanks, fence and case are forgiven, nothing else", answers_are_labels);
    g_test_add_func("/label/a schema that is an enum of texts asks for a label", enums_are_labels);
    g_test_add_func("/label/labels take the place of an enum, never of JSON", labels_are_given_to_a_prompt);
    g_test_add_func("/label/any other answer breaks the schema, its text kept",
                    other_answers_break_the_schema);
    return g_test_run();
}
