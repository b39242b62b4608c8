/* openai_error.c - what an error is, by the service's code first, then by words that fit one cause only, then
 * by the HTTP status. The tables are wire facts, sections 6 and 8, row by row. */
#include "core/provider/gemini_error.h"
#include "core/provider/openai_parts.h"

#include <string.h>

typedef struct {
    int http;          /* 0: any */
    const char *code;  /* equals the code, the type or the source of a limit; NULL: any */
    const char *words; /* stands in the message, whatever the case; NULL: any */
    tm_class class;
    const char *lead; /* words before the server's; NULL: none are needed */
} rule;

#define OK_CONTEXT "longer than the model's context"
#define NO_CREDIT "no credit is left"

/* The first that fits decides. */
static const rule rules[] = {
    /* codes that say all, whatever the status */
    {402, "in_flight_budget_exhausted", NULL, TM_CLASS_QUOTA_MINUTE, "running requests fill the budget"},
    {402, "weight_exceeds_budget", NULL, TM_CLASS_TOO_LARGE, "this one request is too dear for the budget"},
    {0, "credit_balance_exhausted", NULL, TM_CLASS_MONEY, NULL},
    {0, "organization_spend_limit_exceeded", NULL, TM_CLASS_MONEY, NULL},
    {0, "project_spend_limit_exceeded", NULL, TM_CLASS_MONEY, NULL},
    {0, "organization_usage_limit_exceeded", NULL, TM_CLASS_MONEY, NULL},
    {0, "insufficient_quota", NULL, TM_CLASS_MONEY, NULL},
    {0, "billing_hard_limit_reached", NULL, TM_CLASS_MONEY, NULL},
    {0, "billing_not_active", NULL, TM_CLASS_MONEY, NULL},
    {0, "insufficient_user_quota", NULL, TM_CLASS_MONEY, "the price of the output cap is reserved first"},
    {0, "pre_consume_token_quota_failed", NULL, TM_CLASS_MONEY, NULL},
    {0, "budget_exceeded", NULL, TM_CLASS_MONEY, NULL},
    {0, "payment_required", NULL, TM_CLASS_MONEY, NULL},
    {0, "invalid_api_key", NULL, TM_CLASS_AUTH, NULL},
    {0, "unsupported_country_region_territory", NULL, TM_CLASS_AUTH, NULL},
    {0, "access_denied", NULL, TM_CLASS_AUTH, NULL},
    {503, "model_not_found", NULL, TM_CLASS_OVERLOADED, "nobody stands behind the proxy for this model now"},
    {0, "model_not_found", NULL, TM_CLASS_NO_MODEL, NULL},
    {0, "invalid_model", NULL, TM_CLASS_NO_MODEL, NULL},
    {0, "DeploymentNotFound", NULL, TM_CLASS_NO_MODEL, "at Azure a model goes by its deployment's name"},
    {0, "context_length_exceeded", NULL, TM_CLASS_TOO_LARGE, OK_CONTEXT},
    {0, "string_above_max_length", NULL, TM_CLASS_TOO_LARGE, NULL},
    {0, "exceed_context_size_error", NULL, TM_CLASS_TOO_LARGE, OK_CONTEXT},
    {0, "content_filter", NULL, TM_CLASS_BLOCKED, NULL},
    {0, "content_policy_violation", NULL, TM_CLASS_BLOCKED, NULL},
    {0, "invalid_prompt", NULL, TM_CLASS_BLOCKED, NULL},
    {0, "moderation_blocked", NULL, TM_CLASS_BLOCKED, NULL},
    {0, "sensitive_words_detected", NULL, TM_CLASS_BLOCKED, NULL},
    {0, "prompt_blocked", NULL, TM_CLASS_BLOCKED, NULL},
    {0, "json_validate_failed", NULL, TM_CLASS_SCHEMA, "the model's answer was no JSON of the schema"},
    {0, "slow_down", NULL, TM_CLASS_OVERLOADED, NULL},
    {0, "resource_unavailable", NULL, TM_CLASS_OVERLOADED, "no capacity, not charged for"},
    {0, "capacity_exceeded", NULL, TM_CLASS_OVERLOADED, "no capacity"},
    {0, "server_is_overloaded", NULL, TM_CLASS_OVERLOADED, NULL},
    {429, NULL, "no deployments available", TM_CLASS_OVERLOADED, "the proxy has nobody to ask just now"},
    {0, NULL, "上游负载已饱和", TM_CLASS_OVERLOADED, "the proxy's upstream is full"},
    /* money in any coat */
    {403, NULL, "budget limit exceeded", TM_CLASS_MONEY, NULL},
    {0, NULL, "used all available credits", TM_CLASS_MONEY, NULL},
    {0, NULL, "monthly spending limit", TM_CLASS_MONEY, NULL},
    {0, NULL, "spending limit", TM_CLASS_MONEY, NULL},
    {0, NULL, "credit balance", TM_CLASS_MONEY, NULL},
    {0, NULL, "insufficient balance", TM_CLASS_MONEY, NULL},
    {0, NULL, "requires more credits", TM_CLASS_MONEY, NULL},
    {0, NULL, "prepayment credits", TM_CLASS_MONEY, NULL},
    {0, NULL, "not enough credits", TM_CLASS_MONEY, NULL},
    {0, NULL, "insufficient credits", TM_CLASS_MONEY, NULL},
    {0, NULL, "insufficient funds", TM_CLASS_MONEY, NULL},
    {0, NULL, "额度不足", TM_CLASS_MONEY, NULL},
    {0, NULL, "预扣费额度失败", TM_CLASS_MONEY, NULL},
    {0, NULL, "pre-consume quota failed", TM_CLASS_MONEY, NULL},
    {0, NULL, "剩余额度", TM_CLASS_MONEY, NULL},
    {0, NULL, "余额", TM_CLASS_MONEY, NULL},
    {402, NULL, NULL, TM_CLASS_MONEY, NO_CREDIT},
    /* size, before keys: Together says it with a 403 */
    {0, NULL, "maximum context length", TM_CLASS_TOO_LARGE, OK_CONTEXT},
    {0, NULL, "context length", TM_CLASS_TOO_LARGE, OK_CONTEXT},
    {0, NULL, "context window", TM_CLASS_TOO_LARGE, OK_CONTEXT},
    {400, NULL, "exceeds the available context size", TM_CLASS_TOO_LARGE, OK_CONTEXT},
    {0, NULL, "prompt is too long", TM_CLASS_TOO_LARGE, OK_CONTEXT},
    {403, NULL, "must be <=", TM_CLASS_TOO_LARGE, OK_CONTEXT},
    /* keys */
    {400, NULL, "incorrect api key", TM_CLASS_AUTH, NULL},
    {400, NULL, "invalid api key", TM_CLASS_AUTH, NULL},
    {400, NULL, "api key not valid", TM_CLASS_AUTH, NULL},
    {0, NULL, "无效的令牌", TM_CLASS_AUTH, NULL},
    {0, NULL, "令牌已过期", TM_CLASS_AUTH, NULL},
    {0, NULL, "已被封禁", TM_CLASS_AUTH, NULL},
    {0, NULL, "无权访问", TM_CLASS_AUTH, NULL},
    {401, NULL, NULL, TM_CLASS_AUTH, NULL},
    {412, NULL, NULL, TM_CLASS_AUTH, "the account is suspended"},
    /* models */
    {503, NULL, "无可用渠道", TM_CLASS_OVERLOADED, "nobody stands behind the proxy for this model now"},
    {503, NULL, "no available channel", TM_CLASS_OVERLOADED,
     "nobody stands behind the proxy for this model now"},
    {403, NULL, "must be verified", TM_CLASS_NO_MODEL, "this account may not use the model yet"},
    {403, NULL, "access to model", TM_CLASS_NO_MODEL, NULL},
    {403, NULL, "access to the model", TM_CLASS_NO_MODEL, NULL},
    {403, NULL, "not allowed to use model", TM_CLASS_NO_MODEL, NULL},
    {403, NULL, "no access to model", TM_CLASS_NO_MODEL, NULL},
    {403, NULL, "无权使用模型", TM_CLASS_NO_MODEL, NULL},
    {400, NULL, "not a valid model", TM_CLASS_NO_MODEL, NULL},
    {400, NULL, "invalid model", TM_CLASS_NO_MODEL, NULL},
    {400, NULL, "model_not_found", TM_CLASS_NO_MODEL, NULL},
    {0, NULL, "does not exist or you do not have access", TM_CLASS_NO_MODEL, NULL},
    {404, NULL, "no endpoints found", TM_CLASS_NO_MODEL, NULL},
    {404, NULL, "model", TM_CLASS_NO_MODEL, NULL},
    {404, NULL, NULL, TM_CLASS_NO_MODEL, "no such page"},
    /* what is left, by status */
    {403, NULL, "moderation", TM_CLASS_BLOCKED, NULL},
    {403, NULL, "guardrail", TM_CLASS_BLOCKED, NULL},
    {403, NULL, NULL, TM_CLASS_AUTH, NULL},
    {400, NULL, "safety system", TM_CLASS_BLOCKED, NULL},
    {400, NULL, "content management policy", TM_CLASS_BLOCKED, NULL},
    {408, NULL, NULL, TM_CLASS_SERVER, NULL},
    {409, NULL, NULL, TM_CLASS_SERVER, NULL},
    {413, NULL, NULL, TM_CLASS_TOO_LARGE, "the request has too many bytes"},
    {425, NULL, NULL, TM_CLASS_SERVER, NULL},
    {498, NULL, NULL, TM_CLASS_OVERLOADED, "no capacity"},
    {500, NULL, "overloaded", TM_CLASS_OVERLOADED, NULL},
    {503, NULL, NULL, TM_CLASS_OVERLOADED, NULL},
    {529, NULL, NULL, TM_CLASS_OVERLOADED, NULL},
    {524, NULL, NULL, TM_CLASS_SERVER, "the front end gave up waiting; the work may be done and billed"},
};

