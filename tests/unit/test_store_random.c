/* Random operations, on three handles of one store, against a model in memory. */
#include "store_fixture.h"

enum { HANDLES = 3, STEPS = 150, VALUES = 60, MOST_HASHES = 30 };

typedef struct {
    int64_t ordinal, value, occurrence, not_before_ms, request;
    tm_job_state state;
    tm_class class;
    int attempts;
    int leader;        /* index of the row it follows; -1 */
    int handle;        /* running: whose; -1: that one was closed */
    uint32_t answered; /* by which hashes, with class ok */
    int hash;          /* of the answer that counts; -1 */
} row;

typedef struct {
    tm_lease lease;
    int handle, hash;
    int64_t revision;
} flight;

typedef struct {
    world *w;
    GRand *random;
    bool dedupe;
    tm_store *handles[HANDLES]; /* the first is the world's */
    GArray *rows;               /* of row, in no order */
    GArray *flights;            /* of flight: also those whose rows were taken away */
    int64_t repeats;
    int hash, hashes;
} model;

static row *row_at(model *m, guint i)
{
    return &g_array_index(m->rows, row, i);
}

static int find(model *m, int64_t value, int64_t occurrence)
{
    for (guint i = 0; i < m->rows->len; i++)
        if (row_at(m, i)->value == value && row_at(m, i)->occurrence == occurrence)
            return (int)i;
    return -1;
}

static int find_ordinal(model *m, int64_t ordinal)
{
    for (guint i = 0; i < m->rows->len; i++)
        if (row_at(m, i)->ordinal == ordinal)
            return (int)i;
    return -1;
}

static int64_t top(model *m)
{
    int64_t highest = 0;
    for (guint i = 0; i < m->rows->len; i++)
        highest = MAX(highest, row_at(m, i)->ordinal);
    return highest;
}

static bool ended(tm_job_state state)
{
    return state == TM_JOB_DONE || state == TM_JOB_FAILED || state == TM_JOB_BLOCKED ||
           state == TM_JOB_CANCELLED;
}

static bool retriable(tm_job_state state)
{
    return state == TM_JOB_FAILED || state == TM_JOB_BLOCKED || state == TM_JOB_HELD;
}

/* Followers of `leader` that are in `from` become as it is now. */
static int64_t lead(model *m, int leader, tm_job_state from, tm_job_state to)
{
    int64_t n = 0;
    for (guint i = 0; i < m->rows->len; i++) {
        row *r = row_at(m, i);
        if (r->leader != leader || r->state != from)
            continue;
        r->state = to;
        r->class = row_at(m, (guint)leader)->class;
        r->hash = row_at(m, (guint)leader)->hash;
        n++;
    }
    return n;
}

/* ---- operations ---- */

static void expect_row(model *m, int64_t ordinal, int64_t value, int64_t occurrence, tm_added *added)
{
    added->n_duplicates += occurrence > 0;
    if (find(m, value, occurrence) >= 0) {
        added->n_known++;
        return;
    }
    row r = {.ordinal = ordinal,
             .value = value,
             .occurrence = occurrence,
             .not_before_ms = 0,
             .leader = -1,
             .handle = -1,
             .hash = -1};
    if (find_ordinal(m, ordinal) >= 0)
        r.ordinal = top(m) + 1;
    if (m->dedupe && occurrence > 0) {
        r.leader = find(m, value, 0);
        const row *leader = row_at(m, (guint)r.leader);
        r.state = ended(leader->state) ? leader->state : TM_JOB_SAME;
        r.class = leader->class;
        r.hash = leader->hash;
    } else {
        added->n_new++;
    }
    g_array_append_val(m->rows, r);
}

static void do_add(model *m, tm_store *store)
{
    int n = g_rand_int_range(m->random, 1, 40), seen[VALUES] = {0};
    tm_add_options options = {.dedupe = m->dedupe};
    tm_added expected = {0}, added;
    tm_adder *adder = tm_store_add_begin(store, m->w->batch, &options, NULL);
    g_assert_nonnull(adder);
    /* A first add numbers equal rows by their place, which in a file is their order. */
    bool first = m->rows->len == 0;
    int64_t place = 0;
    for (int i = 0; i < n; i++) {
        int64_t value = g_rand_int_range(m->random, 0, VALUES);
        int64_t ordinal =
            first ? place += g_rand_int_range(m->random, 1, 4) : g_rand_int_range(m->random, 1, 150);
        world_add_row(adder, ordinal, value, NULL);
        expect_row(m, ordinal, value, seen[value]++, &expected);
    }
    g_assert_true(tm_store_add_end(adder, &added, NULL));
    g_assert_cmpint(added.n_new, ==, expected.n_new);
    g_assert_cmpint(added.n_known, ==, expected.n_known);
    g_assert_cmpint(added.n_duplicates, ==, expected.n_duplicates);
}

