/* test_limit.c - names of limits, durations as people and servers write them */
#include "core/limit.h"

#include <string.h>

typedef struct {
    const char *text;
    int64_t ms;
} duration;

static void a_person_s_durations(void)
{
    static const duration cases[] = {
        {"500ms", 500},
        {"2s", 2000},
        {"1.5m", 90000},
        {"24h", 86400000},
        {"1d", 86400000},
        {"0.5s", 500},
        {".5s", 500},
        {"0s", 0},
        {"1.0001s", 1001},
        {"2.s", 2000},
        {"", -1},
        {"s", -1},
        {".s", -1},
        {"5", -1},
        {"-1s", -1},
        {"1s ", -1},
        {" 1s", -1},
        {"1h30m", -1},
        {"1e3s", -1},
        {"1w", -1},
        {"99999999999999999999s", -1},
        {"9223372036854775807h", -1},
        {"1S", -1},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_test_message("%s", cases[i].text);
        g_assert_cmpint(tm_duration_parse(cases[i].text), ==, cases[i].ms);
    }
    g_assert_cmpint(tm_duration_parse(NULL), ==, -1);
}

static void a_server_s_durations(void)
{
    /* The first lines are those of wire/gemini.md, section 10, and of OpenAI's headers. */
    static const duration cases[] = {
        {"38.2s", 38200},
        {"38s", 38000},
        {"0.539477544s", 540},
        {"65205s", 65205000},
        {"900ms", 900},
        {"53.170503096s", 53171},
        {"9h23m44.781424344s", 33824782},
        {"14h27m56s", 52076000},
        {"1.58s", 1580},
        {"84ms", 84},
        {"6m0s", 360000},
        {"7m12s", 432000},
        {"0", 0},
        {"0s", 0},
        {"1ns", 1},
        {"1us", 1},
        {"1500\302\265s", 2},
        {"1.000000000000000000001s", 1001},
        {"", -1},
        {"soon", -1},
        {"12", -1},
        {"-5s", -1},
        {"5s!", -1},
        {"1d", -1},
        {"9999999999999h", -1},
        {"2562047h2562047h", -1},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_test_message("%s", cases[i].text);
        g_assert_cmpint(tm_go_duration_parse(cases[i].text), ==, cases[i].ms);
    }
    g_assert_cmpint(tm_go_duration_parse(NULL), ==, -1);
}

static void every_limit_has_a_word(void)
{
    g_assert_cmpstr(tm_limit_word(TM_UNIT_REQUESTS, TM_WINDOW_MINUTE), ==, "RPM");
    g_assert_cmpstr(tm_limit_word(TM_UNIT_REQUESTS, TM_WINDOW_DAY), ==, "RPD");
    g_assert_cmpstr(tm_limit_word(TM_UNIT_INPUT_TOKENS, TM_WINDOW_MINUTE), ==, "TPM");
    g_assert_cmpstr(tm_limit_word(TM_UNIT_TOKENS, TM_WINDOW_DAY), ==, "TPD");
    g_assert_cmpstr(tm_limit_word(TM_UNIT_IMAGES, TM_WINDOW_MINUTE), ==, "IPM");
    for (unsigned u = 0; u < TM_N_UNITS; u++)
        for (unsigned w = 0; w < TM_N_WINDOWS; w++)
            g_assert_nonnull(tm_limit_word(u, w));
    for (unsigned u = 0; u < TM_N_UNITS; u++)
        g_assert_nonnull(tm_unit_name(u));
    for (unsigned w = 0; w < TM_N_WINDOWS; w++)
        g_assert_nonnull(tm_window_name(w));
    g_assert_cmpstr(tm_limit_source_name(TM_SOURCE_DEFAULT), ==, "default");
    g_assert_cmpstr(tm_unit_name(TM_N_UNITS), ==, "unknown");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_set_nonfatal_assertions();
    g_test_add_func("/limit/durations of people are one number and one unit", a_person_s_durations);
    g_test_add_func("/limit/durations of servers are Go's and protobuf's, rounded up", a_server_s_durations);
    g_test_add_func("/limit/every unit and window has a word", every_limit_has_a_word);
    return g_test_run();
}
