/* openai_fault.c - what a body says of its error: each service frames it in its own way (wire facts, section
 * 6). */
#include "core/provider/openai_parts.h"

#include <string.h>

enum { NESTED_MAX = 3 }; /* errors inside the text of errors: proxies wrap so */

/* A word, or a number that is one. Codes are either. */
static const char *word_of(const json_t *object, const char *name)
{
    const char *text = tm_json_string(object, name, "");
    return strspn(text, "0123456789") == strlen(text) && strcmp(text, "1500") != 0 ? "" : text;
}

static int number_of(const json_t *object)
{
    static const char *const names[] = {"code", "status", "status_code", "http_code"};
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        int64_t code = tm_json_integer(object, names[i], 0);
        if (code >= 300 && code < 600)
            return (int)code;
    }
    return 0;
}

/* FastAPI's [{"loc": ["body", "top_k"], "msg": "...", "type": "extra_forbidden"}]. */
static void read_detail(const json_t *detail, tm_openai_fault *fault)
{
    const json_t *first = json_is_array(detail) ? json_array_get(detail, 0) : detail;
    if (json_is_string(first)) {
        fault->message = json_string_value(first);
        return;
    }
    const json_t *place = tm_json_array(first, "loc");
    const char *name = json_string_value(json_array_get(place, json_array_size(place) > 1 ? 1 : 0));
    fault->message = tm_json_string(first, "msg", tm_json_string(first, "message", fault->message));
    fault->type = tm_json_string(first, "type", fault->type);
    if (name && strcmp(name, "body") != 0) {
        fault->param = name;
        g_free(fault->joined);
        fault->joined = g_strdup_printf("%s: %s", name, fault->message);
        fault->message = fault->joined;
    }
}

/* What OpenRouter knows more: which budget, why refused, the upstream's own words. */
static void read_metadata(const json_t *error, tm_openai_fault *fault)
{
    const json_t *metadata = tm_json_object(error, "metadata");
    const char *raw = tm_json_string(metadata, "raw", "");
    if (!metadata)
        return;
    fault->limit_source =
        tm_json_string(metadata, "error_type", tm_json_string(metadata, "limit_source", ""));
    fault->moderated = json_array_size(json_object_get(metadata, "reasons")) > 0;
    if (!*raw)
        return;
    g_free(fault->joined);
    fault->joined = g_strdup_printf("%s: %s", fault->message, raw);
    fault->message = fault->joined;
}

static void read_error(const json_t *error, tm_openai_fault *fault)
{
    fault->any = true;
    if (json_is_string(error)) {
        fault->message = json_string_value(error);
        return;
    }
    const json_t *inner = tm_json_object(error, "innererror");
    fault->message = tm_json_string(error, "message", tm_json_string(error, "error", fault->message));
    fault->type = tm_json_string(error, "type", fault->type);
    fault->param = tm_json_string(error, "param", fault->param);
    fault->failed = tm_json_string(error, "failed_generation", "");
    const char *code = word_of(error, "code");
    if (!*code)
        code = word_of(error, "status");
    if (inner && strcmp(tm_json_string(inner, "code", ""), "ResponsibleAIPolicyViolation") == 0)
        code = "content_filter";
    if (*code)
        fault->code = code;
    read_metadata(error, fault);
}

/* The object that holds the error, in an array as at Gemini's path, or as itself. */
static void read_root(const json_t *root, int depth, tm_openai_fault *fault)
{
    const json_t *error = json_object_get(root, "error"), *detail = json_object_get(root, "detail");
    if (json_is_array(root) && depth < NESTED_MAX) {
        read_root(json_array_get(root, 0), depth + 1, fault);
    } else if (json_is_object(error)) {
        read_error(error, fault);
    } else if (json_is_string(error) && json_string_length(error)) { /* xAI: the code stands beside it */
        fault->code = word_of(root, "code");
        read_error(error, fault);
    } else if (detail && (json_is_string(detail) || json_is_array(detail) || json_is_object(detail))) {
        fault->any = true;
        read_detail(detail, fault);
    } else if (strcmp(tm_json_string(root, "object", ""), "error") == 0 ||
               (json_is_string(json_object_get(root, "message")) && !json_object_get(root, "choices"))) {
        const json_t *message = json_object_get(root, "message");
        read_error(root, fault);
        if (json_is_object(message)) /* older Mistral: {"message": {"detail": [...]}} */
            read_detail(json_object_get(message, "detail"), fault);
    }
}

void tm_openai_fault_read(const json_t *root, int http, tm_openai_fault *fault)
{
    *fault = (tm_openai_fault){
        .http = http, .code = "", .type = "", .param = "", .message = "", .limit_source = "", .failed = ""};
    read_root(root, 0, fault);
    if (!fault->any || http >= 300)
        return;
    const json_t *object = json_is_array(root) ? json_array_get(root, 0) : root;
    const json_t *error = json_object_get(object, "error");
    int code = number_of(json_is_object(error) ? error : object);
    fault->http = code ? code : 500; /* the body's word is all there is */
}
