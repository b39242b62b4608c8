/* test_ledger.c - reservations, windows, days, give-backs, restarts, on a real file with a virtual clock */
#include "ledger_house.h"
#include <sqlite3.h>

/* Never more than `most` stamps within `length` ms of one another; returns the worst. */
static int worst_window(const GArray *stamps, int64_t length)
{
    int worst = 0;
    guint from = 0;
    for (guint i = 0; i < stamps->len; i++) {
        while (g_array_index(stamps, int64_t, i) - g_array_index(stamps, int64_t, from) >= length)
            from++;
        worst = MAX(worst, (int)(i - from + 1));
    }
    return worst;
}

/* Sends all that is granted, at once, and jumps to the instant at which the ledger says to ask again. */
static void send_all(house *h, int wanted, int64_t until_boot_ms, GArray *stamps)
{
    while (h->clock.now.boot_ms < until_boot_ms && (int)stamps->len < wanted) {
        g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(int64_t));
        tm_grant grant = house_ask(h->ledger, &h->lane, wanted - (int)stamps->len, ids);
        g_assert_cmpint(grant.granted, ==, (int)ids->len);
        for (guint i = 0; i < ids->len; i++) {
            int64_t id = g_array_index(ids, int64_t, i);
            tm_ledger_left(h->ledger, id, &h->clock.now);
            g_array_append_val(stamps, h->clock.now.boot_ms);
            house_end(h->ledger, &h->lane, id, true, TM_CLASS_OK, 200);
        }
        if (grant.granted < wanted && (int)stamps->len < wanted) {
            g_assert_cmpint(grant.retry_ms, >, h->clock.now.wall_ms);
            house_advance(h, MIN(grant.retry_ms - h->clock.now.wall_ms, HOUSE_HOUR));
        }
    }
}

static void the_minute_is_full_and_never_fuller(void)
{
    static const int per_minute[] = {1, 2, 5, 15, 240, 241, 1000, 10000};
    for (size_t i = 0; i < G_N_ELEMENTS(per_minute); i++) {
        house h;
        house_open(&h);
        house_set_limits(&h, true, per_minute[i], -1);
        g_autoptr(GArray) stamps = g_array_new(FALSE, FALSE, sizeof(int64_t));
        int64_t span = per_minute[i] > 100 ? 3 : 20, start = h.clock.now.boot_ms;
        send_all(&h, INT_MAX, start + span * 60350, stamps);
        g_test_message("%d a minute: %u sent in %d windows, worst window %d", per_minute[i], stamps->len,
                       (int)span, worst_window(stamps, 60350));
        g_assert_cmpint(worst_window(stamps, 60350), <=, per_minute[i]);
        g_assert_cmpint(stamps->len, >=, (guint)((double)per_minute[i] * (double)span * 0.995));
        house_close(&h);
    }
}

/* Random waits, several handles, restarts without a word: no window ever holds more than the limit. */
static void no_window_is_exceeded_whatever_happens(void)
{
    for (guint32 seed = 1; seed <= 12; seed++) {
        house h;
        house_open(&h);
        g_autoptr(GRand) random = g_rand_new_with_seed(seed);
        int limit = g_rand_int_range(random, 1, 30);
        house_set_limits(&h, true, limit, -1);
        tm_ledger *handles[2] = {h.ledger, house_ledger(&h)};
        g_autoptr(GArray) stamps = g_array_new(FALSE, FALSE, sizeof(int64_t));
        for (int step = 0; step < 150; step++) {
            int which = g_rand_int_range(random, 0, 2);
            g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(int64_t));
            house_ask(handles[which], &h.lane, g_rand_int_range(random, 1, 8), ids);
            house_advance(&h, g_rand_int_range(random, 0, 3000)); /* connecting */
            for (guint i = 0; i < ids->len; i++) {
                bool leaves = g_rand_double(random) < 0.9;
                int64_t id = g_array_index(ids, int64_t, i);
                if (leaves) {
                    tm_ledger_left(handles[which], id, &h.clock.now);
                    g_array_append_val(stamps, h.clock.now.boot_ms);
                }
                house_end(handles[which], &h.lane, id, leaves, leaves ? TM_CLASS_OK : TM_CLASS_BAD_REQUEST,
                          200);
            }
            if (g_rand_double(random) < 0.1) {
                tm_ledger_close(handles[which]);
                handles[which] = house_ledger(&h);
            }
            house_advance(&h, g_rand_int_range(random, 0, 4000));
        }
        g_assert_cmpint(worst_window(stamps, 60350), <=, limit);
        g_assert_cmpint(stamps->len, >, 4);
        tm_ledger_close(handles[1]);
        h.ledger = handles[0];
        house_close(&h);
    }
}

