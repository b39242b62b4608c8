/* story_kinds.c - the kinds of months, and what the seed draws for each. */
#include "tests/sim/story.h"

#define MINUTE ((int64_t)60000)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)

/* True times at which stories begin (all Pacific evenings or midnights): an ordinary one, and those before
 * the two nights of summer time and the year's end. */
static const int64_t STARTS[] = {
    INT64_C(1795507200000), /* 2026-11-24 00:00 PST */
    INT64_C(1793430000000), /* 2026-10-31 00:00 PDT: the second day has 25 hours */
    INT64_C(1772870400000), /* 2026-03-07 00:00 PST: the second day has 23 hours */
    INT64_C(1798588800000), /* 2026-12-30 00:00 PST */
};

/* ---- drawing ---- */

typedef struct {
    story *s;
    GRand *random;
} teller;

static int64_t draw(teller *t, int64_t least, int64_t most)
{
    return least + (int64_t)(g_rand_double(t->random) * (double)(most - least + 1));
}

static bool chance(teller *t, double p)
{
    return g_rand_double(t->random) < p;
}

static void add(teller *t, int64_t at_ms, turn_kind kind, int process, int64_t n, const char *text)
{
    turn one = {.at_ms = at_ms, .kind = kind, .process = process, .n = n, .text = text};
    g_array_append_val(t->s->turns, one);
}

static void add_for(teller *t, int64_t at_ms, int64_t for_ms, turn_kind kind, int64_t n, const char *text)
{
    turn one = {.at_ms = at_ms, .for_ms = for_ms, .kind = kind, .n = n, .text = text};
    g_array_append_val(t->s->turns, one);
}

/* The instants at which things happen: half of them soon after a day's begin, when requests leave. */
static int64_t moment(teller *t, int64_t days)
{
    int64_t at = draw(t, 0, days * DAY);
    if (chance(t, 0.7))
        at = at / DAY * DAY + draw(t, 0, 10 * MINUTE);
    return at;
}

static int any_process(teller *t)
{
    return (int)draw(t, 0, t->s->processes - 1);
}

/* A process goes and comes back: at once, some minutes or half a day later. */
static void comes_back(teller *t, int64_t at, int process)
{
    static const int64_t pauses[] = {1, 2000, 5 * MINUTE, 12 * HOUR};
    add(t, at + pauses[draw(t, 0, 3)], TURN_START, process, 0, NULL);
}

static void kills(teller *t, int n, int64_t days)
{
    for (int i = 0; i < n; i++) {
        int64_t at = moment(t, days);
        int process = any_process(t);
        add(t, at, TURN_KILL, process, draw(t, 0, KILL_N - 1), NULL);
        comes_back(t, at + (chance(t, 0.5) ? 0 : MINUTE), process);
    }
}

static void deaths(teller *t, turn_kind kind, int n, int64_t days)
{
    for (int i = 0; i < n; i++)
        add(t, moment(t, days), kind, 0, draw(t, 1, chance(t, 0.8) ? 12 : 60), NULL);
}

static void leave_and_return(teller *t, int n, int64_t days)
{
    for (int i = 0; i < n; i++) {
        int64_t at = moment(t, days);
        int process = any_process(t);
        add(t, at, TURN_STOP, process, 0, NULL);
        comes_back(t, at, process);
    }
}

static void clocks(teller *t, int n, int64_t days)
{
    for (int i = 0; i < n; i++) {
        int64_t at = moment(t, days);
        switch (draw(t, 0, 3)) {
        case 0:
            add(t, at, TURN_CLOCK, 0, draw(t, -1, 1) * HOUR, NULL);
            break;
        case 1:
            add(t, at, TURN_DRIFT, 0, draw(t, -3000, 3000), NULL);
            break;
        case 2:
            add_for(t, at, draw(t, 1, 14) * HOUR, TURN_SLEEP, 0, NULL);
            break;
        default:
            add(t, at, TURN_REBOOT, 0, 0, NULL);
            comes_back(t, at, any_process(t));
            break;
        }
    }
}

static void failures(teller *t, const char *const *texts, int n_texts, int n, int64_t days)
{
    for (int i = 0; i < n; i++) {
        int64_t at = moment(t, days);
        const char *text = texts[draw(t, 0, n_texts - 1)];
        add_for(t, at, draw(t, 1, 180) * MINUTE, TURN_FAIL, 0, text);
    }
}

