/* ledger_inside.h - what the files of the ledger share; nobody else includes it. Memory is a cache of the
 * file but for `events`: what happened to requests since the last write. */
#pragma once
#include "core/error.h"
#include "jobs/database.h"
#include "jobs/ledger.h"
#include <string.h>

/* Stands behind the real units where the ledger counts errors of a day. */
#define TM_ERRORS TM_N_UNITS

/* While somebody's probe is in flight the others look again after so long. */
#define TM_PROBE_LOOK_MS 250

/* One row of `spend` and what is to be added to it. The key is compared as bytes: zero the padding. */
typedef struct {
    int64_t scope;
    const char *model; /* interned */
    int64_t unit, window;
    int64_t boot, slot;
    int64_t amount, wall_ms;
} tm_delta;
#define TM_DELTA_KEY offsetof(tm_delta, amount)

/* The server's clock of a scope: server time is between wall + low and wall + high. Within a boot it follows
 * the boot clock, so that a wall clock set back or forward changes nothing. */
typedef struct {
    int64_t scope;
    bool own; /* measured by this process: what others know is not read any more */
    bool known, dirty;
    int64_t low_ms, high_ms;
    int64_t base_ms; /* wall minus boot time when it was measured */
    int64_t at_boot_ms;
    uint64_t boot;
} tm_scope_clock;

/* Nobody sends before until_ms, then one probe. probe_request 0: nobody probes. */
typedef struct {
    bool exists;
    int64_t until_ms; /* wall, as the wall clock stood when it was set */
    int64_t set_boot_ms, base_ms;
    uint64_t boot;
    bool probe;
    int64_t probe_worker, probe_request;
    bool tests; /* the probe tests a soft limit: this one */
    tm_unit unit;
    tm_window window;
    int64_t value;
    char why[160];
} tm_hold;

enum { TM_RATIO_BUCKETS = 64, TM_RATIO_SIZES = 4, TM_RATIO_COUNTS = TM_RATIO_SIZES * TM_RATIO_BUCKETS };

/* A limit that headers told last. */
typedef struct {
    bool known;
    int64_t value, boot_ms;
} tm_told;

/* A lane as the ledger remembers it, and its rows as they were read in the transaction `read_in`. */
typedef struct {
    int64_t scope;
    const char *model; /* interned */
    tm_windows windows;
    int64_t account_guard_ms;
    int64_t rows_waiting; /* of this process; 0: not known */
    int64_t rows_told;    /* of these, as `backlog` has them */
    bool rows_written;
    GArray *limits; /* of tm_limit: the account's; those seen are merged in by tm_ledger_limits() */
    bool exact;     /* a stamp a request; else slots */
    unsigned tracked[TM_N_UNITS]; /* bits of the windows in which the unit is counted */
    uint64_t boot;                /* rows of other boots were taken over to this one */
    int64_t pruned_boot_ms;
    tm_scope_clock *clock;

    uint64_t read_in;
    bool dirty, hold_dirty, is_new;
    int streak;
    int64_t guard_seen_ms; /* when a 429 that the ledger can't explain was seen; 0: never */
    int64_t bucket_us;     /* boot time, microseconds, at which the bucket is full again */
    uint64_t bucket_boot;
    int64_t opened_ms; /* start of the last day in which an answer came */
    tm_hold hold;

    tm_told told[TM_N_UNITS][TM_N_WINDOWS];

    int64_t ratio_read_ms;              /* boot; 0: not read yet */
    int64_t ratio[TM_RATIO_COUNTS];     /* how many answers: size * TM_RATIO_BUCKETS + bucket */
    int64_t ratio_new[TM_RATIO_COUNTS]; /* those of them that are not written yet */
    bool ratio_dirty;
} tm_ledger_lane;

typedef struct {
    int64_t id, row; /* row of `reserve`: shared by the reservations of one grant */
    tm_ledger_lane *lane;
    tm_cost cost;
    tm_instant reserved;
    bool left, exact;
    tm_instant at;       /* of LEFT */
    int64_t charged_day; /* start of the day it is charged to */
    int64_t surely_day;  /* start of the day in which it surely was; for the day's opening */
} tm_reservation;

