/* test_rehearsal.c - the nights to come, against what a person reckons by hand */
#include "jobs/rehearsal.h"

/* Pacific: 2026-11-24 18:00; midnights at 08:00 UTC. */
#define EVENING ((int64_t)1795572000000)
#define MIDNIGHT ((int64_t)1795593600000) /* of the 25th */
#define DAY ((int64_t)86400000)
#define OPENS 60000 /* a day opens so long after its midnight */
#define LATENCY 2000

static tm_use minute(tm_unit unit, int64_t limit)
{
    return (tm_use){
        .limit = {unit, TM_WINDOW_MINUTE, limit, TM_SOURCE_CONFIG, true, 0},
        .window_ms = 60000,
        .guard_ms = 350,
    };
}

static tm_use day_at(int64_t limit, int64_t used, int64_t start_ms, int64_t opens_ms)
{
    return (tm_use){
        .limit = {TM_UNIT_REQUESTS, TM_WINDOW_DAY, limit, TM_SOURCE_CONFIG, true, 0},
        .used = used,
        .frees = used,
        .frees_at_ms = opens_ms,
        .start_ms = start_ms,
        .window_ms = DAY,
        .calendar = true,
    };
}

static tm_use day(int64_t limit, int64_t used)
{
    return day_at(limit, used, MIDNIGHT - DAY + OPENS, MIDNIGHT + OPENS);
}

static tm_forecast at(int64_t wall_ms, const tm_use *uses, size_t n, tm_load load)
{
    const tm_instant now = {wall_ms, wall_ms, 1};
    return tm_rehearse(uses, n, &tm_windows_default, &load, &now);
}

static tm_forecast tonight(const tm_use *uses, size_t n, int64_t rows)
{
    return at(EVENING, uses, n, (tm_load){.rows = rows});
}

static void sixty_five_rows_at_twenty_a_day_with_seven_spent(void)
{
    const tm_use uses[] = {day(20, 7)};
    tm_forecast f = tonight(uses, 1, 65);
    g_assert_cmpint(f.end, ==, TM_FORECAST_DONE);
    g_assert_cmpint(f.nights, ==, 4); /* 13 + 20 + 20 + 12 */
    g_assert_cmpint(f.today, ==, 13);
    g_assert_cmpint(f.a_day, ==, 20);
    g_assert_cmpint(f.first_ms, ==, EVENING);
    /* the fourth day: one request first, the other eleven when it has been answered */
    g_assert_cmpint(f.finish_ms, ==, MIDNIGHT + 2 * DAY + OPENS + 2 * LATENCY);
    g_assert_cmpint(f.bound.window, ==, TM_WINDOW_DAY);
    g_assert_cmpint(f.bound.value, ==, 20);
}

static void what_fits_into_today_is_done_tonight(void)
{
    const tm_use uses[] = {day(20, 7)};
    tm_forecast f = tonight(uses, 1, 13);
    g_assert_cmpint(f.nights, ==, 1);
    g_assert_cmpint(f.today, ==, 13);
    /* the first alone, nine with care, then the rest */
    g_assert_cmpint(f.finish_ms, ==, EVENING + 3 * LATENCY);
    f = tonight(uses, 1, 14);
    g_assert_cmpint(f.nights, ==, 2);
    g_assert_cmpint(f.finish_ms, ==, MIDNIGHT + OPENS + LATENCY);
}

static void a_spent_day_waits_for_its_opening(void)
{
    const tm_use uses[] = {day(20, 20)};
    tm_forecast f = tonight(uses, 1, 1);
    g_assert_cmpint(f.first_ms, ==, MIDNIGHT + OPENS);
    g_assert_cmpint(f.finish_ms, ==, MIDNIGHT + OPENS + LATENCY);
    g_assert_cmpint(f.nights, ==, 1);
    g_assert_cmpint(f.today, ==, 0);
}

static void requests_a_minute(void)
{
    const tm_use uses[] = {minute(TM_UNIT_REQUESTS, 5)};
    tm_forecast f = tonight(uses, 1, 100);
    int64_t windows = 19 * 60351; /* the 96th waits for the 91st, and so on down to the first */
    g_assert_cmpint(f.finish_ms - EVENING, >=, windows + LATENCY);
    g_assert_cmpint(f.finish_ms - EVENING, <=, windows + 60351);
    g_assert_cmpint(f.bound.unit, ==, TM_UNIT_REQUESTS);
    g_assert_cmpint(f.bound.window, ==, TM_WINDOW_MINUTE);
    g_assert_cmpint(f.a_day, ==, -1);
    g_assert_cmpfloat_with_epsilon(f.a_minute, 5 * 60.0 / 60.35, 0.001);
}

