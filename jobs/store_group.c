/* store_group.c - a group of an adder's rows is taken in: compared with the batch's, and written if new. */
#include "jobs/store_adder.h"

#include "core/error.h"
#include <string.h>

enum { MANY = TM_CHUNK / 4, WAIT_MS = 200 };

static const char SQL_LOAD[] = "UPDATE batch SET loading = ?2, loader = ?3 WHERE id = ?1";
static const char SQL_N_JOBS[] = "SELECT n_waiting + n_running + n_done + n_failed + n_blocked + n_cancelled"
                                 " + n_held + n_same FROM batch WHERE id = ?1";

/* ---- a group of rows ---- */

static tm_gathered *row_at(const tm_adder *adder, guint i)
{
    return &g_array_index(adder->rows, tm_gathered, i);
}

static int by_key(const void *a, const void *b, gpointer rows)
{
    guint i = *(const guint *)a, k = *(const guint *)b;
    int order = memcmp(((const tm_gathered *)rows)[i].key, ((const tm_gathered *)rows)[k].key, 16);
    return order ? order : (i > k) - (i < k);
}

/* What is not known by its place, in the order of keys: so a page of the index is read once. */
static void order_rows(tm_adder *adder)
{
    adder->n_order = 0;
    for (guint i = 0; i < adder->rows->len; i++)
        if (!row_at(adder, i)->known)
            adder->order[adder->n_order++] = i;
    if (!adder->match)
        return; /* all of them are new, and their keys are sorted with the others' */
    g_qsort_with_data(adder->order, (gint)adder->n_order, sizeof *adder->order, by_key, adder->rows->data);
}

static void take_places(tm_adder *adder)
{
    for (guint i = 0; i < adder->rows->len; i++)
        if (row_at(adder, i)->known)
            tm_match_take(adder->match, tm_job_id(adder->batch->id, row_at(adder, i)->ordinal));
}

/* Looks up those in `order`. Equal rows of the group are numbered one after the other. */
static gboolean look_up(tm_adder *adder, GError **error)
{
    const tm_gathered *before = NULL;
    for (guint i = 0; i < adder->n_order; i++) {
        tm_gathered *row = row_at(adder, adder->order[i]);
        bool same = before && !before->known && memcmp(before->key, row->key, 16) == 0;
        if (same && !adder->options.dry_run)
            row->occurrence = before->occurrence + 1;
        else if (same)
            row->occurrence = before->occurrence;
        else if (!tm_match_key(adder->match, row, error))
            return FALSE;
        before = row;
    }
    return TRUE;
}

/* Counts only once it is written. A load counts its repeats when it sorts, a dry run those of new keys. */
static void count_rows(tm_adder *adder)
{
    tm_added *added = &adder->added;
    for (guint i = 0; i < adder->rows->len; i++) {
        const tm_gathered *row = row_at(adder, i);
        bool repeats = row->occurrence > 0 && (row->known || !adder->loading);
        added->n_known += row->known;
        added->n_new += !row->known && !(repeats && adder->options.dedupe);
        added->n_duplicates += repeats;
    }
}

/* ---- written ---- */

static gboolean write_rows(tm_store *store, gpointer data, GError **error)
{
    tm_adder *adder = data;
    tm_adder_at at;
    if (!tm_adder_place(adder, &at, error))
        return FALSE;
    adder->kept_out = at.loading && !(adder->loading && at.loader == store->worker);
    if (adder->kept_out)
        return tm_adder_kept_out(adder, error);
    if (adder->match && !adder->resumed && !look_up(adder, error))
        return FALSE;
    guint n_new = 0;
    for (guint i = 0; i < adder->n_order; i++)
        n_new += !row_at(adder, adder->order[i])->known;
    if (!adder->loading && adder->added.n_new + n_new >= MANY) {
        int how = adder->options.dedupe ? TM_LOAD_DEDUPE : TM_LOAD_MORE;
        if (!tm_sql_run(store, TM_SQL(store, SQL_LOAD, adder->batch->id, how, store->worker), error))
            return FALSE;
        adder->loading = true;
    }
    if (n_new == 0)
        return TRUE;
    const tm_insert how = {.batch = adder->batch->id,
                           .name = adder->batch->name,
                           .dedupe = adder->options.dedupe,
                           .keyed = !adder->loading};
    const tm_row_group group = {
        .rows = row_at(adder, 0), .n = adder->n_order, .order = adder->order, .bodies = adder->bodies->data};
    return tm_store_insert(store, &how, row_at(adder, 0), adder->rows->len, &group, error) &&
           tm_store_media_insert(store, adder->media, row_at(adder, 0), error);
}

