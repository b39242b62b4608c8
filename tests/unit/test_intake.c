/* test_intake.c - datasets enter the store: what is new, what is rejected, what is chosen, and how it ends
 * early. */
#include "core/json.h"
#include "folder.h"
#include "jobs/clock_system.h"
#include "jobs/intake.h"
#include <glib/gstdio.h>
#include <string.h>

static char *dir;

typedef struct {
    char *path, *rejects;
    tm_store *store;
    tm_batch *batch;
    tm_prompt prompt; /* as far as a binding looks at it */
    tm_binding_options binding;
} world;

static void open_world(world *w, gconstpointer data)
{
    (void)data;
    g_autoptr(GError) error = NULL;
    dir = g_dir_make_tmp("tm-intake-XXXXXX", NULL);
    w->path = g_build_filename(dir, "data.csv", NULL);
    w->rejects = g_build_filename(dir, "rejects.jsonl", NULL);
    g_autofree char *url = g_strdup_printf("sqlite:%s/store.db", dir);
    w->store = tm_store_open(url, tm_clock_system(), false, &error);
    g_assert_no_error(error);
    tm_batch like = {.name = "b", .dir = dir, .data = w->path, .prompt = "p", .identity = "p data"};
    w->batch = tm_store_batch_new(w->store, &like, false, &error);
    g_assert_no_error(error);
    w->prompt.name = (char *)"p.prompt";
    w->prompt.template = tm_template_compile("{{text}}", 8, "p.prompt", 1, NULL, NULL, &error);
    g_assert_no_error(error);
}

static void close_world(world *w, gconstpointer data)
{
    (void)data;
    tm_batch_free(w->batch);
    tm_store_close(w->store);
    tm_template_free(w->prompt.template);
    g_free(w->path);
    g_free(w->rejects);
    folder_remove(dir);
    g_clear_pointer(&dir, g_free);
}

/* Takes in `text`; `name` tells its format. */
static gboolean take(world *w, const char *name, const char *text, const tm_intake_options *options,
                     tm_intake_result *result, GError **error)
{
    g_autofree char *path = g_build_filename(dir, name, NULL);
    g_assert_true(g_file_set_contents(path, text, -1, NULL));
    g_autoptr(tm_dataset) dataset = tm_dataset_open(path, NULL, error);
    g_assert_nonnull(dataset);
    g_autoptr(tm_binding) binding =
        tm_binding_new(&w->prompt, tm_dataset_columns(dataset), &w->binding, error);
    g_assert_nonnull(binding);
    gboolean good = tm_intake(w->store, w->batch, dataset, name, binding, options, result, error);
    g_assert_true(tm_store_refresh(w->store, w->batch, NULL));
    return good;
}

/* "ordinal=body" of each stored row, lines. */
static char *stored(const world *w)
{
    GString *out = g_string_new(NULL);
    g_autoptr(GArray) page = g_array_new(FALSE, TRUE, sizeof(tm_stored));
    g_array_set_clear_func(page, (GDestroyNotify)tm_stored_clear);
    g_assert_true(tm_store_page(w->store, w->batch, -1, 1000, false, page, NULL));
    for (guint i = 0; i < page->len; i++) {
        const tm_stored *s = &g_array_index(page, tm_stored, i);
        g_string_append_printf(out, "%s%d=%s", i ? " " : "", (int)s->ordinal, s->body);
    }
    return g_string_free(out, FALSE);
}

#define COUNTS(result, new, known, rejected)                                                                 \
    do {                                                                                                     \
        g_assert_cmpint((result).added.n_new, ==, new);                                                      \
        g_assert_cmpint((result).added.n_known, ==, known);                                                  \
        g_assert_cmpint((result).n_rejected, ==, rejected);                                                  \
    } while (0)

static void twice(world *w, gconstpointer data)
{
    (void)data;
    tm_intake_options options = {0};
    g_auto(tm_intake_result) first = {0}, again = {0}, more = {0}, grown = {0};
    g_assert_true(take(w, "a.csv", "text\nx\ny\n", &options, &first, NULL));
    COUNTS(first, 2, 0, 0);
    g_assert_cmpint(first.rows, ==, 2);
    g_assert_cmpint(tm_sizes_mean(&first.sizes) * first.rows, ==, 24);
    g_assert_true(take(w, "a.csv", "text\nx\ny\n", &options, &again, NULL));
    COUNTS(again, 0, 2, 0);
    /* sorted otherwise, a column more, a row between */
    g_assert_true(take(w, "a.csv", "n,text\n1,y\n2,z\n3,x\n", &options, &more, NULL));
    COUNTS(more, 1, 2, 0);
    /* a repeat is a row of its own */
    g_assert_true(take(w, "a.csv", "text\nx\nx\n", &options, &grown, NULL));
    COUNTS(grown, 1, 1, 0);
    g_assert_cmpint(w->batch->n_total, ==, 4);
}

