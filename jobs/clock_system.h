/* clock_system.h - the real clock: CLOCK_REALTIME, CLOCK_BOOTTIME, the kernel's boot id. */
#pragma once
#include "core/clock.h"

tm_clock *tm_clock_system(void); /* static; never freed */
