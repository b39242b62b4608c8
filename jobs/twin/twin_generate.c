/* twin_generate.c - a generate request judged by its content, by the faults of the day and by its limits. */
#include "core/json.h"
#include "jobs/twin/twin_arrival.h"
#include "jobs/twin/twin_fault.h"
#include "jobs/twin/twin_model.h"
#include "jobs/twin/twin_request.h"
#include "jobs/twin/twin_window.h"

/* Limits. */

static tm_twin_use *use_of(tm_twin *twin, const char *model)
{
    tm_twin_use *use = g_hash_table_lookup(twin->uses, model);
    if (!use) {
        use = tm_twin_use_new(&twin->options.windows);
        g_hash_table_insert(twin->uses, g_strdup(model), use);
    }
    return use;
}

static void refuse_quota(tm_twin_arrival *a, const tm_twin_violation *violations, size_t n, int64_t wait_ms)
{
    const char *class = "quota_minute";
    a->bound = violations[0];
    a->wait_ms = wait_ms;
    for (size_t i = 0; i < n; i++)
        if (violations[i].window == TM_WINDOW_DAY)
            class = "quota_day";
    if (violations[0].value == 0)
        class = "no_model";
    tm_twin_answer(a, 429, class,
                   tm_twin_refusal_quota(violations, n, a->model, a->twin->options.tier, wait_ms));
}

/* Refuses what is over a limit: all that are exceeded stand in one body. A refused request counts nowhere. */
static bool over_limit(tm_twin_arrival *a, tm_twin_use *use)
{
    const tm_twin_options *o = &a->twin->options;
    tm_twin_count now = tm_twin_use_at(use, a->wall_ms);
    tm_twin_violation violations[3];
    size_t n = 0;
    int64_t wait = 0;
    bool never = o->rpm == 0 || o->tpm == 0 || o->rpd == 0; /* on no tier: only the zeros are named */
    if (never ? o->rpd == 0 : o->rpd > 0 && now.day >= o->rpd) {
        violations[n++] = (tm_twin_violation){TM_UNIT_REQUESTS, TM_WINDOW_DAY, o->rpd};
        wait = MAX(wait, never ? 0 : tm_twin_use_day_wait(use, a->wall_ms, o->rpd - 1));
    }
    if (never ? o->rpm == 0 : o->rpm > 0 && now.minute >= o->rpm) {
        violations[n++] = (tm_twin_violation){TM_UNIT_REQUESTS, TM_WINDOW_MINUTE, o->rpm};
        wait = MAX(wait, never ? 0 : tm_twin_use_minute_wait(use, a->wall_ms, o->rpm - 1, -1));
    }
    if (never ? o->tpm == 0 : o->tpm > 0 && now.minute_tokens + a->tokens > o->tpm) {
        bool can_pass = a->tokens <= o->tpm;
        violations[n++] = (tm_twin_violation){TM_UNIT_INPUT_TOKENS, TM_WINDOW_MINUTE, o->tpm};
        /* seen: a request larger than its whole window is told to wait a second */
        wait = MAX(wait, can_pass ? tm_twin_use_minute_wait(use, a->wall_ms, -1, o->tpm - a->tokens) : 1000);
    }
    if (n)
        refuse_quota(a, violations, n, never ? o->windows.minute_ms : wait);
    return n > 0;
}

