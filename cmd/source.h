/* source.h - which prompt over which data, and how they meet. Its batch: source_batch.h; its rows:
 * source_queue.h. */
#pragma once
#include "cmd/context.h"
#include "cmd/source_flags.h"
#include "cmd/source_media.h"

/* A prompt and its data, opened. */
typedef struct {
    tm_prompt *prompt;
    tm_dataset *dataset;
    tm_binding *binding;
    tm_source_media *media; /* NULL: the prompt has no media */
    char *model;            /* --model, else the prompt's */
    char *data;             /* absolute, or "-" */
    char *identity;         /* of the batch */
    tm_batch *batch;        /* NULL: not made yet */
    tm_revision *revision;
} tm_source;
void tm_source_free(tm_source *source);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(tm_source, tm_source_free)

/* Opens PROMPT and DATA (PROMPT NULL with --prompt TEXT). The store isn't touched. (transfer full) */
tm_source *tm_source_open(const char *prompt, const char *data, GError **error);

/* Over which accounts and models its rows may go, by the flags: array of tm_engine_lane. */
GArray *tm_source_lanes(tm_context *context, const tm_source *source, GError **error);

/* What the engine is given of it: all borrowed from the source and `lanes`. */
tm_engine_work tm_source_work(const tm_source *source, const GArray *lanes);

/* Is `word` meant as a prompt (a file, a folder, export.zip#name), rather than a batch's name? */
bool tm_source_is_prompt(const char *word);
