/* csv.c - comma separated values: the delimiter, the columns, and what happens after a bad row. */
#include "core/csv.h"
#include "core/column.h"
#include "core/csv_line.h"
#include "core/csv_record.h"
#include "core/csv_sniff.h"
#include "core/error.h"
#include "core/utf8.h"
#include <string.h>

struct tm_csv {
    tm_input *input;
    tm_csv_record record;
    char **columns;
    size_t n_columns;
    bool no_header;
    int64_t number, line; /* records handed out; line on which the next one begins */
    size_t used;          /* bytes of the record handed out last: skipped with the next call */
    bool skip_line;       /* what comes first is the rest of a line that was too long */
    bool skip_record;     /* ... of a record that was too long */
    tm_csv_rest rest;
    char *why;
};

/* ---- the columns ---- */

/* The header's cell i; NULL: there is no header, or nothing in it. */
static const char *header_cell(const tm_csv *csv, size_t i)
{
    const tm_cell *cell = &g_array_index(csv->record.cells, tm_cell, i);
    return csv->no_header || cell->length == 0 ? NULL : cell->text;
}

static gboolean fail_nul(const tm_csv *csv, GError **error)
{
    return tm_fail(error, TM_ERROR_INPUT,
                   "%s:%" G_GINT64_FORMAT
                   ": the header holds NUL bytes: is this UTF-16? Then add --encoding utf-16le",
                   tm_input_name(csv->input), csv->line);
}

static gboolean name_columns(tm_csv *csv, GError **error)
{
    csv->n_columns = csv->record.cells->len;
    g_autoptr(GHashTable) taken = g_hash_table_new(g_str_hash, g_str_equal);
    g_autoptr(GHashTable) last = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (size_t i = 0; i < csv->n_columns; i++) {
        const char *name = header_cell(csv, i);
        if (name && strlen(name) != g_array_index(csv->record.cells, tm_cell, i).length)
            return fail_nul(csv, error);
    }
    csv->columns = g_new0(char *, csv->n_columns + 1);
    /* Names that the header gives go first: "a,a,a_2" has an a_2 of its own. */
    for (size_t i = 0; i < csv->n_columns; i++) {
        const char *name = header_cell(csv, i);
        if (name && g_hash_table_add(taken, (char *)name))
            csv->columns[i] = g_strdup(name);
    }
    for (size_t i = 0; i < csv->n_columns; i++) {
        if (csv->columns[i])
            continue;
        const char *name = header_cell(csv, i);
        g_autofree char *base = name ? g_strdup(name) : g_strdup_printf("column%zu", i + 1);
        csv->columns[i] = tm_column_new_name(taken, last, base);
        g_hash_table_add(taken, csv->columns[i]);
    }
    return TRUE;
}

static gboolean fail_header(tm_csv *csv, const char *why, GError **error)
{
    return tm_fail(error, TM_ERROR_INPUT, "%s:%" G_GINT64_FORMAT ": the header %s", tm_input_name(csv->input),
                   csv->line, why);
}

/* Skips empty lines and scans the first record. *empty: there is none. */
static gboolean read_first(tm_csv *csv, bool *empty, GError **error)
{
    const tm_csv_record *record = &csv->record;
    for (;;) {
        size_t n;
        const char *p = tm_input_bytes(csv->input, &n);
        bool last = tm_input_ended(csv->input);
        *empty = n == 0 && last;
        if (*empty)
            return TRUE;
        tm_csv_end got = n == 0 ? TM_CSV_MORE : tm_csv_record_scan(&csv->record, p, p + n, last);
        if (got == TM_CSV_RECORD && record->raw_end > p)
            return tm_utf8_valid(p, (size_t)(record->raw_end - p)) ||
                   fail_header(csv, tm_input_undecodable(csv->input), error);
        if (got == TM_CSV_AFTER_QUOTE)
            return fail_header(csv, "has text after a closing quote", error);
        if (got == TM_CSV_OPEN_QUOTE || n > TM_ROW_MAX)
            return fail_header(csv, "does not end: is a quote not closed?", error);
        if (got == TM_CSV_RECORD) {
            csv->line++;
            tm_input_skip(csv->input, (size_t)(record->next - p));
        } else if (tm_input_more(csv->input, error) == TM_MORE_ERROR) {
            return FALSE;
        }
    }
}

