/* say.h - talk to the user, all on stderr; data goes to stdout by other ways. On a terminal control and bidi
 * characters of any text are shown escaped. */
#pragma once
#include "cmd/ui/terminal.h"
#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

void tm_say_setup(int verbosity, const char *color); /* -1 quiet, 0, 1 verbose; "auto", "always", "never" */
void tm_say(const char *format, ...) G_GNUC_PRINTF(1, 2);      /* a line; not with -q */
void tm_say_more(const char *format, ...) G_GNUC_PRINTF(1, 2); /* only with -v */
void tm_warn(const char *format, ...) G_GNUC_PRINTF(1, 2);     /* "warning: ..." also with -q */
void tm_error_say(const GError *error);                        /* "tidemill: ..." */

/* "10,000", "2 h 5 min", "in 3 min (23:59:10)", "00:00 Pacific (09:00 here)". (transfer full) */
char *tm_ui_word(const char *text); /* as it is typed in a shell: quoted where that is needed */
char *tm_ui_number(int64_t n);
char *tm_ui_duration(int64_t ms);
char *tm_ui_time(int64_t wall_ms, int64_t now_ms);         /* local, with the date if not today */
char *tm_ui_time_pacific(int64_t wall_ms, int64_t now_ms); /* "09:00 here, 00:00 Pacific" */
