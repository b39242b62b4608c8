/* ask.h - one question to a service, waited for: for commands that want an answer now, and outside of any
 * quota. */
#pragma once
#include "core/clock.h"
#include "core/provider/provider.h"
#include "jobs/transport.h"

/* One question and what came of it. */
typedef struct {
    tm_answer answer;
    int64_t took_ms;
    int64_t offset_low_ms, offset_high_ms; /* the server's clock minus ours lies between; both 0: not told */
    bool dated;
} tm_asked;

/* Asks over as many calls as the operation takes, within 30 s each. Free out->answer with tm_answer_clear();
 * what the service refuses is an answer, too. */
gboolean tm_ask(tm_transport *transport, tm_clock *clock, const tm_provider *provider,
                const tm_operation *operation, tm_asked *out, GError **error);
