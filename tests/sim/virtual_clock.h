/* virtual_clock.h - a machine's clock over the world's true time: it can be set back and forth, and rebooted,
 * while true time only ever grows and only ever leaps. */
#pragma once
#include "core/clock.h"
#include <glib.h>

typedef struct {
    tm_clock clock;         /* first: hand &clock.clock to the engine */
    const int64_t *true_ms; /* the world's time, borrowed */
    int64_t ahead_ms;       /* wall time minus true time */
    int64_t booted_ms;      /* true time of the last boot */
    uint64_t boot_id;
} virtual_clock;

/* A clock that is right, on a machine that booted an hour ago. */
void virtual_clock_init(virtual_clock *clock, const int64_t *true_ms);
/* Someone or NTP sets the wall clock: it is this far ahead of true time from now on. */
void virtual_clock_set_ahead(virtual_clock *clock, int64_t ahead_ms);
/* The machine was off and has just booted: boot time begins anew. */
void virtual_clock_reboot(virtual_clock *clock);
