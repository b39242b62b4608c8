/* results_table.c - the results as CSV or TSV. */
#include "core/answer.h"
#include "core/column.h"
#include "core/json.h"
#include "jobs/results_row.h"
#include <string.h>

struct tm_results_table {
    char delimiter;
    bool spreadsheet, json_output;
    bool cells;                       /* the data file has columns: its cells are taken as they are */
    bool files;                       /* a column for the answers' files */
    bool fixed_keys;                  /* the keys are told by the schema, or there are none */
    GPtrArray *columns;               /* char*, of the input */
    GPtrArray *keys;                  /* char*, of JSON answers; none: one column `output` */
    GHashTable *has_column, *has_key; /* the same as sets, borrowed */
    GString *scratch;
    bool begun; /* a cell of the present line is written */
};

/* ---- the columns ---- */

static void add_name(GPtrArray *names, GHashTable *set, const char *name)
{
    if (g_hash_table_contains(set, name))
        return;
    g_ptr_array_add(names, g_strdup(name));
    g_hash_table_add(set, g_ptr_array_index(names, names->len - 1));
}

/* Adds the members of an object that are not there yet. */
static void add_members(GPtrArray *names, GHashTable *set, const json_t *object)
{
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)object, key, value)
        add_name(names, set, key);
}

static void add_names(GPtrArray *names, GHashTable *set, char *const *from)
{
    for (; from && *from; from++)
        add_name(names, set, *from);
}

tm_results_table *tm_results_table_new(const tm_results_options *options)
{
    tm_results_table *table = g_new0(tm_results_table, 1);
    table->delimiter = options->format == TM_FORMAT_TSV ? '\t' : ',';
    table->spreadsheet = options->spreadsheet;
    table->json_output = options->json_output;
    table->files = options->media_output;
    table->columns = g_ptr_array_new_with_free_func(g_free);
    table->keys = g_ptr_array_new_with_free_func(g_free);
    table->has_column = g_hash_table_new(g_str_hash, g_str_equal);
    table->has_key = g_hash_table_new(g_str_hash, g_str_equal);
    table->scratch = g_string_new(NULL);
    char **columns = options->dataset ? tm_dataset_columns(options->dataset) : NULL;
    table->cells = columns != NULL;
    add_names(table->columns, table->has_column, columns);
    if (options->json_output)
        add_names(table->keys, table->has_key, options->output_keys);
    table->fixed_keys = !options->json_output || table->keys->len > 0;
    return table;
}

bool tm_results_table_learns(const tm_results_table *table)
{
    return !table->cells || !table->fixed_keys;
}

void tm_results_table_learn(tm_results_table *table, const GArray *page)
{
    for (guint i = 0; i < page->len; i++) {
        const tm_stored *stored = &g_array_index(page, tm_stored, i);
        if (!table->cells && stored->body) {
            g_autoptr(json_t) body = tm_json_parse(stored->body, stored->body_length, NULL);
            add_members(table->columns, table->has_column, body);
        }
        if (!table->fixed_keys && stored->output) {
            g_autoptr(json_t) answer = tm_answer_json(stored->output, stored->output_length);
            add_members(table->keys, table->has_key, answer);
        }
    }
}

void tm_results_table_free(tm_results_table *table)
{
    if (!table)
        return;
    g_hash_table_unref(table->has_column);
    g_hash_table_unref(table->has_key);
    g_ptr_array_unref(table->columns);
    g_ptr_array_unref(table->keys);
    g_string_free(table->scratch, TRUE);
    g_free(table);
}

/* ---- cells ---- */

/* Would a spreadsheet take the cell for a formula? A plain number it may keep. */
static bool is_formula(const char *text, size_t length)
{
    if (length == 0 || !memchr("=+-@\t\r", text[0], 6))
        return false;
    if (text[0] != '-' && text[0] != '+')
        return true;
    size_t digits = 0, i = 1;
    for (; i < length && (g_ascii_isdigit(text[i]) || text[i] == '.'); i++)
        digits += g_ascii_isdigit(text[i]) != 0;
    return digits == 0 || i < length;
}

static void write_cell(tm_results_table *table, const char *text, size_t length, GString *out)
{
    if (table->begun)
        g_string_append_c(out, table->delimiter);
    table->begun = true;
    bool guarded = table->spreadsheet && is_formula(text, length);
    bool quoted = guarded || memchr(text, '"', length) || memchr(text, table->delimiter, length) ||
                  memchr(text, '\n', length) || memchr(text, '\r', length);
    if (!quoted) {
        g_string_append_len(out, text, (gssize)length);
        return;
    }
    g_string_append(out, guarded ? "\"'" : "\"");
    const char *end = text + length, *quote;
    while ((quote = memchr(text, '"', (size_t)(end - text))) != NULL) {
        g_string_append_len(out, text, quote + 1 - text);
        g_string_append_c(out, '"');
        text = quote + 1;
    }
    g_string_append_len(out, text, end - text);
    g_string_append_c(out, '"');
}

static void write_text(tm_results_table *table, const char *text, GString *out)
{
    write_cell(table, text, strlen(text), out);
}

static void end_line(tm_results_table *table, GString *out)
{
    g_string_append_c(out, '\n');
    table->begun = false;
}

