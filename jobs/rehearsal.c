/* rehearsal.c - see rehearsal.h */
#include "jobs/rehearsal.h"

#include "jobs/rehearsal_stage.h"
#include <stdlib.h>

#define DAY_MS (24 * 3600 * (int64_t)1000)
#define HORIZON_MS (TM_FORECAST_YEARS * 365 * DAY_MS)

/* A stretch of time and what happened in it. */
typedef struct {
    int64_t ms, sent, nights;
    int64_t *waited; /* a meter each */
} stretch;

/* Days of one length, as one of them was lived through: 24 hours, and 23 and 25 where clocks are changed. */
typedef struct {
    stretch day;
    bool counted_next;
} day_kind;
enum { KINDS = 4 };

typedef struct {
    tm_stage stage;
    const tm_windows *windows;
    bool calendar;
    int64_t late_ms;               /* so long after its midnight a day opens */
    int64_t day_start_ms, next_ms; /* this day's midnight and the next one's, in the server's time */
    int64_t opens_ms;              /* when the next day opens, by our clock */
    int64_t today;                 /* -1: the present day is not over yet */
    bool whole;                    /* this day is lived through from its opening on */
    stretch opening;               /* at the day's opening: running sums, not differences */
    day_kind kinds[KINDS];
    int n_kinds;
    /* leaps within a day: the last interval against the one before */
    int64_t interval_ms;
    stretch mark, last; /* mark: running sums */
    bool has_last;
    int unequal;
} rehearsal;

/* ---- stretches ---- */

static stretch sums_now(const tm_stage *stage)
{
    stretch s = {stage->now_ms, stage->sent, stage->nights, g_new(int64_t, stage->n + 1)};
    for (size_t i = 0; i < stage->n; i++)
        s.waited[i] = stage->meters[i].waited_ms;
    return s;
}

static void replace(stretch *old, stretch new)
{
    g_free(old->waited);
    *old = new;
}

static stretch since(const tm_stage *stage, const stretch *from)
{
    stretch s = sums_now(stage);
    s.ms -= from->ms;
    s.sent -= from->sent;
    s.nights -= from->nights;
    for (size_t i = 0; i < stage->n; i++)
        s.waited[i] -= from->waited[i];
    return s;
}

/* The same stretch `times` more. What it took of limits that don't slide is up to the caller. */
static void repeat(tm_stage *stage, const stretch *s, int64_t times)
{
    tm_stage_shift(stage, s->ms * times);
    stage->sent += s->sent * times;
    stage->rows -= s->sent * times;
    stage->answered += s->sent * times;
    stage->nights += s->nights * times;
    for (size_t i = 0; i < stage->n; i++)
        stage->meters[i].waited_ms += s->waited[i] * times;
}

/* ---- days ---- */

/* Where days don't end, every 24 hours from now are one. */
static int64_t day_length(const tm_windows *windows)
{
    return windows->day_ms > 0 ? windows->day_ms : DAY_MS;
}

static void set_day(rehearsal *r, int64_t start_ms)
{
    tm_stage *stage = &r->stage;
    int64_t start;
    r->day_start_ms = start_ms;
    r->next_ms = start_ms + day_length(r->windows);
    stage->day_end_ms = r->next_ms;
    if (r->calendar) {
        tm_day_of(r->windows, start_ms + 1, &start, &r->next_ms);
        stage->day_end_ms = r->next_ms - stage->load->offset_ms;
    }
    r->opens_ms = r->next_ms + r->late_ms;
}

/* The first day: the ledger says when it ends, by our clock. */
static void first_day(rehearsal *r)
{
    tm_stage *stage = &r->stage;
    int64_t now_ms = stage->now_ms, start = now_ms, end;
    r->today = -1;
    r->calendar = r->windows->day != TM_DAY_ROLLING && r->windows->day != TM_DAY_NONE;
    r->late_ms = r->calendar ? tm_quota_opening_ms(r->windows) - stage->load->offset_ms : 0;
    if (r->calendar)
        tm_day_of(r->windows, now_ms, &start, &end);
    for (size_t i = 0; i < stage->n; i++) {
        const tm_use *use = &stage->meters[i].use;
        if (!use->calendar || use->frees_at_ms <= now_ms)
            continue;
        tm_day_of(r->windows, use->frees_at_ms, &start, &end);
        if (end - use->frees_at_ms < use->frees_at_ms - start)
            start = end; /* the server is ahead: by our clock its day opens before midnight */
        r->late_ms = use->frees_at_ms - start;
        tm_day_of(r->windows, start - 1, &start, &end);
        break;
    }
    set_day(r, start);
    for (size_t i = 0; i < stage->n; i++)
        if (stage->meters[i].use.calendar)
            stage->meters[i].use.frees_at_ms = r->opens_ms;
}

