#include "store_fixture.h"

static const tm_add_options plain = {0};

/* ---- opening, batches ---- */

static void test_opens_again(world *w, gconstpointer data)
{
    (void)data;
    g_autofree char *id = g_strdup(tm_store_id(w->store));
    g_assert_cmpuint(strlen(id), >=, 8);
    tm_store_close(w->store);
    w->store = world_open(w);
    g_assert_cmpstr(tm_store_id(w->store), ==, id);
    g_autoptr(tm_store) reader = tm_store_open(w->url, &w->clock, true, NULL);
    g_assert_nonnull(reader);
    g_autoptr(tm_batch) found = tm_store_batch(reader, "colours", "/data", NULL);
    g_assert_nonnull(found);
    GError *error = NULL;
    g_assert_null(tm_store_open("postgresql://x", &w->clock, false, &error));
    g_assert_error(error, TM_ERROR, TM_ERROR_USAGE);
    g_clear_error(&error);
}

static void test_batches_have_names(world *w, gconstpointer data)
{
    (void)data;
    GError *error = NULL;
    tm_batch like = {.name = "colours", .dir = "/data", .identity = "other"};
    g_autoptr(tm_batch) second = tm_store_batch_new(w->store, &like, false, NULL);
    g_assert_cmpstr(second->name, ==, "colours-2");
    like.identity = "third";
    g_assert_null(tm_store_batch_new(w->store, &like, true, &error));
    g_assert_error(error, TM_ERROR, TM_ERROR_STATE);
    g_clear_error(&error);
    /* the same identity is the same batch: two runs of one command that begin at once */
    like.identity = "other";
    g_autoptr(tm_batch) again = tm_store_batch_new(w->store, &like, false, NULL);
    g_assert_cmpint(again->id, ==, second->id);
    /* the same name in another folder is another batch */
    tm_batch elsewhere = {.name = "colours", .dir = "/else", .identity = "else"};
    g_autoptr(tm_batch) third = tm_store_batch_new(w->store, &elsewhere, false, NULL);
    g_assert_cmpstr(third->name, ==, "colours");
    g_autoptr(tm_batch) here = tm_store_batch(w->store, "colours", "/else", NULL);
    g_assert_cmpint(here->id, ==, third->id);
    g_autoptr(tm_batch) there = tm_store_batch(w->store, "colours-2", "/else", NULL);
    g_assert_cmpint(there->id, ==, second->id);
    g_assert_null(tm_store_batch(w->store, "colours", "/nowhere", &error));
    g_assert_nonnull(strstr(error->message, "#"));
    g_clear_error(&error);
    g_autofree char *number = g_strdup_printf("#%" G_GINT64_FORMAT, second->id);
    g_autoptr(tm_batch) by_number = tm_store_batch(w->store, number, "/x", NULL);
    g_assert_cmpint(by_number->id, ==, second->id);
    g_assert_null(tm_store_batch(w->store, "colors", "/data", &error));
    g_assert_nonnull(strstr(error->message, "did you mean colours"));
    g_clear_error(&error);
    g_autoptr(tm_batch) found = tm_store_batch_by_identity(w->store, "else", NULL);
    g_assert_cmpint(found->id, ==, third->id);
    g_assert_null(tm_store_batch_by_identity(w->store, "none", &error));
    g_assert_no_error(error);
}

static void test_batches_are_listed(world *w, gconstpointer data)
{
    (void)data;
    g_autoptr(tm_batch) later = world_batch(w, "later");
    world_add_range(w, 0, 3, plain);
    tm_batch *first = w->batch;
    w->batch = later;
    world_add_range(w, 0, 3, plain);
    w->batch = first;
    g_autoptr(GPtrArray) all = tm_store_batches(w->store, NULL, false, NULL);
    g_assert_cmpuint(all->len, ==, 2);
    g_assert_cmpstr(((tm_batch *)all->pdata[0])->name, ==, "later");
    g_autoptr(GPtrArray) open = tm_store_batches(w->store, "/data", true, NULL);
    g_assert_cmpstr(((tm_batch *)open->pdata[0])->name, ==, "colours");
    g_assert_true(tm_store_set_priority(w->store, later, 5, NULL));
    g_autoptr(GPtrArray) urgent = tm_store_batches(w->store, "/data", true, NULL);
    g_assert_cmpstr(((tm_batch *)urgent->pdata[0])->name, ==, "later");
    g_autoptr(GPtrArray) none = tm_store_batches(w->store, "/else", false, NULL);
    g_assert_cmpuint(none->len, ==, 0);
}

