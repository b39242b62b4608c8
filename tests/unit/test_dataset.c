/* test_dataset.c - which reader reads a file, packed files, stdin, and rows as JSON text. */
#include "core/dataset.h"
#include "core/error.h"
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

static char *dir;

static char *path_of(const char *name)
{
    return g_build_filename(dir, name, NULL);
}

static char *write_file(const char *name, const char *text, gssize length)
{
    char *path = path_of(name);
    g_assert_true(g_file_set_contents(path, text, length, NULL));
    return path;
}

/* "format[ columns]: row row ..." or "error: ..." */
static char *read_path(const char *path, const tm_dataset_options *options)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(tm_dataset) dataset = tm_dataset_open(path, options, &error);
    if (!dataset)
        return g_strdup_printf("error: %s", error->message);
    GString *out = g_string_new(tm_dataset_format(dataset));
    if (tm_dataset_columns(dataset)) {
        g_autofree char *names = g_strjoinv(",", tm_dataset_columns(dataset));
        g_string_append_printf(out, " %s", names);
    }
    g_string_append_c(out, ':');
    tm_row row;
    tm_next_row got;
    while ((got = tm_dataset_next(dataset, &row, &error)) == TM_NEXT_ROW) {
        g_string_append_c(out, ' ');
        if (row.bad)
            g_string_append_printf(out, "bad(%s)", row.bad);
        else
            tm_row_write_json(dataset, &row, out);
    }
    if (got == TM_NEXT_ERROR)
        g_string_append_printf(out, " error");
    int64_t read, size;
    tm_dataset_progress(dataset, &read, &size);
    if (got == TM_NEXT_END && strcmp(path, "-") != 0)
        g_assert_cmpint(read, ==, size);
    return g_string_free(out, FALSE);
}

typedef struct {
    const char *sentence, *name, *text;
    tm_dataset_options options;
    const char *expect;
} dataset_case;

static const dataset_case cases[] = {
    {"CSV by its name", "a.csv", "a,b\n1,\"x\"\"\n\"\n", {0}, "csv a,b: {\"a\":\"1\",\"b\":\"x\\\"\\n\"}"},
    {"a .CSV in capitals", "A.CSV", "a\n1\n", {0}, "csv a: {\"a\":\"1\"}"},
    {"TSV by its name keeps commas",
     "a.tsv",
     "a,x\tb\n1\t2\n",
     {0},
     "tsv a,x,b: {\"a,x\":\"1\",\"b\":\"2\"}"},
    {"JSONL by its name", "a.jsonl", "{\"a\": 1}\n", {0}, "jsonl: {\"a\": 1}"},
    {"ndjson is JSONL", "a.ndjson", "{\"a\":1}\n", {0}, "jsonl: {\"a\":1}"},
    {"a JSON array by its name", "a.json", "[{\"a\": 1}]", {0}, "json: {\"a\":1}"},
    {".json that holds lines", "a.json", "{\"a\":1}\n{\"a\":2}\n", {0}, "jsonl: {\"a\":1} {\"a\":2}"},
    {".json that holds one pretty object", "a.json", "{\n\"a\":1\n}\n", {0}, "json: {\"a\":1}"},
    {".jsonl that holds an array", "a.jsonl", "[\n{\"a\":1}]", {0}, "json: {\"a\":1}"},
    {"no telling name: an object begins JSONL",
     "a.txt",
     "{\"a\":1}\n{\"a\":2}\n",
     {0},
     "jsonl: {\"a\":1} {\"a\":2}"},
    {"no telling name: [{ begins an array", "a", " [ {\"a\":1}]", {0}, "json: {\"a\":1}"},
    {"no telling name: [a] is a CSV header",
     "a",
     "[a],[b]\n1,2\n",
     {0},
     "csv [a],[b]: {\"[a]\":\"1\",\"[b]\":\"2\"}"},
    {"a named format wins", "a.csv", "{\"a\":1}\n", {.format = "jsonl"}, "jsonl: {\"a\":1}"},
    {"an empty file has no rows and no columns", "a.csv", "", {0}, "csv:"},
    {"an empty JSON file has no rows", "a.json", "", {0}, "jsonl:"},
    {"a header without rows", "a.csv", "a,b\n", {0}, "csv a,b:"},
    {"no header",
     "a.csv",
     "1,2\n",
     {.no_header = true},
     "csv column1,column2: {\"column1\":\"1\",\"column2\":\"2\"}"},
    {"an encoding by name", "a.csv", "a\n\xe9\n", {.encoding = "latin1"}, "csv a: {\"a\":\"\xc3\xa9\"}"},
    {"lone surrogates leave as U+FFFD",
     "a.jsonl",
     "{\"a\":\"\\ud800\"}\n",
     {0},
     "jsonl: {\"a\":\"\xef\xbf\xbd\"}"},
};

static void run_case(gconstpointer data)
{
    const dataset_case *c = data;
    g_autofree char *path = write_file(c->name, c->text, -1);
    g_autofree char *got = read_path(path, &c->options);
    g_assert_cmpstr(got, ==, c->expect);
    g_unlink(path);
}

