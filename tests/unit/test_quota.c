/* test_quota.c - how many requests may leave now: the policy alone */
#include "jobs/quota.h"

#define NOW ((int64_t)1795543200000)

static const tm_instant now = {NOW, 5000000, 7};
static const tm_cost one = {.of = {[TM_UNIT_REQUESTS] = 1, [TM_UNIT_INPUT_TOKENS] = 100}};

static tm_use minute(int64_t limit, bool hard, int64_t used)
{
    return (tm_use){
        .limit = {TM_UNIT_REQUESTS, TM_WINDOW_MINUTE, limit, TM_SOURCE_CONFIG, hard, 0},
        .used = used,
        .frees_at_ms = used ? NOW + 7000 : 0,
        .frees = used ? 1 : 0,
        .window_ms = 60000,
        .guard_ms = 350,
    };
}

static tm_use day(int64_t limit, bool hard, int64_t used)
{
    return (tm_use){
        .limit = {TM_UNIT_REQUESTS, TM_WINDOW_DAY, limit, TM_SOURCE_CONFIG, hard, 0},
        .used = used,
        .frees_at_ms = NOW + 36000000,
        .window_ms = 86400000,
        .start_ms = NOW - 50400000,
        .calendar = true,
    };
}

static tm_use tokens(int64_t limit, bool hard, int64_t used)
{
    tm_use use = minute(limit, hard, used);
    use.limit.unit = TM_UNIT_INPUT_TOKENS;
    return use;
}

static void nothing_known_grants_all(void)
{
    tm_grant grant = tm_quota_decide(NULL, 0, &one, 64, &now);
    g_assert_cmpint(grant.granted, ==, 64);
    g_assert_cmpint(grant.wait, ==, TM_WAIT_NONE);
    g_assert_cmpint(grant.bound.value, ==, -1);
    g_assert_cmpint(tm_quota_decide(NULL, 0, &one, 0, &now).granted, ==, 0);
}

typedef struct {
    const char *what;
    tm_use uses[3];
    int wanted, granted;
    tm_wait_kind wait;
    int64_t retry_ms;
    bool probe;
} decision;

static void decisions(void)
{
    const decision cases[] = {
        {"a burst is 3 where a twentieth is less",
         {minute(15, true, 0)},
         64,
         3,
         TM_WAIT_MINUTE,
         NOW + 4024,
         false},
        {"a burst is a twentieth where that is more",
         {minute(200, true, 0)},
         64,
         10,
         TM_WAIT_MINUTE,
         NOW + 302,
         false},
        {"what is asked for is enough", {minute(200, true, 0)}, 4, 4, TM_WAIT_NONE, 0, false},
        {"a full minute waits for the oldest to leave",
         {minute(5, true, 5)},
         3,
         0,
         TM_WAIT_MINUTE,
         NOW + 7000,
         false},
        {"one place is one request", {minute(5, true, 4)}, 3, 1, TM_WAIT_MINUTE, NOW + 7000, false},
        {"overfull is full", {minute(5, true, 9)}, 3, 0, TM_WAIT_MINUTE, NOW + 7000, false},
        {"a spent day waits for the next",
         {minute(5, true, 0), day(20, true, 20)},
         3,
         0,
         TM_WAIT_DAY,
         NOW + 36000000,
         false},
        {"of two that are spent the later says when",
         {day(20, true, 20), minute(5, true, 5)},
         3,
         0,
         TM_WAIT_DAY,
         NOW + 36000000,
         false},
        {"the tightest limit binds",
         {minute(15, true, 0), day(20, true, 18)},
         64,
         2,
         TM_WAIT_DAY,
         NOW + 36000000,
         false},
        {"tokens bind by what a request costs",
         {tokens(250, true, 0)},
         64,
         2,
         TM_WAIT_MINUTE,
         NOW + 60351,
         false},
        {"larger than the window: never", {tokens(99, true, 0)}, 1, 0, TM_WAIT_TOO_LARGE, INT64_MAX, false},
        {"a hard 0 is no tier", {minute(0, true, 0)}, 1, 0, TM_WAIT_NO_TIER, INT64_MAX, false},
        {"no tier outweighs a spent day",
         {day(20, true, 20), minute(0, true, 0)},
         1,
         0,
         TM_WAIT_NO_TIER,
         INT64_MAX,
         false},
        {"a spent soft day is tested by one", {day(20, false, 20)}, 64, 1, TM_WAIT_PROBE, 0, true},
        {"a soft limit with room is kept", {day(20, false, 18)}, 64, 2, TM_WAIT_DAY, NOW + 36000000, false},
        {"a soft limit is not tested while a hard one is spent",
         {day(20, false, 20), minute(5, true, 5)},
         64,
         0,
         TM_WAIT_MINUTE,
         NOW + 7000,
         false},
        {"larger than a soft window is tested", {tokens(99, false, 0)}, 1, 1, TM_WAIT_NONE, 0, true},
        {"a soft 0 is tested", {minute(0, false, 0)}, 1, 1, TM_WAIT_NONE, 0, true},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        const decision *c = &cases[i];
        size_t n = 0;
        while (n < 3 && c->uses[n].window_ms)
            n++;
        tm_grant grant = tm_quota_decide(c->uses, n, &one, c->wanted, &now);
        g_test_message("%s: granted %d, wait %d, %s", c->what, grant.granted, grant.wait, grant.why);
        g_assert_cmpint(grant.granted, ==, c->granted);
        g_assert_cmpint(grant.wait, ==, c->wait);
        g_assert_cmpint(grant.probe, ==, c->probe);
        if (!c->probe && grant.granted < c->wanted)
            g_assert_cmpint(grant.retry_ms, ==, c->retry_ms);
    }
}

