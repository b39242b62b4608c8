/* twin_rate.c - what a service tells of its limits in headers, and an account of its credit. */
#include <string.h>

#include "jobs/twin/twin_arrival.h"

/* How a limit stands after this request. */
typedef struct {
    int64_t limit, left, full_ms; /* limit -1: there is none; full_ms: until nothing of it is used */
} standing;

static standing requests_of_minute(const tm_twin_arrival *a, tm_twin_use *use)
{
    int64_t limit = a->account->rpm;
    return (standing){limit, MAX(limit - tm_twin_use_at(use, a->wall_ms).minute, 0),
                      tm_twin_use_minute_wait(use, a->wall_ms, 0, -1)};
}

static standing requests_of_day(const tm_twin_arrival *a, tm_twin_use *use)
{
    int64_t limit = a->account->rpd, used = tm_twin_use_at(use, a->wall_ms).day;
    return (standing){limit, MAX(limit - used, 0), used ? tm_twin_use_day_wait(use, a->wall_ms, 0) : 0};
}

static standing tokens_of_minute(const tm_twin_arrival *a, tm_twin_use *use)
{
    int64_t limit = a->account->tpm;
    return (standing){limit, MAX(limit - tm_twin_use_at(use, a->wall_ms).minute_tokens, 0),
                      tm_twin_use_minute_wait(use, a->wall_ms, -1, 0)};
}

static standing standing_of(const tm_twin_arrival *a, const tm_twin_rate *rate, tm_twin_use *use)
{
    if (rate->unit != TM_UNIT_REQUESTS)
        return tokens_of_minute(a, use);
    standing minute = requests_of_minute(a, use), day = requests_of_day(a, use);
    if (rate->window == TM_TWIN_OF_SCARCER)
        return day.limit >= 0 && (minute.limit < 0 || day.left < minute.left) ? day : minute;
    return rate->window == TM_TWIN_OF_DAY ? day : minute;
}

static void add_number(tm_twin_arrival *a, const char *name, int64_t number)
{
    g_autofree char *text = g_strdup_printf("%" G_GINT64_FORMAT, number);
    tm_twin_add_header(a, name, text);
}

static void add_reset(tm_twin_arrival *a, const char *name, int64_t full_ms)
{
    g_autoptr(GString) text = g_string_new(NULL);
    char seconds[G_ASCII_DTOSTR_BUF_SIZE];
    switch (a->preset->reset) {
    case TM_TWIN_RESET_GO:
        tm_twin_write_duration(text, full_ms);
        break;
    case TM_TWIN_RESET_SECONDS:
        g_string_append(text, g_ascii_formatd(seconds, sizeof seconds, "%.3f", (double)full_ms / 1000));
        break;
    case TM_TWIN_RESET_EPOCH_MS:
        g_string_printf(text, "%" G_GINT64_FORMAT, a->wall_ms + full_ms);
        break;
    }
    tm_twin_add_header(a, name, text->str);
}

static void add_rate(tm_twin_arrival *a, const tm_twin_rate *rate, tm_twin_use *use)
{
    standing now = standing_of(a, rate, use);
    if (now.limit < 0)
        return;
    add_number(a, rate->limit, now.limit);
    add_number(a, rate->remaining, now.left);
    if (rate->reset)
        add_reset(a, rate->reset, now.full_ms);
}

void tm_twin_add_rates(tm_twin_arrival *a)
{
    if (a->wire == TM_TWIN_NATIVE && a->account && a->reply->fate == TM_TWIN_ANSWER)
        tm_twin_add_header(a, "X-Gemini-Service-Tier", "standard");
    if (a->wire != TM_TWIN_OPENAI || !a->account || !a->model || a->reply->fate != TM_TWIN_ANSWER)
        return;
    bool asked = strcmp(a->op, "chat") == 0 || strcmp(a->op, "image") == 0;
    bool told = !a->preset->rates_when_refused || a->reply->http == 429;
    if (!asked || !told || !tm_twin_account_has(a->account, a->model))
        return;
    tm_twin_use *use = tm_twin_account_use(a->account, a->model);
    for (const tm_twin_rate *rate = a->preset->rates; rate && rate->limit; rate++)
        add_rate(a, rate, use);
    if (a->reply->retry_after_ms && strcmp(a->preset->name, "openai") == 0)
        add_number(a, "retry-after-ms", a->reply->retry_after_ms);
    if (strcmp(a->preset->name, "mistral") == 0 && a->tokens)
        add_number(a, "x-ratelimit-tokens-query-cost", a->tokens);
    if (strcmp(a->preset->name, "fireworks") == 0)
        tm_twin_add_header(a, "x-ratelimit-over-limit", a->reply->http == 429 ? "yes" : "no");
}