/* Enough of the file to sniff in. */
static gboolean read_sample(tm_csv *csv, GError **error)
{
    enum { ENOUGH = 64 << 10 };
    size_t n = 0;
    while (tm_input_bytes(csv->input, &n), n < ENOUGH) {
        tm_more got = tm_input_more(csv->input, error);
        if (got == TM_MORE_ERROR)
            return FALSE;
        if (got == TM_MORE_NONE)
            break;
    }
    return TRUE;
}

static gboolean read_columns(tm_csv *csv, int delimiter, GError **error)
{
    bool empty;
    if (!read_sample(csv, error))
        return FALSE;
    size_t n;
    const char *bytes = tm_input_bytes(csv->input, &n);
    if (!delimiter)
        delimiter = tm_csv_sniff(bytes, n, tm_input_ended(csv->input), csv->no_header);
    tm_csv_record_delimit(&csv->record, delimiter);
    if (!read_first(csv, &empty, error))
        return FALSE;
    if (empty)
        return TRUE;
    if (!name_columns(csv, error))
        return FALSE;
    if (!csv->no_header) {
        bytes = tm_input_bytes(csv->input, &n);
        tm_input_skip(csv->input, (size_t)(csv->record.next - bytes));
        csv->line += csv->record.lines;
    }
    return TRUE;
}

tm_csv *tm_csv_new(tm_input *input, int delimiter, bool no_header, GError **error)
{
    tm_csv *csv = g_new0(tm_csv, 1);
    csv->input = input;
    csv->no_header = no_header;
    csv->line = 1;
    tm_csv_record_init(&csv->record);
    if (read_columns(csv, delimiter, error))
        return csv;
    tm_csv_free(csv);
    return NULL;
}

void tm_csv_free(tm_csv *csv)
{
    if (!csv)
        return;
    g_strfreev(csv->columns);
    tm_csv_record_clear(&csv->record);
    g_free(csv->why);
    g_free(csv);
}

char **tm_csv_columns(const tm_csv *csv)
{
    return csv->columns;
}

/* ---- the rows ---- */

/* The line at p as a bad row. False: it does not end in the bytes at hand, ask for more. */
static bool bad_line(tm_csv *csv, const char *p, size_t n, const char *why, tm_row *row)
{
    bool last = tm_input_ended(csv->input);
    const char *next, *end = tm_csv_line_end(p, n, last, &next);
    if (!end && !last && n <= TM_ROW_MAX)
        return false;
    *row = (tm_row){.number = ++csv->number, .line = csv->line, .raw = p, .bad = why};
    if (end) {
        row->raw_length = (size_t)(end - p);
        csv->used = (size_t)(next - p);
        csv->line++;
    } else {
        row->raw_length = n;
        csv->used = n;
        csv->skip_line = !last;
    }
    if (row->raw_length > TM_ROW_MAX)
        row->raw_length = TM_ROW_KEPT;
    return true;
}

/* Skips what is at hand of a line that was too long. */
static void skip_rest(tm_csv *csv, const char *p, size_t n)
{
    const char *next;
    if (tm_csv_line_end(p, n, true, &next)) {
        csv->skip_line = false;
        csv->line++;
    } else {
        next = p + n;
    }
    tm_input_skip(csv->input, (size_t)(next - p));
}

/* What is at hand, to its end, as one bad row; the rest of its record is skipped. */
static void bad_record(tm_csv *csv, const char *p, size_t n, const char *why, tm_row *row)
{
    *row = (tm_row){.number = ++csv->number, .line = csv->line, .raw = p, .raw_length = n, .bad = why};
    if (n > TM_ROW_MAX)
        row->raw_length = TM_ROW_KEPT;
    csv->used = n;
    csv->skip_record = true;
    csv->rest = (tm_csv_rest){csv->record.in_quotes, p[n - 1], csv->record.delimiter};
    csv->line += csv->record.lines - 1;
}

