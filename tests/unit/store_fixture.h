/* store_fixture.h - a job table in a folder of its own, with a clock that stands still until it is moved. */
#pragma once
#include "core/error.h"
#include "folder.h"
#include "jobs/store.h"
#include "jobs/store_private.h"
#include <glib.h>
#include <glib/gstdio.h>
#include <string.h>

typedef struct {
    tm_clock clock;
    int64_t wall_ms;
    char *folder, *url;
    tm_store *store;
    tm_batch *batch;
} world;

static inline tm_instant world_now(tm_clock *clock)
{
    world *w = (world *)clock;
    return (tm_instant){.wall_ms = w->wall_ms, .boot_ms = w->wall_ms, .boot_id = 7};
}

static inline tm_store *world_open(world *w)
{
    g_autoptr(GError) error = NULL;
    tm_store *store = tm_store_open(w->url, &w->clock, false, &error);
    g_assert_no_error(error);
    g_assert_nonnull(store);
    return store;
}

static inline tm_batch *world_batch(world *w, const char *name)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *identity = g_strconcat("identity of ", name, NULL);
    tm_batch like = {.name = (char *)name,
                     .dir = "/data",
                     .data = "/data/rows.csv",
                     .prompt = "/data/p.prompt",
                     .identity = identity};
    tm_batch *batch = tm_store_batch_new(w->store, &like, false, &error);
    g_assert_no_error(error);
    tm_revision revision = {.hash = "first", .prompt = "{}", .options = "{}"};
    g_assert_true(tm_store_revise(w->store, batch, &revision, false, &error));
    g_assert_no_error(error);
    return batch;
}

static inline void world_setup(world *w, gconstpointer data)
{
    (void)data;
    w->clock.now = world_now;
    w->wall_ms = INT64_C(1800000000000);
    w->folder = g_dir_make_tmp("tm-store-XXXXXX", NULL);
    w->url = g_strdup_printf("sqlite:%s/jobs/store.db", w->folder);
    w->store = world_open(w);
    w->batch = world_batch(w, "colours");
}

static inline void world_teardown(world *w, gconstpointer data)
{
    (void)data;
    tm_batch_free(w->batch);
    tm_store_close(w->store);
    folder_remove(w->folder);
    g_free(w->folder);
    g_free(w->url);
}

/* Keys and bodies of rows are made from a number. */
static inline void world_key(int64_t n, uint8_t key[16])
{
    memset(key, 0, 16);
    uint64_t mixed = (uint64_t)n * UINT64_C(0x9E3779B97F4A7C15);
    memcpy(key, &mixed, sizeof mixed);
    memcpy(key + 8, &n, sizeof n);
}

static inline bool world_add_row(tm_adder *adder, int64_t ordinal, int64_t n, bool *duplicate)
{
    g_autoptr(GError) error = NULL;
    uint8_t key[16];
    g_autofree char *body = g_strdup_printf("{\"n\":%" G_GINT64_FORMAT "}", n);
    world_key(n, key);
    bool ok = tm_store_add_row(adder, ordinal, key, body, strlen(body), duplicate, &error);
    g_assert_no_error(error);
    return ok;
}

/* Adds rows whose values are `values`, at 1, 2, 3, ... */
static inline tm_added world_add(world *w, const int64_t *values, size_t n, tm_add_options options)
{
    g_autoptr(GError) error = NULL;
    tm_added added = {0};
    tm_adder *adder = tm_store_add_begin(w->store, w->batch, &options, &error);
    g_assert_no_error(error);
    for (size_t i = 0; i < n; i++)
        world_add_row(adder, (int64_t)i + 1, values[i], NULL);
    g_assert_true(tm_store_add_end(adder, &added, &error));
    g_assert_no_error(error);
    return added;
}

static inline tm_added world_add_range(world *w, int64_t from, int64_t to, tm_add_options options)
{
    g_autoptr(GArray) values = g_array_new(FALSE, FALSE, sizeof(int64_t));
    for (int64_t n = from; n < to; n++)
        g_array_append_val(values, n);
    return world_add(w, (const int64_t *)(void *)values->data, values->len, options);
}

static inline GArray *world_leases(void)
{
    GArray *leases = g_array_new(FALSE, TRUE, sizeof(tm_lease));
    g_array_set_clear_func(leases, (GDestroyNotify)tm_lease_clear);
    return leases;
}

