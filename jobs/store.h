/* store.h - the job table: batches, revisions, jobs (one a row), requests in flight, answers. Every input row
 * is in exactly one state; counters live in the transactions that change them. The implementation is
 * store*.c; nothing outside of it knows SQL. */
#pragma once
#include "core/clock.h"
#include "core/media.h"
#include "core/outcome.h"
#include "jobs/sizes.h"

typedef struct tm_store tm_store;

typedef enum {
    TM_JOB_WAITING,
    TM_JOB_RUNNING, /* belongs to a request of a living worker, or of a dead one until recovered */
    TM_JOB_DONE,
    TM_JOB_FAILED,
    TM_JOB_BLOCKED,
    TM_JOB_CANCELLED,
    TM_JOB_HELD, /* fate unknown and --hold-unknown: the user decides (retry --class unknown) */
    TM_JOB_SAME, /* --dedupe: gets the answer of the job it equals */
    TM_N_JOB_STATES,
} tm_job_state;
const char *tm_job_state_name(tm_job_state state);

typedef struct {
    int64_t id;
    char *name;
    char *dir;        /* absolute folder it was made in */
    char *data;       /* absolute path, "-" for stdin */
    char *prompt;     /* absolute path, or the name of a prompt given as text */
    char *identity;   /* what makes two runs the same batch: prompt and data paths, or --name */
    int priority;     /* higher first */
    int64_t revision; /* current */
    int64_t n[TM_N_JOB_STATES];
    int64_t n_total;
    int64_t n_repeats; /* requests sent again although the first may have been billed */
} tm_batch;
void tm_batch_free(tm_batch *batch);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(tm_batch, tm_batch_free)
static inline int64_t tm_batch_open(const tm_batch *b)
{
    return b->n[TM_JOB_WAITING] + b->n[TM_JOB_RUNNING];
}

/* `url`: "sqlite:PATH". read_only: nothing is created or changed. Takes a worker's life when it first leases.
 * (transfer full) */
tm_store *tm_store_open(const char *url, tm_clock *clock, bool read_only, GError **error);
void tm_store_close(tm_store *store); /* our unfinished requests are given up as with a crash */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(tm_store, tm_store_close)
const char *tm_store_id(const tm_store *store); /* random, made with the store */

/* Told now and then by work on many rows (keys, cancel, remove): so many of `total` are done; 0: not known.
 */
typedef void (*tm_store_watch_fn)(const char *what, int64_t done, int64_t total, void *data);
void tm_store_watch(tm_store *store, tm_store_watch_fn watch, void *data);

/* ---- batches and revisions ---- */
/* A new, empty batch; a taken name gets -2, -3, ... unless `exact_name`: an error. (transfer full) */
tm_batch *tm_store_batch_new(tm_store *store, const tm_batch *like, bool exact_name, GError **error);
/* By identity; NULL without *error: none. */
tm_batch *tm_store_batch_by_identity(tm_store *store, const char *identity, GError **error);
/* By name (or "#ID"); a name of this `dir` wins. NULL and *error with a guess if there is none. */
tm_batch *tm_store_batch(tm_store *store, const char *name, const char *dir, GError **error);
/* All of a folder (NULL: all), newest first; open_only: highest priority first, then oldest, those with
 * waiting or running rows. Array that owns its tm_batch. */
GPtrArray *tm_store_batches(tm_store *store, const char *dir, bool open_only, GError **error);
/* Reads the counters and the priority again; not the revision: a worker goes on asking what it asked. */
gboolean tm_store_refresh(tm_store *store, tm_batch *batch, GError **error);
gboolean tm_store_set_priority(tm_store *store, tm_batch *batch, int priority, GError **error);
/* How many rows of the batch are in each class: n[TM_N_CLASSES], of failed and blocked rows' last answer. */
gboolean tm_store_classes(tm_store *store, const tm_batch *batch, int64_t n[TM_N_CLASSES], GError **error);

typedef struct {
    int64_t id, batch;
    char *hash;    /* of prompt, binding, model and config */
    char *prompt;  /* JSON text of tm_prompt_to_json() */
    char *options; /* JSON text: binding, model, route, labels, ... */
} tm_revision;
void tm_revision_free(tm_revision *revision);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(tm_revision, tm_revision_free)
tm_revision *tm_store_revision(tm_store *store, int64_t id, GError **error);
/* Makes `like` the batch's current revision (if its hash is the current one's and nothing is requeued: only
 * options change). requeue: every row but the cancelled ones waits again; its older answers stay with their
 * revision, and what is running comes late. Without it ended rows keep the answer they have, each with its
 * revision. Answers of the same revision hash that exist already count: such rows are done at once. */
gboolean tm_store_revise(tm_store *store, tm_batch *batch, const tm_revision *like, bool requeue,
                         GError **error);