/* Strings as they are, null and what is absent as nothing, the rest as JSON. */
static void write_value(tm_results_table *table, const json_t *value, GString *out)
{
    if (!value || json_is_null(value)) {
        write_cell(table, "", 0, out);
    } else if (json_is_string(value)) {
        write_cell(table, json_string_value(value), json_string_length(value), out);
    } else {
        g_string_truncate(table->scratch, 0);
        tm_json_write(table->scratch, value);
        write_cell(table, table->scratch->str, table->scratch->len, out);
    }
}

/* ---- lines ---- */

/* A column of ours. One of the data's own with its name keeps it: ours is NAME_2 then, which `renamed` tells.
 */
static void write_own_name(tm_results_table *table, GHashTable *taken, const char *name, GString *out,
                           GString *renamed)
{
    char *free_name = tm_column_new_name(taken, NULL, name);
    write_text(table, free_name, out);
    if (strcmp(free_name, name) != 0)
        g_string_append_printf(renamed, "%s%s is in %s", renamed->len ? ", " : "", name, free_name);
    g_hash_table_add(taken, free_name);
}

void tm_results_table_head(tm_results_table *table, GString *out, GString *renamed)
{
    g_autoptr(GHashTable) taken = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    if (table->spreadsheet)
        g_string_append(out, "\xef\xbb\xbf");
    for (guint i = 0; i < table->columns->len; i++) {
        write_text(table, g_ptr_array_index(table->columns, i), out);
        g_hash_table_add(taken, g_strdup(g_ptr_array_index(table->columns, i)));
    }
    for (guint i = 0; i < table->keys->len; i++) {
        g_autofree char *name = g_strconcat("output.", g_ptr_array_index(table->keys, i), NULL);
        write_own_name(table, taken, name, out, renamed);
    }
    if (table->keys->len == 0)
        write_own_name(table, taken, "output", out, renamed);
    write_own_name(table, taken, "_status", out, renamed);
    write_own_name(table, taken, "_error", out, renamed);
    if (table->files)
        write_own_name(table, taken, "_files", out, renamed);
    end_line(table, out);
}

static void write_input(tm_results_table *table, const tm_result *result, GString *out)
{
    const tm_row *row = result->row;
    if (table->cells) {
        for (guint i = 0; i < table->columns->len; i++)
            if (row && row->cells && i < row->n_cells)
                write_cell(table, row->cells[i].text, row->cells[i].length, out);
            else
                write_cell(table, "", 0, out);
        return;
    }
    g_autoptr(json_t) parsed = NULL;
    const json_t *object = row ? row->object : NULL;
    if (!row && result->stored && result->stored->body)
        object = parsed = tm_json_parse_row(result->stored->body, result->stored->body_length, NULL);
    for (guint i = 0; i < table->columns->len; i++)
        write_value(table, json_object_get(object, g_ptr_array_index(table->columns, i)), out);
}

/* The answer's cells. What has no column is appended to `left`. */
static void write_output(tm_results_table *table, const tm_result *result, GString *out, GString *left)
{
    const tm_stored *stored = result->stored;
    const char *text = stored && stored->output ? stored->output : "";
    size_t length = stored && stored->output ? stored->output_length : 0;
    if (length == 0 && result->files) {
        g_autofree char *files = g_strjoinv(" ", result->files);
        write_cell(table, files, strlen(files), out);
        for (guint i = 1; i < table->keys->len; i++)
            write_cell(table, "", 0, out);
        return;
    }
    const char *label = tm_result_label(result);
    if (label) {
        write_cell(table, label, strlen(label), out);
        for (guint i = 1; i < table->keys->len; i++)
            write_cell(table, "", 0, out);
        return;
    }
    if (table->keys->len == 0) {
        g_autoptr(json_t) json = table->json_output ? tm_answer_json(text, length) : NULL;
        if (json)
            write_value(table, json, out);
        else
            write_cell(table, text, length, out);
        return;
    }
    g_autoptr(json_t) json = length > 0 ? tm_answer_json(text, length) : NULL;
    size_t found = 0;
    for (guint i = 0; i < table->keys->len; i++) {
        const json_t *value = json_object_get(json, g_ptr_array_index(table->keys, i));
        found += value != NULL;
        write_value(table, value, out);
    }
    if (length > 0 && !json_is_object(json)) {
        g_string_append_len(left, text, (gssize)length);
    } else if (json_object_size(json) > found) {
        for (guint i = 0; i < table->keys->len; i++)
            json_object_del(json, g_ptr_array_index(table->keys, i));
        tm_json_write(left, json);
    }
}

void tm_results_table_row(tm_results_table *table, const tm_result *result, GString *out)
{
    const tm_stored *stored = result->stored;
    g_autoptr(GString) left = g_string_new(NULL);
    g_autoptr(GString) error = g_string_new(result->why);
    write_input(table, result, out);
    write_output(table, result, out, left);
    write_text(table, result->status, out);
    if (stored && stored->revision != 0 && stored->class != TM_CLASS_OK)
        g_string_append_printf(error, "%s%s%s", tm_class_name(stored->class), stored->message ? ": " : "",
                               stored->message ? stored->message : "");
    if (left->len > 0) {
        g_string_append(error, error->len > 0 ? "; output: " : "output: ");
        g_string_append_len(error, left->str, (gssize)left->len);
    }
    write_cell(table, error->str, error->len, out);
    if (table->files) {
        g_autofree char *files = result->files ? g_strjoinv(" ", result->files) : g_strdup("");
        write_text(table, files, out);
    }
    end_line(table, out);
}
