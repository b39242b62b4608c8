/* test_day.c - where the account's day begins and ends */
#include "core/limit.h"

#include <glib/gstdio.h>

#define HOUR (3600 * (int64_t)1000)

static int64_t utc(int year, int month, int day, int hour, int minute)
{
    g_autoptr(GDateTime) t = g_date_time_new_utc(year, month, day, hour, minute, 0);
    return g_date_time_to_unix(t) * 1000;
}

/* The day that holds `at` begins at `start` and has `hours`. */
static void expect(const tm_windows *windows, int64_t at, int64_t start, int64_t hours)
{
    int64_t from, to;
    tm_day_of(windows, at, &from, &to);
    g_assert_cmpint(from, ==, start);
    g_assert_cmpint(to, ==, start + hours * HOUR);
    g_assert_cmpint(from, <=, at);
    g_assert_cmpint(at, <, to);
}

static void check_pacific(const tm_windows *pacific)
{
    /* wire/limits.md, section 7: 2026-11-01 had 25 h, 2027-03-14 has 23 h, 2027-11-07 has 25 h. */
    expect(pacific, utc(2026, 10, 31, 12, 0), utc(2026, 10, 31, 7, 0), 24);
    expect(pacific, utc(2026, 11, 1, 12, 0), utc(2026, 11, 1, 7, 0), 25);
    expect(pacific, utc(2026, 11, 2, 7, 59), utc(2026, 11, 1, 7, 0), 25);
    expect(pacific, utc(2026, 11, 2, 8, 0), utc(2026, 11, 2, 8, 0), 24);
    expect(pacific, utc(2027, 3, 14, 7, 59), utc(2027, 3, 13, 8, 0), 24);
    expect(pacific, utc(2027, 3, 14, 8, 0), utc(2027, 3, 14, 8, 0), 23);
    expect(pacific, utc(2027, 3, 15, 6, 59), utc(2027, 3, 14, 8, 0), 23);
    expect(pacific, utc(2027, 3, 15, 7, 0), utc(2027, 3, 15, 7, 0), 24);
    expect(pacific, utc(2027, 11, 7, 9, 30), utc(2027, 11, 7, 7, 0), 25);
    /* the year's end, a leap day, and the last millisecond of a day */
    expect(pacific, utc(2027, 1, 1, 7, 59), utc(2026, 12, 31, 8, 0), 24);
    expect(pacific, utc(2027, 1, 1, 8, 0), utc(2027, 1, 1, 8, 0), 24);
    expect(pacific, utc(2028, 2, 29, 20, 0), utc(2028, 2, 29, 8, 0), 24);
    expect(pacific, utc(2026, 11, 25, 8, 0) - 1, utc(2026, 11, 24, 8, 0), 24);
}

static void pacific_days(void)
{
    check_pacific(&tm_windows_default);
}

static void pacific_without_tzdata(void)
{
    if (!g_test_subprocess()) {
        g_autofree char *none = g_dir_make_tmp("tidemill-XXXXXX", NULL);
        g_setenv("TZDIR", none, TRUE);
        g_test_trap_subprocess(NULL, 0, 0);
        g_unsetenv("TZDIR");
        g_rmdir(none);
        g_test_trap_assert_passed();
        return;
    }
    g_autoptr(GTimeZone) absent = g_time_zone_new_identifier("America/Los_Angeles");
    g_assert_null(absent);
    check_pacific(&tm_windows_default);
}

/* Every half hour of three years: days follow one another without gap or overlap, 23 to 25 hours long. */
static void days_leave_no_gap(void)
{
    static const char *const zones[] = {"America/Los_Angeles", "Europe/Berlin",   "Asia/Kolkata",
                                        "America/Havana",      "Atlantic/Azores", "Australia/Lord_Howe"};
    for (size_t i = 0; i < G_N_ELEMENTS(zones); i++) {
        tm_windows windows = {.day = TM_DAY_ZONE, .zone = zones[i], .minute_ms = 60000};
        int64_t start, end, last = 0;
        for (int64_t at = utc(2025, 12, 1, 0, 0); at < utc(2028, 1, 1, 0, 0); at += 97 * HOUR / 29) {
            if (at < last)
                continue;
            tm_day_of(&windows, at, &start, &end);
            if (last)
                g_assert_cmpint(start, ==, last);
            g_assert_true(start <= at && at < end);
            g_assert_true(end - start >= 23 * HOUR && end - start <= 25 * HOUR);
            last = end;
        }
    }
}

static void utc_days(void)
{
    tm_windows windows = {.day = TM_DAY_UTC, .minute_ms = 60000};
    expect(&windows, utc(2026, 11, 1, 0, 0), utc(2026, 11, 1, 0, 0), 24);
    expect(&windows, utc(2026, 11, 1, 23, 59), utc(2026, 11, 1, 0, 0), 24);
    expect(&windows, -1, -24 * HOUR, 24);
}

static void shortened_days(void)
{
    static const tm_day_kind kinds[] = {TM_DAY_PACIFIC, TM_DAY_UTC, TM_DAY_ZONE};
    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
        tm_windows windows = {.day = kinds[i], .zone = "Europe/Berlin", .minute_ms = 2000, .day_ms = 20000};
        int64_t start, end;
        tm_day_of(&windows, 1000019999, &start, &end);
        g_assert_cmpint(start, ==, 1000000000);
        g_assert_cmpint(end, ==, 1000020000);
        tm_day_of(&windows, 1000020000, &start, &end);
        g_assert_cmpint(start, ==, 1000020000);
    }
}

static void rolling_and_none(void)
{
    tm_windows rolling = {.day = TM_DAY_ROLLING, .minute_ms = 60000};
    int64_t start, end, now = utc(2026, 11, 24, 18, 0);
    tm_day_of(&rolling, now, &start, &end);
    g_assert_cmpint(start, ==, now - 24 * HOUR);
    g_assert_cmpint(end, ==, now);
    rolling.day_ms = 20000;
    tm_day_of(&rolling, now, &start, &end);
    g_assert_cmpint(start, ==, now - 20000);
    tm_windows none = {.day = TM_DAY_NONE};
    tm_day_of(&none, now, &start, &end);
    g_assert_true(start == 0 && end == INT64_MAX);
}

static void a_clock_that_is_far_off(void)
{
    static const int64_t instants[] = {INT64_MAX / 4, INT64_MIN / 4, -1, 0};
    for (size_t i = 0; i < G_N_ELEMENTS(instants); i++) {
        int64_t start, end;
        tm_day_of(&tm_windows_default, instants[i], &start, &end);
        g_assert_true(start <= instants[i] && instants[i] < end);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_set_nonfatal_assertions();
    g_test_add_func("/day/Pacific days have 23, 24 or 25 hours", pacific_days);
    g_test_add_func("/day/without tzdata Pacific days are the same", pacific_without_tzdata);
    g_test_add_func("/day/days of a zone leave no gap", days_leave_no_gap);
    g_test_add_func("/day/UTC days begin at midnight UTC", utc_days);
    g_test_add_func("/day/a shortened day begins at multiples of its length", shortened_days);
    g_test_add_func("/day/a rolling day ends now, no day is for ever", rolling_and_none);
    g_test_add_func("/day/a clock that is far off still has a day", a_clock_that_is_far_off);
    return g_test_run();
}