typedef enum { TM_EVENT_STAMP, TM_EVENT_END } tm_ledger_event_kind;

/* What happened to a request since the last write: it left, or it ended. */
typedef struct {
    tm_ledger_event_kind kind;
    tm_reservation *reservation;
    bool answered; /* END: not given back unsent */
    tm_class class;
    bool corrected;
    tm_cost actual;
    tm_answer *answer; /* without its text; NULL where the class alone tells */
} tm_ledger_event;

struct tm_ledger {
    tm_database *db;
    tm_clock *clock;
    GRand *random;
    int64_t worker; /* 0: not taken yet */
    int64_t counter;
    uint64_t transaction;
    GPtrArray *lanes, *clocks; /* tm_ledger_lane, tm_scope_clock */
    GHashTable *reservations;  /* id -> tm_reservation, owned */
    GArray *events;            /* tm_ledger_event, in order */
    GHashTable *deltas;        /* of spend rows, within a transaction */
    tm_verdict verdict;        /* of the trouble that was written last */
    struct {
        tm_windows windows;
        int64_t start_ms, end_ms;
    } day; /* the last calendar day looked up */
};

/* ledger_sqlite.c */
sqlite3_stmt *tm_ledger_sql(tm_ledger *ledger, const char *sql, const char *types, ...);
/* Runs a statement to its end. */
gboolean tm_ledger_run(tm_ledger *ledger, sqlite3_stmt *statement, GError **error);
gboolean tm_ledger_begin(tm_ledger *ledger, GError **error);
gboolean tm_ledger_commit(tm_ledger *ledger, GError **error);
void tm_ledger_rollback(tm_ledger *ledger);

/* ledger_lane.c: the rows of one lane */
tm_ledger_lane *tm_ledger_lane_of(tm_ledger *ledger, const tm_lane *lane);
void tm_ledger_lane_free(gpointer lane);
gboolean tm_ledger_lane_read(tm_ledger *ledger, tm_ledger_lane *lane, GError **error);
gboolean tm_ledger_lanes_write(tm_ledger *ledger, GError **error);
int64_t tm_ledger_guard(const tm_ledger_lane *lane, const tm_instant *now);
int64_t tm_ledger_day_length(const tm_windows *windows);
bool tm_ledger_day_slides(const tm_windows *windows);

/* ledger_hold.c */
gboolean tm_ledger_hold_read(tm_ledger *ledger, tm_ledger_lane *lane, GError **error);
gboolean tm_ledger_hold_write(tm_ledger *ledger, tm_ledger_lane *lane, GError **error);
int64_t tm_hold_until(const tm_hold *hold, const tm_instant *now);
void tm_hold_set(tm_ledger_lane *lane, int64_t until_ms, bool probe, const char *why, const tm_instant *now);
void tm_hold_lift(tm_ledger_lane *lane);
void tm_hold_claim(tm_ledger *ledger, tm_ledger_lane *lane, const tm_grant *grant, int64_t id,
                   const tm_instant *now);
/* Does the hold forbid the ask? Fills *grant when it does. A dead prober's claim is dropped. */
bool tm_hold_stops(tm_ledger *ledger, tm_ledger_lane *lane, const tm_instant *now, tm_grant *grant);

/* ledger_day.c */
typedef struct {
    int64_t start_ms, end_ms; /* the day that surely holds the instant, in the server's time */
    int64_t charge_ms;        /* start of the day that a request leaving now is charged to */
    int64_t opens_ms;         /* wall ms at which the day after opens */
    int64_t wall_start_ms;    /* wall ms of start_ms */
    bool edge;
} tm_ledger_day;
void tm_ledger_day_at(tm_ledger *ledger, tm_ledger_lane *lane, const tm_instant *now, tm_ledger_day *day);

/* ledger_windows.c: rows of `spend` */
void tm_ledger_stamp(tm_ledger *ledger, tm_reservation *reservation, const tm_instant *at);
/* Adds `cost` times n to the windows of a stamped reservation; only those of `windows` (bits). */
void tm_ledger_charge(tm_ledger *ledger, const tm_reservation *reservation, const tm_cost *cost, int64_t n,
                      unsigned windows);
