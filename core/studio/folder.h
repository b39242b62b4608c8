/* folder.h - the files beneath a folder, sorted. */
#pragma once
#include <glib.h>

/* Relative names (as the file system has them, char*), links and devices among them, folders not;
 * node_modules, .git and __MACOSX are passed over. Symbolic links are not followed. NULL and *error past the
 * caps of archive.h. (transfer full) */
GPtrArray *tm_folder_list(const char *path, GError **error);
