/* rejects.h - the file of rows that could not be used: one JSON object a line, {"line", "row", "why", "raw"}.
 * It is made with the first reject and takes its name when it is whole; one from an earlier time is replaced.
 */
#pragma once
#include "core/row.h"

typedef struct tm_rejects tm_rejects;

/* `path` NULL: rejects are dropped. (transfer full) */
tm_rejects *tm_rejects_new(const char *path);
/* Failures are kept for the end: a folder that can't be written costs no row. */
void tm_rejects_add(tm_rejects *rejects, const tm_row *row, const char *why);
/* Ends the file and frees `rejects`. False: *error, there is no file. */
gboolean tm_rejects_end(tm_rejects *rejects, GError **error);
