/* twin_admit.c - lets requests in: by the faults of the day, by the account's limits and by its credit. */
#include <string.h>

#include "jobs/twin/twin_arrival.h"
#include "jobs/twin/twin_model.h"

/* Limits. */

static void refuse_quota(tm_twin_arrival *a, const tm_twin_violation *violations, size_t n)
{
    const char *class = "quota_minute";
    a->bound = violations[0];
    for (size_t i = 0; i < n; i++) {
        if (violations[i].window == TM_WINDOW_DAY)
            class = "quota_day";
        if (violations[i].wait_ms > a->bound.wait_ms)
            a->bound = violations[i];
    }
    if (violations[0].value == 0)
        class = "no_model";
    else if (a->wire == TM_TWIN_OPENAI && a->tokens > a->account->tpm && a->account->tpm > 0)
        class = "too_large";
    tm_twin_answer(a, 429, class,
                   tm_twin_refusal_quota(violations, n, a->model, a->account->tier, a->bound.wait_ms));
}

/* On no tier: only the zeros are named. */
static size_t find_zeros(const tm_twin_account *o, tm_unit tokens, tm_twin_violation *found)
{
    size_t n = 0;
    int64_t wait = o->windows.minute_ms;
    if (o->rpd == 0)
        found[n++] = (tm_twin_violation){TM_UNIT_REQUESTS, TM_WINDOW_DAY, 0, 0, wait};
    if (o->rpm == 0)
        found[n++] = (tm_twin_violation){TM_UNIT_REQUESTS, TM_WINDOW_MINUTE, 0, 0, wait};
    if (o->tpm == 0)
        found[n++] = (tm_twin_violation){tokens, TM_WINDOW_MINUTE, 0, 0, wait};
    return n;
}

static size_t find_exceeded(const tm_twin_arrival *a, tm_unit tokens, tm_twin_use *use,
                            tm_twin_violation *found)
{
    const tm_twin_account *o = a->account;
    tm_twin_count now = tm_twin_use_at(use, a->wall_ms);
    size_t n = 0;
    bool day = o->rpd > 0 && now.day >= o->rpd, minute = o->rpm > 0 && now.minute >= o->rpm,
         size = o->tpm > 0 && now.minute_tokens + a->tokens > o->tpm;
    if ((day || minute || size) && a->wire == TM_TWIN_OPENAI && a->preset->refused_counts)
        tm_twin_use_add_refused(use, a->wall_ms);
    if (day)
        found[n++] = (tm_twin_violation){TM_UNIT_REQUESTS, TM_WINDOW_DAY, o->rpd, now.day,
                                         tm_twin_use_day_wait(use, a->wall_ms, o->rpd - 1)};
    if (minute)
        found[n++] = (tm_twin_violation){TM_UNIT_REQUESTS, TM_WINDOW_MINUTE, o->rpm, now.minute,
                                         tm_twin_use_minute_wait(use, a->wall_ms, o->rpm - 1, -1)};
    if (size) /* seen: a request larger than its whole window is told to wait a second */
        found[n++] = (tm_twin_violation){
            tokens, TM_WINDOW_MINUTE, o->tpm, now.minute_tokens,
            a->tokens > o->tpm ? 1000 : tm_twin_use_minute_wait(use, a->wall_ms, -1, o->tpm - a->tokens)};
    return n;
}

/* Refuses what is over a limit: all that are exceeded stand in one body. */
static bool over_limit(tm_twin_arrival *a, tm_twin_use *use)
{
    tm_twin_violation found[3];
    tm_unit tokens = a->account->gemini ? TM_UNIT_INPUT_TOKENS : TM_UNIT_TOKENS;
    size_t n = find_zeros(a->account, tokens, found);
    if (!n)
        n = find_exceeded(a, tokens, use, found);
    if (n)
        refuse_quota(a, found, n);
    return n > 0;
}

/* Faults that come before a request counts. */
static bool refuse_by_fault(tm_twin_arrival *a, tm_twin_fault fault, tm_twin_use *use)
{
    const tm_twin_account *o = a->account;
    tm_twin_count now = tm_twin_use_at(use, a->wall_ms);
    int64_t rpm = o->rpm > 0 ? o->rpm : 15, rpd = o->rpd > 0 ? o->rpd : 20;
    tm_twin_violation minute = {TM_UNIT_REQUESTS, TM_WINDOW_MINUTE, rpm, now.minute,
                                tm_twin_use_minute_wait(use, a->wall_ms, 0, -1)};
    tm_twin_violation day = {TM_UNIT_REQUESTS, TM_WINDOW_DAY, rpd, now.day,
                             tm_twin_use_day_wait(use, a->wall_ms, -1)};
    switch (fault) {
    case TM_FAULT_BAD_REQUEST:
        tm_twin_bad_request(a, "Request contains an invalid argument.");
        return true;
    case TM_FAULT_TOO_LARGE:
        tm_twin_refuse(a, 400, "too_large", "INVALID_ARGUMENT",
                       "The input token count exceeds the maximum number of tokens allowed 1048576.");
        return true;
    case TM_FAULT_AUTH:
        tm_twin_answer(a, 400, "auth", tm_twin_refusal_key_wrong());
        return true;
    case TM_FAULT_NO_MODEL:
        tm_twin_answer(a, 404, "no_model", tm_twin_refusal_no_model(a->model, a->version, a->method));
        return true;
    case TM_FAULT_MONEY: { /* both statuses are seen */
        int http = a->nth % 2 ? 402 : 429;
        tm_twin_answer(a, http, "money", tm_twin_refusal_money(http));
        return true;
    }
    case TM_FAULT_QUOTA_MINUTE:
        refuse_quota(a, &minute, 1);
        return true;
    case TM_FAULT_QUOTA_DAY:
        refuse_quota(a, &day, 1);
        return true;
    case TM_FAULT_QUOTA_BARE:
        tm_twin_answer(a, 429, "quota_minute", tm_twin_refusal_bare_quota());
        return true;
    default:
        return false;
    }
}

