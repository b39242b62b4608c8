/* json_twice.h - one text read by the quick reader and by jansson: for the test and for the fuzzer. */
#pragma once
#include "core/json.h"
#include <string.h>

/* What the quick reader takes, jansson takes as well, with the same members in the same order. */
static inline bool json_reads_alike(const char *text, size_t length)
{
    g_autoptr(json_t) quick = tm_json_read(text, length);
    if (!quick)
        return true;
    g_autoptr(json_t) slow = json_loadb(text, length, JSON_ALLOW_NUL | JSON_DECODE_ANY, NULL);
    const size_t flags = JSON_COMPACT | JSON_ENCODE_ANY;
    char *one = json_dumps(quick, flags), *other = slow ? json_dumps(slow, flags) : NULL;
    bool alike = slow && json_equal(quick, slow) && one && other && strcmp(one, other) == 0;
    free(one);
    free(other);
    return alike;
}
