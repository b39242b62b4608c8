/* import.c - tidemill import EXPORT: an AI Studio export becomes .prompt files */
#include "core/studio/import.h"
#include "cmd/command.h"
#include "cmd/ui/say.h"
#include "cmd/ui/table.h"
#include "core/error.h"
#include "core/json.h"
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { SHOWN = 20 }; /* lines about files that were skipped */

static char *opt_dir;
static gboolean opt_list, opt_json, opt_force, opt_append;

static const GOptionEntry options[] = {
    {"output", 'o', 0, G_OPTION_ARG_FILENAME, &opt_dir, "Write into DIR (default: prompts)\n-o labels",
     "DIR"},
    {"list", 'l', 0, G_OPTION_ARG_NONE, &opt_list, "Only list the prompts, write nothing", NULL},
    {"append", 0, 0, G_OPTION_ARG_NONE, &opt_append,
     "Keep all turns of a chat as examples and add a user turn {{input}}", NULL},
    {"force", 'f', 0, G_OPTION_ARG_NONE, &opt_force, "Overwrite prompt files that are there", NULL},
    {"json", 0, 0, G_OPTION_ARG_NONE, &opt_json, "Print what was found as JSON", NULL},
    {0},
};

static void print_json(const tm_import *import)
{
    g_autoptr(json_t) json = tm_import_to_json(import);
    g_autoptr(GString) text = g_string_new(NULL);
    tm_json_write_indented(text, json, 2);
    puts(text->str);
}

static void print_list(const tm_import *import)
{
    static const char *const headings[] = {"prompt", "model", "variables", "answer", "file", NULL};
    tm_table *table = tm_table_new(headings);
    for (guint i = 0; i < import->prompts->len; i++) {
        const tm_imported *prompt = g_ptr_array_index(import->prompts, i);
        g_autofree char *variables = g_strjoinv(", ", prompt->variables);
        bool source = strcmp(prompt->api, "saved_prompt") != 0;
        g_autofree char *place =
            source ? g_strdup_printf("%s:%d", prompt->caller_file ? prompt->caller_file : prompt->file,
                                     prompt->caller_file ? prompt->caller_line : prompt->line)
                   : g_strdup(prompt->file);
        g_autofree char *file = tm_ui_show(STDOUT_FILENO, place);
        bool json = g_strcmp0(prompt->response_mime, "application/json") == 0;
        tm_table_row(table, prompt->name, prompt->model ? prompt->model : "-", *variables ? variables : "-",
                     prompt->schema ? "schema"
                     : json         ? "json"
                                    : "text",
                     file, NULL);
    }
    tm_table_print(table, stdout);
}

static void print_paths(const tm_import *import)
{
    for (guint i = 0; i < import->prompts->len; i++) {
        g_autofree char *path =
            tm_ui_show(STDOUT_FILENO, ((tm_imported *)g_ptr_array_index(import->prompts, i))->path);
        puts(path);
    }
}

static void say_skipped(const tm_import *import)
{
    for (guint i = 0; i < import->skipped->len; i++) {
        const tm_skipped *skipped = g_ptr_array_index(import->skipped, i);
        if (i == SHOWN) {
            tm_say("... and %u more; --json lists all", import->skipped->len - i);
            break;
        }
        if (skipped->line > 0)
            tm_say("%s:%d: %s", skipped->file, skipped->line, skipped->why);
        else
            tm_say("%s: skipped: %s", skipped->file, skipped->why);
    }
}

static void say_notes(const tm_import *import)
{
    for (guint i = 0; i < import->prompts->len; i++) {
        const tm_imported *prompt = g_ptr_array_index(import->prompts, i);
        for (guint n = 0; n < prompt->notes->len; n++)
            tm_say("%s: %s", prompt->path ? prompt->path : prompt->name,
                   (const char *)g_ptr_array_index(prompt->notes, n));
    }
}

/* How ready for a batch is it: complete, something to fill in, variables that its writer named, an answer of
 * known form? */
static int readiness(const tm_imported *prompt)
{
    bool varied = prompt->variables[0] != NULL;
    bool named = varied && strcmp(prompt->variables[0], "input") != 0;
    return prompt->complete * 8 + varied * 4 + named * 2 + prompt->schema;
}

