/* test_store_io.c - what a user does to a batch, while calls of the disk fail or the power goes: it is done
 * or not done, what was said to be done stays so, and the same again does it. TIDEMILL_FAILURES=1 tries each
 * place (default: a share for CI). */
#include "tests/sim/power_vfs.h"
#include "tests/unit/store_fixture.h"

enum { ROWS = 14, COPIES = 30 };

typedef bool (*verb)(world *w, GError **error);

static bool retry(world *w, GError **error)
{
    return tm_store_retry(w->store, w->batch, TM_N_CLASSES, error) >= 0;
}

static bool cancel(world *w, GError **error)
{
    return tm_store_cancel(w->store, w->batch, error) >= 0;
}

static bool revise(world *w, bool requeue, GError **error)
{
    tm_revision revision = {.hash = "second", .prompt = "{}", .options = "{}"};
    return tm_store_revise(w->store, w->batch, &revision, requeue, error);
}

static bool requeue(world *w, GError **error)
{
    return revise(w, true, error);
}

static bool go_on(world *w, GError **error)
{
    return revise(w, false, error);
}

static bool again(world *w, GError **error)
{
    static const int64_t ordinals[] = {1, 4, 5, 6};
    g_autoptr(GArray) jobs = tm_store_again(w->store, w->batch, ordinals, G_N_ELEMENTS(ordinals), error);
    return jobs != NULL;
}

static bool recover(world *w, GError **error)
{
    int64_t freed;
    return tm_store_recover(w->store, false, &freed, error);
}

/* Rows with copies, some of rows that have ended. */
static bool add_copies(world *w, GError **error)
{
    tm_add_options options = {.dedupe = true};
    tm_added added;
    tm_adder *adder = tm_store_add_begin(w->store, w->batch, &options, error);
    for (int64_t i = 0; adder && i < COPIES; i++) {
        uint8_t key[16];
        world_key(i % 18, key);
        if (!tm_store_add_row(adder, i + 1, key, "{}", 2, NULL, error)) {
            tm_store_add_abort(adder);
            return false;
        }
    }
    return adder && tm_store_add_end(adder, &added, error);
}

static bool remove_batch(world *w, GError **error)
{
    g_autoptr(GError) failed = NULL;
    g_autoptr(tm_batch) batch = tm_store_batch_by_identity(w->store, "identity of colours", &failed);
    if (failed) {
        g_propagate_error(error, g_steal_pointer(&failed));
        return false;
    }
    bool more = batch == NULL; /* a removal that was cut off is ended by later commands */
    while (more)
        if (!tm_store_remove_some(w->store, &more, error))
            return false;
    return !batch || tm_store_remove(w->store, batch, error);
}

static const struct {
    const char *what;
    verb run;
    bool in_steps; /* cut off, some of it may be done */
} verbs[] = {
    {"retry", retry, false},
    {"cancel", cancel, false},
    {"a new prompt, all rows again", requeue, false},
    {"a new prompt for the rest", go_on, false},
    {"try", again, false},
    {"recovery after a worker died", recover, true},
    {"add with copies", add_copies, true},
    {"rm", remove_batch, true},
};

static const struct {
    const char *what;
    bool cut;
    power_call call;
    int64_t times;
    int code;
    power_loss loss; /* afterwards */
    int stride;      /* every so many are tried in CI */
} kinds[] = {
    {"the power goes", .cut = true, .loss = POWER_LOSES_ALL, .stride = 3},
    {"the power goes", .cut = true, .loss = POWER_LOSES_SOME, .stride = 2},
    {"read", .call = POWER_READ, .times = 1, .loss = POWER_LOSES_NONE, .stride = 3},
    {"write", .call = POWER_WRITE, .times = 1, .code = SQLITE_FULL, .stride = 3},
    {"write and all after it", .call = POWER_WRITE, .times = G_MAXINT64, .stride = 4},
    {"sync", .call = POWER_SYNC, .times = 1, .stride = 1},
    {"lock", .call = POWER_SHM_LOCK, .times = 1, .stride = 5},
    {"two locks", .call = POWER_SHM_LOCK, .times = 2, .stride = 7},
};

/* All that the tables say of the rows, as text. */
static char *state_of(world *w)
{
    static const char sql[] =
        "SELECT (SELECT group_concat(n_waiting || ' ' || n_running || ' ' || n_done || ' ' || n_failed || ' "
        "' ||"
        " n_blocked || ' ' || n_cancelled || ' ' || n_held || ' ' || n_same || ' ' || n_repeats) FROM batch) "
        "||"
        " ' / ' || coalesce((SELECT group_concat(state || coalesce('=' || same_as, ''), ',') FROM job), '') "
        "||"
        " ' / ' || (SELECT count(*) FROM input) || ' ' || (SELECT count(*) FROM jobkey) || ' ' ||"
        " (SELECT count(*) FROM answer)";
    sqlite3_stmt *statement = tm_database_sql(w->store->database, sql);
    char *text = tm_sql_row(w->store, statement, NULL) > 0 ? tm_sql_text(statement, 0) : NULL;
    sqlite3_reset(statement);
    return text ? text : g_strdup("nothing");
}

