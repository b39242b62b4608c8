/* test_refusal.c - every shape of refusal, and what it asks of the lane */
#include "jobs/quota.h"
#include <string.h>

#define NOW ((int64_t)1795543200000)
#define OPENS (NOW + 14 * (int64_t)3600000 + 60000)
#define MINUTE 60000
#define HOUR (60 * (int64_t)MINUTE)

static const tm_instant now = {NOW, 5000000, 7};

static tm_use use_of(tm_unit unit, tm_window window, int64_t value, int64_t used)
{
    tm_use use = {
        .limit = {unit, window, value, TM_SOURCE_CONFIG, true, 0}, .used = used, .window_ms = MINUTE};
    if (window == TM_WINDOW_DAY) {
        use.calendar = true;
        use.frees_at_ms = OPENS;
        use.start_ms = OPENS - 24 * HOUR;
    }
    return use;
}

typedef struct {
    const char *what;
    tm_class class;
    int http;
    int64_t retry_ms;
    tm_violation violations[3];
    int64_t minute_used, day_used; /* of 5 and of 20 */
    int streak;
    tm_class expected;
    int64_t after_ms; /* the hold, from now; -1: until the user acts */
    bool guard_up;
} refusal;

#define RPM(v)                                                                                               \
    {                                                                                                        \
        TM_UNIT_REQUESTS, TM_WINDOW_MINUTE, v, "FreeTier"                                                    \
    }
#define RPD(v)                                                                                               \
    {                                                                                                        \
        TM_UNIT_REQUESTS, TM_WINDOW_DAY, v, "FreeTier"                                                       \
    }
#define TPM(v)                                                                                               \
    {                                                                                                        \
        TM_UNIT_INPUT_TOKENS, TM_WINDOW_MINUTE, v, "FreeTier"                                                \
    }
#define NONE                                                                                                 \
    {                                                                                                        \
        0, 0, -2, ""                                                                                         \
    }
#define TO_OPENS (OPENS - NOW)