/* Reserves n requests, waiting where it must; they leave at once. */
static GArray *take(house *h, tm_ledger *ledger, int n)
{
    GArray *ids = g_array_new(FALSE, FALSE, sizeof(int64_t));
    while ((int)ids->len < n) {
        guint before = ids->len;
        tm_grant grant = house_ask(ledger, &h->lane, n - (int)ids->len, ids);
        for (guint i = before; i < ids->len; i++)
            tm_ledger_left(ledger, g_array_index(ids, int64_t, i), &h->clock.now);
        if ((int)ids->len < n) {
            g_assert_cmpint(grant.retry_ms, <, h->clock.now.wall_ms + HOUSE_HOUR);
            if (grant.retry_ms >= h->clock.now.wall_ms + HOUSE_HOUR)
                break;
            house_advance(h, grant.retry_ms - h->clock.now.wall_ms);
        }
    }
    return ids;
}

static void finish(house *h, tm_ledger *ledger, GArray *ids, bool left, tm_class class, int http)
{
    for (guint i = 0; i < ids->len; i++)
        house_end(ledger, &h->lane, g_array_index(ids, int64_t, i), left, class, http);
    g_array_unref(ids);
}

static void the_day_is_spent_once(void)
{
    house h;
    house_open(&h);
    finish(&h, h.ledger, take(&h, h.ledger, 20), true, TM_CLASS_OK, 200);
    g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(int64_t));
    tm_grant grant = house_ask(h.ledger, &h.lane, 1, ids);
    g_assert_cmpint(grant.granted, ==, 0);
    g_assert_cmpint(grant.wait, ==, TM_WAIT_DAY);
    /* midnight in California is 08:00 UTC; it opens a minute later, and our clock may be a second off */
    int64_t midnight = HOUSE_START_MS + 14 * HOUSE_HOUR;
    g_assert_cmpint(grant.retry_ms, ==, midnight + 60000);

    /* another handle, a renamed account and a restart see the same day */
    tm_ledger *other = house_ledger(&h);
    g_assert_cmpint(house_scope(other, "renamed", "secret-key-of-the-test", NULL), ==, h.scope);
    g_assert_cmpint(house_ask(other, &h.lane, 1, ids).wait, ==, TM_WAIT_DAY);
    tm_ledger_close(other);
    tm_ledger_close(h.ledger);
    h.ledger = house_ledger(&h);
    g_assert_cmpint(house_ask(h.ledger, &h.lane, 1, ids).wait, ==, TM_WAIT_DAY);

    house_advance(&h, grant.retry_ms - 1 - h.clock.now.wall_ms);
    g_assert_cmpint(house_ask(h.ledger, &h.lane, 1, ids).granted, ==, 0);
    house_advance(&h, 1);
    grant = house_ask(h.ledger, &h.lane, 5, ids);
    g_assert_cmpint(grant.granted, ==, 1);
    g_assert_true(grant.probe);
    g_assert_cmpint(house_ask(h.ledger, &h.lane, 5, ids).wait, ==, TM_WAIT_PROBE);
    house_end(h.ledger, &h.lane, g_array_index(ids, int64_t, 0), true, TM_CLASS_OK, 200);
    g_array_set_size(ids, 0);
    grant = house_ask(h.ledger, &h.lane, 5, ids);
    g_assert_cmpint(grant.granted, ==, 2); /* the burst is 3 */
    g_assert_false(grant.probe);
    house_close(&h);
}

