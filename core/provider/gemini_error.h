/* gemini_error.h - errors as Google's API frames them: on its own paths and on the one that speaks OpenAI's
 * format. */
#pragma once
#include "core/provider/provider.h"

/* gemini_fault.c: the `error` of a body, also where an array or another object wraps it; NULL: none.
 * Borrowed. */
const json_t *tm_gemini_error_of(const json_t *root);

/* gemini_error.c: fills class, code, message, retry and violations from a reply that is an error. `error` may
 * be NULL: no JSON. */
void tm_gemini_read_error(const tm_account *account, const tm_reply *reply, const json_t *error,
                          tm_answer *answer);
