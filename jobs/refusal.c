/* refusal.c - what a refusal or a failure asks of its lane: how long to hold, and what it was */
#include "jobs/quota.h"

#include <math.h>

#define SECOND ((int64_t)1000)
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)

/* Growth of the waits; all shrink with a shortened minute, so that a rehearsed night keeps its proportions.
 */
#define OVERLOAD_FIRST (2 * SECOND)
#define OVERLOAD_LONGEST (10 * MINUTE)
#define NETWORK_FIRST SECOND
#define NETWORK_LONGEST MINUTE
#define VAGUE_FIRST (30 * SECOND)
#define MARGIN SECOND /* RetryInfo is cut to whole seconds where the prose has the fraction (observed) */

/* Errors may burn a fifth of the day's requests, spread over the day; the first three may come at once. */
#define ERROR_SHARE 5
#define ERRORS_AT_ONCE 3

typedef struct {
    const tm_answer *answer;
    const tm_use *uses;
    size_t n_uses;
    const tm_windows *windows;
    const tm_fortune *fortune;
    int64_t now_ms;
} refusal;

static int64_t scaled(const refusal *r, int64_t ms)
{
    int64_t minute = r->windows->minute_ms;
    return minute > 0 && minute < MINUTE ? MAX(ms * minute / MINUTE, 1) : ms;
}

static int64_t day_length(const refusal *r)
{
    return r->windows->day_ms > 0 ? r->windows->day_ms : 24 * HOUR;
}

/* An hour of a day that has 24 of them, however short they are. */
static int64_t hour_of(const refusal *r)
{
    return day_length(r) / 24;
}

/* first, twice as long after each trouble, up to longest. */
static int64_t grown(const refusal *r, int64_t first, int64_t longest)
{
    int doublings = CLAMP(r->fortune->streak, 0, 30);
    return scaled(r, MIN(first << doublings, longest));
}

/* Full jitter: anywhere between nothing and `ms`. */
static int64_t jittered(const refusal *r, int64_t ms)
{
    double share = CLAMP(r->fortune->random, 0.0, 1.0);
    return MAX((int64_t)(share * (double)ms), 1);
}

/* The server's own wait with the margin; -1: it told none. */
static int64_t told(const refusal *r)
{
    int64_t retry = r->answer->retry_ms;
    return retry < 0 ? -1 : MIN(retry, 400 * 24 * HOUR) + scaled(r, MARGIN);
}

static const tm_use *use_of(const refusal *r, tm_unit unit, tm_window window)
{
    for (size_t i = 0; i < r->n_uses; i++)
        if (r->uses[i].limit.unit == unit && r->uses[i].limit.window == window)
            return &r->uses[i];
    return NULL;
}

/* The instant at which the day after this one opens; INT64_MAX where days don't end. */
static int64_t day_opens(const refusal *r)
{
    for (size_t i = 0; i < r->n_uses; i++)
        if (r->uses[i].calendar && r->uses[i].frees_at_ms > r->now_ms)
            return r->uses[i].frees_at_ms;
    if (r->windows->day == TM_DAY_ROLLING || r->windows->day == TM_DAY_NONE)
        return INT64_MAX;
    int64_t start, end;
    tm_day_of(r->windows, r->now_ms, &start, &end);
    return end + tm_quota_opening_ms(r->windows);
}

/* Which violation of several decides: a limit of 0, then the longest window. */
static int strength(const tm_violation *v)
{
    if (v->value == 0)
        return 10;
    switch (v->window) {
    case TM_WINDOW_NONE:
        return 4;
    case TM_WINDOW_DAY:
        return 3;
    case TM_WINDOW_TEN_MINUTES:
        return 2;
    default:
        return 1;
    }
}

static const tm_violation *strongest(const tm_answer *answer)
{
    const tm_violation *best = NULL;
    for (guint i = 0; answer->violations && i < answer->violations->len; i++) {
        const tm_violation *v = &g_array_index(answer->violations, tm_violation, i);
        if (!best || strength(v) > strength(best))
            best = v;
    }
    return best;
}

