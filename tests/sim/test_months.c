/* test_months.c - months of nights by seed: the real engine, store, ledger and quota code in virtual time, on
 * a disk that forgets, against the twin. TIDEMILL_SEEDS: how many of each kind (default: a share for CI), or
 * "FROM-TO". TIDEMILL_KIND: only the kind of that name. A seed that breaks a promise is made short and told.
 */
#include "tests/sim/month.h"
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CI_SEEDS = 40 };

static void add_up(month_end *sum, const month_end *one)
{
    sum->requests += one->requests;
    sum->refused += one->refused;
    sum->foreseeable += one->foreseeable;
    sum->errors += one->errors;
    sum->repeats += one->repeats;
    sum->kills += one->kills;
    sum->steps += one->steps;
    sum->days += one->days;
    sum->whole_days += one->whole_days;
    sum->whole_used += one->whole_used;
    sum->whole_quota += one->whole_quota;
    sum->most_burnt = MAX(sum->most_burnt, one->most_burnt);
    sum->busy_minutes += one->busy_minutes;
    sum->minute_used += one->minute_used;
}

static void seeds_of(guint32 *from, guint32 *to)
{
    const char *text = g_getenv("TIDEMILL_SEEDS");
    char *end = NULL;
    *from = 1;
    *to = text ? (guint32)strtoul(text, &end, 10) : CI_SEEDS;
    if (end && *end == '-') {
        *from = *to;
        *to = (guint32)strtoul(end + 1, NULL, 10);
    }
}

/* A seed decides everything: played again, it goes the same way to the last step. */
static void test_again(void)
{
    for (int kind = 0; kind < story_kinds(); kind++) {
        story *s = story_new(kind, 7);
        month_end first = month_play(s, false), again = month_play(s, false);
        g_assert_cmpint(first.steps, ==, again.steps);
        g_assert_cmpint(first.requests, ==, again.requests);
        g_assert_cmpint(first.repeats, ==, again.repeats);
        month_end_clear(&first);
        month_end_clear(&again);
        story_free(s);
    }
}

static void test_kind(gconstpointer data)
{
    int kind = GPOINTER_TO_INT(data), broken = 0;
    guint32 from, to;
    month_end sum = {0};
    seeds_of(&from, &to);
    int64_t begun = g_get_monotonic_time();
    for (guint32 seed = from; seed <= to && broken < 3; seed++) {
        story *s = story_new(kind, seed);
        month_end end = month_play(s, false);
        add_up(&sum, &end);
        if (end.broken) {
            printf("# %s, seed %u: %s\n", s->kind, seed, end.broken);
            fflush(stdout);
            if (broken++ == 0 && !g_getenv("TIDEMILL_NO_SHRINK"))
                month_shrink(s);
            g_test_fail();
        }
        month_end_clear(&end);
        story_free(s);
    }
    double seconds = (double)(g_get_monotonic_time() - begun) / 1e6;
    g_test_message("%-24s %7u months %8.1f s  %9" G_GINT64_FORMAT " steps %9" G_GINT64_FORMAT
                   " requests %7" G_GINT64_FORMAT " kills %7" G_GINT64_FORMAT " repeats %7" G_GINT64_FORMAT
                   " failed %6" G_GINT64_FORMAT " refused (%" G_GINT64_FORMAT
                   " foreseeable)  days used %.2f%%  minutes used %.2f%%  at most "
                   "burnt %.0f%%",
                   story_kind_name(kind), to - from + 1, seconds, sum.steps, sum.requests, sum.kills,
                   sum.repeats, sum.errors, sum.refused, sum.foreseeable,
                   sum.whole_quota ? 100.0 * (double)sum.whole_used / (double)sum.whole_quota : 0,
                   sum.busy_minutes > 0 ? 100.0 * sum.minute_used / sum.busy_minutes : 0,
                   100 * sum.most_burnt);
}

int main(int argc, char **argv)
{
    /* a month opens some hundred databases: memory that goes back to the system each time costs half the time
     */
    mallopt(M_TRIM_THRESHOLD, INT_MAX);
    mallopt(M_MMAP_THRESHOLD, INT_MAX);
    mallopt(M_TOP_PAD, 64 << 20);
    g_test_init(&argc, &argv, NULL);
    g_test_set_nonfatal_assertions();
    const char *only = g_getenv("TIDEMILL_KIND");
    if (!only)
        g_test_add_func("/months/a seed decides everything", test_again);
    for (int kind = 0; kind < story_kinds(); kind++) {
        g_autofree char *path = g_strdup_printf("/months/%s", story_kind_name(kind));
        if (!only || strcmp(only, story_kind_name(kind)) == 0)
            g_test_add_data_func(path, GINT_TO_POINTER(kind), test_kind);
    }
    return g_test_run();
}
