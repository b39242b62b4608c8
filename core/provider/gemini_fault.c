/* gemini_fault.c - what a body says of its error, in whatever wrapping it comes. */
#include "core/provider/gemini_parts.h"

#include <string.h>

enum { NESTED_MAX = 3 }; /* errors inside the text of errors: proxies wrap so */

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

void tm_gemini_fault_read(const json_t *error, int http, tm_gemini_fault *fault)
{
    read_fault(error, http, fault);
    read_nested(fault, http);
}
