/* terminal.c - what a terminal can show, and may be shown. */
#include "cmd/ui/terminal.h"

#include <string.h>
#include <unistd.h>

static char color_mode = 'a'; /* auto, always ('y'), never ('n') */

void tm_ui_set_color(const char *color)
{
    color_mode = 'a';
    if (g_strcmp0(color, "always") == 0)
        color_mode = 'y';
    else if (g_strcmp0(color, "never") == 0)
        color_mode = 'n';
}

bool tm_ui_is_terminal(int fd)
{
    return isatty(fd) == 1;
}

bool tm_ui_color(int fd)
{
    if (color_mode != 'a')
        return color_mode == 'y';
    const char *none = g_getenv("NO_COLOR"), *term = g_getenv("TERM");
    return tm_ui_is_terminal(fd) && (!none || !*none) && term && *term && strcmp(term, "dumb") != 0;
}

/* Characters that move the cursor, start an escape sequence or turn the direction of what follows. Line end
 * and tab are left: answers have lines. */
static bool must_escape(gunichar c)
{
    if (c == '\n' || c == '\t')
        return false;
    return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x061c || c == 0x200e || c == 0x200f ||
           (c >= 0x2028 && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069) || c == 0xfeff;
}

static char *escaped(const char *text)
{
    GString *out = g_string_new(NULL);
    while (*text) {
        gunichar c = g_utf8_get_char_validated(text, -1);
        if (c == (gunichar)-1 || c == (gunichar)-2) {
            g_string_append_printf(out, "\\x%02x", (unsigned char)*text++);
            continue;
        }
        const char *next = g_utf8_next_char(text);
        if (must_escape(c))
            g_string_append_printf(out, c < 0x100 ? "\\x%02x" : "\\u%04x", c);
        else
            g_string_append_len(out, text, next - text);
        text = next;
    }
    return g_string_free(out, FALSE);
}

char *tm_ui_show(int fd, const char *text)
{
    if (!text)
        return g_strdup("");
    return tm_ui_is_terminal(fd) ? escaped(text) : g_strdup(text);
}
