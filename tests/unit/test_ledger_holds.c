/* test_ledger_holds.c - holds, probes, limits learnt and grown, dead workers, whose quota it is */
#include "ledger_house.h"
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

static int64_t one(house *h, tm_ledger *ledger, bool expect_probe)
{
    g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(int64_t));
    tm_grant grant = house_ask(ledger, &h->lane, expect_probe ? 5 : 1, ids);
    g_assert_cmpint(grant.granted, ==, 1);
    g_assert_cmpint(grant.probe, ==, expect_probe);
    return ids->len ? g_array_index(ids, int64_t, 0) : 0;
}

static tm_wait_kind refused(house *h, tm_ledger *ledger)
{
    g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(int64_t));
    tm_grant grant = house_ask(ledger, &h->lane, 5, ids);
    g_assert_cmpint(grant.granted, ==, 0);
    return grant.wait;
}

/* Ends request `id` with a 429 that tells one violation. */
static tm_verdict refuse(house *h, int64_t id, tm_window window, int64_t value, int64_t retry_ms)
{
    g_auto(tm_answer) answer;
    memset(&answer, 0, sizeof answer);
    tm_violation violation = {TM_UNIT_REQUESTS, window, value, "FreeTier"};
    answer.class = window == TM_WINDOW_DAY ? TM_CLASS_QUOTA_DAY : TM_CLASS_QUOTA_MINUTE;
    answer.http = 429;
    answer.retry_ms = retry_ms;
    answer.violations = g_array_new(FALSE, FALSE, sizeof(tm_violation));
    g_array_append_val(answer.violations, violation);
    return tm_ledger_settle(h->ledger, &h->lane, id, true, &answer, NULL);
}

static void advance_to(house *h, int64_t wall_ms)
{
    house_advance(h, wall_ms - h->clock.now.wall_ms);
}

static void one_hold_for_all_with_one_probe(void)
{
    house h;
    house_open(&h);
    house_set_limits(&h, true, 1000, -1);
    tm_ledger *other = house_ledger(&h);
    tm_verdict verdict =
        house_end(h.ledger, &h.lane, one(&h, h.ledger, false), true, TM_CLASS_OVERLOADED, 503);
    g_assert_cmpint(refused(&h, h.ledger), ==, TM_WAIT_HOLD);
    g_assert_cmpint(refused(&h, other), ==, TM_WAIT_HOLD);
    advance_to(&h, verdict.until_ms);
    int64_t probe = one(&h, other, true);
    g_assert_cmpint(refused(&h, h.ledger), ==, TM_WAIT_PROBE);
    g_assert_cmpint(refused(&h, other), ==, TM_WAIT_PROBE);
    house_end(other, &h.lane, probe, true, TM_CLASS_OK, 200);
    g_assert_true(tm_ledger_flush(other, NULL));
    g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(int64_t));
    g_assert_cmpint(house_ask(h.ledger, &h.lane, 5, ids).granted, ==, 5);
    tm_ledger_close(other);
    house_close(&h);
}

static void a_wave_of_failures_is_one_failure(void)
{
    house h;
    house_open(&h);
    house_set_limits(&h, true, 1000, -1);
    g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(int64_t));
    house_ask(h.ledger, &h.lane, 40, ids);
    int64_t until = 0;
    for (guint i = 0; i < ids->len; i++) {
        tm_verdict verdict =
            house_end(h.ledger, &h.lane, g_array_index(ids, int64_t, i), true, TM_CLASS_OVERLOADED, 503);
        if (i == 0)
            until = verdict.until_ms;
        g_assert_cmpint(verdict.until_ms, ==, until);
    }
    g_assert_cmpint(until, <=, h.clock.now.wall_ms + 2000);
    /* an answer that was already under way says nothing about the hold; a failing probe makes it longer */
    for (int streak = 1; streak < 12; streak++) {
        advance_to(&h, until);
        tm_verdict verdict =
            house_end(h.ledger, &h.lane, one(&h, h.ledger, true), true, TM_CLASS_OVERLOADED, 503);
        until = verdict.until_ms;
        g_assert_cmpint(until, >, h.clock.now.wall_ms);
        g_assert_cmpint(until, <=, h.clock.now.wall_ms + MIN(2000 << streak, 600000));
    }
    house_close(&h);
}

