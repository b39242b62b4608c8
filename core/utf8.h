/* utf8.h - is it text? */
#pragma once
#include <stdbool.h>
#include <stddef.h>

/* Is `text` UTF-8? U+0000 counts as text. */
bool tm_utf8_valid(const char *text, size_t length);
