/* gemini_error.c - what an error is, by the HTTP code first, then by the provider's code, then by words that
 * fit one cause only. The table is wire facts, section 9, row by row. */
#include "core/provider/gemini_parts.h"

#include <string.h>

enum {
    MESSAGE_MAX = 400,   /* bytes of the server's words that are kept */
    MESSAGE_SEEN = 4000, /* bytes of them that are looked at */
};

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

/* `text` cut, scrubbed, on one line. (transfer full) */
static char *tidy(const char *text, size_t length, const char *key)
{
    g_autofree char *seen = g_utf8_make_valid(text, (gssize)MIN(length, MESSAGE_SEEN));
    g_autofree char *scrubbed = tm_scrub(seen, key);
    GString *out = g_string_new(NULL);
    for (const char *c = scrubbed; *c; c++) {
        char byte = g_ascii_isspace(*c) ? ' ' : *c;
        if (byte != ' ' || (out->len > 0 && out->str[out->len - 1] != ' '))
            g_string_append_c(out, byte);
    }
    while (out->len > 0 && out->str[out->len - 1] == ' ')
        g_string_truncate(out, out->len - 1);
    if (out->len > MESSAGE_MAX) {
        const char *end = g_utf8_find_prev_char(out->str, out->str + MESSAGE_MAX + 1);
        g_string_truncate(out, end ? (gsize)(end - out->str) : 0);
        g_string_append(out, "...");
    }
    return g_string_free(out, FALSE);
}

/* The title of a front end's HTML page. (transfer full); NULL: none. */
static char *page_title(const tm_reply *reply, const char *key)
{
    const char *start = reply->body ? strcasestr(reply->body->str, "<title>") : NULL;
    const char *end = start ? strcasestr(start, "</title>") : NULL;
    return end ? tidy(start + strlen("<title>"), (size_t)(end - start) - strlen("<title>"), key) : NULL;
}

static char *server_words(const tm_gemini_fault *fault, const tm_reply *reply, const char *key)
{
    if (*fault->message)
        return tidy(fault->message, strlen(fault->message), key);
    g_autofree char *title = page_title(reply, key);
    return title ? g_strdup_printf("HTTP %d, a page that says \"%s\"", fault->http, title)
                 : g_strdup_printf("HTTP %d without a reason", fault->http);
}

/* The host that a redirect points to: all of it that may be shown. (transfer full) */
static char *redirect_target(const tm_reply *reply)
{
    const char *location = reply->headers ? g_hash_table_lookup(reply->headers, "location") : NULL;
    g_autoptr(GUri) uri = location ? g_uri_parse(location, G_URI_FLAGS_NONE, NULL) : NULL;
    return g_strdup(uri && g_uri_get_host(uri) ? g_uri_get_host(uri) : "another place");
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
        g_autofree char *target = redirect_target(reply);
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
