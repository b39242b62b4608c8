/* ledger_judge.c - what the ending of a request means for its lane: holds, streaks, limits learnt, days given
 * back */
#include "jobs/ledger_inside.h"

/* A limit of nothing that turns out to be something. */
#define LEAST_GROWN 5

bool tm_ledger_is_trouble(tm_class class)
{
    switch (class) {
    case TM_CLASS_OK:
    case TM_CLASS_TRUNCATED:
    case TM_CLASS_BLOCKED:
    case TM_CLASS_SCHEMA:
    case TM_CLASS_BAD_REQUEST:
    case TM_CLASS_TOO_LARGE:
    case TM_CLASS_INPUT_CHANGED:
    case TM_CLASS_ADAPTED:
        return false;
    default:
        return true;
    }
}

/* The server took the request and worked on it. */
static bool is_served(tm_class class)
{
    return class == TM_CLASS_OK || class == TM_CLASS_TRUNCATED || class == TM_CLASS_BLOCKED ||
           class == TM_CLASS_SCHEMA;
}

static bool counts_as_error(const tm_ledger_event *event)
{
    tm_class class = event->class;
    return event->reservation->left && (class == TM_CLASS_OVERLOADED || class == TM_CLASS_SERVER ||
                                        class == TM_CLASS_TIMEOUT || class == TM_CLASS_UNKNOWN);
}

static bool is_probe(const tm_ledger_event *event)
{
    const tm_hold *hold = &event->reservation->lane->hold;
    return hold->exists && hold->probe_request == event->reservation->id;
}

static gboolean learn(tm_ledger *ledger, tm_ledger_lane *lane, const GArray *all, tm_limit_source source,
                      const tm_instant *now, GError **error)
{
    for (guint i = 0; all && i < all->len; i++) {
        const tm_violation *v = &g_array_index(all, tm_violation, i);
        if (v->value >= 0 &&
            !tm_ledger_learn(ledger, lane, v->unit, v->window, v->value, true, source, now, error))
            return FALSE;
    }
    return TRUE;
}

/* What a refusal names, and what headers tell beside it. */
static gboolean learn_told(tm_ledger *ledger, tm_ledger_lane *lane, const tm_answer *answer,
                           tm_limit_source source, const tm_instant *now, GError **error)
{
    return !answer || (learn(ledger, lane, answer->told, TM_SOURCE_HEADER, now, error) &&
                       learn(ledger, lane, answer->violations, source, now, error));
}

/* The window is spent though this one passed: the next would be refused. No probe is needed after it. */
static void pause_spent(tm_ledger_lane *lane, const tm_answer *answer, const tm_instant *now)
{
    int64_t until = answer && answer->pause_ms > 0 ? now->wall_ms + answer->pause_ms : 0;
    if (until && !lane->hold.exists)
        tm_hold_set(lane, until, false, "the service says that its window is spent", now);
}

gboolean tm_ledger_well(tm_ledger *ledger, const tm_ledger_event *event, const tm_instant *now,
                        GError **error)
{
    const tm_reservation *reservation = event->reservation;
    tm_ledger_lane *lane = reservation->lane;
    tm_hold *hold = &lane->hold;
    bool probe = is_probe(event);
    if (!event->answered || !reservation->left) { /* given back unsent: says nothing about the lane */
        if (probe) {
            hold->probe_worker = hold->probe_request = 0;
            lane->hold_dirty = true;
        }
        return TRUE;
    }
    if (probe) {
        int64_t grown = hold->value > INT64_MAX / 4 ? hold->value : MAX(2 * hold->value, LEAST_GROWN);
        if (hold->tests && is_served(event->class) &&
            !tm_ledger_learn(ledger, lane, hold->unit, hold->window, grown, false, TM_SOURCE_SEEN, now,
                             error))
            return FALSE;
        tm_hold_lift(lane);
    }
    if (lane->streak && !hold->exists) {
        lane->streak = 0;
        lane->dirty = true;
    }
    if (is_served(event->class) && lane->opened_ms < reservation->surely_day) {
        lane->opened_ms = reservation->surely_day;
        lane->dirty = true;
    }
    pause_spent(lane, event->answer, now);
    return learn_told(ledger, lane, event->answer, TM_SOURCE_HEADER, now, error);
}

static gboolean look(tm_ledger *ledger, const tm_ledger_event *event, const tm_instant *now,
                     tm_verdict *verdict, GArray **uses, GError **error)
{
    tm_ledger_lane *lane = event->reservation->lane;
    g_autoptr(GArray) limits =
        tm_ledger_lane_read(ledger, lane, error) ? tm_ledger_limits(ledger, lane, now, error) : NULL;
    *uses = limits ? tm_ledger_sum(ledger, lane, limits, NULL, now, error) : NULL;
    int64_t rows = 0, errors = *uses ? tm_ledger_errors(ledger, lane, now, error) : -1;
    if (errors < 0 || !tm_ledger_backlog_read(ledger, lane, &rows, error))
        return FALSE;
    tm_fortune fortune = {
        .left = event->reservation->left,
        .streak = lane->streak,
        .errors_today = errors,
        .rows_waiting = rows,
        .random = g_rand_double(ledger->random),
    };
    *verdict = tm_quota_refusal(event->answer, (const tm_use *)(const void *)(*uses)->data, (*uses)->len,
                                &lane->windows, &fortune, now);
    return TRUE;
}

