/* price.c - finds a price, and counts by it. */
#include "core/price.h"

#include "core/catalog.h"
#include "core/json.h"
#include <math.h>
#include <string.h>

/* What a model gives at most where the prompt names no cap: no service of the catalogue gives more in one
 * answer but for a few of 128,000, which the correction after the answer catches. */
#define OUTPUT_CAP 65536

static int64_t per_million(const json_t *entry, const char *member, int64_t otherwise)
{
    const json_t *value = json_object_get(entry, member);
    return json_is_number(value) ? llround(json_number_value(value) * 1e6) : otherwise;
}

static void read_price(const json_t *entry, tm_price_source source, tm_price *price)
{
    const json_t *far = tm_json_object(entry, "long");
    *price =
        (tm_price){.source = source, .as_of_ms = tm_catalog_date_ms(tm_json_string(entry, "as_of", NULL))};
    price->input = per_million(entry, "in", 0);
    price->cached = per_million(entry, "cached", price->input);
    price->output = per_million(entry, "out", 0);
    price->image = per_million(entry, "out_image", price->output);
    price->long_over = tm_json_integer(entry, "long_over", 0);
    price->long_input = per_million(far, "in", price->input);
    price->long_cached = per_million(far, "cached", price->long_input);
    price->long_output = per_million(far, "out", price->output);
}

/* The longest match wins, then the latest `from` that is not after the day. */
static const json_t *best_of(const json_t *list, const char *table, const char *model, int64_t wall_ms)
{
    const json_t *best = NULL, *entry;
    size_t i, best_length = 0;
    int64_t best_from = 0;
    json_array_foreach((json_t *)(gpointer)list, i, entry) {
        const char *glob = tm_json_string(entry, "model", "");
        int64_t from = tm_catalog_date_ms(tm_json_string(entry, "from", NULL));
        int64_t until = tm_catalog_date_ms(tm_json_string(entry, "until", NULL));
        bool fits = !table || strcmp(tm_json_string(entry, "provider", ""), table) == 0;
        if (!fits || !tm_model_matches(glob, model) || wall_ms < from ||
            (until && wall_ms >= until + 24 * 3600 * 1000))
            continue;
        size_t length = strlen(glob);
        if (best && (length < best_length || (length == best_length && from < best_from)))
            continue;
        best = entry;
        best_length = length;
        best_from = from;
    }
    return best;
}

/* A dated version or a preview costs as what it is a version of. (transfer full) NULL: there is none. */
static char *base_of(const char *model)
{
    static const char pattern[] =
        "(-preview)?(-[0-9]{4}-[0-9]{2}-[0-9]{2}|-[0-9]{2}-[0-9]{4}|-[0-9]{3}|-[0-9]{8})?$";
    g_autoptr(GRegex) regex = g_regex_new(pattern, 0, 0, NULL);
    g_autofree char *base = g_regex_replace(regex, model, -1, 0, "", 0, NULL);
    return base && *base && strcmp(base, model) != 0 ? g_steal_pointer(&base) : NULL;
}

static const json_t *best_or_base(const json_t *list, const char *table, const char *model, int64_t wall_ms)
{
    const json_t *best = best_of(list, table, model, wall_ms);
    g_autofree char *base = best ? NULL : base_of(model);
    return base ? best_of(list, table, base, wall_ms) : best;
}

/* The table for the account's models: the one the config ties it to, else its own host's. */
static const char *table_of(const tm_account *account)
{
    return account->price_table ? account->price_table : tm_catalog_host(account->host);
}

bool tm_price_find(const tm_account *account, const char *model, int64_t wall_ms, tm_price *price)
{
    const json_t *lists[] = {account->prices, tm_catalog_prices_given(), tm_catalog_prices()};
    const char *bare = g_str_has_prefix(model, "models/") ? model + strlen("models/") : model;
    for (unsigned i = 0; i < G_N_ELEMENTS(lists); i++) {
        const char *table = i == TM_PRICE_CONFIG ? NULL : table_of(account);
        if (!lists[i] || (!table && i != TM_PRICE_CONFIG))
            continue;
        const json_t *entry = best_or_base(lists[i], table, bare, wall_ms);
        if (entry) {
            read_price(entry, (tm_price_source)i, price);
            return true;
        }
    }
    return false;
}

/* Tokens at a price per million, summed before it is rounded up. */
static int64_t rounded_up(double micro_usd)
{
    return (int64_t)ceil(micro_usd - 1e-9);
}

int64_t tm_price_cost(const tm_price *price, const tm_usage *usage, bool picture)
{
    int64_t input = MAX(usage->input, 0), cached = CLAMP(usage->cached, 0, input);
    int64_t output = MAX(usage->output, 0) + MAX(usage->thinking, 0);
    bool far = price->long_over > 0 && input > price->long_over;
    double in = (double)(far ? price->long_input : price->input);
    double kept = (double)(far ? price->long_cached : price->cached);
    double out = (double)(far ? price->long_output : picture ? price->image : price->output);
    return rounded_up(((double)(input - cached) * in + (double)cached * kept + (double)output * out) / 1e6);
}

int64_t tm_price_most(const tm_price *price, int64_t input_tokens, int64_t output_tokens)
{
    tm_usage usage = {.input = input_tokens, .output = output_tokens};
    return MAX(tm_price_cost(price, &usage, false), tm_price_cost(price, &usage, true));
}

int64_t tm_price_output_said(const tm_prompt *prompt)
{
    static const char *const names[] = {"maxOutputTokens", "max_output_tokens", "max_completion_tokens",
                                        "max_tokens", "maxTokens"};
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        int64_t cap = prompt ? tm_json_integer(prompt->config, names[i], 0) : 0;
        if (cap > 0)
            return cap;
    }
    return -1;
}

int64_t tm_price_output_cap(const tm_prompt *prompt)
{
    int64_t said = tm_price_output_said(prompt);
    return said > 0 ? said : OUTPUT_CAP;
}

char *tm_price_text(int64_t micro_usd)
{
    double dollars = (double)micro_usd / 1e6;
    return g_strdup_printf(dollars == 0    ? "$%.0f"
                           : dollars < 0.1 ? "$%.4f"
                           : dollars < 100 ? "$%.2f"
                                           : "$%.0f",
                           dollars);
}

bool tm_price_amount(const char *text, int64_t *micro_usd, bool *a_day)
{
    const char *digits = *text == '$' ? text + 1 : text;
    char *rest = NULL;
    double dollars = g_ascii_isdigit(*digits) || *digits == '.' ? g_ascii_strtod(digits, &rest) : -1;
    if (!rest || rest == digits || !isfinite(dollars) || dollars < 0 || dollars > 1e9)
        return false;
    rest += strspn(rest, " ");
    if (g_ascii_strncasecmp(rest, "usd", 3) == 0)
        rest += 3;
    rest += strspn(rest, " ");
    *a_day = strcmp(rest, "/day") == 0;
    *micro_usd = llround(dollars * 1e6);
    return *a_day || *rest == '\0';
}
