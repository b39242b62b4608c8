/* import.h - an AI Studio export (ZIP, Takeout ZIP, folder, one file) becomes prompt files. Nothing in an
 * export is ever run; archives are read as streams under caps; keys are scrubbed from any text kept. */
#pragma once
#include <glib.h>
#include <jansson.h>
#include <stdbool.h>

typedef struct {
    char *name;                           /* unique, file-safe: the .prompt's name */
    char *path;                           /* written to; NULL with list_only */
    char *text;                           /* the .prompt file's whole text */
    char *file;                           /* relative to the export's root */
    int line;                             /* of the call in an app's source; 1 for a saved prompt */
    const char *api;                      /* "saved_prompt", "generateContent", ... static */
    char *model;                          /* or NULL */
    char **variables;                     /* NULL-terminated */
    int64_t system_chars, template_chars; /* static characters (code points) */
    char *response_mime;                  /* or NULL */
    bool schema;
    char **schema_keys; /* top-level properties */
    bool media;
    char **config; /* names of the settings set */
    bool complete;
    GPtrArray *notes;  /* char* */
    char *caller_file; /* where a caller's argument is the prompt; NULL */
    int caller_line;
} tm_imported;

typedef struct {
    char *file;
    int line; /* 0: the whole file */
    char *why;
} tm_skipped;

typedef struct {
    GPtrArray *prompts; /* tm_imported */
    GPtrArray *skipped; /* tm_skipped */
} tm_import;

typedef struct {
    bool append; /* keep all turns as examples, add a new user turn with {{input}} */
} tm_import_options;

/* Reads the export; writes nothing. Errors: not an export at all, broken or encrypted archive, a cap hit, an
 * entry that would leave the folder: each names the entry. (transfer full) */
tm_import *tm_import_read(const char *path, const tm_import_options *options, GError **error);
void tm_import_free(tm_import *import);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(tm_import, tm_import_free)

/* Writes all prompts into `dir`, created if needed, all or nothing: what was written is removed again on
 * failure. An existing file with another text is an error without `force`. Fills ->path. Images are inside
 * the texts. */
gboolean tm_import_write(tm_import *import, const char *dir, bool force, GError **error);
/* The contract's shape: {"prompts": [...], "skipped": [...]}. (transfer full) */
json_t *tm_import_to_json(const tm_import *import);
/* The one of that name, or the only one when `name` is NULL; NULL and *error (listing them) otherwise.
 * Borrowed. */
const tm_imported *tm_import_find(const tm_import *import, const char *name, GError **error);
