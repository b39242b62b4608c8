/* csv_record.c - one CSV record. */
#include "core/csv_record.h"
#include <string.h>

void tm_csv_record_init(tm_csv_record *record)
{
    memset(record, 0, sizeof *record);
    record->cells = g_array_new(FALSE, FALSE, sizeof(tm_cell));
}

void tm_csv_record_clear(tm_csv_record *record)
{
    g_array_unref(record->cells);
    g_free(record->text);
}

void tm_csv_record_delimit(tm_csv_record *record, int delimiter)
{
    record->delimiter = delimiter;
    memset(record->special, 0, sizeof record->special);
    record->special['\n'] = record->special['\r'] = true;
    if (delimiter >= 0)
        record->special[(guchar)delimiter] = true;
}

/* Line ends in a quoted stretch: LF, CRLF and CR are one each. */
static int64_t count_lines(const char *p, const char *end)
{
    int64_t n = 0;
    for (const char *lf = p; (lf = memchr(lf, '\n', (size_t)(end - lf))) != NULL; lf++)
        n++;
    for (const char *cr = p; (cr = memchr(cr, '\r', (size_t)(end - cr))) != NULL; cr++)
        n += cr + 1 == end || cr[1] != '\n';
    return n;
}

/* Copies a cell that begins after its opening quote to *out; *from then stands behind the closing one. */
static tm_csv_end scan_quoted(tm_csv_record *record, const char **from, const char *end, bool last,
                              char **out)
{
    const char *p = *from;
    for (;;) {
        const char *quote = memchr(p, '"', (size_t)(end - p));
        record->in_quotes = !quote;
        if (!quote) {
            record->lines += count_lines(p, end);
            return last ? TM_CSV_OPEN_QUOTE : TM_CSV_MORE;
        }
        memcpy(*out, p, (size_t)(quote - p));
        *out += quote - p;
        record->lines += count_lines(p, quote);
        p = quote + 1;
        if (p == end && !last)
            return TM_CSV_MORE;
        if (p == end || *p != '"')
            break;
        *(*out)++ = '"';
        p++;
    }
    *from = p;
    return TM_CSV_RECORD;
}

/* The cells take no more room than the record and 1. */
static char *make_room(tm_csv_record *record, size_t n)
{
    if (record->text_capacity < n + 2) {
        record->text_capacity = n + 4096;
        g_free(record->text);
        record->text = g_malloc(record->text_capacity);
    }
    return record->text;
}

tm_csv_end tm_csv_record_scan(tm_csv_record *record, const char *p, const char *end, bool last)
{
    char *out = make_room(record, (size_t)(end - p));
    const bool *special = record->special;
    g_array_set_size(record->cells, 0);
    record->lines = 1;
    record->in_quotes = false;
    for (;;) {
        tm_cell cell = {out, 0};
        if (p < end && *p == '"') {
            p++;
            tm_csv_end got = scan_quoted(record, &p, end, last, &out);
            if (got != TM_CSV_RECORD)
                return got;
            if (p < end && !special[(guchar)*p])
                return TM_CSV_AFTER_QUOTE;
        } else {
            while (p < end && !special[(guchar)*p])
                *out++ = *p++;
        }
        cell.length = (size_t)(out - cell.text);
        *out++ = '\0';
        g_array_append_val(record->cells, cell);
        if (p == end && !last)
            return TM_CSV_MORE;
        if (p == end || (guchar)*p != record->delimiter)
            break;
        p++;
    }
    record->raw_end = p;
    if (p < end && *p == '\r' && p + 1 == end && !last)
        return TM_CSV_MORE;
    if (p < end)
        p += *p == '\r' && p + 1 < end && p[1] == '\n' ? 2 : 1;
    record->next = p;
    return TM_CSV_RECORD;
}
