/* ledger_reserve.c - a grant: what may leave now is taken, durably, before it is sent */
#include "jobs/ledger_inside.h"

#include <unistd.h>

enum { MOST_AT_ONCE = 4096 };

#define INSERT_RESERVE                                                                                       \
    "INSERT INTO reserve(id, scope, model, store, worker, boot, reserved_ms, n, requests, input_tokens, "    \
    "tokens, "                                                                                               \
    "images, micro_usd, enqueued_tokens) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"

/* This process becomes a worker: a row, and a byte of the lock file for as long as it lives. */
static gboolean be_worker(tm_ledger *ledger, const tm_instant *now, GError **error)
{
    if (ledger->worker)
        return TRUE;
    if (!tm_ledger_run(ledger,
                       tm_ledger_sql(ledger, "INSERT INTO worker(boot, pid, started_ms) VALUES(?, ?, ?)",
                                     "iii", (int64_t)now->boot_id, (int64_t)getpid(), now->wall_ms),
                       error))
        return FALSE;
    int64_t id = sqlite3_last_insert_rowid(tm_database_handle(ledger->db));
    if (!tm_database_live(ledger->db, id))
        return tm_fail(error, TM_ERROR_BUSY, "%s: somebody holds the lock of worker %" G_GINT64_FORMAT,
                       tm_database_path(ledger->db), id);
    ledger->worker = id;
    return TRUE;
}

static int64_t next_id(tm_ledger *ledger)
{
    return (ledger->worker << 32) + ++ledger->counter;
}

static gboolean insert_row(tm_ledger *ledger, const tm_ledger_lane *lane, const char *store, int64_t id,
                           int n, const tm_cost *cost, const tm_instant *now, GError **error)
{
    const int64_t *of = cost->of;
    return tm_ledger_run(ledger,
                         tm_ledger_sql(ledger, INSERT_RESERVE, "iissiiiiiiiiii", id, lane->scope, lane->model,
                                       store ? store : "", ledger->worker, (int64_t)now->boot_id,
                                       now->wall_ms, (int64_t)n, of[TM_UNIT_REQUESTS],
                                       of[TM_UNIT_INPUT_TOKENS], of[TM_UNIT_TOKENS], of[TM_UNIT_IMAGES],
                                       of[TM_UNIT_MICRO_USD], of[TM_UNIT_ENQUEUED_TOKENS]),
                         error);
}

/* Weighs the ask by limits and use. NULL uses and *error. */
static GArray *weigh(tm_ledger *ledger, tm_ledger_lane *lane, const GArray *limits, const tm_cost *each,
                     int wanted, tm_grant *grant, const tm_instant *now, GError **error)
{
    GArray *uses = tm_ledger_sum(ledger, lane, limits, each, now, error);
    if (uses)
        *grant = tm_quota_decide((const tm_use *)(const void *)uses->data, uses->len, each, wanted, now);
    return uses;
}

/* What has happened is written down and the lane's rows are read: the limits that hold now. NULL and *error.
 */
static GArray *catch_up(tm_ledger *ledger, tm_ledger_lane *lane, const tm_instant *now, GError **error)
{
    if (!tm_ledger_apply(ledger, now, error) || !tm_ledger_post(ledger, error) ||
        !tm_ledger_lane_read(ledger, lane, error))
        return NULL;
    return tm_ledger_limits(ledger, lane, now, error);
}

/* What other boots and dead workers have left behind, and what is long past. */
static gboolean tidy(tm_ledger *ledger, tm_ledger_lane *lane, const tm_instant *now, GError **error)
{
    return tm_ledger_take_over(ledger, lane, now, error) && tm_ledger_recover(ledger, lane, error) &&
           tm_ledger_post(ledger, error) && tm_ledger_prune(ledger, lane, now, error) &&
           tm_ledger_backlog_write(ledger, lane, error);
}

