/* terminal.h - what a terminal can show, and may be shown. */
#pragma once
#include <glib.h>
#include <stdbool.h>

bool tm_ui_is_terminal(int fd);
void tm_ui_set_color(const char *color); /* "auto" (heeds NO_COLOR), "always", "never" */
bool tm_ui_color(int fd);                /* may colours be used there? */

/* `text` safe to show on a terminal when fd is one: control and bidi characters escaped; else as it is.
 * (transfer full) */
char *tm_ui_show(int fd, const char *text);