static void rejects(world *w, gconstpointer data)
{
    (void)data;
    tm_intake_options options = {.rejects = w->rejects};
    g_auto(tm_intake_result) result = {0}, none = {0};
    g_assert_true(take(w, "a.csv", "text,b\nx,1\n", &options, &none, NULL));
    g_assert_false(g_file_test(w->rejects, G_FILE_TEST_EXISTS));
    g_assert_true(take(w, "a.csv", "text,b\nx,1\ny\nz,2\n\"q\n\xe9,1\n", &options, &result, NULL));
    COUNTS(result, 1, 1, 3);
    g_assert_cmpstr(g_ptr_array_index(result.reasons, 0), ==,
                    "a.csv:3: the row has 1 cell, the header has 2");
    g_autofree char *text = NULL;
    g_assert_true(g_file_get_contents(w->rejects, &text, NULL, NULL));
    g_assert_cmpstr(
        text, ==,
        "{\"line\":3,\"row\":2,\"why\":\"has 1 cell, the header has 2\",\"raw\":\"y\"}\n"
        "{\"line\":5,\"row\":4,\"why\":\"opens a quote that is never closed\",\"raw\":\"\\\"q\"}\n"
        "{\"line\":6,\"row\":5,\"why\":\"holds bytes that are not UTF-8\",\"raw\":\"\xef\xbf\xbd,1\"}\n");
    GStatBuf st;
    g_assert_true(g_stat(w->rejects, &st) == 0 && (st.st_mode & 0777) == 0600);
}

static void rejects_unwritable(world *w, gconstpointer data)
{
    (void)data;
    tm_intake_options options = {.rejects = "/nonexistent/rejects.jsonl"};
    g_auto(tm_intake_result) result = {0};
    g_assert_true(take(w, "a.csv", "text,b\ny\nx,1\n", &options, &result, NULL));
    COUNTS(result, 1, 0, 1);
    g_assert_nonnull(strstr(result.rejects_error, "/nonexistent/rejects.jsonl can't be written"));
}

static void strict(world *w, gconstpointer data)
{
    (void)data;
    tm_intake_options options = {.strict = true};
    g_auto(tm_intake_result) result = {0};
    g_autoptr(GError) error = NULL;
    g_assert_false(take(w, "a.csv", "text,b\nx,1\ny\n", &options, &result, &error));
    g_assert_cmpstr(error->message, ==, "a.csv:3: the row has 1 cell, the header has 2 (--strict)");
}

static void all_bad(world *w, gconstpointer data)
{
    (void)data;
    g_autoptr(GString) text = g_string_new(NULL);
    for (int i = 0; i < 150; i++)
        g_string_append(text, "{\"review\":\"x\",\"id\":1}\n");
    tm_intake_options options = {0};
    g_auto(tm_intake_result) result = {0}, mixed = {0};
    g_autoptr(GError) error = NULL;
    g_assert_false(take(w, "a.jsonl", text->str, &options, &result, &error));
    g_assert_true(g_str_has_prefix(
        error->message, "a.jsonl: none of the first 100 rows can be used, so it is not read on:\n"
                        "  a.jsonl:1: the row has no \"text\", which {{text}} at p.prompt:1 needs; it has "
                        "review, id. If another name holds it, add --map text=review\n"));
    g_string_prepend(text, "{\"text\":\"x\"}\n");
    g_assert_true(take(w, "a.jsonl", text->str, &options, &mixed, NULL));
    COUNTS(mixed, 1, 0, 150);
}

static void ids(world *w, gconstpointer data)
{
    (void)data;
    w->binding.id = "id";
    tm_intake_options options = {.by_id = true};
    g_auto(tm_intake_result) result = {0};
    g_assert_true(take(w, "a.csv", "id,text\n1,x\n2,y\n1,z\n,q\n", &options, &result, NULL));
    COUNTS(result, 2, 0, 2);
    g_assert_cmpint(result.rows, ==, 2);
    g_assert_cmpstr(g_ptr_array_index(result.reasons, 0), ==,
                    "a.csv:4: the row repeats the id of a row before it");
    g_assert_cmpstr(g_ptr_array_index(result.reasons, 1), ==,
                    "a.csv:5: the row has no value for its id, \"id\"");
}

static void duplicates(world *w, gconstpointer data)
{
    (void)data;
    tm_intake_options options = {.dedupe = true}, dry = {.dry_run = true};
    g_auto(tm_intake_result) counted = {0}, result = {0};
    g_assert_true(take(w, "a.csv", "text\nx\ny\nx\nx\n", &dry, &counted, NULL));
    COUNTS(counted, 4, 0, 0);
    g_assert_cmpint(counted.added.n_duplicates, ==, 2);
    g_assert_cmpint(w->batch->n_total, ==, 0);
    g_assert_true(take(w, "a.csv", "text\nx\ny\nx\nx\n", &options, &result, NULL));
    COUNTS(result, 2, 0, 0);
    g_assert_cmpint(result.added.n_duplicates, ==, 2);
    g_assert_cmpint(w->batch->n[TM_JOB_SAME], ==, 2);
}