static void fill_bucket(tm_ledger_lane *lane, const GArray *uses, int granted, const tm_instant *now)
{
    for (guint i = 0; i < uses->len; i++) {
        const tm_use *use = &g_array_index(uses, tm_use, i);
        int64_t spacing = tm_quota_spacing_us(use);
        if (!spacing)
            continue;
        lane->bucket_us = now->boot_ms * 1000 + tm_quota_debt_us(use, use->debt_us) + granted * spacing;
        lane->bucket_boot = now->boot_id;
        lane->dirty = true;
        return;
    }
}

static gboolean ask(tm_ledger *ledger, tm_ledger_lane *lane, const char *store, const tm_cost *each,
                    int wanted, const tm_instant *now, tm_grant *grant, int64_t *first, GError **error)
{
    if (!be_worker(ledger, now, error))
        return FALSE;
    g_autoptr(GArray) limits = catch_up(ledger, lane, now, error);
    if (!limits || !tidy(ledger, lane, now, error))
        return FALSE;
    if (tm_database_wal_full(ledger->db)) {
        grant->wait = TM_WAIT_HOLD;
        grant->retry_ms = now->wall_ms + 1000;
        g_snprintf(grant->why, sizeof grant->why, "the ledger's log is full: somebody reads it for long");
        return TRUE;
    }
    if (tm_hold_stops(ledger, lane, now, grant))
        return TRUE;
    bool probe = lane->hold.exists && lane->hold.probe;
    g_autoptr(GArray) uses =
        weigh(ledger, lane, limits, each, probe ? MIN(wanted, 1) : wanted, grant, now, error);
    if (!uses)
        return FALSE;
    if (grant->granted == 0)
        return TRUE;
    *first = next_id(ledger);
    ledger->counter += grant->granted - 1;
    if (probe && !grant->probe) {
        grant->probe = true;
        g_strlcpy(grant->why, lane->hold.why, sizeof grant->why);
    }
    if (probe && wanted > 1)
        grant->wait = TM_WAIT_PROBE;
    if (grant->probe) {
        tm_hold_claim(ledger, lane, grant, *first, now);
        grant->retry_ms = now->wall_ms + TM_PROBE_LOOK_MS;
    } else if (lane->hold.exists) {
        tm_hold_lift(lane);
    }
    fill_bucket(lane, uses, grant->granted, now);
    return insert_row(ledger, lane, store, *first, grant->granted, each, now, error);
}

static void remember(tm_ledger *ledger, tm_ledger_lane *lane, int64_t first, int n, const tm_cost *each,
                     const tm_instant *now, GArray *ids)
{
    for (int i = 0; i < n; i++) {
        tm_reservation *reservation = g_new0(tm_reservation, 1);
        reservation->id = first + i;
        reservation->row = first;
        reservation->lane = lane;
        reservation->cost = *each;
        reservation->reserved = *now;
        g_hash_table_insert(ledger->reservations, &reservation->id, reservation);
        g_array_append_val(ids, reservation->id);
    }
}

/* The row of a worker that began in a transaction that failed is undone: its number may be another's next. */
static void not_a_worker(tm_ledger *ledger, int64_t before)
{
    if (!before && ledger->worker)
        tm_database_die(ledger->db, ledger->worker);
    ledger->worker = before;
}

gboolean tm_ledger_reserve(tm_ledger *ledger, const tm_lane *asked, const char *store, const tm_cost *each,
                           int wanted, tm_grant *grant, GArray *ids, GError **error)
{
    tm_ledger_lane *lane = tm_ledger_lane_of(ledger, asked);
    int64_t first = 0, worker = ledger->worker;
    *grant = (tm_grant){.bound = {.value = -1}};
    if (wanted <= 0)
        return TRUE;
    if (!tm_ledger_begin(ledger, error))
        return FALSE;
    tm_instant now = tm_clock_now(ledger->clock); /* now: the turn may have been long in coming */
    if (!ask(ledger, lane, store, each, MIN(wanted, MOST_AT_ONCE), &now, grant, &first, error)) {
        tm_ledger_rollback(ledger);
        not_a_worker(ledger, worker);
        grant->granted = 0;
        return FALSE;
    }
    if (!tm_ledger_finish(ledger, error)) {
        not_a_worker(ledger, worker);
        grant->granted = 0;
        return FALSE;
    }
    if (grant->granted > 0)
        remember(ledger, lane, first, grant->granted, each, &now, ids);
    return TRUE;
}