static void a_request_on_the_edge_counts_for_both_days(void)
{
    house h;
    house_open(&h);
    house_set_limits(&h, true, -1, 100);
    house_advance(&h, 14 * HOUSE_HOUR - 200); /* 200 ms before midnight */
    finish(&h, h.ledger, take(&h, h.ledger, 30), true, TM_CLASS_OK, 200);
    g_assert_true(tm_ledger_flush(h.ledger, NULL));
    g_assert_cmpint(house_use(h.ledger, &h.lane, TM_UNIT_REQUESTS, TM_WINDOW_DAY).used, ==, 30);
    house_advance(&h, 2 * HOUSE_HOUR);
    g_assert_cmpint(house_use(h.ledger, &h.lane, TM_UNIT_REQUESTS, TM_WINDOW_DAY).used, ==, 30);
    house_advance(&h, 24 * HOUSE_HOUR);
    g_assert_cmpint(house_use(h.ledger, &h.lane, TM_UNIT_REQUESTS, TM_WINDOW_DAY).used, ==, 0);
    /* a scarce day risks none there */
    house_set_limits(&h, true, -1, 20);
    house_advance(&h, 22 * HOUSE_HOUR);
    g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(int64_t));
    g_assert_cmpint(house_ask(h.ledger, &h.lane, 1, ids).wait, ==, TM_WAIT_DAY);
    house_close(&h);
}

static void a_clock_set_back_or_forward_keeps_the_day(void)
{
    house h;
    house_open(&h);
    house_set_limits(&h, true, -1, 20);
    finish(&h, h.ledger, take(&h, h.ledger, 12), true, TM_CLASS_OK, 200);
    h.clock.now.wall_ms -= 24 * HOUSE_HOUR; /* back by a day: what was spent counts as now */
    finish(&h, h.ledger, take(&h, h.ledger, 8), true, TM_CLASS_OK, 200);
    g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(int64_t));
    g_assert_cmpint(house_ask(h.ledger, &h.lane, 1, ids).wait, ==, TM_WAIT_DAY);
    h.clock.now.wall_ms += 24 * HOUSE_HOUR;
    house_close(&h);

    /* once the server's Date is known the wall clock does not matter within a boot */
    house_open(&h);
    house_set_limits(&h, true, -1, 20);
    tm_ledger_offset(h.ledger, &h.lane, &h.clock.now, 100, h.clock.now.wall_ms);
    finish(&h, h.ledger, take(&h, h.ledger, 20), true, TM_CLASS_OK, 200);
    for (int days = -2; days <= 2; days++) {
        h.clock.now.wall_ms += days * 24 * HOUSE_HOUR;
        tm_grant grant = house_ask(h.ledger, &h.lane, 1, ids);
        g_assert_cmpint(grant.wait, ==, TM_WAIT_DAY);
        g_assert_cmpint(grant.retry_ms - h.clock.now.wall_ms, >, 14 * HOUSE_HOUR - 2000);
        g_assert_cmpint(grant.retry_ms - h.clock.now.wall_ms, <, 14 * HOUSE_HOUR + 62000);
        h.clock.now.wall_ms -= days * 24 * HOUSE_HOUR;
    }
    house_close(&h);
}

static void wait_for_the_day(house *h, tm_ledger *ledger, int64_t ms)
{
    g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(int64_t));
    tm_grant grant = house_ask(ledger, &h->lane, 1, ids);
    g_assert_cmpint(grant.wait, ==, TM_WAIT_DAY);
    g_assert_cmpint(grant.retry_ms - h->clock.now.wall_ms, >, ms - 5000);
    g_assert_cmpint(grant.retry_ms - h->clock.now.wall_ms, <, ms + 65000);
}