/* ---- leases and answers ---- */

static void test_rows_are_leased_in_order(world *w, gconstpointer data)
{
    (void)data;
    world_add_range(w, 0, 10, plain);
    g_autoptr(GArray) leases = world_lease(w, 4);
    g_assert_cmpuint(leases->len, ==, 4);
    for (guint i = 0; i < 4; i++) {
        g_autofree char *body = g_strdup_printf("{\"n\":%u}", i);
        g_assert_cmpint(world_at(leases, i)->ordinal, ==, i + 1);
        g_assert_cmpstr(world_at(leases, i)->body, ==, body);
        g_assert_cmpuint(world_at(leases, i)->length, ==, strlen(body));
        g_assert_cmpint(world_at(leases, i)->reservation, ==, 1000 + i);
        g_assert_cmpint(world_at(leases, i)->attempts, ==, 0);
    }
    world_counts(w, 6, 4, 0, 0);
    world_finish(w, world_at(leases, 1), TM_JOB_DONE, TM_CLASS_OK);
    world_finish(w, world_at(leases, 2), TM_JOB_FAILED, TM_CLASS_BAD_REQUEST);
    world_finish(w, world_at(leases, 3), TM_JOB_BLOCKED, TM_CLASS_BLOCKED);
    world_counts(w, 6, 1, 1, 1);
    g_autoptr(GArray) page = world_page(w, false);
    const tm_stored *done = &g_array_index(page, tm_stored, 1);
    g_assert_cmpstr(done->output, ==, "answer 2");
    g_assert_cmpint(done->state, ==, TM_JOB_DONE);
    g_assert_cmpint(done->attempts, ==, 1);
    g_assert_cmpint(done->revision, ==, w->batch->revision);
    g_assert_cmpint(done->usage.input, ==, 10);
    g_assert_cmpint(done->usage.cached, ==, -1);
    g_assert_cmpint(done->answered_ms, ==, w->wall_ms + 5);
    g_assert_cmpstr(done->account, ==, "free");
    g_assert_cmpint(g_array_index(page, tm_stored, 0).revision, ==, 0);
    g_assert_cmpint(g_array_index(page, tm_stored, 3).class, ==, TM_CLASS_BLOCKED);
    tm_store_totals_t totals;
    g_assert_true(tm_store_totals(w->store, w->batch, &totals, NULL));
    g_assert_cmpint(totals.answered, ==, 3);
    g_assert_cmpint(totals.tokens_in, ==, 30);
    g_assert_cmpint(totals.tokens_out, ==, 9);
    g_assert_cmpint(totals.body_bytes, ==, 3 * (int64_t)strlen("{\"n\":0}"));
    tm_class classes[10];
    g_assert_cmpint(tm_store_recent_classes(w->store, w->batch, classes, 10, NULL), ==, 3);
    g_assert_cmpint(classes[0], ==, TM_CLASS_BLOCKED);
    g_assert_cmpint(classes[1], ==, TM_CLASS_BAD_REQUEST);
    g_assert_cmpint(classes[2], ==, TM_CLASS_OK);
    g_assert_cmpint(world_number(w->store, "SELECT count(*) FROM request"), ==, 1);
}

static tm_finish back(world *w, const tm_lease *lease, int64_t not_before_ms)
{
    return (tm_finish){.job = lease->job,
                       .request = lease->request,
                       .batch = w->batch->id,
                       .revision = w->batch->revision,
                       .to = TM_JOB_WAITING,
                       .not_before_ms = not_before_ms};
}

