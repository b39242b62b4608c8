/* Processes that add, lease and finish are killed at any moment; the next ones go on, and nothing is lost. */
#include "store_fixture.h"
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ROWS = 3000, ROUNDS = 40, WORKERS = 2, GROUP = 32 };

/* What a child tells its parent, once it is durable. */
typedef enum { LEASED = 1, ANSWERED } notice_kind;
typedef struct {
    int64_t ordinal;
    notice_kind what;
} notice;

static void child_add(world *w, tm_store *store, bool dedupe)
{
    tm_add_options options = {.dedupe = dedupe};
    tm_added added;
    tm_adder *adder = tm_store_add_begin(store, w->batch, &options, NULL);
    if (!adder)
        return; /* the other child is at it */
    for (int64_t i = 0; i < ROWS; i++)
        world_add_row(adder, i + 1, i % (ROWS - 100), NULL);
    tm_store_add_end(adder, &added, NULL);
}

static void tell(int to, GArray *leases, notice_kind what)
{
    for (guint i = 0; i < leases->len; i++) {
        notice n = {world_at(leases, i)->ordinal, what};
        if (write(to, &n, sizeof n) != sizeof n)
            _exit(3);
    }
}

static void child_answer(world *w, tm_store *store, GArray *leases)
{
    tm_finish finishes[GROUP];
    tm_answer answers[GROUP];
    for (guint i = 0; i < leases->len; i++) {
        const tm_lease *lease = world_at(leases, i);
        tm_answer_init(&answers[i]);
        answers[i].text = g_strdup_printf("answer %" G_GINT64_FORMAT, lease->ordinal);
        answers[i].text_length = strlen(answers[i].text);
        finishes[i] = (tm_finish){.job = lease->job,
                                  .request = lease->request,
                                  .batch = w->batch->id,
                                  .revision = w->batch->revision,
                                  .to = TM_JOB_DONE,
                                  .attempt = true,
                                  .answer = &answers[i],
                                  .account = "a",
                                  .model = "m",
                                  .done_ms = w->wall_ms};
    }
    if (!tm_store_finish(store, finishes, leases->len, NULL))
        _exit(4);
    for (guint i = 0; i < leases->len; i++)
        tm_answer_clear(&answers[i]);
}

/* The whole of a run: queue what is new, then work until nothing waits. */
static void child(world *w, int to, bool dedupe)
{
    g_autoptr(tm_store) store = tm_store_open(w->url, &w->clock, false, NULL);
    int64_t freed, next;
    int64_t reservations[GROUP] = {0};
    if (!store)
        _exit(5);
    child_add(w, store, dedupe);
    for (;;) {
        g_autoptr(GArray) leases = world_leases();
        tm_lease_ask ask = {
            .batch = w->batch, .account = "a", .model = "m", .wanted = GROUP, .reservations = reservations};
        if (!tm_store_recover(store, false, &freed, NULL) ||
            !tm_store_lease(store, &ask, leases, &next, NULL))
            _exit(6);
        if (leases->len == 0)
            return;
        tell(to, leases, LEASED);
        child_answer(w, store, leases);
        tell(to, leases, ANSWERED);
    }
}

static void listen_to(int from, uint8_t *answered)
{
    notice n;
    while (read(from, &n, sizeof n) == sizeof n)
        if (n.what == ANSWERED)
            answered[n.ordinal]++;
}

static void check(world *w, const uint8_t *answered)
{
    world_check(w);
    g_autoptr(GArray) page = world_page(w, false);
    for (guint i = 0; i < page->len; i++) {
        const tm_stored *row = &g_array_index(page, tm_stored, i);
        g_assert_cmpint(answered[row->ordinal], <=, 1); /* an answer that was told is never paid for again */
        if (answered[row->ordinal])
            g_assert_cmpint(row->state, ==, TM_JOB_DONE);
    }
}

static void test_killed(world *w, gconstpointer data)
{
    bool dedupe = GPOINTER_TO_INT(data);
    static uint8_t answered[ROWS + 1000];
    g_autoptr(GRand) random = g_rand_new_with_seed(GPOINTER_TO_INT(data) ? 11 : 12);
    memset(answered, 0, sizeof answered);
    for (int round = 0; round < ROUNDS && !g_test_failed(); round++) {
        pid_t children[WORKERS];
        int ends[2];
        g_assert_cmpint(pipe(ends), ==, 0);
        for (int i = 0; i < WORKERS; i++) {
            children[i] = fork();
            if (children[i] == 0) {
                close(ends[0]);
                child(w, ends[1], dedupe);
                _exit(0);
            }
        }
        close(ends[1]);
        for (int i = 0; i < WORKERS; i++) {
            if (round + 1 < ROUNDS) {
                g_usleep((gulong)g_rand_int_range(random, 200, 30000));
                kill(children[i], SIGKILL);
            }
        }
        listen_to(ends[0], answered);
        close(ends[0]);
        for (int i = 0; i < WORKERS; i++) {
            int status;
            waitpid(children[i], &status, 0);
            g_assert_true(WIFSIGNALED(status) || WEXITSTATUS(status) == 0);
        }
        if (round % 4 == 3 || round + 1 == ROUNDS)
            check(w, answered);
    }
    world_refresh(w);
    g_assert_cmpint(w->batch->n_total, ==, ROWS);
    g_assert_cmpint(w->batch->n[TM_JOB_DONE], ==, ROWS);
    g_assert_cmpint(w->batch->n_repeats, ==,
                    world_number(w->store, "SELECT count(*) FROM request JOIN request_job ON request = id"));
    g_assert_cmpint(world_number(w->store, "SELECT count(*) FROM answer"), ==, dedupe ? ROWS - 100 : ROWS);
    g_assert_cmpint(world_number(w->store, "SELECT count(*) FROM pragma_integrity_check"
                                           " WHERE integrity_check = 'ok'"),
                    ==, 1);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_set_nonfatal_assertions();
#define T(name, data)                                                                                        \
    g_test_add("/store/" name, world, GINT_TO_POINTER(data), world_setup, test_killed, world_teardown)
    T("killed at any moment, every row has one answer in the end", 0);
    T("the same with copies", 1);
    return g_test_run();
}