static void weather(teller *t, int n, int64_t days)
{
    for (int i = 0; i < n; i++) {
        int64_t at = moment(t, days);
        int64_t rate = draw(t, 20, 400);
        add_for(t, at, draw(t, 1, 240) * MINUTE, TURN_WEATHER, rate, NULL);
    }
}

static void disk(teller *t, int n, int64_t days)
{
    static const char *const calls[] = {"open", "read", "write",   "truncate",
                                        "sync", "lock", "shm map", "shm lock"};
    for (int i = 0; i < n; i++) {
        int64_t at = moment(t, days);
        if (chance(t, 0.4)) {
            add_for(t, at, draw(t, 1, 90) * MINUTE, TURN_FULL, 0, NULL);
        } else {
            add(t, at, TURN_IO, 0, draw(t, 1, 20), calls[draw(t, 0, 7)]);
        }
    }
}

/* ---- kinds ---- */

/* Days of a scarce quota: the batch lasts `days` of them. */
static void scarce(teller *t, int days)
{
    t->s->rpd = (int)MIN(draw(t, 3, 20), draw(t, 3, 20));
    t->s->rpm = (int)draw(t, 2, 15);
    t->s->rows = t->s->rpd * days - (int)draw(t, 0, 4);
}

static void quiet(teller *t)
{
    scarce(t, 28);
    t->s->whole_days = true;
}

/* cron starts it with --no-wait some seconds after each midnight. */
static void by_cron(teller *t)
{
    scarce(t, 12);
    t->s->whole_days = true;
    t->s->no_wait = true;
    t->s->absent_ms = 100 * DAY;
    for (int day = 0; day < 20; day++)
        add(t, day * DAY + draw(t, 1, 30) * 1000, TURN_START, 0, 0, NULL);
}

/* As people rehearse: days of an hour. */
static void short_days(teller *t)
{
    scarce(t, 20);
    t->s->windows.day_ms = HOUR;
    t->s->rpm = t->s->rpd;
    t->s->whole_days = true;
}

static void minute(teller *t)
{
    t->s->rpm = (int)draw(t, 4, 30);
    t->s->rpd = 1500;
    t->s->rows = t->s->rpm * 25;
    t->s->start_ms += 10 * HOUR;
}

/* Names, handshakes and a full line take their time before the first byte leaves. */
static void slow_to_leave(teller *t)
{
    t->s->rpm = (int)draw(t, 4, 15);
    t->s->rpd = t->s->rpm * (int)draw(t, 2, 20);
    t->s->rows = t->s->rpm * 8;
    t->s->start_ms += DAY - draw(t, 1, 10) * MINUTE;
    t->s->connect_ms = draw(t, 1000, 20000);
}

static void killed(teller *t)
{
    scarce(t, 20);
    kills(t, (int)draw(t, 5, 40), 20);
    leave_and_return(t, (int)draw(t, 0, 5), 20);
}

static void killed_at_a_write(teller *t)
{
    scarce(t, 16);
    t->s->processes = (int)draw(t, 1, 2);
    deaths(t, TURN_KILL_WRITE, (int)draw(t, 5, 30), 16);
}

static void power(teller *t)
{
    scarce(t, 16);
    t->s->processes = (int)draw(t, 1, 2);
    deaths(t, TURN_POWER, (int)draw(t, 5, 25), 16);
}

static void terminals(teller *t)
{
    scarce(t, 14);
    t->s->rows *= 2;
    t->s->rpd *= 2;
    t->s->processes = (int)draw(t, 2, STORY_PROCESSES);
    kills(t, (int)draw(t, 0, 20), 14);
    leave_and_return(t, (int)draw(t, 0, 10), 14);
}

static void two_stores(teller *t)
{
    scarce(t, 14);
    t->s->rows /= 2;
    t->s->stores = 2;
    t->s->processes = (int)draw(t, 2, 4);
    kills(t, (int)draw(t, 0, 15), 14);
}

static void renamed(teller *t)
{
    scarce(t, 12);
    t->s->rows /= 2;
    t->s->stores = 2;
    t->s->processes = 2;
    for (int i = 0; i < 4; i++) {
        int64_t at = moment(t, 12);
        add(t, at, TURN_RENAME, 0, 0, NULL);
        add(t, at, TURN_STOP, i % 2, 0, NULL);
        comes_back(t, at, i % 2);
    }
    kills(t, 3, 12);
}

static void storm(teller *t)
{
    static const char *const texts[] = {"overloaded:0.3", "overloaded:0.7", "overloaded:1", "server:0.2",
                                        "timeout:0.2"};
    scarce(t, 18);
    t->s->rpd = (int)draw(t, 15, 30);
    t->s->rows = t->s->rpd * 8;
    t->s->may_fail = true;
    failures(t, texts, G_N_ELEMENTS(texts), (int)draw(t, 3, 12), 8);
}

