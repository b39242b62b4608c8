/* caret.c - see caret.h */
#include "core/caret.h"

#include "core/outcome.h"
#include <glib.h>

enum { SHOWN_BEFORE = 60, SHOWN_AFTER = 40 }; /* characters of a long line around the caret */

char *tm_caret(const char *text, size_t length, size_t offset)
{
    const char *at = text + offset, *from = at, *to = at, *end = text + length;
    for (int n = 0; from > text && from[-1] != '\n' && n < SHOWN_BEFORE; n++)
        from = g_utf8_prev_char(from);
    for (int n = 0; to < end && *to != '\n' && *to != '\r' && n < SHOWN_AFTER; n++)
        to = MIN(g_utf8_next_char(to), end);
    g_autofree char *valid = g_utf8_make_valid(from, to - from);
    g_autofree char *line = tm_scrub(valid, NULL); /* a key may stand there, and messages are logged */
    g_autofree char *before = g_utf8_make_valid(from, at - from);
    GString *out = g_string_new(NULL);
    g_string_append_printf(out, "\n    %s\n    ", line);
    for (const char *c = before; *c; c = g_utf8_next_char(c)) {
        gunichar wide = g_utf8_get_char(c);
        g_string_append(out, *c == '\t'                    ? "\t"
                             : g_unichar_iszerowidth(wide) ? ""
                             : g_unichar_iswide(wide)      ? "  "
                                                           : " ");
    }
    g_string_append_c(out, '^');
    return g_string_free(out, FALSE);
}
