/* context_open.c - finds and opens config, store and ledger when a command first asks for them. */
#include "cmd/context_inside.h"

#include "cmd/ui/say.h"
#include "cmd/ui/work.h"
#include "core/error.h"
#include "jobs/folder.h"
#include <string.h>
#include <sys/wait.h>

static void close_all(tm_context *context)
{
    g_clear_pointer(&context->store, tm_store_close);
    g_clear_pointer(&context->store_read, tm_store_close);
    g_clear_pointer(&context->ledger, tm_ledger_close);
    g_clear_pointer(&context->config, tm_config_free);
}

static const char *look_up(const char *name, void *data)
{
    (void)data;
    return g_getenv(name);
}

static const char *variable(const char *name)
{
    const char *value = g_getenv(name);
    return value && *value ? value : NULL;
}

tm_config *tm_context_config(tm_context *context, GError **error)
{
    if (context->config)
        return context->config;
    const char *named = tm_context_option_config();
    if (!named)
        named = variable("TIDEMILL_CONFIG");
    g_autofree char *usual = g_build_filename(g_get_user_config_dir(), "tidemill", "config.yaml", NULL);
    if (!named && g_file_test(usual, G_FILE_TEST_EXISTS))
        named = usual;
    context->config = tm_config_load(named, look_up, NULL, error);
    context->close = close_all;
    return context->config;
}

/* The store's URL; a path alone is one of SQLite's. Relative to `dir`, "~/" is the home. (transfer full) */
static char *store_url(const char *text, const char *dir)
{
    if (strstr(text, "://") || g_str_has_prefix(text, "postgres"))
        return g_strdup(text);
    const char *path = g_str_has_prefix(text, "sqlite:") ? text + strlen("sqlite:") : text;
    g_autofree char *absolute = g_str_has_prefix(path, "~/")
                                    ? g_build_filename(g_get_home_dir(), path + 2, NULL)
                                    : g_canonicalize_filename(path, dir);
    return g_strconcat("sqlite:", absolute, NULL);
}

/* Option, variable, config, default: the first that is there. (transfer full) */
static char *find_store(tm_context *context, GError **error)
{
    const char *named = tm_context_option_store();
    if (!named)
        named = variable("TIDEMILL_STORE");
    if (named)
        return store_url(named, context->dir);
    tm_config *config = tm_context_config(context, error);
    if (!config)
        return NULL;
    if (!config->store)
        return g_strdup_printf("sqlite:%s/tidemill/tidemill.db", g_get_user_data_dir());
    g_autofree char *file = g_canonicalize_filename(config->path, context->dir);
    g_autofree char *folder = g_path_get_dirname(file);
    return store_url(config->store, folder);
}

static gboolean make_folder(const char *path, GError **error)
{
    g_autofree char *folder = g_path_get_dirname(path);
    int failed = tm_folder_make(folder);
    if (failed)
        return tm_fail(error, TM_ERROR_IO, "can't make the folder %s: %s", folder, g_strerror(failed));
    return TRUE;
}

static const char *path_of(const char *url)
{
    return g_str_has_prefix(url, "sqlite:") ? url + strlen("sqlite:") : NULL;
}

static void show_work(const char *what, int64_t done, int64_t total, void *data)
{
    (void)data;
    g_autofree char *n = tm_ui_number(done);
    g_autofree char *words = g_strdup_printf("%s: %s", what, n);
    tm_progress_work(what, words, done, total);
}

tm_store *tm_context_store(tm_context *context, GError **error)
{
    if (context->store)
        return context->store;
    g_autofree char *url = find_store(context, error);
    if (!url || (path_of(url) && !make_folder(path_of(url), error)))
        return NULL;
    context->store = tm_store_open(url, tm_context_clock(context), false, error);
    if (context->store)
        tm_store_watch(context->store, show_work, NULL);
    context->close = close_all;
    return context->store;
}

tm_store *tm_context_store_read(tm_context *context, GError **error)
{
    if (context->store || context->store_read)
        return context->store ? context->store : context->store_read;
    g_autofree char *url = find_store(context, error);
    if (!url)
        return NULL;
    if (path_of(url) && !g_file_test(path_of(url), G_FILE_TEST_EXISTS)) {
        tm_fail(error, TM_ERROR_STATE, "nothing was queued yet: there is no store at %s", path_of(url));
        return NULL;
    }
    context->store_read = tm_store_open(url, tm_context_clock(context), true, error);
    context->close = close_all;
    return context->store_read;
}

tm_batch *tm_context_batch(tm_context *context, const char *name, tm_store **store, GError **error)
{
    tm_store *reader = tm_context_store_read(context, error);
    g_autoptr(tm_batch) batch = reader ? tm_store_batch(reader, name, context->dir, error) : NULL;
    *store = batch ? tm_context_store(context, error) : NULL;
    return *store ? g_steal_pointer(&batch) : NULL;
}

tm_ledger *tm_context_ledger(tm_context *context, GError **error)
{
    if (context->ledger)
        return context->ledger;
    const char *named = variable("TIDEMILL_LEDGER");
    g_autofree char *url = named ? store_url(named, context->dir)
                                 : g_strdup_printf("sqlite:%s/tidemill/ledger.db", g_get_user_state_dir());
    const char *path = path_of(url);
    if (!path) {
        tm_fail(error, TM_ERROR_USAGE, "TIDEMILL_LEDGER is sqlite:PATH or a path, not \"%s\"", named);
        return NULL;
    }
    if (!make_folder(path, error))
        return NULL;
    context->ledger = tm_ledger_open(path, tm_context_clock(context), error);
    context->close = close_all;
    return context->ledger;
}

/* A key's command: its first line; it may ask on the terminal. What it prints is shown nowhere. */
static char *run_key_command(const char *command, void *data, GError **error)
{
    (void)data;
    char *argv[] = {(char *)"/bin/sh", (char *)"-c", (char *)(gpointer)command, NULL};
    char *out = NULL;
    int status = 0;
    g_autoptr(GError) problem = NULL;
    if (!g_spawn_sync(NULL, argv, NULL, G_SPAWN_CHILD_INHERITS_STDIN, NULL, NULL, &out, NULL, &status,
                      &problem)) {
        tm_fail(error, TM_ERROR_STATE, "the key's command could not be started: %s", problem->message);
        return NULL;
    }
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        g_free(out);
        tm_fail(error, TM_ERROR_STATE, "the key's command failed (%s %d): %s",
                WIFEXITED(status) ? "exit status" : "signal",
                WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status), command);
        return NULL;
    }
    out[strcspn(out, "\r\n")] = '\0';
    return out;
}

gboolean tm_context_key(tm_context *context, tm_account *account, GError **error)
{
    return tm_config_key(context->config, account, look_up, run_key_command, NULL, error);
}
