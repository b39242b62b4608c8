/* app_source.h - the source files of an app from AI Studio's Build mode: which of them call a model, and
 * where, by their words alone. source/app.h reads the prompts in them, where the grammars are there. */
#pragma once
#include <glib.h>
#include <stdbool.h>

enum { TM_SOURCE_MAX = 1 << 20 }; /* larger files are made by programs */

/* Is this a file that could hold an app's own code: by its ending, and not build output or a minified bundle?
 */
bool tm_app_source_is(const char *file);
/* The line (1-based) of the first call of a model in `text`, 0 if there is none. */
int tm_app_source_line(const char *text, size_t length);
