/* when.c - see when.h */
#include "cmd/when.h"

#include "core/error.h"
#include "core/limit.h"
#include <stdio.h>

static int64_t ms_of(GDateTime *time)
{
    return g_date_time_to_unix(time) * 1000;
}

gboolean tm_when_parse(const char *text, int64_t now_ms, int64_t *wall_ms, GError **error)
{
    g_autoptr(GTimeZone) zone = g_time_zone_new_local();
    g_autoptr(GDateTime) now = g_date_time_new_from_unix_local(now_ms / 1000);
    g_autoptr(GDateTime) full = g_date_time_new_from_iso8601(text, zone);
    int hour, minute, length = 0;
    if (sscanf(text, "%2d:%2d%n", &hour, &minute, &length) == 2 && text[length] == '\0' && hour >= 0 &&
        hour < 24 && minute >= 0 && minute < 60) {
        g_autoptr(GDateTime) today =
            g_date_time_new_local(g_date_time_get_year(now), g_date_time_get_month(now),
                                  g_date_time_get_day_of_month(now), hour, minute, 0);
        g_autoptr(GDateTime) tomorrow = g_date_time_add_days(today, 1);
        *wall_ms = ms_of(today) > now_ms ? ms_of(today) : ms_of(tomorrow);
        return TRUE;
    }
    if (full) {
        *wall_ms = ms_of(full);
        return TRUE;
    }
    int64_t duration = tm_duration_parse(text);
    if (duration < 0)
        return tm_fail(error, TM_ERROR_USAGE, "\"%s\" is no time: say 07:30, 2026-11-25T07:30 or 8h", text);
    *wall_ms = now_ms + duration;
    return TRUE;
}
