/* twin_refusal.c - error bodies. Shapes and words: seen in public reports, 2025-09 to 2026-11. */
#include "jobs/twin/twin_refusal.h"

#include <stdlib.h>
#include <string.h>

#include "core/json.h"
#include "jobs/twin/twin_request.h"

#define TYPE "\"@type\":\"type.googleapis.com/google.rpc."
#define METRIC "generativelanguage.googleapis.com/"

GString *tm_twin_refusal(int http, const char *status, const char *message, const char *details)
{
    GString *out = g_string_new(NULL);
    g_string_append_printf(out, "{\"error\":{\"code\":%d,\"message\":", http);
    tm_json_write_string(out, message, strlen(message));
    g_string_append_printf(out, ",\"status\":\"%s\"", status);
    if (details)
        g_string_append_printf(out, ",\"details\":%s", details);
    g_string_append(out, "}}");
    return out;
}

GString *tm_twin_refusal_key_missing(void)
{
    return tm_twin_refusal(
        403, "PERMISSION_DENIED",
        "Method doesn't allow unregistered callers (callers without established identity). Please "
        "use API Key or other form of API consumer identity to call this API.",
        NULL);
}

GString *tm_twin_refusal_key_wrong(void)
{
    return tm_twin_refusal(400, "INVALID_ARGUMENT", "API key not valid. Please pass a valid API key.",
                           "[{" TYPE
                           "ErrorInfo\",\"reason\":\"API_KEY_INVALID\",\"domain\":\"googleapis.com\","
                           "\"metadata\":{\"service\":\"generativelanguage.googleapis.com\"}},"
                           "{" TYPE "LocalizedMessage\",\"locale\":\"en-US\","
                           "\"message\":\"API key not valid. Please pass a valid API key.\"}]");
}

GString *tm_twin_refusal_key_as_bearer(void)
{
    return tm_twin_refusal(
        401, "UNAUTHENTICATED",
        "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie "
        "or other valid authentication credential. See "
        "https://developers.google.com/identity/sign-in/web/devconsole-project.",
        "[{" TYPE "ErrorInfo\",\"reason\":\"ACCESS_TOKEN_TYPE_UNSUPPORTED\","
        "\"domain\":\"googleapis.com\","
        "\"metadata\":{\"service\":\"generativelanguage.googleapis.com\"}}]");
}

GString *tm_twin_refusal_no_model(const char *model, const char *version, const char *method)
{
    g_autofree char *message =
        method
            ? g_strdup_printf("models/%s is not found for API version %s, or is not supported for %s. Call "
                              "ListModels to see the list of available models and their supported methods.",
                              model, version, method)
            : g_strdup_printf("Model is not found: models/%s for api version %s", model, version);
    return tm_twin_refusal(404, "NOT_FOUND", message, NULL);
}

GString *tm_twin_refusal_money(int http)
{
    return tm_twin_refusal(http, "RESOURCE_EXHAUSTED",
                           "Your prepayment credits are depleted. Please go to AI Studio at "
                           "https://ai.studio/projects to manage your project and billing.",
                           NULL);
}

GString *tm_twin_refusal_bare_quota(void)
{
    return tm_twin_refusal(429, "RESOURCE_EXHAUSTED", "Resource has been exhausted (e.g. check quota).",
                           NULL);
}

GString *tm_twin_refusal_html(int http, const char *title)
{
    GString *out = g_string_new("<!DOCTYPE html>\n<html lang=en>\n<meta charset=utf-8>\n");
    g_string_append_printf(
        out,
        "<title>Error %d (%s)!!1</title>\n<p><b>%d.</b> <ins>That's an error.</ins>\n"
        "<p>The server encountered a temporary error and could not complete your request.<p>"
        "Please try again in 30 seconds. <ins>That's all we know.</ins>\n",
        http, title, http);
    return out;
}

GString *tm_twin_refusal_flaws(const GPtrArray *flaws)
{
    g_autoptr(GString) message = g_string_new(NULL);
    g_autoptr(GString) details = g_string_new("[{" TYPE "BadRequest\",\"fieldViolations\":[");
    for (guint i = 0; i < flaws->len; i++) {
        const tm_twin_flaw *flaw = g_ptr_array_index(flaws, i);
        g_string_append_printf(message, "%s%s", i ? "\n" : "", flaw->description);
        g_string_append(details, i ? ",{" : "{");
        if (flaw->field) {
            g_string_append(details, "\"field\":");
            tm_json_write_string(details, flaw->field, strlen(flaw->field));
            g_string_append_c(details, ',');
        }
        g_string_append(details, "\"description\":");
        tm_json_write_string(details, flaw->description, strlen(flaw->description));
        g_string_append_c(details, '}');
    }
    g_string_append(details, "]}]");
    return tm_twin_refusal(400, "INVALID_ARGUMENT", message->str, details->str);
}