static void tokens_a_minute(void)
{
    const tm_use uses[] = {minute(TM_UNIT_REQUESTS, 100), minute(TM_UNIT_INPUT_TOKENS, 10500)};
    const int64_t each = 1000;
    tm_forecast f = at(EVENING, uses, 2, (tm_load){.rows = 100, .tokens = &each, .n_tokens = 1});
    int64_t windows = 9 * 60351; /* ten rows of a thousand fit into a minute */
    g_assert_cmpint(f.finish_ms - EVENING, >=, windows + LATENCY);
    g_assert_cmpint(f.finish_ms - EVENING, <=, windows + 12000);
    g_assert_cmpint(f.bound.unit, ==, TM_UNIT_INPUT_TOKENS);
    g_assert_cmpint(f.nights, ==, 1);
}

static void output_counts_where_both_count(void)
{
    const tm_use uses[] = {minute(TM_UNIT_TOKENS, 10500)};
    const int64_t each = 500;
    tm_load load = {.rows = 500, .tokens = &each, .n_tokens = 1};
    int64_t input_only_ms = at(EVENING, uses, 1, load).finish_ms - EVENING;
    load.output = 500;
    tm_forecast f = at(EVENING, uses, 1, load);
    g_assert_cmpint(f.finish_ms - EVENING, >, input_only_ms);
    g_assert_cmpint(f.bound.unit, ==, TM_UNIT_TOKENS);
}

/* From noon of the day before: the first day, the odd one, and the next. */
static void days_of_other_lengths(void)
{
    static const struct {
        int64_t noon_ms, midnight_ms, odd_ms;
    } years[] = {
        {1793473200000, 1793516400000, 25 * 3600000}, /* 2026-10-31; clocks are set back on the 1st */
        {1772913600000, 1772956800000, 23 * 3600000}, /* 2026-03-07; forward on the 8th */
    };
    for (size_t i = 0; i < G_N_ELEMENTS(years); i++) {
        int64_t midnight = years[i].midnight_ms;
        const tm_use uses[] = {day_at(20, 0, midnight - DAY + OPENS, midnight + OPENS)};
        tm_forecast f = at(years[i].noon_ms, uses, 1, (tm_load){.rows = 60});
        g_assert_cmpint(f.nights, ==, 3);
        g_assert_cmpint(f.finish_ms, ==, midnight + years[i].odd_ms + OPENS + 2 * LATENCY);
    }
}

static void nothing_limits_but_the_answers(void)
{
    tm_forecast f =
        at(EVENING, NULL, 0, (tm_load){.rows = 1000, .concurrency = 10, .latency_ms = 500, .answered = 10});
    g_assert_cmpint(f.finish_ms, ==, EVENING + 100 * 500);
    g_assert_cmpint(f.bound.value, ==, -1);
    g_assert_cmpint(f.nights, ==, 1);
    g_assert_cmpint(f.a_day, ==, -1);
    g_assert_cmpfloat(f.a_minute, ==, 0);
}

static void nothing_to_send(void)
{
    const tm_use uses[] = {day(20, 20)};
    tm_forecast f = tonight(uses, 1, 0);
    g_assert_cmpint(f.end, ==, TM_FORECAST_DONE);
    g_assert_cmpint(f.finish_ms, ==, EVENING);
    g_assert_cmpint(f.nights, ==, 0);
}

static void a_limit_of_nothing_is_never(void)
{
    const tm_use uses[] = {minute(TM_UNIT_REQUESTS, 5), day(0, 0)};
    tm_forecast f = tonight(uses, 2, 10);
    g_assert_cmpint(f.end, ==, TM_FORECAST_NO_TIER);
    g_assert_cmpint(f.finish_ms, ==, INT64_MAX);
    g_assert_cmpint(f.bound.window, ==, TM_WINDOW_DAY);
    g_assert_cmpint(f.bound.value, ==, 0);
}

