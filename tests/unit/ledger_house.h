/* ledger_house.h - what the ledger's tests share: a clock of their own, a ledger in a folder of its own,
 * lanes */
#pragma once
#include "folder.h"
#include "jobs/ledger.h"
#include <glib.h>
#include <glib/gstdio.h>
#include <string.h>

typedef struct {
    tm_clock clock;
    tm_instant now;
} house_clock;

static G_GNUC_UNUSED tm_instant house_now(tm_clock *self)
{
    return ((house_clock *)self)->now;
}

/* 2026-11-24 18:00 UTC: ten in the morning in California. */
#define HOUSE_START_MS ((int64_t)1795543200000)
#define HOUSE_HOUR ((int64_t)3600 * 1000)

typedef struct {
    char *folder, *path;
    house_clock clock;
    tm_ledger *ledger;
    int64_t scope;
    tm_limit limits[6];
    tm_lane lane;
    tm_windows windows;
} house;

static G_GNUC_UNUSED void house_advance(house *h, int64_t ms)
{
    h->clock.now.wall_ms += ms;
    h->clock.now.boot_ms += ms;
}

static G_GNUC_UNUSED tm_account *house_account(const char *name, const char *key, const char *project)
{
    tm_account *account = g_new0(tm_account, 1);
    account->name = g_strdup(name);
    account->provider = g_strdup("gemini");
    account->host = g_strdup("generativelanguage.googleapis.com");
    account->key = g_strdup(key);
    account->project = g_strdup(project);
    account->windows = tm_windows_default;
    account->guard_ms = 350;
    return account;
}

static G_GNUC_UNUSED void house_account_free(tm_account *account)
{
    g_free(account->name);
    g_free(account->provider);
    g_free(account->host);
    g_free(account->key);
    g_free(account->project);
    g_free(account);
}

static G_GNUC_UNUSED int64_t house_scope(tm_ledger *ledger, const char *name, const char *key,
                                         const char *project)
{
    g_autoptr(GError) error = NULL;
    tm_account *account = house_account(name, key, project);
    int64_t scope = tm_ledger_scope(ledger, account, &error);
    g_assert_no_error(error);
    house_account_free(account);
    return scope;
}

static G_GNUC_UNUSED tm_ledger *house_ledger(house *h)
{
    g_autoptr(GError) error = NULL;
    tm_ledger *ledger = tm_ledger_open(h->path, &h->clock.clock, &error);
    g_assert_no_error(error);
    return ledger;
}

static G_GNUC_UNUSED void house_set_limits(house *h, bool hard, int64_t per_minute, int64_t per_day)
{
    size_t n = 0;
    tm_limit_source source = hard ? TM_SOURCE_CONFIG : TM_SOURCE_CATALOGUE;
    if (per_minute >= 0)
        h->limits[n++] = (tm_limit){TM_UNIT_REQUESTS, TM_WINDOW_MINUTE, per_minute, source, hard, 0};
    if (per_day >= 0)
        h->limits[n++] = (tm_limit){TM_UNIT_REQUESTS, TM_WINDOW_DAY, per_day, source, hard, 0};
    h->lane.limits = h->limits;
    h->lane.n_limits = n;
}

static G_GNUC_UNUSED void house_open(house *h)
{
    memset(h, 0, sizeof *h);
    /* in memory where that can be had: thousands of durable grants would wait for the disk */
    h->folder = g_mkdtemp(g_strdup("/dev/shm/tidemill-ledger-XXXXXX"));
    if (!h->folder)
        h->folder = g_dir_make_tmp("tidemill-ledger-XXXXXX", NULL);
    h->path = g_build_filename(h->folder, "ledger.db", NULL);
    h->clock.clock.now = house_now;
    h->clock.now = (tm_instant){HOUSE_START_MS, 10 * HOUSE_HOUR, 77};
    h->windows = tm_windows_default;
    h->ledger = house_ledger(h);
    h->scope = house_scope(h->ledger, "free", "secret-key-of-the-test", NULL);
    h->lane = (tm_lane){.scope = h->scope, .model = "gemini-x", .windows = &h->windows, .guard_ms = 350};
    house_set_limits(h, true, 5, 20);
}

static G_GNUC_UNUSED void house_close(house *h)
{
    tm_ledger_close(h->ledger);
    folder_remove(h->folder);
    g_free(h->path);
    g_free(h->folder);
}

/* Reserves up to `wanted` requests of one request each; returns the grant, ids appended. */
static G_GNUC_UNUSED tm_grant house_ask(tm_ledger *ledger, const tm_lane *lane, int wanted, GArray *ids)
{
    g_autoptr(GError) error = NULL;
    tm_cost one = {.of = {[TM_UNIT_REQUESTS] = 1}};
    tm_grant grant;
    gboolean fine = tm_ledger_reserve(ledger, lane, "store", &one, wanted, &grant, ids, &error);
    g_assert_no_error(error);
    g_assert_true(fine);
    return grant;
}

static G_GNUC_UNUSED tm_verdict house_end(tm_ledger *ledger, const tm_lane *lane, int64_t id, bool left,
                                          tm_class class, int http)
{
    g_auto(tm_answer) answer;
    memset(&answer, 0, sizeof answer);
    answer.class = class;
    answer.http = http;
    answer.retry_ms = -1;
    return tm_ledger_settle(ledger, lane, id, left, &answer, NULL);
}

static G_GNUC_UNUSED tm_use house_use(tm_ledger *ledger, const tm_lane *lane, tm_unit unit, tm_window window)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GArray) uses = tm_ledger_uses(ledger, lane, &error);
    g_assert_no_error(error);
    for (guint i = 0; i < uses->len; i++) {
        tm_use use = g_array_index(uses, tm_use, i);
        if (use.limit.unit == unit && use.limit.window == window)
            return use;
    }
    return (tm_use){.used = -1};
}