static const day_kind *kind_of(const rehearsal *r, int64_t length_ms)
{
    for (int i = 0; i < r->n_kinds; i++)
        if (r->kinds[i].day.ms == length_ms)
            return &r->kinds[i];
    return NULL;
}

static void learn_day(rehearsal *r)
{
    stretch day = since(&r->stage, &r->opening);
    day.ms = r->next_ms - r->day_start_ms;
    if (r->n_kinds < KINDS && !kind_of(r, day.ms))
        r->kinds[r->n_kinds++] = (day_kind){day, r->stage.counted_next};
    else
        g_free(day.waited);
}

/* How many such days can follow each other here, with rows left for one more. Between two midnights that are
 * whole days of 24 hours apart, longer and shorter days make up for each other. */
static int64_t days_alike(const rehearsal *r, const stretch *day)
{
    int64_t times = MIN((r->stage.rows - 1) / day->sent, HORIZON_MS / day->ms + 1), start, end;
    for (; times > 1 && r->windows->day_ms <= 0 && r->calendar; times /= 2) {
        int64_t midnight = r->day_start_ms + times * day->ms;
        tm_day_of(r->windows, midnight + 1, &start, &end);
        if (start == midnight)
            break;
    }
    return times;
}

/* Days as one that was lived through are not lived through again, but the last. */
static void leap_days(rehearsal *r)
{
    tm_stage *stage = &r->stage;
    while (stage->now_ms < stage->start_ms + HORIZON_MS) {
        const day_kind *kind = kind_of(r, r->next_ms - r->day_start_ms);
        if (!kind || stage->rows <= kind->day.sent)
            return;
        if (kind->day.sent == 0) { /* nothing goes in a day, and no day is different */
            stage->now_ms = stage->start_ms + HORIZON_MS;
            return;
        }
        int64_t times = days_alike(r, &kind->day);
        repeat(stage, &kind->day, times);
        stage->counted = kind->counted_next;
        set_day(r, r->day_start_ms + times * kind->day.ms);
    }
}

static void turn_day(rehearsal *r)
{
    tm_stage *stage = &r->stage;
    if (r->today < 0)
        r->today = stage->sent;
    if (r->whole)
        learn_day(r);
    r->whole = true;
    set_day(r, r->next_ms);
    for (size_t i = 0; i < stage->n; i++)
        tm_meter_turn_day(&stage->meters[i]);
    stage->counted = stage->counted_next;
    stage->counted_next = false;
    leap_days(r);
    for (size_t i = 0; i < stage->n; i++)
        tm_meter_date_day(&stage->meters[i], r->day_start_ms + r->late_ms, r->opens_ms);
    replace(&r->opening, sums_now(stage));
    replace(&r->mark, sums_now(stage));
    r->has_last = false;
}

/* ---- leaps within a day ---- */

/* How often the last interval may be repeated before anything changes. */
static int64_t times_alike(const rehearsal *r)
{
    const tm_stage *stage = &r->stage;
    int64_t times = (stage->rows - 1) / r->last.sent - 1;
    times = MIN(times, (stage->day_end_ms - 5000 - stage->now_ms) / r->last.ms - 1);
    for (size_t i = 0; i < stage->n; i++) {
        const tm_use *use = &stage->meters[i].use;
        if (stage->meters[i].slides && use->window_ms + use->guard_ms <= r->last.ms)
            continue;
        int64_t cost = use->limit.unit == TM_UNIT_REQUESTS
                           ? r->last.sent
                           : (int64_t)((double)r->last.sent * (stage->most + (double)stage->load->output));
        if (cost > 0 && (use->limit.unit == TM_UNIT_REQUESTS || use->limit.unit == TM_UNIT_INPUT_TOKENS ||
                         use->limit.unit == TM_UNIT_TOKENS))
            times = MIN(times, (use->limit.value - use->used) / cost - 1);
    }
    return times;
}

