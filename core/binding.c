/* binding.c - which column gives each variable, and what to say when none does. */
#include "core/binding_private.h"
#include "core/column.h"
#include "core/error.h"
#include "core/guess.h"
#include "core/json.h"
#include <string.h>

enum { MOST_SHOWN = 3 }; /* lines of the template in one message */

static int by_name(const void *a, const void *b)
{
    return strcmp(((const tm_bound *)a)->name, ((const tm_bound *)b)->name);
}

static tm_bound *bound_called(const tm_binding *binding, const char *name)
{
    for (size_t i = 0; i < binding->n; i++)
        if (strcmp(binding->bounds[i].name, name) == 0)
            return &binding->bounds[i];
    return NULL;
}

/* A name that no place in the template mentions, of one that reads the row as a whole. */
static tm_bound *add_bound(tm_binding *binding, const char *name)
{
    binding->bounds = g_renew(tm_bound, binding->bounds, binding->n + 1);
    binding->bounds[binding->n] = (tm_bound){.name = g_strdup(name)};
    return &binding->bounds[binding->n++];
}

static gboolean fail_variable(const tm_binding *binding, const char *flag, const char *name, GError **error)
{
    g_autofree char **names = g_new0(char *, binding->n + 1);
    for (size_t i = 0; i < binding->n; i++)
        names[i] = binding->bounds[i].name;
    const char *near = tm_guess(name, (const char *const *)names, binding->n);
    g_autofree char *all = tm_column_list(names, binding->n);
    return tm_fail(error, TM_ERROR_USAGE, "%s %s: %s has no variable {{%s}}%s%s%s; it has %s", flag, name,
                   binding->file, name, near ? "; did you mean " : "", near ? near : "", near ? "?" : "",
                   binding->n ? all : "none");
}

/* The only column beside the id; TM_NO_COLUMN: there are more, or none. */
static size_t only_column(const tm_binding *binding, char *const *columns, size_t n)
{
    size_t only = TM_NO_COLUMN;
    for (size_t i = 0; i < n; i++) {
        if (binding->id && tm_column_alike(columns[i], binding->id))
            continue;
        if (only != TM_NO_COLUMN)
            return TM_NO_COLUMN;
        only = i;
    }
    return only;
}

size_t tm_bound_column(const tm_binding *binding, tm_bound *b, char *const *columns, size_t n)
{
    size_t i = tm_column_find(columns, n, b->column ? b->column : b->name, !b->column, &b->hint);
    return i == TM_NO_COLUMN && !b->column && binding->alone ? only_column(binding, columns, n) : i;
}

/* Splits "NAME=TEXT" of each of `pairs` into the variable's place. */
static gboolean take_pairs(tm_binding *binding, char *const *pairs, const char *flag, bool is_map,
                           GError **error)
{
    for (; pairs && *pairs; pairs++) {
        const char *equals = strchr(*pairs, '=');
        if (!equals || equals == *pairs || (is_map && !equals[1]))
            return tm_fail(error, TM_ERROR_USAGE, "%s %s: write it as %s VARIABLE=%s", flag, *pairs, flag,
                           is_map ? "COLUMN" : "VALUE");
        g_autofree char *name = g_strndup(*pairs, (gsize)(equals - *pairs));
        tm_bound *b = bound_called(binding, name);
        if (!b && binding->whole)
            b = add_bound(binding, name);
        if (!b)
            return fail_variable(binding, flag, name, error);
        if (!is_map && !g_utf8_validate(equals + 1, -1, NULL))
            return tm_fail(error, TM_ERROR_USAGE, "%s %s: the value is not UTF-8", flag, name);
        char **place = is_map ? &b->column : &b->value;
        g_free(*place);
        *place = g_strdup(equals + 1);
        if (!is_map)
            b->needed = false;
    }
    return TRUE;
}

static gboolean fail_column(const char *flag, const char *name, char **columns, GError **error)
{
    size_t n = g_strv_length(columns);
    const char *near = tm_guess(name, (const char *const *)columns, n);
    g_autofree char *all = tm_column_list(columns, n);
    return tm_fail(error, TM_ERROR_USAGE, "%s: the data has no column '%s'%s%s%s; it has %s", flag, name,
                   near ? "; did you mean " : "", near ? near : "", near ? "?" : "", all);
}

