/* quota_view.h - what the ledger says of each account and model: what `quota` shows. */
#pragma once
#include "cmd/context.h"

/* The whole of it. */
typedef struct {
    tm_context *context;
    tm_ledger *ledger;
    int64_t now_ms;
    GPtrArray *accounts; /* tm_account of the config, borrowed */
    GArray *scopes;      /* int64_t each, in their order; -1: its key is not at hand */
    GPtrArray *entries;
} tm_quota_view;
void tm_quota_view_clear(tm_quota_view *view);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(tm_quota_view, tm_quota_view_clear)

/* A window without a limit is shown all the same. */
#define TM_QUOTA_NO_LIMIT INT64_MAX

/* One lane. */
typedef struct {
    const tm_ledger_entry *entry;
    const tm_account *account; /* NULL: none of the config's */
    GArray *uses;              /* tm_use */
    GArray *refused;           /* bool, a use each: its limit was seen in a refusal */
    tm_lane_state state;
    tm_grant next; /* for one request now: granted 0: not before retry_ms, and why */
} tm_quota_lane;
void tm_quota_lane_clear(tm_quota_lane *lane);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(tm_quota_lane, tm_quota_lane_clear)

/* Fills an empty view: the accounts, and what the ledger has entries of. */
gboolean tm_quota_view_fill(tm_quota_view *view, tm_context *context, GError **error);
/* Fills an empty lane with the use of every window of an entry's, those without a limit included. */
gboolean tm_quota_lane_fill(const tm_quota_view *view, const tm_ledger_entry *entry, tm_quota_lane *lane,
                            GError **error);
/* Who pays, in a word. (transfer full) */
char *tm_quota_lane_owner(const tm_quota_lane *lane);
