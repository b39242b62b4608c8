/* json_word.h - JSON strings eight bytes at a time: most of a text stands for itself. */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* Do all 8 bytes stand for themselves in a JSON string: no control, no quote, no backslash, no high bit? */
static inline bool tm_json_plain_word(const void *at)
{
    const uint64_t ones = 0x0101010101010101u, high = 0x8080808080808080u;
    uint64_t word, quote, slash;
    memcpy(&word, at, sizeof word);
    quote = word ^ (ones * '"');
    slash = word ^ (ones * '\\');
    uint64_t odd = word | (word - ones * 0x20) | (quote - ones) | (slash - ones);
    return (odd & high) == 0;
}