/* Without details (wire/gemini.md, "Resource has been exhausted"): jitter from 30 s. */
static void vague(const refusal *r, tm_verdict *verdict)
{
    int64_t wait = jittered(r, grown(r, VAGUE_FIRST, OVERLOAD_LONGEST));
    verdict->until_ms = r->now_ms + MAX(MAX(wait, scaled(r, SECOND)), told(r));
    g_snprintf(verdict->why, sizeof verdict->why, "429 without details");
}

static void minute(const refusal *r, const tm_violation *v, tm_verdict *verdict)
{
    tm_window window = v ? v->window : TM_WINDOW_MINUTE;
    tm_unit unit = v ? v->unit : TM_UNIT_REQUESTS;
    int64_t length = (window == TM_WINDOW_TEN_MINUTES ? 10 : 1) * MAX(r->windows->minute_ms, 1);
    int64_t most = length + scaled(r, MARGIN); /* no window asks for more than its own length */
    verdict->until_ms = r->now_ms + (told(r) < 0 ? most : MIN(told(r), most));
    const tm_use *use = use_of(r, unit, window);
    int64_t limit = v && v->value > 0 ? v->value : use ? use->limit.value : -1;
    verdict->guard_up = window == TM_WINDOW_MINUTE && use && limit > 0 && use->used <= limit;
    g_snprintf(verdict->why, sizeof verdict->why, "429: %s spent%s", tm_limit_word(unit, window),
               verdict->guard_up ? " though the ledger had room" : "");
}

static void day(const refusal *r, const tm_violation *v, tm_verdict *verdict)
{
    tm_unit unit = v ? v->unit : TM_UNIT_REQUESTS;
    const tm_use *use = use_of(r, unit, TM_WINDOW_DAY);
    int64_t limit = v && v->value > 0 ? v->value : use ? use->limit.value : -1;
    int64_t opens = day_opens(r), hour = hour_of(r);
    bool odd = use && limit > 0 && use->used < limit / 2; /* far less than the limit */
    int64_t again = r->now_ms + MAX(told(r), r->fortune->streak > 0 || told(r) < 0 ? hour : 0);
    verdict->until_ms = odd || opens == INT64_MAX ? MIN(again, opens) : opens;
    if (odd)
        g_snprintf(verdict->why, sizeof verdict->why,
                   "429: %s spent, though the ledger counts %" G_GINT64_FORMAT " of %" G_GINT64_FORMAT
                   "; a probe follows",
                   tm_limit_word(unit, TM_WINDOW_DAY), use->used, limit);
    else
        g_snprintf(verdict->why, sizeof verdict->why, "429: %s spent", tm_limit_word(unit, TM_WINDOW_DAY));
}

static void quota(const refusal *r, tm_verdict *verdict)
{
    const tm_violation *v = strongest(r->answer);
    verdict->give_back_day = true;
    verdict->probe = true;
    if (v && v->value == 0) {
        verdict->class = TM_CLASS_NO_MODEL;
        verdict->until_ms = INT64_MAX;
        g_snprintf(verdict->why, sizeof verdict->why, "%s is 0: the model is not on this tier",
                   tm_limit_word(v->unit, v->window));
    } else if (v ? v->window == TM_WINDOW_DAY || v->window == TM_WINDOW_NONE
                 : verdict->class == TM_CLASS_QUOTA_DAY) {
        verdict->class = TM_CLASS_QUOTA_DAY;
        day(r, v, verdict);
    } else if (v || r->answer->retry_ms >= 0) {
        verdict->class = TM_CLASS_QUOTA_MINUTE;
        minute(r, v, verdict);
    } else {
        verdict->class = TM_CLASS_QUOTA_MINUTE;
        vague(r, verdict);
    }
}

