/* saved_prompt.h - a prompt as AI Studio saves it in Drive: JSON with runSettings and chunkedPrompt, or one
 * of the older kinds (older_prompt.h). Told by content, never by name. */
#pragma once
#include "core/studio/draft.h"

/* Does JSON text that begins like this (its first KB or the whole) belong to a saved prompt, even a broken
 * one? */
bool tm_saved_prompt_smells(const char *text, size_t length);
/* Is this value a saved prompt? */
bool tm_saved_prompt_is(const json_t *root);
/* Reads it; `file` is its name in the export. NULL and *error when it holds nothing that could be sent, or is
 * of a kind that is not read. (transfer full) */
tm_draft *tm_saved_prompt_read(const json_t *root, const char *file, bool append, GError **error);
