#include "store_fixture.h"

static const tm_add_options plain = {0};

static void test_the_same_file_queues_nothing_twice(world *w, gconstpointer data)
{
    (void)data;
    tm_added added = world_add_range(w, 0, 1000, plain);
    g_assert_cmpint(added.n_new, ==, 1000);
    added = world_add_range(w, 0, 1000, plain);
    g_assert_cmpint(added.n_new, ==, 0);
    g_assert_cmpint(added.n_known, ==, 1000);
    /* re-ordered, with new rows in between and at the end */
    int64_t mixed[] = {5000, 7, 3, 5001, 9, 1};
    added = world_add(w, mixed, G_N_ELEMENTS(mixed), plain);
    g_assert_cmpint(added.n_new, ==, 2);
    g_assert_cmpint(added.n_known, ==, 4);
    world_counts(w, 1002, 0, 0, 0);
    g_autoptr(GArray) page = world_page(w, false);
    g_assert_cmpint(g_array_index(page, tm_stored, 1001).ordinal, ==, 1002);
    g_assert_cmpstr(g_array_index(page, tm_stored, 1001).body, ==, "{\"n\":5001}");
}

static void test_equal_rows_are_counted_and_queued(world *w, gconstpointer data)
{
    (void)data;
    int64_t rows[] = {1, 2, 1, 1, 3};
    tm_added added = world_add(w, rows, 5, plain);
    g_assert_cmpint(added.n_new, ==, 5);
    g_assert_cmpint(added.n_duplicates, ==, 2);
    int64_t more[] = {1, 1, 1, 1, 2, 2};
    added = world_add(w, more, 6, plain);
    g_assert_cmpint(added.n_new, ==, 2);
    g_assert_cmpint(added.n_known, ==, 4);
    g_assert_cmpint(added.n_duplicates, ==, 4);
    uint8_t key[16];
    world_key(1, key);
    int64_t third = tm_store_job_by_key(w->store, w->batch, key, 2, NULL);
    g_assert_cmpint(tm_job_ordinal(third), ==, 4);
    g_assert_cmpint(tm_store_job_by_key(w->store, w->batch, key, 9, NULL), ==, 0);
    world_counts(w, 7, 0, 0, 0);
}

static void test_an_id_twice_is_told_at_once(world *w, gconstpointer data)
{
    (void)data;
    tm_add_options by_id = {.by_id = true};
    for (int round = 0; round < 2; round++) {
        tm_adder *adder = tm_store_add_begin(w->store, w->batch, &by_id, NULL);
        bool duplicate;
        world_add_row(adder, 1, 5, &duplicate);
        g_assert_false(duplicate);
        world_add_row(adder, 2, 5, &duplicate);
        g_assert_true(duplicate);
        world_add_row(adder, 3, 6, &duplicate);
        g_assert_false(duplicate);
        tm_added added;
        g_assert_true(tm_store_add_end(adder, &added, NULL));
        g_assert_cmpint(added.n_new, ==, round ? 0 : 2);
        g_assert_cmpint(added.n_known, ==, round ? 2 : 0);
        g_assert_cmpint(added.n_duplicates, ==, 1);
    }
    world_counts(w, 2, 0, 0, 0);
}

static void test_dedupe_asks_once_and_copies(world *w, gconstpointer data)
{
    (void)data;
    tm_add_options dedupe = {.dedupe = true};
    int64_t rows[] = {1, 2, 1, 1, 3, 3};
    tm_added added = world_add(w, rows, 6, dedupe);
    g_assert_cmpint(added.n_new, ==, 3);
    g_assert_cmpint(added.n_duplicates, ==, 3);
    world_counts(w, 3, 0, 0, 0);
    g_assert_cmpint(w->batch->n[TM_JOB_SAME], ==, 3);
    g_autoptr(GArray) leases = world_lease(w, 10);
    g_assert_cmpuint(leases->len, ==, 3);
    world_finish(w, world_at(leases, 0), TM_JOB_DONE, TM_CLASS_OK);
    world_counts(w, 0, 2, 3, 0);
    world_finish(w, world_at(leases, 2), TM_JOB_FAILED, TM_CLASS_SCHEMA);
    world_counts(w, 0, 1, 3, 2);
    int64_t classes[TM_N_CLASSES];
    g_assert_true(tm_store_classes(w->store, w->batch, classes, NULL));
    g_assert_cmpint(classes[TM_CLASS_SCHEMA], ==, 2);
    g_autoptr(GArray) page = world_page(w, false);
    g_assert_cmpstr(g_array_index(page, tm_stored, 3).output, ==, "answer 1");
    /* a copy that comes when its row has ended is as that row is */
    int64_t more[] = {1, 1, 1, 1, 3, 3, 3};
    added = world_add(w, more, 7, dedupe);
    g_assert_cmpint(added.n_new, ==, 0);
    g_assert_cmpint(added.n_known, ==, 5);
    world_counts(w, 0, 1, 4, 3);
    g_assert_cmpint(tm_store_retry(w->store, w->batch, TM_CLASS_SCHEMA, NULL), ==, 3);
    world_counts(w, 1, 1, 4, 0);
    g_assert_cmpint(w->batch->n[TM_JOB_SAME], ==, 2);
    g_assert_cmpint(tm_store_cancel(w->store, w->batch, NULL), ==, 3);
    world_counts(w, 0, 1, 4, 0);
    g_assert_cmpint(w->batch->n[TM_JOB_CANCELLED], ==, 3);
}

