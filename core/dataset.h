/* dataset.h - rows from a file or stdin, streamed in one pass: CSV, TSV, JSONL, a JSON array; plain, gz, xz,
 * zst or bz2. Memory is constant in the number of rows. */
#pragma once
#include <glib.h>
#include <jansson.h>
#include <stdbool.h>

typedef struct tm_dataset tm_dataset;

typedef struct {
    const char *format;    /* "csv", "tsv", "jsonl", "json"; NULL: by name, else by content */
    int delimiter;         /* a byte; 0: sniffed among , ; tab | */
    bool no_header;        /* CSV: columns are then named column1, column2, ... */
    const char *encoding;  /* "cp1252", ...; NULL: UTF-8, UTF-16 by BOM */
} tm_dataset_options;

typedef struct {
    const char *text;      /* UTF-8, NUL-terminated beyond length; may hold NULs */
    size_t length;
} tm_cell;

/* One record. Everything is borrowed and valid until the next call. */
typedef struct {
    int64_t number;        /* 1-based among all records, bad ones counted */
    int64_t line;          /* the file's line on which it begins, 1-based */
    const tm_cell *cells;  /* CSV, TSV: one a column; NULL for JSON */
    size_t n_cells;
    const json_t *object;  /* JSONL, JSON: the row, an object; NULL for CSV or a bad row */
    const char *raw;       /* as it came, decoded, without its line end: for the rejects file */
    size_t raw_length;
    const char *bad;       /* why this row can't be used; NULL: it can */
} tm_row;

typedef enum { TM_NEXT_ROW, TM_NEXT_END, TM_NEXT_ERROR } tm_next_row;

/* `path` "-" is stdin. An empty file is a dataset without rows (and, for CSV, without columns). (transfer full) */
tm_dataset *tm_dataset_open(const char *path, const tm_dataset_options *options, GError **error);
void tm_dataset_close(tm_dataset *dataset);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(tm_dataset, tm_dataset_close)

/* The columns where they are known before the rows (CSV, TSV): NULL-terminated, borrowed; else NULL. */
char **tm_dataset_columns(const tm_dataset *dataset);
/* "csv", "tsv", "jsonl", "json" */
const char *tm_dataset_format(const tm_dataset *dataset);
/* Bytes of the file read so far and its size (-1: unknown), for progress. */
void tm_dataset_progress(const tm_dataset *dataset, int64_t *read, int64_t *size);

/* A bad row comes as TM_NEXT_ROW with row->bad set, and the reading goes on after it. TM_NEXT_ERROR: the file
 * itself can't be read on (truncated gz, I/O error). */
tm_next_row tm_dataset_next(tm_dataset *dataset, tm_row *row, GError **error);

/* The row as the text of one JSON object, columns in their order, appended to `out`; CSV cells are strings. */
void tm_row_write_json(const tm_dataset *dataset, const tm_row *row, GString *out);