/* Have errors burnt their share of the day? The instant from which one more may, else 0. */
static int64_t budget_until(const refusal *r)
{
    const tm_use *use = use_of(r, TM_UNIT_REQUESTS, TM_WINDOW_DAY);
    if (!use || !use->calendar || use->frees_at_ms <= r->now_ms)
        return 0;
    int64_t left = use->limit.value - use->used, cap = MAX(use->limit.value / ERROR_SHARE, 1);
    int64_t next = r->fortune->errors_today + 1, last_hour = use->frees_at_ms - hour_of(r);
    if (next <= MIN(cap, ERRORS_AT_ONCE) || (r->now_ms >= last_hour && !use->next_counts))
        return 0;
    if (r->fortune->rows_waiting > 0 && left >= r->fortune->rows_waiting)
        return 0;
    if (use->next_counts) /* the last hour is over, and it is the new day that would burn */
        return use->frees_at_ms;
    double share = (double)(next - 1) / (double)cap;
    double at = (double)use->start_ms + share * (double)(use->frees_at_ms - use->start_ms);
    int64_t until = share >= 1 ? last_hour : MIN((int64_t)ceil(at), last_hour);
    return until > r->now_ms ? until : 0;
}

static void overload(const refusal *r, tm_verdict *verdict)
{
    int64_t wait = jittered(r, grown(r, OVERLOAD_FIRST, OVERLOAD_LONGEST));
    int64_t until = r->now_ms + MAX(wait, told(r)), budget = budget_until(r);
    verdict->probe = true;
    verdict->until_ms = MAX(until, budget);
    if (budget > until)
        g_snprintf(verdict->why, sizeof verdict->why,
                   "%s: %" G_GINT64_FORMAT " errors have burnt their share of the day so far",
                   tm_class_name(verdict->class), r->fortune->errors_today);
    else
        g_snprintf(verdict->why, sizeof verdict->why, "%s, %d in a row", tm_class_name(verdict->class),
                   r->fortune->streak + 1);
}

static void network(const refusal *r, tm_verdict *verdict)
{
    verdict->class = TM_CLASS_NETWORK;
    verdict->probe = true;
    verdict->until_ms = r->now_ms + grown(r, NETWORK_FIRST, NETWORK_LONGEST);
    g_snprintf(verdict->why, sizeof verdict->why, "the server can't be reached%s%.100s",
               r->answer->message ? ": " : "", r->answer->message ? r->answer->message : "");
}

tm_verdict tm_quota_refusal(const tm_answer *answer, const tm_use *uses, size_t n_uses,
                            const tm_windows *windows, const tm_fortune *fortune, const tm_instant *now)
{
    refusal r = {answer, uses, n_uses, windows, fortune, now->wall_ms};
    tm_verdict verdict = {.class = answer->class, .give_back_day = answer->http == 429};
    switch (answer->class) {
    case TM_CLASS_QUOTA_MINUTE:
    case TM_CLASS_QUOTA_DAY:
        quota(&r, &verdict);
        break;
    case TM_CLASS_OVERLOADED:
    case TM_CLASS_SERVER:
    case TM_CLASS_TIMEOUT:
    case TM_CLASS_UNKNOWN:
        if (fortune->left)
            overload(&r, &verdict);
        else
            network(&r, &verdict);
        break;
    case TM_CLASS_NETWORK:
        network(&r, &verdict);
        break;
    case TM_CLASS_AUTH:
    case TM_CLASS_NO_MODEL:
    case TM_CLASS_MONEY:
        verdict.until_ms = INT64_MAX;
        verdict.probe = true;
        g_snprintf(verdict.why, sizeof verdict.why, "%s: %.120s", tm_class_name(answer->class),
                   answer->message ? answer->message
                   : answer->code  ? answer->code
                                   : "refused");
        break;
    default: /* the row's own affair: the lane is well */
        break;
    }
    return verdict;
}