static int64_t due_rows(model *m)
{
    int64_t n = 0;
    for (guint i = 0; i < m->rows->len; i++)
        n += row_at(m, i)->state == TM_JOB_WAITING && row_at(m, i)->not_before_ms <= m->w->wall_ms;
    return n;
}

static void do_lease(model *m, int handle)
{
    int wanted = g_rand_int_range(m->random, 1, 12);
    int64_t due = due_rows(m), next;
    g_autoptr(GArray) leases = world_lease_at(m->w, m->handles[handle], wanted, &next);
    g_assert_cmpint(leases->len, ==, MIN(due, wanted));
    for (guint i = 0; i < leases->len; i++) {
        tm_lease *lease = &g_array_index(leases, tm_lease, i);
        int at = find_ordinal(m, lease->ordinal);
        row *r = row_at(m, (guint)at);
        g_autofree char *body = g_strdup_printf("{\"n\":%" G_GINT64_FORMAT "}", r->value);
        g_assert_cmpint(r->state, ==, TM_JOB_WAITING);
        g_assert_cmpint(r->not_before_ms, <=, m->w->wall_ms);
        g_assert_cmpint(lease->attempts, ==, r->attempts);
        g_assert_cmpstr(lease->body, ==, body);
        r->state = TM_JOB_RUNNING;
        r->not_before_ms = 0;
        r->request = lease->request;
        r->handle = handle;
        flight f = {.lease = *lease, .handle = handle, .hash = m->hash, .revision = m->w->batch->revision};
        f.lease.body = NULL;
        g_array_append_val(m->flights, f);
    }
}

static void expect_finish(model *m, const flight *f, tm_job_state to, tm_class class, int64_t not_before_ms)
{
    int at = find_ordinal(m, f->lease.ordinal);
    row *r = row_at(m, (guint)at);
    if (r->state != TM_JOB_RUNNING || r->request != f->lease.request)
        return; /* late */
    r->state = to;
    r->attempts++;
    r->not_before_ms = not_before_ms;
    r->class = class;
    r->hash = f->hash;
    m->repeats += to == TM_JOB_WAITING;
    if (to == TM_JOB_DONE)
        r->answered |= 1u << f->hash;
    if (to == TM_JOB_DONE || to == TM_JOB_FAILED || to == TM_JOB_BLOCKED)
        lead(m, at, TM_JOB_SAME, to);
}

static void do_finish(model *m)
{
    if (m->flights->len == 0)
        return;
    static const struct {
        tm_job_state to;
        tm_class class;
    } ends[] = {
        {TM_JOB_DONE, TM_CLASS_OK},         {TM_JOB_DONE, TM_CLASS_OK},
        {TM_JOB_FAILED, TM_CLASS_SCHEMA},   {TM_JOB_FAILED, TM_CLASS_TRUNCATED},
        {TM_JOB_BLOCKED, TM_CLASS_BLOCKED}, {TM_JOB_HELD, TM_CLASS_UNKNOWN},
        {TM_JOB_WAITING, TM_CLASS_SERVER},
    };
    guint which = (guint)g_rand_int_range(m->random, 0, (gint32)m->flights->len);
    flight f = g_array_index(m->flights, flight, which);
    g_array_remove_index_fast(m->flights, which);
    guint end = (guint)g_rand_int_range(m->random, 0, G_N_ELEMENTS(ends));
    g_auto(tm_answer) answer = {0};
    tm_answer_init(&answer);
    answer.class = ends[end].class;
    answer.text = g_strdup("text");
    answer.text_length = 4;
    bool back = ends[end].to == TM_JOB_WAITING;
    tm_finish finish = {.job = f.lease.job,
                        .request = f.lease.request,
                        .batch = m->w->batch->id,
                        .revision = f.revision,
                        .to = ends[end].to,
                        .attempt = true,
                        .repeat = back,
                        .answer = &answer,
                        .account = "a",
                        .model = "m",
                        .done_ms = m->w->wall_ms,
                        .not_before_ms = back ? m->w->wall_ms + g_rand_int_range(m->random, -10, 50) : 0};
    g_assert_true(tm_store_finish(m->handles[f.handle], &finish, 1, NULL));
    expect_finish(m, &f, ends[end].to, ends[end].class, finish.not_before_ms);
}

