/* fuzz_csv.c - the CSV reader: rows in the order of their lines, as many cells as columns, each ended and
 * UTF-8; and whatever the pieces in which a file comes, the same rows. */
#include "core/csv.h"
#include "tests/fuzz/feed.h"
#include <string.h>

/* Appends what is read to `all`. */
static void read_all(tm_input *input, int delimiter, bool no_header, GString *all)
{
    g_autoptr(GError) error = NULL;
    tm_csv *csv = input ? tm_csv_new(input, delimiter, no_header, &error) : NULL;
    tm_row row;
    int64_t line = 0;
    guint n_columns = csv && tm_csv_columns(csv) ? g_strv_length(tm_csv_columns(csv)) : 0;
    for (guint i = 0; i < n_columns; i++)
        g_string_append_printf(all, "%s,", tm_csv_columns(csv)[i]);
    while (csv && tm_csv_next(csv, &row, &error) == TM_NEXT_ROW) {
        if (row.line <= line || (!row.bad && row.n_cells != n_columns))
            abort();
        line = row.line;
        g_string_append_printf(all, "\n%" G_GINT64_FORMAT "%s", line, row.bad ? row.bad : "");
        g_string_append_len(all, row.raw, (gssize)row.raw_length);
        for (size_t i = 0; i < row.n_cells; i++) {
            if (row.cells[i].text[row.cells[i].length] != '\0' ||
                !g_utf8_validate(row.cells[i].text, -1, NULL))
                abort();
            g_string_append_len(all, row.cells[i].text, (gssize)row.cells[i].length + 1);
        }
    }
    if (error)
        g_string_append(all, error->message);
    tm_csv_free(csv);
    tm_input_close(input);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const int delimiters[] = {0, ',', '\t', ';'};
    static const char *const encodings[] = {NULL, "cp1252", "utf-16le"};
    if (size < 2)
        return 0;
    int delimiter = delimiters[data[0] % 4];
    const char *encoding = encodings[data[1] % 8 < 3 ? data[1] % 8 : 0];
    bool no_header = data[1] & 64;
    g_autoptr(GString) whole = g_string_new(NULL), pieces = g_string_new(NULL);
    read_all(feed_whole(data + 2, size - 2, encoding), delimiter, no_header, whole);
    read_all(feed_pieces(data + 2, size - 2, encoding), delimiter, no_header, pieces);
    if (!g_string_equal(whole, pieces))
        abort();
    return 0;
}