static void a_hold_ends_with_one_probe(void)
{
    const tm_use uses[] = {day(100, 0)};
    int64_t until = EVENING + 3600000;
    tm_forecast f = at(EVENING, uses, 1, (tm_load){.rows = 20, .hold_until_ms = until, .answered = 50});
    g_assert_cmpint(f.first_ms, ==, until);
    g_assert_cmpint(f.finish_ms, ==, until + 2 * LATENCY);
    f = at(EVENING, uses, 1, (tm_load){.rows = 20, .hold_until_ms = INT64_MAX});
    g_assert_cmpint(f.end, ==, TM_FORECAST_HELD);
    g_assert_cmpint(f.finish_ms, ==, INT64_MAX);
    /* past midnight: tonight's quota is gone unused */
    f = at(EVENING, uses, 1, (tm_load){.rows = 150, .hold_until_ms = MIDNIGHT + 3600000});
    g_assert_cmpint(f.today, ==, 0);
    g_assert_cmpint(f.nights, ==, 2);
}

static void rows_larger_than_a_window(void)
{
    const tm_use uses[] = {minute(TM_UNIT_INPUT_TOKENS, 3000)};
    const int64_t some[] = {100, 100, 100, 5000}, all[] = {5000};
    tm_forecast f = at(EVENING, uses, 1, (tm_load){.rows = 40, .tokens = some, .n_tokens = 4});
    g_assert_cmpint(f.end, ==, TM_FORECAST_DONE);
    g_assert_cmpint(f.too_large, ==, 10);
    f = at(EVENING, uses, 1, (tm_load){.rows = 40, .tokens = all, .n_tokens = 1});
    g_assert_cmpint(f.end, ==, TM_FORECAST_TOO_LARGE);
    g_assert_cmpint(f.too_large, ==, 40);
    g_assert_cmpint(f.bound.value, ==, 3000);
}

static void a_soft_limit_is_taken_for_the_servers_own(void)
{
    tm_use uses[] = {day(20, 0), minute(TM_UNIT_INPUT_TOKENS, 3000)};
    const int64_t each = 5000;
    uses[0].limit.hard = uses[1].limit.hard = false;
    tm_forecast f = at(EVENING, uses, 2, (tm_load){.rows = 30, .tokens = &each, .n_tokens = 1});
    g_assert_cmpint(f.end, ==, TM_FORECAST_DONE); /* the largest row is taken to be allowed */
    g_assert_cmpint(f.nights, ==, 2);
    g_assert_false(f.bound.hard);
}

static void what_the_minute_holds_already_counts(void)
{
    tm_use full = minute(TM_UNIT_REQUESTS, 5);
    full.used = 5;
    full.frees = 1;
    full.frees_at_ms = EVENING + 30000;
    full.last_ms = EVENING - 1000;
    tm_forecast f = tonight(&full, 1, 1);
    g_assert_cmpint(f.first_ms, ==, EVENING + 30000);
    full.frees_at_ms = 0; /* reserved, not yet left */
    full.used = 0;
    full.debt_us = 3 * 12070000;
    f = tonight(&full, 1, 1);
    g_assert_cmpint(f.first_ms, ==, EVENING + 12070);
}

static void a_day_that_slides(void)
{
    tm_use uses[] = {day(20, 0)};
    tm_windows rolling = {.day = TM_DAY_ROLLING, .minute_ms = 60000};
    const tm_instant now = {EVENING, EVENING, 1};
    const tm_load load = {.rows = 100};
    uses[0].calendar = false;
    uses[0].guard_ms = 350;
    uses[0].frees_at_ms = uses[0].frees = 0;
    tm_forecast f = tm_rehearse(uses, 1, &rolling, &load, &now);
    g_assert_cmpint(f.finish_ms - EVENING, >=, 4 * DAY);
    g_assert_cmpint(f.finish_ms - EVENING, <=, 4 * DAY + 4 * 200000);
    g_assert_cmpint(f.nights, ==, 5);
}

static void the_minute_can_bind_a_day(void)
{
    const tm_use uses[] = {minute(TM_UNIT_REQUESTS, 5), day(10000, 0)};
    tm_forecast f = tonight(uses, 2, 20000);
    g_assert_cmpint(f.a_day, >=, 7140); /* 1,440 minutes at 4.97 */
    g_assert_cmpint(f.a_day, <=, 7160);
    g_assert_cmpint(f.bound.window, ==, TM_WINDOW_MINUTE);
    double minutes = 20000 / (5 * 60000.0 / 60351);
    g_assert_cmpfloat((double)(f.finish_ms - EVENING) / 60000, >, minutes * 0.999);
    g_assert_cmpfloat((double)(f.finish_ms - EVENING) / 60000, <, minutes * 1.001);
}