static void after_a_reboot_the_day_follows_no_wall_clock(void)
{
    house h;
    house_open(&h);
    house_set_limits(&h, true, -1, 20);
    tm_ledger_offset(h.ledger, &h.lane, &h.clock.now, 100, h.clock.now.wall_ms);
    finish(&h, h.ledger, take(&h, h.ledger, 20), true, TM_CLASS_OK, 200);
    tm_ledger_close(h.ledger);
    h.clock.now = (tm_instant){h.clock.now.wall_ms, 20 * HOUSE_HOUR, 78};
    /* nobody has measured in this boot: the wall clock at the begin must do */
    h.ledger = house_ledger(&h);
    wait_for_the_day(&h, h.ledger, 14 * HOUSE_HOUR);
    h.clock.now.wall_ms += 5 * HOUSE_HOUR;
    wait_for_the_day(&h, h.ledger, 14 * HOUSE_HOUR);
    /* what one has measured holds for all */
    tm_ledger *other = house_ledger(&h);
    wait_for_the_day(&h, other, 9 * HOUSE_HOUR);
    tm_ledger_offset(h.ledger, &h.lane, &h.clock.now, 100, h.clock.now.wall_ms - 5 * HOUSE_HOUR);
    g_assert_true(tm_ledger_flush(h.ledger, NULL));
    wait_for_the_day(&h, other, 14 * HOUSE_HOUR);
    tm_ledger_close(other);
    house_close(&h);
}

static void minutes_do_not_follow_the_wall_clock(void)
{
    house h;
    house_open(&h);
    house_set_limits(&h, true, 3, -1);
    finish(&h, h.ledger, take(&h, h.ledger, 3), true, TM_CLASS_OK, 200);
    g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(int64_t));
    h.clock.now.wall_ms += 5 * HOUSE_HOUR;
    g_assert_cmpint(house_ask(h.ledger, &h.lane, 1, ids).granted, ==, 0);
    h.clock.now.wall_ms -= 10 * HOUSE_HOUR;
    tm_grant grant = house_ask(h.ledger, &h.lane, 1, ids);
    g_assert_cmpint(grant.granted, ==, 0);
    house_advance(&h, grant.retry_ms - h.clock.now.wall_ms);
    g_assert_cmpint(house_ask(h.ledger, &h.lane, 1, ids).granted, ==, 1);
    house_close(&h);
}

static void rows_of_another_boot_count_as_now(void)
{
    static const int64_t steps[] = {1000, -24 * HOUSE_HOUR};
    for (size_t i = 0; i < G_N_ELEMENTS(steps); i++) {
        house h;
        house_open(&h);
        house_set_limits(&h, true, 3, -1);
        finish(&h, h.ledger, take(&h, h.ledger, 3), true, TM_CLASS_OK, 200);
        tm_ledger_close(h.ledger);
        h.clock.now = (tm_instant){h.clock.now.wall_ms + steps[i], 20 * HOUSE_HOUR, 78};
        h.ledger = house_ledger(&h);
        g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(int64_t));
        tm_grant grant = house_ask(h.ledger, &h.lane, 3, ids);
        g_assert_cmpint(grant.granted, ==, 0);
        g_assert_cmpint(grant.retry_ms, ==, h.clock.now.wall_ms + 60351);
        house_advance(&h, 60351);
        g_assert_cmpint(house_ask(h.ledger, &h.lane, 3, ids).granted, ==, 3);
        house_close(&h);
    }
}

/* The wall clock may be wrong, and set at any time: that the boot is older than the window is what is sure.
 */