static void refusals(void)
{
    g_autofree char *zip = write_file("a.xlsx", "PK\003\004....", 8);
    g_autofree char *got = read_path(zip, NULL);
    g_assert_nonnull(strstr(got, "a.xlsx is a ZIP archive or an Excel workbook"));
    g_unlink(zip);
    g_autofree char *none = path_of("none.csv"), *got2 = read_path(none, NULL);
    g_assert_nonnull(strstr(got2, "none.csv: can't be read: No such file"));
    g_autofree char *got3 = read_path(dir, NULL);
    g_assert_nonnull(strstr(got3, "is a folder"));
    g_autofree char *csv = write_file("a.csv", "a\n1\n", -1);
    tm_dataset_options options = {.encoding = "klingon"};
    g_autofree char *got4 = read_path(csv, &options);
    g_assert_nonnull(strstr(got4, "encoding 'klingon' is not known"));
    g_unlink(csv);
}

/* Packs a file with the program; NULL: it is not there. */
static char *pack(const char *program, const char *path, const char *suffix)
{
    g_autofree char *found = g_find_program_in_path(program);
    if (!found)
        return NULL;
    char *packed = g_strconcat(path, suffix, NULL);
    g_autofree char *line = g_strdup_printf("%s -c -q %s > %s", found, path, packed);
    const char *argv[] = {"/bin/sh", "-c", line, NULL};
    g_assert_true(g_spawn_sync(NULL, (char **)argv, NULL, 0, NULL, NULL, NULL, NULL, NULL, NULL));
    return packed;
}

static void packed(void)
{
    static const char *const kinds[][2] = {
        {"gzip", ".gz"}, {"xz", ".xz"}, {"zstd", ".zst"}, {"bzip2", ".bz2"}};
    g_autoptr(GString) text = g_string_new("a,b\n");
    for (int i = 0; i < 30000; i++)
        g_string_append_printf(text, "%d,%u\n", i, (unsigned)i * 2654435761u);
    g_autofree char *path = write_file("p.csv", text->str, -1);
    g_autofree char *expect = read_path(path, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
        g_autofree char *packed_path = pack(kinds[i][0], path, kinds[i][1]);
        if (!packed_path) {
            g_test_message("%s is not installed", kinds[i][0]);
            continue;
        }
        g_autofree char *got = read_path(packed_path, NULL);
        g_assert_true(strcmp(got, expect) == 0);

        /* cut short: the rows before come, then an error, never a quiet end */
        g_autofree char *bytes = NULL;
        gsize n;
        g_assert_true(g_file_get_contents(packed_path, &bytes, &n, NULL));
        g_assert_true(g_file_set_contents(packed_path, bytes, (gssize)(n - n / 4), NULL));
        g_autofree char *cut = read_path(packed_path, NULL);
        g_assert_true(g_str_has_suffix(cut, " error") || g_str_has_prefix(cut, "error: "));
        g_unlink(packed_path);
    }
    g_unlink(path);
}

/* The rows alone, without format and columns. */
static char *rows_of(const char *fixture, const tm_dataset_options *options)
{
    g_autofree char *path = g_build_filename(TM_FIXTURES, "data", fixture, NULL);
    g_autofree char *all = read_path(path, options);
    const char *colon = strchr(all, ':');
    return g_strdup(colon ? colon + 1 : all);
}

static void fixtures(void)
{
    static const char *const same[] = {"reviews.tsv.gz", "reviews.json", "reviews-utf16.csv"};
    g_autofree char *csv = rows_of("reviews.csv", NULL);
    g_assert_true(g_str_has_prefix(csv, " {\"id\":\"r01\",\"text\":\"Arrived"));
    for (size_t i = 0; i < G_N_ELEMENTS(same); i++) {
        g_autofree char *other = rows_of(same[i], NULL);
        g_assert_cmpstr(other, ==, csv);
    }
    tm_dataset_options cp1252 = {.encoding = "cp1252"};
    g_autofree char *tickets = rows_of("tickets-cp1252.csv", &cp1252);
    g_assert_true(g_str_has_prefix(tickets, " {\"Kunde\":\"M\xc3\xbcller\",\"Nachricht\":\"Rechnung \xc3\xbc"
                                            "ber 20 \xe2\x82\xac; bitte"));
    g_autofree char *bad = rows_of("bad-rows.csv", NULL);
    g_auto(GStrv) parts = g_strsplit(bad, "bad(", -1);
    g_assert_cmpuint(g_strv_length(parts), ==, 5);
}

static void from_stdin(void)
{
    g_autofree char *path = write_file("s", "{\"a\":1}\n", -1);
    int kept = dup(STDIN_FILENO), fd = open(path, O_RDONLY);
    g_assert_true(dup2(fd, STDIN_FILENO) == STDIN_FILENO);
    g_autofree char *got = read_path("-", NULL);
    g_assert_cmpstr(got, ==, "jsonl: {\"a\":1}");
    dup2(kept, STDIN_FILENO);
    close(kept);
    close(fd);
    g_unlink(path);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_set_nonfatal_assertions();
    dir = g_dir_make_tmp("tm-dataset-XXXXXX", NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *name = g_strdup_printf("/dataset/%s", cases[i].sentence);
        g_test_add_data_func(name, &cases[i], run_case);
    }
    g_test_add_func("/dataset/what is no data is refused in clear words", refusals);
    g_test_add_func("/dataset/gz, xz, zst and bz2, and each cut short", packed);
    g_test_add_func("/dataset/the samples hold the same rows in each format", fixtures);
    g_test_add_func("/dataset/- is stdin", from_stdin);
    int failed = g_test_run();
    g_rmdir(dir);
    g_free(dir);
    return failed;
}
