/* rehearsal_meter.h - one limit's use in virtual time: what the ledger keeps in its tables, kept in memory
 * for a rehearsal. Sliding windows as slots, days as one sum. Boot and wall time are the same here. */
#pragma once
#include "jobs/quota.h"

/* What lies in a sliding window: so much at this instant. */
typedef struct {
    int64_t at_ms;
    int64_t amount;
} tm_slot;

typedef struct {
    tm_use use; /* as the policy reads it: tm_meter_read() */
    bool slides;
    int64_t width_ms; /* of a slot */
    GArray *slots;    /* tm_slot, oldest first; those before `first` have left the window */
    guint first;
    int64_t tomorrow;  /* a calendar day: what is charged to the day to come already */
    int64_t waited_ms; /* how long this limit alone kept rows waiting */
} tm_meter;

/* From what the ledger says of the limit at `now_ms`. A soft limit is taken for the server's own, but for
 * rows of more than it: `most` of its unit in one row is taken to be allowed. exact: a slot a millisecond. */
void tm_meter_init(tm_meter *meter, const tm_use *use, bool exact, int64_t most, int64_t now_ms);
void tm_meter_clear(tm_meter *meter);

/* Brings `use` up to now: `need` is what the next request costs of it. */
void tm_meter_read(tm_meter *meter, int64_t need, int64_t now_ms);
/* Adds `amount` at an instant, or takes it away again (less than 0: it was added at the same instant). */
void tm_meter_add(tm_meter *meter, int64_t amount, int64_t at_ms);
/* A new day begins ... */
void tm_meter_turn_day(tm_meter *meter);
/* ... and opened at `start_ms`; the one after it opens at `opens_ms`. */
void tm_meter_date_day(tm_meter *meter, int64_t start_ms, int64_t opens_ms);
/* All that lies in it happened so much later. */
void tm_meter_shift(tm_meter *meter, int64_t by_ms);