/* Ends requests of the first ledger by 503 until a hold reaches over more than a few minutes. */
static int errors_until_held(house *h)
{
    for (int n = 1; n < 20; n++) {
        tm_verdict verdict =
            house_end(h->ledger, &h->lane, one(h, h->ledger, n > 1), true, TM_CLASS_OVERLOADED, 503);
        if (verdict.until_ms > h->clock.now.wall_ms + HOUSE_HOUR / 2)
            return n;
        advance_to(h, verdict.until_ms);
    }
    return 20;
}

/* Few rows of one's own are no reason to burn what the rows of another store need. */
static void errors_keep_to_their_share_while_others_wait(void)
{
    for (int others = 0; others < 3; others++) {
        house h;
        house_open(&h);
        house_set_limits(&h, true, 1000, 40);
        h.lane.rows_waiting = 5;
        tm_ledger *other = house_ledger(&h);
        tm_lane busy = h.lane;
        busy.rows_waiting = others == 0 ? 6 : 1000;
        g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(int64_t));
        house_ask(other, &busy, 1, ids);
        house_end(other, &busy, g_array_index(ids, int64_t, 0), true, TM_CLASS_OK, 200);
        if (others == 2)
            tm_ledger_abandon(other); /* who is dead waits for nothing */
        int held = errors_until_held(&h);
        if (others == 1)
            g_assert_cmpint(held, <=, 4);
        else
            g_assert_cmpint(held, >, 8);
        if (others != 2)
            tm_ledger_close(other);
        house_close(&h);
    }
}

static void a_dead_prober_frees_the_probe(void)
{
    house h;
    house_open(&h);
    house_set_limits(&h, true, 1000, -1);
    tm_verdict verdict =
        house_end(h.ledger, &h.lane, one(&h, h.ledger, false), true, TM_CLASS_OVERLOADED, 503);
    advance_to(&h, verdict.until_ms);
    tm_ledger *other = house_ledger(&h);
    one(&h, other, true);
    g_assert_cmpint(refused(&h, h.ledger), ==, TM_WAIT_PROBE);
    tm_ledger_abandon(other);
    int64_t probe = one(&h, h.ledger, true);
    /* given back unsent, it may be taken again; so it may when the ledger is closed */
    tm_ledger_settle(h.ledger, &h.lane, probe, false, NULL, NULL);
    one(&h, h.ledger, true);
    tm_ledger_close(h.ledger);
    h.ledger = house_ledger(&h);
    one(&h, h.ledger, true);
    house_close(&h);
}

static void a_killed_process_is_counted_as_sent(void)
{
    house h;
    house_open(&h);
    house_set_limits(&h, true, 3, 20);
    pid_t child = fork();
    if (child == 0) {
        tm_ledger *ledger = tm_ledger_open(h.path, &h.clock.clock, NULL);
        g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(int64_t));
        tm_cost cost = {.of = {[TM_UNIT_REQUESTS] = 1}};
        tm_grant grant;
        bool fine = ledger && tm_ledger_reserve(ledger, &h.lane, "s", &cost, 3, &grant, ids, NULL);
        if (fine)
            tm_ledger_left(ledger, g_array_index(ids, int64_t, 0), &h.clock.now);
        _exit(fine && grant.granted == 3 ? 0 : 1);
    }
    int status = -1;
    g_assert_cmpint(waitpid(child, &status, 0), ==, child);
    g_assert_cmpint(status, ==, 0);
    house_advance(&h, 10 * 60000);
    /* they may have left at the last moment of its life, which nobody knows: they count as sent now */
    g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(int64_t));
    tm_grant grant = house_ask(h.ledger, &h.lane, 1, ids);
    g_assert_cmpint(grant.granted, ==, 0);
    g_assert_cmpint(grant.retry_ms, ==, h.clock.now.wall_ms + 60351);
    g_assert_cmpint(house_use(h.ledger, &h.lane, TM_UNIT_REQUESTS, TM_WINDOW_DAY).used, ==, 3);
    house_advance(&h, 60351);
    g_assert_cmpint(house_ask(h.ledger, &h.lane, 3, ids).granted, ==, 3);
    house_close(&h);
}

