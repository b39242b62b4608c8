/* results.h - answers of a batch as JSONL, CSV or TSV, in input order, joined to the input's columns. */
#pragma once
#include <stdio.h>
#include "core/binding.h"
#include "jobs/store.h"

typedef enum { TM_FORMAT_JSONL, TM_FORMAT_CSV, TM_FORMAT_TSV } tm_results_format;

typedef struct {
    tm_results_format format;
    bool failed_only;
    bool all_revisions;
    bool spreadsheet;       /* BOM, and cells that begin with = + - @ are guarded */
    bool json_output;       /* the prompt asks for JSON: output is parsed, its top-level keys become columns */
    /* With a data file, its rows and columns, in its order, joined by key; both NULL: the batch's own rows. */
    tm_dataset *dataset;
    const tm_binding *binding;
} tm_results_options;

typedef struct {
    int64_t n_rows, n_done, n_failed, n_blocked, n_waiting, n_unknown_rows; /* rows of DATA that were never queued */
} tm_results_count;

/* Writes all to `out`. A closed pipe is no error: writing just ends. */
gboolean tm_results_write(tm_store *store, const tm_batch *batch, const tm_results_options *options, FILE *out,
                          tm_results_count *count, GError **error);