static void the_first_minute_of_a_boot_counts_the_boot_before(void)
{
    static const struct {
        int64_t wall_ms, boot_ms; /* the wall clock's step, and when the ledger is asked */
        int granted;
        int64_t wait_ms;
    } cases[] = {
        {61000, 5000, 0, 55351},
        {HOUSE_HOUR + 2000, 2000, 0, 58351},
        {61000, 60351, 3, 0},
        {HOUSE_HOUR, 20 * HOUSE_HOUR, 3, 0},
        {-HOUSE_HOUR, 20 * HOUSE_HOUR, 0, 60351},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        house h;
        house_open(&h);
        house_set_limits(&h, true, 3, -1);
        finish(&h, h.ledger, take(&h, h.ledger, 3), true, TM_CLASS_OK, 200);
        tm_ledger_close(h.ledger);
        h.clock.now = (tm_instant){h.clock.now.wall_ms + cases[i].wall_ms, cases[i].boot_ms, 78};
        h.ledger = house_ledger(&h);
        g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(int64_t));
        tm_grant grant = house_ask(h.ledger, &h.lane, 3, ids);
        g_assert_cmpint(grant.granted, ==, cases[i].granted);
        if (!grant.granted)
            g_assert_cmpint(grant.retry_ms - h.clock.now.wall_ms, ==, cases[i].wait_ms);
        house_close(&h);
    }
}

static void what_never_left_is_given_back(void)
{
    house h;
    house_open(&h);
    GArray *unsent = g_array_new(FALSE, FALSE, sizeof(int64_t));
    house_ask(h.ledger, &h.lane, 3, unsent);
    g_assert_cmpint(house_use(h.ledger, &h.lane, TM_UNIT_REQUESTS, TM_WINDOW_MINUTE).used, ==, 3);
    finish(&h, h.ledger, unsent, false, TM_CLASS_BAD_REQUEST, 0);
    g_assert_true(tm_ledger_flush(h.ledger, NULL));
    g_assert_cmpint(house_use(h.ledger, &h.lane, TM_UNIT_REQUESTS, TM_WINDOW_MINUTE).used, ==, 0);
    g_assert_cmpint(house_use(h.ledger, &h.lane, TM_UNIT_REQUESTS, TM_WINDOW_DAY).used, ==, 0);
    /* unsent, no answer at all; and reserved when the ledger is closed */
    house_advance(&h, 60000);
    g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(int64_t));
    house_ask(h.ledger, &h.lane, 3, ids);
    tm_ledger_settle(h.ledger, &h.lane, g_array_index(ids, int64_t, 0), false, NULL, NULL);
    g_assert_cmpint(house_use(h.ledger, &h.lane, TM_UNIT_REQUESTS, TM_WINDOW_DAY).used, ==, 3);
    tm_ledger_close(h.ledger);
    h.ledger = house_ledger(&h);
    g_assert_cmpint(house_use(h.ledger, &h.lane, TM_UNIT_REQUESTS, TM_WINDOW_DAY).used, ==, 0);
    house_close(&h);
}

static void a_429_gives_the_day_back_and_keeps_the_minute(void)
{
    house h;
    house_open(&h);
    g_autoptr(GArray) ids = take(&h, h.ledger, 1);
    tm_verdict verdict =
        house_end(h.ledger, &h.lane, g_array_index(ids, int64_t, 0), true, TM_CLASS_QUOTA_MINUTE, 429);
    g_assert_cmpint(verdict.until_ms, >, h.clock.now.wall_ms);
    g_assert_cmpint(house_use(h.ledger, &h.lane, TM_UNIT_REQUESTS, TM_WINDOW_DAY).used, ==, 0);
    g_assert_cmpint(house_use(h.ledger, &h.lane, TM_UNIT_REQUESTS, TM_WINDOW_MINUTE).used, ==, 1);
    house_close(&h);
}

static void errors_that_left_stay_counted(void)
{
    static const tm_class classes[] = {TM_CLASS_OVERLOADED, TM_CLASS_SERVER, TM_CLASS_TIMEOUT,
                                       TM_CLASS_UNKNOWN, TM_CLASS_BAD_REQUEST};
    house h;
    house_open(&h);
    house_set_limits(&h, true, 5, 500);
    for (size_t i = 0; i < G_N_ELEMENTS(classes); i++) {
        g_autoptr(GArray) ids = take(&h, h.ledger, 1);
        house_end(h.ledger, &h.lane, g_array_index(ids, int64_t, 0), true, classes[i], 503);
        house_advance(&h, HOUSE_HOUR / 2);
    }
    g_assert_true(tm_ledger_flush(h.ledger, NULL));
    g_assert_cmpint(house_use(h.ledger, &h.lane, TM_UNIT_REQUESTS, TM_WINDOW_DAY).used, ==, 5);
    tm_lane_state state;
    g_assert_true(tm_ledger_lane_state(h.ledger, &h.lane, &state, NULL));
    g_assert_cmpint(state.errors_today, ==, 4);
    house_close(&h);
}