/* wire/gemini.md, section 10, in order. */
static const refusal quota_cases[] = {
    {"1 PerDay 20, the ledger agrees: until the day opens, whatever retryDelay says",
     TM_CLASS_QUOTA_DAY,
     429,
     38000,
     {RPD(20)},
     1,
     20,
     0,
     TM_CLASS_QUOTA_DAY,
     TO_OPENS,
     false},
    {"PerDay with a retryDelay of 18 h is no longer than the day",
     TM_CLASS_QUOTA_DAY,
     429,
     18 * HOUR,
     {RPD(20)},
     1,
     20,
     0,
     TM_CLASS_QUOTA_DAY,
     TO_OPENS,
     false},
    {"PerDay, though the ledger counts far less: one probe at the server's delay",
     TM_CLASS_QUOTA_DAY,
     429,
     11000,
     {RPD(20)},
     1,
     3,
     0,
     TM_CLASS_QUOTA_DAY,
     12000,
     false},
    {"... with retryDelay 0 s after a second",
     TM_CLASS_QUOTA_DAY,
     429,
     0,
     {RPD(250)},
     1,
     3,
     0,
     TM_CLASS_QUOTA_DAY,
     1000,
     false},
    {"... without one after an hour",
     TM_CLASS_QUOTA_DAY,
     429,
     -1,
     {RPD(20)},
     1,
     3,
     0,
     TM_CLASS_QUOTA_DAY,
     HOUR,
     false},
    {"... and then hourly at most",
     TM_CLASS_QUOTA_DAY,
     429,
     11000,
     {RPD(20)},
     1,
     3,
     1,
     TM_CLASS_QUOTA_DAY,
     HOUR,
     false},
    {"PerDay lower than what was used: spent",
     TM_CLASS_QUOTA_DAY,
     429,
     11000,
     {RPD(10)},
     1,
     15,
     0,
     TM_CLASS_QUOTA_DAY,
     TO_OPENS,
     false},
    {"2 PerMinute 5 the ledger explains: RetryInfo and a second",
     TM_CLASS_QUOTA_MINUTE,
     429,
     42000,
     {RPM(5)},
     6,
     9,
     0,
     TM_CLASS_QUOTA_MINUTE,
     43000,
     false},
    {"PerMinute the ledger can't explain raises the guard",
     TM_CLASS_QUOTA_MINUTE,
     429,
     42000,
     {RPM(5)},
     3,
     9,
     0,
     TM_CLASS_QUOTA_MINUTE,
     43000,
     true},
    {"PerMinute without RetryInfo: a whole window",
     TM_CLASS_QUOTA_MINUTE,
     429,
     -1,
     {RPM(5)},
     6,
     9,
     0,
     TM_CLASS_QUOTA_MINUTE,
     61000,
     false},
    {"PerMinute with a wait of hours is no longer than a window",
     TM_CLASS_QUOTA_MINUTE,
     429,
     33 * HOUR,
     {RPM(5)},
     6,
     9,
     0,
     TM_CLASS_QUOTA_MINUTE,
     61000,
     false},
    {"3 tokens a minute",
     TM_CLASS_QUOTA_MINUTE,
     429,
     1000,
     {TPM(250000)},
     3,
     9,
     0,
     TM_CLASS_QUOTA_MINUTE,
     2000,
     false},
    {"4 tokens a day",
     TM_CLASS_QUOTA_DAY,
     429,
     1000,
     {{TM_UNIT_INPUT_TOKENS, TM_WINDOW_DAY, 6000000, ""}},
     3,
     9,
     0,
     TM_CLASS_QUOTA_DAY,
     TO_OPENS,
     false},
    {"5 a day without its figure",
     TM_CLASS_QUOTA_DAY,
     429,
     1000,
     {RPD(-1)},
     3,
     20,
     0,
     TM_CLASS_QUOTA_DAY,
     TO_OPENS,
     false},
    {"several violations: the day decides",
     TM_CLASS_QUOTA_MINUTE,
     429,
     9000,
     {RPM(5), RPD(20), TPM(250000)},
     6,
     20,
     0,
     TM_CLASS_QUOTA_DAY,
     TO_OPENS,
     false},
    {"limit 0 among them: not on this tier",
     TM_CLASS_QUOTA_MINUTE,
     429,
     9000,
     {RPM(5), RPD(20), TPM(0)},
     6,
     20,
     0,
     TM_CLASS_NO_MODEL,
     -1,
     false},
    {"limit 0 alone, with a retryDelay",
     TM_CLASS_QUOTA_DAY,
     429,
     30000,
     {RPD(0)},
     0,
     0,
     0,
     TM_CLASS_NO_MODEL,
     -1,
     false},
    {"no violations, class day",
     TM_CLASS_QUOTA_DAY,
     429,
     -1,
     {NONE},
     0,
     20,
     0,
     TM_CLASS_QUOTA_DAY,
     TO_OPENS,
     false},
    {"no violations but a wait",
     TM_CLASS_QUOTA_MINUTE,
     429,
     20000,
     {NONE},
     6,
     9,
     0,
     TM_CLASS_QUOTA_MINUTE,
     21000,
     false},
    {"no details: half of 30 s at half the jitter",
     TM_CLASS_QUOTA_MINUTE,
     429,
     -1,
     {NONE},
     1,
     3,
     0,
     TM_CLASS_QUOTA_MINUTE,
     15000,
     false},
    {"no details again: it grows",
     TM_CLASS_QUOTA_MINUTE,
     429,
     -1,
     {NONE},
     1,
     3,
     2,
     TM_CLASS_QUOTA_MINUTE,
     60000,
     false},
    {"no details for long: 10 min at most",
     TM_CLASS_QUOTA_MINUTE,
     429,
     -1,
     {NONE},
     1,
     3,
     40,
     TM_CLASS_QUOTA_MINUTE,
     300000,
     false},
    {"spend per ten minutes",
     TM_CLASS_QUOTA_MINUTE,
     429,
     -1,
     {{TM_UNIT_MICRO_USD, TM_WINDOW_TEN_MINUTES, -1, ""}},
     1,
     3,
     0,
     TM_CLASS_QUOTA_MINUTE,
     601000,
     false},
    {"an empty prepay closes", TM_CLASS_MONEY, 429, -1, {NONE}, 1, 3, 0, TM_CLASS_MONEY, -1, false},
    {"a wrong key closes", TM_CLASS_AUTH, 400, -1, {NONE}, 1, 3, 0, TM_CLASS_AUTH, -1, false},
};