/* A handle goes, as with a crash; another one finds what it left. */
static void do_crash(model *m, int handle)
{
    if (handle == 0)
        return;
    int64_t freed, expected = 0;
    tm_store_close(m->handles[handle]);
    m->handles[handle] = world_open(m->w);
    bool hold = g_rand_boolean(m->random);
    for (guint i = 0; i < m->rows->len; i++) {
        row *r = row_at(m, i);
        if (r->state != TM_JOB_RUNNING || r->handle != handle)
            continue;
        r->state = hold ? TM_JOB_HELD : TM_JOB_WAITING;
        r->class = TM_CLASS_UNKNOWN;
        r->not_before_ms = 0;
        m->repeats += !hold;
        expected++;
    }
    g_assert_true(tm_store_recover(m->w->store, hold, &freed, NULL));
    g_assert_cmpint(freed, >=, expected);
}

static int64_t expect_again(model *m, guint at)
{
    row *r = row_at(m, at);
    tm_job_state from = r->state;
    r->state = TM_JOB_WAITING;
    r->attempts = 0;
    r->not_before_ms = 0;
    return 1 + lead(m, (int)at, from, TM_JOB_SAME);
}

static void do_retry(model *m, tm_store *store)
{
    static const tm_class asked[] = {TM_N_CLASSES, TM_CLASS_SCHEMA, TM_CLASS_BLOCKED, TM_CLASS_UNKNOWN};
    tm_class class = asked[g_rand_int_range(m->random, 0, G_N_ELEMENTS(asked))];
    int64_t expected = 0;
    for (guint i = 0; i < m->rows->len; i++) {
        const row *r = row_at(m, i);
        if (retriable(r->state) && r->leader < 0 && (class == TM_N_CLASSES || r->class == class))
            expected += expect_again(m, i);
    }
    g_assert_cmpint(tm_store_retry(store, m->w->batch, class, NULL), ==, expected);
}

static void do_try(model *m, tm_store *store)
{
    int64_t ordinals[4];
    for (int i = 0; i < 4; i++) {
        ordinals[i] = g_rand_int_range(m->random, 1, 160);
        int at = find_ordinal(m, ordinals[i]);
        const row *r = at >= 0 ? row_at(m, (guint)at) : NULL;
        if (r && r->leader < 0 &&
            (r->state == TM_JOB_FAILED || r->state == TM_JOB_BLOCKED ||
             (r->state == TM_JOB_DONE && r->hash != m->hash)))
            expect_again(m, (guint)at);
    }
    g_autoptr(GArray) ids = tm_store_again(store, m->w->batch, ordinals, 4, NULL);
    g_assert_nonnull(ids);
}

static void do_cancel(model *m, tm_store *store)
{
    int64_t expected = 0;
    for (guint i = 0; i < m->rows->len; i++)
        if (row_at(m, i)->state == TM_JOB_WAITING) {
            row_at(m, i)->state = TM_JOB_CANCELLED;
            expected += 1 + lead(m, (int)i, TM_JOB_SAME, TM_JOB_CANCELLED);
        }
    g_assert_cmpint(tm_store_cancel(store, m->w->batch, NULL), ==, expected);
}

static void do_revise(model *m, tm_store *store)
{
    bool old = m->hashes > 1 && g_rand_boolean(m->random), requeue = g_rand_boolean(m->random);
    if (!old && m->hashes == MOST_HASHES)
        return;
    int before = m->hash;
    m->hash = old ? g_rand_int_range(m->random, 0, m->hashes) : m->hashes++;
    g_autofree char *name = g_strdup_printf("hash %d", m->hash);
    tm_revision like = {.hash = name, .prompt = "{}", .options = "{}"};
    g_assert_true(tm_store_revise(store, m->w->batch, &like, requeue, NULL));
    if (m->hash == before && !requeue)
        return;
    for (guint i = 0; requeue && i < m->rows->len; i++) {
        row *r = row_at(m, i);
        if (r->state == TM_JOB_CANCELLED)
            continue;
        r->state = r->leader < 0 ? TM_JOB_WAITING : TM_JOB_SAME;
        r->attempts = 0;
        r->not_before_ms = 0;
    }
    for (guint i = 0; old && i < m->rows->len; i++) {
        row *r = row_at(m, i);
        if (r->state == TM_JOB_WAITING && r->answered >> m->hash & 1) {
            r->state = TM_JOB_DONE;
            r->hash = m->hash;
            lead(m, (int)i, TM_JOB_SAME, TM_JOB_DONE);
        }
    }
}

