/* dataset.h - rows from a file or stdin, streamed in one pass: CSV, TSV, JSONL, a JSON array; plain, gz, xz,
 * zst or bz2. Memory is constant in the number of rows. */
#pragma once
#include "core/row.h"

typedef struct tm_dataset tm_dataset;

typedef struct {
    const char
        *format;    /* "csv", "tsv", "jsonl", "json"; NULL: by name (.csv .tsv .jsonl .ndjson .json, before
                       .gz .xz .zst .bz2), else by content; .json may hold lines, .jsonl an array */
    int delimiter;  /* a byte; 0: sniffed among , ; tab | */
    bool no_header; /* CSV: columns are then named column1, column2, ... */
    const char *encoding; /* "cp1252", ...; NULL: UTF-8, UTF-16 by BOM */
} tm_dataset_options;

/* `path` "-" is stdin. An empty file is a dataset without rows (and, for CSV, without columns). (transfer
 * full) */
tm_dataset *tm_dataset_open(const char *path, const tm_dataset_options *options, GError **error);
void tm_dataset_close(tm_dataset *dataset);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(tm_dataset, tm_dataset_close)

/* The columns where they are known before the rows (CSV, TSV; not of an empty file): NULL-terminated,
 * borrowed; else NULL. See csv.h for columns without a name or with the same. */
char **tm_dataset_columns(const tm_dataset *dataset);
/* "csv", "tsv", "jsonl", "json" */
const char *tm_dataset_format(const tm_dataset *dataset);
/* Bytes of the file read so far and its size (-1: unknown), for progress. */
void tm_dataset_progress(const tm_dataset *dataset, int64_t *read, int64_t *size);

/* A bad row comes as TM_NEXT_ROW with row->bad set, and the reading goes on after it. TM_NEXT_ERROR: the file
 * itself can't be read on (truncated gz, I/O error). */
tm_next_row tm_dataset_next(tm_dataset *dataset, tm_row *row, GError **error);

/* The row as the text of one JSON object, columns in their order, appended to `out`; CSV cells are strings.
 */
void tm_row_write_json(const tm_dataset *dataset, const tm_row *row, GString *out);
