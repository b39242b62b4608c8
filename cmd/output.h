/* output.h - where results go: a file by temp + rename, or stdout. */
#pragma once
#include "cmd/context.h"
#include "jobs/results.h"

/* Format by `format` ("jsonl", "csv", "tsv"), else by the file's ending, else JSONL. */
gboolean tm_output_format(const char *format, const char *path, tm_results_format *out, GError **error);

/* Can `path` be written at the end of the night? Asked before the first request. */
gboolean tm_output_check(const char *path, GError **error);

/* Fills what follows from the batch's prompt: JSON columns and their order, labels. Free them by
 * tm_output_done(). */
gboolean tm_output_prepare(tm_store *store, const tm_batch *batch, tm_results_options *options,
                           GError **error);

void tm_output_done(tm_results_options *options);

/* Writes the batch's results to `path` (NULL or "-": stdout). A file is there whole, or as it was. */
gboolean tm_output_write(tm_store *store, const tm_batch *batch, const tm_results_options *options,
                         const char *path, tm_results_count *count, GError **error);