/* What the leapt-over intervals took of days and of windows longer than they are. */
static void take_leapt(rehearsal *r, int64_t times)
{
    tm_stage *stage = &r->stage;
    int64_t from_ms = stage->now_ms - times * r->last.ms;
    for (size_t i = 0; i < stage->n; i++) {
        tm_meter *meter = &stage->meters[i];
        const tm_use *use = &meter->use;
        bool whole = meter->slides && use->window_ms + use->guard_ms <= r->last.ms;
        double each = use->limit.unit == TM_UNIT_REQUESTS       ? 1
                      : use->limit.unit == TM_UNIT_INPUT_TOKENS ? stage->mean
                                                                : stage->mean + (double)stage->load->output;
        int64_t amount = (int64_t)((double)r->last.sent * each);
        if (whole || use->limit.unit > TM_UNIT_TOKENS)
            continue;
        if (!meter->slides) {
            tm_meter_add(meter, amount * times, stage->now_ms);
            continue;
        }
        tm_meter_shift(meter, -times * r->last.ms); /* what was before stays where it was */
        for (int64_t k = 1; k <= times; k++)
            tm_meter_add(meter, amount, from_ms + k * r->last.ms);
    }
}

/* Once two intervals, each as long as the windows at least and with every row of the sample in it, have sent
 * as many, the next ones will, too. */
static void leap(rehearsal *r)
{
    tm_stage *stage = &r->stage;
    int64_t round = stage->limits_tokens ? (int64_t)stage->load->n_tokens : 1;
    if (stage->now_ms < r->mark.ms + r->interval_ms || stage->sent < r->mark.sent + round || stage->rows == 0)
        return;
    stretch new = since(stage, &r->mark);
    bool alike = r->has_last && new.sent > 0 &&
                 llabs(new.sent * r->last.ms - r->last.sent *new.ms) * 500 <= new.sent * r->last.ms;
    bool differs = r->has_last && !alike;
    replace(&r->last, new);
    r->has_last = true;
    int64_t times = alike ? times_alike(r) : 0;
    if (times > 0) {
        r->last.nights = 0;
        repeat(stage, &r->last, times);
        take_leapt(r, times);
    } else if (differs && ++r->unequal % 3 == 0) {
        r->interval_ms *= 2;
        r->has_last = false;
    }
    replace(&r->mark, sums_now(stage));
}

static int64_t first_interval(const tm_stage *stage)
{
    int64_t interval = 4 * stage->latency_ms;
    for (size_t i = 0; i < stage->n; i++) {
        const tm_use *use = &stage->meters[i].use;
        if (stage->meters[i].slides && use->limit.window != TM_WINDOW_DAY)
            interval = MAX(interval, use->window_ms + use->guard_ms);
    }
    return interval;
}

/* ---- what comes of it ---- */

/* What the limits of this kind of window allow of requests: by the mean row. -1: there are none. */
static double allowed(const tm_stage *stage, bool day, tm_limit *bound)
{
    const tm_load *load = stage->load;
    double tokens = 0, least = -1;
    for (size_t i = 0; i < load->n_tokens; i++)
        tokens += (double)load->tokens[i] / (double)load->n_tokens;
    for (size_t i = 0; i < stage->n; i++) {
        const tm_use *use = &stage->meters[i].use;
        const tm_limit *limit = &use->limit;
        double cost = limit->unit == TM_UNIT_REQUESTS       ? 1
                      : limit->unit == TM_UNIT_INPUT_TOKENS ? tokens
                      : limit->unit == TM_UNIT_TOKENS       ? tokens + (double)load->output
                                                            : 0;
        if (cost <= 0 || limit->window == TM_WINDOW_NONE || (limit->window == TM_WINDOW_DAY) != day)
            continue;
        double n = (double)limit->value / cost;
        if (!day)
            n *= 60000.0 / (double)(use->window_ms + use->guard_ms);
        if (least < 0 || n < least) {
            least = n;
            *bound = *limit;
        }
    }
    return least;
}