/* ---- add ---- */
typedef struct {
    bool dedupe;  /* rows with equal keys (same values) become TM_JOB_SAME of the first */
    bool by_id;   /* the key is an id: a second row with it in one file is an error of that row */
    bool dry_run; /* count only, change nothing (batch may be NULL: everything is new) */
} tm_add_options;
typedef struct {
    int64_t n_new, n_known;
    /* rows whose key came before in this file: with dedupe they are not counted as new, without they are
     * queued and count as both */
    int64_t n_duplicates;
} tm_added;
typedef struct tm_adder tm_adder;
/* TM_ERROR_BUSY while another process loads the batch's first rows. `store` may be NULL in a dry run without
 * a batch. */
tm_adder *tm_store_add_begin(tm_store *store, const tm_batch *batch, const tm_add_options *options,
                             GError **error);
/* `ordinal`: the row's number in the file, kept as its place in the results if it is free, else the next free
 * one at the end. `body`: the row's JSON object. *duplicate_id (may be NULL) is set for by_id repeats, which
 * are not queued. Commits by itself every so often, so that an interrupted add goes on. */
gboolean tm_store_add_row(tm_adder *adder, int64_t ordinal, const uint8_t key[16], const char *body,
                          size_t length, bool *duplicate_id, GError **error);
/* The media files of the row that is added next, copied. */
void tm_store_add_media(tm_adder *adder, const tm_media_stamp *stamps, size_t n);
/* Ends the add (also frees the adder); false: what was committed so far stays queued. */
gboolean tm_store_add_end(tm_adder *adder, tm_added *added, GError **error);
/* Stops before the end of the file: what came so far is queued. The next add goes on with it; many rows may
 * be leased only when that one or a recovery has put their keys in order. */
gboolean tm_store_add_stop(tm_adder *adder, tm_added *added, GError **error);
void tm_store_add_abort(tm_adder *adder); /* the same without the rows that are not committed yet */
/* The jobs of the keys of a file's rows `first`..: see tm_results for joins. Job id of (key, occurrence
 * 0-based); 0: none; -1 and *error. */
int64_t tm_store_job_by_key(tm_store *store, const tm_batch *batch, const uint8_t key[16], int64_t occurrence,
                            GError **error);

/* ---- the engine's side ---- */
/* Frees what dead workers left: their requests become fate unknown, their rows wait again (at once, attempt
 * and repeat counted) or are held. Counts into *n_freed. */
gboolean tm_store_recover(tm_store *store, bool hold_unknown, int64_t *n_freed, GError **error);

/* An answer that did not do, of a row that waits to be asked again, or another account. */
typedef struct {
    tm_class class;
    char *account, *model; /* as asked for */
    char *text, *message;  /* NULL: none */
} tm_kept;

typedef struct {
    int64_t job, request, ordinal;
    int attempts;    /* spent before this one */
    int step;        /* of the route: no lane before it takes the row */
    GPtrArray *kept; /* of tm_kept, oldest first, owned; NULL: none */
    char *body;      /* the row's JSON object, owned by the lease */
    size_t length;
    int64_t reservation; /* the ledger's, as handed in */
} tm_lease;
void tm_lease_clear(tm_lease *lease);

typedef struct {
    const tm_batch *batch;
    const char *account, *model;
    int wanted;
    const int64_t *reservations; /* `wanted` of the ledger's ids */
    const int64_t *jobs; /* only these (of n_jobs); NULL: what came back first, then fresh rows in order */
    size_t n_jobs;
    int step; /* rows that are for later steps of the route are left; INT_MAX: none is */
} tm_lease_ask;
/* Takes up to `wanted` waiting rows whose time has come and writes a request for each, durably. Appends to
 * `leases` (tm_lease). *next_ms: when the earliest row that came back is due, INT64_MAX: none.
 * TM_ERROR_CHANGED: the batch's revision is no longer ask->batch->revision. TM_ERROR_BUSY: the WAL is past
 * its cap. */
gboolean tm_store_lease(tm_store *store, const tm_lease_ask *ask, GArray *leases, int64_t *next_ms,
                        GError **error);

/* For `try`: the ids of the batch's jobs with these ordinals, in their order. Those that are done by an older
 * revision, failed or blocked wait again (fresh attempts, at once); those done by the current revision stay
 * done. Array of int64_t (transfer full); NULL and *error. */
GArray *tm_store_again(tm_store *store, const tm_batch *batch, const int64_t *ordinals, size_t n,
                       GError **error);

/* The media files of a job, as they were when it was queued: appends tm_media_stamp. */
gboolean tm_store_media(tm_store *store, int64_t job, GArray *stamps, GError **error);
/* What the batch knows of a file with the stamp's path, size and time: its hash. size < 0: whatever size and
 * time it had last, filled in, too. */
gboolean tm_store_media_known(tm_store *store, const tm_batch *batch, tm_media_stamp *stamp, bool *known,
                              GError **error);

