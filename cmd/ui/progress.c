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

static int cells_of(gunichar c)
{
    return g_unichar_iszerowidth(c) ? 0 : g_unichar_iswide(c) ? 2 : 1;
}

/* `text` up to `width` cells. */
static char *cut(const char *text, int width)
{
    const char *end = text;
    for (int cells = 0; *end && *end != '\n'; end = g_utf8_next_char(end)) {
        cells += cells_of(g_utf8_get_char(end));
        if (cells > width)
            break;
    }
    return g_strndup(text, (gsize)(end - text));
}

/* The pieces up to `rank` as one line. (transfer full) */
static char *joined(const tm_progress_piece *pieces, size_t n, int rank)
{
    GString *line = g_string_new(NULL);
    for (size_t i = 0; i < n; i++)
        if (pieces[i].text && pieces[i].rank <= rank)
            g_string_append_printf(line, "%s%s", line->len ? "  " : "", pieces[i].text);
    return g_string_free(line, FALSE);
}

char *tm_progress_fit(const tm_progress_piece *pieces, size_t n, int width)
{
    int rank = 0;
    for (size_t i = 0; i < n; i++)
        rank = MAX(rank, pieces[i].rank);
    for (;; rank--) {
        char *line = joined(pieces, n, rank);
        int cells = 0;
        for (const char *c = line; *c; c = g_utf8_next_char(c))
            cells += cells_of(g_utf8_get_char(c));
        if (cells <= width || rank == 0)
            return line;
        g_free(line);
    }
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

void tm_progress_pieces(const tm_progress_piece *pieces, size_t n)
{
    g_autofree char *line = NULL;
    if (is_drawable()) {
        g_autofree tm_progress_piece *shown = g_memdup2(pieces, n * sizeof *pieces);
        for (size_t i = 0; i < n; i++) /* what it takes on the screen, and valid UTF-8 */
            shown[i].text = pieces[i].text ? tm_ui_show(STDERR_FILENO, pieces[i].text) : NULL;
        line = tm_progress_fit(shown, n, terminal_width() - 1);
        for (size_t i = 0; i < n; i++)
            g_free(shown[i].text);
    } else {
        line = joined(pieces, n, G_MAXINT);
    }
    tm_progress_line(line);
}

void tm_progress_clear(void)
{
    if (!drawn)
        return;
    fputs("\r\033[K", stderr);
    drawn = FALSE;
    due_us = 0; /* the next line is drawn at once */
}
