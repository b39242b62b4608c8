/* older_prompt.h - the kinds of saved prompts of AI Studio's first years (MakerSuite): text, data and
 * multiturn. */
#pragma once
#include "core/studio/draft.h"

/* {"value": "... {{UUID:name:VALUE}} ...", "variables": [{"variableId", "displayName"}]} */
gboolean tm_text_prompt_read(tm_draft *draft, const json_t *root, const json_t *prompt, GError **error);
/* A table of examples with input and output columns; sent as MakerSuite sent it, one user turn of
 * "column: text" lines that ends with the first output column's name. */
gboolean tm_data_prompt_read(tm_draft *draft, const json_t *root, const json_t *prompt, GError **error);
/* Example exchanges, all kept, and a conversation, treated as that of a newer prompt. */
gboolean tm_multiturn_prompt_read(tm_draft *draft, const json_t *prompt, bool append, GError **error);