/* Faults that come before a request counts. */
static bool refuse_by_fault(tm_twin_arrival *a, tm_twin_fault fault, tm_twin_use *use)
{
    const tm_twin_options *o = &a->twin->options;
    tm_twin_violation minute = {TM_UNIT_REQUESTS, TM_WINDOW_MINUTE, o->rpm > 0 ? o->rpm : 15};
    tm_twin_violation day = {TM_UNIT_REQUESTS, TM_WINDOW_DAY, o->rpd > 0 ? o->rpd : 20};
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
        refuse_quota(a, &minute, 1, tm_twin_use_minute_wait(use, a->wall_ms, 0, -1));
        return true;
    case TM_FAULT_QUOTA_DAY:
        tm_twin_use_at(use, a->wall_ms); /* the day's end is known from here on */
        refuse_quota(a, &day, 1, tm_twin_use_day_wait(use, a->wall_ms, -1));
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

/* Operations. */

static json_t *read_body(tm_twin_arrival *a, const tm_twin_message *message)
{
    json_error_t where;
    const char *text = a->request->body ? a->request->body : "";
    json_t *body =
        json_loadb(text, a->request->body ? a->request->length : 0, JSON_ALLOW_NUL | JSON_DECODE_ANY, &where);
    if (!body) {
        g_autofree char *message_text = g_strdup_printf(
            "Invalid JSON payload received. %s (line %d, column %d)", where.text, where.line, where.column);
        tm_twin_bad_request(a, message_text);
        return NULL;
    }
    g_autoptr(GPtrArray) flaws = tm_twin_read(body, message);
    if (flaws) {
        tm_twin_answer(a, 400, "bad_request", tm_twin_refusal_flaws(flaws));
        g_clear_pointer(&body, json_decref);
    }
    return body;
}

static const char *class_of_answer(tm_twin_fault fault)
{
    return fault == TM_FAULT_BLOCKED     ? "blocked"
           : fault == TM_FAULT_TRUNCATED ? "truncated"
           : fault == TM_FAULT_SCHEMA    ? "schema"
           : fault == TM_FAULT_EMPTY     ? "empty"
                                         : "ok";
}

static tm_twin_fault draw_fault(tm_twin_arrival *a, const json_t *body)
{
    if (a->twin->faults->len == 0)
        return TM_FAULT_NONE;
    g_autoptr(GString) text = tm_twin_prompt_text(body);
    return tm_twin_faults_draw(a->twin->faults, a->twin->options.seed, a->nth, text->str);
}

void tm_twin_generate(tm_twin_arrival *a, const json_t *body)
{
    tm_twin *twin = a->twin;
    int64_t media;
    a->nth = ++twin->n_generate;
    a->text = tm_twin_last_text(body);
    a->tokens = tm_twin_count_tokens(body, &media);
    g_autofree char *wrong = tm_twin_check(body, a->model);
    if (wrong) {
        tm_twin_bad_request(a, wrong);
        return;
    }
    tm_twin_use *use = use_of(twin, a->model);
    tm_twin_fault fault = draw_fault(a, body);
    if (refuse_by_fault(a, fault, use))
        return;
    if (a->tokens > TM_TWIN_INPUT_TOKENS) { /* seen: refused, and counted in full */
        tm_twin_use_add(use, a->wall_ms, a->tokens);
        tm_twin_refuse(a, 400, "too_large", "INVALID_ARGUMENT",
                       "The input token count exceeds the maximum number of tokens allowed 1048576.");
        return;
    }
    if (over_limit(a, use))
        return;
    tm_twin_use_add(use, a->wall_ms, a->tokens);
    int64_t jitter = twin->options.jitter_ms;
    a->reply->delay_ms = twin->options.latency_ms;
    if (jitter > 0)
        a->reply->delay_ms +=
            (int64_t)(tm_twin_mix(twin->options.seed, (uint64_t)a->nth) % (uint64_t)(jitter + 1));
    if (!fail_by_fault(a, fault))
        tm_twin_answer(a, 200, class_of_answer(fault),
                       tm_twin_answer_body(body, a->model, a->form, fault, a->nth));
}

void tm_twin_judge_generate(tm_twin_arrival *a)
{
    g_autoptr(json_t) body = read_body(a, &tm_twin_generate_request);
    if (body)
        tm_twin_generate(a, body);
}

void tm_twin_judge_count(tm_twin_arrival *a)
{
    g_autoptr(json_t) body = read_body(a, &tm_twin_count_request);
    if (!body)
        return;
    int64_t media;
    const json_t *whole = json_object_get(body, "generateContentRequest");
    if (whole && json_object_get(body, "contents")) {
        tm_twin_bad_request(a, "Only one of contents and generate_content_request can be set.");
        return;
    }
    const json_t *counted = whole ? whole : body;
    g_autofree char *wrong = tm_twin_check(counted, a->model);
    if (wrong) {
        tm_twin_bad_request(a, wrong);
        return;
    }
    a->text = tm_twin_last_text(counted);
    a->tokens = tm_twin_count_tokens(counted, &media);
    tm_twin_answer(a, 200, "ok", tm_twin_count_body(counted));
}
