/* store_private.h - what the parts of the job table share: not for others. The tables stand in
 * store_schema.c. */
#pragma once
#include "jobs/database.h"
#include "jobs/store.h"

struct tm_store {
    tm_database *database;
    tm_clock *clock;
    int64_t worker;  /* 0: not yet needed */
    int64_t loading; /* the batch that an adder of ours is loading; 0: none */
    char *id;
    int64_t n_removed;       /* keys of the batch that is being removed */
    tm_store_watch_fn watch; /* NULL: nobody watches */
    void *watch_data;
    bool knows_groups;                /* store_rows.c has met this database */
    const struct tm_row_group *group; /* the rows that tm_rows stands for */
};

/* A job's id holds its batch and its place, so that job, input and answers of a batch lie together in input
 * order and need no index of their own. */
#define TM_JOB_BITS 32
#define TM_ORDINAL_MAX ((INT64_C(1) << TM_JOB_BITS) - 1)
static inline int64_t tm_job_id(int64_t batch, int64_t ordinal)
{
    return batch << TM_JOB_BITS | ordinal;
}
static inline int64_t tm_job_batch(int64_t job)
{
    return job >> TM_JOB_BITS;
}
static inline int64_t tm_job_ordinal(int64_t job)
{
    return job & TM_ORDINAL_MAX;
}

/* batch.loading */
enum {
    TM_LOAD_NONE,
    TM_LOAD_PLAIN,  /* the batch's first rows */
    TM_LOAD_DEDUPE, /* which rows are copies is told at its end: nothing is leased until then */
    TM_LOAD_MORE,   /* many rows behind others: work goes on */
};
/* request.state */
enum { TM_REQUEST_OPEN, TM_REQUEST_UNKNOWN, TM_REQUEST_LATE };

enum {
    TM_CHUNK = 20000, /* rows a transaction of add, cancel, retry and remove; some 100 ms */
    TM_CANARY_KEPT = 50,
};

extern const tm_database_kind tm_store_kind;

/* ---- store_sql.c: statements ---- */
void tm_sql_bind(sqlite3_stmt *statement, const int64_t *values, int n);
/* The statement of `sql` with whole numbers bound to ?1, ?2, ... */
#define TM_SQL(store, sql, ...)                                                                              \
    tm_sql_ready((store)->database, sql, (const int64_t[]){__VA_ARGS__},                                     \
                 (int)(sizeof((const int64_t[]){__VA_ARGS__}) / sizeof(int64_t)))
sqlite3_stmt *tm_sql_ready(tm_database *database, const char *sql, const int64_t *values, int n);
/* Runs one that returns no rows. */
gboolean tm_sql_run(tm_store *store, sqlite3_stmt *statement, GError **error);
/* 1: a row stands; 0: no more (reset); -1: *error (reset). */
int tm_sql_row(tm_store *store, sqlite3_stmt *statement, GError **error);
/* The first column of the first row, `otherwise` if there is none (or it is NULL). False: *error. */
gboolean tm_sql_number(tm_store *store, sqlite3_stmt *statement, int64_t otherwise, int64_t *value,
                       GError **error);
char *tm_sql_text(sqlite3_stmt *statement, int column); /* copy; NULL stays NULL (transfer full) */
void tm_sql_bind_text(sqlite3_stmt *statement, int index,
                      const char *text); /* until the next use; NULL: NULL */
int64_t tm_store_changes(tm_store *store);
int64_t tm_store_now(tm_store *store); /* wall ms */

/* Tells who watches how far some long work is: `total` 0: not known. */
void tm_store_tell(tm_store *store, const char *what, int64_t done, int64_t total);

/* `work` in a writing transaction of its own. */
typedef gboolean (*tm_store_work)(tm_store *store, gpointer data, GError **error);
gboolean tm_store_write(tm_store *store, tm_store_work work, gpointer data, GError **error);

/* ---- store_count.c: counters, gathered in memory and written with the rows they count ---- */
typedef struct {
    int64_t n[TM_N_JOB_STATES];
    int64_t repeats;
    int64_t classes[TM_N_CLASSES]; /* failed and blocked rows by class */
} tm_counts;
static inline void tm_counts_move(tm_counts *counts, tm_job_state from, tm_job_state to, int64_t rows)
{
    counts->n[from] -= rows;
    counts->n[to] += rows;
}
gboolean tm_counts_write(tm_store *store, int64_t batch, const tm_counts *counts, GError **error);

/* ---- store_bits.c: a bit for each row of a batch, and the keys in 256 parts ---- */
typedef struct {
    uint8_t *bytes;
    size_t n;
} tm_bits; /* all 0: none is set */
void tm_bits_clear(tm_bits *bits);
void tm_bits_set(tm_bits *bits, int64_t at);
bool tm_bits_get(const tm_bits *bits, int64_t at);
typedef struct {
    uint8_t from[1], to[17];
} tm_key_range;
/* Binds the keys that begin with `byte` to two parameters from `index` on: at least, less than. The range
 * must live until the statement is reset. */
void tm_key_range_bind(tm_key_range *range, unsigned byte, sqlite3_stmt *statement, int index);

/* ---- store_worker.c: takes a life, if it has none yet (a transaction of its own) ---- */
gboolean tm_store_worker(tm_store *store, GError **error);