static void test_what_comes_back_goes_first_when_its_time_has_come(world *w, gconstpointer data)
{
    (void)data;
    world_add_range(w, 0, 10, plain);
    g_autoptr(GArray) leases = world_lease(w, 3);
    tm_finish finishes[] = {back(w, world_at(leases, 0), w->wall_ms + 5000), back(w, world_at(leases, 1), 0),
                            back(w, world_at(leases, 2), w->wall_ms + 9000)};
    finishes[0].attempt = true;
    finishes[0].repeat = true;
    g_assert_true(tm_store_finish(w->store, finishes, 3, NULL));
    world_counts(w, 10, 0, 0, 0);
    g_assert_cmpint(w->batch->n_repeats, ==, 1);
    int64_t next;
    g_autoptr(GArray) some = world_lease_at(w, w->store, 2, &next);
    g_assert_cmpint(world_at(some, 0)->ordinal, ==, 2);
    g_assert_cmpint(world_at(some, 1)->ordinal, ==, 4);
    g_assert_cmpint(next, ==, w->wall_ms + 5000);
    w->wall_ms += 5000;
    g_autoptr(GArray) more = world_lease_at(w, w->store, 20, &next);
    g_assert_cmpuint(more->len, ==, 7);
    g_assert_cmpint(world_at(more, 0)->ordinal, ==, 1);
    g_assert_cmpint(world_at(more, 0)->attempts, ==, 1);
    g_assert_cmpint(next, ==, w->wall_ms + 4000);
    w->wall_ms += 4000;
    g_autoptr(GArray) last = world_lease_at(w, w->store, 20, &next);
    g_assert_cmpuint(last->len, ==, 1);
    g_assert_cmpint(next, ==, INT64_MAX);
    world_counts(w, 0, 10, 0, 0);
}

static void test_named_rows_only(world *w, gconstpointer data)
{
    (void)data;
    world_add_range(w, 0, 10, plain);
    int64_t ordinals[] = {7, 3, 99};
    g_autoptr(GArray) ids = tm_store_again(w->store, w->batch, ordinals, 3, NULL);
    g_assert_cmpuint(ids->len, ==, 2);
    int64_t reservations[5] = {1, 2, 3, 4, 5}, next;
    tm_lease_ask ask = {.batch = w->batch,
                        .account = "a",
                        .model = "m",
                        .wanted = 5,
                        .reservations = reservations,
                        .jobs = (int64_t *)(void *)ids->data,
                        .n_jobs = ids->len};
    g_autoptr(GArray) leases = world_leases();
    g_assert_true(tm_store_lease(w->store, &ask, leases, &next, NULL));
    g_assert_cmpuint(leases->len, ==, 2);
    g_assert_cmpint(world_at(leases, 0)->ordinal, ==, 7);
    g_assert_cmpint(world_at(leases, 1)->ordinal, ==, 3);
    /* ahead of the cursor, one comes back with a wait and one is done: the others go in order */
    tm_finish finish = back(w, world_at(leases, 1), w->wall_ms + 1000);
    g_assert_true(tm_store_finish(w->store, &finish, 1, NULL));
    world_finish(w, world_at(leases, 0), TM_JOB_DONE, TM_CLASS_OK);
    g_assert_true(tm_store_lease(w->store, &ask, leases, &next, NULL));
    g_assert_cmpuint(leases->len, ==, 2);
    g_assert_cmpint(next, ==, w->wall_ms + 1000);
    g_autoptr(GArray) rest = world_lease(w, 20);
    g_assert_cmpuint(rest->len, ==, 8);
    world_counts(w, 1, 8, 1, 0);
    w->wall_ms += 1000;
    g_autoptr(GArray) third = world_lease(w, 20);
    g_assert_cmpint(world_at(third, 0)->ordinal, ==, 3);
    /* done by this prompt: stays done. Failed: waits again */
    world_finish(w, world_at(third, 0), TM_JOB_FAILED, TM_CLASS_SCHEMA);
    g_autoptr(GArray) again = tm_store_again(w->store, w->batch, ordinals, 2, NULL);
    g_assert_cmpuint(again->len, ==, 2);
    world_counts(w, 1, 8, 1, 0);
}

