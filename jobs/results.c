/* results.c - walks the rows of a batch, or of a data file joined to it, and writes each as it comes. */
#include "jobs/results.h"
#include "core/error.h"
#include "jobs/results_row.h"
#include <errno.h>
#include <string.h>

enum { PAGE_MIN = 16, PAGE_MAX = 1000, SAMPLE = 1000, FLUSH_AT = 256 << 10, LONG_FILE = 20000 };

typedef struct {
    tm_store *store;
    const tm_batch *batch;
    const tm_results_options *options;
    tm_results_table *table; /* NULL: JSONL */
    tm_results_count *count;
    FILE *out;
    GString *buffer;
    bool closed;             /* nobody reads any more */
    bool reading;            /* inside a read of the store: writing may block, so not now */
    tm_repeated *repeated;   /* NULL: the file is short, so far */
    GHashTable *occurrences; /* 16-byte key -> how often it came, of keys queued more than once only */
} results;

static gboolean flush(results *r, GError **error)
{
    if (r->closed || fwrite(r->buffer->str, 1, r->buffer->len, r->out) == r->buffer->len) {
        g_string_truncate(r->buffer, 0);
        return TRUE;
    }
    r->closed = errno == EPIPE;
    if (r->closed)
        return TRUE;
    return tm_fail(error, errno == ENOSPC ? TM_ERROR_FULL : TM_ERROR_IO, "the results can't be written: %s",
                   g_strerror(errno));
}

/* ---- one row ---- */

static const char *status_of(const tm_stored *stored)
{
    switch (stored->state) {
    case TM_JOB_RUNNING:
        return "waiting";
    case TM_JOB_SAME: /* it has the answer of the row it equals */
        if (stored->revision == 0)
            return "waiting";
        return stored->class == TM_CLASS_OK        ? "done"
               : stored->class == TM_CLASS_BLOCKED ? "blocked"
                                                   : "failed";
    default:
        return tm_job_state_name(stored->state);
    }
}

static void count_row(tm_results_count *count, const char *status)
{
    count->n_rows++;
    if (strcmp(status, "done") == 0)
        count->n_done++;
    else if (strcmp(status, "failed") == 0)
        count->n_failed++;
    else if (strcmp(status, "blocked") == 0)
        count->n_blocked++;
    else if (strcmp(status, "held") == 0)
        count->n_held++;
    else if (strcmp(status, "cancelled") == 0)
        count->n_cancelled++;
    else if (strcmp(status, "new") == 0 || strcmp(status, "rejected") == 0)
        count->n_unknown_rows++;
    else
        count->n_waiting++;
}

static gboolean write_row(results *r, tm_result *row, GError **error)
{
    const char *status = row->status;
    if (r->options->failed_only && strcmp(status, "failed") != 0 && strcmp(status, "blocked") != 0)
        return TRUE;
    g_auto(GStrv) files = NULL;
    row->labels = r->options->labels;
    row->checked = !r->options->all_revisions; /* an older prompt may have asked for text */
    if (r->options->media_dir && row->stored && row->stored->parts) {
        files = tm_results_media(row->stored->parts, r->options->media_dir, error);
        if (!files)
            return FALSE;
        row->files = files;
    }
    count_row(r->count, status);
    if (r->table)
        tm_results_table_row(r->table, row, r->buffer);
    else
        tm_result_write_json(row, r->options->json_output, r->buffer);
    row->files = NULL;
    return r->reading || r->buffer->len < FLUSH_AT || flush(r, error);
}

static void tell(const results *r, int64_t done, int64_t total)
{
    if (r->options->progress)
        r->options->progress(r->count->n_rows, done, total, r->options->progress_data);
}

/* ---- the batch's own rows ---- */

static GArray *new_page(void)
{
    GArray *page = g_array_new(FALSE, TRUE, sizeof(tm_stored));
    g_array_set_clear_func(page, (GDestroyNotify)tm_stored_clear);
    return page;
}

