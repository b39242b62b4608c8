/* virtual_transport.c - calls as entries in one queue of things to come, ordered by true time. */
#include "tests/sim/virtual_transport.h"

#include <poll.h>
#include <string.h>

#include "jobs/twin/twin_fault.h"

typedef struct virtual_transport virtual_transport;

typedef enum {
    LEAVE,  /* the first byte goes out */
    ARRIVE, /* the server judges */
    RETURN, /* the answer, or its lack, is known to the client */
    EXPIRE, /* the client's own timeout */
} step;

/* One call on its way. Lives until nothing of it is to come. */
typedef struct {
    virtual_transport *transport; /* NULL: given up by the client: cancelled, or its process is dead */
    uint64_t tag;
    tm_call call;
    tm_wire fault; /* how it ends without an answer; OK: it does not */
    bool stalls, left, fault_after;
    tm_twin_reply reply;
    int n_steps;           /* of it in the queue */
    GSequenceIter *expiry; /* its EXPIRE among them; NULL: over */
} flight;

typedef struct {
    int64_t at_ms;
    uint64_t number; /* things of one instant happen in the order they were planned */
    step step;
    flight *flight;
} happening;

struct virtual_world {
    tm_twin *twin;
    virtual_options options;
    int64_t now_ms;
    uint64_t n_drawn, n_planned, n_faults;
    GSequence *queue; /* of happening */
};

struct virtual_transport {
    tm_transport transport; /* first */
    virtual_world *world;
    virtual_clock *clock;
    GQueue *events;      /* of tm_event*, not yet handed over */
    GHashTable *flights; /* tag -> flight */
};

/* 2026-11-24 08:00 UTC */
const virtual_options virtual_options_default = {
    .start_ms = INT64_C(1795507200000), .seed = 1, .connect_ms = 20, .way_ms = 350, .back_ms = 20};

/* Chance. */

static int64_t draw_ms(virtual_world *world, int64_t most)
{
    uint64_t drawn = tm_twin_mix(world->options.seed, world->n_drawn++);
    return most > 0 ? (int64_t)(drawn % (uint64_t)(most + 1)) : 0;
}

static bool draw_rate(virtual_world *world, double rate)
{
    return (double)(tm_twin_mix(world->options.seed, world->n_drawn++) >> 11) * 0x1p-53 < rate;
}

/* The queue. */

static gint by_time(gconstpointer a, gconstpointer b, gpointer data)
{
    const happening *one = a, *other = b;
    (void)data;
    if (one->at_ms != other->at_ms)
        return one->at_ms < other->at_ms ? -1 : 1;
    return one->number < other->number ? -1 : 1;
}

static GSequenceIter *plan(virtual_world *world, flight *f, step what, int64_t in_ms)
{
    happening *h = g_new(happening, 1);
    *h = (happening){world->now_ms + MAX(in_ms, 0), world->n_planned++, what, f};
    f->n_steps++;
    return g_sequence_insert_sorted(world->queue, h, by_time, NULL);
}

static void flight_release(flight *f)
{
    if (f->n_steps > 0)
        return;
    tm_call_clear(&f->call);
    tm_twin_reply_clear(&f->reply);
    g_free(f);
}

static void tell(flight *f, tm_event_kind kind, tm_reply *reply)
{
    virtual_transport *t = f->transport;
    tm_event *event = g_new(tm_event, 1);
    *event = (tm_event){.kind = kind, .tag = f->tag, .at = tm_clock_now(&t->clock->clock), .reply = reply};
    g_queue_push_tail(t->events, event);
}

/* The client knows the end of it. */
static void finish(flight *f, tm_reply *reply)
{
    if (!f->transport) {
        tm_reply_free(reply);
        return;
    }
    if (f->expiry) {
        g_sequence_remove(g_steal_pointer(&f->expiry));
        f->n_steps--;
    }
    reply->left = f->left;
    tell(f, TM_EVENT_DONE, reply);
    g_hash_table_remove(f->transport->flights, &f->tag);
    f->transport = NULL;
}

static void finish_without(flight *f, tm_wire wire, const char *detail)
{
    tm_reply *reply = g_new0(tm_reply, 1);
    reply->wire = wire;
    reply->detail = g_strdup(detail);
    finish(f, reply);
}

/* What happens. */

static void leave(virtual_world *world, flight *f)
{
    if (!f->transport) /* cancelled, or dead, before its first byte went out */
        return;
    if (f->fault == TM_WIRE_DNS || f->fault == TM_WIRE_REFUSED || f->fault == TM_WIRE_TLS) {
        finish_without(f, f->fault, "no connection");
        return;
    }
    f->left = true;
    tell(f, TM_EVENT_LEFT, NULL);
    plan(world, f, ARRIVE, draw_ms(world, world->options.way_ms));
}

