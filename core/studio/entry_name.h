/* entry_name.h - names inside an archive: made UTF-8, and checked that they stay inside. */
#pragma once
#include <glib.h>
#include <stdbool.h>

/* `raw` as a relative name with '/' between folders, no '.' and no empty steps. NULL and *error if it is
 * absolute, has a drive letter or a '..' step. Bytes that are no UTF-8 are read as CP437, ZIP's first code
 * page. (transfer full) */
char *tm_entry_name_clean(const char *raw, GError **error);
/* Would a link in `name`'s folder that points to `target` lead out of the archive? */
bool tm_entry_name_leaves(const char *name, const char *target);
/* Is it beneath a folder that holds nobody's prompts: node_modules, .git, __MACOSX? */
bool tm_entry_name_passed(const char *name);
