/* prompt_text.h - a draft as the text of a .prompt file. */
#pragma once
#include "core/studio/draft.h"

/* Front matter and body. Adds names to draft->variables; *system_chars and *template_chars are the code
 * points that do not come from variables. NULL and *error for settings that no prompt file can hold (nested
 * too deep). (transfer full) */
char *tm_prompt_text(tm_draft *draft, int64_t *system_chars, int64_t *template_chars, GError **error);
