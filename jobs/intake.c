/* intake.c - streams a dataset into the store. */
#include "jobs/intake.h"
#include "core/error.h"
#include "jobs/rejects.h"
#include <string.h>

#define FIRST_ALL_BAD                                                                                        \
    100 /* so many bad rows and no good one: the prompt, the flags or the file are wrong                     \
         */
#define REASONS 5

typedef struct {
    tm_dataset *dataset;
    const char *name;
    const tm_binding *binding;
    const tm_intake_options *options;
    tm_intake_result *result;
    tm_adder *adder;
    tm_rejects *rejects;
    GString *body;
    bool stops_when_all_bad;
    GArray *drawn;    /* chosen: the sample so far */
    GByteArray *keys; /* of the rows chosen, 16 bytes each */
    GArray *files;    /* tm_media_stamp: of the row at hand */
    uint64_t random;
} intake;

/* A row of the sample. */
typedef struct {
    tm_row place; /* its number and line; nothing borrowed */
    uint8_t key[16];
    char *body;
    size_t length;
    GArray *files; /* tm_media_stamp */
} chosen;

static void clear_chosen(gpointer row)
{
    g_free(((chosen *)row)->body);
    g_array_unref(((chosen *)row)->files);
}

/* splitmix64: a seed draws the same sample everywhere and always. */
static uint64_t next_random(intake *in)
{
    uint64_t z = in->random += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

/* ---- rejects ---- */

static gboolean fail_all_bad(const intake *in, GError **error)
{
    g_autoptr(GString) text = g_string_new(NULL);
    const GPtrArray *reasons = in->result->reasons;
    for (guint i = 0; i < reasons->len && i < 3; i++)
        g_string_append_printf(text, "\n  %s", (const char *)reasons->pdata[i]);
    return tm_fail(error, TM_ERROR_INPUT,
                   "%s: none of the first %d rows can be used, so it is not read on:%s", in->name,
                   FIRST_ALL_BAD, text->str);
}

/* A row that can't be used. False: that ends the intake. */
static gboolean reject(intake *in, const tm_row *row, const char *why, GError **error)
{
    tm_intake_result *result = in->result;
    if (in->options->strict)
        return tm_fail(error, TM_ERROR_INPUT, "%s:%" G_GINT64_FORMAT ": the row %s (--strict)", in->name,
                       row->line, why);
    result->n_rejected++;
    tm_rejects_add(in->rejects, row, why);
    if (!result->reasons)
        result->reasons = g_ptr_array_new_with_free_func(g_free);
    if (result->reasons->len < REASONS)
        g_ptr_array_add(result->reasons,
                        g_strdup_printf("%s:%" G_GINT64_FORMAT ": the row %s", in->name, row->line, why));
    if (in->stops_when_all_bad && result->rows == 0 && result->n_rejected == FIRST_ALL_BAD)
        return fail_all_bad(in, error);
    return TRUE;
}

/* ---- good rows ---- */

/* A row's number, and its key, by which its place in the batch is found in the end. */
static void note_place(intake *in, int64_t number, const uint8_t key[16])
{
    if (!in->result->ordinals)
        return;
    g_array_append_val(in->result->ordinals, number);
    g_byte_array_append(in->keys, key, 16);
}

/* The numbers of chosen rows become their ordinals: in a file that has changed since they differ. */
static gboolean find_ordinals(intake *in, tm_store *store, const tm_batch *batch, GError **error)
{
    GArray *ordinals = in->result->ordinals;
    for (guint i = 0; ordinals && i < ordinals->len; i++) {
        const guint8 *key = in->keys->data + 16 * (gsize)i;
        int64_t occurrence = 0;
        for (guint k = 0; k < i; k++)
            occurrence += memcmp(in->keys->data + 16 * (gsize)k, key, 16) == 0;
        int64_t job = tm_store_job_by_key(store, batch, key, occurrence, error);
        tm_stored stored = {0};
        if (job < 0)
            return FALSE;
        GError *row_error = NULL;
        if (job > 0 && tm_store_row(store, batch, job, &stored, &row_error))
            g_array_index(ordinals, int64_t, i) = stored.ordinal;
        tm_stored_clear(&stored);
        if (row_error) {
            g_propagate_error(error, row_error);
            return FALSE;
        }
    }
    return TRUE;
}

static gboolean add(intake *in, const tm_row *row, const uint8_t key[16], const char *body, size_t length,
                    const GArray *files, GError **error)
{
    bool repeated = false;
    tm_store_add_media(in->adder, (const tm_media_stamp *)(void *)files->data, files->len);
    if (!tm_store_add_row(in->adder, row->number, key, body, length, &repeated, error))
        return FALSE;
    if (repeated) {
        in->result->rows--;
        tm_sizes_drop(&in->result->sizes, (int64_t)length);
        return reject(in, row, "repeats the id of a row before it", error);
    }
    note_place(in, row->number, key);
    return TRUE;
}

/* Reservoir sampling: after each row every row so far is in the sample with the same chance. */
static void draw(intake *in, const tm_row *row, const uint8_t key[16])
{
    chosen new = {.place = {.number = row->number, .line = row->line}};
    int64_t size = in->options->sample, seen = in->result->rows;
    int64_t at = seen <= size ? seen - 1 : (int64_t)(next_random(in) % (uint64_t)seen);
    if (at >= size)
        return;
    memcpy(new.key, key, sizeof new.key);
    new.body = g_memdup2(in->body->str, in->body->len + 1);
    new.length = in->body->len;
    new.files = in->files;
    in->files = tm_media_stamps_new();
    if (at < (int64_t)in->drawn->len) {
        chosen *old = &g_array_index(in->drawn, chosen, at);
        clear_chosen(old);
        *old = new;
    } else {
        g_array_append_val(in->drawn, new);
    }
}

static int by_number(const void *a, const void *b)
{
    int64_t x = ((const chosen *)a)->place.number, y = ((const chosen *)b)->place.number;
    return (x > y) - (x < y);
}

static gboolean add_drawn(intake *in, GError **error)
{
    g_array_sort(in->drawn, by_number);
    for (guint i = 0; i < in->drawn->len; i++) {
        const chosen *c = &g_array_index(in->drawn, chosen, i);
        if (!add(in, &c->place, c->key, c->body, c->length, c->files, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean take(intake *in, const tm_row *row, GError **error)
{
    uint8_t key[16];
    g_autofree char *why = NULL;
    if (row->bad)
        return reject(in, row, row->bad, error);
    g_array_set_size(in->files, 0);
    if (!tm_media_rows_key(in->options->media, in->binding, in->dataset, row, in->files, key, &why, error))
        return why && reject(in, row, why, error);
    g_string_truncate(in->body, 0);
    tm_row_write_json(in->dataset, row, in->body);
    in->result->rows++;
    tm_sizes_add(&in->result->sizes, (int64_t)in->body->len);
    if (in->options->sample > 0) {
        draw(in, row, key);
        return TRUE;
    }
    return add(in, row, key, in->body->str, in->body->len, in->files, error);
}

/* Are all rows that are wanted in? */
static bool is_enough(const intake *in, const tm_row *row)
{
    const tm_intake_options *options = in->options;
    return (options->first > 0 && in->result->rows >= options->first) ||
           (options->row > 0 && row->number >= options->row);
}

static void tell(const intake *in)
{
    int64_t read, size;
    if (!in->options->progress)
        return;
    tm_dataset_progress(in->dataset, &read, &size);
    in->options->progress(read, size, in->result->rows, in->options->progress_data);
}

static gboolean read_rows(intake *in, GError **error)
{
    enum { TELL_EACH = 4096 };
    const tm_intake_options *options = in->options;
    tm_row row;
    tm_next_row got;
    while ((got = tm_dataset_next(in->dataset, &row, error)) == TM_NEXT_ROW) {
        if (options->stop && *options->stop) {
            in->result->stopped = true;
            return TRUE;
        }
        if (options->row > 0 && row.number < options->row)
            continue;
        if (!take(in, &row, error))
            return FALSE;
        if (is_enough(in, &row))
            return TRUE;
        if (row.number % TELL_EACH == 0)
            tell(in);
    }
    return got == TM_NEXT_END && (options->sample == 0 || add_drawn(in, error));
}

static gboolean run(intake *in, tm_store *store, const tm_batch *batch, GError **error)
{
    gboolean good = read_rows(in, error);
    if (!good)
        tm_store_add_abort(in->adder);
    else if (in->result->stopped)
        good = tm_store_add_stop(in->adder, &in->result->added, error);
    else
        good = tm_store_add_end(in->adder, &in->result->added, error) &&
               (in->options->dry_run || find_ordinals(in, store, batch, error));
    /* What was wrong with the rows is worth most when the intake ended badly. */
    g_autoptr(GError) rejects_error = NULL;
    if (!tm_rejects_end(in->rejects, &rejects_error))
        in->result->rejects_error = g_strdup(rejects_error->message);
    return good;
}

gboolean tm_intake(tm_store *store, const tm_batch *batch, tm_dataset *dataset, const char *name,
                   const tm_binding *binding, const tm_intake_options *options, tm_intake_result *result,
                   GError **error)
{
    *result = (tm_intake_result){0};
    tm_add_options adding = {.dedupe = options->dedupe, .by_id = options->by_id, .dry_run = options->dry_run};
    tm_adder *adder = tm_store_add_begin(store, batch, &adding, error);
    if (!adder)
        return FALSE;
    intake in = {
        .dataset = dataset,
        .name = name,
        .binding = binding,
        .options = options,
        .result = result,
        .adder = adder,
        .rejects = tm_rejects_new(options->rejects),
        .body = g_string_new(NULL),
        .drawn = g_array_new(FALSE, FALSE, sizeof(chosen)),
        .keys = g_byte_array_new(),
        .files = tm_media_stamps_new(),
        .random = options->seed,
        .stops_when_all_bad = !tm_dataset_columns(dataset) || strcmp(name, "stdin") == 0,
    };
    g_array_set_clear_func(in.drawn, clear_chosen);
    if (options->first > 0 || options->row > 0 || options->sample > 0)
        result->ordinals = g_array_new(FALSE, FALSE, sizeof(int64_t));
    gboolean good = run(&in, store, batch, error);
    g_array_unref(in.drawn);
    g_byte_array_unref(in.keys);
    g_array_unref(in.files);
    g_string_free(in.body, TRUE);
    return good;
}

void tm_intake_result_clear(tm_intake_result *result)
{
    if (result->reasons)
        g_ptr_array_unref(result->reasons);
    if (result->ordinals)
        g_array_unref(result->ordinals);
    g_free(result->rejects_error);
    *result = (tm_intake_result){0};
}
