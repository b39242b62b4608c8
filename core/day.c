/* day.c - where the account's day begins and ends */
#include "core/limit.h"

#define HOUR_MS (3600 * (int64_t)1000)
#define DAY_MS (24 * HOUR_MS)

/* Pacific time by its rule since 2007, for machines without tzdata: gives the same midnights as the tz
 * database for every half hour of 2020 to 2040. */
#define PACIFIC_RULE "PST8PDT,M3.2.0,M11.1.0"

/* (transfer none) The last one is kept: reading it from disk is most of a day's reckoning. */
static GTimeZone *zone_of(const tm_windows *windows)
{
    static GTimeZone *kept;
    static const char *kept_name;
    const char *name = windows->day == TM_DAY_ZONE ? windows->zone : "America/Los_Angeles";
    if (kept && g_strcmp0(name, kept_name) == 0)
        return kept;
    /* Never g_time_zone_new(): it makes UTC of a name it does not know. */
    GTimeZone *zone = name ? g_time_zone_new_identifier(name) : NULL;
    if (!zone && windows->day == TM_DAY_PACIFIC)
        zone = g_time_zone_new_identifier(PACIFIC_RULE);
    g_clear_pointer(&kept, g_time_zone_unref);
    kept = zone ? zone : g_time_zone_new_utc();
    kept_name = g_intern_string(name);
    return kept;
}

static int64_t floor_to(int64_t ms, int64_t length)
{
    int64_t rest = ms % length;
    return ms - (rest < 0 ? rest + length : rest);
}

/* Midnight before or at `at` in its own zone, `days` later. */
static int64_t midnight(GDateTime *at, GTimeZone *zone, int days)
{
    g_autoptr(GDateTime) date = g_date_time_add_days(at, days);
    if (!date)
        return INT64_MAX;
    int year, month, day;
    g_date_time_get_ymd(date, &year, &month, &day);
    g_autoptr(GDateTime) start = g_date_time_new(zone, year, month, day, 0, 0, 0);
    return start ? g_date_time_to_unix(start) * 1000 : INT64_MAX;
}

static void calendar_day(const tm_windows *windows, int64_t wall_ms, int64_t *start_ms, int64_t *end_ms)
{
    GTimeZone *zone = zone_of(windows);
    g_autoptr(GDateTime) utc = g_date_time_new_from_unix_utc(floor_to(wall_ms, 1000) / 1000);
    g_autoptr(GDateTime) local = utc ? g_date_time_to_timezone(utc, zone) : NULL;
    if (!local) { /* beyond the calendar: a clock that is far off */
        *start_ms = floor_to(wall_ms, DAY_MS);
        *end_ms = *start_ms + DAY_MS;
        return;
    }
    *start_ms = midnight(local, zone, 0);
    *end_ms = midnight(local, zone, 1);
    if (*start_ms > wall_ms) { /* a night whose midnight comes twice (Havana): GLib names the second one */
        *end_ms = *start_ms;
        *start_ms = midnight(local, zone, -1);
    }
}

void tm_day_of(const tm_windows *windows, int64_t wall_ms, int64_t *start_ms, int64_t *end_ms)
{
    int64_t length = windows->day_ms > 0 ? windows->day_ms : DAY_MS;
    switch (windows->day) {
    case TM_DAY_NONE:
        *start_ms = 0;
        *end_ms = INT64_MAX;
        return;
    case TM_DAY_ROLLING:
        *start_ms = wall_ms - length;
        *end_ms = wall_ms;
        return;
    case TM_DAY_PACIFIC:
    case TM_DAY_ZONE:
        if (windows->day_ms <= 0) {
            calendar_day(windows, wall_ms, start_ms, end_ms);
            return;
        }
        break;
    case TM_DAY_UTC:
        break;
    }
    *start_ms = floor_to(wall_ms, length);
    *end_ms = *start_ms + length;
}
