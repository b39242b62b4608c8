/* binding_row.c - what a row gives to a prompt: its input, and its key. */
#include "core/binding_private.h"
#include "core/error.h"
#include "core/json.h"
#include <string.h>

static const json_t *member_called(const json_t *row, const char *name, bool loosely)
{
    const json_t *value = json_object_get(row, name);
    if (value || !loosely)
        return value;
    const char *key;
    json_t *other;
    json_object_foreach((json_t *)row, key, other)
        if (tm_column_alike(key, name))
            return other;
    return NULL;
}

/* The only member beside the id. */
static const json_t *only_member(const tm_binding *binding, const json_t *row)
{
    const json_t *only = NULL;
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)row, key, value) {
        if (binding->id && tm_column_alike(key, binding->id))
            continue;
        if (only)
            return NULL;
        only = value;
    }
    return only;
}

/* The member of a row that gives `b`; NULL: none. */
static const json_t *member_of(const tm_binding *binding, const tm_bound *b, const json_t *row)
{
    const json_t *value = member_called(row, b->column ? b->column : b->name, !b->column);
    return value || b->column || !binding->alone ? value : only_member(binding, row);
}

/* The same of rows as they are read, one after the other: where rows have the name, one that has another name
 * alone is a mistake. */
static const json_t *member_of_next(const tm_binding *binding, tm_bound *b, const json_t *row)
{
    const json_t *value = member_called(row, b->column ? b->column : b->name, !b->column);
    b->named = b->named || value;
    return value || b->named ? value : member_of(binding, b, row);
}

/* ---- its input and its key ---- */

/* Why a row lacks `b`; names what it has, where that is known only row by row. */
static char *missing_reason(const tm_binding *binding, const tm_bound *b, const json_t *row)
{
    GString *why = g_string_new(NULL);
    g_string_printf(why, "has no \"%s\", which {{%s}} at %s:%d needs", b->column ? b->column : b->name,
                    b->name, binding->file, b->line);
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)row, key, value)
        g_ptr_array_add(names, (char *)key);
    if (names->len > 0) {
        g_autofree char *all = tm_column_list((char *const *)names->pdata, names->len);
        g_string_append_printf(why, "; it has %s. If another name holds it, add", all);
        tm_binding_write_flag(why, b->name,
                              tm_column_suggest(b->name, (char *const *)names->pdata, names->len));
    }
    return g_string_free(why, FALSE);
}

json_t *tm_binding_input(const tm_binding *binding, const json_t *row, GError **error)
{
    g_autoptr(json_t) input = NULL;
    for (size_t i = 0; i < binding->n; i++) {
        const tm_bound *b = &binding->bounds[i];
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

/* A name and its value: of a cell, or of JSON. */
typedef struct {
    const char *name;
    const tm_cell *cell;
    const json_t *value;
} named_value;

static int by_value_name(const void *a, const void *b)
{
    return strcmp(((const named_value *)a)->name, ((const named_value *)b)->name);
}

/* The files that a row names, while its key is made. */
typedef struct {
    const tm_media_stamp *files;
    size_t n;
    uint64_t used; /* a bit for each whose hash stands in the key (of the first 64) */
} row_files;

static void write_hash(GString *out, const tm_media_stamp *file)
{
    g_string_append(out, "sha256:");
    for (size_t i = 0; i < sizeof file->sha256; i++)
        g_string_append_printf(out, "%02x", file->sha256[i]);
}

/* The hash of the file that `v` names, instead of its name. False: it names none. */
static bool write_file(GString *out, const named_value *v, row_files *files)
{
    const char *text = v->cell ? v->cell->text : json_string_value(v->value);
    size_t length = v->cell ? v->cell->length : json_string_length(v->value);
    for (size_t i = 0; text && i < MIN(files->n, 64); i++) {
        const char *path = files->files[i].path;
        if (strlen(path) != length || memcmp(path, text, length) != 0)
            continue;
        tm_json_write_string(out, v->name, strlen(v->name));
        write_hash(out, &files->files[i]);
        files->used |= UINT64_C(1) << i;
        return true;
    }
    return false;
}

static void write_named(GString *out, const named_value *v)
{
    tm_json_write_string(out, v->name, strlen(v->name));
    if (v->cell)
        tm_json_write_string(out, v->cell->text, v->cell->length);
    else
        write_value(out, v->value);
}

/* Every column of a row, in the order of their names. */
static void write_whole(char *const *columns, const tm_row *row, GString *out)
{
    size_t n = row->object ? json_object_size(row->object) : row->n_cells, i = 0;
    g_autofree named_value *values = g_new0(named_value, n + 1);
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)row->object, key, value)
        values[i++] = (named_value){.name = key, .value = value};
    for (; i < n; i++)
        /* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): where cells are, columns are */
        values[i] = (named_value){.name = columns[i], .cell = &row->cells[i]};
    qsort(values, n, sizeof(named_value), by_value_name);
    for (i = 0; i < n; i++)
        write_named(out, &values[i]);
}

/* The values of the template's variables, in the order of their names. False and *why: one is missing. */
static bool write_values(const tm_binding *binding, char *const *columns, const tm_row *row, GString *out,
                         row_files *files, char **why)
{
    for (size_t i = 0; i < binding->n; i++) {
        tm_bound *b = &binding->bounds[i];
        if (b->value)
            continue;
        named_value v = {.name = b->name};
        size_t at = row->object ? TM_NO_COLUMN : tm_bound_column(binding, b, columns, row->n_cells);
        if (row->object)
            v.value = member_of_next(binding, b, row->object);
        else if (at != TM_NO_COLUMN)
            v.cell = &row->cells[at];
        if (v.cell || v.value) {
            if (!b->media || binding->whole || !write_file(out, &v, files))
                write_named(out, &v);
        } else if (b->needed) {
            *why = missing_reason(binding, b, row->object);
            return false;
        }
    }
    return true;
}

bool tm_binding_key(const tm_binding *binding, const tm_dataset *dataset, const tm_row *row, uint8_t key[16],
                    char **why)
{
    return tm_binding_key_files(binding, dataset, row, NULL, 0, key, why);
}

bool tm_binding_key_files(const tm_binding *binding, const tm_dataset *dataset, const tm_row *row,
                          const tm_media_stamp *stamps, size_t n_stamps, uint8_t key[16], char **why)
{
    GString *out = binding->scratch;
    row_files files = {.files = stamps, .n = n_stamps};
    char **columns = row->object ? NULL : tm_dataset_columns(dataset);
    g_string_truncate(out, 0);
    if (!write_values(binding, columns, row, out, &files, why))
        return false;
    if (binding->whole)
        write_whole(columns, row, out);
    for (size_t i = 0; i < n_stamps; i++)
        if (i >= 64 || !(files.used >> i & 1))
            write_hash(out, &stamps[i]);
    if (binding->id) {
        g_string_truncate(out, 0);
        if (!write_id((tm_binding *)binding, columns, row, out)) {
            *why = g_strdup_printf("has no value for its id, \"%s\"", binding->id);
            return false;
        }
    }
    digest(binding, key);
    return true;
}
