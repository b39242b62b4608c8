/* test_jsonl.c - JSON rows: lines, arrays, objects one after another, and what a bad one costs. */
#include "core/json.h"
#include "core/jsonl.h"
#include <glib/gstdio.h>
#include <string.h>

static char *dir;

typedef struct {
    const char *name, *text;
    tm_json_layout layout;
    const char *expect; /* a line a row: "LINE:object" or "LINE!reason" */
} json_case;

static char *read_all(const char *path, tm_json_layout layout)
{
    GString *out = g_string_new(NULL);
    g_autoptr(GError) error = NULL;
    g_autoptr(tm_input) input = tm_input_open(path, NULL, &error);
    tm_jsonl *jsonl = tm_jsonl_new(input, layout);
    tm_row row;
    tm_next_row got;
    int64_t number = 0;
    while ((got = tm_jsonl_next(jsonl, &row, &error)) == TM_NEXT_ROW) {
        g_assert_cmpint(row.number, ==, ++number);
        g_assert_true(!row.bad == (row.object != NULL));
        g_string_append_printf(out, "%s%d%c", out->len ? "\n" : "", (int)row.line, row.bad ? '!' : ':');
        if (row.bad) { /* the parser's own words are not ours to fix here */
            const char *colon = strstr(row.bad, "is not JSON");
            g_string_append(out, colon ? "is not JSON" : row.bad);
        } else {
            tm_json_write(out, row.object);
        }
    }
    if (got == TM_NEXT_ERROR)
        g_string_append_printf(out, "%serror: %s", out->len ? "\n" : "", strrchr(error->message, '/') + 1);
    tm_jsonl_free(jsonl);
    return g_string_free(out, FALSE);
}

static void run_case(gconstpointer data)
{
    const json_case *c = data;
    g_autofree char *path = g_build_filename(dir, "t", NULL);
    g_assert_true(g_file_set_contents(path, c->text, -1, NULL));
    g_autofree char *got = read_all(path, c->layout);
    g_assert_cmpstr(got, ==, c->expect);
}

#define LINES TM_JSON_LINES
#define ARRAY TM_JSON_ARRAY
#define STREAM TM_JSON_STREAM
static const json_case cases[] = {
    {"an object a line", "{\"a\":1}\n{\"a\":\"x\",\"b\":[1,{}]}\n", LINES,
     "1:{\"a\":1}\n2:{\"a\":\"x\",\"b\":[1,{}]}"},
    {"blank lines are skipped, CRLF and indents are no matter", "\n{\"a\":1}\r\n  \r\n  {\"a\":2} \n", LINES,
     "2:{\"a\":1}\n4:{\"a\":2}"},
    {"no line end at the end", "{\"a\":1}", LINES, "1:{\"a\":1}"},
    {"an empty file", "", LINES, ""},
    {"a BOM is skipped", "\xef\xbb\xbf{\"a\":1}\n", LINES, "1:{\"a\":1}"},
    {"bad lines cost themselves", "{\"a\":1\n[1]\n3\n\"x\"\nnull\ntrue\n{\"a\":2} x\n{\"a\":3}\n", LINES,
     "1!is not JSON\n2!is an array, not an object\n3!is a number, not an object\n4!is a string, not an "
     "object\n"
     "5!is null, not an object\n6!is true or false, not an object\n7!is not JSON\n8:{\"a\":3}"},
    {"bytes that are not UTF-8", "{\"a\":\"\xe9\"}\n{\"a\":2}\n", LINES,
     "1!holds bytes that are not UTF-8\n2:{\"a\":2}"},
    {"lone surrogates are mended", "{\"a\":\"\\ud83d\"}\n", LINES, "1:{\"a\":\"\xef\xbf\xbd\"}"},

    {"a BOM on a line in the middle, of files one behind the other", "{\"a\":1}\n\xef\xbb\xbf{\"a\":2}\n",
     LINES, "1:{\"a\":1}\n2:{\"a\":2}"},
    {"a number past 64 bits is the text that it was written as", "{\"a\":18446744073709551615}\n", LINES,
     "1:{\"a\":\"18446744073709551615\"}"},

    {"an array on one line", "[{\"a\":1},{\"a\":2}]", ARRAY, "1:{\"a\":1}\n1:{\"a\":2}"},
    {"a pretty array", " [\n  {\n    \"a\": [1, 2]\n  },\n  {\n    \"a\": \"x, ]} y\"\n  }\n]\n", ARRAY,
     "2:{\"a\":[1,2]}\n5:{\"a\":\"x, ]} y\"}"},
    {"an empty array", "[]", ARRAY, ""},
    {"an empty file as array", " \n", ARRAY, ""},
    {"a comma too many", "[{\"a\":1},\n]", ARRAY, "1:{\"a\":1}"},
    {"bad elements cost themselves", "[{\"a\":1},\n{\"a\":},\n7,\n[{}],\n{\"a\":2}]", ARRAY,
     "1:{\"a\":1}\n2!is not JSON\n3!is a number, not an object\n4!is an array, not an object\n5:{\"a\":2}"},
    {"a bracket left open inside an element", "[{\"a\":[1},\n{\"a\":2}]", ARRAY,
     "1!is not JSON\n2:{\"a\":2}"},
    {"a string left open", "[{\"a\":\"x},\n{\"a\":2},{\"a\":3}]", ARRAY, "1!is not JSON"},
    {"escaped quotes in strings", "[{\"a\":\"x\\\\\"},{\"a\":\"\\\"]\"}]", ARRAY,
     "1:{\"a\":\"x\\\\\"}\n1:{\"a\":\"\\\"]\"}"},
    {"an array cut short", "[{\"a\":1},\n{\"a\":2", ARRAY,
     "1:{\"a\":1}\n2!is not JSON\nerror: t:2: the file ends before its array does; it was cut short"},
    {"an array cut short between elements", "[{\"a\":1},\n", ARRAY,
     "1:{\"a\":1}\nerror: t:2: the file ends before its array does; it was cut short"},
    {"text after the array", "[{\"a\":1}]\n{\"a\":2}", ARRAY,
     "1:{\"a\":1}\nerror: t:2: there is text after the end of the array; a row a line is called .jsonl"},
    {"no array", "{\"a\":1}", ARRAY, "error: t:1: a JSON array begins with ["},

    {"pretty objects one after another", "{\n \"a\": 1\n}\n{\n \"a\": 2\n}\n", STREAM,
     "1:{\"a\":1}\n4:{\"a\":2}"},
    {"objects without a space", "{\"a\":1}{\"a\":2}", STREAM, "1:{\"a\":1}\n1:{\"a\":2}"},
    {"rubbish between objects", "{\"a\":1}\n} x\n{\"a\":2}", STREAM,
     "1:{\"a\":1}\n2!is not JSON\n2!is not JSON\n3:{\"a\":2}"},
    {"an object cut short", "{\"a\":1}\n{\"a\":", STREAM, "1:{\"a\":1}\n2!is not JSON"},
};

