/* clock_system.c - the real clock. */
#include "jobs/clock_system.h"

#include <glib.h>
#include <time.h>

static int64_t read_ms(clockid_t id)
{
    struct timespec t;
    clock_gettime(id, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* The kernel's random id of this boot, folded to 64 bits; 1 where /proc can't be read. */
static uint64_t read_boot_id(void)
{
    g_autofree char *text = NULL;
    gsize length = 0;
    uint64_t hash = 14695981039346656037u; /* FNV-1a */
    if (!g_file_get_contents("/proc/sys/kernel/random/boot_id", &text, &length, NULL))
        return 1;
    for (gsize i = 0; i < length; i++)
        hash = (hash ^ (unsigned char)text[i]) * 1099511628211u;
    return hash ? hash : 1;
}

static tm_instant now(tm_clock *self)
{
    (void)self;
    static uint64_t boot_id;
    if (!boot_id)
        boot_id = read_boot_id();
    return (tm_instant){
        .wall_ms = read_ms(CLOCK_REALTIME),
        .boot_ms = read_ms(CLOCK_BOOTTIME),
        .boot_id = boot_id,
    };
}

tm_clock *tm_clock_system(void)
{
    static tm_clock clock = {.now = now};
    return &clock;
}
