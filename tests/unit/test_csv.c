/* test_csv.c - the CSV reader: RFC 4180, what files in the wild do to it, and how it goes on after a bad row.
 */
#include "core/csv.h"
#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>

static char *dir;

typedef struct {
    const char *name, *text;
    size_t length; /* 0: strlen */
    int delimiter;
    bool no_header;
    const char *encoding;
    const char
        *expect; /* "columns" then a line a row: "LINE:cell|cell" or "LINE!reason"; NULs as \0, LF as \n */
} csv_case;

static void show(GString *out, const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (text[i] == '\n')
            g_string_append(out, "\\n");
        else if (text[i] == '\r')
            g_string_append(out, "\\r");
        else if (text[i] == '\0')
            g_string_append(out, "\\0");
        else
            g_string_append_c(out, text[i]);
}

static char *read_all(const char *path, const csv_case *c)
{
    GString *out = g_string_new(NULL);
    g_autoptr(GError) error = NULL;
    g_autoptr(tm_input) input = tm_input_open(path, c->encoding, &error);
    tm_csv *csv = input ? tm_csv_new(input, c->delimiter, c->no_header, &error) : NULL;
    if (!csv) {
        g_string_append_printf(out, "error: %s", strrchr(error->message, '/') + 1);
        return g_string_free(out, FALSE);
    }
    char **columns = tm_csv_columns(csv);
    g_autofree char *names = columns ? g_strjoinv("|", columns) : g_strdup("none");
    g_string_append(out, names);
    tm_row row;
    tm_next_row got;
    int64_t number = 0;
    while ((got = tm_csv_next(csv, &row, &error)) == TM_NEXT_ROW) {
        g_assert_cmpint(row.number, ==, ++number);
        g_string_append_printf(out, "\n%d", (int)row.line);
        if (row.bad) {
            g_assert_null(row.cells);
            g_string_append_printf(out, "!%s", row.bad);
            continue;
        }
        for (size_t i = 0; i < row.n_cells; i++) {
            g_assert_cmpint(row.cells[i].text[row.cells[i].length], ==, 0);
            g_string_append_c(out, i ? '|' : ':');
            show(out, row.cells[i].text, row.cells[i].length);
        }
    }
    if (got == TM_NEXT_ERROR)
        g_string_append_printf(out, "\nerror: %s", strrchr(error->message, '/') + 1);
    tm_csv_free(csv);
    return g_string_free(out, FALSE);
}

static void run_case(gconstpointer data)
{
    const csv_case *c = data;
    g_autofree char *path = g_build_filename(dir, "t.csv", NULL);
    g_assert_true(
        g_file_set_contents(path, c->text, (gssize)(c->length ? c->length : strlen(c->text)), NULL));
    g_autofree char *got = read_all(path, c);
    g_assert_cmpstr(got, ==, c->expect);
}

