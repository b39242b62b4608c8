/* quota.c - how many requests may leave now */
#include "jobs/quota.h"

/* A day of fewer requests than this is used to the last one: none is risked where it may count twice. */
#define SCARCE_DAY 100

int64_t tm_quota_spacing_us(const tm_use *use)
{
    const tm_limit *limit = &use->limit;
    if (limit->window != TM_WINDOW_MINUTE || limit->unit != TM_UNIT_REQUESTS || limit->value <= 0)
        return 0;
    return (use->window_ms + use->guard_ms) * 1000 / limit->value;
}

/* The bucket under the window refills at the window's own rate, so it spreads and takes nothing away. */
static int64_t burst_of(const tm_limit *limit)
{
    return MAX(3, limit->value / 20);
}

int64_t tm_quota_debt_us(const tm_use *use, int64_t debt_us)
{
    int64_t most = burst_of(&use->limit) * tm_quota_spacing_us(use);
    return debt_us < 0 || debt_us > most ? 0 : debt_us;
}

int64_t tm_quota_opening_ms(const tm_windows *windows)
{
    int64_t day = windows->day_ms > 0 ? windows->day_ms : 24 * 3600 * (int64_t)1000;
    return day / (24 * 60); /* 60 s of 24 h: whether the reset is to the second is unknown */
}

/* What one use lets pass, and when it lets the next one pass. */
typedef struct {
    int64_t room;
    int64_t next_ms;
    bool soft; /* room is 0 only because a soft limit is spent */
    tm_wait_kind wait;
} room;

static tm_wait_kind wait_of(const tm_limit *limit)
{
    if (limit->unit == TM_UNIT_MICRO_USD)
        return TM_WAIT_BUDGET;
    return limit->window == TM_WINDOW_DAY ? TM_WAIT_DAY : TM_WAIT_MINUTE;
}

/* A bound that no time will lift; false if there is none. */
static bool never(const tm_use *use, int64_t cost, room *r)
{
    const tm_limit *limit = &use->limit;
    if (!limit->hard || cost <= limit->value)
        return false;
    tm_wait_kind wait = limit->unit == TM_UNIT_MICRO_USD ? TM_WAIT_BUDGET
                        : limit->value == 0              ? TM_WAIT_NO_TIER
                                                         : TM_WAIT_TOO_LARGE;
    *r = (room){.next_ms = INT64_MAX, .wait = wait};
    return true;
}

/* The bucket: how many it lets pass now, and when the next one after these. */
static int64_t bucket_of(const tm_use *use, const tm_instant *now, int64_t *next_ms)
{
    int64_t spacing = tm_quota_spacing_us(use);
    if (!spacing)
        return INT64_MAX;
    int64_t free_us = burst_of(&use->limit) * spacing - tm_quota_debt_us(use, use->debt_us);
    int64_t burst = free_us > 0 ? free_us / spacing : 0;
    *next_ms = now->wall_ms + (spacing * (burst + 1) - free_us + 999) / 1000;
    return burst;
}

static int64_t window_frees_at(const tm_use *use, const tm_instant *now)
{
    if (use->frees_at_ms > 0)
        return use->frees_at_ms;
    return use->window_ms > 0 ? now->wall_ms + use->window_ms + use->guard_ms + 1 : INT64_MAX;
}

static room room_of(const tm_use *use, int64_t cost, const tm_instant *now)
{
    const tm_limit *limit = &use->limit;
    room r = {.wait = wait_of(limit)};
    if (never(use, cost, &r))
        return r;
    int64_t bucket_next = 0, bucket = bucket_of(use, now, &bucket_next);
    int64_t window = limit->value > use->used ? (limit->value - use->used) / cost : 0;
    bool edge = use->calendar && use->edge && limit->value < SCARCE_DAY;
    if (edge)
        window = 0;
    r.room = MIN(window, bucket);
    r.soft = window == 0 && bucket > 0 && !limit->hard && !edge;
    if (bucket <= window)
        r.next_ms = bucket_next;
    if (window <= bucket && (limit->hard || edge || window > 0))
        r.next_ms = MAX(r.next_ms, window_frees_at(use, now));
    return r;
}

static void say_why(tm_grant *grant, const tm_use *use, int64_t cost)
{
    const tm_limit *limit = &use->limit;
    const char *word = tm_limit_word(limit->unit, limit->window);
    if (limit->unit == TM_UNIT_MICRO_USD) {
        g_snprintf(grant->why, sizeof grant->why,
                   "%s: $%.4f of $%.2f is spent or under way, and one more row may cost up to $%.4f", word,
                   (double)use->used / 1e6, (double)limit->value / 1e6, (double)cost / 1e6);
        return;
    }
    if (grant->probe && !grant->tests)
        g_snprintf(grant->why, sizeof grant->why, "a new day: one request goes first");
    else if (grant->probe)
        g_snprintf(grant->why, sizeof grant->why,
                   "testing whether the server allows more than %s %" G_GINT64_FORMAT, word, limit->value);
    else if (grant->wait == TM_WAIT_NO_TIER)
        g_snprintf(grant->why, sizeof grant->why, "%s is 0: the model is not on this tier", word);
    else if (grant->wait == TM_WAIT_TOO_LARGE)
        g_snprintf(grant->why, sizeof grant->why, "larger than %s %" G_GINT64_FORMAT, word, limit->value);
    else
        g_snprintf(grant->why, sizeof grant->why, "%s: %" G_GINT64_FORMAT " of %" G_GINT64_FORMAT " used",
                   word, use->used, limit->value);
}

static void bind(tm_grant *grant, const tm_use *use, int64_t cost, tm_wait_kind wait, int64_t retry_ms)
{
    grant->bound = use->limit;
    grant->wait = wait;
    grant->retry_ms = retry_ms;
    say_why(grant, use, cost);
}

static void make_probe(tm_grant *grant, const tm_use *use, bool tests, int wanted)
{
    grant->granted = 1;
    grant->probe = true;
    grant->tests = tests;
    bind(grant, use, 0, wanted > 1 ? TM_WAIT_PROBE : TM_WAIT_NONE, grant->retry_ms);
}

tm_grant tm_quota_decide(const tm_use *uses, size_t n_uses, const tm_cost *each, int wanted,
                         const tm_instant *now)
{
    tm_grant grant = {.granted = MAX(wanted, 0), .bound = {.value = -1}};
    const tm_use *tested = NULL, *opening = NULL;
    int64_t blocked_until = -1;
    for (size_t i = 0; i < n_uses; i++) {
        int64_t cost = each->of[uses[i].limit.unit];
        if (cost <= 0 || wanted <= 0)
            continue;
        if (uses[i].opening)
            opening = &uses[i];
        room r = room_of(&uses[i], cost, now);
        if (r.soft) {
            tested = tested ? tested : &uses[i];
        } else if (r.room == 0) { /* all that are spent must free: the latest says when */
            if (r.next_ms > blocked_until) {
                blocked_until = r.next_ms;
                bind(&grant, &uses[i], cost, r.wait, r.next_ms);
            }
            grant.granted = 0;
        } else if (r.room < grant.granted) {
            grant.granted = (int)r.room;
            bind(&grant, &uses[i], cost, r.wait, r.next_ms);
        }
    }
    if (grant.granted > 0 && tested)
        make_probe(&grant, tested, true, wanted);
    else if (grant.granted > 0 && opening)
        make_probe(&grant, opening, false, wanted);
    return grant;
}