static tm_verdict judge(const refusal *c, const tm_windows *windows, const tm_fortune *fortune)
{
    tm_use uses[] = {use_of(TM_UNIT_REQUESTS, TM_WINDOW_MINUTE, 5, c->minute_used),
                     use_of(TM_UNIT_REQUESTS, TM_WINDOW_DAY, 20, c->day_used)};
    g_autoptr(GArray) violations = g_array_new(FALSE, FALSE, sizeof(tm_violation));
    for (size_t i = 0; i < G_N_ELEMENTS(c->violations); i++)
        if (c->violations[i].value >= -1 && (c->violations[i].value || c->violations[i].tier[0]))
            g_array_append_val(violations, c->violations[i]);
    tm_answer answer;
    memset(&answer, 0, sizeof answer);
    answer.class = c->class;
    answer.http = c->http;
    answer.retry_ms = c->retry_ms;
    answer.violations = violations->len ? violations : NULL;
    return tm_quota_refusal(&answer, uses, G_N_ELEMENTS(uses), windows, fortune, &now);
}

static void refusals(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(quota_cases); i++) {
        const refusal *c = &quota_cases[i];
        tm_fortune fortune = {.left = true, .streak = c->streak, .random = 0.5};
        tm_verdict verdict = judge(c, &tm_windows_default, &fortune);
        g_test_message("%s: %s", c->what, verdict.why);
        g_assert_cmpint(verdict.class, ==, c->expected);
        g_assert_cmpint(verdict.until_ms, ==, c->after_ms < 0 ? INT64_MAX : NOW + c->after_ms);
        g_assert_cmpint(verdict.guard_up, ==, c->guard_up);
        g_assert_cmpint(verdict.give_back_day, ==, c->http == 429);
        g_assert_true(verdict.probe);
        g_assert_cmpstr(verdict.why, !=, "");
    }
}

static tm_verdict fail(tm_class class, bool left, int streak, double random, int64_t retry_ms)
{
    refusal c = {.class = class, .http = 503, .retry_ms = retry_ms, .day_used = 5, .violations = {NONE}};
    tm_fortune fortune = {.left = left, .streak = streak, .random = random, .errors_today = 1};
    return judge(&c, &tm_windows_default, &fortune);
}

static void overload_grows_with_full_jitter(void)
{
    static const tm_class classes[] = {TM_CLASS_OVERLOADED, TM_CLASS_SERVER, TM_CLASS_TIMEOUT,
                                       TM_CLASS_UNKNOWN};
    for (size_t i = 0; i < G_N_ELEMENTS(classes); i++) {
        g_assert_cmpint(fail(classes[i], true, 0, 1, -1).until_ms, ==, NOW + 2000);
        g_assert_cmpint(fail(classes[i], true, 3, 1, -1).until_ms, ==, NOW + 16000);
        g_assert_cmpint(fail(classes[i], true, 3, 0.25, -1).until_ms, ==, NOW + 4000);
        g_assert_cmpint(fail(classes[i], true, 60, 1, -1).until_ms, ==, NOW + 600000);
        g_assert_cmpint(fail(classes[i], true, 0, 0, 30000).until_ms, ==, NOW + 31000);
        g_assert_false(fail(classes[i], true, 0, 1, -1).give_back_day);
    }
}

static void what_never_left_is_the_network_s_affair(void)
{
    g_assert_cmpint(fail(TM_CLASS_NETWORK, false, 0, 0.5, -1).until_ms, ==, NOW + 1000);
    g_assert_cmpint(fail(TM_CLASS_NETWORK, false, 3, 0.5, -1).until_ms, ==, NOW + 8000);
    g_assert_cmpint(fail(TM_CLASS_NETWORK, false, 99, 0.5, -1).until_ms, ==, NOW + 60000);
    g_assert_cmpint(fail(TM_CLASS_TIMEOUT, false, 0, 0.5, -1).class, ==, TM_CLASS_NETWORK);
}