static void open_again(world *w)
{
    w->store = world_open(w);
}

/* A batch with rows in every state; the worker that held the running one has died. */
static void open_world(world *w)
{
    world_setup(w, NULL);
    world_add_range(w, 0, ROWS, (tm_add_options){0});
    g_autoptr(GArray) leases = world_lease(w, 8);
    static const struct {
        tm_job_state to;
        tm_class class;
    } ends[] = {{TM_JOB_DONE, TM_CLASS_OK},          {TM_JOB_DONE, TM_CLASS_OK},
                {TM_JOB_DONE, TM_CLASS_OK},          {TM_JOB_FAILED, TM_CLASS_SCHEMA},
                {TM_JOB_FAILED, TM_CLASS_TRUNCATED}, {TM_JOB_BLOCKED, TM_CLASS_BLOCKED},
                {TM_JOB_HELD, TM_CLASS_UNKNOWN}};
    for (guint i = 0; i < G_N_ELEMENTS(ends); i++)
        world_finish(w, world_at(leases, i), ends[i].to, ends[i].class);
    g_clear_pointer(&w->store, tm_store_close);
}

/* One command over: opened, done, closed. */
static bool command(world *w, verb run, GError **error)
{
    w->store = tm_store_open(w->url, &w->clock, false, error);
    bool good = w->store && run(w, error);
    g_clear_pointer(&w->store, tm_store_close);
    return good;
}

static char *look(world *w)
{
    open_again(w);
    g_assert_cmpint(world_number(w->store, "SELECT count(*) FROM pragma_integrity_check WHERE integrity_check"
                                           " = 'ok'"),
                    ==, 1);
    world_check(w);
    char *state = state_of(w);
    g_clear_pointer(&w->store, tm_store_close);
    return state;
}

static void close_world(world *w, power_vfs *vfs)
{
    world_teardown(w, NULL);
    power_vfs_free(vfs);
}

/* The nth of `kind`. False: there were not so many. */
static bool trouble(size_t v, size_t kind, int64_t nth, const char *before, const char *after)
{
    power_vfs *vfs = power_vfs_new(5);
    world w = {0};
    g_autoptr(GError) error = NULL, later = NULL;
    open_world(&w);
    if (kinds[kind].cut)
        power_vfs_cut_at(vfs, nth, false);
    else
        power_vfs_fail(vfs, kinds[kind].call, nth, kinds[kind].times, kinds[kind].code);
    bool good = command(&w, verbs[v].run, &error);
    bool happened = power_vfs_is_off(vfs) || power_vfs_has_failed(vfs);
    g_assert_true(good || (error && happened));
    if (error) /* it is the disk's fault, and is called so */
        g_assert_true(error->code == TM_ERROR_IO || error->code == TM_ERROR_FULL);
    g_assert_true(!error || !strstr(error->message, "another program"));
    power_vfs_restart(vfs, kinds[kind].loss, (guint32)nth);
    g_autofree char *left = look(&w);
    if (good)
        g_assert_cmpstr(left, ==, after);
    else if (!verbs[v].in_steps && strcmp(left, before) != 0)
        g_assert_cmpstr(left, ==, after);
    g_assert_true(command(&w, verbs[v].run, &later));
    g_assert_no_error(later);
    g_autofree char *end = look(&w);
    g_assert_cmpstr(end, ==, after);
    close_world(&w, vfs);
    if (g_test_failed())
        g_test_message("%s: %s, %" G_GINT64_FORMAT, verbs[v].what, kinds[kind].what, nth);
    return happened && !g_test_failed();
}

static void test_verb(gconstpointer data)
{
    size_t v = GPOINTER_TO_SIZE(data);
    int64_t tried = 0;
    power_vfs *vfs = power_vfs_new(5);
    world w = {0};
    g_autoptr(GError) error = NULL;
    open_world(&w);
    g_autofree char *before = look(&w);
    g_assert_true(command(&w, verbs[v].run, &error));
    g_assert_no_error(error);
    g_autofree char *after = look(&w);
    close_world(&w, vfs);
    for (size_t kind = 0; kind < G_N_ELEMENTS(kinds); kind++) {
        int step = g_getenv("TIDEMILL_FAILURES") ? 1 : kinds[kind].stride;
        for (int64_t n = 1; trouble(v, kind, n, before, after); n += step)
            tried++;
    }
    g_test_message("%s: %" G_GINT64_FORMAT " tried", verbs[v].what, tried);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_set_nonfatal_assertions();
    for (size_t i = 0; i < G_N_ELEMENTS(verbs); i++) {
        g_autofree char *path = g_strdup_printf("/store io/%s", verbs[i].what);
        g_test_add_data_func(path, GSIZE_TO_POINTER(i), test_verb);
    }
    return g_test_run();
}
