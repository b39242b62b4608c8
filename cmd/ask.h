/* ask.h - questions to services, one each and all at once, waited for: for commands that want an answer now,
 * and outside of any quota. */
#pragma once
#include "core/clock.h"
#include "core/provider/provider.h"
#include "jobs/transport.h"

/* One question and what came of it. */
typedef struct {
    const tm_provider *provider;
    tm_operation operation;
    tm_answer answer; /* where `error` is NULL; what the service refuses is an answer, too */
    GError *error;
    int64_t took_ms;
    int64_t offset_low_ms, offset_high_ms; /* the server's clock minus ours lies between; both 0: not told */
    bool dated;
    /* while it is under way */
    tm_instant sent;
    int n_calls;
    bool ended;
} tm_asked;
void tm_asked_clear(tm_asked *asked);

/* Asks all of them over as many calls as each operation takes, within 30 s a call. */
void tm_ask_all(tm_transport *transport, tm_clock *clock, tm_asked *asked, size_t n);
