/* estimate.c - see estimate.h */
#include "cmd/estimate.h"

#include <string.h>

tm_estimate tm_estimate_of(const tm_engine_lane *lane, const tm_prospect *prospect, const tm_prompt *prompt,
                           int64_t now_ms)
{
    tm_estimate e = {.costs = lane->account->costs, .likely = -1};
    e.priced = e.costs &&
               tm_price_find(lane->account, tm_account_model(lane->account, lane->model), now_ms, &e.price);
    if (!e.priced)
        return e;
    const tm_store_totals_t *t = &prospect->totals;
    int64_t rows = prospect->rows, tokens = tm_prospect_tokens(prospect);
    e.output_cap = tm_price_output_cap(prompt);
    /* whole sums before they are rounded: a row may cost a part of a micro-dollar */
    e.input = tm_price_cost(&e.price, &(tm_usage){.input = tokens * 1000}, false) * rows / 1000;
    e.per_100_tokens = tm_price_cost(&e.price, &(tm_usage){.output = 100 * 1000}, false) * rows / 1000;
    e.most = tm_price_most(&e.price, tokens, e.output_cap) * rows;
    e.counted = t->answered > 0 && t->tokens_in > 0;
    if (e.counted) {
        double share = (double)rows / (double)t->answered;
        tm_usage thoughts = {.thinking = t->tokens_think}, output = {.output = t->tokens_out};
        e.thinking = (int64_t)((double)tm_price_cost(&e.price, &thoughts, false) * share);
        e.likely = e.input + e.thinking + (int64_t)((double)tm_price_cost(&e.price, &output, false) * share);
    }
    return e;
}

static char *as_of(const tm_price *price)
{
    static const char *const sources[] = {"your config", "your prices file", "the catalogue"};
    g_autoptr(GDateTime) date =
        price->as_of_ms ? g_date_time_new_from_unix_utc(price->as_of_ms / 1000) : NULL;
    g_autofree char *day = date ? g_date_time_format(date, " of %Y-%m-%d") : g_strdup("");
    return g_strconcat("prices from ", sources[price->source], day, NULL);
}

char *tm_estimate_words(const tm_estimate *e)
{
    if (!e->costs)
        return g_strdup("nothing on this account");
    if (!e->priced)
        return g_strdup("not known: this account costs money, and nobody has told its price (prices: in the "
                        "config)");
    g_autofree char *input = tm_price_text(e->input), *more = tm_price_text(e->per_100_tokens);
    g_autofree char *most = tm_price_text(e->most), *source = as_of(&e->price);
    if (!e->counted)
        return g_strdup_printf("%s for the input, and %s for each 100 tokens of answer and thought a row; at "
                               "most %s, if each took %" G_GINT64_FORMAT " tokens (%s)",
                               input, more, most, e->output_cap, source);
    g_autofree char *likely = tm_price_text(e->likely), *without = tm_price_text(e->likely - e->thinking);
    g_autofree char *thinking =
        e->thinking ? g_strdup_printf(", %s of it without the thinking", without) : g_strdup("");
    return g_strdup_printf("about %s by the rows so far%s; at most %s, if each took %" G_GINT64_FORMAT
                           " tokens (%s)",
                           likely, thinking, most, e->output_cap, source);
}

static json_t *dollars(int64_t micro_usd)
{
    return micro_usd < 0 ? json_null() : json_real((double)micro_usd / 1e6);
}

json_t *tm_estimate_json(const tm_estimate *e)
{
    if (!e->costs)
        return json_pack("{s:b}", "costs", 0);
    if (!e->priced)
        return json_pack("{s:b, s:n}", "costs", 1, "usd");
    return json_pack("{s:b, s:{s:o, s:o, s:o, s:o, s:o}}", "costs", 1, "usd", "likely", dollars(e->likely),
                     "without_thinking", dollars(e->likely < 0 ? -1 : e->likely - e->thinking), "input",
                     dollars(e->input), "per_100_output_tokens", dollars(e->per_100_tokens), "most",
                     dollars(e->most));
}