static void tokens_are_corrected_where_they_were_counted(void)
{
    house h;
    house_open(&h);
    h.limits[0] = (tm_limit){TM_UNIT_INPUT_TOKENS, TM_WINDOW_MINUTE, 1000, TM_SOURCE_CONFIG, true, 0};
    h.lane.n_limits = 1;
    tm_cost cost = {.of = {[TM_UNIT_REQUESTS] = 1, [TM_UNIT_INPUT_TOKENS] = 400}};
    g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(int64_t));
    tm_grant grant;
    g_assert_true(tm_ledger_reserve(h.ledger, &h.lane, "s", &cost, 5, &grant, ids, NULL));
    g_assert_cmpint(grant.granted, ==, 2);
    g_assert_cmpint(grant.wait, ==, TM_WAIT_MINUTE);

    tm_cost dearer = cost, huge = cost;
    dearer.of[TM_UNIT_INPUT_TOKENS] = 600;
    huge.of[TM_UNIT_INPUT_TOKENS] = 1200;
    g_assert_true(tm_ledger_amend(h.ledger, &h.lane, g_array_index(ids, int64_t, 0), &dearer, &grant, NULL));
    g_assert_cmpint(grant.granted, ==, 1);
    g_assert_cmpint(house_use(h.ledger, &h.lane, TM_UNIT_INPUT_TOKENS, TM_WINDOW_MINUTE).used, ==, 1000);
    g_assert_true(tm_ledger_amend(h.ledger, &h.lane, g_array_index(ids, int64_t, 1), &dearer, &grant, NULL));
    g_assert_cmpint(grant.granted, ==, 0);
    g_assert_cmpint(grant.wait, ==, TM_WAIT_MINUTE);
    g_assert_true(tm_ledger_amend(h.ledger, &h.lane, g_array_index(ids, int64_t, 1), &huge, &grant, NULL));
    g_assert_cmpint(grant.wait, ==, TM_WAIT_TOO_LARGE);

    tm_cost actual = cost;
    actual.of[TM_UNIT_INPUT_TOKENS] = 90;
    g_auto(tm_answer) answer;
    memset(&answer, 0, sizeof answer);
    for (guint i = 0; i < 2; i++) {
        tm_ledger_left(h.ledger, g_array_index(ids, int64_t, i), &h.clock.now);
        g_assert_true(tm_ledger_flush(h.ledger, NULL));
        house_advance(&h, 500);
        tm_ledger_settle(h.ledger, &h.lane, g_array_index(ids, int64_t, i), true, &answer, &actual);
    }
    g_assert_true(tm_ledger_flush(h.ledger, NULL));
    g_assert_cmpint(house_use(h.ledger, &h.lane, TM_UNIT_INPUT_TOKENS, TM_WINDOW_MINUTE).used, ==, 180);
    house_advance(&h, 61000);
    g_assert_cmpint(house_use(h.ledger, &h.lane, TM_UNIT_INPUT_TOKENS, TM_WINDOW_MINUTE).used, ==, 0);
    g_assert_true(tm_ledger_reserve(h.ledger, &h.lane, "s", &huge, 1, &grant, ids, NULL));
    g_assert_cmpint(grant.wait, ==, TM_WAIT_TOO_LARGE);
    g_assert_cmpint(grant.retry_ms, ==, INT64_MAX);
    house_close(&h);
}