/* Several processes share the holds: one of them finds out for all. */
static void storm_over_terminals(teller *t)
{
    static const char *const texts[] = {"overloaded:0.5", "overloaded:1", "server:0.3"};
    t->s->rpd = (int)draw(t, 15, 30);
    t->s->rpm = (int)draw(t, 5, 15);
    t->s->processes = (int)draw(t, 2, STORY_PROCESSES);
    t->s->rows = t->s->rpd * 4;
    t->s->may_fail = true;
    t->s->one_probe = true;
    failures(t, texts, G_N_ELEMENTS(texts), (int)draw(t, 2, 6), 4);
}

static void odd_429(teller *t)
{
    static const char *const texts[] = {
        "quota_minute:0.3", "quota_day:0.05", "quota_bare:0.3", "quota_bare:1", "quota_day:1",
        "html:0.1",         "array:0.1",      "money:1",        "auth:1",       "no_model:1"};
    scarce(t, 14);
    t->s->may_fail = true;
    t->s->refusals_allowed = 100000; /* the server's own */
    failures(t, texts, G_N_ELEMENTS(texts), (int)draw(t, 3, 10), 14);
}

static void limits_move(teller *t)
{
    scarce(t, 20);
    int low = t->s->rpd * 3 / 4;
    t->s->soft = chance(t, 0.5);
    t->s->refusals_allowed = 15;
    add(t, moment(t, 6), TURN_RPD, 0, low, NULL);
    if (chance(t, 0.5))
        add(t, 8 * DAY + draw(t, 0, DAY), TURN_RPD, 0, t->s->rpd * 2, NULL);
    if (chance(t, 0.3))
        add(t, moment(t, 10), TURN_RPM, 0, MAX(1, t->s->rpm / 2), NULL);
    if (chance(t, 0.3)) { /* the model is on no tier for some hours */
        int64_t at = moment(t, 10);
        t->s->refusals_allowed += 40; /* the user types the command again and again: one an hour goes */
        add(t, at, TURN_RPD, 0, 0, NULL);
        add(t, at + draw(t, 1, 30) * HOUR, TURN_RPD, 0, t->s->rpd, NULL);
    }
}

static void another_tool(teller *t)
{
    scarce(t, 16);
    t->s->refusals_allowed = 200;
    for (int i = (int)draw(t, 3, 12); i > 0; i--)
        add(t, moment(t, 16), TURN_FOREIGN, 0, draw(t, 1, t->s->rpd / 2), NULL);
}

static void tokens(teller *t)
{
    scarce(t, 10);
    t->s->rpd = 1000;
    t->s->rpm = (int)draw(t, 10, 60);
    t->s->rows = (int)draw(t, 60, 160);
    t->s->tpm = (int)draw(t, 1500, 6000);
    t->s->oversize = chance(t, 0.5);
    t->s->may_fail = t->s->oversize;
    t->s->processes = (int)draw(t, 1, 3);
    for (int i = (int)draw(t, 0, 4); i > 0; i--) {
        int64_t at = draw(t, 0, 20 * MINUTE);
        int process = any_process(t);
        add(t, at, TURN_KILL, process, draw(t, 0, KILL_N - 1), NULL);
        comes_back(t, at, process);
    }
}

static void wrong_clocks(teller *t)
{
    scarce(t, 20);
    t->s->start_ms = STARTS[draw(t, 0, (int64_t)G_N_ELEMENTS(STARTS) - 1)];
    clocks(t, (int)draw(t, 3, 25), 20);
}

/* From the begin, and near midnight: the server's day is not that of the wall clock. */
static void clock_is_off(teller *t)
{
    scarce(t, 6);
    t->s->start_ms = STARTS[draw(t, 0, (int64_t)G_N_ELEMENTS(STARTS) - 1)] + draw(t, 0, 20) * MINUTE;
    t->s->whole_days = true;
    add(t, 0, TURN_CLOCK, 0, (chance(t, 0.5) ? 1 : -1) * draw(t, 5000, 40 * MINUTE), NULL);
}

static void odd_nights(teller *t)
{
    scarce(t, 6);
    t->s->start_ms = STARTS[draw(t, 1, (int64_t)G_N_ELEMENTS(STARTS) - 1)];
    t->s->whole_days = true;
}

