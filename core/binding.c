/* binding.c - which column gives each variable, the input of a row, and its key. */
#include "core/binding.h"
#include "core/column.h"
#include "core/error.h"
#include "core/guess.h"
#include "core/json.h"
#include <string.h>

typedef struct {
    char *name;
    char *column; /* by --map, or as found among known columns; NULL: names are tried on each row */
    char *value;  /* by --set; NULL: from the row */
    bool needed;  /* printed without a test, and neither set nor by default */
    int line;     /* of the template */
    size_t hint;  /* where the column was found last */
} bound;

struct tm_binding {
    char *file;    /* of the prompt, for messages */
    bound *bounds; /* in the order of their names, so that moving text in a template keeps the keys */
    size_t n;
    bool alone; /* one variable takes its value from the row: it may take the only column beside the id */
    char *id;
    size_t id_hint;
    GChecksum *checksum;
    GString *scratch;
};

/* ---- where a variable's value stands ---- */

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

static size_t column_of(const tm_binding *binding, bound *b, char *const *columns, size_t n)
{
    size_t i = tm_column_find(columns, n, b->column ? b->column : b->name, !b->column, &b->hint);
    return i == TM_NO_COLUMN && !b->column && binding->alone ? only_column(binding, columns, n) : i;
}

static const json_t *member_called(const json_t *row, const char *name, bool loosely)
{
    const json_t *value = json_object_get(row, name);
    if (value || !loosely)
        return value;
    const char *key;
    json_t *other;
    json_object_foreach((json_t *)row, key, other) if (tm_column_alike(key, name)) return other;
    return NULL;
}

/* The only member beside the id. */
static const json_t *only_member(const tm_binding *binding, const json_t *row)
{
    const json_t *only = NULL;
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)row, key, value)
    {
        if (binding->id && tm_column_alike(key, binding->id))
            continue;
        if (only)
            return NULL;
        only = value;
    }
    return only;
}

/* The member of a row that gives `b`; NULL: none. */
static const json_t *member_of(const tm_binding *binding, const bound *b, const json_t *row)
{
    const json_t *value = member_called(row, b->column ? b->column : b->name, !b->column);
    return value || b->column || !binding->alone ? value : only_member(binding, row);
}

/* ---- making one ---- */

static int by_name(const void *a, const void *b)
{
    return strcmp(((const bound *)a)->name, ((const bound *)b)->name);
}