static const char *key_of(const tm_call *call, gboolean *bearer)
{
    const char *line = call->key_header, *colon = line ? strchr(line, ':') : NULL;
    if (!colon)
        return NULL;
    const char *key = colon + 1 + strspn(colon + 1, " ");
    *bearer = g_ascii_strncasecmp(line, "authorization:", 14) == 0;
    return *bearer && g_ascii_strncasecmp(key, "Bearer ", 7) == 0 ? key + 7 : key;
}

static const char *path_of(const char *url)
{
    const char *host = strstr(url, "://");
    const char *path = strchr(host ? host + 3 : url, '/');
    return path ? path : "/";
}

static void arrive(virtual_world *world, flight *f)
{
    if (f->fault == TM_WIRE_CUT && !f->fault_after) { /* the server never saw it; the client can't know */
        finish_without(f, TM_WIRE_CUT, "connection reset on the way");
        return;
    }
    gboolean bearer = FALSE;
    const char *key = key_of(&f->call, &bearer);
    const tm_twin_request request = {
        .method = f->call.method,
        .path = path_of(f->call.url),
        .key = key,
        .bearer = bearer,
        .body = f->call.body ? f->call.body->str : NULL,
        .length = f->call.body ? f->call.body->len : 0,
    };
    tm_twin_judge(world->twin, &request, world->now_ms, &f->reply);
    tm_call_clear(&f->call); /* a night's bodies need not wait for their answers */
    if (!f->stalls && f->reply.fate != TM_TWIN_HANG)
        plan(world, f, RETURN, f->reply.delay_ms + draw_ms(world, world->options.back_ms));
}

static void come_back(virtual_world *world, flight *f)
{
    if (f->fault == TM_WIRE_CUT || f->reply.fate == TM_TWIN_CUT) {
        finish_without(f, TM_WIRE_CUT, "connection closed without an answer");
        return;
    }
    tm_reply *reply = g_new0(tm_reply, 1);
    reply->wire = TM_WIRE_OK;
    reply->http = f->reply.http;
    reply->body = g_steal_pointer(&f->reply.body);
    reply->headers = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    g_hash_table_insert(reply->headers, g_strdup("content-type"), g_strdup(f->reply.content_type));
    for (guint i = 0; f->reply.headers && i + 1 < f->reply.headers->len; i += 2)
        g_hash_table_insert(reply->headers, g_ascii_strdown(f->reply.headers->pdata[i], -1),
                            g_strdup(f->reply.headers->pdata[i + 1]));
    if (f->reply.retry_after_ms > 0)
        g_hash_table_insert(reply->headers, g_strdup("retry-after"),
                            g_strdup_printf("%" G_GINT64_FORMAT, (f->reply.retry_after_ms + 999) / 1000));
    reply->date_ms = world->now_ms - world->now_ms % 1000; /* a Date header has whole seconds */
    finish(f, reply);
}

/* Lets the next thing happen, at its instant. */
static void happen(virtual_world *world)
{
    GSequenceIter *first = g_sequence_get_begin_iter(world->queue);
    happening h = *(happening *)g_sequence_get(first);
    g_sequence_remove(first);
    world->now_ms = MAX(world->now_ms, h.at_ms);
    h.flight->n_steps--;
    switch (h.step) {
    case LEAVE:
        leave(world, h.flight);
        break;
    case ARRIVE:
        arrive(world, h.flight);
        break;
    case RETURN:
        come_back(world, h.flight);
        break;
    case EXPIRE:
        h.flight->expiry = NULL;
        if (h.flight->transport)
            finish_without(h.flight, TM_WIRE_TIMEOUT, "no answer in time");
        break;
    }
    flight_release(h.flight);
}

static int64_t next_ms(const virtual_world *world)
{
    GSequenceIter *first = g_sequence_get_begin_iter(world->queue);
    return g_sequence_iter_is_end(first) ? INT64_MAX : ((const happening *)g_sequence_get(first))->at_ms;
}

/* The world. */

virtual_world *virtual_world_new(tm_twin *twin, const virtual_options *options)
{
    virtual_world *world = g_new0(virtual_world, 1);
    world->twin = twin;
    world->options = options ? *options : virtual_options_default;
    world->now_ms = world->options.start_ms;
    world->queue = g_sequence_new(g_free);
    return world;
}

void virtual_world_free(virtual_world *world)
{
    if (!world)
        return;
    while (g_sequence_get_length(world->queue)) {
        GSequenceIter *first = g_sequence_get_begin_iter(world->queue);
        flight *f = ((happening *)g_sequence_get(first))->flight;
        g_sequence_remove(first);
        f->n_steps--;
        flight_release(f);
    }
    g_sequence_free(world->queue);
    g_free(world);
}

const int64_t *virtual_world_time(const virtual_world *world)
{
    return &world->now_ms;
}

guint virtual_world_pending(const virtual_world *world)
{
    return (guint)g_sequence_get_length(world->queue);
}

void virtual_world_set_options(virtual_world *world, const virtual_options *options)
{
    world->options = *options;
}