/* Metric and quotaId of a violation; they carry the tier, each in its own way. */
static void name_quota(const tm_twin_violation *violation, const char *tier, char **metric, char **id)
{
    bool free_tier = strcmp(tier, "free") == 0, first = strcmp(tier, "1") == 0;
    bool day = violation->window == TM_WINDOW_DAY;
    if (violation->unit == TM_UNIT_INPUT_TOKENS) {
        *metric = g_strdup(free_tier ? METRIC "generate_content_free_tier_input_token_count"
                                     : METRIC "generate_content_paid_tier_input_token_count");
        *id = g_strdup_printf("GenerateContent%sInputTokensPerModelPer%s%s", free_tier ? "" : "PaidTier",
                              day ? "Day" : "Minute", free_tier ? "-FreeTier" : "");
        return;
    }
    *metric = free_tier ? g_strdup(METRIC "generate_content_free_tier_requests")
              : first   ? g_strdup(day ? METRIC "generate_requests_per_model_per_day"
                                       : METRIC "generate_requests_per_model")
                        : g_strdup_printf(METRIC "generate_content_paid_tier_%s_requests", tier);
    *id = g_strdup_printf("GenerateRequestsPer%sPerProjectPerModel%s%s", day ? "Day" : "Minute",
                          free_tier ? "-FreeTier"
                          : first   ? ""
                                    : "-PaidTier",
                          free_tier || first ? "" : tier);
}

void tm_twin_write_duration(GString *out, int64_t ms)
{
    char number[G_ASCII_DTOSTR_BUF_SIZE];
    if (ms < 1000) {
        g_string_append_printf(out, "%" G_GINT64_FORMAT "ms", ms);
        return;
    }
    if (ms >= 3600000)
        g_string_append_printf(out, "%" G_GINT64_FORMAT "h", ms / 3600000);
    if (ms >= 60000)
        g_string_append_printf(out, "%" G_GINT64_FORMAT "m", ms / 60000 % 60);
    g_string_append_printf(out, "%ss",
                           g_ascii_formatd(number, sizeof number, "%g", (double)(ms % 60000) / 1000));
}

GString *tm_twin_refusal_quota(const tm_twin_violation *violations, size_t n, const char *model,
                               const char *tier, int64_t wait_ms)
{
    g_autoptr(GString) message =
        g_string_new("You exceeded your current quota, please check your plan and billing details. For more "
                     "information on this "
                     "error, head to: https://ai.google.dev/gemini-api/docs/rate-limits. To monitor your "
                     "current usage, head to: "
                     "https://ai.dev/rate-limit. ");
    g_autoptr(GString) details =
        g_string_new("[{" TYPE "Help\",\"links\":[{\"description\":\"Learn more about Gemini API quotas\","
                     "\"url\":\"https://ai.google.dev/gemini-api/docs/rate-limits\"}]},"
                     "{" TYPE "QuotaFailure\",\"violations\":[");
    for (size_t i = 0; i < n; i++) {
        g_autofree char *metric = NULL, *id = NULL;
        name_quota(&violations[i], tier, &metric, &id);
        g_string_append_printf(message,
                               "\n* Quota exceeded for metric: %s, limit: %" G_GINT64_FORMAT ", model: %s",
                               metric, violations[i].value, model);
        g_string_append_printf(
            details,
            "%s{\"quotaMetric\":\"%s\",\"quotaId\":\"%s\",\"quotaDimensions\":{\"location\":"
            "\"global\",\"model\":",
            i ? "," : "", metric, id);
        tm_json_write_string(details, model, strlen(model));
        g_string_append_printf(details, "},\"quotaValue\":\"%" G_GINT64_FORMAT "\"}", violations[i].value);
    }
    g_string_append(message, "\nPlease retry in ");
    tm_twin_write_duration(message, wait_ms);
    g_string_append_c(message, '.');
    /* the field has whole seconds where the prose has the fraction (seen) */
    g_string_append_printf(details, "]},{" TYPE "RetryInfo\",\"retryDelay\":\"%" G_GINT64_FORMAT "s\"}]",
                           wait_ms / 1000);
    return tm_twin_refusal(429, "RESOURCE_EXHAUSTED", message->str, details->str);
}
