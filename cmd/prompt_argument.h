/* prompt_argument.h - the prompt that a command was given, in whichever way. */
#pragma once
#include "core/prompt.h"

/* `text` (of --prompt; NULL without) is the prompt itself, and `argument` is not looked at. Else `argument`
 * is a .prompt file, an AI Studio saved prompt, or an export (ZIP, folder) as EXPORT#NAME; one with a single
 * prompt needs no name. `model` (of --model; NULL without) takes the place of the prompt's own. Notes of an
 * import are said. NULL and *error otherwise. (transfer full) */
tm_prompt *tm_prompt_argument(const char *argument, const char *text, const char *model, GError **error);

/* Is the file one of rows, by its name (.csv, .tsv.gz, .jsonl, ...)? A .json may be either: no. */
bool tm_prompt_is_data(const char *path);
