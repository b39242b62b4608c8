/* virtual_transport.h - transports over a world of virtual time whose server is the twin. Several engines can
 * share one world: each has a transport of its own, and all calls reach the one server in the order of their
 * arrival.
 *
 * One engine: transport->wait() leaps by itself. Several: step them all, then virtual_world_leap() by the
 * least of their wake_ms, then wait(0) on each. */
#pragma once
#include "jobs/transport.h"
#include "jobs/twin/twin.h"
#include "tests/sim/virtual_clock.h"

typedef struct {
    int64_t start_ms;   /* true time at the beginning; Unix epoch */
    uint64_t seed;      /* of all chance below: the same seed gives the same run */
    int64_t connect_ms; /* submit to LEFT: 0..connect_ms */
    int64_t way_ms;     /* LEFT to arrival: 0..way_ms, drawn for each call: network jitter */
    int64_t back_ms;    /* the server's answer to DONE: 0..back_ms */
    double never_left;  /* rate of calls that never leave: DNS, refused, TLS in turn */
    double cut_before;  /* rate of calls cut after LEFT and before they arrive */
    double cut_after;   /* rate of calls cut after the server has judged them */
    double stalled; /* rate of calls judged by the server whose answer never comes: the timeout ends them */
    int64_t timeout_ms; /* of a call that brings none; 0: 600,000 */
} virtual_options;

/* start 2026-11-24 08:00 UTC (Pacific midnight), 20 ms to connect, 350 ms of jitter, 20 ms back, no faults */
extern const virtual_options virtual_options_default;

typedef struct virtual_world virtual_world;
/* The twin is borrowed. NULL options: the defaults. (transfer full) */
virtual_world *virtual_world_new(tm_twin *twin, const virtual_options *options);
/* Its transports must be freed before. */
void virtual_world_free(virtual_world *world);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(virtual_world, virtual_world_free)

/* True time, for virtual_clock_init(). Borrowed. */
const int64_t *virtual_world_time(const virtual_world *world);
/* Leaps to the next thing that happens at all, or by max_ms; whichever comes first. */
void virtual_world_leap(virtual_world *world, int64_t max_ms);
/* Things that are still to happen. */
guint virtual_world_pending(const virtual_world *world);
/* Faults from now on, e.g. to let the weather change in mid-night. */
void virtual_world_set_options(virtual_world *world, const virtual_options *options);

/* A machine's network. wait() looks at the fds it is given but never waits for them. Freeing a transport is
 * that process's death: what has left arrives all the same, what has not is gone. Clock borrowed; (transfer
 * full) */
tm_transport *virtual_transport_new(virtual_world *world, virtual_clock *clock);
/* Events that wait() would hand over now. */
guint virtual_transport_events(const tm_transport *transport);
/* Calls that it has taken and not yet handed back. */
guint virtual_transport_in_flight(const tm_transport *transport);
