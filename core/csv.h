/* csv.h - comma separated values after RFC 4180, with any one-byte delimiter. Records end with LF, CRLF or
 * CR; quoted cells may hold all three. A completely empty line is skipped.
 *
 * Columns: the first record, unless there is no header. A column without a name is called `columnN` (its
 * place, 1-based), a further one of a name gets the first of `_2`, `_3`, ... that no column has. The
 * delimiter is sniffed in the first records (csv_sniff.h). When none splits the header there is one column,
 * and each line is its cell, commas and all.
 *
 * Bad rows: too many or too few cells, text after a closing quote, a quote that is never closed, bytes that
 * can't be decoded, more than TM_ROW_MAX. After a bad quote the reading goes on at the line after the one on
 * which the record began, so that a missing quote costs one line and not the file. Where no second quote
 * shows that it is missing (the file ends first, or TM_ROW_MAX does), the lines themselves decide: where they
 * look like records it is, else they are one long text, and one bad row (csv_line.h). */
#pragma once
#include "core/input.h"
#include "core/row.h"

typedef struct tm_csv tm_csv;

/* Reads `input` (borrowed) from where it stands. delimiter 0: sniffed. (transfer full) */
tm_csv *tm_csv_new(tm_input *input, int delimiter, bool no_header, GError **error);
void tm_csv_free(tm_csv *csv);

/* NULL-terminated, borrowed; NULL: the file is empty. */
char **tm_csv_columns(const tm_csv *csv);
tm_next_row tm_csv_next(tm_csv *csv, tm_row *row, GError **error);
