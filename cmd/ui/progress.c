/* progress.c - the one line at the bottom while something long goes on. */
#include "cmd/ui/progress.h"

#include "cmd/ui/terminal.h"
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static const gint64 redraw_us = 100000; /* ten times a second */
static const gint64 plain_us = 30 * G_USEC_PER_SEC;

static gint64 due_us;  /* monotonic; 0: never drawn */
static gboolean drawn; /* a line stands on the terminal */
static bool off;       /* with -q */

void tm_progress_setup(bool quiet)
{
    off = quiet;
}

static bool is_drawable(void)
{
    const char *term = g_getenv("TERM");
    return tm_ui_is_terminal(STDERR_FILENO) && term && *term && strcmp(term, "dumb") != 0;
}

static int terminal_width(void)
{
    struct winsize size;
    return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

/* `text` up to `width` cells. */
static char *cut(const char *text, int width)
{
    const char *end = text;
    for (int cells = 0; *end && *end != '\n'; end = g_utf8_next_char(end)) {
        gunichar c = g_utf8_get_char(end);
        cells += g_unichar_iszerowidth(c) ? 0 : g_unichar_iswide(c) ? 2 : 1;
        if (cells > width)
            break;
    }
    return g_strndup(text, (gsize)(end - text));
}

void tm_progress_line(const char *text)
{
    if (off)
        return;
    gint64 now = g_get_monotonic_time();
    if (!is_drawable()) {
        if (due_us == 0)
            due_us = now + plain_us;
        if (now < due_us)
            return;
        due_us = now + plain_us;
        fprintf(stderr, "%s\n", text);
        return;
    }
    if (now < due_us)
        return;
    due_us = now + redraw_us;
    g_autofree char *shown = tm_ui_show(STDERR_FILENO, text);
    g_autofree char *fits = cut(shown, terminal_width() - 1);
    fprintf(stderr, "\r%s\033[K", fits);
    fflush(stderr);
    drawn = TRUE;
}

void tm_progress_clear(void)
{
    if (!drawn)
        return;
    fputs("\r\033[K", stderr);
    drawn = FALSE;
    due_us = 0; /* the next line is drawn at once */
}
