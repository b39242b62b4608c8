/* csv_sniff.c - tries each delimiter on the first records. */
#include "core/csv_sniff.h"
#include "core/csv_record.h"
#include <string.h>

enum { SAMPLE = 50 };

typedef struct {
    size_t cells; /* of the first record */
    int64_t agree, records;
    int64_t blanks; /* cells but the first of a record that begin with a blank: of prose, more likely */
} split;

/* Behind the line that begins at p. */
static const char *line_after(const char *p, const char *end)
{
    while (p < end && *p != '\n' && *p != '\r')
        p++;
    return p < end ? p + 1 : end;
}

static int64_t count_blanks(const tm_csv_record *record)
{
    int64_t n = 0;
    for (guint i = 1; i < record->cells->len; i++)
        n += g_array_index(record->cells, tm_cell, i).text[0] == ' ';
    return n;
}

/* How the first records look when split by the record's delimiter. */
static split try_split(tm_csv_record *record, const char *p, const char *end, bool last)
{
    split result = {0};
    while (result.records < SAMPLE && p < end) {
        tm_csv_end got = tm_csv_record_scan(record, p, end, last);
        if (got == TM_CSV_MORE)
            break;
        bool empty = got == TM_CSV_RECORD && record->raw_end == p;
        size_t cells = got == TM_CSV_RECORD ? record->cells->len : 0;
        p = got == TM_CSV_RECORD ? record->next : line_after(p, end);
        if (empty)
            continue;
        if (result.records++ == 0)
            result.cells = cells;
        result.agree += cells == result.cells;
        result.blanks += got == TM_CSV_RECORD ? count_blanks(record) : 0;
    }
    return result;
}

static bool is_better(split a, split b)
{
    int64_t of_a = a.agree * b.records, of_b = b.agree * a.records;
    if (of_a != of_b)
        return of_a > of_b;
    return a.blanks != b.blanks ? a.blanks < b.blanks : a.cells > b.cells;
}

int tm_csv_sniff(const char *bytes, size_t n, bool last, bool no_header)
{
    tm_csv_record record;
    int best = -1;
    split best_split = {0};
    tm_csv_record_init(&record);
    for (const char *c = ",;\t|"; *c; c++) {
        tm_csv_record_delimit(&record, *c);
        split now = try_split(&record, bytes, bytes + n, last);
        /* without a header a comma in the first text proves nothing: most records must agree */
        if (now.cells < 2 || (no_header && now.agree * 2 <= now.records))
            continue;
        if (best < 0 || is_better(now, best_split)) {
            best = (guchar)*c;
            best_split = now;
        }
    }
    tm_csv_record_clear(&record);
    return best;
}