static inline GArray *world_lease_at(world *w, tm_store *store, int wanted, int64_t *next_ms)
{
    g_autoptr(GError) error = NULL;
    int64_t reservations[300], next;
    for (int i = 0; i < wanted; i++)
        reservations[i] = 1000 + i;
    tm_lease_ask ask = {
        .batch = w->batch, .account = "free", .model = "m", .wanted = wanted, .reservations = reservations};
    GArray *leases = world_leases();
    tm_store_lease(store, &ask, leases, next_ms ? next_ms : &next, &error);
    g_assert_no_error(error);
    return leases;
}

static inline GArray *world_lease(world *w, int wanted)
{
    return world_lease_at(w, w->store, wanted, NULL);
}

/* Ends a lease as `to`, with an answer of `class` whose text is "answer ORDINAL". */
static inline void world_finish_at(world *w, tm_store *store, const tm_lease *lease, tm_job_state to,
                                   tm_class class)
{
    g_autoptr(GError) error = NULL;
    g_auto(tm_answer) answer = {0};
    tm_answer_init(&answer);
    answer.class = class;
    answer.http = class == TM_CLASS_OK ? 200 : 400;
    answer.text = g_strdup_printf("answer %" G_GINT64_FORMAT, lease->ordinal);
    answer.text_length = strlen(answer.text);
    answer.usage = (tm_usage){10, -1, 3, -1};
    tm_finish finish = {.job = lease->job,
                        .request = lease->request,
                        .batch = w->batch->id,
                        .revision = w->batch->revision,
                        .bytes = (int64_t)lease->length,
                        .to = to,
                        .attempt = true,
                        .repeat = false,
                        .answer = &answer,
                        .account = "free",
                        .model = "m",
                        .left_ms = w->wall_ms,
                        .done_ms = w->wall_ms + 5};
    g_assert_true(tm_store_finish(store, &finish, 1, &error));
    g_assert_no_error(error);
}

static inline void world_finish(world *w, const tm_lease *lease, tm_job_state to, tm_class class)
{
    world_finish_at(w, w->store, lease, to, class);
}

static inline void world_refresh(world *w)
{
    g_assert_true(tm_store_refresh(w->store, w->batch, NULL));
}

static inline GArray *world_page(world *w, bool all_revisions)
{
    g_autoptr(GError) error = NULL;
    GArray *page = g_array_new(FALSE, TRUE, sizeof(tm_stored));
    g_array_set_clear_func(page, (GDestroyNotify)tm_stored_clear);
    g_assert_true(tm_store_page(w->store, w->batch, 0, 100000, all_revisions, page, &error));
    g_assert_no_error(error);
    return page;
}

static inline int64_t world_number(tm_store *store, const char *sql)
{
    int64_t value = -1;
    tm_sql_number(store, tm_database_sql(store->database, sql), -1, &value, NULL);
    return value;
}

/* What must hold at any moment: counters equal counts, every row has its input and key, `ready` and the
 * states agree, a running row has its request. */