static void test_a_late_answer_is_kept(world *w, gconstpointer data)
{
    (void)data;
    world_add_range(w, 0, 2, plain);
    tm_store *other = world_open(w);
    g_autoptr(GArray) leases = world_lease_at(w, other, 1, NULL);
    tm_lease lost = *world_at(leases, 0);
    int64_t freed;
    g_assert_true(tm_store_recover(w->store, false, &freed, NULL));
    g_assert_cmpint(freed, ==, 0); /* it lives */
    tm_store_close(other);
    g_assert_true(tm_store_recover(w->store, false, &freed, NULL));
    g_assert_cmpint(freed, ==, 1);
    world_counts(w, 2, 0, 0, 0);
    g_assert_cmpint(w->batch->n_repeats, ==, 1);
    g_autoptr(GArray) again = world_lease(w, 1);
    g_assert_cmpint(world_at(again, 0)->ordinal, ==, 1);
    g_assert_cmpint(world_at(again, 0)->attempts, ==, 0); /* a cut run is no fault of its row */
    g_assert_cmpint(world_at(again, 0)->request, !=, lost.request);
    world_finish(w, &lost, TM_JOB_DONE, TM_CLASS_OK);
    world_counts(w, 1, 1, 0, 0);
    g_assert_cmpint(
        world_number(w->store, "SELECT count(*) FROM answer WHERE job IS NULL AND output = 'answer 1'"), ==,
        1);
    world_finish(w, world_at(again, 0), TM_JOB_DONE, TM_CLASS_OK);
    world_finish(w, world_at(again, 0), TM_JOB_DONE, TM_CLASS_OK); /* told twice: late the second time */
    world_counts(w, 1, 0, 1, 0);
    g_assert_true(tm_store_recover(w->store, false, &freed, NULL));
    g_assert_cmpint(freed, ==, 0);
}

static void test_unknown_fates_can_be_held(world *w, gconstpointer data)
{
    (void)data;
    world_add_range(w, 0, 3, plain);
    tm_store *other = world_open(w);
    g_autoptr(GArray) leases = world_lease_at(w, other, 2, NULL);
    g_assert_cmpint(leases->len, ==, 2);
    tm_store_close(other);
    int64_t freed;
    g_assert_true(tm_store_recover(w->store, true, &freed, NULL));
    g_assert_cmpint(freed, ==, 2);
    world_counts(w, 1, 0, 0, 0);
    g_assert_cmpint(w->batch->n[TM_JOB_HELD], ==, 2);
    g_assert_cmpint(tm_store_retry(w->store, w->batch, TM_CLASS_SCHEMA, NULL), ==, 0);
    g_assert_cmpint(tm_store_retry(w->store, w->batch, TM_CLASS_UNKNOWN, NULL), ==, 2);
    world_counts(w, 3, 0, 0, 0);
}

static void test_answers_are_kept_byte_for_byte(world *w, gconstpointer data)
{
    (void)data;
    world_add_range(w, 0, 1, plain);
    g_autoptr(GArray) leases = world_lease(w, 1);
    g_auto(tm_answer) answer = {0};
    tm_answer_init(&answer);
    answer.text = g_memdup2("a\0b\xC3\xBC", (gsize)6);
    answer.text_length = 5;
    answer.parts = g_ptr_array_new_with_free_func(g_free);
    g_ptr_array_add(answer.parts, g_strdup("{\"a\":1}"));
    g_ptr_array_add(answer.parts, g_strdup("{\"b\":2}"));
    answer.model = g_strdup("m-001");
    tm_finish finish = back(w, world_at(leases, 0), 0);
    finish.to = TM_JOB_DONE;
    finish.answer = &answer;
    g_assert_true(tm_store_finish(w->store, &finish, 1, NULL));
    tm_stored row;
    g_assert_true(tm_store_row(w->store, w->batch, world_at(leases, 0)->job, &row, NULL));
    g_assert_cmpuint(row.output_length, ==, 5);
    g_assert_true(memcmp(row.output, "a\0b\xC3\xBC", 6) == 0);
    g_assert_cmpstr(row.parts, ==, "[{\"a\":1},{\"b\":2}]");
    g_assert_cmpstr(row.model, ==, "m-001");
    uint8_t key[16];
    world_key(0, key);
    g_assert_true(memcmp(row.key, key, sizeof key) == 0);
    tm_stored_clear(&row);
    GError *error = NULL;
    g_assert_false(tm_store_row(w->store, w->batch, world_at(leases, 0)->job + 1, &row, &error));
    g_assert_no_error(error);
}

