/* openai_refusal.c - a 429's words: which limit, how much of it, and how long to wait. "Rate limit reached
 * for gpt-x in organization org-y on requests per day (RPD): Limit 200, Used 200, Requested 1. Please try
 * again in 7m12s." */
#include "core/provider/openai_parts.h"

#include <string.h>

/* The number after `word` ("Limit 200", "Limit: 30,000"); -1: none. */
static int64_t number_after(const char *text, const char *word)
{
    for (const char *at = strcasestr(text, word); at; at = strcasestr(at + 1, word)) {
        const char *digits = at + strlen(word);
        int64_t value = 0;
        digits += strspn(digits, ": ");
        if (!g_ascii_isdigit(*digits) || (at > text && g_ascii_isalpha(at[-1])))
            continue;
        for (; g_ascii_isdigit(*digits) || (*digits == ',' && g_ascii_isdigit(digits[1])); digits++)
            if (*digits != ',' && value < INT64_MAX / 100)
                value = value * 10 + (*digits - '0');
        return value;
    }
    return -1;
}

static bool has(const char *text, const char *words)
{
    return strcasestr(text, words) != NULL;
}

/* The limit that the words name. False: they name none. */
static bool limit_named(const char *text, tm_violation *v)
{
    static const struct {
        const char *word;
        tm_unit unit;
        tm_window window;
    } known[] = {
        {"(RPD)", TM_UNIT_REQUESTS, TM_WINDOW_DAY},
        {"(TPD)", TM_UNIT_TOKENS, TM_WINDOW_DAY},
        {"(RPM)", TM_UNIT_REQUESTS, TM_WINDOW_MINUTE},
        {"(TPM)", TM_UNIT_TOKENS, TM_WINDOW_MINUTE},
        {"(IPM)", TM_UNIT_IMAGES, TM_WINDOW_MINUTE},
        {"requests per day", TM_UNIT_REQUESTS, TM_WINDOW_DAY},
        {"tokens per day", TM_UNIT_TOKENS, TM_WINDOW_DAY},
        {"requests per min", TM_UNIT_REQUESTS, TM_WINDOW_MINUTE},
        {"tokens per min", TM_UNIT_TOKENS, TM_WINDOW_MINUTE},
        {"images per min", TM_UNIT_IMAGES, TM_WINDOW_MINUTE},
        {"free-models-per-day", TM_UNIT_REQUESTS, TM_WINDOW_DAY},
        {"free-models-per-min", TM_UNIT_REQUESTS, TM_WINDOW_MINUTE},
        {"daily request", TM_UNIT_REQUESTS, TM_WINDOW_DAY},
        {"daily token", TM_UNIT_TOKENS, TM_WINDOW_DAY},
        {"requests per second", TM_UNIT_REQUESTS, TM_WINDOW_MINUTE},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(known); i++) {
        if (!has(text, known[i].word))
            continue;
        v->unit = known[i].unit;
        v->window = known[i].window;
        return true;
    }
    return false;
}

/* New-api's own: "1分钟内最多请求10次", at most 10 requests within 1 minute. */
static bool proxy_limit(const char *text, tm_violation *v)
{
    const char *minutes = strstr(text, "分钟内"), *most = strstr(text, "最多请求");
    if (!minutes || !most)
        return false;
    const char *digits = minutes;
    while (digits > text && g_ascii_isdigit(digits[-1]))
        digits--;
    v->unit = TM_UNIT_REQUESTS;
    v->window = TM_WINDOW_MINUTE;
    if (g_ascii_strtoll(digits, NULL, 10) == 1)
        v->value = g_ascii_strtoll(most + strlen("最多请求"), NULL, 10);
    return true;
}

static void add(tm_answer *answer, tm_violation violation)
{
    if (!answer->violations)
        answer->violations = g_array_new(FALSE, FALSE, sizeof(tm_violation));
    g_array_append_val(answer->violations, violation);
}

