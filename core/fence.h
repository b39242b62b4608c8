/* fence.h - the Markdown fence that models put around what was asked for. */
#pragma once
#include <stddef.h>

/* Moves both ends inside the blanks and one fence (``` or ~~~, with a word such as json behind it) around the
 * text. */
void tm_fence_strip(const char **text, size_t *length);
