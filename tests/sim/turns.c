/* turns.c - a turn of events happens to the machine, the network or the server. */
#include "tests/sim/turns.h"

#include <string.h>

static void set_limits(machine *m)
{
    tm_twin_set_limits(m->twin, m->rpm, m->story->tpm ? m->story->tpm : -1, m->rpd);
}

/* Another program, on the same key. */
static void send_foreign(machine *m, int64_t n)
{
    static const char BODY[] =
        "{\"contents\":[{\"role\":\"user\",\"parts\":[{\"text\":\"of another tool\"}]}]}";
    for (; n > 0; n--) {
        tm_twin_request request = {.method = "POST",
                                   .path = "/v1beta/models/gemini-2.5-flash:generateContent",
                                   .key = "sim-key",
                                   .body = BODY,
                                   .length = strlen(BODY)};
        tm_twin_reply reply = {0};
        tm_twin_judge(m->twin, &request, machine_now(m), &reply);
        tm_twin_reply_clear(&reply);
    }
}

static void set_weather(machine *m, double rate)
{
    m->weather.never_left = rate;
    m->weather.cut_before = rate / 4;
    m->weather.cut_after = rate / 4;
    m->weather.stalled = rate / 10;
    virtual_world_set_options(m->world, &m->weather);
}

static void fail_disk_call(machine *m, const turn *t)
{
    for (int call = 0; call < POWER_N_CALLS; call++)
        if (strcmp(power_call_name((power_call)call), t->text) == 0)
            power_vfs_fail(m->vfs, (power_call)call, t->n, 1, 0);
}

void turn_take(machine *m, const turn *t)
{
    process *p = &m->processes[t->process];
    char *fails[] = {(char *)(uintptr_t)t->text, NULL};
    int64_t until = machine_now(m) + t->for_ms;
    judge_note(m->judge, "-- process %d %s %" G_GINT64_FORMAT " %s", t->process, turn_name(t->kind), t->n,
               t->text ? t->text : "");
    switch (t->kind) {
    case TURN_START:
        process_start(p);
        break;
    case TURN_STOP:
        if (p->runs)
            tm_engine_stop(p->engine, false);
        p->due_ms = machine_now(m);
        break;
    case TURN_KILL:
        if (p->runs && t->n != KILL_NOW)
            p->dies = (enum kill_at)t->n;
        else if (p->runs)
            process_kill(p);
        break;
    case TURN_KILL_WRITE:
    case TURN_POWER:
        m->loses = t->kind == TURN_POWER;
        power_vfs_cut_at(m->vfs, t->n, false);
        break;
    case TURN_REBOOT:
        machine_kill_all(m);
        virtual_clock_reboot(&m->clock);
        break;
    case TURN_CLOCK:
        virtual_clock_set_ahead(&m->clock, t->n);
        break;
    case TURN_DRIFT:
        virtual_clock_set_ahead(&m->clock, m->clock.ahead_ms + t->n);
        break;
    case TURN_SLEEP:
        m->asleep_until_ms = until;
        break;
    case TURN_RPM:
        m->rpm = t->n;
        set_limits(m);
        break;
    case TURN_RPD:
        m->rpd = t->n;
        set_limits(m);
        break;
    case TURN_FOREIGN:
        send_foreign(m, t->n);
        break;
    case TURN_FAIL:
        g_assert_true(tm_twin_set_fails(m->twin, fails));
        m->fails_until_ms = until;
        break;
    case TURN_WEATHER:
        set_weather(m, (double)t->n / 1000);
        m->storms_until_ms = until;
        break;
    case TURN_FULL:
        power_vfs_fail(m->vfs, POWER_WRITE, 1, G_MAXINT64, SQLITE_FULL);
        m->full_until_ms = until;
        break;
    case TURN_IO:
        fail_disk_call(m, t);
        break;
    case TURN_RENAME:
        m->renamed = !m->renamed;
        break;
    }
}

static bool is_over(int64_t *until_ms, int64_t now, int64_t *next)
{
    bool over = *until_ms && now >= *until_ms;
    if (over)
        *until_ms = 0;
    if (*until_ms)
        *next = MIN(*next, *until_ms);
    return over;
}

int64_t turns_end(machine *m)
{
    int64_t now = machine_now(m), next = INT64_MAX;
    if (is_over(&m->fails_until_ms, now, &next))
        tm_twin_set_fails(m->twin, NULL);
    if (is_over(&m->storms_until_ms, now, &next))
        set_weather(m, 0);
    if (is_over(&m->full_until_ms, now, &next))
        power_vfs_fail(m->vfs, POWER_WRITE, 0, 0, 0);
    is_over(&m->asleep_until_ms, now, &next);
    return next;
}