/* ---- revisions ---- */

static void revise(world *w, const char *hash, bool requeue)
{
    GError *error = NULL;
    tm_revision like = {.hash = (char *)hash, .prompt = "{}", .options = "{\"o\":1}"};
    g_assert_true(tm_store_revise(w->store, w->batch, &like, requeue, &error));
    g_assert_no_error(error);
}

static void test_a_new_prompt_requeues_or_continues(world *w, gconstpointer data)
{
    (void)data;
    world_add_range(w, 0, 4, plain);
    g_autoptr(GArray) leases = world_lease(w, 3);
    world_finish(w, world_at(leases, 0), TM_JOB_DONE, TM_CLASS_OK);
    world_finish(w, world_at(leases, 1), TM_JOB_FAILED, TM_CLASS_SCHEMA);
    int64_t first = w->batch->revision;
    revise(w, "first", false); /* the same: nothing changes but the options */
    g_assert_cmpint(w->batch->revision, ==, first);
    world_counts(w, 1, 1, 1, 1);
    g_autoptr(tm_revision) read = tm_store_revision(w->store, first, NULL);
    g_assert_cmpstr(read->options, ==, "{\"o\":1}");
    revise(w, "second", false);
    world_counts(w, 1, 1, 1, 1);
    g_assert_cmpint(w->batch->revision, !=, first);
    g_assert_cmpint(tm_store_recent_classes(w->store, w->batch, (tm_class[5]){0}, 5, NULL), ==, 0);
    revise(w, "third", true);
    world_counts(w, 4, 0, 0, 0);
    int64_t classes[TM_N_CLASSES];
    g_assert_true(tm_store_classes(w->store, w->batch, classes, NULL));
    g_assert_cmpint(classes[TM_CLASS_SCHEMA], ==, 0);
    /* the running one answers an older prompt: kept, late */
    world_finish(w, world_at(leases, 2), TM_JOB_DONE, TM_CLASS_OK);
    world_counts(w, 4, 0, 0, 0);
    g_autoptr(GArray) again = world_lease(w, 10);
    g_assert_cmpuint(again->len, ==, 4);
    for (guint i = 0; i < 4; i++)
        world_finish(w, world_at(again, i), TM_JOB_DONE, TM_CLASS_OK);
    g_autoptr(GArray) all = world_page(w, true);
    g_assert_cmpuint(all->len, ==, 6); /* rows 1 and 2 have two answers each */
    g_autoptr(GArray) now = world_page(w, false);
    g_assert_cmpuint(now->len, ==, 4);
    g_assert_cmpint(g_array_index(now, tm_stored, 0).revision, ==, w->batch->revision);
    /* the same once more: what it has answered stays */
    revise(w, "third", true);
    world_counts(w, 0, 0, 4, 0);
    /* back to the first prompt: what it has answered counts at once */
    revise(w, "first", true);
    g_assert_cmpint(w->batch->revision, ==, first);
    world_counts(w, 3, 0, 1, 0);
    /* the same prompt again, asked anew: what failed waits, what is answered stays */
    g_autoptr(GArray) third = world_lease(w, 1);
    world_finish(w, world_at(third, 0), TM_JOB_FAILED, TM_CLASS_SCHEMA);
    world_counts(w, 2, 0, 1, 1);
    revise(w, "first", true);
    world_counts(w, 3, 0, 1, 0);
}

static void test_a_worker_with_an_older_prompt_gets_no_rows(world *w, gconstpointer data)
{
    (void)data;
    world_add_range(w, 0, 4, plain);
    tm_batch stale = *w->batch;
    revise(w, "second", false);
    int64_t reservation = 1, next;
    tm_lease_ask ask = {
        .batch = &stale, .account = "a", .model = "m", .wanted = 1, .reservations = &reservation};
    g_autoptr(GArray) leases = world_leases();
    GError *error = NULL;
    g_assert_false(tm_store_lease(w->store, &ask, leases, &next, &error));
    g_assert_error(error, TM_ERROR, TM_ERROR_CHANGED);
    g_clear_error(&error);
    world_check(w);
}