/* The column that a variable without one might have meant, of those that are not taken. */
static const char *suggest(const tm_binding *binding, const char *name, char **columns)
{
    g_autoptr(GPtrArray) open = g_ptr_array_new();
    for (size_t i = 0; columns[i]; i++) {
        bool taken = binding->id && strcmp(binding->id, columns[i]) == 0;
        for (size_t k = 0; k < binding->n && !taken; k++)
            taken = binding->bounds[k].column && strcmp(binding->bounds[k].column, columns[i]) == 0;
        if (!taken)
            g_ptr_array_add(open, columns[i]);
    }
    return tm_column_suggest(name, (char *const *)open->pdata, open->len);
}

void tm_binding_write_flag(GString *out, const char *name, const char *column)
{
    g_autofree char *pair = g_strdup_printf("%s=%s", name, column ? column : "COLUMN");
    bool plain =
        pair[strspn(pair, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-=./:,+@%")] ==
        '\0';
    g_autofree char *quoted = plain ? g_strdup(pair) : g_shell_quote(pair);
    g_string_append_printf(out, " --map %s", quoted);
}

/* The line of the template that first uses the variable, with a caret. (transfer full) */
static char *show(const tm_prompt *prompt, const char *name)
{
    size_t n;
    const tm_variable *variables = tm_template_variables(prompt->template, &n);
    for (size_t i = 0; i < n; i++)
        if (strcmp(variables[i].name, name) == 0)
            return tm_template_show(prompt->template, &variables[i]);
    return g_strdup("");
}

/* {{a.b}} asks for b inside of a: a column called a.b is written {{[a.b]}}. NULL: there is none such. */
static const char *dotted_column(const char *name, char **columns)
{
    size_t n = strlen(name);
    for (; *columns; columns++)
        if (strncmp(*columns, name, n) == 0 && (*columns)[n] == '.')
            return *columns;
    return NULL;
}

/* All needed variables that the columns lack, in one message with the flags that mend it. */
static gboolean fail_missing(const tm_binding *binding, const tm_prompt *prompt, char **columns,
                             GError **error)
{
    g_autoptr(GString) text = g_string_new(NULL), flags = g_string_new(NULL), shown = g_string_new(NULL);
    g_autoptr(GString) guesses = g_string_new(NULL);
    const char *first = NULL;
    int lines = 0;
    for (size_t i = 0; i < binding->n; i++) {
        const tm_bound *b = &binding->bounds[i];
        if (!b->needed || b->column)
            continue;
        g_string_append_printf(text, "%s%s:%d:%d: {{%s}}", first ? ", " : "", binding->file, b->line, b->at,
                               b->name);
        const char *dotted = dotted_column(b->name, columns);
        const char *near = dotted ? dotted : tm_guess(b->name, (const char *const *)columns, (size_t)-1);
        if (near)
            g_string_append_printf(guesses, dotted ? "%s {{[%s]}}" : "%s {{%s}}",
                                   guesses->len ? "," : "; did you mean", near);
        if (lines++ < MOST_SHOWN) {
            g_autofree char *line = show(prompt, b->name);
            g_string_append(shown, line);
        }
        tm_binding_write_flag(flags, b->name, suggest(binding, b->name, columns));
        if (!first)
            first = b->name;
    }
    g_autofree char *all = tm_column_list(columns, g_strv_length(columns));
    return tm_fail(
        error, TM_ERROR_INPUT,
        "%s: the data has no such column%s%s columns are %s. Add%s (or --set %s=VALUE: one value for "
        "all rows)%s",
        text->str, guesses->str, guesses->len ? "? Its" : "; its", all, flags->str, first, shown->str);
}

/* Finds each variable's column among those known. */
static gboolean bind_columns(tm_binding *binding, const tm_prompt *prompt, char **columns, GError **error)
{
    size_t n = g_strv_length(columns);
    bool missing = false;
    for (size_t i = 0; i < binding->n; i++) {
        tm_bound *b = &binding->bounds[i];
        if (b->value)
            continue;
        size_t at = tm_bound_column(binding, b, columns, n);
        if (at == TM_NO_COLUMN && b->column)
            return fail_column("--map", b->column, columns, error);
        missing |= at == TM_NO_COLUMN && b->needed;
        if (at == TM_NO_COLUMN)
            continue;
        b->hint = at;
        g_free(b->column);
        b->column = g_strdup(columns[at]);
    }
    if (binding->id) {
        size_t at = tm_column_find(columns, n, binding->id, true, &binding->id_hint);
        if (at == TM_NO_COLUMN)
            return fail_column("--id", binding->id, columns, error);
        g_free(binding->id);
        binding->id = g_strdup(columns[at]);
    }
    return !missing || fail_missing(binding, prompt, columns, error);
}

static void take_variables(tm_binding *binding, const tm_prompt *prompt)
{
    size_t n;
    const tm_variable *variables = tm_template_variables(prompt->template, &n);
    binding->file = prompt->path ? g_path_get_basename(prompt->path) : g_strdup(prompt->name);
    binding->bounds = g_new0(tm_bound, n + 1);
    binding->n = n;
    for (size_t i = 0; i < n; i++) {
        bool by_default = prompt->input_default && json_object_get(prompt->input_default, variables[i].name);
        binding->bounds[i] = (tm_bound){.name = g_strdup(variables[i].name),
                                        .needed = variables[i].needed && !by_default,
                                        .media = variables[i].media,
                                        .line = variables[i].line,
                                        .at = variables[i].column};
    }
    binding->whole = tm_template_reads_row(prompt->template);
}

tm_binding *tm_binding_new(const tm_prompt *prompt, char **columns, const tm_binding_options *options,
                           GError **error)
{
    static const tm_binding_options none = {0};
    if (!options)
        options = &none;
    g_autoptr(tm_binding) binding = g_new0(tm_binding, 1);
    take_variables(binding, prompt);
    binding->id = g_strdup(options->id);
    binding->checksum = g_checksum_new(G_CHECKSUM_SHA256);
    binding->scratch = g_string_new(NULL);
    if (!take_pairs(binding, options->maps, "--map", true, error) ||
        !take_pairs(binding, options->sets, "--set", false, error))
        return NULL;
    qsort(binding->bounds, binding->n, sizeof(tm_bound), by_name);
    size_t from_row = 0;
    for (size_t i = 0; i < binding->n; i++)
        from_row += !binding->bounds[i].value;
    binding->alone = from_row == 1 && !binding->whole;
    if (columns && !bind_columns(binding, prompt, columns, error))
        return NULL;
    return g_steal_pointer(&binding);
}

void tm_binding_free(tm_binding *binding)
{
    if (!binding)
        return;
    for (size_t i = 0; i < binding->n; i++) {
        g_free(binding->bounds[i].name);
        g_free(binding->bounds[i].column);
        g_free(binding->bounds[i].value);
    }
    g_free(binding->bounds);
    g_free(binding->file);
    g_free(binding->id);
    if (binding->checksum)
        g_checksum_free(binding->checksum);
    if (binding->scratch)
        g_string_free(binding->scratch, TRUE);
    g_free(binding);
}

/* ---- to and from JSON ---- */

json_t *tm_binding_to_json(const tm_binding *binding)
{
    json_t *map = json_object(), *set = json_object();
    for (size_t i = 0; i < binding->n; i++) {
        const tm_bound *b = &binding->bounds[i];
        if (b->value)
            json_object_set_new(set, b->name, json_string(b->value));
        else if (b->column && strcmp(b->column, b->name) != 0)
            json_object_set_new(map, b->name, json_string(b->column));
    }
    json_t *json = json_pack("{s:o, s:o}", "map", map, "set", set);
    if (binding->id)
        json_object_set_new(json, "id", json_string(binding->id));
    return json;
}

/* ["NAME=TEXT", ...] of an object's strings. (transfer full) */
static char **pairs_of(const json_t *object)
{
    g_autoptr(GPtrArray) pairs = g_ptr_array_new();
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)object, key, value)
        if (json_is_string(value))
            g_ptr_array_add(pairs, g_strdup_printf("%s=%s", key, json_string_value(value)));
    g_ptr_array_add(pairs, NULL);
    return (char **)g_ptr_array_free(g_steal_pointer(&pairs), FALSE);
}

tm_binding *tm_binding_from_json(const tm_prompt *prompt, const json_t *json, GError **error)
{
    g_auto(GStrv) maps = pairs_of(json_object_get(json, "map"));
    g_auto(GStrv) sets = pairs_of(json_object_get(json, "set"));
    tm_binding_options options = {
        .maps = maps, .sets = sets, .id = json_string_value(json_object_get(json, "id"))};
    return tm_binding_new(prompt, NULL, &options, error);
}
