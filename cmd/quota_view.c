/* quota_view.c - see quota_view.h */
#include "cmd/quota_view.h"

#include <inttypes.h>

void tm_quota_view_clear(tm_quota_view *v)
{
    g_clear_pointer(&v->accounts, g_ptr_array_unref);
    g_clear_pointer(&v->scopes, g_array_unref);
    g_clear_pointer(&v->entries, g_ptr_array_unref);
}

void tm_quota_lane_clear(tm_quota_lane *l)
{
    g_clear_pointer(&l->uses, g_array_unref);
    g_clear_pointer(&l->refused, g_array_unref);
}

/* An account whose key is not set can only be told by its project. */
static int64_t scope_of(tm_quota_view *v, tm_account *account)
{
    bool keyed = tm_context_key(v->context, account, NULL);
    if (!keyed && !account->project)
        return -1;
    return tm_ledger_scope(v->ledger, account, NULL);
}

gboolean tm_quota_view_fill(tm_quota_view *v, tm_context *context, GError **error)
{
    v->context = context;
    v->now_ms = tm_clock_now(tm_context_clock(context)).wall_ms;
    v->accounts = g_ptr_array_new();
    v->scopes = g_array_new(FALSE, FALSE, sizeof(int64_t));
    tm_config *config = tm_context_config(context, error);
    v->ledger = config ? tm_context_ledger(context, error) : NULL;
    if (!v->ledger)
        return FALSE;
    for (guint i = 0; i < config->accounts->len; i++) {
        tm_account *account = g_ptr_array_index(config->accounts, i);
        int64_t scope = scope_of(v, account);
        g_ptr_array_add(v->accounts, account);
        g_array_append_val(v->scopes, scope);
    }
    v->entries = tm_ledger_entries(v->ledger, error);
    return v->entries != NULL;
}

static const tm_account *account_of(const tm_quota_view *v, int64_t scope)
{
    for (guint i = 0; i < v->accounts->len; i++)
        if (g_array_index(v->scopes, int64_t, i) == scope)
            return g_ptr_array_index(v->accounts, i);
    return NULL;
}

static void add_unlimited(GArray *limits)
{
    static const tm_window windows[] = {TM_WINDOW_MINUTE, TM_WINDOW_DAY};
    for (size_t w = 0; w < G_N_ELEMENTS(windows); w++) {
        tm_limit none = {TM_UNIT_REQUESTS, windows[w], TM_QUOTA_NO_LIMIT, TM_SOURCE_DEFAULT, false, 0};
        bool known = false;
        for (guint i = 0; i < limits->len; i++) {
            const tm_limit *limit = &g_array_index(limits, tm_limit, i);
            known = known || (limit->unit == none.unit && limit->window == none.window);
        }
        if (!known)
            g_array_append_val(limits, none);
    }
}

/* When one more request may go, by hold and limits. */
static void look_at_next(const tm_quota_view *v, tm_quota_lane *l)
{
    const tm_cost one = {.of = {[TM_UNIT_REQUESTS] = 1}};
    const tm_instant now = {v->now_ms, v->now_ms, 1};
    l->next = tm_quota_decide((const tm_use *)(const void *)l->uses->data, l->uses->len, &one, 1, &now);
    bool later = l->next.granted == 0 && l->next.retry_ms > l->state.until_ms;
    if (l->state.until_ms <= v->now_ms || later)
        return;
    l->next.granted = 0;
    l->next.retry_ms = l->state.until_ms;
    g_strlcpy(l->next.why, l->state.why, sizeof l->next.why);
}

gboolean tm_quota_lane_fill(const tm_quota_view *v, const tm_ledger_entry *entry, tm_quota_lane *l,
                            GError **error)
{
    l->entry = entry;
    l->account = account_of(v, entry->scope);
    g_autoptr(GArray) limits = l->account ? tm_account_limits(l->account, entry->model, NULL, 0)
                                          : g_array_new(FALSE, FALSE, sizeof(tm_limit));
    add_unlimited(limits);
    tm_lane lane = {
        .scope = entry->scope,
        .model = entry->model,
        .windows = l->account ? &l->account->windows : &entry->windows,
        .limits = (const tm_limit *)(const void *)limits->data,
        .n_limits = limits->len,
        .guard_ms = l->account ? l->account->guard_ms : 350,
    };
    l->uses = tm_ledger_uses(v->ledger, &lane, error);
    if (!l->uses || !tm_ledger_lane_state(v->ledger, &lane, &l->state, error))
        return FALSE;
    l->refused = g_array_new(FALSE, FALSE, sizeof(bool));
    for (guint i = 0; i < l->uses->len; i++) {
        const tm_limit *limit = &g_array_index(l->uses, tm_use, i).limit;
        bool refused = limit->source == TM_SOURCE_SEEN &&
                       tm_ledger_was_refused(v->ledger, &lane, limit->unit, limit->window);
        g_array_append_val(l->refused, refused);
    }
    look_at_next(v, l);
    return TRUE;
}

char *tm_quota_lane_owner(const tm_quota_lane *l)
{
    if (l->account)
        return g_strdup(l->account->name);
    if (l->entry->project)
        return g_strdup_printf("project %s", l->entry->project);
    return g_strdup_printf("%s #%" PRId64, l->entry->host, l->entry->scope);
}