#define TEXT(s) s, sizeof(s) - 1
static const csv_case cases[] = {
    {"a plain file", TEXT("a,b\n1,2\n3,4\n"), 0, 0, NULL, "a|b\n2:1|2\n3:3|4"},
    {"no line end at the end", TEXT("a,b\n1,2"), 0, 0, NULL, "a|b\n2:1|2"},
    {"CRLF", TEXT("a,b\r\n1,2\r\n3,4\r\n"), 0, 0, NULL, "a|b\n2:1|2\n3:3|4"},
    {"CR alone", TEXT("a,b\r1,2\r3,4\r"), 0, 0, NULL, "a|b\n2:1|2\n3:3|4"},
    {"a BOM is skipped",
     TEXT("\xef\xbb\xbf"
          "a,b\n1,2\n"),
     0, 0, NULL, "a|b\n2:1|2"},
    {"quotes hold delimiters, quotes and line ends", TEXT("a,b\n\"x,\"\"y\"\"\",\"1\n2\r\n3\"\nz,\n"), 0, 0,
     NULL, "a|b\n2:x,\"y\"|1\\n2\\r\\n3\n5:z|"},
    {"a quote inside an unquoted cell is itself", TEXT("a,b\n5\" pipe,x\n"), 0, 0, NULL, "a|b\n2:5\" pipe|x"},
    {"spaces are kept", TEXT("a,b\n x , y\n"), 0, 0, NULL, "a|b\n2: x | y"},
    {"empty lines are skipped, empty cells are not", TEXT("\n\na,b\n\n,\n\r\n\"\",x\n"), 0, 0, NULL,
     "a|b\n5:|\n7:|x"},
    {"an empty file has no columns", "", 0, 0, 0, NULL, "none"},
    {"a file of line ends has no columns", TEXT("\n\r\n"), 0, 0, NULL, "none"},
    {"a header alone has no rows", TEXT("a,b"), 0, 0, NULL, "a|b"},
    {"semicolons are found", TEXT("a;b\n1,5;2\n"), 0, 0, NULL, "a|b\n2:1,5|2"},
    {"tabs are found", TEXT("a\tb\n1,5\t2\n"), 0, 0, NULL, "a|b\n2:1,5|2"},
    {"pipes are found", TEXT("a|b\n1,5|2\n"), 0, 0, NULL, "a|b\n2:1,5|2"},
    {"a delimiter inside quotes is none", TEXT("\"a;b;c\",d\n1,2\n"), 0, 0, NULL, "a;b;c|d\n2:1|2"},
    {"the delimiter that most rows agree on wins", TEXT("a;x, y\n1;2\n3;4\n"), 0, 0, NULL,
     "a|x, y\n2:1|2\n3:3|4"},
    {"commas of prose in the header and in every row are no delimiter",
     TEXT("id;stars (1,5)\n12;bad, really\n"), 0, 0, NULL, "id|stars (1,5)\n2:12|bad, really"},
    {"a quote that makes no sense speaks against a delimiter",
     TEXT("stars (1,5)\ttext\n\"said \"\"no\"\"\"\tx\n3\ty\n"), 0, 0, NULL,
     "stars (1,5)|text\n2:said \"no\"|x\n3:3|y"},
    {"a header of one column leaves lines whole", TEXT("text\nwell, yes; no\n\"a, \"\"b\"\"\"\n"), 0, 0, NULL,
     "text\n2:well, yes; no\n3:a, \"b\""},
    {"a named delimiter splits a header of one column", TEXT("text\na,b\n"), ',', 0, NULL,
     "text\n2!has 2 cells, the header has 1"},
    {"any byte may be named", TEXT("a:b\n1:2\n"), ':', 0, NULL, "a|b\n2:1|2"},
    {"without a header columns are numbered", TEXT("1,2\n3,4\n"), 0, true, NULL,
     "column1|column2\n1:1|2\n2:3|4"},
    {"without a header texts with commas stay whole", TEXT("well, yes\nno\nmaybe, a, b\n"), 0, true, NULL,
     "column1\n1:well, yes\n2:no\n3:maybe, a, b"},
    {"names that come again get a number that no column has", TEXT("a,a,a_2,a,\n1,2,3,4,5\n"), 0, 0, NULL,
     "a|a_3|a_2|a_4|column5\n2:1|2|3|4|5"},
    {"too many and too few cells", TEXT("a,b\n1\n1,2,3\n4,5\n"), 0, 0, NULL,
     "a|b\n2!has 1 cell, the header has 2\n3!has 3 cells, the header has 2\n4:4|5"},
    {"text after a closing quote", TEXT("a,b\n\"x\" y,1\n3,4\n"), 0, 0, NULL,
     "a|b\n2!has text after a closing quote; a quote inside a quoted cell is written twice\n3:3|4"},
    {"a quote never closed costs its line only", TEXT("a,b\n1,\"x\n3,4\n5,6\n"), 0, 0, NULL,
     "a|b\n2!opens a quote that is never closed\n3:3|4\n4:5|6"},
    {"a quote closed by a later row's costs its line only", TEXT("a,b\n1,\"x\n3,4\n5,\"y\"\n6,7\n"), 0, 0,
     NULL,
     "a|b\n2!opens a quote that closes lines below with text behind it; is a quote not "
     "closed?\n3:3|4\n4:5|y\n5:6|7"},
    {"bad quotes with CRLF keep the line numbers", TEXT("a,b\r\n1,\"x\r\n3,4\r\n"), 0, 0, NULL,
     "a|b\n2!opens a quote that is never closed\n3:3|4"},
    {"a text that is cut off inside its quotes is one bad row",
     TEXT("a,b\n1,2\n3,\"Dear all\nthe report, the plan, and the rest\nare\n"), 0, 0, NULL,
     "a|b\n2:1|2\n3!opens a quote that is never closed"},
    {"NUL bytes are text", TEXT("a,b\n1\0z,\"2\0\"\n"), 0, 0, NULL, "a|b\n2:1\\0z|2\\0"},
    {"a header with NULs behind a name that comes again", TEXT("a,a,b\0,c\n"), 0, 0, NULL,
     "error: t.csv:1: the header holds NUL bytes: is this UTF-16? Then add --encoding utf-16le"},
    {"a header with NULs suggests UTF-16", TEXT("a\0,\0b\0\n\0"), 0, 0, NULL,
     "error: t.csv:1: the header holds NUL bytes: is this UTF-16? Then add --encoding utf-16le"},
    {"rows that are not UTF-8; the third suggests an encoding", TEXT("a\n\xe9\nx\n\xe9\n\xe9\n"), 0, 0, NULL,
     "a\n2!holds bytes that are not UTF-8\n3:x\n4!holds bytes that are not UTF-8\n"
     "5!holds bytes that are not UTF-8; a file from Windows or an old Excel may need --encoding cp1252"},
    {"cp1252", TEXT("a,b\n\xe9,\x80\n"), 0, 0, "cp1252", "a|b\n2:\xc3\xa9|\xe2\x82\xac"},
    {"a byte that cp1252 lacks spoils its row only", TEXT("a,b\n\x81,1\n2,3\n"), 0, 0, "cp1252",
     "a|b\n2!holds bytes that are not cp1252\n3:2|3"},
    {"UTF-16 by its BOM",
     TEXT("\xff\xfe"
          "a\0,\0b\0\n\0\xe9\0,\0\x3d\xd8\x00\xde\n\0"),
     0, 0, NULL, "a|b\n2:\xc3\xa9|\xf0\x9f\x98\x80"},
    {"big-endian UTF-16 by its BOM", TEXT("\xfe\xff\0a\0\n\0x\0\n"), 0, 0, NULL, "a\n2:x"},
    {"half a character at the end of UTF-16",
     TEXT("\xff\xfe"
          "a\0\n\0x\0\n\0y"),
     0, 0, NULL, "a\n2:x\n3!holds bytes that are not UTF-16LE"},
    {"a header with a bad quote is an error", TEXT("a,\"b\n1,2\n"), ',', 0, NULL,
     "error: t.csv:1: the header does not end: is a quote not closed?"},
    {"a ZIP is refused", TEXT("PK\003\004....."), 0, 0, NULL,
     "error: t.csv is a ZIP archive or an Excel workbook: unpack it, or save the sheet as CSV (UTF-8)"},
};