enum { MISSING_MAX = 2 }; /* a proxy without a channel for the model: so often it is waited for */

static bool fits(const rule *r, const tm_openai_fault *fault)
{
    return (r->http == 0 || r->http == fault->http) &&
           (!r->code || strcmp(r->code, fault->code) == 0 || strcmp(r->code, fault->type) == 0 ||
            strcmp(r->code, fault->limit_source) == 0) &&
           (!r->words || strcasestr(fault->message, r->words));
}

/* `words`: whether rules that go by the status alone may decide. NULL: none fits. */
static const rule *rule_of(const tm_openai_fault *fault, bool status_alone)
{
    for (size_t i = 0; i < G_N_ELEMENTS(rules); i++)
        if ((status_alone || rules[i].code || rules[i].words) && fits(&rules[i], fault))
            return &rules[i];
    return NULL;
}

/* ---- words for people ---- */

static bool has_version(const char *base_url)
{
    return g_regex_match_simple("/(v[0-9]+[a-z0-9]*|openai)(/|$)", base_url ? base_url : "", 0, 0);
}

static bool is_page(const tm_reply *reply)
{
    return reply->body && reply->body->str[strspn(reply->body->str, " \n\r\t")] == '<';
}

static const char *base_url_hint(const tm_account *account)
{
    return has_version(account->base_url) ? "is the account's base_url right?"
                                          : "base_url probably lacks /v1";
}

