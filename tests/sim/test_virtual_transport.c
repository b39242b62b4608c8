/* test_virtual_transport.c - the virtual world keeps the promises that transport.h makes. */
#include <string.h>
#include <unistd.h>

#include "tests/sim/virtual_transport.h"

static const tm_twin_options open_house = {.rpm = -1,
                                           .tpm = -1,
                                           .rpd = -1,
                                           .latency_ms = 500,
                                           .windows = {.day = TM_DAY_PACIFIC, .minute_ms = 60000}};

typedef struct {
    tm_twin *twin;
    virtual_world *world;
    virtual_clock clock;
    tm_transport *transport;
    GString *seen; /* "L1 D1:200 " */
} house;

static house open_with(const tm_twin_options *twin_options, const virtual_options *options)
{
    house h = {.twin = tm_twin_new(twin_options), .seen = g_string_new(NULL)};
    h.world = virtual_world_new(h.twin, options);
    return h;
}

/* The clock must not move once the transport knows it. */
static void connect_house(house *h)
{
    virtual_clock_init(&h->clock, virtual_world_time(h->world));
    h->transport = virtual_transport_new(h->world, &h->clock);
}

static void close_house(house *h)
{
    if (h->transport)
        h->transport->free(h->transport);
    virtual_world_free(h->world);
    tm_twin_free(h->twin);
    g_string_free(h->seen, TRUE);
}

static void send(tm_transport *transport, uint64_t tag)
{
    tm_call call = {.method = "POST",
                    .url = g_strdup("http://127.0.0.1:1/v1beta/models/gemini-2.5-flash:generateContent"),
                    .key_header = g_strdup("x-goog-api-key: k"),
                    .body = g_string_new(NULL)};
    g_string_printf(call.body, "{\"contents\":[{\"parts\":[{\"text\":\"row %d\"}]}]}", (int)tag);
    g_assert_true(transport->submit(transport, &call, tag, NULL));
    g_assert_null(call.url);
}

static void note(GString *seen, tm_event *events, int n)
{
    for (int i = 0; i < n; i++) {
        int tag = (int)events[i].tag;
        if (events[i].kind == TM_EVENT_LEFT)
            g_string_append_printf(seen, "L%d ", tag);
        else if (events[i].reply->wire == TM_WIRE_OK)
            g_string_append_printf(seen, "D%d:%d ", tag, events[i].reply->http);
        else
            g_string_append_printf(seen, "D%d:%s%s ", tag,
                                   events[i].reply->wire == TM_WIRE_CUT         ? "cut"
                                   : events[i].reply->wire == TM_WIRE_TIMEOUT   ? "timeout"
                                   : events[i].reply->wire == TM_WIRE_CANCELLED ? "cancelled"
                                                                                : "never",
                                   events[i].reply->left ? "+" : "-");
        if (events[i].reply)
            tm_reply_free(events[i].reply);
    }
}

static void drain(house *h)
{
    tm_event events[4];
    for (int n = 1; n > 0;) {
        int64_t most = virtual_transport_in_flight(h->transport) > 0 ? 1000000 : 0;
        n = h->transport->wait(h->transport, most, NULL, 0, events, 4);
        note(h->seen, events, n);
    }
}

static void count_arrival(const json_t *line, void *data)
{
    (void)line;
    ++*(int *)data;
}

static void a_call_leaves_then_is_done(void)
{
    house h = open_with(&open_house, NULL);
    connect_house(&h);
    int64_t begun = *virtual_world_time(h.world);
    send(h.transport, 1);
    drain(&h);
    g_assert_cmpstr(h.seen->str, ==, "L1 D1:200 ");
    g_assert_cmpint(*virtual_world_time(h.world) - begun, >=, 500);
    g_assert_cmpint(*virtual_world_time(h.world) - begun, <, 900);
    close_house(&h);
}