/* Skips what is at hand of a record that was too long. */
static void skip_record(tm_csv *csv, const char *p, size_t n)
{
    bool ended;
    tm_input_skip(csv->input, tm_csv_rest_length(&csv->rest, p, n, &ended, &csv->line));
    csv->skip_record = !ended;
}

static void good_or_bad(tm_csv *csv, const char *p, tm_row *row)
{
    const tm_csv_record *record = &csv->record;
    *row = (tm_row){.number = ++csv->number, .line = csv->line, .raw = p};
    row->raw_length = (size_t)(record->raw_end - p);
    csv->used = (size_t)(record->next - p);
    csv->line += record->lines;
    if (row->raw_length > TM_ROW_MAX) {
        row->raw_length = TM_ROW_KEPT;
        row->bad = "is longer than 16 MB";
    } else if (!tm_utf8_valid(p, row->raw_length)) {
        row->bad = tm_input_undecodable(csv->input);
    } else if (record->cells->len != csv->n_columns) {
        g_free(csv->why);
        csv->why = g_strdup_printf("has %u cell%s, the %s has %zu", record->cells->len,
                                   record->cells->len == 1 ? "" : "s",
                                   csv->no_header ? "first row" : "header", csv->n_columns);
        row->bad = csv->why;
    } else {
        row->cells = &g_array_index(record->cells, tm_cell, 0);
        row->n_cells = csv->n_columns;
    }
}

static const char *quote_reason(tm_csv_end end, bool one_line)
{
    if (end == TM_CSV_OPEN_QUOTE)
        return "opens a quote that is never closed";
    if (end == TM_CSV_MORE)
        return "is longer than 16 MB; is a quote not closed?";
    return one_line ? "has text after a closing quote; a quote inside a quoted cell is written twice"
                    : "opens a quote that closes lines below with text behind it; is a quote not closed?";
}

static const char *record_reason(const tm_csv *csv, tm_csv_end end)
{
    return end == TM_CSV_OPEN_QUOTE ? "opens a quote that is never closed"
           : csv->record.in_quotes  ? "is longer than 16 MB; is a quote not closed?"
                                    : "is longer than 16 MB";
}

tm_next_row tm_csv_next(tm_csv *csv, tm_row *row, GError **error)
{
    tm_input_skip(csv->input, csv->used);
    csv->used = 0;
    for (;;) {
        size_t n;
        const char *p = tm_input_bytes(csv->input, &n);
        bool last = tm_input_ended(csv->input);
        if (n == 0 && last)
            return TM_NEXT_END;
        if (n > 0 && (csv->skip_line || csv->skip_record)) {
            if (csv->skip_line)
                skip_rest(csv, p, n);
            else
                skip_record(csv, p, n);
            continue;
        }
        tm_csv_end got = n == 0 ? TM_CSV_MORE : tm_csv_record_scan(&csv->record, p, p + n, last);
        if (got == TM_CSV_RECORD && csv->record.raw_end == p) {
            csv->line++;
            tm_input_skip(csv->input, (size_t)(csv->record.next - p));
        } else if (got == TM_CSV_RECORD) {
            good_or_bad(csv, p, row);
            return TM_NEXT_ROW;
        } else if ((got == TM_CSV_OPEN_QUOTE || (got == TM_CSV_MORE && n > TM_ROW_MAX)) &&
                   !(csv->record.in_quotes &&
                     tm_csv_swallows_records(p, n, csv->record.delimiter, csv->n_columns))) {
            bad_record(csv, p, n, record_reason(csv, got), row);
            return TM_NEXT_ROW;
        } else if ((got != TM_CSV_MORE || n > TM_ROW_MAX) &&
                   bad_line(csv, p, n, quote_reason(got, csv->record.lines == 1), row)) {
            return TM_NEXT_ROW;
        } else if (tm_input_more(csv->input, error) == TM_MORE_ERROR) {
            return TM_NEXT_ERROR;
        }
    }
}
