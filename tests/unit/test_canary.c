/* test_canary.c - a mistake costs a handful, a run of odd rows does not cost the night */
#include "jobs/canary.h"

#include <limits.h>

/* How many outcomes of `pattern` (o = ok, b = blocked, q = bad_request, n = network) until the canary stops;
 * 0: never. */
static int stops_at(tm_canary *canary, const char *pattern)
{
    for (int i = 0; pattern[i]; i++) {
        tm_class class = pattern[i] == 'o'   ? TM_CLASS_OK
                         : pattern[i] == 'b' ? TM_CLASS_BLOCKED
                         : pattern[i] == 'q' ? TM_CLASS_BAD_REQUEST
                                             : TM_CLASS_SERVER;
        if (tm_canary_add(canary, class))
            return i + 1;
    }
    return 0;
}

static void test_table(void)
{
    static const struct {
        const char *what, *pattern;
        int stop;
    } cases[] = {
        {"five bad requests stop", "qqqqqqqq", 5},
        {"four and an answer go on", "qqqqoqqqq", 0},
        {"nine of the first ten stop", "qqqqoqqqqq", 10},
        {"different classes are no mistake", "qqqqbqqqbb", 0},
        {"five server errors are not the prompt's fault", "nnnnnnnnnn", 0},
        {"a mixed start is forgiven later", "qqqqooqqqqqq", 0},
        {"fifty blocked in a row stop", "oooooooooooobbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb", 62},
        {"nothing stops a good run", "oooooooooooooooo", 0},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        tm_canary canary = {0};
        g_test_message("%s", cases[i].what);
        g_assert_cmpint(stops_at(&canary, cases[i].pattern), ==, cases[i].stop);
    }
}

static void test_restart(void)
{
    tm_canary canary = {0};
    tm_class before[] = {TM_CLASS_BAD_REQUEST, TM_CLASS_BAD_REQUEST, TM_CLASS_BAD_REQUEST,
                         TM_CLASS_BAD_REQUEST, TM_CLASS_BAD_REQUEST};
    tm_canary_seed(&canary, before, G_N_ELEMENTS(before));
    g_assert_cmpint(tm_canary_room(&canary), ==, 1);
    g_assert_true(tm_canary_add(&canary, TM_CLASS_BAD_REQUEST));
}

static void test_room(void)
{
    tm_canary canary = {0};
    g_assert_cmpint(tm_canary_room(&canary), ==, 1);
    tm_canary_add(&canary, TM_CLASS_BAD_REQUEST);
    g_assert_cmpint(tm_canary_room(&canary), ==, 1);
    tm_canary_add(&canary, TM_CLASS_OK);
    g_assert_cmpint(tm_canary_room(&canary), ==, 8);
    for (int i = 0; i < 8; i++)
        tm_canary_add(&canary, TM_CLASS_OK);
    g_assert_cmpint(tm_canary_room(&canary), ==, INT_MAX);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_set_nonfatal_assertions();
    g_test_add_func("/canary/stops where the table says", test_table);
    g_test_add_func("/canary/after a restart one more of the same is enough", test_restart);
    g_test_add_func("/canary/the first request goes alone, the first ten in small company", test_room);
    return g_test_run();
}
