/* test_ledger.c - reservations, windows, days, give-backs, restarts, on a real file with a virtual clock */
#include "ledger_house.h"

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

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_set_nonfatal_assertions();
    g_test_add_func("/ledger/a minute is used whole and never exceeded", the_minute_is_full_and_never_fuller);
    return g_test_run();
}
