/* media_loader.h - the local files that rows name, read from beneath one folder only: a cell may not upload
 * /etc/passwd. http addresses are no business of it: they go to the API as they are. */
#pragma once
#include "core/provider/provider.h"

typedef struct tm_media_loader tm_media_loader;

/* `root`: the data file's folder, or --media-root. `cap`: bytes of a file at most; 0: 20 MB. NULL and *error
 * if root is no folder. (transfer full) */
tm_media_loader *tm_media_loader_new(const char *root, int64_t cap, GError **error);
void tm_media_loader_free(tm_media_loader *loader);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(tm_media_loader, tm_media_loader_free)

/* A tm_media_source; `loader` is a tm_media_loader. The path is relative to root, or absolute beneath it.
 * Only regular files of a media type, no symbolic link that leads out. The type is `content_type`, or told by
 * name and content. On false `out` may hold half a file. */
gboolean tm_media_load(void *loader, const char *path, const char *content_type, GString *out, char **mime,
                       GError **error);
