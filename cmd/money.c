/* money.c - see money.h */
#include "cmd/money.h"

#include "cmd/ui/say.h"
#include "core/error.h"
#include <stdio.h>
#include <unistd.h>

gboolean tm_money_budget(const tm_lane_flags *flags, int64_t *micro_usd, GError **error)
{
    bool a_day = false;
    *micro_usd = 0;
    if (!flags->budget)
        return TRUE;
    if (!tm_price_amount(flags->budget, micro_usd, &a_day) || *micro_usd == 0)
        return tm_fail(error, TM_ERROR_USAGE,
                       "--budget takes an amount of US dollars above 0: --budget 2.50, or --budget 5USD/day");
    if (a_day)
        *micro_usd = 0;
    return TRUE;
}

/* Yes on the terminal? */
static bool ask(const char *words)
{
    char line[16] = "";
    g_autofree char *shown = tm_ui_show(STDERR_FILENO, words);
    fprintf(stderr, "%s. Go on? [y/N] ", shown);
    return fgets(line, sizeof line, stdin) && (line[0] == 'y' || line[0] == 'Y');
}

static bool is_bound(const tm_account *account, const tm_lane_flags *flags)
{
    return flags->budget || account->budget_micro_usd >= 0 || account->budget_day_micro_usd >= 0;
}

static gboolean agree(const tm_engine_lane *lane, const tm_estimate *estimate,
                      const tm_lane_flags *lane_flags, const tm_money_flags *flags, GError **error)
{
    const char *name = lane->account->name;
    bool bound = is_bound(lane->account, lane_flags);
    if (!estimate->costs || (estimate->priced && bound))
        return TRUE;
    g_autofree char *cost = tm_estimate_words(estimate);
    g_autofree char *words =
        estimate->priced
            ? g_strdup_printf("account %s costs money: %s", name, cost)
            : g_strdup_printf("account %s costs money, and the price of %s is not known", name, lane->model);
    if (flags->yes) {
        tm_say("%s", words);
        return TRUE;
    }
    if (isatty(STDIN_FILENO) && isatty(STDERR_FILENO))
        return ask(words);
    if (estimate->priced)
        return tm_fail(error, TM_ERROR_STATE,
                       "%s. Name a budget: --budget 2 for this run, or `budget: 5 USD/day` in the config; or "
                       "agree by --yes",
                       words);
    return tm_fail(
        error, TM_ERROR_STATE,
        "%s: no budget could be kept. Say it in the config (prices: {\"%s\": {in: 0.30, out: 2.50}}, "
        "US dollars per million tokens), say `cost: none` if it costs nothing, or agree by --yes",
        words, lane->model);
}

gboolean tm_money_agree(tm_context *context, const GArray *lanes, const tm_prospect *prospect,
                        const tm_prompt *prompt, const tm_lane_flags *lane_flags, const tm_money_flags *flags,
                        GError **error)
{
    int64_t now_ms = tm_clock_now(tm_context_clock(context)).wall_ms;
    for (guint i = 0; prospect->rows > 0 && i < lanes->len; i++) {
        const tm_engine_lane *lane = &g_array_index(lanes, tm_engine_lane, i);
        tm_estimate estimate = tm_estimate_of(lane, prospect, prompt, now_ms);
        if (!agree(lane, &estimate, lane_flags, flags, error))
            return FALSE;
    }
    return TRUE;
}