static char *server_words(const tm_openai_fault *fault, const tm_reply *reply, const char *key)
{
    if (*fault->message)
        return tm_provider_tidy(fault->message, strlen(fault->message), key);
    g_autofree char *title = is_page(reply) ? tm_provider_page_title(reply, key) : NULL;
    if (title)
        return g_strdup_printf("HTTP %d, a page that says \"%s\"", fault->http, title);
    if (reply->body && reply->body->len && !is_page(reply) && !fault->any) {
        g_autofree char *said = tm_provider_tidy(reply->body->str, reply->body->len, key);
        return g_strdup_printf("HTTP %d: %s", fault->http, said);
    }
    return g_strdup_printf("HTTP %d without a reason", fault->http);
}

/* ---- the class ---- */

/* A proxy whose channels for the model are all switched off: it may come back, or the name is wrong. */
static void count_missing(const tm_operation *operation, const rule *r, const tm_openai_fault *fault,
                          tm_answer *answer)
{
    tm_openai_manners none, *manners;
    if (!operation->model || fault->http != 503 || !r || !r->lead || !strstr(r->lead, "stands behind"))
        return;
    manners = tm_openai_manners_of(operation, &none);
    if (++manners->missing > MISSING_MAX) {
        manners->missing = 0;
        answer->class = TM_CLASS_NO_MODEL;
    }
}

