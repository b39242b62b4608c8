/* progress.h - the one line at the bottom while something long goes on: redrawn on a terminal at most 10
 * times a second, a plain line every 30 s elsewhere. */
#pragma once
#include <stdbool.h>

void tm_progress_setup(bool quiet);      /* quiet: no line is drawn; tm_say_setup does it */
void tm_progress_line(const char *text); /* the line as it should be now; drawn when due */
void tm_progress_clear(void);            /* before any other output; tm_say does it by itself */
