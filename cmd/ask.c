/* ask.c - see ask.h */
#include "cmd/ask.h"

#include "core/error.h"
#include <inttypes.h>

static const int most_calls = 50;         /* pages of a list of models */
static const int64_t patience_ms = 30000; /* for one call */

/* Waits for the one call in flight. NULL: nothing within the time. */
static tm_reply *await(tm_transport *transport, tm_clock *clock, tm_instant *at)
{
    int64_t until = tm_clock_now(clock).boot_ms + patience_ms;
    for (;;) {
        int64_t left = until - tm_clock_now(clock).boot_ms;
        if (left <= 0)
            return NULL;
        tm_event event;
        if (transport->wait(transport, left, NULL, 0, &event, 1) == 1 && event.kind == TM_EVENT_DONE) {
            *at = event.at;
            return event.reply;
        }
    }
}

gboolean tm_ask(tm_transport *transport, tm_clock *clock, const tm_provider *provider,
                const tm_operation *operation, tm_asked *out, GError **error)
{
    g_auto(tm_call) call = {0};
    tm_answer_init(&out->answer);
    if (!provider->begin(operation, &call, error))
        return FALSE;
    for (int i = 0; i < most_calls; i++) {
        call.timeout_ms = patience_ms;
        tm_instant sent = tm_clock_now(clock), at = sent;
        if (!transport->submit(transport, &call, (uint64_t)i, error)) {
            tm_answer_clear(&out->answer);
            return FALSE;
        }
        g_autoptr(tm_reply) got = await(transport, clock, &at);
        if (!got) {
            tm_answer_clear(&out->answer);
            return tm_fail(error, TM_ERROR_STATE, "no answer within %" PRId64 " s", patience_ms / 1000);
        }
        out->took_ms = at.boot_ms - sent.boot_ms;
        if (got->date_ms > 0) {
            out->dated = true;
            out->offset_low_ms = got->date_ms - at.wall_ms;
            out->offset_high_ms = got->date_ms + 1000 - sent.wall_ms;
        }
        tm_call_clear(&call);
        if (provider->next(operation, got, &call, &out->answer) == TM_STEP_ANSWER)
            return TRUE;
    }
    tm_answer_clear(&out->answer);
    return tm_fail(error, TM_ERROR_STATE, "the list of models has no end");
}
