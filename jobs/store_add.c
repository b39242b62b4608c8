/* store_add.c - rows are queued. They are gathered in memory and written together, so that nobody is kept
 * from writing while the data is being read (it may come from a pipe that sleeps). */
#include "jobs/store_private.h"

#include "core/error.h"
#include <string.h>

enum { GATHER_BYTES = 4 << 20 };

static const char SQL_BATCH[] = "SELECT top, cursor, removing, loading, loader FROM batch WHERE id = ?1";
static const char SQL_LOAD[] = "UPDATE batch SET loading = ?2, loader = ?3 WHERE id = ?1";
static const char SQL_TOP[] = "UPDATE batch SET top = ?2 WHERE id = ?1";
static const char SQL_BY_KEY[] = "SELECT job FROM jobkey WHERE batch = ?1 AND key = ?3 AND occurrence = ?2";
static const char SQL_TAKEN[] = "SELECT 1 FROM job WHERE id = ?1";
static const char SQL_LEADER[] =
    "SELECT coalesce(l.same_as, l.id), l.state, l.class, l.answer FROM jobkey k JOIN job l ON l.id = k.job"
    " WHERE k.batch = ?1 AND k.key = ?2 AND k.occurrence = 0";
static const char SQL_JOB[] =
    "INSERT INTO job(id, state, not_before_ms, class, answer, same_as) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
static const char SQL_FRESH_JOB[] = "INSERT INTO job(id) VALUES (?1)";
static const char SQL_INPUT[] = "INSERT INTO input(job, key, body) VALUES (?1, ?2, ?3)";
static const char SQL_KEY[] = "INSERT INTO jobkey(batch, occurrence, job, key) VALUES (?1, ?2, ?3, ?4)";
static const char SQL_READY[] = "INSERT INTO ready(batch, not_before_ms, job) VALUES (?1, 0, ?2)";

typedef struct {
    int64_t ordinal, occurrence;
    uint8_t key[16];
    size_t offset, length; /* of its body in adder->bodies */
} gathered;

struct tm_adder {
    tm_store *store;
    tm_batch *batch; /* id and name only; NULL: a dry run of a batch that is not there yet */
    tm_add_options options;
    bool loading;  /* rows only, their keys follow at the end */
    tm_seen *seen; /* NULL: nobody asks how often a key came */
    GArray *rows;
    GByteArray *bodies;
    tm_added added;
};

static void adder_free(tm_adder *adder)
{
    if (adder->loading && adder->store)
        adder->store->loading = 0;
    tm_batch_free(adder->batch);
    tm_seen_free(adder->seen);
    g_array_unref(adder->rows);
    g_byte_array_unref(adder->bodies);
    g_free(adder);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(tm_adder, adder_free)

typedef struct {
    int64_t top, cursor, loading, loader;
} place;

static gboolean read_place(tm_adder *adder, place *at, GError **error)
{
    sqlite3_stmt *statement = TM_SQL(adder->store, SQL_BATCH, adder->batch->id);
    int row = tm_sql_row(adder->store, statement, error);
    if (row < 0)
        return FALSE;
    at->top = sqlite3_column_int64(statement, 0);
    at->cursor = sqlite3_column_int64(statement, 1);
    bool removed = row == 0 || sqlite3_column_int(statement, 2);
    at->loading = sqlite3_column_int64(statement, 3);
    at->loader = sqlite3_column_int64(statement, 4);
    sqlite3_reset(statement);
    return removed ? tm_fail(error, TM_ERROR_STATE, "the batch %s was removed", adder->batch->name) : TRUE;
}

/* ---- begin ---- */

static gboolean is_loading(const tm_adder *adder, GError **error)
{
    return tm_fail(error, TM_ERROR_BUSY, "another tidemill is queueing the rows of %s: wait for it to end",
                   adder->batch->name);
}

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
    adder->loading = at.top == 0;
    if (!adder->loading)
        return TRUE;
    int how = adder->options.dedupe ? TM_LOAD_DEDUPE : TM_LOAD_PLAIN;
    return tm_sql_run(store, TM_SQL(store, SQL_LOAD, adder->batch->id, how, store->worker), error);
}

static gboolean begin(tm_adder *adder, GError **error)
{
    tm_store *store = adder->store;
    int64_t duplicates;
    place at;
    if (!adder->batch)
        return TRUE;
    if (!read_place(adder, &at, error))
        return FALSE;
    if (adder->options.dry_run)
        return TRUE;
    if (at.loading && tm_store_loader_lives(store, adder->batch->id, at.loader))
        return is_loading(adder, error);
    if (at.loading && !tm_store_keys_build(store, adder->batch->id, &duplicates, error))
        return FALSE;
    if (at.top > 0)
        return TRUE;
    if (!tm_store_worker(store, error) || !tm_store_write(store, begin_load, adder, error))
        return FALSE;
    if (adder->loading)
        store->loading = adder->batch->id;
    return TRUE;
}

