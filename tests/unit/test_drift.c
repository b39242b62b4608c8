/* test_drift.c - a run of dear rows is a drift, one odd row or a slow rise is none */
#include "jobs/drift.h"

#include <glib.h>

/* Adds n costs; the index of the first that is a drift, -1 if none is. */
static int add(tm_drift *drift, int64_t cost, int n)
{
    for (int i = 0; i < n; i++)
        if (tm_drift_add(drift, cost))
            return i;
    return -1;
}

static void rows_that_cost_five_times_as_much_are_a_drift(void)
{
    tm_drift drift = {0};
    g_assert_cmpint(add(&drift, 100, 50), ==, -1);
    g_assert_cmpint(add(&drift, 500, 20), ==, -1);
    g_assert_cmpint(add(&drift, 2501, 20), ==, 2); /* the third */
    g_assert_cmpint(drift.usual, ==, 100);
}

static void odd_rows_are_none(void)
{
    tm_drift drift = {0};
    add(&drift, 100, 30);
    for (int i = 0; i < 30; i++) {
        g_assert_false(tm_drift_add(&drift, 90000));
        g_assert_cmpint(add(&drift, 100, 10), ==, -1);
    }
}

static void nothing_is_said_before_it_is_known_what_is_usual(void)
{
    tm_drift drift = {0};
    g_assert_cmpint(add(&drift, 1, TM_DRIFT_FIRST - 1), ==, -1);
    g_assert_false(tm_drift_add(&drift, 1000000));
    g_assert_cmpint(add(&drift, 1000000, 5), ==, 2);
    tm_drift none = {0};
    g_assert_cmpint(add(&none, 0, 40), ==, -1);
    g_assert_cmpint(add(&none, 5, 40), ==, -1);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/drift/rows that cost five times as much",
                    rows_that_cost_five_times_as_much_are_a_drift);
    g_test_add_func("/drift/odd rows are none", odd_rows_are_none);
    g_test_add_func("/drift/nothing is said too early", nothing_is_said_before_it_is_known_what_is_usual);
    return g_test_run();
}
