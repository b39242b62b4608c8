/* twin_openai_refusal.c - a refusal in OpenAI's shape and words, as publicly reported 2025-2026. */
#include <string.h>

#include "core/json.h"
#include "jobs/twin/twin_arrival.h"

GString *tm_twin_openai_refusal(const char *message, const char *type, const char *param, const char *code)
{
    GString *out = g_string_new("{\"error\":{\"message\":");
    tm_json_write_string(out, message, strlen(message));
    g_string_append_printf(out, ",\"type\":\"%s\",\"param\":", type);
    if (param)
        tm_json_write_string(out, param, strlen(param));
    else
        g_string_append(out, "null");
    g_string_append_printf(out, code ? ",\"code\":\"%s\"}}" : ",\"code\":null}}", code);
    return out;
}

/* "Rate limit reached for ...": the limit's letters, its number and the wait stand in the prose. */
static char *rate_words(const tm_twin_arrival *a)
{
    const tm_twin_violation *bound = &a->bound;
    bool tokens = bound->unit != TM_UNIT_REQUESTS, day = bound->window == TM_WINDOW_DAY;
    char seconds[G_ASCII_DTOSTR_BUF_SIZE];
    return g_strdup_printf(
        "Rate limit reached for %s in organization org-rehearsal on %s per %s (%s): Limit %" G_GINT64_FORMAT
        ", Used %" G_GINT64_FORMAT ", Requested %" G_GINT64_FORMAT ". Please try again in %ss.",
        a->model, tokens ? "tokens" : "requests", day ? "day" : "min",
        tm_limit_word(bound->unit, bound->window), bound->value, bound->value, tokens ? a->tokens : 1,
        g_ascii_formatd(seconds, sizeof seconds, "%.3f", (double)a->wait_ms / 1000));
}

void tm_twin_refusal_to_openai(tm_twin_arrival *a)
{
    static const struct {
        const char *class;
        int http; /* 0: as it was */
        const char *type, *code;
    } table[] = {
        {"auth", 401, "invalid_request_error", "invalid_api_key"},
        {"no_model", 404, "invalid_request_error", "model_not_found"},
        {"quota_minute", 429, "requests", "rate_limit_exceeded"},
        {"quota_day", 429, "requests", "rate_limit_exceeded"},
        {"money", 429, "insufficient_quota", "insufficient_quota"},
        {"too_large", 400, "invalid_request_error", "context_length_exceeded"},
        {"overloaded", 503, "service_unavailable_error", "server_is_overloaded"},
        {"server", 500, "server_error", "server_error"},
        {"bad_request", 400, "invalid_request_error", NULL},
    };
    g_autoptr(json_t) was = tm_json_parse(a->reply->body->str, a->reply->body->len, NULL);
    g_autofree char *words = g_strdup(tm_json_string(json_object_get(was, "error"), "message", ""));
    size_t i = 0;
    while (i + 1 < G_N_ELEMENTS(table) && strcmp(table[i].class, a->class) != 0)
        i++;
    const char *type = table[i].type;
    if (a->reply->http == 429 && strcmp(a->class, "no_model") != 0 && a->wait_ms > 0) {
        g_free(words);
        words = rate_words(a);
        type = a->bound.unit == TM_UNIT_REQUESTS ? "requests" : "tokens";
        a->reply->retry_after_ms = a->wait_ms;
    } else if (strcmp(a->class, "no_model") == 0) {
        g_free(words);
        words = g_strdup_printf("The model `%s` does not exist or you do not have access to it.", a->model);
    } else if (strcmp(a->class, "auth") == 0) { /* the real text holds pieces of the key; this one does not */
        g_free(words);
        words = g_strdup(a->request->key
                             ? "Incorrect API key provided: ********. You can find your API key at "
                               "https://platform.openai.com/account/api-keys."
                             : "You didn't provide an API key. You need to provide your API key in an "
                               "Authorization header using Bearer auth (i.e. Authorization: Bearer "
                               "YOUR_KEY).");
    } else if (strcmp(a->class, "money") == 0) {
        g_free(words);
        words = g_strdup("You exceeded your current quota, please check your plan and billing details.");
    }
    g_string_free(a->reply->body, TRUE);
    a->reply->body = tm_twin_openai_refusal(words, type, NULL, table[i].code);
    a->reply->http = table[i].http;
}
