/* gemini_error.c - what an error is, by the HTTP code first, then by the provider's code, then by words that
 * fit one cause only. The table is wire facts, section 9, row by row. */
#include "core/provider/gemini_parts.h"

#include <string.h>

enum {
    MESSAGE_MAX = 400,   /* bytes of the server's words that are kept */
    MESSAGE_SEEN = 4000, /* bytes of them that are looked at */
    NESTED_MAX = 3,      /* errors inside the text of errors: proxies wrap so */
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

bool tm_gemini_speaks_of_money(const char *message)
{
    /* an ordinary 429 says "check your plan and billing details": that is none */
    static const char *const words[] = {"prepayment credits", "prepaid credits", "credits are depleted",
                                        "spending cap", "spend cap"};
    for (size_t i = 0; i < G_N_ELEMENTS(words); i++)
        if (contains(message, words[i]))
            return true;
    return false;
}

/* ---- what the body says ---- */

const json_t *tm_gemini_error_of(const json_t *root)
{
    size_t i;
    json_t *item;
    json_array_foreach(root, i, item) {
        const json_t *error = json_is_object(item) ? tm_gemini_error_of(item) : NULL;
        if (error)
            return error;
    }
    const json_t *error = json_object_get(root, "error");
    return json_is_object(error) || json_is_string(error) ? error : NULL;
}

const json_t *tm_gemini_detail(const tm_gemini_fault *fault, const char *type)
{
    size_t i;
    json_t *detail;
    json_array_foreach(fault->details, i, detail)
        if (json_is_object(detail) && g_str_has_suffix(tm_json_string(detail, "@type", ""), type))
            return detail;
    return NULL;
}

static int http_of_status(const char *status)
{
    static const struct {
        const char *status;
        int http;
    } known[] = {
        {"INVALID_ARGUMENT", 400}, {"FAILED_PRECONDITION", 400}, {"OUT_OF_RANGE", 400},
        {"UNAUTHENTICATED", 401},  {"PERMISSION_DENIED", 403},   {"NOT_FOUND", 404},
        {"ABORTED", 409},          {"RESOURCE_EXHAUSTED", 429},  {"CANCELLED", 499},
        {"UNIMPLEMENTED", 501},    {"UNAVAILABLE", 503},         {"DEADLINE_EXCEEDED", 504},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(known); i++)
        if (strcmp(known[i].status, status) == 0)
            return known[i].http;
    return 500;
}

static void read_fault(const json_t *error, int http, tm_gemini_fault *fault)
{
    fault->status = tm_json_string(error, "status", "");
    if (!*fault->status)
        fault->status = tm_json_string(error, "code", ""); /* some surfaces have a word there */
    if (g_ascii_isdigit(*fault->status))
        fault->status = "";
    fault->message = json_is_string(error) ? json_string_value(error) : tm_json_string(error, "message", "");
    fault->details = tm_json_array(error, "details");
    const json_t *info = tm_gemini_detail(fault, "google.rpc.ErrorInfo");
    fault->reason = info ? tm_json_string(info, "reason", "") : "";
    fault->http = http;
    if (http < 300 || fault->nested) { /* the body's word is all there is, or is the nearer one */
        int64_t code = tm_json_integer(error, "code", 0);
        fault->http = code >= 300 && code < 600 ? (int)code
                      : *fault->status          ? http_of_status(fault->status)
                                                : http;
        if (fault->http < 300)
            fault->http = 500;
    }
}

/* An error may stand as JSON inside the text of an error, after some words. */
static void read_nested(tm_gemini_fault *fault, int http)
{
    for (int depth = 0; depth < NESTED_MAX; depth++) {
        const char *brace = strpbrk(fault->message, "{[");
        json_t *inner = brace ? tm_json_parse(brace, strlen(brace), NULL) : NULL;
        const json_t *error = tm_gemini_error_of(inner);
        if (!error) {
            json_decref(inner);
            return;
        }
        json_t *outer = fault->nested;
        fault->nested = inner;
        read_fault(error, http, fault);
        json_decref(outer);
    }
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
    read_fault(error, reply->http, &fault);
    read_nested(&fault, reply->http);
    answer->retry_ms = tm_gemini_retry_ms(&fault, reply);
    classify(&fault, reply, account ? account->key : NULL, answer);
    json_decref(fault.nested);
}
