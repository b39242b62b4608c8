/* test_io_errors.c - the nth read, write, sync, ... fails, once or from then on, while rows are queued, sent
 * and read: an error is said, nothing that was told is lost, and the same command goes on to its end.
 * TIDEMILL_FAILURES=1 tries each n (default: a share for CI). */
#include "tests/sim/power_mill.h"
#include "tests/unit/folder.h"

/* What is being done when a call fails. */
typedef struct {
    const char *what;
    int before; /* rows that were queued and answered before, just now and on another boot */
    int first;  /* rows of an add before that */
    int rows;   /* the command is about so many */
    bool run, results;
    int checkpoint_at; /* pages */
} story;

static const story stories[] = {
    {.what = "rows are queued for the first time", .rows = 150},
    {.what = "rows are added to others", .first = 100, .rows = 150},
    {.what = "all at once, by the first command ever", .rows = 5, .run = true},
    {.what = "a run goes on", .before = 6, .rows = 12, .run = true},
    {.what = "a run goes on, the log is taken back in the middle",
     .before = 4,
     .rows = 9,
     .run = true,
     .checkpoint_at = 6},
    {.what = "results are read", .before = 6, .rows = 6, .results = true},
};

static const struct {
    power_call call;
    int code;
    int stride; /* every so many are tried in CI */
} kinds[] = {
    {POWER_OPEN, 0, 2},           {POWER_READ, 0, 17},
    {POWER_WRITE, 0, 23},         {POWER_WRITE, SQLITE_FULL, 29},
    {POWER_TRUNCATE, 0, 2},       {POWER_SYNC, 0, 4},
    {POWER_SYNC, SQLITE_FULL, 7}, {POWER_LOCK, 0, 5},
    {POWER_SHM_MAP, 0, 2},        {POWER_SHM_LOCK, 0, 13},
};

static char *dir; /* of all mills */

static bool is_long(void)
{
    return g_getenv("TIDEMILL_FAILURES") != NULL;
}

/* The command. False: it did not come to its end. */
static bool work(mill *m, const story *s)
{
    g_autoptr(GError) error = NULL;
    bool good = s->results ? mill_results(m, &error) >= 0
                           : mill_add(m, s->rows, &error) && (!s->run || mill_run(m, &error));
    g_assert_true(good ? !error : error && error->message);
    return good;
}

static void open_story(mill *m, const story *s)
{
    g_autoptr(GError) error = NULL;
    mill_open(m, dir, 10, 7);
    m->checkpoint_at = s->checkpoint_at;
    if (s->before) {
        g_assert_true(mill_add(m, s->before, &error) && mill_run(m, &error));
        mill_reboot(m, POWER_LOSES_ALL, 0);
    }
    if (s->first)
        g_assert_true(mill_add(m, s->first, &error));
    g_assert_no_error(error);
}

/* The nth call fails. False: there were not so many. */
static bool fail(const story *s, size_t kind, int64_t nth, int64_t times)
{
    mill m;
    open_story(&m, s);
    power_vfs_fail(m.vfs, kinds[kind].call, nth, times, kinds[kind].code);
    work(&m, s);
    bool failed = power_vfs_has_failed(m.vfs);
    if (nth % 2)
        mill_reboot(&m, POWER_LOSES_ALL, 0);
    else
        power_vfs_restart(m.vfs, POWER_LOSES_NONE, 0);
    mill_check_kept(&m);
    g_assert_true(work(&m, s));
    if (s->run || s->results)
        mill_check_end(&m, s->rows);
    else
        mill_check_queued(&m, s->rows);
    mill_close(&m);
    if (g_test_failed())
        g_test_message("%s: %s %" G_GINT64_FORMAT "%s fails (%d)", s->what, power_call_name(kinds[kind].call),
                       nth, times > 1 ? " and all after it" : "", kinds[kind].code);
    return failed && !g_test_failed();
}

static void test_failures(gconstpointer data)
{
    const story *s = data;
    g_autoptr(GString) told = g_string_new(NULL);
    for (size_t kind = 0; kind < G_N_ELEMENTS(kinds); kind++)
        for (int forever = 0; forever < 2; forever++) {
            int64_t n = 1, tried = 0, step = is_long() ? 1 : kinds[kind].stride * (forever ? 5 : 1);
            for (; fail(s, kind, n, forever ? G_MAXINT64 : 1); n += step)
                tried++;
            if (!forever)
                g_string_append_printf(told, " %s %" G_GINT64_FORMAT " (%" G_GINT64_FORMAT " tried)",
                                       power_call_name(kinds[kind].call), n - 1, tried);
        }
    g_test_message("%s:%s", s->what, told->str);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_set_nonfatal_assertions();
    dir = g_dir_make_tmp("tidemill-power-XXXXXX", NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(stories); i++) {
        g_autofree char *path = g_strdup_printf("/io errors/%s", stories[i].what);
        g_test_add_data_func(path, &stories[i], test_failures);
    }
    int status = g_test_run();
    folder_remove(dir);
    g_free(dir);
    return status;
}