/* The reply's instant and the moment at which it is read may lie on two sides of a step of the clock. */
static void a_clock_set_before_a_reply_is_read_changes_nothing(void)
{
    house h;
    house_open(&h);
    tm_lane_state state;
    tm_instant received = h.clock.now;
    h.clock.now.wall_ms -= HOUSE_HOUR;
    tm_ledger_offset(h.ledger, &h.lane, &received, 100, received.wall_ms);
    g_assert_true(tm_ledger_lane_state(h.ledger, &h.lane, &state, NULL));
    g_assert_cmpint(state.offset_ms, >=, HOUSE_HOUR);
    g_assert_cmpint(state.offset_ms, <=, HOUSE_HOUR + 1100);
    house_close(&h);
}

/* Its first grant fails on the way; the number it had as a worker becomes another's. */
static void a_worker_that_did_not_begin_bars_nobody(void)
{
    house h;
    house_open(&h);
    tm_cost one = {{0}};
    tm_grant grant;
    g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(int64_t));
    g_autoptr(GError) error = NULL;
    one.of[TM_UNIT_REQUESTS] = 1;
    sqlite3 *raw = NULL;
    g_assert_cmpint(sqlite3_open(h.path, &raw), ==, SQLITE_OK);
    g_assert_cmpint(sqlite3_exec(raw,
                                 "CREATE TRIGGER bad BEFORE INSERT ON reserve BEGIN"
                                 " SELECT RAISE(ABORT, 'no'); END",
                                 NULL, NULL, NULL),
                    ==, SQLITE_OK);
    g_assert_false(tm_ledger_reserve(h.ledger, &h.lane, "s", &one, 1, &grant, ids, NULL));
    g_assert_cmpint(sqlite3_exec(raw, "DROP TRIGGER bad", NULL, NULL, NULL), ==, SQLITE_OK);
    sqlite3_close(raw);
    tm_ledger *other = tm_ledger_open(h.path, &h.clock.clock, &error);
    g_assert_no_error(error);
    tm_ledger_reserve(other, &h.lane, "s", &one, 1, &grant, ids, &error);
    g_assert_no_error(error);
    g_assert_cmpint(grant.granted, ==, 1);
    tm_ledger_reserve(h.ledger, &h.lane, "s", &one, 1, &grant, ids, &error);
    g_assert_no_error(error);
    tm_ledger_close(other);
    house_close(&h);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_set_nonfatal_assertions();
    g_test_add_func("/ledger/a minute is used whole and never exceeded", the_minute_is_full_and_never_fuller);
    g_test_add_func("/ledger/no window is exceeded whatever happens", no_window_is_exceeded_whatever_happens);
    g_test_add_func("/ledger/a day is spent once, over handles, names and restarts", the_day_is_spent_once);
    g_test_add_func("/ledger/a request on the edge counts for both days",
                    a_request_on_the_edge_counts_for_both_days);
    g_test_add_func("/ledger/a clock set back or forward keeps the day",
                    a_clock_set_back_or_forward_keeps_the_day);
    g_test_add_func("/ledger/after a reboot the day follows no wall clock",
                    after_a_reboot_the_day_follows_no_wall_clock);
    g_test_add_func("/ledger/minutes do not follow the wall clock", minutes_do_not_follow_the_wall_clock);
    g_test_add_func("/ledger/rows of another boot count as now", rows_of_another_boot_count_as_now);
    g_test_add_func("/ledger/the first minute of a boot counts the boot before",
                    the_first_minute_of_a_boot_counts_the_boot_before);
    g_test_add_func("/ledger/what never left is given back whole", what_never_left_is_given_back);
    g_test_add_func("/ledger/a 429 gives the day back and keeps the minute",
                    a_429_gives_the_day_back_and_keeps_the_minute);
    g_test_add_func("/ledger/errors that left stay counted", errors_that_left_stay_counted);
    g_test_add_func("/ledger/tokens are corrected where they were counted",
                    tokens_are_corrected_where_they_were_counted);
    g_test_add_func("/ledger/a clock set before a reply is read changes nothing",
                    a_clock_set_before_a_reply_is_read_changes_nothing);
    g_test_add_func("/ledger/a worker that did not begin bars nobody",
                    a_worker_that_did_not_begin_bars_nobody);
    return g_test_run();
}
