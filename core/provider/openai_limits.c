/* openai_limits.c - what a service's headers tell: its limits, whether a window is spent, and on a refusal
 * how long to wait. Wire facts, section 7: each service means something else by nearly the same names. */
#include "core/provider/openai_parts.h"

#include <string.h>

#define SECOND ((int64_t)1000)
#define MINUTE (60 * SECOND)
#define DAY (24 * 60 * MINUTE)

/* One family of headers: x-ratelimit-{limit,remaining,reset}-NAME. */
typedef struct {
    const char *name;
    tm_unit unit;
    tm_window window; /* TM_N_WINDOWS: told by how fast it refills */
} family;

static const family openai_families[] = {
    {"requests", TM_UNIT_REQUESTS, TM_N_WINDOWS}, {"tokens", TM_UNIT_TOKENS, TM_N_WINDOWS}, {NULL, 0, 0}};
static const family groq_families[] = {{"requests", TM_UNIT_REQUESTS, TM_WINDOW_DAY},
                                       {"tokens", TM_UNIT_TOKENS, TM_WINDOW_MINUTE},
                                       {NULL, 0, 0}};
static const family mistral_families[] = {{"req-minute", TM_UNIT_REQUESTS, TM_WINDOW_MINUTE},
                                          {"tokens-minute", TM_UNIT_TOKENS, TM_WINDOW_MINUTE},
                                          {NULL, 0, 0}};
static const family cerebras_families[] = {{"requests-day", TM_UNIT_REQUESTS, TM_WINDOW_DAY},
                                           {"requests-minute", TM_UNIT_REQUESTS, TM_WINDOW_MINUTE},
                                           {"tokens-minute", TM_UNIT_TOKENS, TM_WINDOW_MINUTE},
                                           {"tokens-day", TM_UNIT_TOKENS, TM_WINDOW_DAY},
                                           {NULL, 0, 0}};

const char *tm_openai_header(const tm_reply *reply, const char *name)
{
    return reply->headers ? g_hash_table_lookup(reply->headers, name) : NULL;
}

static const char *header_of(const tm_reply *reply, const char *what, const char *name)
{
    g_autofree char *whole = g_strdup_printf("x-ratelimit-%s-%s", what, name);
    return tm_openai_header(reply, whole);
}

/* -1: absent, or no plain number. */
static int64_t number_of(const char *text)
{
    char *end = NULL;
    double value = text ? g_ascii_strtod(text, &end) : -1;
    return text && end > text && !*end && value >= 0 && value < 1e15 ? (int64_t)value : -1;
}

/* "6m0s", "20ms", "1s", or seconds as a number ("33.5"); -1: none. */
static int64_t reset_of(const char *text)
{
    char *end = NULL;
    if (!text)
        return -1;
    double seconds = g_ascii_strtod(text, &end);
    if (end > text && !*end)
        return seconds >= 0 && seconds < 1e8 ? (int64_t)(seconds * 1000 + 0.999) : -1;
    return tm_go_duration_parse(text);
}

static void tell(tm_answer *answer, tm_unit unit, tm_window window, int64_t value)
{
    tm_violation told = {.unit = unit, .window = window, .value = value};
    if (!answer->told)
        answer->told = g_array_new(FALSE, FALSE, sizeof(tm_violation));
    g_array_append_val(answer->told, told);
}

/* A limit that refills all the time: how long the whole of it takes says which window it is of. An unknown
 * proxy may count in fixed windows: there only a reset within the minute tells anything. */
static tm_window window_of(int64_t limit, int64_t used, int64_t reset, bool refills)
{
    if (used <= 0 || reset < 0)
        return TM_N_WINDOWS;
    if (!refills)
        return reset <= MINUTE + SECOND ? TM_WINDOW_MINUTE : TM_N_WINDOWS;
    double whole = (double)reset * (double)limit / (double)used;
    return whole <= 2 * MINUTE                        ? TM_WINDOW_MINUTE
           : whole >= DAY * 0.8 && whole <= DAY * 1.2 ? TM_WINDOW_DAY
                                                      : TM_N_WINDOWS;
}

static void read_family(const tm_reply *reply, const family *f, bool refills, tm_answer *answer)
{
    int64_t limit = number_of(header_of(reply, "limit", f->name));
    int64_t left = number_of(header_of(reply, "remaining", f->name));
    int64_t reset = reset_of(header_of(reply, "reset", f->name));
    bool good = answer->http >= 200 && answer->http < 300;
    tm_window window = f->window;
    if (limit == 0 && answer->http == 429 && f->window != TM_N_WINDOWS) { /* Mistral: not in the plan */
        tm_violation never = {.unit = f->unit, .window = f->window, .value = 0};
        if (!answer->violations)
            answer->violations = g_array_new(FALSE, FALSE, sizeof never);
        g_array_append_val(answer->violations, never);
        answer->class = TM_CLASS_NO_MODEL;
        return;
    }
    if (limit <= 0) /* Azure sends -1 and 0 */
        return;
    if (window == TM_N_WINDOWS)
        window = window_of(limit, left >= 0 ? limit - left : 0, reset, refills);
    if (window != TM_N_WINDOWS)
        tell(answer, f->unit, window, limit);
    if (left != 0 || reset <= 0)
        return;
    /* What refills all the time has room for one more sooner than it is full again. */
    int64_t wait =
        refills && f->window == TM_N_WINDOWS && f->unit == TM_UNIT_REQUESTS ? reset / limit + 1 : reset;
    if (good)
        answer->pause_ms = MAX(answer->pause_ms, wait);
    else if (answer->http == 429 && answer->retry_ms < 0)
        answer->retry_ms = wait;
}

/* A refusal of OpenRouter's tells the limit and the instant of its end. */
static void read_openrouter(const tm_reply *reply, tm_answer *answer)
{
    int64_t limit = number_of(tm_openai_header(reply, "x-ratelimit-limit"));
    int64_t reset = number_of(tm_openai_header(reply, "x-ratelimit-reset"));
    if (answer->http != 429 || answer->class == TM_CLASS_MONEY)
        return;
    if (reset > 0 && reply->date_ms > 0 && answer->retry_ms < 0)
        answer->retry_ms = MAX(reset - reply->date_ms, 0);
    if (!answer->violations || answer->violations->len == 0 || limit <= 0)
        return;
    tm_violation *v = &g_array_index(answer->violations, tm_violation, 0);
    if (v->value < 0)
        v->value = limit;
}

void tm_openai_read_limits(const tm_account *account, const tm_reply *reply, tm_answer *answer)
{
    tm_header_style style = account->service ? account->service->headers : TM_HEADERS_PLAIN;
    const family *families = style == TM_HEADERS_GROQ       ? groq_families
                             : style == TM_HEADERS_MISTRAL  ? mistral_families
                             : style == TM_HEADERS_CEREBRAS ? cerebras_families
                                                            : openai_families;
    if (!reply->headers || style == TM_HEADERS_NONE)
        return;
    if (style == TM_HEADERS_OPENROUTER) {
        read_openrouter(reply, answer);
        return;
    }
    for (; families->name; families++)
        read_family(reply, families, style == TM_HEADERS_OPENAI, answer);
}