/* The next page's length: fewer rows when they are large, so that a page stays within some MB. */
static int next_length(const GArray *page, int length)
{
    enum { SMALL = 1 << 20, LARGE = 8 << 20 };
    size_t bytes = 0;
    for (guint i = 0; i < page->len; i++) {
        const tm_stored *stored = &g_array_index(page, tm_stored, i);
        bytes += stored->body_length + stored->output_length + (stored->parts ? strlen(stored->parts) : 0);
    }
    if (bytes > LARGE)
        return (int)CLAMP(page->len * (size_t)LARGE / bytes, 1, (size_t)length);
    return bytes < SMALL ? MIN(PAGE_MAX, length * 2) : length;
}

static gboolean write_batch(results *r, GError **error)
{
    int64_t after = -1;
    int length = r->options->media_output ? 1 : PAGE_MIN;
    for (;;) {
        g_autoptr(GArray) page = new_page();
        if (!tm_store_page(r->store, r->batch, after, length, r->options->all_revisions, page, error))
            return FALSE;
        for (guint i = 0; i < page->len && !r->closed; i++) {
            const tm_stored *stored = &g_array_index(page, tm_stored, i);
            tm_result row = {
                .number = stored->ordinal, .status = status_of(stored), .key = stored->key, .stored = stored};
            if (!write_row(r, &row, error))
                return FALSE;
            after = stored->ordinal;
        }
        if (page->len == 0 || r->closed)
            return TRUE;
        tell(r, after, r->batch->n_total);
        length = next_length(page, length);
    }
}

/* ---- a data file's rows ---- */

/* The occurrence of this key that the present row is, 0-based. Counted only for keys that were queued more
 * than once: memory does not grow with the others. -1 and *error. */
static int64_t occurrence_of(results *r, const uint8_t key[16], GError **error)
{
    int64_t *n = g_hash_table_lookup(r->occurrences, key);
    if (n)
        return ++*n;
    int64_t second = tm_store_job_by_key(r->store, r->batch, key, 1, error);
    if (second > 0)
        g_hash_table_insert(r->occurrences, g_memdup2(key, 16), g_new0(int64_t, 1));
    return second < 0 ? -1 : 0;
}

static guint hash_key(gconstpointer key)
{
    guint hash;
    memcpy(&hash, key, sizeof hash); /* it is a digest already */
    return hash;
}

static gboolean same_key(gconstpointer a, gconstpointer b)
{
    return memcmp(a, b, 16) == 0;
}

/* The job that answers a row; 0: it was never queued. */
static int64_t find_job(results *r, const uint8_t key[16], GError **error)
{
    int64_t occurrence = occurrence_of(r, key, error);
    if (occurrence < 0)
        return -1;
    int64_t job = tm_store_job_by_key(r->store, r->batch, key, occurrence, error);
    if (job == 0 && occurrence > 0)
        job = tm_store_job_by_key(r->store, r->batch, key, 0, error);
    return job;
}

/* Most files are joined as they were queued: then row n is job n, and no search is needed. */
static gboolean find_row(results *r, int64_t number, const uint8_t key[16], tm_stored *stored, GError **error)
{
    GError *why = NULL;
    if (r->repeated && tm_store_row_alone(r->store, r->batch, r->repeated, number, key, stored, &why))
        return TRUE;
    int64_t job = why ? -1 : find_job(r, key, &why);
    gboolean found = job > 0 && tm_store_row(r->store, r->batch, job, stored, &why);
    if (why)
        g_propagate_error(error, why);
    return found && !why;
}

static gboolean write_joined(results *r, const tm_row *row, GError **error)
{
    uint8_t key[16];
    g_autofree char *why = NULL;
    tm_stored stored = {0};
    tm_result result = {.number = row->number, .dataset = r->options->dataset, .row = row, .status = "new"};
    GError *key_error = NULL;
    if (row->bad || !tm_media_rows_key(r->options->media, r->options->binding, r->options->dataset, row, NULL,
                                       key, &why, &key_error)) {
        if (key_error) {
            g_propagate_error(error, key_error);
            return FALSE;
        }
        result.status = "rejected";
        result.why = row->bad ? row->bad : why;
        return write_row(r, &result, error);
    }
    result.key = key;
    GError *row_error = NULL;
    if (find_row(r, row->number, key, &stored, &row_error)) {
        result.stored = &stored;
        result.status = status_of(&stored);
    }
    gboolean good = !row_error && write_row(r, &result, error);
    if (row_error)
        g_propagate_error(error, row_error);
    tm_stored_clear(&stored);
    return good;
}