static gboolean note_written(tm_adder *adder, GError **error)
{
    if (adder->loading && !adder->sorter)
        tm_adder_begin_loading(adder);
    for (guint i = 0; i < adder->rows->len; i++) {
        const tm_gathered *row = row_at(adder, i);
        if (row->known)
            continue;
        if (adder->match)
            tm_match_take(adder->match, row->job);
        if (adder->loading && !tm_sorter_put(adder->sorter, row->key, tm_job_ordinal(row->job), error))
            return FALSE;
    }
    return TRUE;
}

/* Somebody else has begun to load many rows: theirs may be among ours, and have no keys yet. */
static gboolean wait_for_load(tm_adder *adder, GError **error)
{
    tm_adder_at at;
    if (!tm_adder_place(adder, &at, error))
        return FALSE;
    if (!at.loading)
        return TRUE;
    if (!tm_store_loader_lives(adder->store, adder->batch->id, at.loader))
        return tm_store_keys_build(adder->store, adder->batch->id, error);
    g_usleep(WAIT_MS * 1000);
    return TRUE;
}

static gboolean write_group(tm_adder *adder, GError **error)
{
    if (adder->added.n_new + adder->n_order >= MANY && !tm_store_worker(adder->store, error))
        return FALSE;
    for (;;) {
        g_autoptr(GError) failed = NULL;
        adder->kept_out = false;
        if (tm_store_write(adder->store, write_rows, adder, &failed))
            return note_written(adder, error);
        if (!adder->kept_out) {
            g_propagate_error(error, g_steal_pointer(&failed));
            return FALSE;
        }
        if (!wait_for_load(adder, error))
            return FALSE;
    }
}

/* ---- a group is taken in ---- */

/* May the load that was cut off go on with this group? Only while the file is the one that it was: a row that
 * does not stand at its place may be queued at another, and that can't be seen without keys. */
static gboolean still_resumes(tm_adder *adder, bool *still, GError **error)
{
    int64_t n_jobs, here = 0;
    bool behind = false;
    *still = true;
    for (guint i = 0; i < adder->rows->len; i++) {
        const tm_gathered *row = row_at(adder, i);
        here += row->known;
        behind |= row->ordinal > adder->resumed;
        *still &= row->known || row->ordinal > adder->resumed;
    }
    adder->n_resumed += here;
    if (!*still || !behind)
        return TRUE;
    if (!tm_sql_number(adder->store, TM_SQL(adder->store, SQL_N_JOBS, adder->batch->id), 0, &n_jobs, error))
        return FALSE;
    *still = n_jobs - adder->added.n_new == adder->n_resumed;
    return TRUE;
}

static gboolean match_places(tm_adder *adder, GError **error)
{
    bool still = true;
    if (!tm_match_places(adder->match, row_at(adder, 0), adder->rows->len, error) ||
        (adder->resumed && !still_resumes(adder, &still, error)))
        return FALSE;
    if (still) {
        take_places(adder);
        return TRUE;
    }
    /* With their keys all rows can be found, in whatever order. */
    for (guint i = 0; i < adder->rows->len; i++)
        row_at(adder, i)->known = false;
    return tm_adder_end_resumed(adder, error);
}

/* New keys are counted when all are there. */
static gboolean look_only(tm_adder *adder, GError **error)
{
    if (adder->match && adder->n_order > 0) {
        /* One read transaction for the rows at hand: so many file locks fewer, and it ends within 100 ms. */
        tm_store_read_begin(adder->store);
        gboolean ok = look_up(adder, error);
        tm_store_read_end(adder->store);
        if (!ok)
            return FALSE;
    }
    for (guint i = 0; i < adder->n_order; i++) {
        const tm_gathered *row = row_at(adder, adder->order[i]);
        if (!row->known && row->occurrence == 0 && !adder->options.by_id &&
            !tm_sorter_put(adder->sorter, row->key, 0, error))
            return FALSE;
    }
    return TRUE;
}

gboolean tm_adder_flush(tm_adder *adder, GError **error)
{
    if (adder->rows->len == 0)
        return TRUE;
    if (adder->match && !match_places(adder, error))
        return FALSE;
    order_rows(adder);
    if (!(adder->options.dry_run ? look_only(adder, error)
                                 : adder->n_order == 0 || write_group(adder, error)))
        return FALSE;
    count_rows(adder);
    g_array_set_size(adder->rows, 0);
    g_array_set_size(adder->media, 0);
    g_byte_array_set_size(adder->bodies, 0);
    return TRUE;
}
