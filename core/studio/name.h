/* name.h - names of prompts: safe as file names everywhere, comfortable to type, unique in one import. */
#pragma once
#include <glib.h>

/* `title` ("Copy of It's (1).json", any script) as a name: lower case, letters, digits, `_` and `-` only, at
 * most 80 bytes, never empty, never beginning with `_` (that would be a partial). (transfer full) */
char *tm_name_safe(const char *title);
/* The same, with -2, -3, ... where `taken` (a set of names, NFC and case-folded) holds it; adds it to
 * `taken`. (transfer full) */
char *tm_name_unique(const char *title, GHashTable *taken);
/* What two names are compared by: NFC, case-folded. (transfer full) */
char *tm_name_fold(const char *name);