/* The next rows of the data file, looked up in one go. *end: there are no more. */
static gboolean write_some(results *r, bool *end, GError **error)
{
    enum { AT_ONCE = 256 };
    tm_row row;
    for (int i = 0; i < AT_ONCE && r->buffer->len < FLUSH_AT; i++) {
        tm_next_row got = tm_dataset_next(r->options->dataset, &row, error);
        *end = got == TM_NEXT_END;
        if (*end)
            return TRUE;
        if (got == TM_NEXT_ERROR || !write_joined(r, &row, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean write_data(results *r, GError **error)
{
    bool end = false;
    int64_t read, size;
    r->occurrences = g_hash_table_new_full(hash_key, same_key, g_free, g_free);
    tm_dataset_progress(r->options->dataset, &read, &size);
    while (!end && !r->closed) {
        if (!r->repeated && r->count->n_rows > LONG_FILE) {
            r->repeated = tm_repeated_new(r->store, r->batch->id, error);
            if (!r->repeated)
                return FALSE;
        }
        r->reading = size >= 0; /* a pipe may keep us waiting */
        if (r->reading)
            tm_store_read_begin(r->store);
        gboolean good = write_some(r, &end, error);
        if (r->reading)
            tm_store_read_end(r->store);
        r->reading = false;
        if (!good || (r->buffer->len >= FLUSH_AT && !flush(r, error)))
            return FALSE;
        tm_dataset_progress(r->options->dataset, &read, &size);
        tell(r, read, size);
    }
    return TRUE;
}

/* ---- all of it ---- */

/* Columns that neither the data file nor the schema names are taken from the batch's first rows. */
static gboolean learn_columns(results *r, GError **error)
{
    int64_t after = -1;
    int length = r->options->media_output ? 1 : PAGE_MIN;
    for (guint seen = 0; seen < SAMPLE;) {
        g_autoptr(GArray) page = new_page();
        if (!tm_store_page(r->store, r->batch, after, length, r->options->all_revisions, page, error))
            return FALSE;
        if (page->len == 0)
            return TRUE;
        tm_results_table_learn(r->table, page);
        seen += page->len;
        after = g_array_index(page, tm_stored, page->len - 1).ordinal;
        length = MIN(next_length(page, length), (int)(SAMPLE - MIN(seen, SAMPLE - 1)));
    }
    return TRUE;
}

static gboolean write_all(results *r, GError **error)
{
    if (r->options->format != TM_FORMAT_JSONL) {
        r->table = tm_results_table_new(r->options);
        if (tm_results_table_learns(r->table) && !learn_columns(r, error))
            return FALSE;
        g_autoptr(GString) renamed = g_string_new(NULL);
        tm_results_table_head(r->table, r->buffer, renamed);
        if (renamed->len > 0)
            r->count->renamed = g_string_free(g_steal_pointer(&renamed), FALSE);
    }
    return (r->options->dataset ? write_data(r, error) : write_batch(r, error)) && flush(r, error);
}

gboolean tm_results_write(tm_store *store, const tm_batch *batch, const tm_results_options *options,
                          FILE *out, tm_results_count *count, GError **error)
{
    *count = (tm_results_count){0};
    results r = {.store = store, .batch = batch, .options = options, .count = count, .out = out};
    r.buffer = g_string_sized_new(512 << 10);
    gboolean good = write_all(&r, error);
    if (r.occurrences)
        g_hash_table_unref(r.occurrences);
    tm_repeated_free(r.repeated);
    tm_results_table_free(r.table);
    g_string_free(r.buffer, TRUE);
    count->cut_off = r.closed;
    return good;
}
