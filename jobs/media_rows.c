/* media_rows.c - see media_rows.h */
#include "jobs/media_rows.h"

#include "core/error.h"
#include "core/json.h"
#include <string.h>

enum {
    REMEMBERED = 4096,        /* files kept in mind: many rows may name the same one */
    MOST_OF_A_ROW = 70000000, /* bytes of all its files: a request takes 100 MB, in base64 */
};

struct tm_media_rows {
    const tm_prompt *prompt;
    const tm_binding *binding;
    tm_media_loader *loader;
    tm_store *store; /* NULL: nothing is known */
    const tm_batch *batch;
    bool forgives;
    GHashTable *seen; /* path -> tm_media_stamp */
};

static void free_stamp(gpointer stamp)
{
    tm_media_stamp_clear(stamp);
    g_free(stamp);
}

tm_media_rows *tm_media_rows_new(const tm_prompt *prompt, const tm_binding *binding, tm_media_loader *loader)
{
    if (!tm_template_media(prompt->template))
        return NULL;
    tm_media_rows *rows = g_new0(tm_media_rows, 1);
    rows->prompt = prompt;
    rows->binding = binding;
    rows->loader = loader;
    rows->seen = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, free_stamp);
    return rows;
}

void tm_media_rows_free(tm_media_rows *rows)
{
    if (!rows)
        return;
    g_hash_table_unref(rows->seen);
    g_free(rows);
}

void tm_media_rows_remember(tm_media_rows *rows, tm_store *store, const tm_batch *batch)
{
    rows->store = store;
    rows->batch = batch;
}

void tm_media_rows_forgive(tm_media_rows *rows)
{
    rows->forgives = true;
}

/* ---- one file ---- */

static gboolean remembered(void *data, tm_media_stamp *stamp, bool *known, GError **error)
{
    tm_media_rows *rows = data;
    return !rows->store || !rows->batch ||
           tm_store_media_known(rows->store, rows->batch, stamp, known, error);
}

/* As the batch knew it last. */
static gboolean look_back(tm_media_rows *rows, const char *path, tm_media_stamp *stamp, bool *known,
                          GError **error)
{
    *stamp = (tm_media_stamp){.path = g_strdup(path), .size = -1};
    gboolean good = remembered(rows, stamp, known, error);
    if (!good || !*known)
        tm_media_stamp_clear(stamp);
    return good;
}

static gboolean stamp_file(tm_media_rows *rows, const tm_part *part, tm_media_stamp *stamp, GError **error)
{
    GError *failed = NULL;
    if (tm_media_loader_stamp(rows->loader, part->url, part->content_type, remembered, rows, stamp, &failed))
        return TRUE;
    bool known = false;
    if (rows->forgives && failed->domain == TM_ERROR && failed->code == TM_ERROR_INPUT) {
        if (!look_back(rows, part->url, stamp, &known, error)) {
            g_error_free(failed);
            return FALSE;
        }
        if (known) {
            g_error_free(failed);
            return TRUE;
        }
    }
    g_propagate_error(error, failed);
    return FALSE;
}

static gboolean take_file(tm_media_rows *rows, const tm_part *part, GArray *stamps, GError **error)
{
    const char *const *own = tm_template_media(rows->prompt->template);
    if (g_strv_contains(own, part->url))
        return TRUE; /* the prompt's own: it stands with the revision */
    for (guint i = 0; i < stamps->len; i++)
        if (strcmp(g_array_index(stamps, tm_media_stamp, i).path, part->url) == 0)
            return TRUE;
    tm_media_stamp *seen = g_hash_table_lookup(rows->seen, part->url);
    if (!seen) {
        tm_media_stamp stamp;
        if (!stamp_file(rows, part, &stamp, error))
            return FALSE;
        if (g_hash_table_size(rows->seen) >= REMEMBERED)
            g_hash_table_remove_all(rows->seen);
        seen = g_memdup2(&stamp, sizeof stamp);
        g_hash_table_insert(rows->seen, seen->path, seen);
    }
    tm_media_stamp copy = *seen;
    copy.path = g_strdup(seen->path);
    g_array_append_val(stamps, copy);
    return TRUE;
}

static gboolean take_part(tm_media_rows *rows, const tm_part *part, GArray *stamps, GError **error)
{
    if (part->kind != TM_PART_MEDIA)
        return TRUE;
    switch (tm_media_kind_of(part->url)) {
    case TM_MEDIA_DATA: {
        g_autofree char *flaw = tm_media_data_flaw(part->url);
        return !flaw || tm_fail(error, TM_ERROR_INPUT, "%s", flaw);
    }
    case TM_MEDIA_WEB:
    case TM_MEDIA_REMOTE:
        return TRUE;
    case TM_MEDIA_FILE:
    case TM_MEDIA_OTHER:
        break;
    }
    return take_file(rows, part, stamps, error);
}

/* ---- a row ---- */

/* The row's messages; NULL and *error: it can't be rendered; NULL alone: a value is missing, which its key
 * tells. */
static GPtrArray *render(const tm_media_rows *rows, const tm_dataset *dataset, const tm_row *row,
                         GError **error)
{
    g_autoptr(GString) text = g_string_new(NULL);
    tm_row_write_json(dataset, row, text);
    g_autoptr(json_t) object = tm_json_parse_row(text->str, text->len, NULL);
    g_autoptr(json_t) input = object ? tm_binding_input(rows->binding, object, NULL) : NULL;
    return input ? tm_prompt_render(rows->prompt, input, error) : NULL;
}

static gboolean take_files(tm_media_rows *rows, const GPtrArray *messages, GArray *stamps, GError **error)
{
    int64_t total = 0;
    for (guint i = 0; i < messages->len; i++) {
        const tm_message *message = messages->pdata[i];
        for (guint k = 0; k < message->parts->len; k++)
            if (!take_part(rows, message->parts->pdata[k], stamps, error))
                return FALSE;
    }
    for (guint i = 0; i < stamps->len; i++)
        total += g_array_index(stamps, tm_media_stamp, i).size;
    return total <= MOST_OF_A_ROW ||
           tm_fail(error, TM_ERROR_INPUT, "media of %.1f MB in all: a request takes %.1f MB",
                   (double)total / 1e6, MOST_OF_A_ROW / 1e6);
}

bool tm_media_rows_key(tm_media_rows *rows, const tm_binding *binding, const tm_dataset *dataset,
                       const tm_row *row, GArray *stamps, uint8_t key[16], char **why, GError **error)
{
    if (!rows)
        return tm_binding_key(binding, dataset, row, key, why);
    g_autoptr(GArray) own = stamps ? g_array_ref(stamps) : tm_media_stamps_new();
    g_autoptr(GError) failed = NULL;
    g_autoptr(GPtrArray) messages = render(rows, dataset, row, &failed);
    if (failed || (messages && !take_files(rows, messages, own, &failed))) {
        bool of_the_row = g_error_matches(failed, TM_ERROR, TM_ERROR_INPUT) ||
                          g_error_matches(failed, TM_ERROR, TM_ERROR_CHANGED);
        if (of_the_row)
            *why =
                g_strdup_printf("can't be used: %.*s", (int)strcspn(failed->message, "\n"), failed->message);
        else
            g_propagate_error(error, g_steal_pointer(&failed));
        return false;
    }
    return tm_binding_key_files(binding, dataset, row, (const tm_media_stamp *)(void *)own->data, own->len,
                                key, why);
}
