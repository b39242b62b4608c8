/* virtual_clock.c - wall and boot time as offsets of true time. */
#include "tests/sim/virtual_clock.h"

static tm_instant now(tm_clock *self)
{
    const virtual_clock *clock = (const virtual_clock *)self;
    return (tm_instant){
        .wall_ms = *clock->true_ms + clock->ahead_ms,
        .boot_ms = *clock->true_ms - clock->booted_ms,
        .boot_id = clock->boot_id,
    };
}

void virtual_clock_init(virtual_clock *clock, const int64_t *true_ms)
{
    *clock = (virtual_clock){
        .clock = {.now = now},
        .true_ms = true_ms,
        .booted_ms = *true_ms - 3600000,
        .boot_id = 1,
    };
}

void virtual_clock_set_ahead(virtual_clock *clock, int64_t ahead_ms)
{
    clock->ahead_ms = ahead_ms;
}

void virtual_clock_reboot(virtual_clock *clock)
{
    clock->booted_ms = *clock->true_ms;
    clock->boot_id++;
}
