/* test_store_load.c - files of more rows than a group: they come again changed, longer, cut off; what is
 * known and what is new is judged by counting values, whatever way the store finds it. */
#include "store_fixture.h"

enum { ROWS = 2 * TM_CHUNK + 500 };

static GArray *values_of(int64_t from, int64_t to)
{
    GArray *values = g_array_new(FALSE, FALSE, sizeof(int64_t));
    for (int64_t n = from; n < to; n++)
        g_array_append_val(values, n);
    return values;
}

static int64_t *value(GArray *values, guint i)
{
    return &g_array_index(values, int64_t, i);
}

/* How often each value is queued by now. */
static GHashTable *queued_new(void)
{
    return g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, g_free);
}

static int64_t *count_of(GHashTable *queued, int64_t n)
{
    int64_t *count = g_hash_table_lookup(queued, &n);
    if (!count) {
        count = g_new0(int64_t, 1);
        g_hash_table_insert(queued, g_memdup2(&n, sizeof n), count);
    }
    return count;
}

/* Adds the file's rows; as many as the store has of a value are known, the others new. */
static void add_and_judge(world *w, GHashTable *queued, GArray *values, tm_add_options options)
{
    g_autoptr(GHashTable) in_file = queued_new();
    int64_t n_known = 0, n_new = 0, n_duplicates = 0;
    for (guint i = 0; i < values->len; i++) {
        int64_t *here = count_of(in_file, *value(values, i)), *there = count_of(queued, *value(values, i));
        bool known = *here < *there;
        n_duplicates += *here > 0;
        n_known += known;
        n_new += !known && !(options.dedupe && *here > 0);
        if (!known && !options.dry_run)
            ++*there;
        ++*here;
    }
    tm_added added = world_add(w, value(values, 0), values->len, options);
    g_assert_cmpint(added.n_known, ==, n_known);
    g_assert_cmpint(added.n_new, ==, n_new);
    g_assert_cmpint(added.n_duplicates, ==, n_duplicates);
    world_check(w);
}

static void test_a_file_changes(world *w, gconstpointer data)
{
    tm_add_options options = {.dedupe = GPOINTER_TO_INT(data)},
                   dry = {.dry_run = true, .dedupe = options.dedupe};
    g_autoptr(GHashTable) queued = queued_new();
    g_autoptr(GRand) random = g_rand_new_with_seed(5);
    g_autoptr(GArray) values = values_of(0, ROWS);
    for (int i = 0; i < 300; i++) /* some are equal, near each other and far apart */
        *value(values, (guint)g_rand_int_range(random, 0, ROWS)) = g_rand_int_range(random, 0, 100);
    add_and_judge(w, queued, values, options);
    add_and_judge(w, queued, values, options);
    /* longer by more than a group */
    for (int64_t n = 0; n < TM_CHUNK + 700; n++) {
        int64_t v = n % 9 ? 1000000 + n : n;
        g_array_append_val(values, v);
    }
    add_and_judge(w, queued, values, dry);
    add_and_judge(w, queued, values, options);
    add_and_judge(w, queued, values, options);
    /* a row before all others: none stands at its place */
    int64_t first = 5000000;
    g_array_prepend_val(values, first);
    add_and_judge(w, queued, values, dry);
    add_and_judge(w, queued, values, options);
    /* shuffled */
    for (guint i = values->len - 1; i > 0; i--) {
        guint k = (guint)g_rand_int_range(random, 0, (gint)i + 1);
        int64_t held = *value(values, i);
        *value(values, i) = *value(values, k);
        *value(values, k) = held;
    }
    add_and_judge(w, queued, values, options);
    /* shorter */
    g_array_set_size(values, 30000);
    add_and_judge(w, queued, values, options);
}

/* `try` has queued a few rows from anywhere in the file. */
static void test_many_rows_behind_a_few(world *w, gconstpointer data)
{
    tm_add_options options = {.dedupe = GPOINTER_TO_INT(data)};
    g_autoptr(GHashTable) queued = queued_new();
    int64_t places[] = {3, 450, ROWS};
    tm_added added;
    tm_adder *adder = tm_store_add_begin(w->store, w->batch, &options, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(places); i++) {
        world_add_row(adder, places[i], places[i] - 1, NULL);
        ++*count_of(queued, places[i] - 1);
    }
    g_assert_true(tm_store_add_end(adder, &added, NULL));
    g_autoptr(GArray) leases = world_lease(w, 3);
    world_finish(w, world_at(leases, 0), TM_JOB_DONE, TM_CLASS_OK);
    world_finish(w, world_at(leases, 1), TM_JOB_FAILED, TM_CLASS_SCHEMA);
    g_autoptr(GArray) values = values_of(0, ROWS);
    for (guint i = 500; i < 520; i++)
        *value(values, i) = i % 2 ? 2 : 449; /* as those that have ended */
    add_and_judge(w, queued, values, options);
    g_autoptr(GArray) page = world_page(w, false);
    g_assert_cmpuint(page->len, ==, ROWS);
    for (guint i = 0; i < page->len; i++)
        if (g_array_index(page, tm_stored, i).ordinal != i + 1)
            g_error("row %u stands elsewhere", i + 1);
    world_refresh(w);
    g_assert_cmpint(w->batch->n[TM_JOB_DONE], ==, options.dedupe ? 11 : 1);
    g_assert_cmpint(w->batch->n[TM_JOB_FAILED], ==, options.dedupe ? 11 : 1);
}

