/* folder.h - folders of our own, private and there to stay: a power cut takes no name away that was made. */
#pragma once
#include <glib.h>

/* Makes `path` and what lacks above it, mode 0700, each new name synced in its parent. Returns 0, or errno.
 */
int tm_folder_make(const char *path);
