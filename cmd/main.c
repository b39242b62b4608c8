/* main.c - finds the command and runs it. */
#include "cmd/command.h"
#include "cmd/help.h"
#include "cmd/ui/progress.h"
#include "cmd/ui/say.h"
#include "core/error.h"
#include "core/guess.h"
#include <errno.h>
#include <jansson.h>
#include <langinfo.h>
#include <locale.h>
#include <malloc.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static gboolean opt_help, opt_help_all, opt_version;
static const GOptionEntry help_entries[] = {
    {"help", 'h', 0, G_OPTION_ARG_NONE, &opt_help, NULL, NULL},
    {"help-all", 0, 0, G_OPTION_ARG_NONE, &opt_help_all, NULL, NULL},
    {0},
};
static const GOptionEntry version_entries[] = {
    {"version", 0, 0, G_OPTION_ARG_NONE, &opt_version, NULL, NULL},
    {0},
};

static const tm_command *command_named(const char *name)
{
    for (const tm_command *const *command = tm_commands; *command; command++)
        if (strcmp((*command)->name, name) == 0)
            return *command;
    return NULL;
}

static int fail(GError *error, const tm_command *command)
{
    tm_error_say(error);
    bool usage = g_error_matches(error, TM_ERROR, TM_ERROR_USAGE);
    bool stopped = g_error_matches(error, TM_ERROR, TM_ERROR_STOPPED);
    if (usage && command) {
        g_autofree char *line = tm_help_usage(command);
        fprintf(stderr, "usage: %s   (more: tidemill help %s)\n", line, command->name);
    } else if (usage) {
        fprintf(stderr, "usage: tidemill COMMAND ...   (more: tidemill help)\n");
    }
    g_error_free(error);
    return usage ? TM_EXIT_USAGE : stopped ? TM_EXIT_WAITING : TM_EXIT_ERROR;
}

static void add_names(GPtrArray *names, const GOptionEntry *entries)
{
    for (; entries && entries->long_name; entries++)
        if (!(entries->flags & G_OPTION_FLAG_HIDDEN))
            g_ptr_array_add(names, (gpointer)entries->long_name);
}

/* Flags that people know of, and this version does not have. */
static const char *later(const char *name)
{
    static const char *const flags[][2] = {
        {"labels", "write the labels into the prompt's output schema, for instance label(enum): [a, b, c]"},
        {"pack", "each row goes in a request of its own"},
        {"votes", "each row is asked once"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(flags); i++)
        if (strcmp(flags[i][0], name) == 0)
            return flags[i][1];
    return NULL;
}

/* GOption's complaint as ours; an unknown option gets the nearest there is. Frees `problem`. */
static gboolean fail_options(GError *problem, const tm_command *command, GError **error)
{
    static const char unknown[] = "Unknown option ";
    g_autoptr(GError) owned = problem;
    if (!g_str_has_prefix(owned->message, unknown))
        return tm_fail(error, TM_ERROR_USAGE, "%s", owned->message);
    const char *option = owned->message + strlen(unknown);
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    if (command) {
        add_names(names, command->options);
        add_names(names, command->more);
    }
    add_names(names, tm_context_option_entries());
    add_names(names, help_entries);
    add_names(names, command ? NULL : version_entries);
    const char *guess = NULL;
    if (g_str_has_prefix(option, "--")) {
        g_autofree char *word = g_strndup(option + 2, strcspn(option + 2, "="));
        const char *instead = later(word);
        if (instead)
            return tm_fail(error, TM_ERROR_USAGE, "--%s is not in this version yet: %s", word, instead);
        guess = tm_guess(word, (const char *const *)names->pdata, names->len);
        g_autofree char *ending = g_strconcat("-", word, NULL); /* --format: --data-format */
        for (guint i = 0; i < names->len && !guess; i++)
            if (g_str_has_suffix(names->pdata[i], ending))
                guess = names->pdata[i];
    }
    return guess ? tm_fail(error, TM_ERROR_USAGE, "unknown option %s (did you mean --%s?)", option, guess)
                 : tm_fail(error, TM_ERROR_USAGE, "unknown option %s", option);
}

static gboolean fail_no_command(const char *name, GError **error)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    for (const tm_command *const *command = tm_commands; *command; command++)
        g_ptr_array_add(names, (gpointer)(*command)->name);
    g_ptr_array_add(names, (gpointer) "help");
    const char *guess = tm_guess(name, (const char *const *)names->pdata, names->len);
    return guess
               ? tm_fail(error, TM_ERROR_USAGE, "there is no command \"%s\" (did you mean %s?)", name, guess)
               : tm_fail(error, TM_ERROR_USAGE, "there is no command \"%s\"", name);
}

/* `--` has done its work once the options are out. */
static void drop_separator(int *argc, char **argv)
{
    if (*argc > 1 && strcmp(argv[1], "--") == 0) {
        memmove(argv + 1, argv + 2, (size_t)(*argc - 1) * sizeof *argv);
        --*argc;
    }
}

