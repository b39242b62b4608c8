/* source.h - which prompt over which data, and how they meet: steps that add, run, try and plan share. */
#pragma once
#include "cmd/context.h"
#include "cmd/source_flags.h"
#include "jobs/intake.h"

/* A prompt and its data, opened. */
typedef struct {
    tm_prompt *prompt;
    tm_dataset *dataset;
    tm_binding *binding;
    char *model;     /* --model, else the prompt's */
    char *data;      /* absolute, or "-" */
    char *identity;  /* of the batch */
    tm_batch *batch; /* NULL: not made yet */
    tm_revision *revision;
} tm_source;
void tm_source_free(tm_source *source);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(tm_source, tm_source_free)

/* Opens PROMPT and DATA (PROMPT NULL with --prompt TEXT). The store isn't touched. (transfer full) */
tm_source *tm_source_open(const char *prompt, const char *data, GError **error);

/* Over which accounts and models its rows may go, by the flags: array of tm_engine_lane. */
GArray *tm_source_lanes(tm_context *context, const tm_source *source, GError **error);

/* Finds the batch that this prompt and data make; NULL in source->batch: there is none yet. */
gboolean tm_source_find(tm_context *context, tm_source *source, GError **error);

/* Finds or makes the batch and its revision. After an edit of the prompt of a batch with more than 10
 * answers: TM_ERROR_CHANGED with the choices, unless one was made; `trial` (`try`) begins a revision all the
 * same and leaves the choice to the next run. */
gboolean tm_source_begin(tm_context *context, tm_source *source, bool trial, GError **error);

/* Queues what is new and says how many. `options` may carry what `try` and `plan` need; NULL: plain. */
gboolean tm_source_add(tm_context *context, tm_source *source, const tm_intake_options *options,
                       tm_intake_result *result, GError **error);

/* The jobs of the rows that an intake with first, row or sample chose; those answered by an older revision,
 * or failed, wait again. Array of int64_t. */
GArray *tm_source_chosen(tm_context *context, tm_source *source, const tm_intake_result *result,
                         GError **error);

/* What a stored batch works with, from its current revision: no file is needed any more. --model makes a new
 * revision under the same rules. */
gboolean tm_source_load(tm_context *context, const tm_batch *batch, tm_source **source, GError **error);

/* A data file opened for a join with a batch's answers: `dataset` and `binding` (the batch's own mapping). */
tm_source *tm_source_join(tm_store *store, const tm_batch *batch, const char *data, GError **error);

/* Is `word` meant as a prompt (a file, a folder, export.zip#name), rather than a batch's name? */
bool tm_source_is_prompt(const char *word);
