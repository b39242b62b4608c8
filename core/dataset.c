/* dataset.c - which reader reads a file, and a row as JSON text. */
#include "core/dataset.h"
#include "core/csv.h"
#include "core/error.h"
#include "core/json.h"
#include "core/jsonl.h"
#include <string.h>

struct tm_dataset {
    tm_input *input;
    const char *format;
    tm_csv *csv; /* one of these two */
    tm_jsonl *jsonl;
    GPtrArray *heads; /* CSV: GString `,"column":` a column, the first with { for its comma */
};

/* The format that a name tells; NULL: none. */
static const char *format_by_name(const char *path)
{
    static const char *const packed[] = {".gz", ".xz", ".zst", ".bz2"};
    static const char *const known[][2] = {
        {".csv", "csv"},     {".tsv", "tsv"},      {".tab", "tsv"},
        {".jsonl", "jsonl"}, {".ndjson", "jsonl"}, {".json", "json"},
    };
    g_autofree char *name = g_ascii_strdown(path, -1);
    for (size_t i = 0; i < G_N_ELEMENTS(packed); i++)
        if (g_str_has_suffix(name, packed[i])) {
            name[strlen(name) - strlen(packed[i])] = '\0';
            break;
        }
    for (size_t i = 0; i < G_N_ELEMENTS(known); i++)
        if (g_str_has_suffix(name, known[i][0]))
            return known[i][1];
    return NULL;
}

/* The first bytes, past white space; empty: there are none. */
static gboolean first_bytes(tm_input *input, const char **bytes, size_t *n, GError **error)
{
    enum { ENOUGH = 16 << 10 };
    tm_more got;
    do {
        got = tm_input_more(input, error);
        *bytes = tm_input_bytes(input, n);
    } while (got == TM_MORE && *n < ENOUGH);
    while (*n > 0 && g_ascii_isspace(**bytes)) {
        ++*bytes;
        --*n;
    }
    return got != TM_MORE_ERROR;
}

/* A CSV header may begin with [, but hardly [{ or []. */
static bool is_array(const char *bytes, size_t n)
{
    if (n == 0 || *bytes != '[')
        return false;
    size_t i = 1;
    while (i < n && g_ascii_isspace(bytes[i]))
        i++;
    return i < n && (bytes[i] == '{' || bytes[i] == ']');
}

static gboolean open_reader(tm_dataset *dataset, const char *path, const tm_dataset_options *options,
                            GError **error)
{
    const char *bytes, *format = options->format ? options->format : format_by_name(path);
    size_t n;
    if (!first_bytes(dataset->input, &bytes, &n, error))
        return FALSE;
    if (!format)
        format = (n > 0 && *bytes == '{') || is_array(bytes, n) ? "json" : "csv";
    bool json = strcmp(format, "json") == 0, jsonl = strcmp(format, "jsonl") == 0;
    if (json || jsonl) {
        tm_json_layout layout = TM_JSON_LINES;
        if (json)
            layout = tm_jsonl_layout(bytes, n);
        else if (!options->format && is_array(bytes, n))
            layout = TM_JSON_ARRAY;
        dataset->format = layout == TM_JSON_LINES ? "jsonl" : "json";
        dataset->jsonl = tm_jsonl_new(dataset->input, layout);
        return TRUE;
    }
    bool tsv = strcmp(format, "tsv") == 0;
    if (!tsv && strcmp(format, "csv") != 0)
        return tm_fail(error, TM_ERROR_USAGE, "data format '%s' is not known: csv, tsv, jsonl or json",
                       format);
    dataset->format = tsv ? "tsv" : "csv";
    int delimiter = options->delimiter ? options->delimiter : tsv ? '\t' : 0;
    dataset->csv = tm_csv_new(dataset->input, delimiter, options->no_header, error);
    return dataset->csv != NULL;
}

static void free_head(gpointer head)
{
    g_string_free(head, TRUE);
}

static void write_heads(tm_dataset *dataset)
{
    char **columns = dataset->csv ? tm_csv_columns(dataset->csv) : NULL;
    for (size_t i = 0; columns && columns[i]; i++) {
        GString *head = g_string_new(i == 0 ? "{" : ",");
        tm_json_write_string(head, columns[i], strlen(columns[i]));
        g_string_append_c(head, ':');
        g_ptr_array_add(dataset->heads, head);
    }
}

tm_dataset *tm_dataset_open(const char *path, const tm_dataset_options *options, GError **error)
{
    static const tm_dataset_options none = {0};
    if (!options)
        options = &none;
    tm_input *input = tm_input_open(path, options->encoding, error);
    if (!input)
        return NULL;
    tm_dataset *dataset = g_new0(tm_dataset, 1);
    dataset->input = input;
    dataset->heads = g_ptr_array_new_with_free_func(free_head);
    if (!open_reader(dataset, path, options, error)) {
        tm_dataset_close(dataset);
        return NULL;
    }
    write_heads(dataset);
    return dataset;
}

void tm_dataset_close(tm_dataset *dataset)
{
    if (!dataset)
        return;
    tm_csv_free(dataset->csv);
    tm_jsonl_free(dataset->jsonl);
    tm_input_close(dataset->input);
    g_ptr_array_unref(dataset->heads);
    g_free(dataset);
}

char **tm_dataset_columns(const tm_dataset *dataset)
{
    return dataset->csv ? tm_csv_columns(dataset->csv) : NULL;
}

const char *tm_dataset_format(const tm_dataset *dataset)
{
    return dataset->format;
}

void tm_dataset_progress(const tm_dataset *dataset, int64_t *read, int64_t *size)
{
    tm_input_progress(dataset->input, read, size);
}

tm_next_row tm_dataset_next(tm_dataset *dataset, tm_row *row, GError **error)
{
    return dataset->csv ? tm_csv_next(dataset->csv, row, error) : tm_jsonl_next(dataset->jsonl, row, error);
}

/* A line of JSONL is kept as it came, blanks and all, unless it may hold what a strict reader refuses (lone
 * surrogates are mended on reading) or what would break a line. */
static bool keeps_its_text(const tm_dataset *dataset, const tm_row *row)
{
    return strcmp(dataset->format, "jsonl") == 0 && !memmem(row->raw, row->raw_length, "\\u", 2) &&
           !memchr(row->raw, '\r', row->raw_length);
}

void tm_row_write_json(const tm_dataset *dataset, const tm_row *row, GString *out)
{
    if (row->object) {
        if (keeps_its_text(dataset, row))
            g_string_append_len(out, row->raw, (gssize)row->raw_length);
        else
            tm_json_write_compact(out, row->raw, row->raw_length);
        return;
    }
    for (size_t i = 0; i < row->n_cells; i++) {
        const GString *head = g_ptr_array_index(dataset->heads, i);
        g_string_append_len(out, head->str, (gssize)head->len);
        tm_json_write_string(out, row->cells[i].text, row->cells[i].length);
    }
    g_string_append(out, row->n_cells > 0 ? "}" : "{}");
}
