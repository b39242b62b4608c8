/* store_load.c - many rows are queued without their keys, which follow when all are in (store_keys.c). Until
 * then the batch says so (batch.loading), and by whom. */
#include "jobs/store_adder.h"

#include "core/error.h"

static const char SQL_BATCH[] = "SELECT top, removing, loading, loader FROM batch WHERE id = ?1";
static const char SQL_LOAD[] = "UPDATE batch SET loading = ?2, loader = ?3 WHERE id = ?1";

gboolean tm_adder_place(tm_adder *adder, tm_adder_at *at, GError **error)
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

gboolean tm_adder_kept_out(const tm_adder *adder, GError **error)
{
    return tm_fail(error, TM_ERROR_BUSY, "another tidemill is queueing the rows of %s: wait for it to end",
                   adder->batch->name);
}

void tm_adder_start_sorter(tm_adder *adder)
{
    adder->sorter = tm_sorter_new(adder->store ? tm_database_folder(adder->store->database) : NULL);
}

/* Until all rows have their keys nobody was told that they are in: their commits need not wait for the disk.
 */
void tm_adder_begin_loading(tm_adder *adder)
{
    tm_database_set_lazy(adder->store->database, true);
    adder->store->loading = adder->batch->id;
    tm_adder_start_sorter(adder);
}

void tm_adder_end_loading(tm_adder *adder)
{
    tm_database_set_lazy(adder->store->database, false);
    adder->store->loading = 0;
    adder->loading = adder->none = false;
    adder->resumed = 0;
    g_clear_pointer(&adder->sorter, tm_sorter_free);
}

/* An empty batch: ours to load. If somebody came in between we must wait: the keys of a load stand only at
 * its end. */
gboolean tm_adder_begin_load(tm_store *store, gpointer data, GError **error)
{
    tm_adder *adder = data;
    tm_adder_at at;
    if (!tm_adder_place(adder, &at, error))
        return FALSE;
    if (at.loading != TM_LOAD_NONE)
        return tm_adder_kept_out(adder, error);
    if (at.top > 0)
        return TRUE;
    adder->loading = adder->none = true;
    int how = adder->options.dedupe ? TM_LOAD_DEDUPE : TM_LOAD_PLAIN;
    return tm_sql_run(store, TM_SQL(store, SQL_LOAD, adder->batch->id, how, store->worker), error);
}

/* A load that was cut off, of the same kind: its rows are not touched, and as long as the file's rows are the
 * ones that stand at their places, it goes on. */
gboolean tm_adder_resume(tm_adder *adder, const tm_adder_at *before, GError **error)
{
    tm_store *store = adder->store;
    tm_adder_at at;
    if (!tm_store_keys_claim(store, adder->batch->id, before->loader, error) ||
        !tm_adder_place(adder, &at, error))
        return FALSE;
    adder->loading = true;
    adder->resumed = at.top;
    tm_match_set_keyless(adder->match, true);
    tm_adder_begin_loading(adder);
    return tm_store_keys_gather(store, adder->batch->id, adder->sorter, &adder->none, error);
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
    tm_adder_end_loading(adder);
    return TRUE;
}

gboolean tm_adder_end_load(tm_adder *adder, GError **error)
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
gboolean tm_adder_end_resumed(tm_adder *adder, GError **error)
{
    int64_t found = g_array_index(adder->rows, tm_gathered, 0).ordinal - 1, n_repeats, n_behind;
    if (!append_keys(adder, found, &n_repeats, &n_behind, error))
        return FALSE;
    adder->added.n_duplicates += n_repeats - n_behind;
    tm_match_set_keyless(adder->match, false);
    return TRUE;
}