static void read_redirect(const tm_reply *reply, tm_answer *answer)
{
    g_autofree char *target = tm_provider_redirect_target(reply);
    answer->class = TM_CLASS_AUTH;
    answer->code = g_strdup("redirect");
    answer->message =
        g_strdup_printf("the service redirects to %s (HTTP %d); the key is not sent there: is the "
                        "account's base_url right?",
                        target, reply->http);
}

/* By the table; gives words that go before the server's. */
static const char *classify(const tm_operation *operation, const tm_openai_fault *fault, tm_answer *answer)
{
    const rule *r = rule_of(fault, false);
    bool rate = fault->http == 429 || (fault->http == 413 && strcmp(fault->code, "rate_limit_exceeded") == 0);
    if (!r && rate)
        return tm_openai_read_refusal(fault, answer);
    if (!r)
        r = rule_of(fault, true);
    if (fault->moderated && fault->http == 403) {
        answer->class = TM_CLASS_BLOCKED;
        return NULL;
    }
    answer->class = r ? r->class : fault->http < 500 ? TM_CLASS_BAD_REQUEST : TM_CLASS_SERVER;
    count_missing(operation, r, fault, answer);
    if (fault->http == 404 && (!fault->any || (!*fault->code && !strcasestr(fault->message, "model"))))
        return base_url_hint(operation->account);
    return r ? r->lead : NULL;
}

/* Google's own frame, on the path of theirs that speaks OpenAI's format. */
static const json_t *google_error(const json_t *root)
{
    const json_t *error = tm_gemini_error_of(root);
    return json_is_string(json_object_get(error, "status")) && json_is_integer(json_object_get(error, "code"))
               ? error
               : NULL;
}

static void name_code(const tm_openai_fault *fault, tm_answer *answer)
{
    const char *code = *fault->limit_source ? fault->limit_source : *fault->code ? fault->code : fault->type;
    bool known_model = answer->class == TM_CLASS_NO_MODEL && strcasestr(fault->message, "model");
    g_free(answer->code);
    answer->code = *code ? g_strdup(code) : known_model ? g_strdup("model_not_found") : NULL;
}

void tm_openai_read_error(const tm_operation *operation, const tm_reply *reply, const json_t *root,
                          tm_answer *answer)
{
    const tm_account *account = operation->account;
    const json_t *google = google_error(root);
    tm_openai_fault fault;
    if (reply->http >= 300 && reply->http < 400) {
        read_redirect(reply, answer);
        return;
    }
    if (google) {
        tm_gemini_read_error(account, reply, google, answer);
        return;
    }
    tm_openai_fault_read(root, reply->http, &fault);
    answer->retry_ms = tm_openai_retry_ms(&fault, reply);
    g_autofree char *words = server_words(&fault, reply, account->key);
    if (tm_openai_adapt(operation, &fault, answer)) {
        answer->code = g_strdup(*fault.code ? fault.code : "adapted");
        if (answer->message) {
            char *both = g_strdup_printf("%s (%s)", answer->message, words);
            g_free(answer->message);
            answer->message = both;
        }
        g_free(fault.joined);
        return;
    }
    const char *lead = classify(operation, &fault, answer);
    name_code(&fault, answer);
    answer->message = lead ? g_strdup_printf("%s: %s", lead, words) : g_strdup(words);
    if (answer->class == TM_CLASS_SCHEMA && *fault.failed) { /* it is paid for: kept */
        answer->text = g_strdup(fault.failed);
        answer->text_length = strlen(fault.failed);
    }
    g_free(fault.joined);
}

void tm_openai_read_nonsense(const tm_operation *operation, const tm_reply *reply, tm_answer *answer)
{
    const tm_account *account = operation->account;
    bool page = is_page(reply), lacks = page && !has_version(account->base_url);
    answer->class = lacks ? TM_CLASS_NO_MODEL : TM_CLASS_SERVER;
    answer->code = g_strdup(lacks ? "NO_API" : "UNREADABLE");
    answer->message = g_strdup_printf("HTTP %d with %s instead of an answer%s%s", reply->http,
                                      !reply->body || reply->body->len == 0 ? "nothing"
                                      : page                                ? "a web page"
                                                                            : "something that is no JSON",
                                      page ? ": " : "", page ? base_url_hint(account) : "");
}