typedef struct {
    int64_t job, request;
    int64_t batch, revision;
    int64_t bytes;               /* of the row's body, as leased */
    tm_job_state to;             /* WAITING: goes back */
    bool attempt;                /* spend an attempt of the row */
    bool keep;                   /* WAITING: the answer is kept with the row */
    int step;                    /* WAITING: the first of the route's lanes that may take it */
    bool repeat;                 /* it goes back although it may have been billed: counted */
    int64_t not_before_ms;       /* WAITING: not before; 0: at once */
    const tm_answer *answer;     /* kept as an answer row when to is done, failed or blocked */
    const char *account, *model; /* as asked for */
    int64_t left_ms, done_ms;    /* wall; 0: never left */
    int64_t cost_micro_usd;
} tm_finish;
/* Records all in one transaction, each fenced by its request: one that is no longer its job's keeps its
 * answer (a row of `answer` without a job) and changes nothing else. False: nothing was recorded, keep them
 * and try again. */
gboolean tm_store_finish(tm_store *store, const tm_finish *finishes, size_t n, GError **error);

/* The classes of the batch's last `n` (at most 50) ended requests since its revision or the last retry,
 * newest first (canary after a restart). Returns how many. -1 and *error. */
int tm_store_recent_classes(tm_store *store, const tm_batch *batch, tm_class *classes, int n, GError **error);

/* ---- what the user does ---- */
/* Rows that are failed, blocked or held (only of `class`, TM_N_CLASSES: all) wait again with fresh attempts.
 * Returns how many; -1 and *error. */
int64_t tm_store_retry(tm_store *store, const tm_batch *batch, tm_class class, GError **error);
/* Waiting rows, and the copies of them, will not be sent. Returns how many; -1 and *error. */
int64_t tm_store_cancel(tm_store *store, const tm_batch *batch, GError **error);
/* Removes the batch with all it holds. TM_ERROR_STATE while rows are running at a living worker. */
gboolean tm_store_remove(tm_store *store, const tm_batch *batch, GError **error);

/* ---- results ---- */
typedef struct {
    int64_t job, ordinal;
    uint8_t key[16];
    tm_job_state state;
    int attempts;
    char *body;
    size_t body_length;
    /* the answer that made it done, failed or blocked; revision 0: none. A --dedupe copy has its row's */
    int64_t revision, answered_ms;
    char *account, *model, *finish, *message;
    char *output;
    size_t output_length; /* text; NULL: none */
    char *parts;          /* JSON array text; NULL */
    tm_class class;
    int http;
    tm_usage usage;
} tm_stored;
void tm_stored_clear(tm_stored *row);
/* The next up to `n` rows after `ordinal` in order: appends tm_stored to `page`. No transaction stays open.
 * all_revisions: a row comes once for each of its answers, oldest first, at least once. */
gboolean tm_store_page(tm_store *store, const tm_batch *batch, int64_t after_ordinal, int n,
                       bool all_revisions, GArray *page, GError **error);
/* Between these two many small reads cost one lock instead of one each. Keep it well under a second: the WAL
 * can't be taken back while it lasts. Nothing may be written in between. */
void tm_store_read_begin(tm_store *store);
void tm_store_read_end(tm_store *store);
/* One job; false without *error: none. */
gboolean tm_store_row(tm_store *store, const tm_batch *batch, int64_t job, tm_stored *row, GError **error);

/* The rows of a batch whose key another one has, too (read in one go; later ones are not among them). NULL
 * and *error. (transfer full) */
typedef struct tm_repeated tm_repeated;
tm_repeated *tm_repeated_new(tm_store *store, int64_t batch, GError **error);
void tm_repeated_free(tm_repeated *repeated);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(tm_repeated, tm_repeated_free)
bool tm_repeated_has(const tm_repeated *repeated, int64_t ordinal);
/* The row at this place, if it has this key and no other row has. False without *error: it has not. */
gboolean tm_store_row_alone(tm_store *store, const tm_batch *batch, const tm_repeated *repeated,
                            int64_t ordinal, const uint8_t key[16], tm_stored *row, GError **error);

/* What the current revision's answers add up to: requests answered, tokens, and how long it took. */
typedef struct {
    int64_t answered, tokens_in, tokens_out, tokens_think;
    int64_t first_ms, last_ms;
    int64_t body_bytes;     /* of the answered rows */
    int64_t cost_micro_usd; /* of all the batch's requests so far, older revisions' too */
} tm_store_totals_t;
gboolean tm_store_totals(tm_store *store, const tm_batch *batch, tm_store_totals_t *totals, GError **error);
/* A look at a few of its rows (those next to be sent) and at its last answers: the sizes of the rows' JSON
 * bodies, and how long an answer takes (0: not known). */
gboolean tm_store_sample(tm_store *store, const tm_batch *batch, tm_sizes *sizes, int64_t *latency_ms,
                         GError **error);