static void waiting_leaps_to_the_event_or_by_the_whole_wait(void)
{
    house h = open_with(&open_house, NULL);
    connect_house(&h);
    tm_event events[4];
    int64_t begun = *virtual_world_time(h.world);
    g_assert_cmpint(h.transport->wait(h.transport, 3600000, NULL, 0, events, 4), ==, 0);
    g_assert_cmpint(*virtual_world_time(h.world) - begun, ==, 3600000);
    tm_instant now = tm_clock_now(&h.clock.clock);
    g_assert_cmpint(now.wall_ms, ==, begun + 3600000);
    g_assert_cmpint(now.boot_ms, ==, 7200000);
    send(h.transport, 1);
    int n = h.transport->wait(h.transport, 3600000, NULL, 0, events, 4);
    g_assert_cmpint(n, ==, 1);
    g_assert_cmpint(*virtual_world_time(h.world) - begun, <=, 3600020); /* not a moment later than LEFT */
    note(h.seen, events, n);
    g_assert_cmpint(h.transport->wait(h.transport, 0, NULL, 0, events, 4), ==, 0);
    g_assert_cmpint(h.transport->wait(h.transport, 5, NULL, 0, events, 4), ==, 0);
    drain(&h);
    close_house(&h);
}

static void a_readable_descriptor_ends_a_wait(void)
{
    house h = open_with(&open_house, NULL);
    connect_house(&h);
    int ends[2];
    tm_event events[4];
    g_assert_cmpint(pipe(ends), ==, 0);
    g_assert_cmpint(write(ends[1], "x", 1), ==, 1);
    int64_t begun = *virtual_world_time(h.world);
    g_assert_cmpint(h.transport->wait(h.transport, 1000, ends, 1, events, 4), ==, 0);
    g_assert_cmpint(*virtual_world_time(h.world), ==, begun);
    close(ends[0]);
    close(ends[1]);
    close_house(&h);
}

static void faults_keep_the_rules(void)
{
    static const struct {
        const char *name;
        virtual_options options;
        const char *seen;
        int arrivals;
    } cases[] = {
        {"never left", {.start_ms = 1, .never_left = 1}, "D1:never- ", 0},
        {"cut before", {.start_ms = 1, .cut_before = 1}, "L1 D1:cut+ ", 0},
        {"cut after", {.start_ms = 1, .cut_after = 1}, "L1 D1:cut+ ", 1},
        {"stalled", {.start_ms = 1, .stalled = 1, .timeout_ms = 5000}, "L1 D1:timeout+ ", 1},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        house h = open_with(&open_house, &cases[i].options);
        int arrivals = 0;
        connect_house(&h);
        tm_twin_set_log(h.twin, count_arrival, &arrivals);
        send(h.transport, 1);
        drain(&h);
        g_assert_cmpstr(h.seen->str, ==, cases[i].seen);
        g_assert_cmpint(arrivals, ==, cases[i].arrivals);
        g_assert_cmpuint(virtual_world_pending(h.world), ==, 0);
        close_house(&h);
    }
}

static void the_twins_own_faults_come_through(void)
{
    char *fails[] = {"unknown@1", "timeout@2", NULL};
    tm_twin_options options = open_house;
    options.fails = fails;
    house h = open_with(&options, NULL);
    connect_house(&h);
    for (uint64_t tag = 1; tag <= 3; tag++) {
        send(h.transport, tag);
        drain(&h);
    }
    g_assert_cmpstr(h.seen->str, ==, "L1 D1:cut+ L2 D2:timeout+ L3 D3:200 ");
    close_house(&h);
}

static void a_cancelled_call_may_have_arrived(void)
{
    house h = open_with(&open_house, NULL);
    int arrivals = 0;
    tm_event events[4];
    connect_house(&h);
    tm_twin_set_log(h.twin, count_arrival, &arrivals);
    send(h.transport, 1);
    h.transport->cancel(h.transport, 1); /* before its first byte */
    send(h.transport, 2);
    int n = h.transport->wait(h.transport, 0, NULL, 0, events, 4);
    note(h.seen, events, n);
    n = h.transport->wait(h.transport, 100, NULL, 0, events, 4);
    note(h.seen, events, n);
    h.transport->cancel(h.transport, 2); /* on its way */
    h.transport->cancel(h.transport, 3); /* none of ours */
    drain(&h);
    virtual_world_leap(h.world, 10000);
    virtual_world_leap(h.world, 10000);
    g_assert_cmpstr(h.seen->str, ==, "D1:cancelled- L2 D2:cancelled+ ");
    g_assert_cmpint(arrivals, ==, 1);
    close_house(&h);
}

