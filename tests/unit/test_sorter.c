/* test_sorter.c - keys come back in order, from memory or from a temp file, and none is lost. */
#include "folder.h"
#include "jobs/store_private.h"
#include <string.h>

static void key_of(uint64_t n, uint8_t key[16])
{
    uint64_t mixed = n * UINT64_C(0x9E3779B97F4A7C15);
    memset(key, 0, 16);
    memcpy(key, &mixed, sizeof mixed);
}

/* `n` rows whose keys repeat after `distinct`; all of them come once, in order. */
static void sorts(int64_t n, int64_t distinct)
{
    g_autofree char *folder = g_dir_make_tmp("tm-sorter-XXXXXX", NULL);
    g_autoptr(GError) error = NULL;
    g_autoptr(tm_sorter) sorter = tm_sorter_new(folder);
    uint8_t key[16], before[16] = {0};
    int64_t ordinal, last = 0, count = 0;
    double sum = 0;
    for (int64_t i = 1; i <= n; i++) {
        key_of((uint64_t)(i % distinct), key);
        g_assert_true(tm_sorter_put(sorter, key, i, &error));
    }
    g_assert_cmpint(tm_sorter_size(sorter), ==, n);
    int got;
    while ((got = tm_sorter_next(sorter, key, &ordinal, &error)) > 0) {
        int order = count ? memcmp(before, key, 16) : -1;
        if (order > 0 || (order == 0 && ordinal <= last))
            g_error("row %" G_GINT64_FORMAT " is out of order", ordinal);
        uint8_t expected[16];
        key_of((uint64_t)(ordinal % distinct), expected);
        g_assert_true(memcmp(expected, key, 16) == 0);
        memcpy(before, key, 16);
        last = ordinal;
        sum += (double)ordinal;
        count++;
    }
    g_assert_no_error(error);
    g_assert_cmpint(got, ==, 0);
    g_assert_cmpint(count, ==, n);
    g_assert_cmpfloat(sum, ==, (double)n * (double)(n + 1) / 2);
    g_assert_cmpint(tm_sorter_next(sorter, key, &ordinal, &error), ==, 0);
    folder_remove(folder);
}

static void in_memory(void)
{
    sorts(0, 1);
    sorts(1, 1);
    sorts(100000, 99991);
}

static void on_disk(void)
{
    sorts(1300000, 1299999);
    sorts(1300000, 700);
}

static void all_the_same(void)
{
    sorts(60000, 1);
}

/* The temp file has no name: a kill leaves nothing behind. */
static void leaves_nothing(void)
{
    g_autofree char *folder = g_dir_make_tmp("tm-sorter-XXXXXX", NULL);
    g_autoptr(tm_sorter) sorter = tm_sorter_new(folder);
    uint8_t key[16];
    for (int64_t i = 1; i <= 600000; i++) {
        key_of((uint64_t)i, key);
        tm_sorter_put(sorter, key, i, NULL);
    }
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    g_assert_null(g_dir_read_name(dir));
    folder_remove(folder);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_set_nonfatal_assertions();
    g_test_add_func("/sorter/in memory", in_memory);
    g_test_add_func("/sorter/on disk, run by run", on_disk);
    g_test_add_func("/sorter/keys that are all the same", all_the_same);
    g_test_add_func("/sorter/its temp file has no name", leaves_nothing);
    return g_test_run();
}