void virtual_world_leap(virtual_world *world, int64_t max_ms)
{
    int64_t next = next_ms(world);
    if (max_ms < 0 && next == INT64_MAX)
        return; /* nothing will ever happen */
    int64_t until = max_ms < 0 || max_ms > INT64_MAX - world->now_ms ? INT64_MAX : world->now_ms + max_ms;
    if (next > until) {
        world->now_ms = until;
        return;
    }
    while (next_ms(world) == next)
        happen(world);
}

/* A transport. */

/* Plans a call's way: the first step at once or after a connect, its end by the timeout. */
static void launch(virtual_world *world, flight *f)
{
    static const tm_wire never[] = {TM_WIRE_DNS, TM_WIRE_REFUSED, TM_WIRE_TLS};
    const virtual_options *o = &world->options;
    bool never_left = draw_rate(world, o->never_left), cut_before = draw_rate(world, o->cut_before);
    bool cut_after = draw_rate(world, o->cut_after);
    f->stalls = draw_rate(world, o->stalled);
    f->fault_after = cut_after && !cut_before;
    f->fault = never_left                ? never[world->n_faults++ % G_N_ELEMENTS(never)]
               : cut_before || cut_after ? TM_WIRE_CUT
                                         : TM_WIRE_OK;
    int64_t timeout_ms = f->call.timeout_ms > 0 ? f->call.timeout_ms
                         : o->timeout_ms > 0    ? o->timeout_ms
                                                : 600000;
    plan(world, f, LEAVE, draw_ms(world, o->connect_ms));
    f->expiry = plan(world, f, EXPIRE, timeout_ms);
}

static gboolean submit(tm_transport *self, tm_call *call, uint64_t tag, GError **error)
{
    virtual_transport *t = (virtual_transport *)self;
    flight *f = g_new0(flight, 1);
    (void)error;
    g_assert_false(g_hash_table_contains(t->flights, &tag));
    f->transport = t;
    f->tag = tag;
    f->call = *call;
    *call = (tm_call){0};
    g_hash_table_insert(t->flights, &f->tag, f);
    launch(t->world, f);
    return TRUE;
}

static bool is_readable(const int *fds, int n_fds)
{
    for (int i = 0; i < n_fds; i++) {
        struct pollfd one = {.fd = fds[i], .events = POLLIN};
        if (poll(&one, 1, 0) > 0)
            return true;
    }
    return false;
}

static int wait_events(tm_transport *self, int64_t max_ms, const int *fds, int n_fds, tm_event *events, int n)
{
    virtual_transport *t = (virtual_transport *)self;
    int64_t until = max_ms > INT64_MAX - t->world->now_ms ? INT64_MAX : t->world->now_ms + max_ms;
    while (g_queue_is_empty(t->events) && !is_readable(fds, n_fds)) {
        if (max_ms < 0 ? next_ms(t->world) == INT64_MAX : next_ms(t->world) > until)
            break;
        virtual_world_leap(t->world, -1);
    }
    if (g_queue_is_empty(t->events) && max_ms > 0 && until < INT64_MAX && !is_readable(fds, n_fds))
        t->world->now_ms = MAX(t->world->now_ms, until);
    int given = 0;
    while (given < n && !g_queue_is_empty(t->events)) {
        tm_event *event = g_queue_pop_head(t->events);
        events[given++] = *event;
        g_free(event);
    }
    return given;
}

static void cancel(tm_transport *self, uint64_t tag)
{
    virtual_transport *t = (virtual_transport *)self;
    flight *f = g_hash_table_lookup(t->flights, &tag);
    if (!f)
        return;
    finish_without(f, TM_WIRE_CANCELLED, "given up");
    flight_release(f);
}

static void transport_free(tm_transport *self)
{
    virtual_transport *t = (virtual_transport *)self;
    GHashTableIter iter;
    gpointer f;
    g_hash_table_iter_init(&iter, t->flights);
    while (g_hash_table_iter_next(&iter, NULL, &f)) {
        flight *one = f;
        one->transport = NULL;
        g_sequence_remove(g_steal_pointer(&one->expiry));
        one->n_steps--;
        flight_release(one);
    }
    g_hash_table_unref(t->flights);
    while (!g_queue_is_empty(t->events)) {
        tm_event *event = g_queue_pop_head(t->events);
        if (event->reply)
            tm_reply_free(event->reply);
        g_free(event);
    }
    g_queue_free(t->events);
    g_free(t);
}

tm_transport *virtual_transport_new(virtual_world *world, virtual_clock *clock)
{
    virtual_transport *t = g_new0(virtual_transport, 1);
    t->transport =
        (tm_transport){.submit = submit, .wait = wait_events, .cancel = cancel, .free = transport_free};
    t->world = world;
    t->clock = clock;
    t->events = g_queue_new();
    t->flights = g_hash_table_new(g_int64_hash, g_int64_equal);
    return &t->transport;
}

guint virtual_transport_in_flight(const tm_transport *transport)
{
    return g_hash_table_size(((const virtual_transport *)transport)->flights);
}

guint virtual_transport_events(const tm_transport *transport)
{
    return g_queue_get_length(((const virtual_transport *)transport)->events);
}
