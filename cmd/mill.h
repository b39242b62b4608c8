/* mill.h - what `run` works on: batches with the lanes that each may use, gathered from what was typed. */
#pragma once
#include "cmd/money.h"
#include "cmd/source.h"

typedef struct {
    GPtrArray *sources; /* tm_source */
    GPtrArray *lanes;   /* GArray of tm_engine_lane, parallel */
} tm_mill;
void tm_mill_clear(tm_mill *mill);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(tm_mill, tm_mill_clear)

/* Fills an empty mill: argv[1..] are PROMPT DATA (rows that are new are queued), names of batches, or nothing
 * for all that are open; with --prompt the data alone. */
gboolean tm_mill_gather(tm_context *context, tm_mill *mill, int argc, char **argv, GError **error);

/* Does the user agree to what the batches' rows may cost? False without *error: no. */
gboolean tm_mill_agree(tm_context *context, const tm_mill *mill, const tm_money_flags *flags, GError **error);

/* The exit status that its batches' counts stand for; refresh them first. */
int tm_mill_status(const tm_mill *mill);