/* Rows around the edges of the window: cells of every length, some quoted, CRLF. */
static void windows(void)
{
    g_autoptr(GString) text = g_string_new("n,text\r\n");
    enum { ROWS = 20000 };
    for (int i = 0; i < ROWS; i++) {
        g_string_append_printf(text, "%d,", i);
        if (i % 3 == 0)
            g_string_append(text, "\"a\r\n\"\"b\"\",");
        for (int k = 0; k < i % 97; k++)
            g_string_append_c(text, (char)('a' + k % 26));
        g_string_append(text, i % 3 == 0 ? "\"\r\n" : "\r\n");
    }
    g_autofree char *path = g_build_filename(dir, "w.csv", NULL);
    g_assert_true(g_file_set_contents(path, text->str, (gssize)text->len, NULL));
    g_autoptr(tm_input) input = tm_input_open(path, NULL, NULL);
    tm_csv *csv = tm_csv_new(input, 0, false, NULL);
    tm_row row;
    int64_t line = 2;
    int n = 0;
    while (tm_csv_next(csv, &row, NULL) == TM_NEXT_ROW) {
        if (row.bad || row.line != line || atoi(row.cells[0].text) != n ||
            row.cells[1].length != (size_t)(n % 97 + (n % 3 == 0 ? 7 : 0)))
            g_error("row %d, line %d: %s", n, (int)row.line, row.bad);
        line += n % 3 == 0 ? 2 : 1;
        n++;
    }
    g_assert_cmpint(n, ==, ROWS);
    tm_csv_free(csv);
}

