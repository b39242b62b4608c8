/* prompt_argument.c - a .prompt file, a text, or a prompt inside an AI Studio export. */
#include "cmd/prompt_argument.h"
#include "cmd/ui/say.h"
#include "core/error.h"
#include "core/guess.h"
#include "core/studio/import.h"
#include <string.h>

/* A path that is not there: the nearest prompt file of its folder is named. */
static gboolean fail_absent(const char *path, GError **error)
{
    g_autofree char *folder = g_path_get_dirname(path), *base = g_path_get_basename(path);
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    const char *name, *guess = NULL;
    g_autofree char *with_ending = g_strconcat(base, ".prompt", NULL);
    while (dir && (name = g_dir_read_name(dir)))
        if (g_str_has_suffix(name, ".prompt") && *name != '_')
            g_ptr_array_add(names, g_strdup(name));
    if (g_ptr_array_find_with_equal_func(names, with_ending, g_str_equal, NULL))
        guess = with_ending;
    else
        guess = tm_guess(base, (const char *const *)names->pdata, names->len);
    if (!guess)
        return tm_fail(error, TM_ERROR_INPUT, "%s: there is no such file", path);
    g_autofree char *near =
        strcmp(folder, ".") == 0 ? g_strdup(guess) : g_build_filename(folder, guess, NULL);
    return tm_fail(error, TM_ERROR_INPUT, "%s: there is no such file; did you mean %s?", path, near);
}

bool tm_prompt_is_data(const char *path)
{
    static const char *const endings[] = {".csv", ".tsv", ".jsonl", ".ndjson"};
    static const char *const packed[] = {"", ".gz", ".xz", ".zst", ".bz2"};
    for (size_t i = 0; i < G_N_ELEMENTS(endings); i++)
        for (size_t k = 0; k < G_N_ELEMENTS(packed); k++) {
            g_autofree char *ending = g_strconcat(endings[i], packed[k], NULL);
            if (g_str_has_suffix(path, ending))
                return true;
        }
    return false;
}

/* The prompt `name` (NULL: the only one) of an export. */
static tm_prompt *from_export(const char *path, const char *name, GError **error)
{
    const tm_import_options options = {0};
    g_autoptr(tm_import) import = tm_import_read(path, &options, error);
    if (!import) {
        g_prefix_error(error, "%s is no .prompt file, and as an AI Studio export: ", path);
        return NULL;
    }
    const tm_imported *found = tm_import_find(import, name, error);
    if (!found) {
        g_prefix_error(error, "%s: ", path);
        return NULL;
    }
    for (guint i = 0; i < found->notes->len; i++)
        tm_say("%s: %s", found->name, (const char *)found->notes->pdata[i]);
    tm_prompt *prompt = tm_prompt_from_text(found->name, found->text, strlen(found->text), NULL, error);
    if (prompt) {
        g_autofree char *absolute = g_canonicalize_filename(path, NULL);
        prompt->path = import->prompts->len == 1 && !name ? g_strdup(absolute)
                                                          : g_strconcat(absolute, "#", found->name, NULL);
    }
    return prompt;
}

static tm_prompt *from_path(const char *argument, GError **error)
{
    if (g_file_test(argument, G_FILE_TEST_EXISTS)) {
        if (tm_prompt_is_data(argument)) {
            tm_fail(error, TM_ERROR_INPUT,
                    "%s is data: the prompt comes first, a .prompt file or an AI Studio export, then %s (or "
                    "give the prompt's text by --prompt)",
                    argument, argument);
            return NULL;
        }
        bool folder = g_file_test(argument, G_FILE_TEST_IS_DIR);
        return !folder && g_str_has_suffix(argument, ".prompt") ? tm_prompt_load(argument, error)
                                                                : from_export(argument, NULL, error);
    }
    const char *hash = strrchr(argument, '#');
    g_autofree char *path = hash ? g_strndup(argument, (gsize)(hash - argument)) : g_strdup(argument);
    if (hash && hash[1] && g_file_test(path, G_FILE_TEST_EXISTS))
        return from_export(path, hash + 1, error);
    fail_absent(path, error);
    return NULL;
}

/* A variable that the input schema lacks, and one of the schema's that the template lacks and that looks
 * alike. */
static void warn_misspelt(const tm_prompt *prompt)
{
    const json_t *declared = json_object_get(prompt->input_schema, "properties");
    g_autoptr(GPtrArray) unused = g_ptr_array_new();
    size_t n;
    const tm_variable *variables = tm_template_variables(prompt->template, &n);
    const char *name;
    json_t *schema;
    json_object_foreach((json_t *)(uintptr_t)declared, name, schema) {
        bool used = false;
        for (size_t i = 0; i < n && !used; i++)
            used = strcmp(variables[i].name, name) == 0;
        if (!used)
            g_ptr_array_add(unused, (gpointer)(uintptr_t)name);
    }
    for (size_t i = 0; i < n && unused->len; i++) {
        const char *guess = tm_guess(variables[i].name, (const char *const *)unused->pdata, unused->len);
        if (!guess || json_object_get(declared, variables[i].name) ||
            json_object_get(prompt->input_default, variables[i].name))
            continue;
        g_autofree char *file = prompt->path ? g_path_get_basename(prompt->path) : g_strdup(prompt->name);
        g_autofree char *shown = tm_template_show(prompt->template, &variables[i]);
        tm_warn("%s:%d:%d: {{%s}} is not in the input schema; did you mean {{%s}}?%s", file,
                variables[i].line, variables[i].column, variables[i].name, guess, shown);
    }
}

tm_prompt *tm_prompt_argument(const char *argument, const char *text, const char *model, GError **error)
{
    if (!argument && !text) {
        tm_fail(error, TM_ERROR_USAGE, "a prompt is missing: a .prompt file, an export, or --prompt TEXT");
        return NULL;
    }
    tm_prompt *prompt =
        text ? tm_prompt_from_text("prompt", text, strlen(text), NULL, error) : from_path(argument, error);
    if (prompt && model) {
        g_free(prompt->model);
        prompt->model = g_strdup(g_str_has_prefix(model, "models/") ? model + strlen("models/") : model);
        g_clear_pointer(&prompt->provider, g_free);
    }
    if (prompt)
        warn_misspelt(prompt);
    return prompt;
}
