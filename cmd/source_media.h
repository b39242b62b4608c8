/* source_media.h - the media that a prompt and its rows name: from which folders they are read. */
#pragma once
#include "jobs/media_rows.h"

typedef struct {
    tm_media_loader *loader;
    tm_media_rows *rows;
    GArray *own;      /* tm_media_stamp: files that the prompt itself names */
    char *own_folder; /* that these lie beneath; NULL: there are none */
    char *root;       /* --media-root, absolute; NULL: the data file's folder */
} tm_source_media;
void tm_source_media_free(tm_source_media *media);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(tm_source_media, tm_source_media_free)

/* Of a prompt that was read from its file, with the flags; `data`: the data's path, "-" or NULL. Prompt and
 * binding are borrowed. NULL without *error: it has no media. (transfer full) */
tm_source_media *tm_source_media_open(const tm_prompt *prompt, const tm_binding *binding, const char *data,
                                      GError **error);
/* For the revision's options; and back, of a prompt as the revision keeps it. A folder that is no more is no
 * error: rows that name files there fail. */
json_t *tm_source_media_to_json(const tm_source_media *media);
tm_source_media *tm_source_media_from_json(const tm_prompt *prompt, const tm_binding *binding,
                                           const char *data, const json_t *json, GError **error);
/* What of it makes another prompt: the bytes of the files that it names itself. (transfer full) */
char *tm_source_media_hash(const tm_source_media *media);
