/* words.c - numbers, durations and times as a person reads them. */
#include "cmd/ui/say.h"

#include <inttypes.h>
#include <string.h>

char *tm_ui_word(const char *text)
{
    bool plain = *text != '\0';
    for (const char *c = text; *c && plain; c++)
        plain = g_ascii_isalnum(*c) || strchr("._-/:@%+=,", *c) || (*c & 0x80);
    return plain ? g_strdup(text) : g_shell_quote(text);
}

char *tm_ui_number(int64_t n)
{
    char digits[24];
    int length = g_snprintf(digits, sizeof digits, "%" PRIu64, n < 0 ? -(uint64_t)n : (uint64_t)n);
    GString *out = g_string_new(n < 0 ? "-" : "");
    for (int i = 0; i < length; i++) {
        if (i > 0 && (length - i) % 3 == 0)
            g_string_append_c(out, ',');
        g_string_append_c(out, digits[i]);
    }
    return g_string_free(out, FALSE);
}

/* Two units at most: nobody plans a night by the second. */
char *tm_ui_duration(int64_t ms)
{
    static const struct {
        int64_t s;
        const char *word;
    } units[] = {{86400, "d"}, {3600, "h"}, {60, "min"}, {1, "s"}};
    if (ms < 0)
        ms = 0;
    if (ms < 1000)
        return g_strdup_printf("%" PRId64 " ms", ms);
    if (ms < 10000 && ms % 1000 >= 100)
        return g_strdup_printf("%" PRId64 ".%" PRId64 " s", ms / 1000, ms % 1000 / 100);
    int64_t s = ms / 1000;
    for (size_t i = 0; i < G_N_ELEMENTS(units); i++) {
        if (s < units[i].s)
            continue;
        int64_t whole = s / units[i].s, rest = s % units[i].s;
        if (i + 1 == G_N_ELEMENTS(units) || rest / units[i + 1].s == 0)
            return g_strdup_printf("%" PRId64 " %s", whole, units[i].word);
        return g_strdup_printf("%" PRId64 " %s %" PRId64 " %s", whole, units[i].word, rest / units[i + 1].s,
                               units[i + 1].word);
    }
    return g_strdup("0 s");
}

/* `wall_ms` in `zone`: the time, with seconds when it is near, with the date when it is another day. */
static char *time_in(GTimeZone *zone, int64_t wall_ms, int64_t now_ms)
{
    g_autoptr(GDateTime) utc = g_date_time_new_from_unix_utc(wall_ms / 1000);
    g_autoptr(GDateTime) utc_now = g_date_time_new_from_unix_utc(now_ms / 1000);
    if (!utc || !utc_now)
        return g_strdup("never");
    g_autoptr(GDateTime) at = g_date_time_to_timezone(utc, zone);
    g_autoptr(GDateTime) now = g_date_time_to_timezone(utc_now, zone);
    bool today = g_date_time_get_year(at) == g_date_time_get_year(now) &&
                 g_date_time_get_day_of_year(at) == g_date_time_get_day_of_year(now);
    bool near = ABS(wall_ms - now_ms) < 600000;
    return g_date_time_format(at, today ? (near ? "%H:%M:%S" : "%H:%M")
                                        : (near ? "%Y-%m-%d %H:%M:%S" : "%Y-%m-%d %H:%M"));
}

char *tm_ui_time(int64_t wall_ms, int64_t now_ms)
{
    g_autoptr(GTimeZone) local = g_time_zone_new_local();
    return time_in(local, wall_ms, now_ms);
}

char *tm_ui_time_pacific(int64_t wall_ms, int64_t now_ms)
{
    g_autoptr(GTimeZone) pacific = g_time_zone_new_identifier("America/Los_Angeles");
    if (!pacific) /* no tzdata: the POSIX rule gives the same instants */
        pacific = g_time_zone_new_identifier("PST8PDT,M3.2.0,M11.1.0");
    g_autofree char *here = tm_ui_time(wall_ms, now_ms);
    g_autofree char *there = pacific ? time_in(pacific, wall_ms, now_ms) : g_strdup("?");
    return g_strdup_printf("%s here, %s Pacific", here, there);
}