/* The reservation leaves the row of its grant and gets one of its own, which costs `cost`. */
static gboolean move_row(tm_ledger *ledger, const tm_reservation *reservation, int64_t row,
                         const tm_cost *cost, const tm_instant *now, GError **error)
{
    static const char take[] = "UPDATE reserve SET n = n - 1 WHERE id = ?";
    static const char drop[] = "DELETE FROM reserve WHERE id = ? AND n <= 0";
    return insert_row(ledger, reservation->lane, NULL, row, 1, cost, now, error) &&
           tm_ledger_run(ledger, tm_ledger_sql(ledger, take, "i", reservation->row), error) &&
           tm_ledger_run(ledger, tm_ledger_sql(ledger, drop, "i", reservation->row), error);
}

/* The whole request may be larger than a limit where the difference is not. */
static void too_large(const GArray *uses, const tm_cost *cost, const tm_instant *now, tm_grant *grant)
{
    for (guint i = 0; i < uses->len; i++) {
        tm_use empty = {.limit = g_array_index(uses, tm_use, i).limit};
        tm_grant whole = tm_quota_decide(&empty, 1, cost, 1, now);
        if (whole.wait == TM_WAIT_TOO_LARGE)
            *grant = whole;
    }
}

static gboolean amend(tm_ledger *ledger, tm_reservation *reservation, int64_t row, const tm_cost *cost,
                      const tm_instant *now, tm_grant *grant, GError **error)
{
    tm_cost more = {{0}};
    bool costlier = false;
    for (unsigned u = 0; u < TM_N_UNITS; u++) {
        more.of[u] = MAX(cost->of[u] - reservation->cost.of[u], 0);
        costlier = costlier || more.of[u] > 0;
    }
    g_autoptr(GArray) limits = catch_up(ledger, reservation->lane, now, error);
    if (!limits)
        return FALSE;
    if (costlier) {
        g_autoptr(GArray) uses = weigh(ledger, reservation->lane, limits, &more, 1, grant, now, error);
        if (!uses)
            return FALSE;
        if (grant->granted == 0) {
            too_large(uses, cost, now, grant);
            return TRUE;
        }
        if (grant->probe && !reservation->lane->hold.probe_request)
            tm_hold_claim(ledger, reservation->lane, grant, reservation->id, now);
    }
    grant->granted = 1;
    return move_row(ledger, reservation, row, cost, now, error);
}

gboolean tm_ledger_amend(tm_ledger *ledger, const tm_lane *asked, int64_t id, const tm_cost *cost,
                         tm_grant *grant, GError **error)
{
    tm_reservation *reservation = g_hash_table_lookup(ledger->reservations, &id);
    *grant = (tm_grant){.bound = {.value = -1}};
    if (!reservation || reservation->left)
        return tm_fail(error, TM_ERROR_INTERNAL, "reservation %" G_GINT64_FORMAT " can't change its cost: %s",
                       id, reservation ? "it has left" : "there is none of that number");
    tm_ledger_lane_of(ledger, asked);
    if (memcmp(cost, &reservation->cost, sizeof *cost) == 0) {
        grant->granted = 1;
        return TRUE;
    }
    int64_t row = next_id(ledger);
    if (!tm_ledger_begin(ledger, error))
        return FALSE;
    tm_instant now = tm_clock_now(ledger->clock);
    if (!amend(ledger, reservation, row, cost, &now, grant, error)) {
        tm_ledger_rollback(ledger);
        grant->granted = 0;
        return FALSE;
    }
    int granted = grant->granted;
    if (!tm_ledger_finish(ledger, error)) {
        grant->granted = 0;
        return FALSE;
    }
    if (granted) {
        reservation->cost = *cost;
        reservation->row = row;
    }
    return TRUE;
}
