/* judge.h - what the server saw of a story, and the first promise that was broken. */
#pragma once
#include "core/limit.h"
#include "tests/sim/story.h"
#include <jansson.h>

typedef struct {
    const story *story;
    const int64_t *true_ms;
    GArray *times, *tokens; /* int64_t, of counted requests of ours, in order: when, and input tokens */
    guint minute_first;     /* the first of them within the last minute */
    int64_t minute_tokens;
    int64_t day_start_ms, day_end_ms, day; /* of the server's present day: counted requests of ours */
    int64_t day_tokens;
    int64_t whole_days, whole_days_requests; /* between the first and the last */
    int *asked[STORY_STORES];                /* row -> how often it was counted */
    bool *recorded[STORY_STORES];            /* row -> its answer was told as recorded */
    int64_t refused, foreseeable;            /* 429s; those at a limit that the client itself had used up */
    int64_t answered;                        /* rows */
    int64_t errors;                          /* counted requests that the server failed */
    int64_t burnt, most_burnt;               /* of a day, where they are not free; the worst day */
    int64_t trouble_ms; /* since when all must know that the server fails; 0: it does not */
    int64_t probe_ms;   /* arrival of the last that was sent since then */
    int64_t foreign;
    bool traces; /* keep the last lines */
    GQueue *trace;
    char *broken; /* the first broken promise; NULL: none */
} judge;

void judge_init(judge *j, const story *s, const int64_t *true_ms);
void judge_clear(judge *j);
/* The first one stands. */
void judge_broken(judge *j, const char *format, ...) G_GNUC_PRINTF(2, 3);
/* For a failing seed: what happened last. */
void judge_note(judge *j, const char *format, ...) G_GNUC_PRINTF(2, 3);
void judge_print(const judge *j);
/* The twin's log. */
void judge_see(const json_t *line, void *j);
/* The engine told that the row's answer is on disk. */
void judge_recorded(judge *j, int store, int64_t row);
/* The text of a row, and the row of a text ("Say store 1 row 7 ..."). */
char *story_row_text(const story *s, int store, int row);
bool story_row_of(const char *text, int *store, int *row);
