/* forecast.c - see forecast.h */
#include "cmd/forecast.h"

#include "cmd/source_batch.h"
#include "cmd/ui/say.h"
#include <string.h>

gboolean tm_outlook_lane(tm_context *context, const tm_engine_lane *lane, const tm_prospect *prospect,
                         tm_outlook *outlook, GError **error)
{
    tm_ledger *ledger = tm_context_ledger(context, error);
    int64_t scope = ledger ? tm_ledger_scope(ledger, lane->account, error) : -1;
    if (scope < 0)
        return FALSE;
    tm_lane asked = {
        .scope = scope,
        .model = lane->model,
        .windows = &lane->account->windows,
        .limits = (const tm_limit *)(const void *)lane->limits->data,
        .n_limits = lane->limits->len,
        .guard_ms = lane->account->guard_ms,
        .rows_waiting = prospect->rows,
    };
    tm_instant now = tm_clock_now(tm_context_clock(context));
    tm_lane_state state;
    g_autoptr(GArray) uses = tm_ledger_uses(ledger, &asked, error);
    if (!uses || !tm_ledger_lane_state(ledger, &asked, &state, error) ||
        !tm_prospect_forecast(prospect, ledger, &asked, &now, &outlook->forecast, error))
        return FALSE;
    const tm_use *first = (const tm_use *)(const void *)uses->data;
    tm_cost each = tm_prospect_cost(prospect);
    tm_grant grant = tm_quota_decide(first, uses->len, &each, 1, &now);
    g_snprintf(outlook->lane, sizeof outlook->lane, "%s %s", lane->account->name, lane->model);
    outlook->finish_ms = outlook->forecast.finish_ms;
    outlook->next_ms = grant.granted ? 0 : grant.retry_ms;
    g_strlcpy(outlook->why, grant.granted ? "" : grant.why, sizeof outlook->why);
    if (!grant.granted && !outlook->why[0])
        g_snprintf(outlook->why, sizeof outlook->why, "the %s's quota is spent",
                   tm_window_name(grant.bound.window));
    if (state.until_ms > now.wall_ms) {
        outlook->hold_until_ms = state.until_ms;
        g_strlcpy(outlook->why, state.why, sizeof outlook->why);
    }
    return TRUE;
}

gboolean tm_outlook_prospect(tm_store *store, const tm_prompt *prompt, const tm_batch *batch,
                             tm_prospect *prospect, GError **error)
{
    *prospect = (tm_prospect){.rows = tm_batch_open(batch)};
    prospect->prompt_bytes = (int64_t)tm_template_static_length(prompt->template);
    return tm_store_totals(store, batch, &prospect->totals, error) &&
           tm_store_sample(store, batch, &prospect->sizes, &prospect->latency_ms, error);
}

void tm_outlook_of(tm_context *context, const tm_batch *batch, const tm_store_totals_t *totals,
                   tm_outlook *outlook)
{
    tm_store *store = tm_context_store_read(context, NULL);
    tm_prospect prospect = {.rows = tm_batch_open(batch), .totals = *totals};
    *outlook = (tm_outlook){0};
    if (prospect.rows == 0 || batch->revision == 0 || !store)
        return;
    g_autoptr(tm_source) source = tm_source_look(store, batch, NULL);
    if (!source)
        return;
    g_autoptr(GArray) lanes = tm_source_lanes(context, source, NULL);
    prospect.prompt_bytes = (int64_t)tm_template_static_length(source->prompt->template);
    if (!lanes || !tm_store_sample(store, batch, &prospect.sizes, &prospect.latency_ms, NULL) ||
        !tm_outlook_lane(context, &g_array_index(lanes, tm_engine_lane, 0), &prospect, outlook, NULL))
        *outlook = (tm_outlook){0};
}

static void add_bound(GString *words, const tm_limit *bound)
{
    if (bound->value < 0)
        return;
    g_autofree char *value = tm_ui_number(bound->value);
    g_string_append_printf(words, "; bound by %s %s (%s%s)", tm_limit_word(bound->unit, bound->window), value,
                           tm_limit_source_name(bound->source), bound->hard ? "" : ", not certain");
}

static void add_nights(GString *words, const tm_forecast *f)
{
    g_autofree char *today = tm_ui_number(f->today);
    g_autofree char *a_day = tm_ui_number(f->a_day);
    g_string_append_printf(words, "%" G_GINT64_FORMAT " night%s", f->nights, f->nights == 1 ? "" : "s");
    if (f->nights > 1 && f->a_day >= 0)
        g_string_append_printf(words, " (%s request%s today, then up to %s a day)", f->today ? today : "no",
                               f->today == 1 ? "" : "s", a_day);
    else if (f->a_minute > 0)
        g_string_append_printf(words, " at up to %.1f a minute", f->a_minute);
    add_bound(words, &f->bound);
}

char *tm_outlook_words(const tm_outlook *outlook)
{
    const tm_forecast *f = &outlook->forecast;
    GString *words = g_string_new(NULL);
    const char *limit = tm_limit_word(f->bound.unit, f->bound.window);
    switch (f->end) {
    case TM_FORECAST_DONE:
        add_nights(words, f);
        break;
    case TM_FORECAST_TOO_LARGE:
        g_string_printf(words, "never: every row is larger than %s %" G_GINT64_FORMAT " allows", limit,
                        f->bound.value);
        break;
    case TM_FORECAST_NO_TIER:
        g_string_printf(words, "never: %s is 0 (%s), the model is not on this tier%s", limit,
                        tm_limit_source_name(f->bound.source),
                        f->bound.hard ? "" : "; not certain, one request tests it");
        break;
    case TM_FORECAST_HELD:
        g_string_printf(words, "held until you act: %s", outlook->why);
        break;
    case TM_FORECAST_HORIZON:
        g_string_printf(words, "not within %d years", TM_FORECAST_YEARS);
        if (f->a_day >= 0)
            g_string_append_printf(words, " at %" G_GINT64_FORMAT " a day", f->a_day);
        add_bound(words, &f->bound);
        break;
    }
    return g_string_free(words, FALSE);
}

const char *tm_forecast_end_name(tm_forecast_end end)
{
    static const char *const names[] = {"done", "too_large", "no_tier", "held", "horizon"};
    return names[end];
}
