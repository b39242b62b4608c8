/* utf8.c - is it text? */
#include "core/utf8.h"
#include <glib.h>
#include <stdint.h>
#include <string.h>

bool tm_utf8_valid(const char *text, size_t length)
{
    const char *end = text + length;
    while (text < end) {
        uint64_t eight;
        while (end - text >= 8 && (memcpy(&eight, text, 8), (eight & 0x8080808080808080u) == 0))
            text += 8;
        if (text == end)
            return true;
        if (!(*text & 0x80)) {
            text++;
            continue;
        }
        /* GLib stops at a NUL as at a bad byte: then `stop` says how far it was well. */
        const char *stop;
        if (g_utf8_validate_len(text, (gsize)(end - text), &stop))
            return true;
        if (*stop != '\0')
            return false;
        text = stop + 1;
    }
    return true;
}
