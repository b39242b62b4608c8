/* bench_csv.c - how fast rows are read: bench_csv FILE */
#include "core/csv.h"
#include <stdio.h>
#include <time.h>

int main(int argc, char **argv)
{
    if (argc != 2)
        return 2;
    g_autoptr(GError) error = NULL;
    g_autoptr(tm_input) input = tm_input_open(argv[1], NULL, &error);
    tm_csv *csv = input ? tm_csv_new(input, 0, false, &error) : NULL;
    if (!csv) {
        fprintf(stderr, "%s\n", error->message);
        return 1;
    }
    tm_row row;
    int64_t rows = 0, bad = 0;
    while (tm_csv_next(csv, &row, &error) == TM_NEXT_ROW) {
        rows++;
        bad += row.bad != NULL;
    }
    double s = (double)clock() / CLOCKS_PER_SEC;
    printf("%" G_GINT64_FORMAT " rows, %" G_GINT64_FORMAT " bad, %.2f s of CPU, %.1f million rows a second\n",
           rows, bad, s, (double)rows / s / 1e6);
    tm_csv_free(csv);
    return 0;
}