static struct {
    house *h;
    tm_ledger *dying;
    int64_t id;
} meanwhile;

/* Who asks is told the time and falls asleep for 3 s; meanwhile another process sends, and is killed. */
static tm_instant now_then_sleep(tm_clock *self)
{
    tm_instant now = house_now(self);
    if (!meanwhile.dying)
        return now;
    house_advance(meanwhile.h, 3000);
    tm_ledger_left(meanwhile.dying, meanwhile.id, &meanwhile.h->clock.now);
    tm_ledger_abandon(g_steal_pointer(&meanwhile.dying));
    return now;
}

static void what_a_killed_process_sent_while_we_slept_counts_from_then(void)
{
    house h;
    house_open(&h);
    house_set_limits(&h, true, 1, 20);
    g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(int64_t));
    meanwhile.h = &h;
    meanwhile.dying = house_ledger(&h);
    meanwhile.id = one(&h, meanwhile.dying, false);
    h.clock.clock.now = now_then_sleep;
    int64_t sent_ms = h.clock.now.wall_ms + 3000;
    tm_grant grant = house_ask(h.ledger, &h.lane, 1, ids);
    g_assert_null(meanwhile.dying);
    g_assert_cmpint(grant.granted, ==, 0);
    g_assert_cmpint(grant.retry_ms, >=, sent_ms + 60351);
    advance_to(&h, sent_ms + 60350);
    g_assert_cmpint(refused(&h, h.ledger), ==, TM_WAIT_MINUTE);
    advance_to(&h, sent_ms + 60351);
    one(&h, h.ledger, false);
    house_close(&h);
}

static struct {
    int lock_fd;
    int asked, early;
} turn;

/* Byte 0 of the lock file is the writer's turn: is it taken when the time is asked for? */
static tm_instant now_in_turn(tm_clock *self)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 1};
    g_assert_cmpint(fcntl(turn.lock_fd, F_OFD_GETLK, &lock), ==, 0);
    turn.asked++;
    turn.early += lock.l_type == F_UNLCK;
    return house_now(self);
}

/* Who waits for its turn reads what others wrote meanwhile. To an instant from before, that is the future: a
 * new process would take it for a clock set forward, and count it as of that instant, which is too early. */
static void the_clock_is_asked_when_it_is_our_turn(void)
{
    house h;
    house_open(&h);
    g_autofree char *path = g_strconcat(h.path, "-lock", NULL);
    g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(int64_t));
    tm_cost more = {.of = {[TM_UNIT_REQUESTS] = 1, [TM_UNIT_INPUT_TOKENS] = 9}};
    tm_grant grant;
    turn.lock_fd = open(path, O_RDWR | O_CLOEXEC);
    g_assert_cmpint(turn.lock_fd, >=, 0);
    h.clock.clock.now = now_in_turn;
    house_ask(h.ledger, &h.lane, 2, ids);
    g_assert_true(tm_ledger_amend(h.ledger, &h.lane, g_array_index(ids, int64_t, 0), &more, &grant, NULL));
    g_assert_true(tm_ledger_flush(h.ledger, NULL));
    g_assert_cmpint(turn.asked, >=, 3);
    g_assert_cmpint(turn.early, ==, 0);
    h.clock.clock.now = house_now;
    close(turn.lock_fd);
    house_close(&h);
}

