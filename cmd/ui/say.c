/* say.c - talk to the user, all on stderr. */
#include "cmd/ui/say.h"

#include "cmd/ui/progress.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int say_verbosity;
static char say_color = 'a'; /* auto, always ('y'), never ('n') */

void tm_say_setup(int verbosity, const char *color)
{
    say_verbosity = verbosity;
    say_color = 'a';
    if (g_strcmp0(color, "always") == 0)
        say_color = 'y';
    else if (g_strcmp0(color, "never") == 0)
        say_color = 'n';
}

bool tm_say_is_quiet(void)
{
    return say_verbosity < 0;
}

bool tm_ui_is_terminal(int fd)
{
    return isatty(fd) == 1;
}

bool tm_ui_color(int fd)
{
    if (say_color != 'a')
        return say_color == 'y';
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

/* One line: further lines of `text` are indented, so that no text from outside can pass for a line of ours.
 */
static void put(const char *prefix, int color, const char *text)
{
    g_autofree char *shown = tm_ui_show(STDERR_FILENO, text);
    size_t length = strlen(shown);
    while (length > 0 && shown[length - 1] == '\n')
        shown[--length] = '\0';
    tm_progress_clear();
    if (prefix && color && tm_ui_color(STDERR_FILENO))
        fprintf(stderr, "\033[%dm%s\033[0m", color, prefix);
    else if (prefix)
        fputs(prefix, stderr);
    for (const char *c = shown; *c; c++) {
        fputc(*c, stderr);
        if (*c == '\n')
            fputs("  ", stderr);
    }
    fputc('\n', stderr);
}

void tm_say(const char *format, ...)
{
    if (say_verbosity < 0)
        return;
    va_list args;
    va_start(args, format);
    g_autofree char *text = g_strdup_vprintf(format, args);
    va_end(args);
    put(NULL, 0, text);
}

void tm_say_more(const char *format, ...)
{
    if (say_verbosity < 1)
        return;
    va_list args;
    va_start(args, format);
    g_autofree char *text = g_strdup_vprintf(format, args);
    va_end(args);
    put(NULL, 0, text);
}

void tm_warn(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *text = g_strdup_vprintf(format, args);
    va_end(args);
    put("warning: ", 33, text);
}

void tm_error_say(const GError *error)
{
    put("tidemill: ", 31, error->message);
}
