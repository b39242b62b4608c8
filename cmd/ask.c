/* ask.c - see ask.h */
#include "cmd/ask.h"

#include "core/error.h"
#include <inttypes.h>

static const int most_calls = 50;         /* pages of a list of models */
static const int64_t patience_ms = 30000; /* for one call */

void tm_asked_clear(tm_asked *asked)
{
    tm_answer_clear(&asked->answer);
    g_clear_error(&asked->error);
}

/* The call's tag tells whose it is, and which of its calls: an answer that comes too late is nobody's. */
static uint64_t tag_of(size_t i, int n_calls)
{
    return ((uint64_t)i << 32) + (uint64_t)n_calls;
}

static void send_call(tm_transport *transport, tm_clock *clock, tm_asked *asked, size_t i, tm_call *call)
{
    call->timeout_ms = patience_ms;
    asked->sent = tm_clock_now(clock);
    if (++asked->n_calls > most_calls)
        tm_fail(&asked->error, TM_ERROR_STATE, "the list of models has no end");
    else
        transport->submit(transport, call, tag_of(i, asked->n_calls), &asked->error);
    asked->ended = asked->error != NULL;
}

static void read_reply(tm_transport *transport, tm_clock *clock, tm_asked *asked, size_t i,
                       const tm_event *event)
{
    g_auto(tm_call) call = {0};
    const tm_reply *reply = event->reply;
    asked->took_ms = event->at.boot_ms - asked->sent.boot_ms;
    if (reply->date_ms > 0) {
        asked->dated = true;
        asked->offset_low_ms = reply->date_ms - event->at.wall_ms;
        asked->offset_high_ms = reply->date_ms + 1000 - asked->sent.wall_ms;
    }
    if (asked->provider->next(&asked->operation, reply, &call, &asked->answer) == TM_STEP_ANSWER)
        asked->ended = true;
    else
        send_call(transport, clock, asked, i, &call);
}

/* How long the first of those under way still has. -1: none is. */
static int64_t patience_left(tm_clock *clock, tm_asked *asked, size_t n)
{
    int64_t least = -1, now_ms = tm_clock_now(clock).boot_ms;
    for (size_t i = 0; i < n; i++) {
        int64_t left = asked[i].sent.boot_ms + patience_ms - now_ms;
        if (!asked[i].ended && left <= 0) {
            asked[i].ended = true;
            tm_fail(&asked[i].error, TM_ERROR_STATE, "no answer within %" PRId64 " s", patience_ms / 1000);
        }
        if (!asked[i].ended && (least < 0 || left < least))
            least = left;
    }
    return least;
}

void tm_ask_all(tm_transport *transport, tm_clock *clock, tm_asked *asked, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        g_auto(tm_call) call = {0};
        tm_answer_init(&asked[i].answer);
        if (asked[i].provider->begin(&asked[i].operation, &call, &asked[i].error))
            send_call(transport, clock, &asked[i], i, &call);
        else
            asked[i].ended = true;
    }
    int64_t left;
    while ((left = patience_left(clock, asked, n)) >= 0) {
        tm_event event;
        if (transport->wait(transport, left, NULL, 0, &event, 1) != 1 || event.kind != TM_EVENT_DONE)
            continue;
        size_t i = (size_t)(event.tag >> 32);
        if (i < n && !asked[i].ended && event.tag == tag_of(i, asked[i].n_calls))
            read_reply(transport, clock, &asked[i], i, &event);
        tm_reply_free(event.reply);
    }
}
