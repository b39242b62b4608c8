/* media_rows.h - the media that rows of data name: fit to be sent or not, and part of the row's key. */
#pragma once
#include "core/binding.h"
#include "core/prompt.h"
#include "jobs/media_loader.h"
#include "jobs/store.h"

typedef struct tm_media_rows tm_media_rows;

/* NULL without *error: the prompt has no media. All is borrowed. (transfer full) */
tm_media_rows *tm_media_rows_new(const tm_prompt *prompt, const tm_binding *binding, tm_media_loader *loader);
void tm_media_rows_free(tm_media_rows *rows);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(tm_media_rows, tm_media_rows_free)

/* Files that the batch knows (same path, size and time) are not read again. */
void tm_media_rows_remember(tm_media_rows *rows, tm_store *store, const tm_batch *batch);
/* Of a file that is no more, or not fit any more, what the batch knows of it counts: a row that was answered
 * is found by its key all the same. */
void tm_media_rows_forgive(tm_media_rows *rows);

/* The row's key, as tm_binding_key_files() makes it; `rows` may be NULL: the plain key. Appends the row's
 * files to `stamps` (of tm_media_stamp; may be NULL). False: *why says why the row can't be used (transfer
 * full), or *error is set. */
bool tm_media_rows_key(tm_media_rows *rows, const tm_binding *binding, const tm_dataset *dataset,
                       const tm_row *row, GArray *stamps, uint8_t key[16], char **why, GError **error);
