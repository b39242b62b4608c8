/* source_batch.h - the batch that a prompt and its data make, its revisions, and the way back from a stored
 * batch. */
#pragma once
#include "cmd/source.h"

/* Finds the batch that this prompt and data make; NULL in source->batch: there is none yet. */
gboolean tm_source_find(tm_context *context, tm_source *source, GError **error);

/* Finds or makes the batch and its revision. After an edit of the prompt of a batch with more than 10
 * answers: TM_ERROR_CHANGED with the choices, unless one was made; `trial` (`try`) begins a revision all the
 * same and leaves the choice to the next run. */
gboolean tm_source_begin(tm_context *context, tm_source *source, bool trial, GError **error);

/* What a stored batch works with, from its current revision: no file is needed any more. --model and
 * --labels make a new revision under the same rules. */
gboolean tm_source_load(tm_context *context, const tm_batch *batch, tm_source **source, GError **error);

/* The same for reading only: as the batch stands, nothing is begun. */
tm_source *tm_source_look(tm_store *store, const tm_batch *batch, GError **error);

/* A data file opened for a join with a batch's answers: `dataset` and `binding` (the batch's own mapping). */
tm_source *tm_source_join(tm_store *store, const tm_batch *batch, const char *data, GError **error);
