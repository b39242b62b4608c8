/* progress.h - the one line at the bottom while something long goes on: redrawn on a terminal at most 10
 * times a second, a plain line every 30 s elsewhere. */
#pragma once
#include <stdbool.h>
#include <stddef.h>

void tm_progress_setup(bool quiet);      /* quiet: no line is drawn; tm_say_setup does it */
void tm_progress_line(const char *text); /* the line as it should be now; drawn when due */

/* A piece of such a line. Where the terminal is too narrow for all, those of the highest rank are left out
 * first; rank 0 stays. */
typedef struct {
    int rank;
    char *text; /* borrowed; NULL: none */
} tm_progress_piece;
void tm_progress_pieces(const tm_progress_piece *pieces, size_t n);
/* The pieces (UTF-8) that fit into `width` cells, two spaces between. (transfer full) */
char *tm_progress_fit(const tm_progress_piece *pieces, size_t n, int width);
void tm_progress_clear(void); /* before any other output; tm_say does it by itself */
