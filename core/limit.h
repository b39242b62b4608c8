/* limit.h - a limit is (unit, window, value); a request has a cost over the units; the windows of an
 * account say how long a minute and a day are there, and where its day begins. */
#pragma once
#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef enum {
    TM_UNIT_REQUESTS,
    TM_UNIT_INPUT_TOKENS, /* Gemini's TPM: input, cached tokens included */
    TM_UNIT_TOKENS,       /* OpenAI's TPM: input and output together */
    TM_UNIT_IMAGES,
    TM_UNIT_MICRO_USD,
    TM_UNIT_ENQUEUED_TOKENS, /* of Batch APIs */
    TM_N_UNITS,
} tm_unit;

typedef enum {
    TM_WINDOW_MINUTE,      /* sliding */
    TM_WINDOW_DAY,         /* from midnight to midnight of the account's day, or rolling */
    TM_WINDOW_TEN_MINUTES, /* sliding */
    TM_WINDOW_NONE,        /* for ever: a budget */
    TM_N_WINDOWS,
} tm_window;

/* Where a limit's value comes from; the lower the stronger. */
typedef enum {
    TM_SOURCE_FLAG,
    TM_SOURCE_CONFIG,
    TM_SOURCE_SEEN,      /* a 429's quotaValue */
    TM_SOURCE_HEADER,    /* a rate-limit header */
    TM_SOURCE_CATALOGUE, /* core/catalog.yaml with its as-of date */
    TM_SOURCE_DEFAULT,   /* nothing known: soft and low */
} tm_limit_source;

typedef struct {
    tm_unit unit;
    tm_window window;
    int64_t value; /* in the unit; 0: the model is not on this tier */
    tm_limit_source source;
    bool hard;       /* flag, config, or a 429 seen within 7 days; else soft: may be probed */
    int64_t seen_ms; /* wall time of the observation or of the catalogue's as-of date; 0: none */
} tm_limit;

/* What one request costs, by unit. */
typedef struct {
    int64_t of[TM_N_UNITS];
} tm_cost;

typedef enum { TM_DAY_PACIFIC, TM_DAY_UTC, TM_DAY_ZONE, TM_DAY_ROLLING, TM_DAY_NONE } tm_day_kind;

/* The windows of one account. */
typedef struct {
    tm_day_kind day;
    const char *zone;  /* IANA name with TM_DAY_ZONE; interned */
    int64_t minute_ms; /* 60000, or shorter to rehearse */
    int64_t day_ms; /* 0: calendar days of the zone; else days start at multiples of this since the epoch */
} tm_windows;

extern const tm_windows tm_windows_default; /* Pacific calendar days, minutes of 60 s */

/* "requests", "input_tokens", ...; "minute", "day", ...; "flag", "config", "seen", ... */
const char *tm_unit_name(tm_unit unit);
const char *tm_window_name(tm_window window);
const char *tm_limit_source_name(tm_limit_source source);
/* "RPM", "TPM", "RPD", "TPD", "IPM" where the field has a word for it, else "unit per window". Static. */
const char *tm_limit_word(tm_unit unit, tm_window window);

/* The account's day that holds `wall_ms`: *start_ms <= wall_ms < *end_ms. Calendar days follow the tz
 * database (23 and 25 hours included; without tzdata Pacific falls back to its POSIX rule). A rolling
 * day is [wall_ms - day, wall_ms]. TM_DAY_NONE: from 0 to INT64_MAX. */
void tm_day_of(const tm_windows *windows, int64_t wall_ms, int64_t *start_ms, int64_t *end_ms);

/* "500ms", "2s", "1.5m", "24h", "1d" to milliseconds; -1 if it is none of these. */
int64_t tm_duration_parse(const char *text);
/* "38.2s", "9h23m44.78s", "900ms" (Go and protobuf durations) to milliseconds, rounded up; -1 if none. */
int64_t tm_go_duration_parse(const char *text);