/* Faults of a request that counts: seen, 503s eat the day. */
static bool fail_by_fault(tm_twin_arrival *a, tm_twin_fault fault)
{
    static const char overloaded[] = "The model is overloaded. Please try again later.";
    switch (fault) {
    case TM_FAULT_OVERLOADED:
        tm_twin_refuse(a, 503, "overloaded", "UNAVAILABLE", overloaded);
        return true;
    case TM_FAULT_ARRAY:
        tm_twin_refuse(a, 503, "overloaded", "UNAVAILABLE", overloaded);
        if (a->form != TM_TWIN_LIST) {
            g_string_prepend_c(a->reply->body, '[');
            g_string_append_c(a->reply->body, ']');
        }
        return true;
    case TM_FAULT_SERVER:
        tm_twin_refuse(a, 500, "server", "INTERNAL",
                       "An internal error has occurred. Please retry or report in "
                       "https://developers.generativeai.google/guide/troubleshooting");
        return true;
    case TM_FAULT_HTML:
        tm_twin_html(a, 502, "server", "Server Error");
        return true;
    case TM_FAULT_UNKNOWN:
        a->reply->fate = TM_TWIN_CUT;
        a->class = "unknown";
        return true;
    case TM_FAULT_TIMEOUT:
        a->reply->fate = TM_TWIN_HANG;
        a->class = "timeout";
        return true;
    default:
        return false;
    }
}

const char *tm_twin_class_of_answer(tm_twin_fault fault)
{
    return fault == TM_FAULT_BLOCKED     ? "blocked"
           : fault == TM_FAULT_TRUNCATED ? "truncated"
           : fault == TM_FAULT_SCHEMA    ? "schema"
           : fault == TM_FAULT_EMPTY     ? "empty"
                                         : "ok";
}

static tm_twin_fault draw_fault(const tm_twin_arrival *a, const json_t *body)
{
    if (a->account->faults->len == 0)
        return TM_FAULT_NONE;
    g_autoptr(GString) text = tm_twin_prompt_text(body);
    return tm_twin_faults_draw(a->account->faults, a->twin->seed, a->nth, text->str);
}

/* How much a model reads. Of OpenAI's: documents, 2026. */
static int64_t context_of(const tm_twin_arrival *a)
{
    if (a->wire != TM_TWIN_OPENAI || strstr(a->model, "gemini"))
        return TM_TWIN_INPUT_TOKENS;
    return g_str_has_prefix(a->model, "gpt-4o")    ? 128000
           : g_str_has_prefix(a->model, "gpt-4.1") ? 1047576
                                                   : 400000;
}

/* Seen: refused, and counted in full. */
static bool too_large(tm_twin_arrival *a, tm_twin_use *use)
{
    int64_t most = context_of(a);
    if (a->input <= most)
        return false;
    tm_twin_use_add(use, a->wall_ms, a->tokens);
    a->bound = (tm_twin_violation){.unit = TM_UNIT_TOKENS, .value = most};
    tm_twin_refuse(a, 400, "too_large", "INVALID_ARGUMENT",
                   "The input token count exceeds the maximum number of tokens allowed 1048576.");
    return true;
}

static bool is_broke(tm_twin_arrival *a)
{
    if (!tm_twin_account_is_broke(a->account))
        return false;
    tm_twin_answer(a, 402, "money", tm_twin_refusal_money(402));
    return true;
}

bool tm_twin_admit(tm_twin_arrival *a, const json_t *body, tm_twin_fault *fault)
{
    tm_twin *twin = a->twin;
    tm_twin_use *use = tm_twin_account_use(a->account, a->model);
    *fault = draw_fault(a, body);
    if (refuse_by_fault(a, *fault, use) || is_broke(a) || too_large(a, use) || over_limit(a, use))
        return false;
    tm_twin_use_add(use, a->wall_ms, a->tokens);
    a->reply->delay_ms = twin->latency_ms;
    if (twin->jitter_ms > 0)
        a->reply->delay_ms +=
            (int64_t)(tm_twin_mix(twin->seed, (uint64_t)a->nth) % (uint64_t)(twin->jitter_ms + 1));
    return !fail_by_fault(a, *fault);
}
