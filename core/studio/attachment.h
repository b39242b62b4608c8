/* attachment.h - images, sounds, films and documents in a saved prompt: inside it as base64, on YouTube, or
 * in Drive and then known by an id only. */
#pragma once
#include "core/studio/draft.h"

/* Adds what `chunk` holds of them to `turn`. */
void tm_attachments_read(tm_draft *draft, tm_turn *turn, const json_t *chunk);
/* A data URL of these bytes. (transfer full) */
char *tm_attachment_url(const char *bytes, size_t length, const char *mime);
/* The media type that a file's name tells: "image/png"; NULL if it is none of those that an API takes.
 * Static. */
const char *tm_attachment_mime(const char *file);
