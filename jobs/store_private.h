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
enum { TM_LOAD_NONE, TM_LOAD_PLAIN, TM_LOAD_DEDUPE };
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

/* ---- store_worker.c: takes a life, if it has none yet (a transaction of its own) ---- */
gboolean tm_store_worker(tm_store *store, GError **error);

/* ---- store_keys.c: the keys of a batch that was loaded without them; transactions of its own ---- */
gboolean tm_store_keys_build(tm_store *store, int64_t batch, int64_t *n_duplicates, GError **error);
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

/* ---- store_sorter.c: keys in order, on disk and outside of the store ---- */
typedef struct tm_sorter tm_sorter;
tm_sorter *tm_sorter_new(GError **error);
void tm_sorter_free(tm_sorter *sorter);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(tm_sorter, tm_sorter_free)
gboolean tm_sorter_put(tm_sorter *sorter, const uint8_t key[16], int64_t job, GError **error);
/* By key, then job, once all are put: 1, 0: no more, -1 and *error. */
int tm_sorter_next(tm_sorter *sorter, uint8_t key[16], int64_t *job, GError **error);

/* ---- store_remove.c: one chunk of what is left of removed batches; *more: there is another ---- */
gboolean tm_store_remove_some(tm_store *store, bool *more, GError **error);