/* A row of over 16 MB, once with line ends inside an open quote, once as one line. */
static void too_long(void)
{
    for (int lines = 0; lines < 2; lines++) {
        g_autoptr(GString) text = g_string_new("a,b\n1,\"");
        g_string_set_size(text, 2 * TM_ROW_MAX);
        memset(text->str + 7, 'x', text->len - 7);
        if (lines)
            text->str[9] = '\n';
        g_string_append(text, "\n2,3\n");
        g_autofree char *path = g_build_filename(dir, "l.csv", NULL);
        g_assert_true(g_file_set_contents(path, text->str, (gssize)text->len, NULL));
        g_autoptr(tm_input) input = tm_input_open(path, NULL, NULL);
        tm_csv *csv = tm_csv_new(input, 0, false, NULL);
        tm_row row;
        g_assert_cmpint(tm_csv_next(csv, &row, NULL), ==, TM_NEXT_ROW);
        g_assert_cmpstr(row.bad, ==, "is longer than 16 MB; is a quote not closed?");
        g_assert_cmpuint(row.raw_length, ==, lines ? 5 : 1 << 20);
        if (lines) {
            g_assert_cmpint(tm_csv_next(csv, &row, NULL), ==, TM_NEXT_ROW);
            g_assert_nonnull(row.bad);
        }
        g_assert_cmpint(tm_csv_next(csv, &row, NULL), ==, TM_NEXT_ROW);
        g_assert_cmpstr(row.bad, ==, NULL);
        g_assert_cmpint(row.line, ==, lines ? 4 : 3);
        g_assert_cmpstr(row.cells[1].text, ==, "3");
        g_assert_cmpint(tm_csv_next(csv, &row, NULL), ==, TM_NEXT_END);
        tm_csv_free(csv);
        g_unlink(path);
    }
}

/* A text of many lines, over 16 MB, in a cell that is closed well: its lines are no rows. */
static void long_text(void)
{
    g_autoptr(GString) text = g_string_new("a,b,c\n1,x,\"he said \"\"no\"\"\n");
    int lines = 0;
    for (; text->len < TM_ROW_MAX + TM_ROW_MAX / 2; lines++)
        g_string_append(text,
                        lines % 3 ? "some prose, and more of it, in a line, \"\"quoted\"\"\n" : "line\n");
    g_string_append(text, "end\"\n2,3,\"4\"\n5,6,7\n");
    g_autofree char *path = g_build_filename(dir, "l.csv", NULL);
    g_assert_true(g_file_set_contents(path, text->str, (gssize)text->len, NULL));
    g_autoptr(tm_input) input = tm_input_open(path, NULL, NULL);
    tm_csv *csv = tm_csv_new(input, 0, false, NULL);
    tm_row row;
    g_assert_cmpint(tm_csv_next(csv, &row, NULL), ==, TM_NEXT_ROW);
    g_assert_cmpstr(row.bad, ==, "is longer than 16 MB; is a quote not closed?");
    g_assert_cmpint(tm_csv_next(csv, &row, NULL), ==, TM_NEXT_ROW);
    g_assert_cmpstr(row.bad, ==, NULL);
    g_assert_cmpint(row.number, ==, 2);
    g_assert_cmpint(row.line, ==, lines + 4);
    g_assert_cmpstr(row.cells[2].text, ==, "4");
    g_assert_cmpint(tm_csv_next(csv, &row, NULL), ==, TM_NEXT_ROW);
    g_assert_cmpint(tm_csv_next(csv, &row, NULL), ==, TM_NEXT_END);
    tm_csv_free(csv);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_set_nonfatal_assertions();
    dir = g_dir_make_tmp("tm-csv-XXXXXX", NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *name = g_strdup_printf("/csv/%s", cases[i].name);
        g_test_add_data_func(name, &cases[i], run_case);
    }
    g_test_add_func("/csv/rows across the window's edges come whole", windows);
    g_test_add_func("/csv/a row over 16 MB is bad and the rest goes on", too_long);
    g_test_add_func("/csv/a text of many lines over 16 MB is one bad row", long_text);
    int failed = g_test_run();
    for (const char *const *name = (const char *const[]){"t.csv", "w.csv", "l.csv", NULL}; *name; name++) {
        g_autofree char *path = g_build_filename(dir, *name, NULL);
        g_unlink(path);
    }
    g_rmdir(dir);
    g_free(dir);
    return failed;
}
