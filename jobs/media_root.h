/* media_root.h - a folder, and the files beneath it: a cell may not name /etc/passwd. */
#pragma once
#include <glib.h>
#include <stdint.h>
#include <sys/stat.h>

typedef struct tm_media_root tm_media_root;

/* NULL and *error if `path` is no folder. (transfer full) */
tm_media_root *tm_media_root_new(const char *path, GError **error);
void tm_media_root_free(tm_media_root *root);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(tm_media_root, tm_media_root_free)

/* Opens a file by a path relative to the root, or absolute beneath it: a regular one, not empty, of at most
 * `cap` bytes, no symbolic link that leads out. A descriptor to close, and *st; -1 and *error. */
int tm_media_root_open(const tm_media_root *root, const char *path, int64_t cap, struct stat *st,
                       GError **error);