static const tm_imported *first_choice(const tm_import *import)
{
    const tm_imported *best = g_ptr_array_index(import->prompts, 0);
    for (guint i = 1; i < import->prompts->len; i++) {
        const tm_imported *prompt = g_ptr_array_index(import->prompts, i);
        if (readiness(prompt) > readiness(best))
            best = prompt;
    }
    return best;
}

static char *quoted(const char *path)
{
    bool plain =
        strspn(path, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./") == strlen(path);
    return plain ? g_strdup(path) : g_shell_quote(path);
}

static void say_next(const tm_import *import)
{
    guint n = import->prompts->len, incomplete = 0;
    for (guint i = 0; i < n; i++)
        incomplete += !((tm_imported *)g_ptr_array_index(import->prompts, i))->complete;
    const tm_imported *prompt = first_choice(import);
    g_autofree char *path = quoted(prompt->path);
    g_autofree char *columns = g_strjoinv(", ", prompt->variables);
    if (incomplete > 0)
        tm_say("%u prompt%s written, %u of them with something that the export does not hold", n,
               n == 1 ? "" : "s", incomplete);
    else
        tm_say("%u prompt%s written", n, n == 1 ? "" : "s");
    if (*columns)
        tm_say("next: tidemill preview %s DATA   (a CSV or JSONL file with: %s)", path, columns);
    else
        tm_say("next: tidemill preview %s", path);
}

static gboolean fail_empty(const tm_import *import, const char *path, GError **error)
{
    for (guint i = 0; i < import->skipped->len; i++) {
        const tm_skipped *skipped = g_ptr_array_index(import->skipped, i);
        if (skipped->line > 0)
            return tm_fail(error, TM_ERROR_INPUT,
                           "%s: no prompt in it could be read. The first call of a model: %s, line %d: %s. A "
                           "prompt can also be given with --prompt",
                           path, skipped->file, skipped->line, skipped->why);
    }
    return tm_fail(error, TM_ERROR_INPUT, "%s: no prompt in it could be read", path);
}

static int run(tm_context *context, int argc, char **argv, GError **error)
{
    (void)context, (void)argc;
    tm_import_options how = {.append = opt_append};
    g_autoptr(tm_import) import = tm_import_read(argv[1], &how, error);
    if (!import)
        return TM_EXIT_ERROR;
    bool found = import->prompts->len > 0;
    if (found && !opt_list && !tm_import_write(import, opt_dir ? opt_dir : "prompts", opt_force, error))
        return TM_EXIT_ERROR;
    if (opt_json)
        print_json(import);
    else if (found && opt_list)
        print_list(import);
    else if (found)
        print_paths(import);
    say_skipped(import);
    say_notes(import);
    if (!found) {
        fail_empty(import, argv[1], error);
        return TM_EXIT_ERROR;
    }
    if (!opt_list)
        say_next(import);
    return TM_EXIT_OK;
}

const tm_command tm_cmd_import = {
    .name = "import",
    .args = "EXPORT",
    .min_args = 1,
    .max_args = 1,
    .summary = "AI Studio's apps and saved prompts -> .prompt files",
    .description =
        "EXPORT is an app's ZIP from AI Studio's Build mode or its folder, one source file or snippet of\n"
        "it; or the Drive folder \"Google AI Studio\" as a ZIP (a Takeout too) or a folder, or one saved\n"
        "prompt. Each call of a model, and each saved prompt, becomes one .prompt file. In TypeScript,\n"
        "JavaScript and Python names are followed over files; what only the running app knows becomes a\n"
        "variable, with the source's words in the file's metadata. In a saved prompt {{word}} stays a\n"
        "variable; in a chat without any, the last user turn becomes {{input}}. Nothing in an export is\n"
        "run, and nothing is overwritten without --force.",
    .examples = "tidemill import recipe-app.zip --list\n"
                "tidemill import \"Google AI Studio.zip\"\n"
                "tidemill import \"Review labels\" -o labels",
    .options = options,
    .run = run,
};