static void test_a_requeue_takes_the_copies_along(world *w, gconstpointer data)
{
    (void)data;
    int64_t rows[] = {1, 1, 2};
    world_add(w, rows, 3, (tm_add_options){.dedupe = true});
    g_autoptr(GArray) leases = world_lease(w, 5);
    world_finish(w, world_at(leases, 0), TM_JOB_DONE, TM_CLASS_OK);
    revise(w, "second", true);
    world_counts(w, 2, 0, 0, 0);
    g_assert_cmpint(w->batch->n[TM_JOB_SAME], ==, 1);
    revise(w, "first", true);
    world_counts(w, 1, 0, 2, 0);
    g_assert_cmpint(w->batch->n[TM_JOB_SAME], ==, 0);
}

/* ---- what the user does ---- */

static void test_cancelled_rows_are_not_sent(world *w, gconstpointer data)
{
    (void)data;
    world_add_range(w, 0, TM_CHUNK + 100, plain);
    g_autoptr(GArray) leases = world_lease(w, 3);
    tm_finish finish = back(w, world_at(leases, 0), w->wall_ms + 1000);
    g_assert_true(tm_store_finish(w->store, &finish, 1, NULL));
    g_assert_cmpint(tm_store_cancel(w->store, w->batch, NULL), ==, TM_CHUNK + 98);
    world_counts(w, 0, 2, 0, 0);
    g_autoptr(GArray) none = world_lease(w, 3);
    g_assert_cmpuint(none->len, ==, 0);
    g_assert_cmpint(tm_store_cancel(w->store, w->batch, NULL), ==, 0);
}

static void test_retry_by_class(world *w, gconstpointer data)
{
    (void)data;
    world_add_range(w, 0, 6, plain);
    g_autoptr(GArray) leases = world_lease(w, 6);
    world_finish(w, world_at(leases, 0), TM_JOB_FAILED, TM_CLASS_SCHEMA);
    world_finish(w, world_at(leases, 1), TM_JOB_FAILED, TM_CLASS_TRUNCATED);
    world_finish(w, world_at(leases, 2), TM_JOB_BLOCKED, TM_CLASS_BLOCKED);
    world_finish(w, world_at(leases, 3), TM_JOB_DONE, TM_CLASS_OK);
    g_assert_cmpint(tm_store_retry(w->store, w->batch, TM_CLASS_SCHEMA, NULL), ==, 1);
    world_counts(w, 1, 2, 1, 1);
    g_assert_cmpint(tm_store_retry(w->store, w->batch, TM_N_CLASSES, NULL), ==, 2);
    world_counts(w, 3, 2, 1, 0);
    g_autoptr(GArray) again = world_lease(w, 6);
    g_assert_cmpuint(again->len, ==, 3);
    g_assert_cmpint(world_at(again, 0)->attempts, ==, 0);
}

static void test_a_removed_batch_leaves_nothing(world *w, gconstpointer data)
{
    (void)data;
    g_autoptr(tm_batch) kept = world_batch(w, "kept");
    world_add_range(w, 0, TM_CHUNK + 50, plain);
    tm_batch *removed = w->batch;
    w->batch = kept;
    world_add_range(w, 0, 10, plain);
    w->batch = removed;
    tm_store *other = world_open(w);
    g_autoptr(GArray) leases = world_lease_at(w, other, 3, NULL);
    GError *error = NULL;
    g_assert_false(tm_store_remove(w->store, removed, &error));
    g_assert_error(error, TM_ERROR, TM_ERROR_STATE);
    g_clear_error(&error);
    world_finish_at(w, other, world_at(leases, 0), TM_JOB_FAILED, TM_CLASS_SCHEMA);
    world_finish_at(w, other, world_at(leases, 0), TM_JOB_FAILED, TM_CLASS_SCHEMA); /* a late one */
    tm_store_close(other);
    g_assert_true(tm_store_remove(w->store, removed, &error));
    g_assert_no_error(error);
    g_assert_false(tm_store_refresh(w->store, removed, &error));
    g_assert_error(error, TM_ERROR, TM_ERROR_STATE);
    g_clear_error(&error);
    static const char *const tables[] = {"job", "input", "jobkey"};
    for (size_t i = 0; i < G_N_ELEMENTS(tables); i++) {
        g_autofree char *sql = g_strdup_printf("SELECT count(*) FROM %s", tables[i]);
        sqlite3_stmt *statement = NULL;
        sqlite3_prepare_v2(tm_database_handle(w->store->database), sql, -1, &statement, NULL);
        g_assert_cmpint(sqlite3_step(statement), ==, SQLITE_ROW);
        g_assert_cmpint(sqlite3_column_int(statement, 0), ==, 10);
        sqlite3_finalize(statement);
    }
    g_assert_cmpint(world_number(w->store,
                                 "SELECT (SELECT count(*) FROM answer) + (SELECT count(*) FROM ready)"
                                 " + (SELECT count(*) FROM request) + (SELECT count(*) FROM request_job)"
                                 " + (SELECT count(*) FROM class_count)"),
                    ==, 0);
    g_assert_cmpint(world_number(w->store, "SELECT count(*) FROM batch"), ==, 1);
    g_assert_cmpint(world_number(w->store, "PRAGMA freelist_count"), ==, 0);
    /* its name and its identity are free again */
    g_autoptr(tm_batch) anew = world_batch(w, "colours");
    g_assert_cmpstr(anew->name, ==, "colours");
    world_check(w);
}

