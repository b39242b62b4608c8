/* store_add.c - rows are queued. They are gathered in memory and written together, so that nobody is kept
 * from writing while the data is being read (it may come from a pipe that sleeps). Many new rows are a load:
 * their keys are put into the index when all are in, in order (store_keys.c). */
#include "jobs/store_private.h"

#include "core/error.h"
#include <string.h>

enum { GATHER_BYTES = 4 << 20, MANY = TM_CHUNK / 4, WAIT_MS = 200 };

static const char SQL_BATCH[] = "SELECT top, removing, loading, loader FROM batch WHERE id = ?1";
static const char SQL_LOAD[] = "UPDATE batch SET loading = ?2, loader = ?3 WHERE id = ?1";
static const char SQL_SAME[] = "UPDATE batch SET loading = loading WHERE id = ?1";
static const char SQL_N_JOBS[] = "SELECT n_waiting + n_running + n_done + n_failed + n_blocked + n_cancelled"
                                 " + n_held + n_same FROM batch WHERE id = ?1";
static const char SQL_BY_KEY[] = "SELECT job FROM jobkey WHERE batch = ?1 AND key = ?3 AND occurrence = ?2";

struct tm_adder {
    tm_store *store;
    tm_batch *batch; /* id and name only; NULL: a dry run of a batch that is not there yet */
    tm_add_options options;
    bool loading;      /* rows only, their keys follow at the end */
    bool none;         /* loading: no row has its key yet */
    int64_t resumed;   /* loading: up to here the rows of a load that was cut off; 0: a load of our own */
    int64_t n_resumed; /* of these, found in the file so far */
    tm_match *match;   /* NULL: nothing to compare with */
    tm_sorter *sorter; /* loading: of the rows without keys; a dry run: keys that the batch has not */
    tm_seen *seen;     /* by_id: the repeat of an id has to be told at once */
    GArray *rows;      /* of tm_gathered */
    GByteArray *bodies;
    guint *order; /* TM_CHUNK: those that are looked up by key, in the order of keys */
    guint n_order;
    bool kept_out; /* somebody else loads */
    tm_added added;
};

typedef struct {
    int64_t top, loading, loader;
} place;

static gboolean read_place(tm_adder *adder, place *at, GError **error)
{
    sqlite3_stmt *statement = TM_SQL(adder->store, SQL_BATCH, adder->batch->id);
    int row = tm_sql_row(adder->store, statement, error);
    if (row < 0)
        return FALSE;
    at->top = sqlite3_column_int64(statement, 0);
    bool removed = row == 0 || sqlite3_column_int(statement, 1);
    at->loading = sqlite3_column_int64(statement, 2);
    at->loader = sqlite3_column_int64(statement, 3);
    sqlite3_reset(statement);
    return removed ? tm_fail(error, TM_ERROR_STATE, "the batch %s was removed", adder->batch->name) : TRUE;
}

/* ---- begin ---- */

static gboolean is_loading(const tm_adder *adder, GError **error)
{
    return tm_fail(error, TM_ERROR_BUSY, "another tidemill is queueing the rows of %s: wait for it to end",
                   adder->batch->name);
}

static void start_sorter(tm_adder *adder)
{
    adder->sorter = tm_sorter_new(adder->store ? tm_database_folder(adder->store->database) : NULL);
}

/* Until all rows have their keys nobody was told that they are in: their commits need not wait for the disk.
 */
static void begin_loading(tm_adder *adder)
{
    tm_database_set_lazy(adder->store->database, true);
    adder->store->loading = adder->batch->id;
    start_sorter(adder);
}

static void end_loading(tm_adder *adder)
{
    tm_database_set_lazy(adder->store->database, false);
    adder->store->loading = 0;
    adder->loading = adder->none = false;
    adder->resumed = 0;
    g_clear_pointer(&adder->sorter, tm_sorter_free);
}