gboolean tm_ledger_judge(tm_ledger *ledger, const tm_ledger_event *event, const tm_instant *now,
                         tm_verdict *verdict, GError **error)
{
    g_autoptr(GArray) uses = NULL;
    return look(ledger, event, now, verdict, &uses, error);
}

/* Was it sent before the lane began to pause? Then it tells nothing new. */
static bool is_of_old_wave(const tm_ledger_event *event)
{
    const tm_hold *hold = &event->reservation->lane->hold;
    const tm_instant *reserved = &event->reservation->reserved;
    return hold->exists && hold->until_ms && !is_probe(event) && hold->boot == reserved->boot_id &&
           reserved->boot_ms <= hold->set_boot_ms;
}

static bool is_quota(tm_class class)
{
    return class == TM_CLASS_QUOTA_MINUTE || class == TM_CLASS_QUOTA_DAY;
}

static void pause_lane(const tm_ledger_event *event, tm_verdict *verdict, const tm_instant *now)
{
    tm_ledger_lane *lane = event->reservation->lane;
    tm_hold *hold = &lane->hold;
    if (verdict->until_ms == INT64_MAX) { /* the user acts, then one request finds out */
        tm_hold_set(lane, now->wall_ms, true, verdict->why, now);
    } else if (!is_of_old_wave(event)) {
        lane->streak++;
        lane->dirty = true;
        tm_hold_set(lane, verdict->until_ms, verdict->probe, verdict->why, now);
    } else if (is_quota(verdict->class) && verdict->until_ms > tm_hold_until(hold, now)) {
        int64_t worker = hold->probe_worker, request = hold->probe_request;
        tm_hold_set(lane, verdict->until_ms, true, verdict->why, now);
        hold->probe_worker = worker;
        hold->probe_request = request;
    } else {
        verdict->until_ms = tm_hold_until(hold, now);
    }
}

static bool tells(const tm_answer *answer, tm_unit unit, tm_window window)
{
    for (guint i = 0; answer->violations && i < answer->violations->len; i++) {
        const tm_violation *v = &g_array_index(answer->violations, tm_violation, i);
        if (v->unit == unit && v->window == window)
            return true;
    }
    return !answer->violations || answer->violations->len == 0;
}

/* A refusal at a soft limit that was spent or tested, without a figure: that limit is the figure. */
static gboolean harden(tm_ledger *ledger, const tm_ledger_event *event, const tm_hold *tested,
                       const GArray *uses, const tm_instant *now, GError **error)
{
    tm_ledger_lane *lane = event->reservation->lane;
    for (guint i = 0; i < uses->len; i++) {
        const tm_use *use = &g_array_index(uses, tm_use, i);
        const tm_limit *limit = &use->limit;
        bool test = tested->tests && tested->unit == limit->unit && tested->window == limit->window;
        bool named = event->answer->violations && event->answer->violations->len > 0;
        if (limit->hard || limit->value <= 0 || !tells(event->answer, limit->unit, limit->window))
            continue;
        if ((test || (named && use->used >= limit->value)) &&
            !tm_ledger_learn(ledger, lane, limit->unit, limit->window, test ? tested->value : limit->value,
                             true, TM_SOURCE_SEEN, now, error))
            return FALSE;
    }
    return TRUE;
}

static void give_back_day(tm_ledger *ledger, const tm_ledger_event *event)
{
    tm_cost back = event->corrected ? event->actual : event->reservation->cost;
    tm_cost money = {{0}};
    if (!event->reservation->left)
        return;
    money.of[TM_UNIT_MICRO_USD] = back.of[TM_UNIT_MICRO_USD];
    back.of[TM_UNIT_MICRO_USD] = 0;
    tm_ledger_charge(ledger, event->reservation, &back, -1, 1u << TM_WINDOW_DAY | 1u << TM_WINDOW_NONE);
    tm_ledger_charge(ledger, event->reservation, &money, -1, (1u << TM_N_WINDOWS) - 1);
}

gboolean tm_ledger_trouble(tm_ledger *ledger, const tm_ledger_event *event, const tm_instant *now,
                           GError **error)
{
    tm_ledger_lane *lane = event->reservation->lane;
    tm_verdict verdict;
    g_autoptr(GArray) uses = NULL;
    if (counts_as_error(event))
        tm_ledger_charge_error(ledger, event->reservation);
    if (!tm_ledger_post(ledger, error) || !look(ledger, event, now, &verdict, &uses, error))
        return FALSE;
    tm_hold tested = is_probe(event) ? lane->hold : (tm_hold){0};
    bool raised = tm_ledger_guard(lane, now) > lane->account_guard_ms;
    pause_lane(event, &verdict, now);
    if (verdict.guard_up) {
        lane->guard_seen_ms = now->wall_ms;
        lane->dirty = true;
        verdict.guard_up = !raised;
    }
    if (verdict.give_back_day)
        give_back_day(ledger, event);
    if ((is_quota(verdict.class) && !harden(ledger, event, &tested, uses, now, error)) ||
        !learn_told(ledger, lane, event->answer, TM_SOURCE_SEEN, now, error))
        return FALSE;
    ledger->verdict = verdict;
    return tm_ledger_post(ledger, error);
}
