/* command.h - what a command is: name, words for the user, options, the function that runs it. */
#pragma once
#include "cmd/context.h"
#include <glib.h>

/* Exit statuses: a contract (docs/guide.md). */
enum {
    TM_EXIT_OK = 0, /* all answered */
    TM_EXIT_ERROR = 1,
    TM_EXIT_USAGE = 2,
    TM_EXIT_FAILED = 3,  /* done, but some rows failed, were blocked or broke the schema */
    TM_EXIT_WAITING = 4, /* stopped with rows waiting: the last line says why and what to type */
};

typedef struct {
    const char *name;
    const char *args;        /* "PROMPT DATA" */
    int min_args, max_args;  /* max -1: any number */
    const char *summary;     /* one line */
    const char *description; /* some lines for --help; may be NULL */
    const char *examples;    /* lines of "tidemill ..."; shown by --help */
    /* An option's description may hold a line end: what follows it is an example ("--limit 20"). */
    const GOptionEntry *options; /* the flags people use; may be NULL */
    const GOptionEntry *more;    /* the rest: --help-all; may be NULL */
    /* argv[0] is the command's name, argv[1..argc-1] its arguments, options taken out. A status other than
     * TM_EXIT_OK may come without *error when the command has said why itself; with *error the status follows
     * from the error (usage 2, others 1). */
    int (*run)(tm_context *context, int argc, char **argv, GError **error);
} tm_command;

extern const tm_command tm_cmd_import, tm_cmd_preview, tm_cmd_try, tm_cmd_plan, tm_cmd_add, tm_cmd_run,
    tm_cmd_status, tm_cmd_results, tm_cmd_retry, tm_cmd_cancel, tm_cmd_rm, tm_cmd_quota, tm_cmd_check,
    tm_cmd_simulate;
extern const tm_command *const tm_commands[]; /* NULL-terminated, in the order of --help: commands.c */
