/* lanes.c - which ways a batch's rows can go: accounts with keys and limits. */
#include "cmd/lanes.h"

#include "cmd/money.h"
#include "cmd/ui/say.h"
#include "core/catalog.h"
#include "core/error.h"
#include "core/guess.h"
#include <string.h>

static gboolean flag_limit(GArray *limits, const char *flag, int64_t value, tm_unit unit, tm_window window,
                           GError **error)
{
    if (value == TM_LIMIT_UNSAID)
        return TRUE;
    if (value < 1)
        return tm_fail(error, TM_ERROR_USAGE, "--%s must be at least 1", flag);
    tm_limit limit = {.unit = unit, .window = window, .value = value, .source = TM_SOURCE_FLAG, .hard = true};
    g_array_append_val(limits, limit);
    return TRUE;
}

/* The flags' limits as this account counts. (transfer full) */
static GArray *flag_limits(const tm_account *account, const tm_lane_flags *flags, GError **error)
{
    tm_unit tokens = tm_account_counts_input(account) ? TM_UNIT_INPUT_TOKENS : TM_UNIT_TOKENS;
    g_autoptr(GArray) limits = g_array_new(FALSE, FALSE, sizeof(tm_limit));
    int64_t run_budget = 0, a_day = 0;
    bool daily = false;
    if (!flag_limit(limits, "rpm", flags->rpm, TM_UNIT_REQUESTS, TM_WINDOW_MINUTE, error) ||
        !flag_limit(limits, "tpm", flags->tpm, tokens, TM_WINDOW_MINUTE, error) ||
        !flag_limit(limits, "rpd", flags->rpd, TM_UNIT_REQUESTS, TM_WINDOW_DAY, error) ||
        !tm_money_budget(flags, &run_budget, error))
        return NULL;
    if (flags->budget && run_budget == 0 && account->costs && tm_price_amount(flags->budget, &a_day, &daily))
        flag_limit(limits, "budget", a_day, TM_UNIT_MICRO_USD, TM_WINDOW_DAY, NULL);
    return g_steal_pointer(&limits);
}

/* Not an error: the catalogue is behind the service at times. */
static void note_unknown_model(const tm_account *account, const char *model)
{
    const char *const *known = tm_catalog_models(account->provider);
    if (g_strv_contains(known, model) || (account->models && g_hash_table_contains(account->models, model)))
        return;
    const char *guess = tm_guess(model, known, (size_t)-1);
    if (guess)
        tm_say("note: \"%s\" is no model known here; did you mean %s?", model, guess);
}

static void lane_clear(gpointer data)
{
    g_clear_pointer(&((tm_engine_lane *)data)->limits, g_array_unref);
}

static gboolean add_lane(GArray *lanes, const tm_route_step *step, const char *model,
                         const tm_lane_flags *flags, GError **error)
{
    tm_account *account = step->account;
    const tm_provider *provider = tm_provider_named(account->provider);
    if (!provider)
        return tm_fail(error, TM_ERROR_STATE,
                       "account %s speaks %s's format, which is not supported yet in this version",
                       account->name, account->provider);
    g_autoptr(GArray) said = flag_limits(account, flags, error);
    if (!said)
        return FALSE;
    tm_engine_lane lane = {
        .account = account,
        .provider = provider,
        .model = model,
        .on = step->on,
        .limits = tm_account_limits(account, model, (const tm_limit *)(gpointer)said->data, said->len),
    };
    g_array_append_val(lanes, lane);
    return TRUE;
}

/* "models/x" and "googleai/x" are x, and so is "groq/x" on the account or at the service of that name. */
static const char *bare_model(const tm_account *account, const char *model)
{
    const tm_preset *service = account->service, *called = tm_catalog_preset(account->name);
    /* an account `openai` at another service: there openai/x is a model of that service's own naming */
    const char *const own[] = {service && called && called != service ? NULL : account->name,
                               service ? service->name : NULL};
    for (size_t i = 0; i < G_N_ELEMENTS(own); i++)
        if (own[i] && g_str_has_prefix(model, own[i]) && model[strlen(own[i])] == '/')
            return model + strlen(own[i]) + 1;
    static const char *const prefixes[] = {"models/", "googleai/", "vertexai/"};
    for (size_t i = 0; i < G_N_ELEMENTS(prefixes); i++)
        if (g_str_has_prefix(model, prefixes[i]))
            return model + strlen(prefixes[i]);
    return model;
}

static gboolean add_lanes(GArray *lanes, const tm_route_step *step, const tm_prompt *prompt,
                          const tm_lane_flags *flags, GError **error)
{
    if (!flags->model && step->models) {
        for (char **model = step->models; *model; model++)
            if (!add_lane(lanes, step, *model, flags, error))
                return FALSE;
        return TRUE;
    }
    const char *model = flags->model ? bare_model(step->account, flags->model)
                        : prompt     ? prompt->model
                                     : NULL;
    if (!model || !*model)
        return tm_fail(error, TM_ERROR_USAGE,
                       "no model: the prompt names none; give one, for instance --model gemini-2.5-flash");
    return add_lane(lanes, step, model, flags, error);
}

GArray *tm_lanes_choose(tm_context *context, const tm_prompt *prompt, const tm_lane_flags *flags,
                        GError **error)
{
    g_autoptr(GArray) steps = tm_lanes_steps(context, prompt, flags, error);
    if (!steps)
        return NULL;
    g_autoptr(GArray) lanes = g_array_new(FALSE, FALSE, sizeof(tm_engine_lane));
    g_array_set_clear_func(lanes, lane_clear);
    for (guint i = 0; i < steps->len; i++) {
        const tm_route_step *step = &g_array_index(steps, tm_route_step, i);
        if (!add_lanes(lanes, step, prompt, flags, error) || !tm_context_key(context, step->account, error))
            return NULL;
    }
    return g_steal_pointer(&lanes);
}

void tm_lanes_note(tm_context *context, const GArray *lanes, bool first)
{
    const tm_config *config = first ? tm_context_config(context, NULL) : NULL;
    for (guint i = 0; config && i < config->notes->len; i++)
        tm_say("note: %s", (char *)config->notes->pdata[i]);
    for (guint i = 0; i < lanes->len; i++) {
        const tm_engine_lane *lane = &g_array_index(lanes, tm_engine_lane, i);
        note_unknown_model(lane->account, lane->model);
    }
}
