/* transport.h - carries calls and owns waiting, so that virtual time can leap. transport_curl.c is the real
 * one, the tests have a virtual one. */
#pragma once
#include "core/clock.h"
#include "core/provider/provider.h"

typedef enum {
    TM_EVENT_LEFT, /* the first byte is leaving: at most once a call, always before its DONE */
    TM_EVENT_DONE, /* the reply, or why there is none: exactly once a call */
} tm_event_kind;

typedef struct {
    tm_event_kind kind;
    uint64_t tag; /* as submitted */
    tm_instant at;
    tm_reply *reply; /* DONE; the receiver owns it */
} tm_event;

typedef struct tm_transport tm_transport;
struct tm_transport {
    /* Takes the call over (moves out of *call). A call is sent at most once, never again by itself. */
    gboolean (*submit)(tm_transport *self, tm_call *call, uint64_t tag, GError **error);
    /* Waits up to max_ms (0: looks only) for events or for one of `fds` to become readable, and gives up to
     * `n` events; returns how many. */
    int (*wait)(tm_transport *self, int64_t max_ms, const int *fds, int n_fds, tm_event *events, int n);
    /* Gives a call up; its DONE follows with TM_WIRE_CANCELLED. */
    void (*cancel)(tm_transport *self, uint64_t tag);
    void (*free)(tm_transport *self);
};

typedef struct {
    int64_t connect_ms;  /* default 10,000 */
    int64_t whole_ms;    /* default 600,000 */
    int64_t stall_ms;    /* no byte moved on the way up or down for so long: default 60,000 (a server that
                            thinks in silence before its first byte may take the whole time) */
    int64_t max_age_ms;  /* an idle connection is not used again after: default 3,000 */
    int64_t body_cap;    /* bytes of an answer, unpacked: default 64 MB */
    int max_connections; /* default 400 */
} tm_transport_options;
/* NULL options: the defaults. (transfer full: ->free) */
tm_transport *tm_transport_curl(tm_clock *clock, const tm_transport_options *options, GError **error);