void tm_ledger_charge_error(tm_ledger *ledger, const tm_reservation *reservation);
gboolean tm_ledger_post(tm_ledger *ledger, GError **error); /* writes the deltas */
gboolean tm_ledger_take_over(tm_ledger *ledger, tm_ledger_lane *lane, const tm_instant *now, GError **error);
gboolean tm_ledger_prune(tm_ledger *ledger, tm_ledger_lane *lane, const tm_instant *now, GError **error);
const char *tm_ledger_unit_text(int64_t unit); /* TM_ERRORS too */
const char *tm_ledger_model_of(const tm_ledger_lane *lane, int64_t unit);
bool tm_ledger_slides(const tm_windows *windows, tm_window window);
int64_t tm_ledger_window_length(const tm_windows *windows, tm_window window);

/* ledger_backlog.c */
gboolean tm_ledger_backlog_write(tm_ledger *ledger, tm_ledger_lane *lane, GError **error);
/* Rows that wait for the lane in all living processes; 0: not known. */
gboolean tm_ledger_backlog_read(tm_ledger *ledger, tm_ledger_lane *lane, int64_t *rows, GError **error);

/* ledger_uses.c */
/* The uses of `limits`, with what `each` asks for. Array of tm_use. NULL and *error. */
GArray *tm_ledger_sum(tm_ledger *ledger, tm_ledger_lane *lane, const GArray *limits, const tm_cost *each,
                      const tm_instant *now, GError **error);
/* Errors that count in the lane's day; -1 and *error. */
int64_t tm_ledger_errors(tm_ledger *ledger, tm_ledger_lane *lane, const tm_instant *now, GError **error);

/* ledger_limits.c: rows of `limit_seen` */
bool tm_ledger_unit(const char *name, tm_unit *unit);
bool tm_ledger_window(const char *name, tm_window *window);
GArray *tm_ledger_limits(tm_ledger *ledger, tm_ledger_lane *lane, const tm_instant *now, GError **error);
gboolean tm_ledger_learn(tm_ledger *ledger, tm_ledger_lane *lane, tm_unit unit, tm_window window,
                         int64_t value, bool hard, tm_limit_source source, const tm_instant *now,
                         GError **error);

/* ledger_events.c: what happened is written down */
gboolean tm_ledger_apply(tm_ledger *ledger, const tm_instant *now, GError **error);
void tm_ledger_applied(tm_ledger *ledger); /* after the commit */
void tm_ledger_event_clear(gpointer event);

/* ledger_judge.c: what an ending means for its lane */
bool tm_ledger_is_trouble(tm_class class);
/* Reads only. False and *error: the ledger can't be read. */
gboolean tm_ledger_judge(tm_ledger *ledger, const tm_ledger_event *event, const tm_instant *now,
                         tm_verdict *verdict, GError **error);
gboolean tm_ledger_well(tm_ledger *ledger, const tm_ledger_event *event, const tm_instant *now,
                        GError **error);
gboolean tm_ledger_trouble(tm_ledger *ledger, const tm_ledger_event *event, const tm_instant *now,
                           GError **error);

/* ledger_recover.c */
gboolean tm_ledger_recover(tm_ledger *ledger, tm_ledger_lane *lane, GError **error);
/* What is written at the end of every transaction, then the commit. */
gboolean tm_ledger_finish(tm_ledger *ledger, GError **error);

/* ledger_scope.c */
gboolean tm_ledger_salt(tm_ledger *ledger, GError **error); /* made once, at creation */
tm_scope_clock *tm_ledger_clock_of(tm_ledger *ledger, int64_t scope);
/* Reads it, once. Taken for unknown an hour's offset would put requests into the wrong day. */
gboolean tm_ledger_clock_read(tm_ledger *ledger, tm_scope_clock *clock, GError **error);
void tm_scope_clock_at(const tm_scope_clock *clock, const tm_windows *windows, const tm_instant *now,
                       int64_t *low_ms, int64_t *high_ms);
gboolean tm_ledger_clocks_write(tm_ledger *ledger, GError **error);

/* ledger_tokens.c */
gboolean tm_ledger_ratios_write(tm_ledger *ledger, GError **error);
void tm_ledger_ratios_written(tm_ledger_lane *lane); /* the transaction is durable */