/* Leaps over what repeats change nothing but the time they take. */
static void ten_million_rows_are_reckoned_at_once(void)
{
    static const struct {
        int64_t rpm, rpd, rows, nights;
    } cases[] = {
        {1000, 10000, 10000000, 1000}, {100, -1, 10000000, -1},       {5, 20, 10000, 500},
        {10000, -1, 10000000, 2},      {2000, 5000000, 10000000, -1},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        tm_use uses[] = {minute(TM_UNIT_REQUESTS, cases[i].rpm), day(cases[i].rpd, 0)};
        gint64 began = g_get_monotonic_time();
        tm_forecast f = tonight(uses, cases[i].rpd < 0 ? 1 : 2, cases[i].rows);
        gint64 took_ms = (g_get_monotonic_time() - began) / 1000;
        g_test_message("%" G_GINT64_FORMAT " rows, RPM %" G_GINT64_FORMAT ", RPD %" G_GINT64_FORMAT
                       ": %" G_GINT64_FORMAT " nights, reckoned in %" G_GINT64_FORMAT " ms",
                       cases[i].rows, cases[i].rpm, cases[i].rpd, f.nights, took_ms);
        g_assert_cmpint(f.end, ==, TM_FORECAST_DONE);
        g_assert_cmpint(took_ms, <, 2000);
        double steady_ms = (double)cases[i].rows * 60350 / (double)cases[i].rpm;
        if (cases[i].nights >= 0)
            g_assert_cmpint(f.nights, ==, cases[i].nights);
        else {
            g_assert_cmpfloat((double)(f.finish_ms - EVENING), >, steady_ms * 0.998);
            g_assert_cmpfloat((double)(f.finish_ms - EVENING), <, steady_ms * 1.002);
        }
    }
    const tm_use uses[] = {day(20, 0)};
    tm_forecast f = tonight(uses, 1, 10000000);
    g_assert_cmpint(f.end, ==, TM_FORECAST_HORIZON);
    g_assert_cmpint(f.finish_ms, ==, INT64_MAX);
    g_assert_cmpint(f.a_day, ==, 20);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_set_nonfatal_assertions();
    g_test_add_func("/rehearsal/65 rows at 20 a day with 7 spent are 13, 20, 20 and 12",
                    sixty_five_rows_at_twenty_a_day_with_seven_spent);
    g_test_add_func("/rehearsal/what fits into today is done tonight", what_fits_into_today_is_done_tonight);
    g_test_add_func("/rehearsal/a spent day waits for its opening", a_spent_day_waits_for_its_opening);
    g_test_add_func("/rehearsal/requests a minute", requests_a_minute);
    g_test_add_func("/rehearsal/tokens a minute", tokens_a_minute);
    g_test_add_func("/rehearsal/the answer's tokens count where both count", output_counts_where_both_count);
    g_test_add_func("/rehearsal/days of 23 and 25 hours", days_of_other_lengths);
    g_test_add_func("/rehearsal/nothing limits but the answers", nothing_limits_but_the_answers);
    g_test_add_func("/rehearsal/nothing to send", nothing_to_send);
    g_test_add_func("/rehearsal/a limit of 0 is never", a_limit_of_nothing_is_never);
    g_test_add_func("/rehearsal/a hold ends with one probe", a_hold_ends_with_one_probe);
    g_test_add_func("/rehearsal/rows larger than a window are counted", rows_larger_than_a_window);
    g_test_add_func("/rehearsal/a soft limit is taken for the server's own",
                    a_soft_limit_is_taken_for_the_servers_own);
    g_test_add_func("/rehearsal/what the minute holds already counts", what_the_minute_holds_already_counts);
    g_test_add_func("/rehearsal/a day that slides", a_day_that_slides);
    g_test_add_func("/rehearsal/the minute can bind a day", the_minute_can_bind_a_day);
    g_test_add_func("/rehearsal/ten million rows are reckoned at once",
                    ten_million_rows_are_reckoned_at_once);
    return g_test_run();
}