/* ---- store_sorter.c: keys in order, in 10 MB of memory and a temp file outside of the store ---- */
typedef struct tm_sorter tm_sorter;
tm_sorter *tm_sorter_new(const char *folder); /* of the temp file, if one is needed; NULL: the system's */
void tm_sorter_free(tm_sorter *sorter);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(tm_sorter, tm_sorter_free)
int64_t tm_sorter_size(const tm_sorter *sorter); /* how many were put */
gboolean tm_sorter_put(tm_sorter *sorter, const uint8_t key[16], int64_t ordinal, GError **error);
/* By key, then ordinal, once all are put: 1, 0: no more, -1 and *error. */
int tm_sorter_next(tm_sorter *sorter, uint8_t key[16], int64_t *ordinal, GError **error);

/* ---- store_keys.c: the keys of rows that were loaded without them; transactions of its own ---- */
/* A dead loader's load becomes ours; TM_ERROR_BUSY: somebody else's. */
gboolean tm_store_keys_claim(tm_store *store, int64_t batch, int64_t loader, GError **error);
/* The rows of a batch whose keys are not in their index yet, into the sorter. *none: it has no keys at all.
 */
gboolean tm_store_keys_gather(tm_store *store, int64_t batch, tm_sorter *sorter, bool *none, GError **error);
typedef struct {
    bool none; /* the batch has no keys yet */
    bool dedupe;
    int64_t from; /* ordinal */
    int64_t n_repeats,
        n_repeats_behind; /* out: rows whose key came before, and those of them behind `from` */
} tm_keys_append;
/* The keys in the sorter into their index; ends our load. */
gboolean tm_store_keys_append(tm_store *store, int64_t batch, tm_sorter *sorter, tm_keys_append *append,
                              GError **error);
/* All of this for a load that was cut off, if there is one. */
gboolean tm_store_keys_build(tm_store *store, int64_t batch, GError **error);
/* The same for every batch whose loader is dead. */
gboolean tm_store_loads_finish(tm_store *store, GError **error);
/* Does an adder that lives, other than a finished one of ours, load this batch? */
bool tm_store_loader_lives(tm_store *store, int64_t batch, int64_t loader);

/* ---- store_seen.c: how often each key came in one file, on disk and outside of the store ---- */
typedef struct tm_seen tm_seen;
tm_seen *tm_seen_new(GError **error);
void tm_seen_free(tm_seen *seen);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(tm_seen, tm_seen_free)
/* Counts the key once more; how often it came before: -1 and *error. */
int64_t tm_seen_count(tm_seen *seen, const uint8_t key[16], GError **error);

/* ---- store_rows.c: rows at hand, read by SQL as the table tm_rows(job, key, occurrence, body) ---- */
typedef struct {
    int64_t ordinal;       /* its number in the file */
    int64_t job;           /* its place in the batch; 0: none yet, and not in tm_rows */
    int64_t occurrence;    /* of its key, 0-based; of a new row: how many the batch has */
    size_t offset, length; /* of its body in `bodies` */
    uint8_t key[16];
    bool known; /* the batch has it */
} tm_gathered;
typedef struct tm_row_group {
    const tm_gathered *rows;
    guint n;
    const guint *order; /* n indexes of rows; NULL: all n as they lie */
    const guint8 *bodies;
} tm_row_group;
/* Runs a statement over tm_rows, `value` bound to ?1. */
gboolean tm_sql_run_group(tm_store *store, const char *sql, int64_t value, const tm_row_group *group,
                          GError **error);

/* ---- store_match.c: which rows of a file the batch has already ---- */
typedef struct tm_match tm_match;
tm_match *tm_match_new(tm_store *store, int64_t batch);
/* The batch's keys are not in their index yet: only places can be looked at. */
void tm_match_set_keyless(tm_match *match, bool keyless);
void tm_match_free(tm_match *match);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(tm_match, tm_match_free)
/* Rows that lie where they lay when the file was queued first become known; this needs no index of keys.
 * Asked for every group of a file's rows, in order. */
gboolean tm_match_places(tm_match *match, tm_gathered *rows, guint n, GError **error);
/* A row by its key: known, and which occurrence; or how many jobs of the key there are, all of them this
 * file's. A job answers for one row of a file only. */
gboolean tm_match_key(tm_match *match, tm_gathered *row, GError **error);
/* The job is one of this file's rows. */
void tm_match_take(tm_match *match, int64_t job);

/* ---- store_insert.c: rows into the tables, inside a transaction ---- */
typedef struct {
    int64_t batch;
    const char *name; /* of the batch */
    bool dedupe;
    bool keyed; /* their keys, too, by `order` of the group; else they follow when all are in */
} tm_insert;
/* Rows that are not known get a place (rows[i].job) and are written. */
gboolean tm_store_insert(tm_store *store, const tm_insert *how, tm_gathered *rows, guint n,
                         const tm_row_group *group, GError **error);
/* ---- store_media.c: the media files of rows at hand ---- */
typedef struct {
    guint row; /* index of its row */
    tm_media_stamp stamp;
} tm_row_media;
GArray *tm_row_media_new(void); /* of tm_row_media (transfer full) */
/* Writes those of rows that are new; inside a transaction, once these have their place. */
gboolean tm_store_media_insert(tm_store *store, const GArray *media, const tm_gathered *rows, GError **error);
/* A waiting row becomes a copy of `leader`: it waits for that one's end, or is as it is if it has ended. */
gboolean tm_store_follow(tm_store *store, int64_t job, int64_t leader, tm_counts *counts, GError **error);

/* ---- store_remove.c: one chunk of what is left of removed batches; *more: there is another ---- */
gboolean tm_store_remove_some(tm_store *store, bool *more, GError **error);

/* store_kept.c: fills lease->kept with the row's answers of this revision; NULL stays where there are none.
 */
gboolean tm_store_read_kept(tm_store *store, tm_lease *lease, int64_t revision, GError **error);
