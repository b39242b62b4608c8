/* test_ledger_nights.c - nights against a server that judges every arrival: sliding minutes and Pacific days
 * by its own clock, with 350 ms of network jitter and a client that is killed now and then. Prints what was
 * refused and how much of the allowance was used. */
#include "tests/unit/ledger_house.h"
#include <inttypes.h>

#define JITTER_MS 350
#define NEVER INT64_MAX

typedef struct {
    const char *what;
    int64_t per_minute, per_day; /* -1: no such limit */
    int64_t length_ms;
    int64_t kill_every_ms; /* about; 0: never */
    int64_t server_ahead_ms;
    int64_t start_ms;
    int64_t minute_ms, day_ms; /* 0: real ones */
    double use;                /* of what the minutes or the whole days allow, at least */
    bool unguarded;            /* the control: the same client without a guard is refused */
} night;

typedef enum { LEAVES, ARRIVES, ENDS } event_kind;
typedef struct {
    event_kind kind;
    int64_t at_ms; /* wall */
    int64_t id, left_ms;
    int life; /* of which life of the client; a dead client's arrivals still arrive */
    bool probe;
} event;

typedef struct {
    const night *n;
    house h;
    GRand *random;
    GArray *events;   /* event, unordered: there are few */
    GArray *arrivals; /* int64_t server time, in order */
    int64_t refused, sent;
    int64_t ask_ms;
    int life;
} world;

static int64_t between(world *w, int64_t from, int64_t to)
{
    return from + (int64_t)(g_rand_double(w->random) * (double)(to - from + 1));
}

static void plan(world *w, event e)
{
    g_array_append_val(w->events, e);
}

static bool take_next(world *w, int64_t until_ms, event *next)
{
    guint best = 0;
    for (guint i = 1; i < w->events->len; i++)
        if (g_array_index(w->events, event, i).at_ms < g_array_index(w->events, event, best).at_ms)
            best = i;
    if (!w->events->len || g_array_index(w->events, event, best).at_ms > until_ms)
        return false;
    *next = g_array_index(w->events, event, best);
    g_array_remove_index_fast(w->events, best);
    return true;
}

/* The server: at most per_minute arrivals in any minute, per_day in each of its days. All arrivals count. */
static void judge(world *w, int64_t server_ms)
{
    int64_t start, end, in_minute = 0, in_day = 0;
    tm_day_of(&w->h.windows, server_ms, &start, &end);
    for (guint i = w->arrivals->len; i > 0; i--) {
        int64_t earlier = g_array_index(w->arrivals, int64_t, i - 1);
        in_minute += earlier > server_ms - w->h.windows.minute_ms;
        in_day += earlier >= start;
        if (earlier < start - 1000 && earlier <= server_ms - w->h.windows.minute_ms)
            break;
        if (w->n->per_day < 0 && earlier <= server_ms - w->h.windows.minute_ms - JITTER_MS)
            break;
    }
    g_array_append_val(w->arrivals, server_ms);
    if ((w->n->per_minute >= 0 && in_minute >= w->n->per_minute) ||
        (w->n->per_day >= 0 && in_day >= w->n->per_day))
        w->refused++;
}

static void ask(world *w)
{
    g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(int64_t));
    int64_t now = w->h.clock.now.wall_ms;
    tm_grant grant = house_ask(w->h.ledger, &w->h.lane, 64, ids);
    for (guint i = 0; i < ids->len; i++)
        plan(w, (event){LEAVES, now + between(w, 0, 30), g_array_index(ids, int64_t, i), 0, w->life,
                        grant.probe});
    w->ask_ms = grant.granted == 64 ? now + 1 : MAX(grant.retry_ms, now + 1);
}

static void happen(world *w, const event *e)
{
    bool ours = e->life == w->life;
    if (e->kind == LEAVES && ours) {
        tm_ledger_left(w->h.ledger, e->id, &w->h.clock.now);
        w->sent++;
        plan(w, (event){ARRIVES, e->at_ms + between(w, 0, JITTER_MS), e->id, e->at_ms, e->life, e->probe});
    } else if (e->kind == ARRIVES) {
        judge(w, e->at_ms + w->n->server_ahead_ms);
        plan(w, (event){ENDS, e->at_ms + between(w, 20, 900), e->id, e->left_ms, e->life, e->probe});
    } else if (e->kind == ENDS && ours) {
        int64_t date = (e->at_ms + w->n->server_ahead_ms) / 1000 * 1000;
        house_end(w->h.ledger, &w->h.lane, e->id, true, TM_CLASS_OK, 200);
        tm_ledger_offset(w->h.ledger, &w->h.lane, &w->h.clock.now, e->at_ms - e->left_ms, date);
        if (e->probe)
            w->ask_ms = e->at_ms;
    }
}

/* Killed: what is in memory is gone; what has left arrives all the same. */
static void die(world *w)
{
    tm_ledger_abandon(w->h.ledger);
    w->life++;
    w->h.ledger = house_ledger(&w->h);
    w->ask_ms = w->h.clock.now.wall_ms + 1500;
}

static void advance_to(world *w, int64_t wall_ms)
{
    if (wall_ms > w->h.clock.now.wall_ms)
        house_advance(&w->h, wall_ms - w->h.clock.now.wall_ms);
}

