/* twin_fault.h - what goes wrong on purpose: "overloaded:0.05", "unknown@3,7", "blocked~weapon". */
#pragma once
#include <glib.h>
#include <stdint.h>

typedef enum {
    TM_FAULT_NONE,
    TM_FAULT_OVERLOADED, /* 503 */
    TM_FAULT_SERVER,     /* 500 */
    TM_FAULT_TIMEOUT,    /* never answered */
    TM_FAULT_UNKNOWN,    /* the connection is cut */
    TM_FAULT_HTML,       /* a front end's 502 page */
    TM_FAULT_ARRAY,      /* 503 wrapped in a list */
    TM_FAULT_BLOCKED,
    TM_FAULT_TRUNCATED,
    TM_FAULT_SCHEMA,
    TM_FAULT_EMPTY,       /* STOP without any text */
    TM_FAULT_BAD_REQUEST, /* from here on nothing is counted by the server */
    TM_FAULT_TOO_LARGE,
    TM_FAULT_AUTH,
    TM_FAULT_NO_MODEL,
    TM_FAULT_MONEY,
    TM_FAULT_QUOTA_MINUTE,
    TM_FAULT_QUOTA_DAY,
    TM_FAULT_QUOTA_BARE, /* a 429 without details */
} tm_twin_fault;

/* A compiled list. NULL and *error if one of `texts` (NULL-terminated, may be NULL) is none. (transfer full)
 */
GArray *tm_twin_faults_new(char **texts, GError **error);

/* What happens to the nth generate request (from 1) whose prompt is `text` (pieces split by newlines): the
 * first fault of the list that fits. Rates are drawn from (seed, nth): the same each time. */
tm_twin_fault tm_twin_faults_draw(const GArray *faults, uint64_t seed, int64_t nth, const char *text);

/* 64 well-mixed bits of (seed, n): what the twin uses for chance. */
uint64_t tm_twin_mix(uint64_t seed, uint64_t n);
