/* gemini_error.c - what an error is, by the HTTP code first, then by the provider's code, then by words that
 * fit one cause only. The table is wire facts, section 9, row by row. */
#include "core/provider/gemini_parts.h"

#include <string.h>

typedef struct {
    int http;          /* 0: any */
    const char *code;  /* equals the status or ErrorInfo's reason; NULL: any */
    const char *words; /* stands in the message, whatever the case; NULL: any */
    tm_class class;
    const char *name; /* our code where the body may lack one; NULL: the body's */
    const char *lead; /* words before the server's; NULL: none are needed */
} rule;

/* The first that fits decides. */
static const rule rules[] = {
    {400, "API_KEY_INVALID", NULL, TM_CLASS_AUTH, "API_KEY_INVALID", NULL},
    {400, NULL, "API key not valid", TM_CLASS_AUTH, "API_KEY_INVALID", NULL},
    {400, NULL, "API key expired", TM_CLASS_AUTH, "API_KEY_INVALID", NULL},
    {400, NULL, "input token count", TM_CLASS_TOO_LARGE, NULL, "longer than the model's context"},
    {400, NULL, "maximum number of tokens", TM_CLASS_TOO_LARGE, NULL, "longer than the model's context"},
    {400, NULL, "payload size exceeds", TM_CLASS_TOO_LARGE, NULL, "the request has too many bytes"},
    {400, "FAILED_PRECONDITION", "ACTIVE state", TM_CLASS_SERVER, NULL, "a file is not ready yet"},
    {400, "FAILED_PRECONDITION", "billing", TM_CLASS_MONEY, NULL, NULL},
    {400, "FAILED_PRECONDITION", NULL, TM_CLASS_AUTH, NULL, "the API refuses this account"},
    {401, NULL, NULL, TM_CLASS_AUTH, "UNAUTHENTICATED", NULL},
    {402, NULL, NULL, TM_CLASS_MONEY, NULL, "no credit is left"},
    {403, NULL, "access the File", TM_CLASS_BAD_REQUEST, NULL, "a file of another project, or gone"},
    {403, "BILLING_DISABLED", NULL, TM_CLASS_MONEY, NULL, NULL},
    {403, "SERVICE_DISABLED", NULL, TM_CLASS_AUTH, NULL, "the Gemini API is not enabled in this project"},
    {403, "API_KEY_SERVICE_BLOCKED", NULL, TM_CLASS_AUTH, NULL, "this key may not use the Gemini API"},
    {403, "API_KEY_HTTP_REFERRER_BLOCKED", NULL, TM_CLASS_AUTH, NULL,
     "this key is for certain web pages only"},
    {403, "API_KEY_IP_ADDRESS_BLOCKED", NULL, TM_CLASS_AUTH, NULL,
     "this key is for certain IP addresses only"},
    {403, "CONSUMER_SUSPENDED", NULL, TM_CLASS_AUTH, NULL, "the project is suspended"},
    {403, NULL, NULL, TM_CLASS_AUTH, "PERMISSION_DENIED", NULL},
    {404, NULL, "cachedContent", TM_CLASS_BAD_REQUEST, NULL, "the cached content is gone"},
    {404, NULL, "files/", TM_CLASS_BAD_REQUEST, NULL,
     "a file that the prompt names is gone: upload it again"},
    {404, NULL, "File ", TM_CLASS_BAD_REQUEST, NULL, "a file that the prompt names is gone: upload it again"},
    {404, "NOT_FOUND", NULL, TM_CLASS_NO_MODEL, NULL, NULL},
    {404, NULL, NULL, TM_CLASS_NO_MODEL, NULL, "no such page: is the account's base_url right?"},
    {408, NULL, NULL, TM_CLASS_SERVER, NULL, "the front end gave up waiting"},
    {409, NULL, NULL, TM_CLASS_SERVER, NULL, NULL},
    {413, NULL, NULL, TM_CLASS_TOO_LARGE, NULL, "the request has too many bytes"},
    {499, NULL, NULL, TM_CLASS_SERVER, NULL, NULL},
    {501, NULL, NULL, TM_CLASS_NO_MODEL, "UNIMPLEMENTED", "this model can't do this"},
    {503, NULL, NULL, TM_CLASS_OVERLOADED, NULL, NULL},
    {529, NULL, NULL, TM_CLASS_OVERLOADED, NULL, NULL}, /* some gateways' word for overloaded */
};

static bool contains(const char *text, const char *words)
{
    return strcasestr(text, words) != NULL;
}

/* ---- words for people ---- */

static char *server_words(const tm_gemini_fault *fault, const tm_reply *reply, const char *key)
{
    if (*fault->message)
        return tm_provider_tidy(fault->message, strlen(fault->message), key);
    g_autofree char *title = tm_provider_page_title(reply, key);
    return title ? g_strdup_printf("HTTP %d, a page that says \"%s\"", fault->http, title)
                 : g_strdup_printf("HTTP %d without a reason", fault->http);
}

/* ---- the class ---- */

static const rule *rule_of(const tm_gemini_fault *fault)
{
    for (size_t i = 0; i < G_N_ELEMENTS(rules); i++) {
        const rule *r = &rules[i];
        if ((r->http == 0 || r->http == fault->http) &&
            (!r->code || strcmp(r->code, fault->status) == 0 || strcmp(r->code, fault->reason) == 0) &&
            (!r->words || contains(fault->message, r->words)))
            return r;
    }
    static const rule client = {0, NULL, NULL, TM_CLASS_BAD_REQUEST, NULL, NULL};
    static const rule server = {0, NULL, NULL, TM_CLASS_SERVER, NULL, NULL};
    return fault->http < 500 ? &client : &server;
}

static void classify(const tm_gemini_fault *fault, const tm_reply *reply, const char *key, tm_answer *answer)
{
    const char *lead = NULL, *name = NULL;
    if (fault->http < 400) {
        g_autofree char *target = tm_provider_redirect_target(reply);
        answer->class = TM_CLASS_AUTH;
        answer->code = g_strdup("redirect");
        answer->message =
            g_strdup_printf("the service redirects to %s (HTTP %d); the key is not sent there: is the "
                            "account's base_url right?",
                            target, fault->http);
        return;
    }
    if (fault->http == 429) {
        lead = tm_gemini_read_refusal(fault, answer);
    } else {
        const rule *r = rule_of(fault);
        answer->class = r->class;
        lead = r->lead;
        name = r->name;
    }
    if (answer->class == TM_CLASS_AUTH && *fault->reason)
        name = fault->reason;
    if (!name && *fault->status)
        name = fault->status;
    g_autofree char *words = server_words(fault, reply, key);
    answer->code = g_strdup(name);
    answer->message = lead ? g_strdup_printf("%s: %s", lead, words) : g_strdup(words);
}

void tm_gemini_read_error(const tm_account *account, const tm_reply *reply, const json_t *error,
                          tm_answer *answer)
{
    tm_gemini_fault fault = {0};
    tm_gemini_fault_read(error, reply->http, &fault);
    answer->retry_ms = tm_gemini_retry_ms(&fault, reply);
    classify(&fault, reply, account ? account->key : NULL, answer);
    json_decref(fault.nested);
}