static void adder_free(tm_adder *adder)
{
    if (adder->loading)
        end_loading(adder);
    tm_batch_free(adder->batch);
    tm_match_free(adder->match);
    tm_sorter_free(adder->sorter);
    tm_seen_free(adder->seen);
    g_array_unref(adder->rows);
    g_byte_array_unref(adder->bodies);
    g_free(adder->order);
    g_free(adder);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(tm_adder, adder_free)

/* An empty batch: ours to load. If somebody came in between we must wait: the keys of a load stand only at
 * its end. */
static gboolean begin_load(tm_store *store, gpointer data, GError **error)
{
    tm_adder *adder = data;
    place at;
    if (!read_place(adder, &at, error))
        return FALSE;
    if (at.loading != TM_LOAD_NONE)
        return is_loading(adder, error);
    if (at.top > 0)
        return TRUE;
    adder->loading = adder->none = true;
    int how = adder->options.dedupe ? TM_LOAD_DEDUPE : TM_LOAD_PLAIN;
    return tm_sql_run(store, TM_SQL(store, SQL_LOAD, adder->batch->id, how, store->worker), error);
}

/* A load that was cut off, of the same kind: its rows are not touched, and as long as the file's rows are the
 * ones that stand at their places, it goes on. */
static gboolean resume(tm_adder *adder, const place *before, GError **error)
{
    tm_store *store = adder->store;
    place at;
    if (!tm_store_keys_claim(store, adder->batch->id, before->loader, error) ||
        !read_place(adder, &at, error))
        return FALSE;
    adder->loading = true;
    adder->resumed = at.top;
    tm_match_set_keyless(adder->match, true);
    begin_loading(adder);
    return tm_store_keys_gather(store, adder->batch->id, adder->sorter, &adder->none, error);
}

static gboolean begin(tm_adder *adder, GError **error)
{
    tm_store *store = adder->store;
    place at;
    if (!adder->batch) {
        start_sorter(adder);
        return TRUE;
    }
    adder->match = tm_match_new(store, adder->batch->id);
    if (!read_place(adder, &at, error))
        return FALSE;
    if (adder->options.dry_run) {
        start_sorter(adder);
        tm_match_set_keyless(adder->match, at.loading == TM_LOAD_PLAIN || at.loading == TM_LOAD_DEDUPE);
        return TRUE;
    }
    if (at.loading && tm_store_loader_lives(store, adder->batch->id, at.loader))
        return is_loading(adder, error);
    if (at.loading == (adder->options.dedupe ? TM_LOAD_DEDUPE : TM_LOAD_PLAIN))
        return resume(adder, &at, error);
    if (at.loading && !tm_store_keys_build(store, adder->batch->id, error))
        return FALSE;
    if (at.top > 0)
        return TRUE;
    if (!tm_store_worker(store, error) || !tm_store_write(store, begin_load, adder, error))
        return FALSE;
    if (!adder->loading)
        return TRUE;
    g_clear_pointer(&adder->match, tm_match_free);
    begin_loading(adder);
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

/* ---- end of a load ---- */

/* Repeats behind `from` are counted in *n_behind. */
static gboolean append_keys(tm_adder *adder, int64_t from, int64_t *n_repeats, int64_t *n_behind,
                            GError **error)
{
    tm_store *store = adder->store;
    tm_keys_append how = {.none = adder->none, .dedupe = adder->options.dedupe, .from = from};
    if (!tm_store_keys_append(store, adder->batch->id, adder->sorter, &how, error))
        return FALSE;
    *n_repeats = how.n_repeats;
    *n_behind = how.n_repeats_behind;
    end_loading(adder);
    return TRUE;
}

static gboolean end_load(tm_adder *adder, GError **error)
{
    int64_t n_repeats, n_new_repeats;
    if (!append_keys(adder, adder->resumed, &n_repeats, &n_new_repeats, error))
        return FALSE;
    adder->added.n_duplicates += n_repeats;
    if (adder->options.dedupe)
        adder->added.n_new -= n_new_repeats;
    return TRUE;
}

/* Of the rows of a load that was cut off those before the group at hand were found in the file. */
static gboolean end_resumed(tm_adder *adder, GError **error)
{
    int64_t found = g_array_index(adder->rows, tm_gathered, 0).ordinal - 1, n_repeats, n_behind;
    if (!append_keys(adder, found, &n_repeats, &n_behind, error))
        return FALSE;
    adder->added.n_duplicates += n_repeats - n_behind;
    tm_match_set_keyless(adder->match, false);
    return TRUE;
}

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
    place at;
    if (!read_place(adder, &at, error))
        return FALSE;
    adder->kept_out = at.loading && !(adder->loading && at.loader == store->worker);
    if (adder->kept_out)
        return is_loading(adder, error);
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
    return tm_store_insert(store, &how, row_at(adder, 0), adder->rows->len, &group, error);
}

static gboolean note_written(tm_adder *adder, GError **error)
{
    if (adder->loading && !adder->sorter)
        begin_loading(adder);
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
    place at;
    if (!read_place(adder, &at, error))
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
    return end_resumed(adder, error);
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

static gboolean flush_rows(tm_adder *adder, GError **error)
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
    g_byte_array_set_size(adder->bodies, 0);
    return TRUE;
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
    return flush_rows(adder, error);
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
    gboolean ok = flush_rows(adder, error) && (!adder->loading || end_load(adder, error)) &&
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
    gboolean ok = flush_rows(adder, error);
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
