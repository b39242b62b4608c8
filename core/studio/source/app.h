/* app.h - the source files of an app: every call of a model in them becomes a draft of a prompt, or is told
 * with the reason. Nothing is run. */
#pragma once
#include <glib.h>
#include <stdbool.h>

typedef struct tm_app tm_app;
/* Something that no prompt was made of; `line` 0: the whole file. */
typedef void (*tm_app_skip)(const char *file, int line, const char *why, void *data);

tm_app *tm_app_new(void);
void tm_app_free(tm_app *app);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(tm_app, tm_app_free)
/* A file; `text` is borrowed. False: it is no text. */
bool tm_app_add(tm_app *app, const char *file, const char *text, gsize length);
/* Adds a tm_draft for each prompt to `drafts`. */
void tm_app_read(tm_app *app, GPtrArray *drafts, tm_app_skip skip, void *data);