const char *tm_openai_read_refusal(const tm_openai_fault *fault, tm_answer *answer)
{
    const char *text = fault->message;
    int64_t limit = number_after(text, "limit"), requested = number_after(text, "requested");
    tm_violation v = {.unit = TM_UNIT_REQUESTS, .window = TM_WINDOW_MINUTE, .value = -1};
    bool named = limit_named(text, &v);
    if (named && !has(text, "per second"))
        v.value = limit;
    if (!named)
        named = proxy_limit(text, &v);
    if (!named && strcmp(fault->type, "tokens") == 0) {
        v.unit = TM_UNIT_TOKENS;
        named = true;
    }
    if (limit >= 0 && requested > limit) {
        answer->class = TM_CLASS_TOO_LARGE;
        return "larger than the limit allows at once: it can never pass here";
    }
    if (named && v.value == 0) {
        add(answer, v);
        answer->class = TM_CLASS_NO_MODEL;
        return "this model is not on the account's plan (its limit is 0): waiting does not help";
    }
    if (named)
        add(answer, v);
    answer->class = named && v.window == TM_WINDOW_DAY ? TM_CLASS_QUOTA_DAY : TM_CLASS_QUOTA_MINUTE;
    return NULL;
}

/* ---- waits ---- */

/* "Please try again in 7m12s.", "in 6ms", "Try again in 60 seconds", "retry after 20 seconds". */
static int64_t prose_retry_ms(const char *message)
{
    static const char *const starts[] = {"try again in ", "retry in ", "retry after ", "try again after "};
    for (size_t i = 0; i < G_N_ELEMENTS(starts); i++) {
        const char *found = strcasestr(message, starts[i]);
        if (!found)
            continue;
        found += strlen(starts[i]);
        size_t length = strcspn(found, " \n\t,;)\"");
        while (length > 0 && found[length - 1] == '.')
            length--;
        g_autofree char *duration = g_strndup(found, length);
        int64_t ms = tm_go_duration_parse(duration);
        if (ms >= 0)
            return ms;
        char *end = NULL;
        double value = g_ascii_strtod(found, &end);
        end += strspn(end, " ");
        if (end > found && value >= 0 && value < 1e7 && g_str_has_prefix(end, "sec"))
            return (int64_t)(value * 1000);
        if (end > found && value >= 0 && value < 1e6 && g_str_has_prefix(end, "min"))
            return (int64_t)(value * 60000);
    }
    return -1;
}

/* retry-after-ms, then retry-after in seconds or as a date, which the reply's own Date makes a wait. */
static int64_t header_retry_ms(const tm_reply *reply)
{
    const char *ms = tm_openai_header(reply, "retry-after-ms"), *s = tm_openai_header(reply, "retry-after");
    const char *text = ms ? ms : s;
    char *end = NULL;
    double value = text ? g_ascii_strtod(text, &end) : -1;
    if (text && end > text && !*end && value >= 0 && value < 1e9)
        return (int64_t)(ms ? value : value * 1000);
    if (!s || reply->date_ms <= 0)
        return -1;
    char month[4];
    int day, year, hour, minute, second;
    if (sscanf(s, "%*3s, %2d %3s %4d %2d:%2d:%2d", &day, month, &year, &hour, &minute, &second) != 6)
        return -1;
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    const char *found = strstr(months, month);
    g_autoptr(GDateTime) at =
        found ? g_date_time_new_utc(year, (int)(found - months) / 3 + 1, day, hour, minute, second) : NULL;
    return at ? MAX(g_date_time_to_unix(at) * 1000 - reply->date_ms, 0) : -1;
}

int64_t tm_openai_retry_ms(const tm_openai_fault *fault, const tm_reply *reply)
{
    int64_t ms = header_retry_ms(reply), said = prose_retry_ms(fault->message);
    return MAX(ms, said);
}
