/* results.h - answers of a batch as JSONL, CSV or TSV, in input order, joined to the input's columns.
 *
 * A row's status is done, failed, blocked, waiting (running, too), held or cancelled; of a data file also new
 * (never queued) and rejected (it can't be used). A key that comes more often in the data file than it was
 * queued gets the answer of its first row each further time: the values are the same.
 *
 * CSV and TSV: the data file's columns, else the members of the batch's first 1,000 rows (members that only
 * later rows have are left out: JSONL has all); then `output`, or for JSON answers `output.KEY` for each of
 * `output_keys`, else for each key of the first 1,000 rows' answers; then _status and _error ("class:
 * message"); last, where the prompt asks for media, _files (paths and addresses, a space between). What of a
 * JSON answer has no column there (text that is no JSON object, another key) is not lost: it is in _error.
 * Where the data has a column of one of these names it keeps it, and ours is NAME_2.
 */
#pragma once
#include "core/binding.h"
#include "core/label.h"
#include "jobs/media_rows.h"
#include "jobs/store.h"
#include <stdio.h>

typedef enum { TM_FORMAT_JSONL, TM_FORMAT_CSV, TM_FORMAT_TSV } tm_results_format;

typedef struct {
    tm_results_format format;
    bool failed_only;
    bool all_revisions;
    bool spreadsheet; /* BOM, and cells that begin with = + - @ are guarded by a ' (plain numbers are not) */
    bool json_output; /* the prompt asks for JSON: output is parsed, its top-level keys become columns */
    const tm_labels
        *labels;       /* the prompt asks for one of these: output is the label, as the set writes it; NULL */
    bool media_output; /* the prompt asks for pictures or sound: tables have a column _files */
    char **output_keys; /* those keys, of the output schema's properties, NULL-terminated; NULL: not known */
    /* Folder for images and other files in answers (made when there is one), named by their content; NULL:
     * they stay inline, as "parts" of JSONL. Their paths, this folder's as it is written here and a name, are
     * "files" in JSONL, and the output where an answer has no text. Of media that the service gave by address
     * only, the address stands there. Sound without a header (audio/L16) becomes a WAV file. */
    const char *media_dir;
    /* With a data file, its rows and columns, in its order, joined by key; both NULL: the batch's own rows.
     */
    tm_dataset *dataset;
    const tm_binding *binding;
    /* Told after each page: rows so far, and done of total (rows, or the data file's bytes; -1: not known).
     * NULL: nobody asks. */
    void (*progress)(int64_t rows, int64_t done, int64_t total, void *data);
    void *progress_data;
    tm_media_rows *media; /* the files that its rows name; NULL: the prompt has no media */
} tm_results_options;

typedef struct {
    int64_t n_rows; /* written */
    int64_t n_done, n_failed, n_blocked;
    int64_t n_waiting; /* and running */
    int64_t n_held, n_cancelled;
    int64_t n_unknown_rows; /* rows of DATA that were never queued, or can't be used */
    char *renamed;          /* "output is in output_2": the data has a column of that name; NULL; free it */
    bool cut_off;           /* the reader closed the pipe: not all was written */
} tm_results_count;

/* Writes all to `out`. A closed pipe is no error: writing just ends. */
gboolean tm_results_write(tm_store *store, const tm_batch *batch, const tm_results_options *options,
                          FILE *out, tm_results_count *count, GError **error);
