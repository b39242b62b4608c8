/* binding_private.h - what a binding is inside. Of binding.c and binding_row.c alone. */
#pragma once
#include "core/binding.h"
#include "core/column.h"

typedef struct {
    char *name;
    char *column; /* by --map, or as found among known columns; NULL: names are tried on each row */
    char *value;  /* by --set; NULL: from the row */
    bool needed;  /* printed without a test, and neither set nor by default */
    bool media;   /* names a media file only: the file's bytes count, not its name */
    int line, at; /* of the template, the column from 1 */
    bool named;   /* a row had it by its own name: no other member stands for it in later rows */
    size_t hint;  /* where the column was found last */
} tm_bound;

struct tm_binding {
    char *file;       /* of the prompt, for messages */
    tm_bound *bounds; /* in the order of their names, so that moving text in a template keeps the keys */
    size_t n;
    bool alone; /* one variable takes its value from the row: it may take the only column beside the id */
    bool whole; /* the template reads the row as a whole: each column counts */
    char *id;
    size_t id_hint;
    GChecksum *checksum;
    GString *scratch;
};

/* The column that gives `b`; TM_NO_COLUMN: none. Keeps a hint in `b`. */
size_t tm_bound_column(const tm_binding *binding, tm_bound *b, char *const *columns, size_t n);
/* Appends " --map NAME=COLUMN", quoted for a shell; column NULL: the word COLUMN. */
void tm_binding_write_flag(GString *out, const char *name, const char *column);
