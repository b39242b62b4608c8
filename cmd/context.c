/* context.c - what all commands share: the options of all, the clock, the folder. context_open.c opens the
 * rest. */
#include "cmd/context_inside.h"

#include "cmd/ui/say.h"
#include "core/error.h"
#include "jobs/clock_system.h"
#include <string.h>

static char *opt_config, *opt_store, *opt_color;
static gboolean opt_quiet, opt_verbose;

static const GOptionEntry entries[] = {
    {"config", 0, 0, G_OPTION_ARG_FILENAME, &opt_config,
     "Accounts and routes from FILE, not ~/.config/tidemill/config.yaml\n--config work.yaml", "FILE"},
    {"store", 0, 0, G_OPTION_ARG_FILENAME, &opt_store, "Keep the jobs there\n--store sqlite:/data/jobs.db",
     "URL"},
    {"quiet", 'q', 0, G_OPTION_ARG_NONE, &opt_quiet, "Say only what went wrong", NULL},
    {"verbose", 'v', 0, G_OPTION_ARG_NONE, &opt_verbose, "Say more", NULL},
    {"color", 0, 0, G_OPTION_ARG_STRING, &opt_color,
     "auto, always or never; auto heeds NO_COLOR\n--color never", "WHEN"},
    {0},
};

tm_context *tm_context_new(void)
{
    tm_context *context = g_new0(tm_context, 1);
    context->dir = g_get_current_dir();
    return context;
}

void tm_context_free(tm_context *context)
{
    if (!context)
        return;
    if (context->close)
        context->close(context);
    g_free(context->dir);
    g_free(context);
    g_clear_pointer(&opt_config, g_free);
    g_clear_pointer(&opt_store, g_free);
    g_clear_pointer(&opt_color, g_free);
}

GOptionGroup *tm_context_options(tm_context *context)
{
    GOptionGroup *group = g_option_group_new("all", "Options of all commands:", "", context, NULL);
    g_option_group_add_entries(group, entries);
    return group;
}

const GOptionEntry *tm_context_option_entries(void)
{
    return entries;
}

gboolean tm_context_setup(tm_context *context, GError **error)
{
    (void)context;
    const char *color = opt_color ? opt_color : "auto";
    if (strcmp(color, "auto") != 0 && strcmp(color, "always") != 0 && strcmp(color, "never") != 0)
        return tm_fail(error, TM_ERROR_USAGE, "--color is auto, always or never, not \"%s\"", color);
    if (opt_quiet && opt_verbose)
        return tm_fail(error, TM_ERROR_USAGE, "-q and -v contradict each other: give one of them");
    tm_say_setup(opt_quiet ? -1 : opt_verbose ? 1 : 0, color);
    return TRUE;
}

tm_clock *tm_context_clock(tm_context *context)
{
    (void)context;
    return tm_clock_system();
}

const char *tm_context_dir(tm_context *context)
{
    return context->dir;
}

char *tm_context_again(void)
{
    const char *const typed[][2] = {{"config", opt_config}, {"store", opt_store}};
    GString *words = g_string_new(NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(typed); i++) {
        g_autofree char *word = typed[i][1] ? tm_ui_word(typed[i][1]) : NULL;
        if (word)
            g_string_append_printf(words, " --%s %s", typed[i][0], word);
    }
    return g_string_free(words, FALSE);
}

const char *tm_context_option_config(void)
{
    return opt_config;
}

const char *tm_context_option_store(void)
{
    return opt_store;
}