static gboolean check_count(const tm_command *command, int n, GError **error)
{
    if (n < command->min_args)
        return tm_fail(error, TM_ERROR_USAGE, "%s needs %s", command->name, command->args);
    if (command->max_args >= 0 && n > command->max_args)
        return command->max_args == 0
                   ? tm_fail(error, TM_ERROR_USAGE, "%s takes no arguments", command->name)
                   : tm_fail(error, TM_ERROR_USAGE, "%s takes at most %d argument%s: %s", command->name,
                             command->max_args, command->max_args == 1 ? "" : "s", command->args);
    return TRUE;
}

/* argv[0] is the command's name. */
static int run_command(tm_context *context, const tm_command *command, int argc, char **argv)
{
    g_autoptr(GOptionContext) options = g_option_context_new(NULL);
    g_option_context_set_help_enabled(options, FALSE);
    GOptionGroup *own = g_option_group_new("own", "", "", NULL, NULL);
    if (command->options)
        g_option_group_add_entries(own, command->options);
    if (command->more)
        g_option_group_add_entries(own, command->more);
    g_option_context_set_main_group(options, own);
    GOptionGroup *all = tm_context_options(context);
    g_option_group_add_entries(all, help_entries);
    g_option_context_add_group(options, all);

    GError *error = NULL, *problem = NULL;
    if (!g_option_context_parse(options, &argc, &argv, &problem)) {
        fail_options(problem, command, &error);
        return fail(error, command);
    }
    drop_separator(&argc, argv);
    if (opt_help || opt_help_all) {
        g_autofree char *text = tm_help_command(command, opt_help_all);
        fputs(text, stdout);
        return TM_EXIT_OK;
    }
    if (!tm_context_setup(context, &error) || !check_count(command, argc - 1, &error))
        return fail(error, command);
    int status = command->run(context, argc, argv, &error);
    tm_progress_clear();
    return error ? fail(error, command) : status;
}

static int help(const char *name)
{
    if (!name) {
        g_autofree char *text = tm_help_program();
        fputs(text, stdout);
        return TM_EXIT_OK;
    }
    const tm_command *command = command_named(name);
    if (!command) {
        GError *error = NULL;
        fail_no_command(name, &error);
        return fail(error, NULL);
    }
    g_autofree char *text = tm_help_command(command, false);
    fputs(text, stdout);
    return TM_EXIT_OK;
}

static int run_program(tm_context *context, int argc, char **argv)
{
    g_autoptr(GOptionContext) options = g_option_context_new(NULL);
    g_option_context_set_help_enabled(options, FALSE);
    g_option_context_set_strict_posix(options, TRUE); /* a command's options are the command's */
    g_option_context_set_main_group(options, tm_context_options(context));
    g_option_context_add_main_entries(options, help_entries, NULL);
    g_option_context_add_main_entries(options, version_entries, NULL);
    GError *error = NULL, *problem = NULL;
    if (!g_option_context_parse(options, &argc, &argv, &problem)) {
        fail_options(problem, NULL, &error);
        return fail(error, NULL);
    }
    if (!tm_context_setup(context, &error))
        return fail(error, NULL);
    if (opt_version) {
        puts("tidemill " TM_VERSION);
        return TM_EXIT_OK;
    }
    if (argc < 2) {
        if (opt_help || opt_help_all)
            return help(NULL);
        tm_fail(&error, TM_ERROR_USAGE, "no command given");
        return fail(error, NULL);
    }
    if (strcmp(argv[1], "help") == 0)
        return help(argc > 2 ? argv[2] : NULL);
    const tm_command *command = command_named(argv[1]);
    if (!command) {
        fail_no_command(argv[1], &error);
        return fail(error, NULL);
    }
    return run_command(context, command, argc - 1, argv + 1);
}

/* File names and archives need UTF-8 even in the C locale of cron; numbers keep C's. */
static void set_locale(void)
{
    setlocale(LC_CTYPE, "");
    if (strcmp(nl_langinfo(CODESET), "UTF-8") != 0 && !setlocale(LC_CTYPE, "C.UTF-8"))
        setlocale(LC_CTYPE, "UTF-8"); /* macOS's name of it */
}

/* Has the other end of our stdout gone? A write that failed long ago has left no errno. */
static bool reader_has_gone(void)
{
    struct pollfd out = {.fd = STDOUT_FILENO, .events = POLLOUT};
    return poll(&out, 1, 0) == 1 && (out.revents & POLLERR);
}

/* Rows and answers come and go by the megabyte: by its own measure of 128 KB the C library would give each
 * group's memory back and fetch it anew. */
static void keep_freed_memory(void)
{
#ifdef M_TRIM_THRESHOLD
    mallopt(M_TRIM_THRESHOLD, 4 << 20);
    mallopt(M_MMAP_THRESHOLD, 1 << 20);
#endif
}

int main(int argc, char **argv)
{
    set_locale();
    signal(SIGPIPE, SIG_IGN);
    json_object_seed(0);
    keep_freed_memory();
    tm_context *context = tm_context_new();
    int status = run_program(context, argc, argv);
    tm_context_free(context);
    errno = 0;
    if ((fflush(stdout) != 0 || ferror(stdout)) && status == TM_EXIT_OK) {
        int why = errno;
        if (why == EPIPE || reader_has_gone())
            return status; /* a reader that has had enough (head) is no error */
        fprintf(stderr, "tidemill: can't write the output%s%s\n", why ? ": " : "",
                why ? g_strerror(why) : "");
        status = TM_EXIT_ERROR;
    }
    return status;
}
