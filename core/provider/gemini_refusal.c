/* gemini_refusal.c - a 429 in full: which limits it names, how long it asks to wait, and whether it is about
 * a rate at all. Wire facts, section 10. */
#include "core/provider/gemini_parts.h"

#include <string.h>

enum { HOUR_MS = 3600 * 1000 };

static bool contains(const char *text, const char *words)
{
    return strcasestr(text, words) != NULL;
}

/* ---- one violation ---- */

/* Names are CamelCase in a quotaId and snake_case in a metric. */
static bool has(const char *id, const char *metric, const char *camel, const char *snake)
{
    return contains(id, camel) || contains(metric, snake);
}

static void read_tier(const char *id, const char *metric, char tier[16])
{
    const char *dash = strrchr(id, '-'), *paid = strstr(metric, "paid_tier");
    tier[0] = '\0';
    if (dash)
        g_strlcpy(tier, dash + 1, 16);
    else if (contains(id, "FreeTier") || contains(metric, "free_tier"))
        g_strlcpy(tier, "FreeTier", 16);
    else if (paid && paid[9] == '_' && g_ascii_isdigit(paid[10]))
        g_snprintf(tier, 16, "PaidTier%c", paid[10]);
    else if (paid || contains(id, "PaidTier"))
        g_strlcpy(tier, "PaidTier", 16);
}

/* `id` and `metric` may be empty; `long_wait` decides where neither names a window. */
static tm_violation violation_of(const char *id, const char *metric, int64_t value, bool long_wait)
{
    tm_violation v = {.unit = TM_UNIT_REQUESTS, .window = TM_WINDOW_MINUTE, .value = value};
    if (has(id, metric, "Token", "token"))
        v.unit = TM_UNIT_INPUT_TOKENS;
    else if (has(id, metric, "Images", "images"))
        v.unit = TM_UNIT_IMAGES;
    if (has(id, metric, "PerDay", "per_day") || contains(id, "Daily"))
        v.window = TM_WINDOW_DAY;
    else if (!has(id, metric, "PerMinute", "per_minute") && long_wait)
        v.window = TM_WINDOW_DAY;
    read_tier(id, metric, v.tier);
    return v;
}

/* A proto's int64 comes as text or number; -1: not told. */
static int64_t value_of(const json_t *object, const char *name)
{
    int64_t value = tm_json_integer(object, name, -1);
    return value >= 0 ? value : -1;
}

/* ---- prose ---- */

/* The next "Quota exceeded for metric: M, limit: N" from *at on: *metric (transfer full), and its limit or
 * -1. */
static bool next_line(const char **at, char **metric, int64_t *value)
{
    static const char start[] = "for metric: ";
    const char *found = strcasestr(*at, start);
    if (!found)
        return false;
    found += strlen(start);
    size_t length = strcspn(found, ", \n");
    const char *line_end = found + strcspn(found, "\n");
    const char *limit = strstr(found, "limit: ");
    *metric = g_strndup(found, length);
    *value =
        limit && limit < line_end && g_ascii_isdigit(limit[7]) ? g_ascii_strtoll(limit + 7, NULL, 10) : -1;
    *at = found + length;
    return true;
}

/* "Please retry in 9h23m44.781424344s." */
static int64_t prose_retry_ms(const char *message)
{
    static const char start[] = "retry in ";
    const char *found = strcasestr(message, start);
    if (!found)
        return -1;
    found += strlen(start);
    size_t length = strcspn(found, " \n\t,;)");
    while (length > 0 && (found[length - 1] == '.' || found[length - 1] == '"'))
        length--;
    g_autofree char *duration = g_strndup(found, length);
    return tm_go_duration_parse(duration);
}

/* ---- waits ---- */

static int64_t header_retry_ms(const tm_reply *reply)
{
    const char *ms = reply->headers ? g_hash_table_lookup(reply->headers, "retry-after-ms") : NULL;
    const char *s = reply->headers ? g_hash_table_lookup(reply->headers, "retry-after") : NULL;
    const char *text = ms ? ms : s;
    char *end = NULL;
    double value = text ? g_ascii_strtod(text, &end) : -1;
    if (!text || end == text || *end || !(value >= 0 && value < 1e9))
        return -1; /* a date there is of no use without a clock */
    return (int64_t)(ms ? value : value * 1000);
}

