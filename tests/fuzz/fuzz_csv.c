/* fuzz_csv.c - the CSV reader: rows in the order of their lines, as many cells as columns, each ended and
 * UTF-8. */
#include "core/csv.h"
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    static const int delimiters[] = {0, ',', '\t', ';'};
    static const char *const encodings[] = {NULL, "cp1252", "utf-16le"};
    int delimiter = delimiters[data[0] % 4];
    const char *encoding = encodings[data[1] % 8 < 3 ? data[1] % 8 : 0];
    int fd = memfd_create("fuzz", 0);
    if (fd < 0 || write(fd, data + 2, size - 2) < 0)
        abort();
    lseek(fd, 0, SEEK_SET);
    char path[64];
    g_snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    g_autoptr(tm_input) input = tm_input_open(path, encoding, NULL);
    tm_csv *csv = input ? tm_csv_new(input, delimiter, data[1] & 64, NULL) : NULL;
    if (csv) {
        guint n_columns = tm_csv_columns(csv) ? g_strv_length(tm_csv_columns(csv)) : 0;
        tm_row row;
        int64_t line = 0;
        while (tm_csv_next(csv, &row, NULL) == TM_NEXT_ROW) {
            if (row.line <= line || (!row.bad && row.n_cells != n_columns))
                abort();
            line = row.line;
            for (size_t i = 0; i < row.n_cells; i++)
                if (row.cells[i].text[row.cells[i].length] != '\0' ||
                    !g_utf8_validate(row.cells[i].text, -1, NULL))
                    abort();
        }
    }
    tm_csv_free(csv);
    close(fd);
    return 0;
}
