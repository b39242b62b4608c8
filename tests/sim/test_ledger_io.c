/* test_ledger_io.c - calls to the ledger's disk fail, one or some in a row, at any place: what other lives of
 * the machine have spent still counts, so no limit is exceeded. TIDEMILL_FAILURES=1 tries up to 5 in a row
 * (default: 2). */
#include "core/error.h"
#include "jobs/ledger.h"
#include "tests/sim/power_vfs.h"
#include "tests/unit/folder.h"
#include <string.h>

static char *dir; /* of all stories: the plain files that stay in it serve the next */
static const char MODEL[] = "gemini-2.5-flash";

/* What is left of which limit when the disk begins to fail. */
typedef struct {
    const char *what;
    tm_window window;
    int64_t value, spent;
    int64_t server_ahead_ms;
    int64_t later_ms; /* after it was spent */
    bool reboots;
} story;

static const story stories[] = {
    {.what = "the day", .window = TM_WINDOW_DAY, .value = 20, .spent = 15, .later_ms = 600000},
    {.what = "the minute, over a reboot",
     .window = TM_WINDOW_MINUTE,
     .value = 6,
     .spent = 3,
     .later_ms = 5000,
     .reboots = true},
    /* spent at 23:30 of the server's Pacific day; half an hour past our midnight it is still that day there
     */
    {.what = "the day, on a clock that is an hour ahead of the server's",
     .window = TM_WINDOW_DAY,
     .value = 20,
     .spent = 15,
     .server_ahead_ms = -3600000,
     .later_ms = 60000},
};

typedef struct {
    tm_clock clock;
    tm_instant now;
} hand_clock;

static tm_instant hand_now(tm_clock *clock)
{
    return ((hand_clock *)clock)->now;
}

typedef struct {
    power_vfs *vfs;
    char *path;
    hand_clock clock;
    tm_account *account;
    tm_limit limit;
    tm_lane lane;
    tm_ledger *ledger;
} house;

static void advance(house *h, int64_t ms)
{
    h->clock.now.wall_ms += ms;
    h->clock.now.boot_ms += ms;
}

/* Asks `times` times for more than there can be, as an engine would each second. Returns what was granted;
 * all of it is sent and answered. */
static int64_t ask(house *h, int times, GError **error)
{
    tm_cost each = {.of = {[TM_UNIT_REQUESTS] = 1}};
    int64_t granted = 0;
    if (!h->ledger)
        h->ledger = tm_ledger_open(h->path, &h->clock.clock, error);
    if (!h->ledger)
        return 0;
    for (int i = 0; i < times; i++, advance(h, 1000)) {
        g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(int64_t));
        g_autoptr(GError) failed = NULL;
        tm_grant grant;
        h->lane.scope = tm_ledger_scope(h->ledger, h->account, &failed);
        if (h->lane.scope < 0 ||
            !tm_ledger_reserve(h->ledger, &h->lane, "s", &each, (int)h->limit.value, &grant, ids, &failed))
            continue;
        granted += ids->len;
        for (guint k = 0; k < ids->len; k++) {
            g_auto(tm_answer) answer;
            tm_answer_init(&answer);
            answer.http = 200;
            int64_t id = g_array_index(ids, int64_t, k);
            tm_ledger_left(h->ledger, id, &h->clock.now);
            tm_ledger_settle(h->ledger, &h->lane, id, true, &answer, NULL);
        }
    }
    return granted;
}

static void close_ledger(house *h)
{
    tm_ledger_close(h->ledger);
    h->ledger = NULL;
}

static void open_story(house *h, const story *s)
{
    g_autoptr(GError) error = NULL;
    *h = (house){.vfs = power_vfs_new(3)};
    h->path = g_build_filename(dir, "ledger.db", NULL);
    h->clock.clock.now = hand_now;
    /* 2026-11-24 08:30 UTC, 00:30 in California; or noon */
    int64_t start_ms = INT64_C(1795509000000) + (s->server_ahead_ms ? 0 : 41400000);
    h->clock.now = (tm_instant){.wall_ms = start_ms, .boot_ms = 3600000, .boot_id = 1};
    h->account = tm_account_new("a", "gemini");
    h->account->key = g_strdup("key");
    h->limit = (tm_limit){TM_UNIT_REQUESTS, s->window, s->spent, TM_SOURCE_CONFIG, true, 0};
    h->lane = (tm_lane){
        .model = MODEL, .windows = &h->account->windows, .limits = &h->limit, .n_limits = 1, .guard_ms = 350};
    h->ledger = tm_ledger_open(h->path, &h->clock.clock, &error);
    h->lane.scope = tm_ledger_scope(h->ledger, h->account, &error);
    tm_ledger_offset(h->ledger, &h->lane, &h->clock.now, 100,
                     (h->clock.now.wall_ms + s->server_ahead_ms) / 1000 * 1000);
    g_assert_true(tm_ledger_flush(h->ledger, &error));
    int64_t spent = 0;
    while (spent < s->spent)
        spent += ask(h, 1, &error);
    close_ledger(h);
    g_assert_no_error(error);
    h->limit.value = s->value;
    advance(h, s->later_ms);
    if (s->reboots)
        h->clock.now = (tm_instant){.wall_ms = h->clock.now.wall_ms, .boot_ms = 20000, .boot_id = 2};
}

static void close_story(house *h)
{
    power_vfs_free(h->vfs);
    tm_account_free(h->account);
    g_free(h->path);
}

/* The nth call and those after it fail, `times` in all. False: there were not so many. */
static bool fail(const story *s, power_call call, int64_t nth, int64_t times)
{
    enum { ASKS = 14 };
    house h;
    g_autoptr(GError) error = NULL;
    open_story(&h, s);
    power_vfs_fail(h.vfs, call, nth, times, 0);
    int64_t granted = ask(&h, ASKS, NULL);
    close_ledger(&h);
    bool failed = power_vfs_has_failed(h.vfs);
    power_vfs_restart(h.vfs, POWER_LOSES_ALL, 0);
    granted += ask(&h, ASKS, &error);
    close_ledger(&h);
    g_assert_no_error(error);
    g_assert_cmpint(granted, <=, s->value - s->spent);
    if (!failed)
        g_assert_cmpint(granted, ==, s->value - s->spent);
    close_story(&h);
    if (g_test_failed())
        g_test_message("%s: %s %" G_GINT64_FORMAT ", %" G_GINT64_FORMAT " in a row, fails", s->what,
                       power_call_name(call), nth, times);
    return failed && !g_test_failed();
}

static void test_failures(gconstpointer data)
{
    const story *s = data;
    int64_t tried = 0;
    for (power_call call = 0; call < POWER_N_CALLS; call++)
        for (int64_t times = 1; times <= (g_getenv("TIDEMILL_FAILURES") ? 5 : 2); times++)
            for (int64_t n = 1; fail(s, call, n, times); n++)
                tried++;
    g_test_message("%s: %" G_GINT64_FORMAT " tried", s->what, tried);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_set_nonfatal_assertions();
    dir = g_dir_make_tmp("tidemill-ledger-XXXXXX", NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(stories); i++) {
        g_autofree char *path = g_strdup_printf("/ledger io/%s", stories[i].what);
        g_test_add_data_func(path, &stories[i], test_failures);
    }
    int status = g_test_run();
    folder_remove(dir);
    g_free(dir);
    return status;
}