static void layouts(void)
{
    static const struct {
        const char *text;
        tm_json_layout layout;
    } looks[] = {
        {" [1", ARRAY},       {"{\"a\":1}\n{", LINES}, {"{\n\"a\":1}", STREAM},
        {"{\"a\":1}", LINES}, {"{\"a\":{\n", STREAM},  {"{\"a\":tru}\n{\"a\":1}\n", LINES},
        {"", LINES},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(looks); i++)
        g_assert_cmpint(tm_jsonl_layout(looks[i].text, strlen(looks[i].text)), ==, looks[i].layout);
}

/* Elements around the edges of the window, one of them too long for a row. */
static void windows(void)
{
    enum { ROWS = 20000 };
    static const tm_json_layout all[] = {LINES, ARRAY, STREAM};
    for (size_t k = 0; k < G_N_ELEMENTS(all); k++) {
        g_autoptr(GString) text = g_string_new(all[k] == ARRAY ? "[" : "");
        for (int i = 0; i < ROWS; i++) {
            g_string_append_printf(text, "{\"n\":%d,\"t\":\"", i);
            gsize n = i == ROWS / 2 ? TM_ROW_MAX : (gsize)i % 97, before = text->len;
            g_string_set_size(text, before + n);
            memset(text->str + before, 'x', n);
            g_string_append(text, "\"}");
            if (i < ROWS - 1 || all[k] != ARRAY)
                g_string_append(text, all[k] == LINES ? "\n" : all[k] == ARRAY ? "," : "");
        }
        if (all[k] == ARRAY)
            g_string_append_c(text, ']');
        g_autofree char *path = g_build_filename(dir, "t", NULL);
        g_assert_true(g_file_set_contents(path, text->str, (gssize)text->len, NULL));
        g_autoptr(tm_input) input = tm_input_open(path, NULL, NULL);
        tm_jsonl *jsonl = tm_jsonl_new(input, all[k]);
        tm_row row;
        int n = 0;
        tm_next_row got;
        while ((got = tm_jsonl_next(jsonl, &row, NULL)) == TM_NEXT_ROW) {
            if (n == ROWS / 2)
                g_assert_cmpstr(row.bad, ==, "is longer than 16 MB");
            else if (row.bad || tm_json_integer(row.object, "n", -1) != n ||
                     row.line != (all[k] == LINES ? n + 1 : 1))
                g_error("row %d: %s", n, row.bad);
            n++;
        }
        g_assert_cmpint(got, ==, TM_NEXT_END);
        g_assert_cmpint(n, ==, ROWS);
        tm_jsonl_free(jsonl);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_set_nonfatal_assertions();
    dir = g_dir_make_tmp("tm-jsonl-XXXXXX", NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *name = g_strdup_printf("/jsonl/%s", cases[i].name);
        g_test_add_data_func(name, &cases[i], run_case);
    }
    g_test_add_func("/jsonl/the layout is told from the first bytes", layouts);
    g_test_add_func("/jsonl/rows across the window's edges come whole, one of over 16 MB is bad", windows);
    int failed = g_test_run();
    g_autofree char *path = g_build_filename(dir, "t", NULL);
    g_unlink(path);
    g_rmdir(dir);
    g_free(dir);
    return failed;
}