static void test_a_full_disk_changes_nothing_and_passes(world *w, gconstpointer data)
{
    (void)data;
    world_add_range(w, 0, 100, plain);
    g_autoptr(GArray) leases = world_lease(w, 50);
    world_number(w->store, "PRAGMA page_count");
    g_autofree char *limit =
        g_strdup_printf("PRAGMA max_page_count = %d", (int)world_number(w->store, "PRAGMA page_count") + 2);
    sqlite3_exec(tm_database_handle(w->store->database), limit, NULL, NULL, NULL);
    g_auto(tm_answer) answer = {0};
    tm_answer_init(&answer);
    answer.text = g_strnfill(2000, 'x');
    answer.text_length = 2000;
    tm_finish finishes[50];
    for (guint i = 0; i < 50; i++) {
        finishes[i] = back(w, world_at(leases, i), 0);
        finishes[i].to = TM_JOB_DONE;
        finishes[i].answer = &answer;
    }
    GError *error = NULL;
    g_assert_false(tm_store_finish(w->store, finishes, 50, &error));
    g_assert_error(error, TM_ERROR, TM_ERROR_FULL);
    g_clear_error(&error);
    world_counts(w, 50, 50, 0, 0);
    sqlite3_exec(tm_database_handle(w->store->database), "PRAGMA max_page_count = 100000", NULL, NULL, NULL);
    g_assert_true(tm_store_finish(w->store, finishes, 50, &error));
    g_assert_no_error(error);
    world_counts(w, 50, 0, 50, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_set_nonfatal_assertions();
#define TD(name, data, function)                                                                             \
    g_test_add("/store/" name, world, data, world_setup, function, world_teardown)
#define T(name, function) TD(name, NULL, function)
    T("a store opens again and keeps its id", test_opens_again);
    T("batches have names, and names folders", test_batches_have_names);
    T("batches are listed, open ones by priority", test_batches_are_listed);
    T("rows are leased in order and answered", test_rows_are_leased_in_order);
    T("what comes back goes first, when its time has come",
      test_what_comes_back_goes_first_when_its_time_has_come);
    T("named rows only", test_named_rows_only);
    T("a late answer is kept, and changes nothing", test_a_late_answer_is_kept);
    T("unknown fates can be held", test_unknown_fates_can_be_held);
    T("answers are kept byte for byte", test_answers_are_kept_byte_for_byte);
    T("a new prompt requeues or continues", test_a_new_prompt_requeues_or_continues);
    T("a worker with an older prompt gets no rows", test_a_worker_with_an_older_prompt_gets_no_rows);
    T("a requeue takes the copies along", test_a_requeue_takes_the_copies_along);
    T("cancelled rows are not sent", test_cancelled_rows_are_not_sent);
    T("retry by class", test_retry_by_class);
    T("a removed batch leaves nothing", test_a_removed_batch_leaves_nothing);
    T("a full disk changes nothing, and passes", test_a_full_disk_changes_nothing_and_passes);
    return g_test_run();
}
