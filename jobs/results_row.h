/* results_row.h - one row of the results, and the two ways to write it. Of results.c, and of `try`. */
#pragma once
#include "jobs/results.h"

typedef struct {
    int64_t number; /* in the data file, else the ordinal */
    const char *status;
    const uint8_t *key;        /* 16 bytes; NULL: the row can't be used */
    const tm_dataset *dataset; /* with `row`: the data file's; NULL: the stored body is the input */
    const tm_row *row;
    const tm_stored *stored; /* NULL: never queued */
    const char *why;         /* of a rejected row */
    bool checked;            /* an ok answer was found to be JSON when it came */
    const tm_labels *labels; /* the prompt's; NULL: none */
    char **files;            /* paths of the answer's media; NULL: none, or they stay inline */
} tm_result;

/* Writes the media of an answer's parts (JSON array text) to files in `dir` named by content, so that a
 * second time writes nothing. Their paths, NULL-terminated (transfer full); NULL and *error. */
char **tm_results_media(const char *parts, const char *dir, GError **error);

/* The label that an ok answer says; NULL: it says none, or none was asked for. Borrowed. */
const char *tm_result_label(const tm_result *result);

/* Appends the row as one line of JSON; where an answer says its label with more around it, `output_raw` has
 * that. */
void tm_result_write_json(const tm_result *result, bool json_output, GString *out);

/* The columns of CSV or TSV. */
typedef struct tm_results_table tm_results_table;
tm_results_table *tm_results_table_new(const tm_results_options *options); /* (transfer full) */
/* Are columns still to be taken from the batch's first rows? */
bool tm_results_table_learns(const tm_results_table *table);
/* Takes them from a page of rows (tm_stored). */
void tm_results_table_learn(tm_results_table *table, const GArray *page);
void tm_results_table_free(tm_results_table *table);
/* `renamed`: "output is in output_2, ..." is appended to it where the data has columns of our names. */
void tm_results_table_head(tm_results_table *table, GString *out, GString *renamed);
void tm_results_table_row(tm_results_table *table, const tm_result *result, GString *out);