/* ---- the store is as the model ---- */

static void compare(model *m)
{
    int64_t n[TM_N_JOB_STATES] = {0};
    for (guint i = 0; i < m->rows->len; i++)
        n[row_at(m, i)->state]++;
    world_refresh(m->w);
    for (int state = 0; state < TM_N_JOB_STATES; state++)
        g_assert_cmpint(m->w->batch->n[state], ==, n[state]);
    g_assert_cmpint(m->w->batch->n_total, ==, m->rows->len);
    g_assert_cmpint(m->w->batch->n_repeats, ==, m->repeats);
}

static void compare_rows(model *m)
{
    g_autoptr(GArray) page = world_page(m->w, false);
    g_assert_cmpuint(page->len, ==, m->rows->len);
    for (guint i = 0; i < page->len; i++) {
        const tm_stored *stored = &g_array_index(page, tm_stored, i);
        const row *r = row_at(m, (guint)find_ordinal(m, stored->ordinal));
        bool answered = r->state == TM_JOB_DONE || r->state == TM_JOB_FAILED || r->state == TM_JOB_BLOCKED;
        g_assert_cmpint(stored->state, ==, r->state);
        g_assert_cmpint(stored->revision != 0, ==, answered);
        if (answered && r->state != TM_JOB_DONE)
            g_assert_cmpint(stored->class, ==, r->class);
        if (r->leader < 0)
            g_assert_cmpint(stored->attempts, ==, r->attempts);
    }
    world_check(m->w);
}

static void step(model *m)
{
    int handle = g_rand_int_range(m->random, 0, HANDLES);
    tm_store *store = m->handles[handle];
    int what = g_rand_int_range(m->random, 0, 100);
    if (what < 12)
        do_add(m, store);
    else if (what < 40)
        do_lease(m, handle);
    else if (what < 80)
        do_finish(m);
    else if (what < 84)
        do_crash(m, handle);
    else if (what < 88)
        do_retry(m, store);
    else if (what < 92)
        do_try(m, store);
    else if (what < 93)
        do_cancel(m, store);
    else if (what < 95)
        do_revise(m, store);
    else
        m->w->wall_ms += g_rand_int_range(m->random, 1, 40);
}

static void test_random(world *w, gconstpointer data)
{
    model m = {.w = w, .random = g_rand_new_with_seed((guint32)GPOINTER_TO_INT(data)), .hashes = 1};
    m.rows = g_array_new(FALSE, TRUE, sizeof(row));
    m.flights = g_array_new(FALSE, TRUE, sizeof(flight));
    m.dedupe = GPOINTER_TO_INT(data) % 2;
    m.handles[0] = w->store;
    for (int i = 1; i < HANDLES; i++)
        m.handles[i] = world_open(w);
    tm_revision like = {.hash = "hash 0", .prompt = "{}", .options = "{}"};
    g_assert_true(tm_store_revise(w->store, w->batch, &like, false, NULL));
    for (int i = 0; i < STEPS && !g_test_failed(); i++) {
        step(&m);
        compare(&m);
        if (i % 25 == 24)
            compare_rows(&m);
        if (g_test_failed())
            g_test_message("seed %d, step %d", GPOINTER_TO_INT(data), i);
    }
    for (int i = 1; i < HANDLES; i++)
        tm_store_close(m.handles[i]);
    g_array_unref(m.rows);
    g_array_unref(m.flights);
    g_rand_free(m.random);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_set_nonfatal_assertions();
    const char *more = g_getenv("TM_SEEDS"); /* a longer search by hand */
    int seeds = more ? atoi(more) : 6;
    for (int seed = 1; seed <= seeds; seed++) {
        g_autofree char *name =
            g_strdup_printf("/store/random operations leave it as the model says, seed %d", seed);
        g_test_add(name, world, GINT_TO_POINTER(seed), world_setup, test_random, world_teardown);
    }
    return g_test_run();
}
