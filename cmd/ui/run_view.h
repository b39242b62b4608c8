/* run_view.h - what a person sees while the engine works: one line of progress, waits with reason and end,
 * notes. */
#pragma once
#include "jobs/engine.h"

typedef struct tm_run_view tm_run_view;

/* Whose work is shown. All borrowed. */
typedef struct {
    tm_clock *clock;
    tm_store *store;
    tm_ledger *ledger;
    const tm_lane *lane; /* whose day is shown as "today 13 of 20"; NULL: none */
    tm_batch *const *batches;
    size_t n_batches;
    int64_t prompt_bytes; /* of every request, without the row's values */
    int concurrency;
} tm_run_scene;

/* (transfer full) */
tm_run_view *tm_run_view_new(const tm_run_scene *scene);
void tm_run_view_free(tm_run_view *view);
/* The engine's observer; data is the view. */
void tm_run_view_tell(const tm_tell *tell, void *data);
/* Draws the line when it is due. */
void tm_run_view_draw(tm_run_view *view, const tm_engine *engine);