static void a_sleeper_s_reservations_are_not_taken(void)
{
    house h;
    house_open(&h);
    house_set_limits(&h, true, 3, 20);
    tm_ledger *sleeper = house_ledger(&h);
    g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(int64_t));
    g_assert_cmpint(house_ask(sleeper, &h.lane, 3, ids).granted, ==, 3);
    house_advance(&h, 2 * HOUSE_HOUR);
    g_assert_cmpint(refused(&h, h.ledger), ==, TM_WAIT_MINUTE); /* still reserved: they count as now */
    for (guint i = 0; i < 3; i++)
        tm_ledger_left(sleeper, g_array_index(ids, int64_t, i), &h.clock.now);
    g_assert_true(tm_ledger_flush(sleeper, NULL));
    house_advance(&h, 60350);
    g_assert_cmpint(refused(&h, h.ledger), ==, TM_WAIT_MINUTE);
    house_advance(&h, 1);
    one(&h, h.ledger, false);
    tm_ledger_close(sleeper);
    house_close(&h);
}

/* Spends the day up to its limit, then says what the one request beyond it is. */
static int64_t spend_and_probe(house *h)
{
    for (;;) {
        tm_use use = house_use(h->ledger, &h->lane, TM_UNIT_REQUESTS, TM_WINDOW_DAY);
        if (use.used >= use.limit.value)
            break;
        house_end(h->ledger, &h->lane, one(h, h->ledger, false), true, TM_CLASS_OK, 200);
        g_assert_true(tm_ledger_flush(h->ledger, NULL));
    }
    int64_t probe = one(h, h->ledger, true);
    g_assert_cmpint(refused(h, h->ledger), ==, TM_WAIT_PROBE);
    return probe;
}

static void a_soft_limit_grows_by_probes(void)
{
    house h;
    house_open(&h);
    house_set_limits(&h, false, -1, 3);
    for (int64_t limit = 6; limit <= 24; limit *= 2) {
        house_end(h.ledger, &h.lane, spend_and_probe(&h), true, TM_CLASS_OK, 200);
        g_assert_true(tm_ledger_flush(h.ledger, NULL));
        tm_use use = house_use(h.ledger, &h.lane, TM_UNIT_REQUESTS, TM_WINDOW_DAY);
        g_assert_cmpint(use.limit.value, ==, limit);
        g_assert_false(use.limit.hard);
    }
    /* a refusal makes it hard where it stands */
    tm_verdict verdict = refuse(&h, spend_and_probe(&h), TM_WINDOW_DAY, -1, 30000);
    g_assert_cmpint(verdict.class, ==, TM_CLASS_QUOTA_DAY);
    tm_use use = house_use(h.ledger, &h.lane, TM_UNIT_REQUESTS, TM_WINDOW_DAY);
    g_assert_cmpint(use.limit.value, ==, 24);
    g_assert_true(use.limit.hard);
    g_assert_cmpint(use.used, ==, 24);
    house_close(&h);
}

static void a_429_s_figure_is_learnt_and_ages(void)
{
    house h;
    house_open(&h);
    house_set_limits(&h, false, 5, 500);
    refuse(&h, one(&h, h.ledger, false), TM_WINDOW_DAY, 20, 11000);
    tm_use use = house_use(h.ledger, &h.lane, TM_UNIT_REQUESTS, TM_WINDOW_DAY);
    g_assert_cmpint(use.limit.value, ==, 20);
    g_assert_cmpint(use.limit.source, ==, TM_SOURCE_SEEN);
    g_assert_true(use.limit.hard);
    house_advance(&h, 8 * 24 * HOUSE_HOUR);
    use = house_use(h.ledger, &h.lane, TM_UNIT_REQUESTS, TM_WINDOW_DAY);
    g_assert_cmpint(use.limit.value, ==, 20);
    g_assert_false(use.limit.hard);
    house_close(&h);

    house_open(&h); /* the user's own limit is never exceeded, whatever the server allows */
    house_set_limits(&h, true, 5, 10);
    refuse(&h, one(&h, h.ledger, false), TM_WINDOW_DAY, 20, 11000);
    g_assert_cmpint(house_use(h.ledger, &h.lane, TM_UNIT_REQUESTS, TM_WINDOW_DAY).limit.value, ==, 10);
    house_close(&h);
}

/* The user says 20 a day, the server said 12: it is believed for a week, not asked anew each day. Who changes
 * the 20 knows something newer, and one request tests it. */
