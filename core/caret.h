/* caret.h - a place in a text, as messages show it. */
#pragma once
#include <stddef.h>

/* A line feed, the line around `offset` (a long one cut), and below it a caret under the place; tabs stay
 * tabs so that it lines up. (transfer full) */
char *tm_caret(const char *text, size_t length, size_t offset);