static bound *bound_called(const tm_binding *binding, const char *name)
{
    for (size_t i = 0; i < binding->n; i++)
        if (strcmp(binding->bounds[i].name, name) == 0)
            return &binding->bounds[i];
    return NULL;
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
        bound *b = bound_called(binding, name);
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

static void append_flag(GString *out, const char *name, const char *column)
{
    g_autofree char *pair = g_strdup_printf("%s=%s", name, column ? column : "COLUMN");
    bool plain =
        pair[strspn(pair, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-=./:,+@%")] ==
        '\0';
    g_autofree char *quoted = plain ? g_strdup(pair) : g_shell_quote(pair);
    g_string_append_printf(out, " --map %s", quoted);
}

/* All needed variables that the columns lack, in one message with the flags that mend it. */
static gboolean fail_missing(const tm_binding *binding, char **columns, GError **error)
{
    g_autoptr(GString) text = g_string_new(NULL);
    g_autoptr(GString) flags = g_string_new(NULL);
    const char *first = NULL;
    for (size_t i = 0; i < binding->n; i++) {
        const bound *b = &binding->bounds[i];
        if (!b->needed || b->column)
            continue;
        g_string_append_printf(text, "%s%s:%d: {{%s}}", first ? ", " : "", binding->file, b->line, b->name);
        append_flag(flags, b->name, suggest(binding, b->name, columns));
        if (!first)
            first = b->name;
    }
    g_autofree char *all = tm_column_list(columns, g_strv_length(columns));
    return tm_fail(
        error, TM_ERROR_INPUT,
        "%s: the data has no such column; its columns are %s. Add%s (or --set %s=VALUE: one value for "
        "all rows)",
        text->str, all, flags->str, first);
}

/* Finds each variable's column among those known. */
static gboolean bind_columns(tm_binding *binding, char **columns, GError **error)
{
    size_t n = g_strv_length(columns);
    bool missing = false;
    for (size_t i = 0; i < binding->n; i++) {
        bound *b = &binding->bounds[i];
        if (b->value)
            continue;
        size_t at = column_of(binding, b, columns, n);
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
    return !missing || fail_missing(binding, columns, error);
}

static void take_variables(tm_binding *binding, const tm_prompt *prompt)
{
    size_t n;
    const tm_variable *variables = tm_template_variables(prompt->template, &n);
    binding->file = prompt->path ? g_path_get_basename(prompt->path) : g_strdup(prompt->name);
    binding->bounds = g_new0(bound, n + 1);
    binding->n = n;
    for (size_t i = 0; i < n; i++) {
        bool by_default = prompt->input_default && json_object_get(prompt->input_default, variables[i].name);
        binding->bounds[i] = (bound){.name = g_strdup(variables[i].name),
                                     .needed = variables[i].needed && !by_default,
                                     .line = variables[i].line};
    }
    qsort(binding->bounds, n, sizeof(bound), by_name);
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
    size_t from_row = 0;
    for (size_t i = 0; i < binding->n; i++)
        from_row += !binding->bounds[i].value;
    binding->alone = from_row == 1;
    if (columns && !bind_columns(binding, columns, error))
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
        const bound *b = &binding->bounds[i];
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
    json_object_foreach((json_t *)object, key, value) if (json_is_string(value))
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

/* ---- a row ---- */

/* Why a row lacks `b`; names what it has, where that is known only row by row. */
static char *missing_reason(const tm_binding *binding, const bound *b, const json_t *row)
{
    GString *why = g_string_new(NULL);
    g_string_printf(why, "has no \"%s\", which {{%s}} at %s:%d needs", b->column ? b->column : b->name,
                    b->name, binding->file, b->line);
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)row, key, value) g_ptr_array_add(names, (char *)key);
    if (names->len > 0) {
        g_autofree char *all = tm_column_list((char *const *)names->pdata, names->len);
        g_string_append_printf(why, "; it has %s. If another name holds it, add", all);
        append_flag(why, b->name, tm_column_suggest(b->name, (char *const *)names->pdata, names->len));
    }
    return g_string_free(why, FALSE);
}

json_t *tm_binding_input(const tm_binding *binding, const json_t *row, GError **error)
{
    g_autoptr(json_t) input = NULL;
    for (size_t i = 0; i < binding->n; i++) {
        const bound *b = &binding->bounds[i];
        g_autoptr(json_t) value =
            b->value ? json_string(b->value) : json_incref((json_t *)member_of(binding, b, row));
        if (!value && b->needed) {
            g_autofree char *why = missing_reason(binding, b, row);
            tm_fail(error, TM_ERROR_INPUT, "the row %s", why);
            return NULL;
        }
        if (!value || value == json_object_get(row, b->name))
            continue;
        if (!input)
            input = json_copy((json_t *)row);
        json_object_set(input, b->name, value);
    }
    return input ? g_steal_pointer(&input) : json_incref((json_t *)row);
}

/* A value as the key sees it. A number is the text that it renders as, so that CSV and JSONL agree. */
static void write_value(GString *out, const json_t *value)
{
    if (json_is_string(value)) {
        tm_json_write_string(out, json_string_value(value), json_string_length(value));
    } else if (json_is_number(value)) {
        g_string_append_c(out, '"');
        tm_json_write(out, value);
        g_string_append_c(out, '"');
    } else {
        char *text =
            json_dumps(value, JSON_COMPACT | JSON_SORT_KEYS | JSON_ENCODE_ANY | JSON_REAL_PRECISION(15));
        g_string_append(out, text ? text : "");
        free(text);
    }
}

static void digest(const tm_binding *binding, uint8_t key[16])
{
    uint8_t whole[32];
    gsize n = sizeof whole;
    g_checksum_reset(binding->checksum);
    g_checksum_update(binding->checksum, (const guchar *)binding->scratch->str,
                      (gssize)binding->scratch->len);
    g_checksum_get_digest(binding->checksum, whole, &n);
    memcpy(key, whole, 16);
}

/* Appends the id's text. False: the row has none. */
static bool write_id(tm_binding *binding, char **columns, const tm_row *row, GString *out)
{
    size_t before = out->len;
    if (!row->object) {
        size_t at = tm_column_find(columns, row->n_cells, binding->id, true, &binding->id_hint);
        if (at != TM_NO_COLUMN)
            g_string_append_len(out, row->cells[at].text, (gssize)row->cells[at].length);
        return out->len > before;
    }
    const json_t *value = member_called(row->object, binding->id, true);
    if (json_is_string(value))
        g_string_append_len(out, json_string_value(value), (gssize)json_string_length(value));
    else if (value && !json_is_null(value))
        tm_json_write(out, value);
    return out->len > before;
}

bool tm_binding_key(const tm_binding *binding, const tm_dataset *dataset, const tm_row *row, uint8_t key[16],
                    char **why)
{
    GString *out = binding->scratch;
    char **columns = row->object ? NULL : tm_dataset_columns(dataset);
    g_string_truncate(out, 0);
    if (binding->id) {
        if (!write_id((tm_binding *)binding, columns, row, out)) {
            *why = g_strdup_printf("has no value for its id, \"%s\"", binding->id);
            return false;
        }
    }
    size_t id_length = out->len;
    for (size_t i = 0; i < binding->n; i++) {
        bound *b = &binding->bounds[i];
        if (b->value)
            continue;
        size_t at = row->object ? TM_NO_COLUMN : column_of(binding, b, columns, row->n_cells);
        const json_t *value = row->object ? member_of(binding, b, row->object) : NULL;
        if (at == TM_NO_COLUMN && !value) {
            if (!b->needed)
                continue;
            *why = missing_reason(binding, b, row->object);
            return false;
        }
        if (binding->id)
            continue;
        tm_json_write_string(out, b->name, strlen(b->name));
        if (value)
            write_value(out, value);
        else
            tm_json_write_string(out, row->cells[at].text, row->cells[at].length);
    }
    g_assert(!binding->id || out->len == id_length);
    digest(binding, key);
    return true;
}
