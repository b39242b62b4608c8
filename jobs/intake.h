/* intake.h - streams a dataset into the store: each good row becomes a job, each bad one goes to the rejects.
 * Memory is constant in the number of rows; an intake that was cut off goes on with the same command. */
#pragma once
#include "core/binding.h"
#include "jobs/media_rows.h"
#include "jobs/store.h"
#include <signal.h>

/* Told every few thousand rows: bytes read of `size` (-1: unknown) and rows so far. */
typedef void (*tm_intake_progress)(int64_t read, int64_t size, int64_t rows, void *data);

typedef struct {
    bool dedupe, by_id; /* as tm_add_options */
    bool dry_run;       /* count only; batch may be NULL */
    bool strict;        /* the first bad row is an error */
    /* Only these rows are queued (at most one of the three is set): the first N; row number K; N drawn by
     * chance in one pass (reservoir). 0: all rows. */
    int64_t first, row, sample;
    uint64_t seed;                     /* of the sample */
    tm_media_rows *media;              /* files that rows name; NULL: the prompt has no media */
    const char *rejects;               /* file for bad rows (rejects.h); NULL: none */
    const volatile sig_atomic_t *stop; /* not 0: end early, what was queued stays; may be NULL */
    tm_intake_progress progress;       /* may be NULL */
    void *progress_data;
} tm_intake_options;

typedef struct {
    tm_added added;
    int64_t rows;   /* read, good ones */
    tm_sizes sizes; /* of their JSON bodies */
    int64_t n_rejected;
    GPtrArray *reasons; /* char*: "reviews.csv:17: why" of the first few rejects; NULL: none */
    char
        *rejects_error; /* why the rejects file could not be written: the intake went on; NULL: all is well */
    GArray
        *ordinals; /* int64_t: places in the batch of rows chosen by first, row or sample; NULL: not chosen */
    bool stopped;  /* *stop ended it */
} tm_intake_result;
void tm_intake_result_clear(tm_intake_result *result);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(tm_intake_result, tm_intake_result_clear)

/* Reads `dataset` to its end (or as far as the options say). `name` names it in reasons. JSONL and stdin:
 * when the first 100 rows all fail, it stops with an error that names the first reasons. False: *error; what
 * was committed stays queued. */
gboolean tm_intake(tm_store *store, const tm_batch *batch, tm_dataset *dataset, const char *name,
                   const tm_binding *binding, const tm_intake_options *options, tm_intake_result *result,
                   GError **error);
