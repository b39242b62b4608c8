#include "cmd/command.h"
#include "cmd/ui/say.h"
#include "store_fixture.h"
#include <unistd.h>

/* Runs a command as main does, on the world's store. Its exit status; *words gets the error's. */
static int run(world *w, const tm_command *command, char **words, ...)
{
    g_autoptr(GPtrArray) argv = g_ptr_array_new();
    g_ptr_array_add(argv, (gpointer)command->name);
    va_list args;
    va_start(args, words);
    for (char *word; (word = va_arg(args, char *));)
        g_ptr_array_add(argv, word);
    va_end(args);
    g_ptr_array_add(argv, NULL);
    int argc = (int)argv->len - 1;
    char **strings = (char **)argv->pdata;

    g_setenv("TIDEMILL_STORE", w->url, TRUE);
    tm_say_setup(-1, "never");
    g_autoptr(GOptionContext) options = g_option_context_new(NULL);
    g_option_context_add_main_entries(options, command->options, NULL);
    g_assert_true(g_option_context_parse(options, &argc, &strings, NULL));
    tm_context *context = tm_context_new();
    GError *error = NULL;
    int status = command->run(context, argc, strings, &error);
    if (words)
        *words = error ? g_strdup(error->message) : NULL;
    g_clear_error(&error);
    tm_context_free(context);
    world_refresh(w);
    return status;
}

static void test_cancel(world *w, gconstpointer data)
{
    (void)data;
    world_add_range(w, 0, 10, (tm_add_options){0});
    g_assert_cmpint(run(w, &tm_cmd_cancel, NULL, "colours", NULL), ==, TM_EXIT_OK);
    g_assert_cmpint(w->batch->n[TM_JOB_CANCELLED], ==, 10);
    g_assert_cmpint(run(w, &tm_cmd_cancel, NULL, "colours", NULL), ==, TM_EXIT_OK);
    g_autofree char *words = NULL;
    g_assert_cmpint(run(w, &tm_cmd_cancel, &words, "colors", NULL), ==, TM_EXIT_ERROR);
    g_assert_nonnull(strstr(words, "colours"));
    world_check(w);
}

static void test_retry(world *w, gconstpointer data)
{
    (void)data;
    world_add_range(w, 0, 3, (tm_add_options){0});
    g_autoptr(GArray) leases = world_lease(w, 2);
    world_finish(w, world_at(leases, 0), TM_JOB_FAILED, TM_CLASS_SCHEMA);
    world_finish(w, world_at(leases, 1), TM_JOB_FAILED, TM_CLASS_TRUNCATED);
    g_autofree char *words = NULL;
    g_assert_cmpint(run(w, &tm_cmd_retry, &words, "colours", "--class", "shcema", NULL), ==, TM_EXIT_USAGE);
    g_assert_nonnull(strstr(words, "did you mean schema"));
    g_assert_cmpint(run(w, &tm_cmd_retry, NULL, "colours", "--class", "schema", NULL), ==, TM_EXIT_OK);
    world_counts(w, 2, 0, 0, 1);
}

static void test_rm_asks(world *w, gconstpointer data)
{
    (void)data;
    world_add_range(w, 0, 3, (tm_add_options){0});
    g_autofree char *words = NULL;
    GError *error = NULL;
    if (!isatty(STDIN_FILENO)) {
        g_assert_cmpint(run(w, &tm_cmd_rm, &words, "colours", NULL), ==, TM_EXIT_USAGE);
        g_assert_nonnull(strstr(words, "--yes"));
    }
    world_counts(w, 3, 0, 0, 0);
    g_autofree char *name = g_strdup(w->batch->name);
    g_autoptr(tm_batch) other = world_batch(w, "other");
    tm_batch *removed = w->batch;
    w->batch = other;
    g_assert_cmpint(run(w, &tm_cmd_rm, NULL, name, "--yes", NULL), ==, TM_EXIT_OK);
    w->batch = removed;
    g_assert_false(tm_store_refresh(w->store, removed, &error));
    g_assert_error(error, TM_ERROR, TM_ERROR_STATE);
    g_clear_error(&error);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_set_nonfatal_assertions();
#define T(name, function) g_test_add("/commands/" name, world, NULL, world_setup, function, world_teardown)
    T("cancel stops the waiting rows of a batch that there is", test_cancel);
    T("retry takes a class, and guesses it", test_retry);
    T("rm wants a yes", test_rm_asks);
    return g_test_run();
}