static void the_rows_own_troubles_hold_nobody(void)
{
    static const tm_class classes[] = {TM_CLASS_OK,           TM_CLASS_TRUNCATED,   TM_CLASS_BLOCKED,
                                       TM_CLASS_SCHEMA,       TM_CLASS_BAD_REQUEST, TM_CLASS_TOO_LARGE,
                                       TM_CLASS_INPUT_CHANGED};
    for (size_t i = 0; i < G_N_ELEMENTS(classes); i++) {
        tm_verdict verdict = fail(classes[i], true, 3, 0.5, -1);
        g_assert_cmpint(verdict.until_ms, ==, 0);
        g_assert_cmpint(verdict.class, ==, classes[i]);
    }
}

/* Of 100 a day a fifth may burn: 3 at once, then in step with the day; without bound in its last hour, unless
 * it is the next one's by now. */
static void errors_may_burn_a_fifth_of_the_day(void)
{
    static const struct {
        int64_t errors, waiting, hours_in, used;
        int64_t until_hours; /* of the day; 0: no longer than the jitter asks */
        bool next_counts;
    } cases[] = {
        {2, 0, 1, 10, 0, false},     {3, 0, 1, 10, 36 /* tenths: 3/20 of 24 h */, false},
        {10, 0, 1, 10, 120, false},  {10, 0, 13, 10, 0, false},
        {20, 0, 13, 30, 230, false}, {20, 0, 23, 30, 0, false},
        {10, 90, 1, 10, 0, false},   {10, 91, 1, 10, 120, false},
        {3, 0, 23, 30, 240, true},   {2, 0, 23, 30, 0, true},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        tm_use use = use_of(TM_UNIT_REQUESTS, TM_WINDOW_DAY, 100, cases[i].used);
        use.start_ms = NOW - cases[i].hours_in * HOUR;
        use.frees_at_ms = use.start_ms + 24 * HOUR;
        use.next_counts = cases[i].next_counts;
        tm_answer answer;
        memset(&answer, 0, sizeof answer);
        answer.class = TM_CLASS_OVERLOADED;
        answer.http = 503;
        answer.retry_ms = -1;
        tm_fortune fortune = {
            .left = true, .random = 1, .errors_today = cases[i].errors, .rows_waiting = cases[i].waiting};
        tm_verdict verdict = tm_quota_refusal(&answer, &use, 1, &tm_windows_default, &fortune, &now);
        int64_t expected =
            cases[i].until_hours ? use.start_ms + cases[i].until_hours * HOUR / 10 : NOW + 2000;
        g_test_message("%d: %s", (int)i, verdict.why);
        g_assert_cmpint(verdict.until_ms, ==, expected);
    }
}

static void a_shortened_night_keeps_its_proportions(void)
{
    tm_windows windows = {.day = TM_DAY_PACIFIC, .minute_ms = 2000, .day_ms = 20000};
    tm_fortune fortune = {.left = true, .random = 1};
    refusal c = {.class = TM_CLASS_QUOTA_MINUTE, .http = 429, .retry_ms = 1000, .violations = {RPM(5)}};
    g_assert_cmpint(judge(&c, &windows, &fortune).until_ms, ==, NOW + 1033);
    c.retry_ms = 30000;
    g_assert_cmpint(judge(&c, &windows, &fortune).until_ms, ==, NOW + 2033);
    refusal overloaded = {.class = TM_CLASS_OVERLOADED, .http = 503, .retry_ms = -1, .violations = {NONE}};
    g_assert_cmpint(judge(&overloaded, &windows, &fortune).until_ms, ==, NOW + 66);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_set_nonfatal_assertions();
    g_test_add_func("/refusal/every shape of a 429 is read", refusals);
    g_test_add_func("/refusal/overload grows with full jitter", overload_grows_with_full_jitter);
    g_test_add_func("/refusal/what never left is the network's affair",
                    what_never_left_is_the_network_s_affair);
    g_test_add_func("/refusal/a row's own troubles hold nobody", the_rows_own_troubles_hold_nobody);
    g_test_add_func("/refusal/errors may burn a fifth of the day", errors_may_burn_a_fifth_of_the_day);
    g_test_add_func("/refusal/a shortened night keeps its proportions",
                    a_shortened_night_keeps_its_proportions);
    return g_test_run();
}
