/* ledger.h - who spent what: reservations, windows, holds and learnt limits of every (scope, model), one per
 * user, apart from any job store. A crash can only over-count. ledger_sqlite.c is the implementation. */
#pragma once
#include "core/account.h"
#include "jobs/quota.h"

typedef struct tm_ledger tm_ledger;

/* A lane: one account's model, with what limits it. Borrowed by the ledger for the call only. */
typedef struct {
    int64_t scope;     /* tm_ledger_scope() */
    const char *model; /* as asked for */
    const tm_windows *windows;
    const tm_limit *limits; /* from flag, config and catalogue; what was seen is merged in by the ledger */
    size_t n_limits;
    int64_t guard_ms;
    int64_t rows_waiting; /* rows that would still go over this lane; 0: not known. When the quota left covers
                             them, errors may burn more than their share of the day */
} tm_lane;

/* `path`: ledger.db; created if absent. Takes a worker's life of its own. (transfer full) */
tm_ledger *tm_ledger_open(const char *path, tm_clock *clock, GError **error);
void tm_ledger_close(tm_ledger *ledger); /* flushes; reservations of ours that never left are given back */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(tm_ledger, tm_ledger_close)
/* Chance (jitter of holds) goes by the seed: a simulated night can be played again. */
void tm_ledger_set_seed(tm_ledger *ledger, guint32 seed);
/* Lets go of it as a kill would: nothing is written, what is in memory is lost. For simulations of crashes.
 */
void tm_ledger_abandon(tm_ledger *ledger);

/* The quota's owner: the account's project, else the keyed hash of its key (salt kept in the ledger), else
 * its host alone. Made when new. -1 and *error on failure. */
int64_t tm_ledger_scope(tm_ledger *ledger, const tm_account *account, GError **error);

/* Up to `wanted` requests of cost `each`: what is granted is durable, as used *now*, when this returns.
 * `ids` (of int64_t) gets one reservation a request. False and *error: nothing is granted. A grant of 0 with
 * a reason is no error. The lane's hold, its one probe and the limits seen are all weighed here. `store` (a
 * store's id, text) is for people reading the ledger. */
gboolean tm_ledger_reserve(tm_ledger *ledger, const tm_lane *lane, const char *store, const tm_cost *each,
                           int wanted, tm_grant *grant, GArray *ids, GError **error);

/* A reserved request turned out to cost more: tries to take the difference durably. granted 1: taken. granted
 * 0: the old reservation stands, the reason is in *grant. A lower cost is always taken. */
gboolean tm_ledger_amend(tm_ledger *ledger, const tm_lane *lane, int64_t id, const tm_cost *cost,
                         tm_grant *grant, GError **error);

/* The first byte is leaving now. Kept in memory until the next reserve or flush. */
void tm_ledger_left(tm_ledger *ledger, int64_t id, const tm_instant *at);

/* How a reserved request ended. Kept in memory until the next reserve or flush. Never left: given back whole.
 * Otherwise the cost is corrected to `actual` (NULL: as reserved) and the verdict of tm_quota_refusal() is
 * applied to the lane: hold, probe cleared, limits learnt, the day given back after a 429. An answer of class
 * ok ends the lane's streak and hold, and doubles a spent soft limit that its probe has tested. The verdict
 * is returned for the engine. */
tm_verdict tm_ledger_settle(tm_ledger *ledger, const tm_lane *lane, int64_t id, bool left,
                            const tm_answer *answer, const tm_cost *actual);

/* Writes what is in memory, durably. False: it stays in memory, try again. */
gboolean tm_ledger_flush(tm_ledger *ledger, GError **error);

/* The server's clock against ours, as [low, high] ms to add to our wall time. Kept per scope. `took_ms`: from
 * the first byte's leaving to `received`, by the boot clock: a wall clock set meanwhile, or since, changes
 * nothing. */
void tm_ledger_offset(tm_ledger *ledger, const tm_lane *lane, const tm_instant *received, int64_t took_ms,
                      int64_t date_ms);

/* For quota, plan and status: the uses of one lane now. Array of tm_use; free with g_array_unref(). */
GArray *tm_ledger_uses(tm_ledger *ledger, const tm_lane *lane, GError **error);
typedef struct {
    int64_t until_ms; /* 0: no hold */
    char why[160];
    bool probe_in_flight;
    bool probe_next;      /* the next request is a probe: its answer ends the hold */
    int64_t offset_ms;    /* the server's clock minus ours */
    int64_t guard_ms;     /* in force */
    int64_t errors_today; /* requests of the day that ended in an error that counts */
} tm_lane_state;
gboolean tm_ledger_lane_state(tm_ledger *ledger, const tm_lane *lane, tm_lane_state *state, GError **error);
/* Was the limit seen in a refusal (else in answers that went beyond it, or never)? */
bool tm_ledger_was_refused(tm_ledger *ledger, const tm_lane *lane, tm_unit unit, tm_window window);
/* Every (scope, model) known: array of tm_ledger_entry (owned), for `quota`. */
typedef struct {
    int64_t scope;
    char *provider, *host, *project, *model;
    tm_windows windows; /* of the account that used it last */
} tm_ledger_entry;
GPtrArray *tm_ledger_entries(tm_ledger *ledger, GError **error);

/* Learnt p99 of input tokens a byte for a body of about so many `bytes`, 1.0 until the first answer; and
 * teach it. */
double tm_ledger_token_ratio(tm_ledger *ledger, const tm_lane *lane, int64_t bytes);
void tm_ledger_learn_tokens(tm_ledger *ledger, const tm_lane *lane, int64_t bytes, int64_t tokens);
