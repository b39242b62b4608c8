/* column.h - names of columns: finding one, guessing one, listing them. */
#pragma once
#include <glib.h>
#include <stdbool.h>
#include <stddef.h>

#define TM_NO_COLUMN ((size_t)-1)

/* Do the names differ in nothing but case, space, _ and -? */
bool tm_column_alike(const char *a, const char *b);
/* The place of the column called `name`, or with `loosely` else of the first alike. *hint, a place that is
 * tried first, makes it cheap on every row. */
size_t tm_column_find(char *const *columns, size_t n, const char *name, bool loosely, size_t *hint);
/* Which of `columns` was `name` meant to be? A near one, else the first that does not look like a row's
 * number. NULL: there is none. */
const char *tm_column_suggest(const char *name, char *const *columns, size_t n);
/* A name that is not in the set `taken`: `base`, else the first of `base`_2, `base`_3, ... `last` (by base,
 * the number given last; NULL: one is not kept) makes thousands of one name cheap. (transfer full) */
char *tm_column_new_name(GHashTable *taken, GHashTable *last, const char *base);
/* "a, b, c ... (40 in all)" (transfer full) */
char *tm_column_list(char *const *names, size_t n);