tm_adder *tm_store_add_begin(tm_store *store, const tm_batch *batch, const tm_add_options *options,
                             GError **error)
{
    g_autoptr(tm_adder) adder = g_new0(tm_adder, 1);
    adder->store = store;
    adder->options = *options;
    adder->rows = g_array_new(FALSE, FALSE, sizeof(gathered));
    adder->bodies = g_byte_array_new();
    if (batch) {
        adder->batch = g_new0(tm_batch, 1);
        adder->batch->id = batch->id;
        adder->batch->name = g_strdup(batch->name);
    }
    if (!begin(adder, error))
        return NULL;
    /* A load finds repeats when it sorts, but the repeat of an id has to be told at once. */
    if (!adder->loading || options->by_id) {
        adder->seen = tm_seen_new(error);
        if (!adder->seen)
            return NULL;
    }
    return g_steal_pointer(&adder);
}

/* ---- rows ---- */

/* What a row begins as: waiting, or what the row is that it follows. */
typedef struct {
    tm_job_state state;
    int64_t leader, class, answer; /* 0 / -1 / 0: none */
} beginning;

static gboolean follow(tm_adder *adder, const gathered *row, beginning *as, GError **error)
{
    sqlite3_stmt *statement = TM_SQL(adder->store, SQL_LEADER, adder->batch->id);
    sqlite3_bind_blob(statement, 2, row->key, 16, SQLITE_STATIC);
    int found = tm_sql_row(adder->store, statement, error);
    if (found > 0) {
        tm_job_state state = (tm_job_state)sqlite3_column_int(statement, 1);
        bool ended = state == TM_JOB_DONE || state == TM_JOB_FAILED || state == TM_JOB_BLOCKED ||
                     state == TM_JOB_CANCELLED;
        as->leader = sqlite3_column_int64(statement, 0);
        as->state = ended ? state : TM_JOB_SAME;
        if (ended && sqlite3_column_type(statement, 2) != SQLITE_NULL)
            as->class = sqlite3_column_int64(statement, 2);
        as->answer = ended ? sqlite3_column_int64(statement, 3) : 0;
    }
    sqlite3_reset(statement);
    return found >= 0;
}

static gboolean place_row(tm_adder *adder, const gathered *row, place *at, int64_t *job, GError **error)
{
    int64_t ordinal = row->ordinal, taken = 0;
    if (ordinal <= at->top &&
        !tm_sql_number(adder->store, TM_SQL(adder->store, SQL_TAKEN, tm_job_id(adder->batch->id, ordinal)), 0,
                       &taken, error))
        return FALSE;
    if (taken || ordinal < 1)
        ordinal = at->top + 1;
    if (ordinal > TM_ORDINAL_MAX)
        return tm_fail(error, TM_ERROR_INPUT, "%s: more rows than a batch can hold (%" G_GINT64_FORMAT ")",
                       adder->batch->name, TM_ORDINAL_MAX);
    at->top = MAX(at->top, ordinal);
    *job = tm_job_id(adder->batch->id, ordinal);
    return TRUE;
}

/* Nearly all rows are fresh: the shorter statement takes half the time. */
static gboolean insert_job(tm_adder *adder, int64_t job, const beginning *as, bool behind, GError **error)
{
    tm_store *store = adder->store;
    if (as->state == TM_JOB_WAITING && !behind)
        return tm_sql_run(store, TM_SQL(store, SQL_FRESH_JOB, job), error);
    sqlite3_stmt *statement = TM_SQL(store, SQL_JOB, job, as->state, 0, as->class, as->answer, as->leader);
    if (!behind)
        sqlite3_bind_null(statement, 3);
    if (as->class < 0)
        sqlite3_bind_null(statement, 4);
    if (as->answer == 0)
        sqlite3_bind_null(statement, 5);
    if (as->leader == 0)
        sqlite3_bind_null(statement, 6);
    return tm_sql_run(store, statement, error) &&
           (!behind || tm_sql_run(store, TM_SQL(store, SQL_READY, adder->batch->id, job), error));
}

static gboolean insert_input(tm_adder *adder, const gathered *row, int64_t job, GError **error)
{
    sqlite3_stmt *statement = TM_SQL(adder->store, SQL_INPUT, job);
    sqlite3_bind_blob(statement, 2, row->key, 16, SQLITE_STATIC);
    sqlite3_bind_text64(statement, 3, (const char *)adder->bodies->data + row->offset, row->length,
                        SQLITE_STATIC, SQLITE_UTF8);
    if (!tm_sql_run(adder->store, statement, error))
        return FALSE;
    if (adder->loading)
        return TRUE; /* its key follows with all the others */
    statement = TM_SQL(adder->store, SQL_KEY, adder->batch->id, row->occurrence, job);
    sqlite3_bind_blob(statement, 4, row->key, 16, SQLITE_STATIC);
    return tm_sql_run(adder->store, statement, error);
}