static void less_than_the_user_says_is_believed_for_a_week(void)
{
    house h;
    house_open(&h);
    house_set_limits(&h, true, -1, 20);
    refuse(&h, one(&h, h.ledger, false), TM_WINDOW_DAY, 12, 11000);
    house_advance(&h, 2 * 24 * HOUSE_HOUR);
    house_end(h.ledger, &h.lane, one(&h, h.ledger, true), true, TM_CLASS_OK, 200);
    for (int i = 1; i < 12; i++)
        house_end(h.ledger, &h.lane, one(&h, h.ledger, false), true, TM_CLASS_OK, 200);
    g_assert_cmpint(refused(&h, h.ledger), ==, TM_WAIT_DAY);
    house_set_limits(&h, true, -1, 30);
    one(&h, h.ledger, true);
    house_close(&h);

    house_open(&h); /* after the week one goes to see, not as many as the user's word allows */
    house_set_limits(&h, true, -1, 20);
    refuse(&h, one(&h, h.ledger, false), TM_WINDOW_DAY, 3, 11000);
    house_advance(&h, 8 * 24 * HOUSE_HOUR);
    house_end(h.ledger, &h.lane, one(&h, h.ledger, true), true, TM_CLASS_OK, 200);
    for (int i = 1; i < 3; i++)
        house_end(h.ledger, &h.lane, one(&h, h.ledger, false), true, TM_CLASS_OK, 200);
    one(&h, h.ledger, true);
    g_assert_cmpint(refused(&h, h.ledger), ==, TM_WAIT_PROBE);
    house_close(&h);
}

static void limit_0_is_no_tier_for_an_hour(void)
{
    house h;
    house_open(&h);
    house_set_limits(&h, false, 5, -1);
    tm_verdict verdict = refuse(&h, one(&h, h.ledger, false), TM_WINDOW_DAY, 0, 11000);
    g_assert_cmpint(verdict.class, ==, TM_CLASS_NO_MODEL);
    g_assert_cmpint(verdict.until_ms, ==, INT64_MAX);
    g_assert_cmpint(refused(&h, h.ledger), ==, TM_WAIT_NO_TIER);
    house_advance(&h, HOUSE_HOUR);
    one(&h, h.ledger, true);
    house_close(&h);
}

static void a_spent_day_holds_until_the_next(void)
{
    house h;
    house_open(&h);
    house_set_limits(&h, false, -1, 500);
    for (int i = 0; i < 15; i++)
        house_end(h.ledger, &h.lane, one(&h, h.ledger, false), true, TM_CLASS_OK, 200);
    tm_verdict verdict = refuse(&h, one(&h, h.ledger, false), TM_WINDOW_DAY, 10, 11000);
    g_assert_cmpint(verdict.until_ms, ==, HOUSE_START_MS + 14 * HOUSE_HOUR + 60000);
    g_assert_cmpint(refused(&h, h.ledger), ==, TM_WAIT_HOLD);
    /* a hold does not move with the wall clock */
    h.clock.now.wall_ms += 24 * HOUSE_HOUR;
    g_assert_cmpint(refused(&h, h.ledger), ==, TM_WAIT_HOLD);
    h.clock.now.wall_ms -= 24 * HOUSE_HOUR;
    advance_to(&h, verdict.until_ms);
    int64_t probe = one(&h, h.ledger, true);
    house_end(h.ledger, &h.lane, probe, true, TM_CLASS_OK, 200);
    g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(int64_t));
    g_assert_cmpint(house_ask(h.ledger, &h.lane, 50, ids).granted, ==, 9);
    house_close(&h);
}

