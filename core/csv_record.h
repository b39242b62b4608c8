/* csv_record.h - one CSV record: a scan finds its end and copies its cells. It knows nothing of files: only
 * two pointers to bytes at hand. */
#pragma once
#include "core/row.h"

typedef struct {
    int delimiter;     /* a byte; -1: none, a record is one cell */
    bool special[256]; /* delimiter, CR, LF */
    GArray *cells;     /* tm_cell, of the record scanned last */
    char *text;        /* their bytes */
    size_t text_capacity;
    int64_t lines;       /* line ends in the record, its own counted */
    bool in_quotes;      /* TM_CSV_MORE: the bytes end inside of quotes */
    const char *raw_end; /* its end without and with its line end */
    const char *next;
} tm_csv_record;

typedef enum {
    TM_CSV_RECORD,
    TM_CSV_MORE,        /* the bytes at hand end before the record does */
    TM_CSV_OPEN_QUOTE,  /* the file ends inside quotes */
    TM_CSV_AFTER_QUOTE, /* text after a closing quote */
} tm_csv_end;

void tm_csv_record_init(tm_csv_record *record);
void tm_csv_record_clear(tm_csv_record *record);
void tm_csv_record_delimit(tm_csv_record *record, int delimiter);

/* Scans the record at p, in the bytes up to `end`; `last`: none come after them. */
tm_csv_end tm_csv_record_scan(tm_csv_record *record, const char *p, const char *end, bool last);
