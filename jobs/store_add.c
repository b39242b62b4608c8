/* store_add.c - rows are queued. They are gathered in memory and written together, so that nobody is kept
 * from writing while the data is being read (it may come from a pipe that sleeps). Many new rows are a load:
 * their keys are put into the index when all are in, in order (store_keys.c). */
#include "jobs/store_adder.h"

#include "core/error.h"
#include <string.h>

enum { GATHER_BYTES = 4 << 20 };

static const char SQL_SAME[] = "UPDATE batch SET loading = loading WHERE id = ?1";
static const char SQL_BY_KEY[] = "SELECT job FROM jobkey WHERE batch = ?1 AND key = ?3 AND occurrence = ?2";

/* ---- begin ---- */

static void adder_free(tm_adder *adder)
{
    if (adder->loading)
        tm_adder_end_loading(adder);
    tm_batch_free(adder->batch);
    tm_match_free(adder->match);
    tm_sorter_free(adder->sorter);
    tm_seen_free(adder->seen);
    g_array_unref(adder->rows);
    g_byte_array_unref(adder->bodies);
    g_array_unref(adder->media);
    g_free(adder->order);
    g_free(adder);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(tm_adder, adder_free)

static gboolean begin(tm_adder *adder, GError **error)
{
    tm_store *store = adder->store;
    tm_adder_at at;
    if (!adder->batch) {
        tm_adder_start_sorter(adder);
        return TRUE;
    }
    adder->match = tm_match_new(store, adder->batch->id);
    if (!tm_adder_place(adder, &at, error))
        return FALSE;
    if (adder->options.dry_run) {
        tm_adder_start_sorter(adder);
        tm_match_set_keyless(adder->match, at.loading == TM_LOAD_PLAIN || at.loading == TM_LOAD_DEDUPE);
        return TRUE;
    }
    if (at.loading && tm_store_loader_lives(store, adder->batch->id, at.loader))
        return tm_adder_kept_out(adder, error);
    if (at.loading == (adder->options.dedupe ? TM_LOAD_DEDUPE : TM_LOAD_PLAIN))
        return tm_adder_resume(adder, &at, error);
    if (at.loading && !tm_store_keys_build(store, adder->batch->id, error))
        return FALSE;
    if (at.top > 0)
        return TRUE;
    if (!tm_store_worker(store, error) || !tm_store_write(store, tm_adder_begin_load, adder, error))
        return FALSE;
    if (!adder->loading)
        return TRUE;
    g_clear_pointer(&adder->match, tm_match_free);
    tm_adder_begin_loading(adder);
    return TRUE;
}

tm_adder *tm_store_add_begin(tm_store *store, const tm_batch *batch, const tm_add_options *options,
                             GError **error)
{
    g_autoptr(tm_adder) adder = g_new0(tm_adder, 1);
    adder->store = store;
    adder->options = *options;
    adder->rows = g_array_new(FALSE, FALSE, sizeof(tm_gathered));
    adder->bodies = g_byte_array_new();
    adder->media = tm_row_media_new();
    adder->order = g_new(guint, TM_CHUNK);
    if (batch) {
        adder->batch = g_new0(tm_batch, 1);
        adder->batch->id = batch->id;
        adder->batch->name = g_strdup(batch->name);
    }
    if (!begin(adder, error))
        return NULL;
    if (options->by_id) {
        adder->seen = tm_seen_new(error);
        if (!adder->seen)
            return NULL;
    }
    return g_steal_pointer(&adder);
}

void tm_store_add_media(tm_adder *adder, const tm_media_stamp *stamps, size_t n)
{
    for (size_t i = 0; i < n && !adder->options.dry_run; i++) {
        tm_row_media media = {.row = adder->rows->len, .stamp = stamps[i]};
        media.stamp.path = g_strdup(stamps[i].path);
        g_array_append_val(adder->media, media);
    }
}

/* A row that is not queued takes its media with it. */
static void drop_media(tm_adder *adder)
{
    guint n = adder->media->len;
    while (n > 0 && g_array_index(adder->media, tm_row_media, n - 1).row == adder->rows->len)
        n--;
    g_array_set_size(adder->media, n);
}

gboolean tm_store_add_row(tm_adder *adder, int64_t ordinal, const uint8_t key[16], const char *body,
                          size_t length, bool *duplicate_id, GError **error)
{
    int64_t before = adder->seen ? tm_seen_count(adder->seen, key, error) : 0;
    if (before < 0)
        return FALSE;
    if (duplicate_id)
        *duplicate_id = before > 0;
    if (before > 0) {
        adder->added.n_duplicates++;
        drop_media(adder);
        return TRUE;
    }
    tm_gathered row = {.ordinal = ordinal, .offset = adder->bodies->len, .length = length};
    memcpy(row.key, key, sizeof row.key);
    if (!adder->options.dry_run) {
        if (length > G_MAXINT - GATHER_BYTES)
            return tm_fail(error, TM_ERROR_INPUT, "row %" G_GINT64_FORMAT " is too large: %zu bytes", ordinal,
                           length);
        g_byte_array_append(adder->bodies, (const guint8 *)body, (guint)length);
    }
    g_array_append_val(adder->rows, row);
    if (adder->rows->len < TM_CHUNK && adder->bodies->len < GATHER_BYTES)
        return TRUE;
    return tm_adder_flush(adder, error);
}

/* ---- end ---- */

/* New keys of a dry run that came more than once. */
static gboolean count_repeats(tm_adder *adder, GError **error)
{
    uint8_t key[16], before[16];
    int64_t ordinal, n = 0;
    int row;
    for (bool first = true; (row = tm_sorter_next(adder->sorter, key, &ordinal, error)) > 0; first = false) {
        n += !first && memcmp(key, before, sizeof key) == 0;
        memcpy(before, key, sizeof before);
    }
    adder->added.n_duplicates += n;
    if (adder->options.dedupe)
        adder->added.n_new -= n;
    return row == 0;
}

gboolean tm_store_add_end(tm_adder *adder, tm_added *added, GError **error)
{
    gboolean ok = tm_adder_flush(adder, error) && (!adder->loading || tm_adder_end_load(adder, error)) &&
                  (!adder->options.dry_run || count_repeats(adder, error));
    *added = adder->added;
    adder_free(adder);
    return ok;
}

static gboolean make_durable(tm_store *store, gpointer adder, GError **error)
{
    return tm_sql_run(store, TM_SQL(store, SQL_SAME, ((tm_adder *)adder)->batch->id), error);
}

gboolean tm_store_add_stop(tm_adder *adder, tm_added *added, GError **error)
{
    gboolean ok = tm_adder_flush(adder, error);
    if (ok && adder->loading) {
        tm_database_set_lazy(adder->store->database, false);
        ok = tm_store_write(adder->store, make_durable, adder, error);
    }
    *added = adder->added;
    adder_free(adder);
    return ok;
}

void tm_store_add_abort(tm_adder *adder)
{
    if (adder)
        adder_free(adder);
}

int64_t tm_store_job_by_key(tm_store *store, const tm_batch *batch, const uint8_t key[16], int64_t occurrence,
                            GError **error)
{
    int64_t job = 0;
    sqlite3_stmt *statement = TM_SQL(store, SQL_BY_KEY, batch->id, occurrence);
    sqlite3_bind_blob(statement, 3, key, 16, SQLITE_STATIC);
    return tm_sql_number(store, statement, 0, &job, error) ? job : -1;
}
