/* say.c - talk to the user, all on stderr. */
#include "cmd/ui/say.h"

#include "cmd/ui/progress.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int say_verbosity;

void tm_say_setup(int verbosity, const char *color)
{
    say_verbosity = verbosity;
    tm_progress_setup(verbosity < 0);
    tm_ui_set_color(color);
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