static void bad_disk(teller *t)
{
    scarce(t, 14);
    t->s->processes = (int)draw(t, 1, 2);
    disk(t, (int)draw(t, 3, 15), 14);
}

static void bad_network(teller *t)
{
    scarce(t, 16);
    t->s->may_fail = true;
    weather(t, (int)draw(t, 3, 15), 16);
}

static void everything(teller *t)
{
    static const char *const texts[] = {"overloaded:0.5", "server:0.1", "quota_bare:0.1"};
    scarce(t, 16);
    t->s->may_fail = true;
    t->s->refusals_allowed = 100000;
    t->s->processes = (int)draw(t, 1, STORY_PROCESSES);
    t->s->stores = (int)draw(t, 1, 2);
    if (t->s->stores == 2)
        t->s->processes = MAX(t->s->processes, 2);
    kills(t, (int)draw(t, 0, 15), 16);
    leave_and_return(t, (int)draw(t, 0, 5), 16);
    deaths(t, TURN_POWER, (int)draw(t, 0, 6), 16);
    deaths(t, TURN_KILL_WRITE, (int)draw(t, 0, 6), 16);
    clocks(t, (int)draw(t, 0, 6), 16);
    failures(t, texts, G_N_ELEMENTS(texts), (int)draw(t, 0, 4), 16);
    weather(t, (int)draw(t, 0, 4), 16);
    disk(t, (int)draw(t, 0, 4), 16);
}

/* Thousands a second. */
static void fast(teller *t)
{
    t->s->fast = true;
    t->s->rows = (int)draw(t, 1000, 1500);
    t->s->rpm = 1000000;
    t->s->rpd = 100000;
}

/* What is in flight, 400 at most, may be refused; what was only leased by then goes back unsent. */
static void fast_refused(teller *t)
{
    fast(t);
    t->s->refusals_allowed = 400;
    add(t, 0, TURN_RPD, 0, draw(t, 600, 900), NULL);
}

static void fast_killed(teller *t)
{
    fast(t);
    for (int i = (int)draw(t, 1, 5); i > 0; i--) {
        int64_t at = draw(t, 1, 150);
        bool stop = chance(t, 0.3);
        add(t, at, stop ? TURN_STOP : TURN_KILL, 0, stop ? 0 : draw(t, 0, KILL_N - 1), NULL);
        add(t, at + draw(t, 1, 50), TURN_START, 0, 0, NULL);
    }
}

static const struct {
    const char *name;
    void (*tell)(teller *t);
} kinds[] = {
    {"quiet nights", quiet},
    {"started at midnight", by_cron},
    {"short days", short_days},
    {"minute-bound", minute},
    {"slow to leave", slow_to_leave},
    {"kills", killed},
    {"killed at a write", killed_at_a_write},
    {"power cuts", power},
    {"up to five terminals", terminals},
    {"two stores, one ledger", two_stores},
    {"two names of one key", renamed},
    {"storms of 503", storm},
    {"storms over terminals", storm_over_terminals},
    {"429 right and wrong", odd_429},
    {"limits that move", limits_move},
    {"another tool", another_tool},
    {"tokens", tokens},
    {"clocks, suspend, reboot", wrong_clocks},
    {"a clock that is off", clock_is_off},
    {"odd nights of the year", odd_nights},
    {"full disk, failing calls", bad_disk},
    {"network", bad_network},
    {"everything at once", everything},
    {"fast, and refused", fast_refused},
    {"fast, and killed", fast_killed},
};

/* ---- stories ---- */

int story_kinds(void)
{
    return (int)G_N_ELEMENTS(kinds);
}

const char *story_kind_name(int kind)
{
    return kinds[kind].name;
}

static int by_time(const void *a, const void *b)
{
    int64_t x = ((const turn *)a)->at_ms, y = ((const turn *)b)->at_ms;
    return (x > y) - (x < y);
}

story *story_new(int kind, guint32 seed)
{
    story *s = g_new0(story, 1);
    *s = (story){.kind = kinds[kind].name,
                 .seed = seed,
                 .stores = 1,
                 .processes = 1,
                 .start_ms = STARTS[0],
                 .windows = tm_windows_default,
                 .absent_ms = 10 * MINUTE,
                 .days_allowed = 60,
                 .turns = g_array_new(FALSE, FALSE, sizeof(turn))};
    teller t = {s, g_rand_new_with_seed(seed * 64 + (guint32)kind)};
    kinds[kind].tell(&t);
    g_rand_free(t.random);
    g_array_sort(s->turns, by_time);
    return s;
}
