/* answer.h - does an answer say what the prompt asked for? Fences are forgiven; the raw text is kept. */
#pragma once
#include "core/outcome.h"
#include "core/prompt.h"

/* The JSON inside `text`: Markdown fences and blanks around it stripped, parsed. NULL: it is no JSON.
 * (transfer full) */
json_t *tm_answer_json(const char *text, size_t length);

/* Where the prompt asks for a label or for JSON: turns an ok answer into class schema, with the path and the
 * reason in `message`, when it is none of the labels, no JSON, or breaks the output schema. */
void tm_answer_check(tm_answer *answer, const tm_prompt *prompt);
