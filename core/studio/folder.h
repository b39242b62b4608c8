/* folder.h - the files beneath a folder, sorted. */
#pragma once
#include <glib.h>

/* Relative names (as the file system has them, char*), links and devices among them, folders not;
 * node_modules, .git and __MACOSX are passed over. Symbolic links are not followed. NULL and *error where
 * there are more than `most`, or more than 64 folders in folders. (transfer full) */
GPtrArray *tm_folder_list(const char *path, int most, GError **error);