/* Of the limits as they came: the meters take soft ones for hard. */
static tm_limit as_given(const tm_stage *stage, const tm_use *uses, const tm_meter *meter)
{
    return meter ? uses[meter - stage->meters].limit : (tm_limit){.value = -1};
}

static tm_limit most_waited(const tm_stage *stage, const tm_use *uses)
{
    const tm_meter *most = NULL;
    for (size_t i = 0; i < stage->n; i++)
        if (stage->meters[i].waited_ms > (most ? most->waited_ms : 0))
            most = &stage->meters[i];
    return as_given(stage, uses, most);
}

static void say_never(const rehearsal *r, const tm_use *uses, tm_forecast *f)
{
    const tm_stage *stage = &r->stage;
    f->finish_ms = INT64_MAX;
    if (stage->now_ms >= stage->start_ms + HORIZON_MS)
        f->end = TM_FORECAST_HORIZON;
    else if (stage->load->hold_until_ms == INT64_MAX)
        f->end = TM_FORECAST_HELD;
    else
        f->end = stage->no.wait == TM_WAIT_TOO_LARGE ? TM_FORECAST_TOO_LARGE : TM_FORECAST_NO_TIER;
    if (f->end != TM_FORECAST_HORIZON)
        f->bound = as_given(stage, uses, stage->bound);
}

static tm_forecast sum_up(const rehearsal *r, const tm_use *uses, bool done)
{
    const tm_stage *stage = &r->stage;
    tm_limit bound;
    double a_day = allowed(stage, true, &bound), a_minute = allowed(stage, false, &bound);
    const day_kind *kind = r->n_kinds > 0 ? &r->kinds[0] : NULL;
    tm_forecast f = {
        .end = TM_FORECAST_DONE,
        .finish_ms = stage->done_ms,
        .first_ms = stage->first_ms,
        .nights = stage->nights,
        .today = r->today < 0 ? stage->sent : r->today,
        .a_day = a_day < 0 ? -1
                 : kind    ? kind->day.sent
                           : (int64_t)a_day,
        .a_minute = MAX(a_minute, 0),
        .too_large = stage->too_large,
        .bound = most_waited(stage, uses),
    };
    if (!kind && a_day >= 0 && a_minute > 0) {
        double day_ms = (double)(r->next_ms - r->day_start_ms);
        f.a_day = (int64_t)MIN(a_day, a_minute * day_ms / 60000.0);
    }
    if (!done) {
        say_never(r, uses, &f);
    } else if (stage->sent == 0 && stage->too_large > 0) {
        f.end = TM_FORECAST_TOO_LARGE;
        f.finish_ms = INT64_MAX;
        f.bound = as_given(stage, uses, stage->too_small);
    }
    return f;
}

/* True: every row was sent and answered. */
static bool live(rehearsal *r)
{
    tm_stage *stage = &r->stage;
    for (;;) {
        while (stage->now_ms >= r->opens_ms && stage->now_ms < stage->start_ms + HORIZON_MS)
            turn_day(r);
        int64_t sent = stage->sent;
        tm_stage_act(stage);
        if (stage->sent > sent)
            leap(r);
        int64_t next = tm_stage_next(stage);
        if (next == INT64_MAX)
            return stage->rows == 0;
        if (next > stage->start_ms + HORIZON_MS) {
            stage->now_ms = next;
            return false;
        }
        tm_stage_wait(stage, MAX(next < r->opens_ms ? next : r->opens_ms, stage->now_ms));
    }
}

tm_forecast tm_rehearse(const tm_use *uses, size_t n_uses, const tm_windows *windows, const tm_load *load,
                        const tm_instant *now)
{
    rehearsal r = {.windows = windows};
    tm_stage_init(&r.stage, uses, n_uses, load, now);
    first_day(&r);
    r.interval_ms = first_interval(&r.stage);
    r.opening = sums_now(&r.stage);
    r.mark = sums_now(&r.stage);
    bool done = r.stage.rows <= 0 || live(&r);
    tm_forecast forecast = sum_up(&r, uses, done);
    g_free(r.opening.waited);
    g_free(r.mark.waited);
    g_free(r.last.waited);
    for (int i = 0; i < r.n_kinds; i++)
        g_free(r.kinds[i].day.waited);
    tm_stage_clear(&r.stage);
    return forecast;
}
