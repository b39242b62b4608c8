/* month.h - plays a story from its begin to the last answer, and makes a failing one short. */
#pragma once
#include "tests/sim/story.h"

/* What a played story came to. */
typedef struct {
    char *broken; /* NULL: all promises held; owned */
    int64_t requests, refused, foreseeable, errors, repeats, kills, steps;
    int64_t days;                     /* virtual days from the first request to the last */
    int64_t whole_days, whole_used;   /* calendar days in between, and their requests */
    int64_t whole_quota;              /* that they would have allowed */
    double most_burnt;                /* the largest share of a day that errors took */
    double busy_minutes, minute_used; /* minute-bound: how long it took, and how long it had to */
} month_end;
void month_end_clear(month_end *end);

/* traced: prints what happened last. */
month_end month_play(const story *s, bool traced);
/* Takes turns, processes and rows away while it still breaks, then prints what is left. */
void month_shrink(story *s);