static inline void world_check(world *w)
{
    static const struct {
        const char *what, *sql;
    } zero[] = {
        {"waiting", "SELECT count(*) FROM batch WHERE removing = 0 AND n_waiting <> (SELECT count(*) FROM "
                    "job WHERE job.batch = batch.id AND state = 0)"},
        {"running", "SELECT count(*) FROM batch WHERE removing = 0 AND n_running <> (SELECT count(*) FROM "
                    "job WHERE job.batch = batch.id AND state = 1)"},
        {"done", "SELECT count(*) FROM batch WHERE removing = 0 AND n_done <> (SELECT count(*) FROM job "
                 "WHERE job.batch = batch.id AND state = 2)"},
        {"failed", "SELECT count(*) FROM batch WHERE removing = 0 AND n_failed <> (SELECT count(*) FROM job "
                   "WHERE job.batch = batch.id AND state = 3)"},
        {"blocked", "SELECT count(*) FROM batch WHERE removing = 0 AND n_blocked <> (SELECT count(*) FROM "
                    "job WHERE job.batch = batch.id AND state = 4)"},
        {"cancelled", "SELECT count(*) FROM batch WHERE removing = 0 AND n_cancelled <> (SELECT count(*) "
                      "FROM job WHERE job.batch = batch.id AND state = 5)"},
        {"held", "SELECT count(*) FROM batch WHERE removing = 0 AND n_held <> (SELECT count(*) FROM job "
                 "WHERE job.batch = batch.id AND state = 6)"},
        {"same", "SELECT count(*) FROM batch WHERE removing = 0 AND n_same <> (SELECT count(*) FROM job "
                 "WHERE job.batch = batch.id AND state = 7)"},
        {"classes", "SELECT count(*) FROM class_count c JOIN batch ON batch.id = c.batch WHERE removing = 0 "
                    "AND n <> (SELECT count(*) FROM job WHERE job.batch = c.batch AND state IN (3, 4) AND "
                    "class = c.class)"},
        {"classes missing", "SELECT count(*) FROM (SELECT DISTINCT batch, class FROM job WHERE state IN (3, "
                            "4) AND class IS NOT NULL EXCEPT SELECT batch, class FROM class_count)"},
        {"inputs", "SELECT count(*) FROM job WHERE id NOT IN (SELECT job FROM input)"},
        {"jobs of inputs", "SELECT count(*) FROM input WHERE job NOT IN (SELECT id FROM job)"},
        {"keys", "SELECT count(*) FROM job JOIN batch ON batch.id = job.batch WHERE loading = 0 AND removing "
                 "= 0 AND job.id NOT IN (SELECT job FROM jobkey)"},
        {"keys twice", "SELECT count(*) FROM (SELECT job FROM jobkey GROUP BY job HAVING count(*) > 1)"},
        {"holes among occurrences", "SELECT count(*) FROM (SELECT 1 FROM jobkey GROUP BY batch, key HAVING "
                                    "max(occurrence) + 1 <> count(*))"},
        {"ready", "SELECT count(*) FROM ready WHERE NOT EXISTS (SELECT 1 FROM job WHERE job.id = ready.job "
                  "AND state = 0 AND job.not_before_ms = ready.not_before_ms)"},
        {"not ready",
         "SELECT count(*) FROM job WHERE not_before_ms IS NOT NULL AND NOT EXISTS (SELECT 1 FROM ready r "
         "WHERE r.batch = job.batch AND r.not_before_ms = job.not_before_ms AND r.job = job.id)"},
        {"unreachable", "SELECT count(*) FROM job JOIN batch ON batch.id = job.batch WHERE job.state = 0 AND "
                        "not_before_ms IS NULL AND ordinal <= cursor"},
        {"beyond", "SELECT count(*) FROM job JOIN batch ON batch.id = job.batch WHERE ordinal > top"},
        {"requests",
         "SELECT count(*) FROM job WHERE state = 1 AND NOT EXISTS (SELECT 1 FROM request JOIN request_job ON "
         "request = request.id WHERE request.id = job.request AND job = job.id AND request.state = 0)"},
        {"requests of others", "SELECT count(*) FROM job WHERE state <> 1 AND request IS NOT NULL"},
        {"answers", "SELECT count(*) FROM job WHERE state = 2 AND NOT EXISTS (SELECT 1 FROM answer a WHERE "
                    "a.id = job.answer AND a.job = coalesce(job.same_as, job.id))"},
        {"followers", "SELECT count(*) FROM job f JOIN job l ON l.id = f.same_as WHERE f.state <> l.state "
                      "AND NOT (f.state = 7 AND l.state IN (0, 1, 6))"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(zero); i++) {
        int64_t wrong = world_number(w->store, zero[i].sql);
        if (wrong != 0)
            g_test_message("%s: %" G_GINT64_FORMAT " wrong", zero[i].what, wrong);
        g_assert_cmpint(wrong, ==, 0);
    }
}

static inline void world_counts(world *w, int64_t waiting, int64_t running, int64_t done, int64_t failed)
{
    world_refresh(w);
    g_assert_cmpint(w->batch->n[TM_JOB_WAITING], ==, waiting);
    g_assert_cmpint(w->batch->n[TM_JOB_RUNNING], ==, running);
    g_assert_cmpint(w->batch->n[TM_JOB_DONE], ==, done);
    g_assert_cmpint(w->batch->n[TM_JOB_FAILED], ==, failed);
    world_check(w);
}

static inline const tm_lease *world_at(GArray *leases, guint i)
{
    return &g_array_index(leases, tm_lease, i);
}