typedef enum { SAME_FILE, CHANGED_FILE, OTHER_KIND } what_comes;

/* The loader dies after so many rows, some of which are committed; the same command goes on. */
static void cut_off(world *w, what_comes then, bool dedupe)
{
    tm_add_options options = {.dedupe = dedupe};
    g_autoptr(GHashTable) queued = queued_new();
    g_autoptr(GArray) values = values_of(0, ROWS);
    for (guint i = 100; i < 200; i++)
        *value(values, i * 200) = i % 7;
    tm_store *first = world_open(w);
    tm_adder *adder = tm_store_add_begin(first, w->batch, &options, NULL);
    for (guint i = 0; i < TM_CHUNK + 5; i++)
        world_add_row(adder, i + 1, *value(values, i), NULL);
    for (guint i = 0; i < TM_CHUNK; i++)
        ++*count_of(queued, *value(values, i));
    tm_database_die(first->database, first->worker);
    if (then == CHANGED_FILE) {
        int64_t new = 7000000;
        g_array_insert_val(values, 15000, new);
    }
    if (then == OTHER_KIND)
        options.dedupe = !dedupe;
    add_and_judge(w, queued, values, options);
    add_and_judge(w, queued, values, options);
    tm_store_add_abort(adder);
    tm_store_close(first);
}

static void test_goes_on(world *w, gconstpointer data)
{
    cut_off(w, SAME_FILE, GPOINTER_TO_INT(data));
}

static void test_goes_on_with_a_changed_file(world *w, gconstpointer data)
{
    cut_off(w, CHANGED_FILE, GPOINTER_TO_INT(data));
}

static void test_goes_on_as_another_kind(world *w, gconstpointer data)
{
    (void)data;
    cut_off(w, OTHER_KIND, false);
}

/* Stopped by the user: what came so far is queued, and work on it can begin. */
static void test_stopped(world *w, gconstpointer data)
{
    (void)data;
    tm_add_options options = {0};
    tm_added added;
    tm_adder *adder = tm_store_add_begin(w->store, w->batch, &options, NULL);
    for (int64_t i = 0; i < 30000; i++)
        world_add_row(adder, i + 1, i, NULL);
    g_assert_true(tm_store_add_stop(adder, &added, NULL));
    g_assert_cmpint(added.n_new, ==, 30000);
    world_check(w);
    int64_t freed;
    g_assert_true(tm_store_recover(w->store, false, &freed, NULL));
    g_assert_cmpint(world_number(w->store, "SELECT count(*) FROM jobkey"), ==, 30000);
    g_autoptr(GArray) leases = world_lease(w, 5);
    g_assert_cmpuint(leases->len, ==, 5);
}

/* Many rows behind others: those go on being sent, and a second adder waits for the keys. */
static void test_work_goes_on(world *w, gconstpointer data)
{
    (void)data;
    tm_add_options options = {0};
    world_add_range(w, 0, 50, options);
    tm_store *other = world_open(w);
    tm_adder *adder = tm_store_add_begin(other, w->batch, &options, NULL);
    for (int64_t i = 0; i < TM_CHUNK; i++)
        world_add_row(adder, i + 1, i + 25, NULL);
    g_autoptr(GArray) leases = world_lease(w, 5);
    g_assert_cmpuint(leases->len, ==, 5);
    GError *error = NULL;
    g_assert_null(tm_store_add_begin(w->store, w->batch, &options, &error));
    g_assert_error(error, TM_ERROR, TM_ERROR_BUSY);
    g_clear_error(&error);
    tm_added added;
    g_assert_true(tm_store_add_end(adder, &added, NULL));
    g_assert_cmpint(added.n_known, ==, 25);
    g_assert_cmpint(added.n_new, ==, TM_CHUNK - 25);
    world_check(w);
    tm_store_close(other);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_set_nonfatal_assertions();
#define T(name, data, function)                                                                              \
    g_test_add("/load/" name, world, GINT_TO_POINTER(data), world_setup, function, world_teardown)
    T("a file changes", 0, test_a_file_changes);
    T("a file changes, with dedupe", 1, test_a_file_changes);
    T("many rows behind a few that were tried", 0, test_many_rows_behind_a_few);
    T("the same with copies", 1, test_many_rows_behind_a_few);
    T("cut off, it goes on", 0, test_goes_on);
    T("cut off, copies go on", 1, test_goes_on);
    T("cut off, the file has changed since", 0, test_goes_on_with_a_changed_file);
    T("cut off, the file has changed since, with dedupe", 1, test_goes_on_with_a_changed_file);
    T("cut off, then with dedupe", 0, test_goes_on_as_another_kind);
    T("stopped by the user", 0, test_stopped);
    T("work goes on while many rows are added", 0, test_work_goes_on);
    return g_test_run();
}
