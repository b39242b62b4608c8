/* guess.h - what a misspelt word was probably meant to be. */
#pragma once
#include <stddef.h>

/* The nearest of `words` (n, or NULL-terminated with n == (size_t)-1) to `word`, case ignored; NULL if none
 * is near (at most 2 edits, or a third of the length). Borrowed from `words`. */
const char *tm_guess(const char *word, const char *const *words, size_t n);
