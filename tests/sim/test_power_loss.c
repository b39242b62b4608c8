/* test_power_loss.c - the power goes at every sync, and between any two changes of the disk, while rows are
 * queued, sent and read: what was told stays, and the same command goes on to one answer a row.
 * TIDEMILL_CUTS=1 tries each place with each kind of loss (default: a share for CI). */
#include "tests/sim/power_mill.h"
#include "tests/unit/folder.h"

/* What is being done when the power goes. */
typedef struct {
    const char *what;
    int queued;      /* rows that were queued before, and all is well */
    int rows, first; /* add so many rows, in a first add only the first of them; 0: nothing is added */
    bool run, reads;
    int checkpoint_at; /* pages */
    int stride;        /* every so many changes are tried in CI */
} story;

static const story stories[] = {
    {.what = "rows are queued for the first time", .rows = 300, .stride = 7},
    {.what = "rows are added to others", .first = 200, .rows = 300, .stride = 5},
    {.what = "add in small logs", .first = 100, .rows = 200, .checkpoint_at = 6, .stride = 11},
    {.what = "rows are sent", .queued = 8, .run = true, .stride = 9},
    {.what = "all at once, by the first command ever", .rows = 6, .run = true, .stride = 13},
    {.what = "rows are sent, the log is taken back in the middle",
     .queued = 8,
     .run = true,
     .checkpoint_at = 6,
     .stride = 19},
    {.what = "results are read while rows are sent",
     .queued = 8,
     .run = true,
     .reads = true,
     .checkpoint_at = 12,
     .stride = 29},
};

static char *dir; /* of all mills */

static bool is_long(void)
{
    return g_getenv("TIDEMILL_CUTS") != NULL;
}

/* The command. False: it did not come to its end. */
static bool work(mill *m, const story *s)
{
    g_autoptr(GError) error = NULL;
    return (!s->first || mill_add(m, s->first, &error)) && (!s->rows || mill_add(m, s->rows, &error)) &&
           (!s->run || mill_run(m, &error));
}

static void open_story(mill *m, const story *s, guint32 seed)
{
    g_autoptr(GError) error = NULL;
    mill_open(m, dir, 10, seed);
    m->reads = s->reads;
    m->checkpoint_at = s->checkpoint_at;
    if (s->queued)
        g_assert_true(mill_add(m, s->queued, &error));
    g_assert_no_error(error);
}

/* The power is back: all is there that was told, and the command goes on. */
static void go_on(mill *m, const story *s)
{
    mill_check_kept(m);
    g_assert_true(work(m, s));
    if (s->run)
        mill_check_end(m, MAX(s->queued, s->rows));
    else
        mill_check_queued(m, s->rows);
}

/* Cuts at the nth. False: the command was over before. */
static bool cut(const story *s, int64_t nth, bool syncs_only, power_loss how)
{
    mill m;
    open_story(&m, s, 7);
    power_vfs_cut_at(m.vfs, nth, syncs_only);
    bool ended = work(&m, s);
    bool off = power_vfs_is_off(m.vfs);
    g_assert_true(ended || off);
    mill_reboot(&m, how, (guint32)nth);
    go_on(&m, s);
    mill_close(&m);
    if (g_test_failed())
        g_test_message("%s: cut at %s %" G_GINT64_FORMAT ", %s of it lost", s->what,
                       syncs_only ? "sync" : "change", nth,
                       how == POWER_LOSES_ALL    ? "all"
                       : how == POWER_LOSES_SOME ? "some"
                                                 : "none");
    return off && !g_test_failed();
}

static void test_cuts(gconstpointer data)
{
    const story *s = data;
    int64_t tried = 0, syncs = 1, changes = 1;
    for (; cut(s, syncs, true, POWER_LOSES_ALL); syncs++)
        tried++;
    for (; cut(s, changes, false, POWER_LOSES_SOME); changes += is_long() ? 1 : s->stride)
        tried++;
    for (int64_t n = 1; is_long() && cut(s, n, false, POWER_LOSES_ALL); n++)
        tried++;
    for (int64_t n = 1; is_long() && cut(s, n, false, POWER_LOSES_NONE); n++)
        tried++;
    g_test_message("%s: %" G_GINT64_FORMAT " syncs, %" G_GINT64_FORMAT " changes, %" G_GINT64_FORMAT
                   " cuts tried",
                   s->what, syncs - 1, changes - 1, tried);
}

/* Bad wires: the power goes again and again, wherever it will, until the command has come through once. */
static void test_again_and_again(gconstpointer data)
{
    const story *s = data;
    int64_t cuts = 0;
    for (guint32 seed = 1; seed <= (is_long() ? 300u : 6u) && !g_test_failed(); seed++) {
        g_autoptr(GRand) random = g_rand_new_with_seed(seed);
        mill m;
        open_story(&m, s, seed);
        for (bool ended = false; !ended && !g_test_failed();) {
            power_vfs_cut_at(m.vfs, g_rand_int_range(random, 1, 400), false);
            ended = work(&m, s);
            cuts += power_vfs_is_off(m.vfs);
            mill_reboot(&m, (power_loss)g_rand_int_range(random, 0, 3), g_rand_int(random));
            mill_check_kept(&m);
        }
        go_on(&m, s);
        mill_close(&m);
        if (g_test_failed())
            g_test_message("%s: seed %u", s->what, seed);
    }
    g_test_message("%s: %" G_GINT64_FORMAT " cuts", s->what, cuts);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_set_nonfatal_assertions();
    dir = g_dir_make_tmp("tidemill-power-XXXXXX", NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(stories); i++) {
        g_autofree char *path = g_strdup_printf("/power/the power goes while %s", stories[i].what);
        g_test_add_data_func(path, &stories[i], test_cuts);
        g_autofree char *again = g_strdup_printf("/power/again and again/%s", stories[i].what);
        g_test_add_data_func(again, &stories[i], test_again_and_again);
    }
    int status = g_test_run();
    folder_remove(dir);
    g_free(dir);
    return status;
}
