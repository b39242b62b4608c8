/* twin_pattern.h - a string that a regular expression matches. */
#pragma once
#include <stdint.h>

/* Knows literals, `.`, classes, groups with alternatives, and counts; what it makes is checked against the
 * pattern. NULL: not managed. (transfer full) */
char *tm_twin_pattern(const char *pattern, uint64_t seed);
