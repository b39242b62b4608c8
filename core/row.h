/* row.h - one record of a dataset, as a reader hands it out. */
#pragma once
#include <glib.h>
#include <jansson.h>
#include <stdbool.h>

/* A longer record is a bad row: the engine has no more than this of bodies in flight, and a quote that is
 * never closed must not eat the file. Of its raw text TM_ROW_KEPT bytes are handed out. */
#define TM_ROW_MAX ((size_t)16 << 20)
#define TM_ROW_KEPT ((size_t)1 << 20)

typedef struct {
    const char *text; /* UTF-8, NUL-terminated beyond length; may hold NULs */
    size_t length;
} tm_cell;

/* Everything is borrowed and valid until the next call. */
typedef struct {
    int64_t number;       /* 1-based among all records, bad ones counted */
    int64_t line;         /* the file's line on which it begins, 1-based */
    const tm_cell *cells; /* CSV, TSV: one a column; NULL for JSON or a bad row */
    size_t n_cells;
    const json_t *object; /* JSONL, JSON: the row, an object; NULL for CSV or a bad row */
    const char *raw;      /* as it came, decoded, without its line end: for the rejects file */
    size_t raw_length;
    const char *bad; /* why this row can't be used; NULL: it can */
} tm_row;

typedef enum { TM_NEXT_ROW, TM_NEXT_END, TM_NEXT_ERROR } tm_next_row;
