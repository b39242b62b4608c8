/* twin_answer.h - answers as a function of the request. Bodies are as tm_twin_read() left them. */
#pragma once
#include "jobs/twin/twin_fault.h"
#include <glib.h>
#include <jansson.h>

/* The text of the last turn that is the user's. */
GString *tm_twin_last_text(const json_t *body);
/* All texts of the prompt, system instruction included, each with a newline behind it. */
GString *tm_twin_prompt_text(const json_t *body);
int64_t tm_twin_count_tokens(const json_t *body);

typedef enum { TM_TWIN_UNARY, TM_TWIN_SSE, TM_TWIN_LIST } tm_twin_form;
/* The reply's body: one GenerateContentResponse, or two as server-sent events or in a list. `fault`: NONE,
 * BLOCKED, TRUNCATED, SCHEMA or EMPTY; `nth` numbers the answer. (transfer full) */
GString *tm_twin_answer_body(const json_t *body, const char *model, tm_twin_form form, tm_twin_fault fault,
                             int64_t nth);
/* {"totalTokens": ...} of countTokens. (transfer full) */
GString *tm_twin_count_body(const json_t *body);
