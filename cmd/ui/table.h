/* table.h - columns lined up by display width. */
#pragma once
#include <glib.h>
#include <stdio.h>

typedef struct tm_table tm_table;
tm_table *tm_table_new(const char *const *headings);            /* NULL-terminated */
void tm_table_row(tm_table *table, ...) G_GNUC_NULL_TERMINATED; /* const char* a column */
void tm_table_print(tm_table *table, FILE *out);                /* and frees it */
