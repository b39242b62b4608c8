/* beside.h - attachments that a saved prompt knows by their id in Drive, looked for among the export's own
 * files. */
#pragma once
#include "core/studio/draft.h"

typedef struct tm_beside tm_beside;
tm_beside *tm_beside_new(void);
void tm_beside_free(tm_beside *beside);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(tm_beside, tm_beside_free)
/* A file of the export: remembered if an API takes its kind. */
void tm_beside_offer(tm_beside *beside, const char *file);
/* Gives every attachment whose id is in the name of an offered file that file's content, as a data URL (files
 * up to 16 MB), by a second walk over the export at `path`; a note of the draft names media that lie beside
 * and fit no id. */
gboolean tm_beside_attach(tm_beside *beside, const char *path, GPtrArray *drafts, GError **error);