static void a_new_day_is_opened_by_one(void)
{
    tm_use use = day(500, true, 0);
    use.opening = true;
    tm_grant grant = tm_quota_decide(&use, 1, &one, 64, &now);
    g_assert_cmpint(grant.granted, ==, 1);
    g_assert_true(grant.probe);
    g_assert_false(grant.tests);
}

static void a_scarce_day_risks_nothing_on_its_edge(void)
{
    tm_use use = day(99, true, 0);
    use.edge = true;
    tm_grant grant = tm_quota_decide(&use, 1, &one, 64, &now);
    g_assert_cmpint(grant.granted, ==, 0);
    g_assert_cmpint(grant.wait, ==, TM_WAIT_DAY);
    use.limit.value = 100;
    g_assert_cmpint(tm_quota_decide(&use, 1, &one, 64, &now).granted, ==, 64);
}

static void the_bucket_spreads(void)
{
    tm_use use = minute(60, true, 3);
    use.debt_us = 3 * tm_quota_spacing_us(&use); /* three have just gone */
    g_assert_cmpint(tm_quota_spacing_us(&use), ==, 1005833);
    tm_grant grant = tm_quota_decide(&use, 1, &one, 10, &now);
    g_assert_cmpint(grant.granted, ==, 0);
    g_assert_cmpint(grant.retry_ms, ==, NOW + 1006);
    use.debt_us -= 1006000;
    grant = tm_quota_decide(&use, 1, &one, 10, &now);
    g_assert_cmpint(grant.granted, ==, 1);
    g_assert_cmpint(grant.retry_ms, ==, NOW + 1006);
}

static void money_is_a_budget(void)
{
    tm_use use = day(1000, true, 900);
    use.limit.unit = TM_UNIT_MICRO_USD;
    tm_cost cost = {.of = {[TM_UNIT_MICRO_USD] = 200}};
    tm_grant grant = tm_quota_decide(&use, 1, &cost, 1, &now);
    g_assert_cmpint(grant.wait, ==, TM_WAIT_BUDGET);
    g_assert_cmpint(grant.retry_ms, ==, NOW + 36000000);
    cost.of[TM_UNIT_MICRO_USD] = 2000;
    grant = tm_quota_decide(&use, 1, &cost, 1, &now);
    g_assert_cmpint(grant.wait, ==, TM_WAIT_BUDGET);
    g_assert_cmpint(grant.retry_ms, ==, INT64_MAX);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_set_nonfatal_assertions();
    g_test_add_func("/quota/without limits all is granted", nothing_known_grants_all);
    g_test_add_func("/quota/each ask gets what the limits leave", decisions);
    g_test_add_func("/quota/a new day is opened by one request", a_new_day_is_opened_by_one);
    g_test_add_func("/quota/a scarce day risks nothing on its edge", a_scarce_day_risks_nothing_on_its_edge);
    g_test_add_func("/quota/the bucket spreads evenly below the window", the_bucket_spreads);
    g_test_add_func("/quota/money is a budget", money_is_a_budget);
    return g_test_run();
}
