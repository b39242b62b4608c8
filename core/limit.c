/* limit.c - names of units, windows and sources; durations as people and servers write them */
#include "core/limit.h"

#include <string.h>

const tm_windows tm_windows_default = {.day = TM_DAY_PACIFIC, .minute_ms = 60 * 1000};

const char *tm_unit_name(tm_unit unit)
{
    static const char *const names[TM_N_UNITS] = {
        [TM_UNIT_REQUESTS] = "requests",   [TM_UNIT_INPUT_TOKENS] = "input_tokens",
        [TM_UNIT_TOKENS] = "tokens",       [TM_UNIT_IMAGES] = "images",
        [TM_UNIT_MICRO_USD] = "micro_usd", [TM_UNIT_ENQUEUED_TOKENS] = "enqueued_tokens",
    };
    return (unsigned)unit < TM_N_UNITS ? names[unit] : "unknown";
}

const char *tm_window_name(tm_window window)
{
    static const char *const names[TM_N_WINDOWS] = {
        [TM_WINDOW_MINUTE] = "minute",
        [TM_WINDOW_DAY] = "day",
        [TM_WINDOW_TEN_MINUTES] = "ten_minutes",
        [TM_WINDOW_NONE] = "none",
    };
    return (unsigned)window < TM_N_WINDOWS ? names[window] : "unknown";
}

const char *tm_limit_source_name(tm_limit_source source)
{
    static const char *const names[] = {
        [TM_SOURCE_FLAG] = "flag",     [TM_SOURCE_CONFIG] = "config",       [TM_SOURCE_SEEN] = "seen",
        [TM_SOURCE_HEADER] = "header", [TM_SOURCE_CATALOGUE] = "catalogue", [TM_SOURCE_DEFAULT] = "default",
    };
    return (unsigned)source < G_N_ELEMENTS(names) ? names[source] : "unknown";
}

const char *tm_limit_word(tm_unit unit, tm_window window)
{
    static const char *const words[TM_N_UNITS][TM_N_WINDOWS] = {
        [TM_UNIT_REQUESTS] = {"RPM", "RPD", "requests per 10 minutes", "requests in all"},
        [TM_UNIT_INPUT_TOKENS] = {"TPM", "TPD", "input tokens per 10 minutes", "input tokens in all"},
        [TM_UNIT_TOKENS] = {"TPM", "TPD", "tokens per 10 minutes", "tokens in all"},
        [TM_UNIT_IMAGES] = {"IPM", "IPD", "images per 10 minutes", "images in all"},
        [TM_UNIT_MICRO_USD] = {"budget per minute", "budget of a day", "budget per 10 minutes",
                               "budget in all"},
        [TM_UNIT_ENQUEUED_TOKENS] = {"tokens enqueued per minute", "tokens enqueued per day",
                                     "tokens enqueued per 10 minutes", "tokens enqueued"},
    };
    if ((unsigned)unit >= TM_N_UNITS || (unsigned)window >= TM_N_WINDOWS)
        return "unknown";
    return words[unit][window];
}

typedef struct {
    const char *name;
    int64_t ns;
} time_unit;

/* Longer names first: "ms" begins with "m". Both spellings of micro (U+00B5, U+03BC) are Go's. */
static const time_unit go_units[] = {
    {"ns", 1},       {"us", 1000},      {"\302\265s", 1000}, {"\316\274s", 1000},
    {"ms", 1000000}, {"s", 1000000000}, {"m", 60000000000},  {"h", 3600000000000},
};
static const time_unit our_units[] = {
    {"ms", 1000000}, {"s", 1000000000}, {"m", 60000000000}, {"h", 3600000000000}, {"d", 86400000000000},
};

static const time_unit *unit_at(const time_unit *units, size_t n, const char *text)
{
    for (size_t i = 0; i < n; i++)
        if (g_str_has_prefix(text, units[i].name))
            return &units[i];
    return NULL;
}

/* Reads one "1.5h" at *text, moves *text behind it and adds it to *ns; false if there is none or it is
 * longer than int64_t holds (292 years). Digits beyond the nanosecond only round up. */
static bool take_part(const char **text, const time_unit *units, size_t n_units, int64_t *ns)
{
    const char *p = *text;
    int64_t whole = 0;
    __int128 fraction = 0, scale = 1;
    int digits = 0;
    bool rest = false;
    for (; g_ascii_isdigit(*p); p++, digits++)
        if (__builtin_mul_overflow(whole, 10, &whole) || __builtin_add_overflow(whole, *p - '0', &whole))
            return false;
    if (*p == '.')
        for (p++; g_ascii_isdigit(*p); p++, digits++) {
            if (scale < 1000000000000000) {
                fraction = fraction * 10 + (*p - '0');
                scale *= 10;
            } else {
                rest = rest || *p != '0';
            }
        }
    const time_unit *unit = unit_at(units, n_units, p);
    if (!digits || !unit)
        return false;
    int64_t part = (int64_t)((fraction * unit->ns + scale - 1) / scale) + (rest ? 1 : 0);
    if (__builtin_mul_overflow(whole, unit->ns, &whole) || __builtin_add_overflow(whole, part, &part) ||
        __builtin_add_overflow(*ns, part, ns))
        return false;
    *text = p + strlen(unit->name);
    return true;
}

static int64_t ns_to_ms(int64_t ns)
{
    return ns / 1000000 + (ns % 1000000 > 0);
}

int64_t tm_duration_parse(const char *text)
{
    int64_t ns = 0;
    if (!text || !take_part(&text, our_units, G_N_ELEMENTS(our_units), &ns) || *text)
        return -1;
    return ns_to_ms(ns);
}

int64_t tm_go_duration_parse(const char *text)
{
    int64_t ns = 0;
    if (!text || !*text)
        return -1;
    if (strcmp(text, "0") == 0)
        return 0;
    while (*text)
        if (!take_part(&text, go_units, G_N_ELEMENTS(go_units), &ns))
            return -1;
    return ns_to_ms(ns);
}