int64_t tm_gemini_retry_ms(const tm_gemini_fault *fault, const tm_reply *reply)
{
    const json_t *info = tm_gemini_detail(fault, "google.rpc.RetryInfo");
    const json_t *delay = info ? json_object_get(info, "retryDelay") : NULL;
    int64_t ms = -1;
    if (json_is_string(delay))
        ms = tm_go_duration_parse(json_string_value(delay));
    else if (json_is_object(delay)) /* the proto's own shape, which some proxies send */
        ms = MIN(MAX(tm_json_integer(delay, "seconds", 0), 0), 10 * 365 * 24 * 3600) * 1000 +
             tm_json_integer(delay, "nanos", 0) / 1000000;
    if (ms < 0)
        ms = prose_retry_ms(fault->message);
    return ms >= 0 ? ms : header_retry_ms(reply);
}

/* ---- all of them ---- */

static void add(tm_answer *answer, tm_violation violation)
{
    if (!answer->violations)
        answer->violations = g_array_new(FALSE, FALSE, sizeof(tm_violation));
    g_array_append_val(answer->violations, violation);
}

static void read_violations(const tm_gemini_fault *fault, tm_answer *answer)
{
    bool long_wait = answer->retry_ms > HOUR_MS;
    const char *prose = fault->message;
    const json_t *failure = tm_gemini_detail(fault, "google.rpc.QuotaFailure");
    const json_t *info = tm_gemini_detail(fault, "google.rpc.ErrorInfo");
    const json_t *metadata = info ? tm_json_object(info, "metadata") : NULL;
    size_t i;
    json_t *item;
    json_array_foreach(failure ? tm_json_array(failure, "violations") : NULL, i, item) {
        const char *metric = tm_json_string(item, "quotaMetric", "");
        const char *id = tm_json_string(item, "quotaId", "");
        int64_t value = value_of(item, "quotaValue"), said = -1;
        g_autofree char *said_of = NULL;
        /* one line of prose a violation, in the same order: it may have the value that the field lacks */
        if (next_line(&prose, &said_of, &said) && value < 0 && (!*metric || strcmp(metric, said_of) == 0))
            value = said;
        if (*id || *metric)
            add(answer, violation_of(id, metric, value, long_wait));
    }
    if (!answer->violations && metadata && tm_json_string(metadata, "quota_limit", NULL))
        add(answer, violation_of(tm_json_string(metadata, "quota_limit", ""),
                                 tm_json_string(metadata, "quota_metric", ""),
                                 value_of(metadata, "quota_limit_value"), long_wait));
    if (!answer->violations) {
        char *metric;
        int64_t value;
        for (prose = fault->message; next_line(&prose, &metric, &value); g_free(metric))
            add(answer, violation_of("", metric, value, long_wait));
    }
}

/* Do the server's words speak of an empty purse, and of nothing else? */
static bool speaks_of_money(const char *message)
{
    /* an ordinary 429 says "check your plan and billing details": that is none */
    static const char *const words[] = {"prepayment credits", "prepaid credits", "credits are depleted",
                                        "spending cap", "spend cap"};
    for (size_t i = 0; i < G_N_ELEMENTS(words); i++)
        if (contains(message, words[i]))
            return true;
    return false;
}

const char *tm_gemini_read_refusal(const tm_gemini_fault *fault, tm_answer *answer)
{
    if (speaks_of_money(fault->message)) {
        answer->class = TM_CLASS_MONEY;
        return NULL;
    }
    if (contains(fault->message, "spend-based") || contains(fault->message, "spend rate")) {
        answer->class = TM_CLASS_QUOTA_MINUTE; /* dollars in rolling 10 minutes: passes by waiting */
        add(answer, (tm_violation){.unit = TM_UNIT_MICRO_USD, .window = TM_WINDOW_TEN_MINUTES, .value = -1});
        return NULL;
    }
    read_violations(fault, answer);
    bool day = false;
    for (guint i = 0; answer->violations && i < answer->violations->len; i++) {
        const tm_violation *v = &g_array_index(answer->violations, tm_violation, i);
        if (v->value == 0) {
            answer->class = TM_CLASS_NO_MODEL;
            return "this model is not on the key's tier (its limit is 0): waiting does not help";
        }
        day = day || v->window == TM_WINDOW_DAY;
    }
    if (!answer->violations && contains(fault->message, "resource exhausted. please try again"))
        answer->class = TM_CLASS_OVERLOADED; /* a shared pool's word for 503 */
    else
        answer->class = day || (!answer->violations && answer->retry_ms > HOUR_MS) ? TM_CLASS_QUOTA_DAY
                                                                                   : TM_CLASS_QUOTA_MINUTE;
    return NULL;
}
