/* run_view.h - what a person sees while the engine works: one line of progress, waits with reason and end,
 * notes. */
#pragma once
#include "jobs/engine.h"

typedef struct tm_run_view tm_run_view;

/* `lane` (borrowed, may be NULL): whose day is shown as "today 13 of 20". (transfer full) */
tm_run_view *tm_run_view_new(tm_clock *clock, tm_ledger *ledger, const tm_lane *lane,
                             tm_batch *const *batches, size_t n_batches);
void tm_run_view_free(tm_run_view *view);
/* The engine's observer; data is the view. */
void tm_run_view_tell(const tm_tell *tell, void *data);
/* Draws the line when it is due. */
void tm_run_view_draw(tm_run_view *view, const tm_engine *engine);