static void a_dead_process_has_sent_what_left(void)
{
    house h = open_with(&open_house, NULL);
    int arrivals = 0;
    tm_event events[8];
    connect_house(&h);
    tm_twin_set_log(h.twin, count_arrival, &arrivals);
    send(h.transport, 1);
    int n = h.transport->wait(h.transport, 100, NULL, 0, events, 8);
    note(h.seen, events, n);
    send(h.transport, 2); /* dies before this one leaves */
    h.transport->free(h.transport);
    h.transport = NULL;
    while (virtual_world_pending(h.world))
        virtual_world_leap(h.world, -1);
    g_assert_cmpstr(h.seen->str, ==, "L1 ");
    g_assert_cmpint(arrivals, ==, 1);
    close_house(&h);
}

static void several_transports_share_one_server(void)
{
    tm_twin_options options = open_house;
    options.rpm = 3;
    house a = open_with(&options, NULL);
    connect_house(&a);
    virtual_clock other_clock;
    virtual_clock_init(&other_clock, virtual_world_time(a.world));
    virtual_clock_set_ahead(&other_clock, -90000);
    tm_transport *other = virtual_transport_new(a.world, &other_clock);
    g_autoptr(GString) seen = g_string_new(NULL);
    tm_event events[8];
    send(a.transport, 1);
    send(a.transport, 2);
    send(other, 1);
    send(other, 2);
    int refused = 0;
    while (virtual_transport_in_flight(a.transport) + virtual_transport_in_flight(other) > 0) {
        virtual_world_leap(a.world, 60000);
        int n = a.transport->wait(a.transport, 0, NULL, 0, events, 8);
        note(seen, events, n);
        n = other->wait(other, 0, NULL, 0, events, 8);
        for (int i = 0; i < n; i++)
            g_assert_cmpint(events[i].at.wall_ms, ==, *virtual_world_time(a.world) - 90000);
        note(seen, events, n);
    }
    for (const char *at = seen->str; (at = strstr(at, ":429")); at++)
        refused++;
    g_assert_cmpint(refused, ==, 1);
    other->free(other);
    close_house(&a);
}

static char *night(uint64_t seed)
{
    virtual_options options = virtual_options_default;
    options.seed = seed;
    options.cut_after = options.cut_before = options.never_left = 0.1;
    house h = open_with(&open_house, &options);
    connect_house(&h);
    for (uint64_t tag = 1; tag <= 200; tag++)
        send(h.transport, tag);
    drain(&h);
    char *seen = g_strdup(h.seen->str);
    close_house(&h);
    return seen;
}

static void the_seed_is_the_night(void)
{
    g_autofree char *one = night(1), *again = night(1), *other = night(2);
    g_assert_cmpstr(one, ==, again);
    g_assert_cmpstr(one, !=, other);
}

static void clocks_step_and_reboot(void)
{
    int64_t true_ms = 1000000000;
    virtual_clock clock;
    virtual_clock_init(&clock, &true_ms);
    tm_instant before = tm_clock_now(&clock.clock);
    virtual_clock_set_ahead(&clock, 5000);
    g_assert_cmpint(tm_clock_now(&clock.clock).wall_ms, ==, before.wall_ms + 5000);
    g_assert_cmpint(tm_clock_now(&clock.clock).boot_ms, ==, before.boot_ms);
    virtual_clock_reboot(&clock);
    g_assert_cmpint(tm_clock_now(&clock.clock).boot_ms, ==, 0);
    g_assert_cmpuint(tm_clock_now(&clock.clock).boot_id, !=, before.boot_id);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_set_nonfatal_assertions();
    g_test_add_func("/virtual/a call leaves, then is done", a_call_leaves_then_is_done);
    g_test_add_func("/virtual/waiting leaps to the event, or by the whole wait",
                    waiting_leaps_to_the_event_or_by_the_whole_wait);
    g_test_add_func("/virtual/a readable descriptor ends a wait", a_readable_descriptor_ends_a_wait);
    g_test_add_func("/virtual/faults keep the rules of LEFT and DONE", faults_keep_the_rules);
    g_test_add_func("/virtual/the twin's own faults come through", the_twins_own_faults_come_through);
    g_test_add_func("/virtual/a cancelled call may have arrived", a_cancelled_call_may_have_arrived);
    g_test_add_func("/virtual/a dead process has sent what left", a_dead_process_has_sent_what_left);
    g_test_add_func("/virtual/several transports share one server", several_transports_share_one_server);
    g_test_add_func("/virtual/the seed is the night", the_seed_is_the_night);
    g_test_add_func("/virtual/clocks step and reboot", clocks_step_and_reboot);
    return g_test_run();
}
