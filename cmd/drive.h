/* drive.h - runs an engine to its end: signals, waiting, what a person sees meanwhile. */
#pragma once
#include "cmd/context.h"
#include "jobs/engine.h"

typedef struct {
    int concurrency;          /* 0: auto */
    int64_t until_ms, limit;  /* 0: none */
    int64_t budget_micro_usd; /* of this run; 0: none */
    int reask;
    bool grow;
    bool no_wait, keep_going, hold_unknown;
    bool fetch_media, fetch_private; /* media at http addresses; those of private networks, too */
} tm_drive_options;

typedef struct {
    tm_engine_state state;
    tm_stop stop;
    char *words;           /* why it stopped; NULL. Free it */
    int64_t wait_until_ms; /* when it could go on; 0: not known */
    tm_engine_view view;   /* what it did */
} tm_drive_end;

/* Sends until all is answered or something stops it: SIGINT, SIGHUP or SIGTERM once (no more is sent, what is
 * in flight is awaited and recorded), twice (leave now). False and *error: it could not begin. */
gboolean tm_drive(tm_context *context, tm_engine_work *works, size_t n_works, const tm_drive_options *options,
                  tm_drive_end *end, GError **error);