static void live(world *w, int64_t end_ms)
{
    int64_t kill_ms =
        w->n->kill_every_ms ? w->h.clock.now.wall_ms + between(w, 1, 2 * w->n->kill_every_ms) : NEVER;
    while (w->h.clock.now.wall_ms < end_ms) {
        event next;
        int64_t until = MIN(MIN(w->ask_ms, kill_ms), end_ms);
        if (take_next(w, until, &next)) {
            advance_to(w, next.at_ms);
            happen(w, &next);
        } else if (until == end_ms) {
            break;
        } else if (until == kill_ms) {
            advance_to(w, kill_ms);
            die(w);
            kill_ms += between(w, 1, 2 * w->n->kill_every_ms);
        } else {
            advance_to(w, w->ask_ms);
            ask(w);
        }
    }
}

/* Of the days that lie wholly within the night: the least used. -1: there are none. */
static int64_t least_used_day(world *w, int64_t from_ms, int64_t to_ms)
{
    int64_t start, end, least = -1;
    for (int64_t at = from_ms; at < to_ms; at = end) {
        tm_day_of(&w->h.windows, at, &start, &end);
        int64_t used = 0;
        for (guint i = 0; i < w->arrivals->len; i++) {
            int64_t arrival = g_array_index(w->arrivals, int64_t, i);
            used += arrival >= start && arrival < end;
        }
        if (start >= from_ms && end <= to_ms)
            least = least < 0 ? used : MIN(least, used);
    }
    return least;
}

static void a_night(gconstpointer data)
{
    world w = {.n = data};
    const night *n = w.n;
    house_open(&w.h);
    w.h.clock.now.wall_ms = n->start_ms ? n->start_ms : HOUSE_START_MS;
    house_set_limits(&w.h, true, n->per_minute, n->per_day);
    if (n->minute_ms)
        w.h.windows.minute_ms = n->minute_ms;
    w.h.windows.day_ms = n->day_ms;
    if (n->unguarded)
        w.h.lane.guard_ms = 0;
    w.random = g_rand_new_with_seed(20261124);
    w.events = g_array_new(FALSE, FALSE, sizeof(event));
    w.arrivals = g_array_new(FALSE, FALSE, sizeof(int64_t));
    int64_t start = w.h.clock.now.wall_ms, end = start + n->length_ms;
    /* the free GET at the start tells the server's time */
    tm_ledger_offset(w.h.ledger, &w.h.lane, &w.h.clock.now, 120,
                     (start - 60 + n->server_ahead_ms) / 1000 * 1000);
    w.ask_ms = start;
    live(&w, end);

    if (n->unguarded)
        g_assert_cmpint(w.refused, >, 0);
    else
        g_assert_cmpint(w.refused, ==, 0);
    int64_t least = n->per_day >= 0 ? least_used_day(&w, start, end) : -1;
    double use = n->per_day >= 0 ? (double)least / (double)n->per_day
                                 : (double)w.sent / ((double)n->per_minute * (double)(end - start) /
                                                     (double)w.h.windows.minute_ms);
    g_test_message("%s: %" PRId64 " sent, %" PRId64 " refused, use %.2f %%, %d kills", n->what, w.sent,
                   w.refused, use * 100, w.life);
    g_assert_cmpfloat(use, >=, n->use);
    g_array_unref(w.events);
    g_array_unref(w.arrivals);
    g_rand_free(w.random);
    house_close(&w.h);
}

/* 2026-10-30 and 2027-03-12, noon UTC: the nights after them hold the days of 25 and of 23 hours. */
#define AUTUMN ((int64_t)1793361600000)
#define SPRING ((int64_t)1804852800000)

#define MINUTES ((int64_t)60000)
#define HOURS (60 * MINUTES)
#define DAYS (24 * HOURS)

static const night nights[] = {
    {"5 a minute", 5, -1, 8 * HOURS, 0, 0, 0, 0, 0, 0.99, false},
    {"15 a minute, the server 700 ms ahead", 15, -1, 4 * HOURS, 0, 700, 0, 0, 0, 0.99, false},
    {"240 a minute", 240, -1, 20 * MINUTES, 0, 0, 0, 0, 0, 0.99, false},
    {"1,000 a minute in slots", 1000, -1, 15 * MINUTES, 0, 0, 0, 0, 0, 0.99, false},
    {"15 a minute, killed every 20 minutes", 15, -1, 4 * HOURS, 20 * MINUTES, -400, 0, 0, 0, 0.95, false},
    {"1,000 a minute, killed every 3 minutes", 1000, -1, 10 * MINUTES, 3 * MINUTES, 0, 0, 0, 0, 0.90, false},
    {"20 a day over the end of summer time", 5, 20, 5 * DAYS, 0, 700, AUTUMN, 0, 0, 1, false},
    {"20 a day over its beginning", 5, 20, 5 * DAYS, 0, -700, SPRING, 0, 0, 1, false},
    {"500 a day", 15, 500, 4 * DAYS, 0, 250, AUTUMN, 0, 0, 0.99, false},
    {"20 a day, killed every 3 hours", 5, 20, 6 * DAYS, 3 * HOURS, 700, 0, 0, 0, 0.80, false},
    {"a rehearsal: minutes of 2 s, 6 days of 20 s", 5, 20, 120000, 0, 0, 0, 2000, 20000, 1, false},
    {"the control, without a guard", 15, -1, 1 * HOURS, 0, 0, 0, 0, 0, 0.99, .unguarded = true},
};

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_set_nonfatal_assertions();
    for (size_t i = 0; i < G_N_ELEMENTS(nights); i++) {
        g_autofree char *path = g_strdup_printf("/nights/%s", nights[i].what);
        g_test_add_data_func(path, &nights[i], a_night);
    }
    return g_test_run();
}
