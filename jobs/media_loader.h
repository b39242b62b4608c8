/* media_loader.h - the local files that rows name, read from beneath one folder only, and as they were when
 * the row was queued. Addresses are no business of it: they go to the API as they are. */
#pragma once
#include "core/media.h"
#include "core/provider/provider.h"

typedef struct tm_media_loader tm_media_loader;

/* `root`: the data file's folder, or --media-root; NULL: rows may name no files. `cap`: bytes of a file at
 * most; 0: 70 MB. NULL and *error if root is no folder. (transfer full) */
tm_media_loader *tm_media_loader_new(const char *root, int64_t cap, GError **error);
void tm_media_loader_free(tm_media_loader *loader);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(tm_media_loader, tm_media_loader_free)

/* The files that the prompt itself names lie beneath its own folder. `stamps` (borrowed, of tm_media_stamp):
 * what they were; another content is an error of class input_changed. */
gboolean tm_media_loader_set_own(tm_media_loader *loader, const char *folder, const GArray *stamps,
                                 GError **error);

/* Who remembers files: fills stamp->sha256 of one with the same path, size and time. */
typedef gboolean (*tm_media_memory)(void *data, tm_media_stamp *stamp, bool *known, GError **error);
/* Is a file fit to be sent, and what is it now? It is read to be hashed, unless `memory` (may be NULL) has
 * it. `content_type` as the prompt says it, or NULL. */
gboolean tm_media_loader_stamp(tm_media_loader *loader, const char *path, const char *content_type,
                               tm_media_memory memory, void *memory_data, tm_media_stamp *stamp,
                               GError **error);

/* The files of the row that comes next must be as they were: stamps of tm_media_stamp, borrowed until its
 * request is made; NULL: nothing is known of them. */
void tm_media_loader_expect(tm_media_loader *loader, const GArray *stamps);
/* A file that was fetched for the row at hand: it may be named by its absolute path, and is removed with the
 * next expect. */
void tm_media_loader_lend(tm_media_loader *loader, const char *path);
/* A tm_media_source; `loader` is a tm_media_loader. The path is relative to root, or absolute beneath it. The
 * type is `content_type`, or told by name and content. All bytes are given; on false `out` may hold half a
 * file. TM_ERROR_CHANGED: it is not what it was. */
gboolean tm_media_load(void *loader, const char *path, const char *content_type, GString *out, char **mime,
                       GError **error);
/* The same, but of a file that is no text a mark is given: its bytes are read while they are sent. */
gboolean tm_media_mark(void *loader, const char *path, const char *content_type, GString *out, char **mime,
                       GError **error);
/* The files that were marked become the call's. */
void tm_media_loader_give(tm_media_loader *loader, tm_call *call);
/* About the input tokens of the files that were loaded or marked since the last expect. */
int64_t tm_media_loader_tokens(const tm_media_loader *loader);
