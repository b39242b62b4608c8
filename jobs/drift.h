/* drift.h - do rows suddenly cost far more than those before: a model that begins to think at length, a price
 * that changed? Pure: costs in, a word out. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

/* DEAR times the median of the last KEPT rows is dear; so many dear ones among the last LATELY are a drift.
 * One odd row is none: a night is not stopped for it. Nothing is said before FIRST rows have told what is
 * usual. */
enum { TM_DRIFT_KEPT = 64, TM_DRIFT_FIRST = 20, TM_DRIFT_DEAR = 5, TM_DRIFT_LATELY = 20, TM_DRIFT_MANY = 3 };

typedef struct {
    int64_t costs[TM_DRIFT_KEPT]; /* micro-dollars; a ring */
    unsigned n;
    uint32_t dear; /* a bit for each of the last rows, the newest lowest */
    int64_t usual; /* the median when the last one was added */
} tm_drift;

/* Adds what a row cost. True: it is a drift. */
bool tm_drift_add(tm_drift *drift, int64_t cost);
