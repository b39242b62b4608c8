/* test_sizes.c - how large rows are, and the few of them that stand for all */
#include "jobs/sizes.h"
#include "store_fixture.h"

static int64_t sample_sum(const tm_sizes *sizes, int64_t *bytes, size_t *n)
{
    int64_t sum = 0;
    *n = tm_sizes_sample(sizes, bytes, *n);
    for (size_t i = 0; i < *n; i++)
        sum += bytes[i];
    return sum;
}

static void few_rows_stand_for_themselves(void)
{
    tm_sizes sizes = {0};
    int64_t bytes[64];
    size_t n = 64;
    g_assert_cmpint(sample_sum(&sizes, bytes, &n), ==, 0);
    g_assert_cmpuint(n, ==, 0);
    g_assert_cmpint(tm_sizes_mean(&sizes), ==, 0);
    tm_sizes_add(&sizes, 10);
    tm_sizes_add(&sizes, 1000);
    tm_sizes_add(&sizes, 100000);
    tm_sizes_add(&sizes, 7);
    tm_sizes_drop(&sizes, 7);
    n = 64;
    g_assert_cmpint(sample_sum(&sizes, bytes, &n), ==, 101010);
    g_assert_cmpuint(n, ==, 3);
    g_assert_cmpint(tm_sizes_mean(&sizes), ==, 101010 / 3);
}

static void many_rows_keep_their_mean_and_are_mixed(void)
{
    tm_sizes sizes = {0};
    int64_t bytes[64], small = 0;
    size_t n = 64;
    for (int64_t i = 1; i <= 10000; i++)
        tm_sizes_add(&sizes, i);
    int64_t mean = sample_sum(&sizes, bytes, &n) / 64;
    g_assert_cmpuint(n, ==, 64);
    g_assert_cmpint(ABS(mean - 5000), <, 100);
    for (size_t i = 0; i < 16; i++)
        small += bytes[i] < 5000;
    g_assert_cmpint(small, >=, 6); /* any stretch has about as many small as large ones */
    g_assert_cmpint(small, <=, 10);
}

static void a_look_at_a_stored_batch(world *w, gconstpointer data)
{
    (void)data;
    g_autoptr(GError) error = NULL;
    tm_sizes sizes;
    int64_t latency_ms = -1;
    g_assert_true(tm_store_sample(w->store, w->batch, &sizes, &latency_ms, &error));
    g_assert_cmpint(sizes.rows, ==, 0);
    g_assert_cmpint(latency_ms, ==, 0);
    world_add_range(w, 1, 1000, (tm_add_options){0});
    g_autoptr(GArray) leases = world_lease(w, 2);
    world_finish(w, world_at(leases, 0), TM_JOB_DONE, TM_CLASS_OK);
    g_assert_true(tm_store_sample(w->store, w->batch, &sizes, &latency_ms, &error));
    g_assert_no_error(error);
    g_assert_cmpint(sizes.rows, ==, 200);
    g_assert_cmpint(tm_sizes_mean(&sizes), >, 0);
    g_assert_cmpint(latency_ms, >=, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_set_nonfatal_assertions();
    g_test_add_func("/sizes/few rows stand for themselves", few_rows_stand_for_themselves);
    g_test_add_func("/sizes/many rows keep their mean and are mixed",
                    many_rows_keep_their_mean_and_are_mixed);
    g_test_add("/sizes/a look at a stored batch", world, NULL, world_setup, a_look_at_a_stored_batch,
               world_teardown);
    return g_test_run();
}