static void an_unexplained_refusal_raises_the_guard(void)
{
    house h;
    house_open(&h);
    g_assert_true(refuse(&h, one(&h, h.ledger, false), TM_WINDOW_MINUTE, 5, 10000).guard_up);
    tm_lane_state state;
    g_assert_true(tm_ledger_lane_state(h.ledger, &h.lane, &state, NULL));
    g_assert_cmpint(state.guard_ms, ==, 1500);
    g_assert_cmpint(state.until_ms, ==, h.clock.now.wall_ms + 11000);
    g_assert_cmpstr(state.why, !=, "");
    house_advance(&h, 8 * 24 * HOUSE_HOUR);
    g_assert_true(tm_ledger_lane_state(h.ledger, &h.lane, &state, NULL));
    g_assert_cmpint(state.guard_ms, ==, 350);
    house_close(&h);
}

static void closed_by_the_server_asks_once_the_next_time(void)
{
    house h;
    house_open(&h);
    tm_verdict verdict = house_end(h.ledger, &h.lane, one(&h, h.ledger, false), true, TM_CLASS_MONEY, 429);
    g_assert_cmpint(verdict.until_ms, ==, INT64_MAX);
    int64_t probe = one(&h, h.ledger, true);
    g_assert_cmpint(refused(&h, h.ledger), ==, TM_WAIT_PROBE);
    house_end(h.ledger, &h.lane, probe, true, TM_CLASS_OK, 200);
    one(&h, h.ledger, false);
    house_close(&h);
}

static void whose_quota_it_is(void)
{
    house h;
    house_open(&h);
    tm_ledger *l = h.ledger;
    int64_t key = house_scope(l, "a", "key-one-of-the-test", NULL);
    g_assert_cmpint(house_scope(l, "b", "key-one-of-the-test", NULL), ==, key);
    g_assert_cmpint(house_scope(l, "a", "key-two-of-the-test", NULL), !=, key);
    int64_t project = house_scope(l, "a", "key-three-of-the-test", "my-project");
    g_assert_cmpint(house_scope(l, "a", "key-four-of-the-test", "my-project"), ==, project);
    g_assert_cmpint(house_scope(l, "a", NULL, "my-project"), ==, project);
    /* a key of a project is the project's, also where it is not named; and a project named later is the key's
     */
    g_assert_cmpint(house_scope(l, "a", "key-three-of-the-test", NULL), ==, project);
    g_assert_cmpint(house_scope(l, "a", "key-four-of-the-test", NULL), ==, project);
    g_assert_cmpint(house_scope(l, "a", "key-one-of-the-test", "late-project"), ==, key);
    g_assert_cmpint(house_scope(l, "a", NULL, "late-project"), ==, key);
    g_assert_cmpint(house_scope(l, "a", NULL, NULL), !=, key);
    tm_ledger_close(h.ledger);

    /* the key itself stands nowhere, and another ledger's salt is another */
    g_autofree char *bytes = NULL;
    gsize length = 0;
    g_assert_true(g_file_get_contents(h.path, &bytes, &length, NULL));
    g_assert_null(memmem(bytes, length, "key-one", 7));
    g_assert_null(memmem(bytes, length, "of-the-test", 11));
    h.ledger = house_ledger(&h);
    g_assert_cmpint(house_scope(h.ledger, "b", "key-one-of-the-test", NULL), ==, key);
    house_close(&h);
}

static void tokens_a_byte_are_learnt(void)
{
    house h;
    house_open(&h);
    g_assert_cmpfloat(tm_ledger_token_ratio(h.ledger, &h.lane, 1000), ==, 1.0);
    tm_ledger_learn_tokens(h.ledger, &h.lane, 1000, 250);
    g_assert_cmpfloat(tm_ledger_token_ratio(h.ledger, &h.lane, 1000), >=, 0.25);
    g_assert_cmpfloat(tm_ledger_token_ratio(h.ledger, &h.lane, 1000), <, 0.40);
    for (int i = 0; i < 1000; i++)
        tm_ledger_learn_tokens(h.ledger, &h.lane, 1000, i % 50 ? 240 : 700);
    g_assert_cmpfloat(tm_ledger_token_ratio(h.ledger, &h.lane, 1000), >=, 0.70);
    g_assert_true(tm_ledger_flush(h.ledger, NULL));
    tm_ledger_close(h.ledger);
    h.ledger = house_ledger(&h);
    g_assert_cmpfloat(tm_ledger_token_ratio(h.ledger, &h.lane, 1000), >=, 0.70);
    house_close(&h);
}

