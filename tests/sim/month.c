/* month.c - turns of events and steps of processes, in the order of true time. */
#include "tests/sim/month.h"
#include "tests/sim/turns.h"

#include <stdio.h>
#include <string.h>

#define MINUTE_MS ((int64_t)60000)
#define DAY_MS (1440 * MINUTE_MS)

void month_end_clear(month_end *end)
{
    g_free(end->broken);
}

/* ---- the month ---- */

static bool all_answered(const machine *m)
{
    for (int i = 0; i < m->story->stores; i++)
        if (!m->answered[i])
            return false;
    return true;
}

static bool any_runs(const machine *m)
{
    for (int i = 0; i < m->story->processes; i++)
        if (m->processes[i].runs)
            return true;
    return false;
}

/* Nobody runs: the user looks in after a while and types the same commands again. */
static void come_back(machine *m)
{
    for (int i = 0; i < m->story->processes; i++)
        if (!m->answered[m->processes[i].store_number])
            process_start(&m->processes[i]);
}

static void play(machine *m)
{
    const story *s = m->story;
    guint next_turn = 0;
    int64_t back_ms = s->start_ms; /* when the user looks in */
    while (!m->judge->broken && !all_answered(m)) {
        int64_t now = machine_now(m), ends = turns_end(m);
        for (; next_turn < s->turns->len; next_turn++) {
            const turn *t = &g_array_index(s->turns, turn, next_turn);
            if (s->start_ms + t->at_ms > now)
                break;
            turn_take(m, t);
            machine_wake(m);
        }
        if (!any_runs(m) && now >= back_ms && now >= m->asleep_until_ms)
            come_back(m);
        int64_t wake = MIN(machine_step(m), ends);
        if (!any_runs(m)) {
            back_ms = MAX(back_ms, now + s->absent_ms);
            wake = MIN(wake, back_ms);
        } else {
            back_ms = now + s->absent_ms;
        }
        if (next_turn < s->turns->len)
            wake = MIN(wake, s->start_ms + g_array_index(s->turns, turn, next_turn).at_ms);
        if (now > s->start_ms + s->days_allowed * DAY_MS)
            judge_broken(m->judge, "not done after %d days", (int)s->days_allowed);
        virtual_world_leap(m->world, MAX(wake - now, 0));
    }
}

/* Whole minutes after the first, which begins with a burst. */
static void measure_minutes(const machine *m, month_end *end)
{
    const GArray *times = m->judge->times;
    const int64_t *at = (const int64_t *)(const void *)times->data;
    int64_t minutes = (at[times->len - 1] - at[0]) / MINUTE_MS - 1, used = 0;
    for (guint i = 0; i < times->len; i++)
        used += at[i] > at[0] + MINUTE_MS && at[i] <= at[0] + (minutes + 1) * MINUTE_MS;
    if (minutes <= 0)
        return;
    end->minute_used = (double)used / m->story->rpm;
    end->busy_minutes = (double)minutes;
}

static void sum_up(const machine *m, month_end *end)
{
    const judge *j = m->judge;
    end->requests = j->times->len;
    end->refused = j->refused;
    end->foreseeable = j->foreseeable;
    end->errors = j->errors;
    end->kills = m->kills;
    end->steps = m->steps;
    end->whole_days = MAX(j->whole_days - 1, 0); /* the first may have begun late */
    end->whole_used = j->whole_days_requests;
    end->whole_quota = j->whole_days * m->story->rpd;
    if (j->times->len < 2)
        return;
    int64_t took = g_array_index(j->times, int64_t, j->times->len - 1) - g_array_index(j->times, int64_t, 0);
    end->days = took / DAY_MS;
    measure_minutes(m, end);
    end->most_burnt = (double)j->most_burnt / m->story->rpd;
    for (int i = 0; i < m->story->stores; i++)
        for (int row = 1; row <= m->story->rows; row++)
            end->repeats += MAX(j->asked[i][row] - 1, 0);
}

month_end month_play(const story *s, bool traced)
{
    month_end end = {0};
    judge j;
    machine m;
    machine_open(&m, s, &j);
    j.traces = traced;
    play(&m);
    if (!j.broken)
        machine_check(&m);
    sum_up(&m, &end);
    if (traced)
        judge_print(&j);
    end.broken = g_strdup(j.broken);
    machine_close(&m);
    judge_clear(&j);
    return end;
}

/* ---- shrinking ---- */

static bool breaks(const story *s)
{
    month_end end = month_play(s, false);
    bool broken = end.broken != NULL;
    month_end_clear(&end);
    return broken;
}

/* Takes `n` turns from `at` on away; false, and all is as it was, if nothing breaks then. */
static bool without_turns(story *s, guint at, guint n)
{
    GArray *all = s->turns;
    s->turns = g_array_sized_new(FALSE, FALSE, sizeof(turn), all->len);
    for (guint i = 0; i < all->len; i++)
        if (i < at || i >= at + n)
            g_array_append_val(s->turns, g_array_index(all, turn, i));
    bool still = breaks(s);
    g_array_unref(still ? all : s->turns);
    if (!still)
        s->turns = all;
    return still;
}

void month_shrink(story *s)
{
    for (guint n = MAX(s->turns->len / 2, 1); n > 0; n /= 2)
        for (guint at = 0; at < s->turns->len;)
            at += without_turns(s, at, n) ? 0 : n;
    for (int rows = s->rows; rows > 1;) {
        int before = s->rows;
        rows /= 2;
        s->rows = rows;
        if (breaks(s))
            continue;
        s->rows = before;
        break;
    }
    story_print(s);
    month_end end = month_play(s, true);
    month_end_clear(&end);
}
