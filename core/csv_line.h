/* csv_line.h - lines of a CSV file, for where its quotes can't be trusted: where a line ends, whether an open
 * quote swallows records, and how to get past a record that is too long to be held. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The end of the line at p, behind its line end (LF, CRLF or CR) *next; NULL: it is not at hand. A CR at the
 * very end may be half a CRLF, unless these are the `last` bytes. */
const char *tm_csv_line_end(const char *p, size_t n, bool last, const char **next);

/* A quote opens in the line at p and does not close. Do the lines behind it look like records of so many
 * cells? Then it was forgotten to be closed; else it is a text of several lines. With one column every line
 * looks like a record; and where no line is at hand that counts as one. */
bool tm_csv_swallows_records(const char *p, size_t n, int delimiter, size_t n_columns);

/* The rest of a record that is too long. */
typedef struct {
    bool in_quotes;
    char before; /* the byte before what comes */
    int delimiter;
} tm_csv_rest;

/* How many of the bytes at hand belong to it. *ended: it ends with them. *lines: line ends in them, added. */
size_t tm_csv_rest_length(tm_csv_rest *rest, const char *p, size_t n, bool *ended, int64_t *lines);