static void chosen(world *w, gconstpointer data)
{
    (void)data;
    g_autoptr(GString) text = g_string_new("text\n");
    for (int i = 1; i <= 100; i++)
        g_string_append_printf(text, "t%d\n", i);
    tm_intake_options one = {.row = 7}, first = {.first = 2}, sample = {.sample = 10, .seed = 42},
                      past = {.row = 101};
    g_auto(tm_intake_result) r1 = {0}, r2 = {0}, r3 = {0}, r4 = {0}, r5 = {0};
    g_assert_true(take(w, "a.csv", text->str, &one, &r1, NULL));
    g_autofree char *now = stored(w);
    g_assert_cmpstr(now, ==, "7={\"text\":\"t7\"}");
    g_assert_true(take(w, "a.csv", text->str, &first, &r2, NULL));
    g_autofree char *then = stored(w);
    g_assert_cmpstr(then, ==, "1={\"text\":\"t1\"} 2={\"text\":\"t2\"} 7={\"text\":\"t7\"}");
    g_assert_cmpuint(r2.ordinals->len, ==, 2);
    g_assert_true(take(w, "a.csv", text->str, &past, &r5, NULL));
    g_assert_cmpuint(r5.ordinals->len, ==, 0);

    g_assert_true(take(w, "a.csv", text->str, &sample, &r3, NULL));
    g_assert_true(take(w, "a.csv", text->str, &sample, &r4, NULL));
    g_assert_cmpuint(r3.ordinals->len, ==, 10);
    g_assert_cmpint(r4.added.n_known, ==, 10);
    g_assert_true(memcmp(r3.ordinals->data, r4.ordinals->data, 10 * sizeof(int64_t)) == 0);
    for (guint i = 1; i < 10; i++)
        g_assert_cmpint(g_array_index(r3.ordinals, int64_t, i), >,
                        g_array_index(r3.ordinals, int64_t, i - 1));
}

/* In a file that has changed a row's number is not its place in the batch. */
static void chosen_elsewhere(world *w, gconstpointer data)
{
    (void)data;
    tm_intake_options all = {0}, second = {.row = 2}, third = {.row = 3};
    g_auto(tm_intake_result) r1 = {0}, r2 = {0}, r3 = {0};
    g_assert_true(take(w, "a.csv", "text\nx\ny\n", &all, &r1, NULL));
    g_assert_true(take(w, "a.csv", "text\nx\nnew\ny\n", &second, &r2, NULL));
    g_assert_cmpint(g_array_index(r2.ordinals, int64_t, 0), ==, 3);
    g_assert_true(take(w, "a.csv", "text\nx\nnew\ny\n", &third, &r3, NULL));
    g_assert_cmpint(g_array_index(r3.ordinals, int64_t, 0), ==, 2);
}

static void stopped(world *w, gconstpointer data)
{
    (void)data;
    volatile sig_atomic_t stop = 1;
    tm_intake_options options = {.stop = &stop}, go = {0};
    g_auto(tm_intake_result) result = {0}, rest = {0};
    g_assert_true(take(w, "a.csv", "text\nx\ny\n", &options, &result, NULL));
    g_assert_true(result.stopped);
    g_assert_true(take(w, "a.csv", "text\nx\ny\n", &go, &rest, NULL));
    g_assert_false(rest.stopped);
    g_assert_cmpint(w->batch->n_total, ==, 2);
}

static void nothing(world *w, gconstpointer data)
{
    (void)data;
    tm_intake_options options = {.rejects = w->rejects};
    g_auto(tm_intake_result) result = {0}, empty = {0};
    g_assert_true(take(w, "a.csv", "text\n", &options, &result, NULL));
    COUNTS(result, 0, 0, 0);
    g_assert_true(take(w, "a.csv", "", &options, &empty, NULL));
    COUNTS(empty, 0, 0, 0);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*test)(world *, gconstpointer);
    } tests[] = {
        {"the second time only what is new is queued", twice},
        {"rejects are kept with line, row, reason and text", rejects},
        {"a rejects file that can't be written costs no row", rejects_unwritable},
        {"strict stops at the first bad row", strict},
        {"when the first 100 rows all fail it stops", all_bad},
        {"an id that repeats or is empty rejects its row", ids},
        {"equal rows are counted, with dedupe asked once", duplicates},
        {"the first rows, one row, a sample", chosen},
        {"chosen rows are found where they stand in the batch", chosen_elsewhere},
        {"a stopped intake goes on with the same command", stopped},
        {"no rows, no file content", nothing},
    };
    g_test_init(&argc, &argv, NULL);
    g_test_set_nonfatal_assertions();
    for (size_t i = 0; i < G_N_ELEMENTS(tests); i++) {
        g_autofree char *name = g_strdup_printf("/intake/%s", tests[i].name);
        g_test_add(name, world, NULL, open_world, tests[i].test, close_world);
    }
    return g_test_run();
}
