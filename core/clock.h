/* clock.h - what an instant is, and the clock that is handed in: core and jobs never ask the
 * system for the time themselves. The real clock is jobs/clock_system.h, the virtual one the tests'. */
#pragma once
#include <stdint.h>

/* One moment, seen three ways. */
typedef struct {
    int64_t wall_ms;  /* milliseconds since the Unix epoch; people and servers set it back and forth */
    int64_t boot_ms;  /* milliseconds since boot, suspend included (CLOCK_BOOTTIME); only ever grows */
    uint64_t boot_id; /* which boot: boot_ms of two boots can't be compared. Never 0 */
} tm_instant;

typedef struct tm_clock tm_clock;
struct tm_clock {
    tm_instant (*now)(tm_clock *self);
};

static inline tm_instant tm_clock_now(tm_clock *clock)
{
    return clock->now(clock);
}