static void test_a_dry_run_changes_nothing(world *w, gconstpointer data)
{
    (void)data;
    world_add_range(w, 0, 10, plain);
    tm_add_options dry = {.dry_run = true};
    int64_t rows[] = {1, 2, 50, 50, 51};
    tm_added added = world_add(w, rows, 5, dry);
    g_assert_cmpint(added.n_new, ==, 3);
    g_assert_cmpint(added.n_known, ==, 2);
    g_assert_cmpint(added.n_duplicates, ==, 1);
    world_counts(w, 10, 0, 0, 0);
    /* without a batch, from a store opened for reading, and without a store at all */
    g_autoptr(tm_store) reader = tm_store_open(w->url, &w->clock, true, NULL);
    for (int i = 0; i < 2; i++) {
        tm_adder *adder = tm_store_add_begin(i ? NULL : reader, NULL, &dry, NULL);
        world_add_row(adder, 1, 1, NULL);
        world_add_row(adder, 2, 1, NULL);
        g_assert_true(tm_store_add_end(adder, &added, NULL));
        g_assert_cmpint(added.n_new, ==, 2);
        g_assert_cmpint(added.n_duplicates, ==, 1);
    }
    tm_adder *adder = tm_store_add_begin(reader, w->batch, &dry, NULL);
    world_add_row(adder, 1, 1, NULL);
    g_assert_true(tm_store_add_end(adder, &added, NULL));
    g_assert_cmpint(added.n_known, ==, 1);
}

static void test_rows_keep_their_place(world *w, gconstpointer data)
{
    (void)data;
    tm_adder *adder = tm_store_add_begin(w->store, w->batch, &plain, NULL);
    world_add_row(adder, 10, 100, NULL);
    world_add_row(adder, 10, 101, NULL); /* taken: the next free place at the end */
    world_add_row(adder, 3, 102, NULL);
    world_add_row(adder, 0, 103, NULL);
    tm_added added;
    g_assert_true(tm_store_add_end(adder, &added, NULL));
    g_autoptr(GArray) page = world_page(w, false);
    int64_t places[] = {3, 10, 11, 12};
    for (guint i = 0; i < 4; i++)
        g_assert_cmpint(g_array_index(page, tm_stored, i).ordinal, ==, places[i]);
    /* behind the rows that were sent already: it is sent all the same */
    g_autoptr(GArray) all = world_lease(w, 10);
    g_assert_cmpuint(all->len, ==, 4);
    adder = tm_store_add_begin(w->store, w->batch, &plain, NULL);
    world_add_row(adder, 5, 104, NULL);
    g_assert_true(tm_store_add_end(adder, &added, NULL));
    world_check(w);
    g_autoptr(GArray) late = world_lease(w, 10);
    g_assert_cmpuint(late->len, ==, 1);
    g_assert_cmpint(world_at(late, 0)->ordinal, ==, 5);
}

static void test_an_interrupted_load_goes_on(world *w, gconstpointer data)
{
    bool dedupe = GPOINTER_TO_INT(data);
    tm_add_options options = {.dedupe = dedupe};
    tm_store *first = world_open(w);
    tm_store *mine = w->store;
    tm_adder *adder = tm_store_add_begin(first, w->batch, &options, NULL);
    for (int64_t i = 0; i < TM_CHUNK + 5; i++)
        world_add_row(adder, i + 1, i % 15000, NULL);
    /* meanwhile nobody else may add, and nothing is sent */
    GError *error = NULL;
    g_assert_null(tm_store_add_begin(mine, w->batch, &options, &error));
    g_assert_error(error, TM_ERROR, TM_ERROR_BUSY);
    g_clear_error(&error);
    g_autoptr(GArray) none = world_lease(w, 5);
    g_assert_cmpuint(none->len, ==, 0);
    world_refresh(w);
    g_assert_cmpint(w->batch->n[TM_JOB_WAITING], ==, TM_CHUNK);
    tm_database_die(first->database, first->worker); /* the loader dies */
    int64_t freed;
    g_assert_true(tm_store_recover(mine, false, &freed, NULL));
    world_check(w);
    g_autoptr(GArray) values = g_array_new(FALSE, FALSE, sizeof(int64_t));
    for (int64_t i = 0; i < 30000; i++) {
        int64_t value = i % 15000;
        g_array_append_val(values, value);
    }
    tm_added added = world_add(w, (int64_t *)(void *)values->data, values->len, options);
    g_assert_cmpint(added.n_known, ==, TM_CHUNK);
    g_assert_cmpint(added.n_new, ==, dedupe ? 0 : 10000);
    world_refresh(w);
    g_assert_cmpint(w->batch->n[TM_JOB_WAITING], ==, dedupe ? 15000 : 30000);
    g_assert_cmpint(w->batch->n[TM_JOB_SAME], ==, dedupe ? 15000 : 0);
    world_check(w);
    tm_store_add_abort(adder);
    tm_store_close(first);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_set_nonfatal_assertions();
#define TD(name, data, function) g_test_add("/add/" name, world, data, world_setup, function, world_teardown)
#define T(name, function) TD(name, NULL, function)
    T("the same file queues nothing twice", test_the_same_file_queues_nothing_twice);
    T("equal rows are counted, and queued", test_equal_rows_are_counted_and_queued);
    T("an id twice is told at once", test_an_id_twice_is_told_at_once);
    T("dedupe asks once and copies", test_dedupe_asks_once_and_copies);
    T("a dry run changes nothing", test_a_dry_run_changes_nothing);
    T("rows keep their place", test_rows_keep_their_place);
    TD("an interrupted load goes on", GINT_TO_POINTER(0), test_an_interrupted_load_goes_on);
    TD("an interrupted load with dedupe goes on", GINT_TO_POINTER(1), test_an_interrupted_load_goes_on);
    return g_test_run();
}
