/* canary.h - stops a batch whose every row fails the same way: a mistake may cost a handful of the day's
 * requests, a run of odd rows may not cost the night. Pure. */
#pragma once
#include "core/outcome.h"

typedef struct {
    int n;              /* outcomes of this revision so far, up to 10 */
    tm_class first[10]; /* the first of them */
    tm_class last;      /* class of the present streak */
    int streak;         /* outcomes of `last` in a row */
    bool seen_ok;
    bool ok_later; /* an ok came after the first ten: those no longer count */
} tm_canary;

/* `classes`: the ended requests of earlier runs of this revision, newest first. */
void tm_canary_seed(tm_canary *canary, const tm_class *classes, int n);
/* Notes an outcome that was recorded for a row. True: stop the batch, `class` is why. The first 5 all of one
 * systematic class, 9 of the first 10, or 50 in a row do that; after a restart one more of the same is
 * enough. */
bool tm_canary_add(tm_canary *canary, tm_class class);
/* How many requests may be in flight: 1 until the first ok, so many as are left of the first ten, then
 * INT_MAX. */
int tm_canary_room(const tm_canary *canary);