static gboolean insert_row(tm_adder *adder, const gathered *row, place *at, tm_counts *counts, GError **error)
{
    beginning as = {.state = TM_JOB_WAITING, .class = -1};
    int64_t job = 0;
    if (!place_row(adder, row, at, &job, error))
        return FALSE;
    if (adder->options.dedupe && row->occurrence > 0 && !adder->loading && !follow(adder, row, &as, error))
        return FALSE;
    bool behind = as.state == TM_JOB_WAITING && tm_job_ordinal(job) <= at->cursor;
    counts->n[as.state]++;
    if (as.class >= 0 && (as.state == TM_JOB_FAILED || as.state == TM_JOB_BLOCKED))
        counts->classes[as.class]++;
    return insert_job(adder, job, &as, behind, error) && insert_input(adder, row, job, error);
}

static gboolean is_known(tm_adder *adder, const gathered *row, bool *known, GError **error)
{
    int64_t job = 0;
    if (!adder->loading && adder->batch) {
        sqlite3_stmt *statement = TM_SQL(adder->store, SQL_BY_KEY, adder->batch->id, row->occurrence);
        sqlite3_bind_blob(statement, 3, row->key, 16, SQLITE_STATIC);
        if (!tm_sql_number(adder->store, statement, 0, &job, error))
            return FALSE;
    }
    *known = job != 0;
    return TRUE;
}

typedef struct {
    tm_adder *adder;
    tm_added added; /* counts only once it is written */
} flush_data;

static void count_row(flush_data *flush, const gathered *row, bool known)
{
    bool copy = flush->adder->options.dedupe && row->occurrence > 0;
    flush->added.n_known += known;
    flush->added.n_new += !known && !copy;
    flush->added.n_duplicates += row->occurrence > 0;
}

static gboolean write_rows(tm_store *store, gpointer data, GError **error)
{
    flush_data *flush = data;
    tm_adder *adder = flush->adder;
    tm_counts counts = {0};
    place at;
    if (!read_place(adder, &at, error))
        return FALSE;
    for (guint i = 0; i < adder->rows->len; i++) {
        const gathered *row = &g_array_index(adder->rows, gathered, i);
        bool known;
        if (!is_known(adder, row, &known, error) || (!known && !insert_row(adder, row, &at, &counts, error)))
            return FALSE;
        count_row(flush, row, known);
    }
    return tm_sql_run(store, TM_SQL(store, SQL_TOP, adder->batch->id, at.top), error) &&
           tm_counts_write(store, adder->batch->id, &counts, error);
}

static gboolean look_up_rows(flush_data *flush, GError **error)
{
    for (guint i = 0; i < flush->adder->rows->len; i++) {
        const gathered *row = &g_array_index(flush->adder->rows, gathered, i);
        bool known;
        if (!is_known(flush->adder, row, &known, error))
            return FALSE;
        count_row(flush, row, known);
    }
    return TRUE;
}

/* A dry run. One read transaction for the rows at hand: so many file locks fewer, and it ends within 100 ms
 * or so. */
static gboolean look_up(flush_data *flush, GError **error)
{
    if (!flush->adder->batch)
        return look_up_rows(flush, error);
    tm_store_read_begin(flush->adder->store);
    gboolean ok = look_up_rows(flush, error);
    tm_store_read_end(flush->adder->store);
    return ok;
}

static gboolean flush_rows(tm_adder *adder, GError **error)
{
    flush_data flush = {.adder = adder};
    if (adder->rows->len == 0)
        return TRUE;
    if (!(adder->options.dry_run ? look_up(&flush, error)
                                 : tm_store_write(adder->store, write_rows, &flush, error)))
        return FALSE;
    adder->added.n_new += flush.added.n_new;
    adder->added.n_known += flush.added.n_known;
    adder->added.n_duplicates += flush.added.n_duplicates;
    g_array_set_size(adder->rows, 0);
    g_byte_array_set_size(adder->bodies, 0);
    return TRUE;
}

gboolean tm_store_add_row(tm_adder *adder, int64_t ordinal, const uint8_t key[16], const char *body,
                          size_t length, bool *duplicate_id, GError **error)
{
    int64_t occurrence = adder->seen ? tm_seen_count(adder->seen, key, error) : 0;
    if (occurrence < 0)
        return FALSE;
    bool repeats_id = adder->options.by_id && occurrence > 0;
    if (duplicate_id)
        *duplicate_id = repeats_id;
    if (repeats_id) {
        adder->added.n_duplicates++;
        return TRUE;
    }
    gathered row = {
        .ordinal = ordinal, .occurrence = occurrence, .offset = adder->bodies->len, .length = length};
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

static gboolean end_load(tm_adder *adder, GError **error)
{
    int64_t duplicates;
    if (!tm_store_keys_build(adder->store, adder->batch->id, &duplicates, error))
        return FALSE;
    adder->added.n_duplicates += duplicates;
    if (adder->options.dedupe)
        adder->added.n_new -= duplicates;
    return TRUE;
}

gboolean tm_store_add_end(tm_adder *adder, tm_added *added, GError **error)
{
    gboolean ok = flush_rows(adder, error) && (!adder->loading || end_load(adder, error));
    *added = adder->added;
    adder_free(adder);
    return ok;
}

void tm_store_add_abort(tm_adder *adder)
{
    if (!adder)
        return;
    /* What was committed may be worked at once; if this fails the next add or recovery does it. */
    if (adder->loading)
        end_load(adder, NULL);
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
