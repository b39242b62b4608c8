/* help.c - what --help and --help-all print. */
#include "cmd/help.h"

#include <string.h>

static const int option_column = 26; /* where an option's description begins */

char *tm_help_usage(const tm_command *command)
{
    bool options = command->options || command->more;
    return g_strdup_printf("tidemill %s%s%s%s", command->name, options ? " [OPTIONS]" : "",
                           command->args && *command->args ? " " : "", command->args ? command->args : "");
}

char *tm_help_program(void)
{
    GString *out = g_string_new("tidemill " TM_VERSION ": one prompt over a whole dataset, overnight, inside "
                                "the quota\n\nusage: tidemill COMMAND ...\n\n");
    for (const tm_command *const *command = tm_commands; *command; command++)
        g_string_append_printf(out, "  %-10s %s\n", (*command)->name, (*command)->summary);
    g_string_append(out, "  help       what a command does and takes: tidemill help COMMAND\n\n"
                         "Data goes to stdout, all talk to stderr. Exit status: 0 all answered, 1 error, "
                         "2 usage,\n3 some rows failed, 4 stopped with rows waiting.\n");
    return g_string_free(out, FALSE);
}

static void append_indented(GString *out, const char *text, const char *indent)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (char **line = lines; *line; line++)
        if (**line)
            g_string_append_printf(out, "%s%s\n", indent, *line);
        else if (line[1])
            g_string_append_c(out, '\n');
}

static void append_option(GString *out, const GOptionEntry *option)
{
    g_autoptr(GString) left = g_string_new(NULL);
    if (option->short_name)
        g_string_append_printf(left, "-%c, ", option->short_name);
    g_string_append_printf(left, "--%s", option->long_name);
    if (option->arg_description)
        g_string_append_printf(left, " %s", option->arg_description);
    g_auto(GStrv) lines = g_strsplit(option->description ? option->description : "", "\n", -1);
    g_string_append_printf(out, "  %-*s %s\n", option_column - 3, left->str, lines[0] ? lines[0] : "");
    for (char **line = lines + 1; lines[0] && *line; line++)
        g_string_append_printf(out, "%*se.g. %s\n", option_column, "", *line);
}

static void append_options(GString *out, const char *heading, const GOptionEntry *options)
{
    if (!options || !options->long_name)
        return;
    g_string_append_printf(out, "\n%s\n", heading);
    for (const GOptionEntry *option = options; option->long_name; option++)
        if (!(option->flags & G_OPTION_FLAG_HIDDEN) && *option->long_name)
            append_option(out, option);
}

char *tm_help_command(const tm_command *command, bool all)
{
    g_autofree char *usage = tm_help_usage(command);
    GString *out = g_string_new(NULL);
    g_string_append_printf(out, "usage: %s\n\n%s\n", usage, command->summary);
    if (command->description) {
        g_string_append_c(out, '\n');
        append_indented(out, command->description, "");
    }
    append_options(out, "Options:", command->options);
    if (all) {
        append_options(out, "More options:", command->more);
        append_options(out, "Options of all commands:", tm_context_option_entries());
    } else {
        g_string_append_printf(out, "\n  --help-all shows %s\n",
                               command->more ? "the rest, and the options of all commands"
                                             : "the options of all commands");
    }
    if (command->examples) {
        g_string_append(out, "\nExamples:\n");
        append_indented(out, command->examples, "  ");
    }
    return g_string_free(out, FALSE);
}