/* Around a short row stands much JSON: what it teaches is too little for a long one. */
static void short_rows_do_not_speak_for_long_ones(void)
{
    house h;
    house_open(&h);
    for (int i = 0; i < 1000; i++)
        tm_ledger_learn_tokens(h.ledger, &h.lane, 150, 15);
    g_assert_cmpfloat(tm_ledger_token_ratio(h.ledger, &h.lane, 150), <, 0.12);
    g_assert_cmpfloat(tm_ledger_token_ratio(h.ledger, &h.lane, 6000), >=, 0.2);
    tm_ledger_learn_tokens(h.ledger, &h.lane, 6000, 1500);
    g_assert_cmpfloat(tm_ledger_token_ratio(h.ledger, &h.lane, 150), <, 0.12);
    g_assert_cmpfloat(tm_ledger_token_ratio(h.ledger, &h.lane, 7000), >=, 0.25);
    house_close(&h);
}

static void what_two_processes_learn_adds_up(void)
{
    house h;
    house_open(&h);
    g_autoptr(tm_ledger) other = house_ledger(&h);
    tm_ledger_learn_tokens(h.ledger, &h.lane, 1000, 250);
    tm_ledger_learn_tokens(other, &h.lane, 1000, 700);
    g_assert_true(tm_ledger_flush(h.ledger, NULL));
    g_assert_true(tm_ledger_flush(other, NULL));
    g_assert_true(tm_ledger_flush(h.ledger, NULL));
    g_autoptr(tm_ledger) third = house_ledger(&h);
    g_assert_cmpfloat(tm_ledger_token_ratio(third, &h.lane, 1000), >=, 0.70);
    house_close(&h);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_set_nonfatal_assertions();
    g_test_add_func("/holds/one hold for all, with one probe", one_hold_for_all_with_one_probe);
    g_test_add_func("/holds/a wave of failures is one failure", a_wave_of_failures_is_one_failure);
    g_test_add_func("/holds/errors keep to their share while others wait",
                    errors_keep_to_their_share_while_others_wait);
    g_test_add_func("/holds/a dead prober frees the probe", a_dead_prober_frees_the_probe);
    g_test_add_func("/holds/a spent day holds until the next opens", a_spent_day_holds_until_the_next);
    g_test_add_func("/holds/an unexplained refusal raises the guard",
                    an_unexplained_refusal_raises_the_guard);
    g_test_add_func("/holds/what the user must mend is asked once",
                    closed_by_the_server_asks_once_the_next_time);
    g_test_add_func("/workers/a killed process is counted as sent", a_killed_process_is_counted_as_sent);
    g_test_add_func("/workers/what a killed process sent while we slept counts from then",
                    what_a_killed_process_sent_while_we_slept_counts_from_then);
    g_test_add_func("/workers/the clock is asked when it is our turn",
                    the_clock_is_asked_when_it_is_our_turn);
    g_test_add_func("/workers/a sleeper's reservations are not taken",
                    a_sleeper_s_reservations_are_not_taken);
    g_test_add_func("/limits/a soft limit grows by probes", a_soft_limit_grows_by_probes);
    g_test_add_func("/limits/a 429's figure is learnt and ages", a_429_s_figure_is_learnt_and_ages);
    g_test_add_func("/limits/less than the user says is believed for a week",
                    less_than_the_user_says_is_believed_for_a_week);
    g_test_add_func("/limits/limit 0 is no tier for an hour", limit_0_is_no_tier_for_an_hour);
    g_test_add_func("/scopes/a project, a key, a host", whose_quota_it_is);
    g_test_add_func("/tokens/their share of a byte is learnt", tokens_a_byte_are_learnt);
    g_test_add_func("/tokens/short rows do not speak for long ones", short_rows_do_not_speak_for_long_ones);
    g_test_add_func("/tokens/what two processes learn adds up", what_two_processes_learn_adds_up);
    return g_test_run();
}
