/* test_transport.c - a call is sent at most once, LEFT and DONE say exactly what happened, and a bad server
 * can't hang, fill or fool us */
#include "jobs/transport.h"

#include "jobs/clock_system.h"
#include "tests/unit/rude_server.h"
#include <signal.h>
#include <stdio.h>

enum { MAX_CALLS = 600, PATIENCE_MS = 20000 };

static const tm_transport_options quick = {
    .connect_ms = 400, .whole_ms = 3000, .stall_ms = 300, .body_cap = 50000};

/* What was seen of each call; the tag is the index. */
typedef struct {
    int left, done;
    bool left_after_done;
    tm_reply *reply;
} seen;

typedef struct {
    rude_server *server;
    tm_transport *transport;
    seen calls[MAX_CALLS];
    guint n;
} bench;

static void begin(bench *b, const tm_transport_options *options)
{
    memset(b, 0, sizeof *b);
    b->server = rude_start();
    b->transport = tm_transport_curl(tm_clock_system(), options, NULL);
    g_assert_nonnull(b->transport);
}

static void end(bench *b)
{
    b->transport->free(b->transport);
    for (guint i = 0; i < b->n; i++)
        tm_reply_free(b->calls[i].reply);
    rude_stop(b->server);
}

static uint64_t submit_url(bench *b, const char *url, const char *body, size_t length, int64_t timeout_ms)
{
    g_auto(tm_call) call = {.method = body ? "POST" : "GET", .url = g_strdup(url), .timeout_ms = timeout_ms};
    g_autoptr(GError) error = NULL;
    call.headers = g_ptr_array_new_with_free_func(g_free);
    g_ptr_array_add(call.headers, g_strdup("Content-Type: application/json"));
    call.key_header = g_strdup("x-goog-api-key: AIzaSecret");
    call.body = body ? g_string_new_len(body, (gssize)length) : NULL;
    g_assert_true(b->transport->submit(b->transport, &call, b->n, &error));
    g_assert_no_error(error);
    g_assert_null(call.url); /* it was taken over */
    return b->n++;
}

static uint64_t submit(bench *b, const char *path)
{
    g_autofree char *url = g_strdup_printf("http://127.0.0.1:%d%s", b->server->port, path);
    return submit_url(b, url, "{}", 2, 0);
}

static void note(bench *b, tm_event *events, int n)
{
    for (int i = 0; i < n; i++) {
        seen *call = &b->calls[events[i].tag];
        g_assert_cmpint(events[i].at.boot_ms, >, 0);
        if (events[i].kind == TM_EVENT_LEFT) {
            call->left++;
            call->left_after_done = call->left_after_done || call->done;
        } else {
            call->done++;
            tm_reply_free(call->reply);
            call->reply = events[i].reply;
        }
    }
}

/* Until call `tag` is done (or has left). */
static void await(bench *b, uint64_t tag, bool only_left)
{
    tm_event events[16];
    int64_t end_us = g_get_monotonic_time() + PATIENCE_MS * 1000;
    while (!(only_left ? b->calls[tag].left : b->calls[tag].done) && g_get_monotonic_time() < end_us)
        note(b, events, b->transport->wait(b->transport, 1000, NULL, 0, events, 16));
}

static tm_reply *reply_of(bench *b, uint64_t tag)
{
    await(b, tag, false);
    seen *call = &b->calls[tag];
    g_assert_cmpint(call->done, ==, 1);
    g_assert_false(call->left_after_done);
    g_assert_nonnull(call->reply);
    g_assert_cmpint(call->left, ==, call->reply->left); /* LEFT exactly once, if at all */
    return call->reply;
}

static void expect_fine(bench *b, uint64_t tag)
{
    tm_reply *reply = reply_of(b, tag);
    g_assert_cmpint(reply->wire, ==, TM_WIRE_OK);
    g_assert_cmpint(reply->http, ==, 200);
    g_assert_true(reply->left);
    g_assert_cmpstr(reply->body->str, ==, "fine");
}

static void expect_wire(bench *b, uint64_t tag, tm_wire wire, bool left)
{
    tm_reply *reply = reply_of(b, tag);
    g_assert_cmpint(reply->wire, ==, wire);
    g_assert_cmpint(reply->left, ==, left);
    g_assert_cmpint(reply->http, ==, 0);
    g_assert_null(reply->body);
    g_assert_nonnull(reply->detail);
    g_test_message("%s", reply->detail);
}

/* ---- answers ---- */

static void polite(void)
{
    bench b;
    begin(&b, &quick);
    uint64_t tag = submit(&b, "/ok");
    expect_fine(&b, tag);
    tm_reply *reply = b.calls[tag].reply;
    g_assert_cmpint(reply->date_ms, ==, 1795543200000); /* 2026-11-24 18:00:00 UTC */
    g_assert_cmpstr(g_hash_table_lookup(reply->headers, "x-ratelimit-limit"), ==, "7");
    g_assert_null(g_hash_table_lookup(reply->headers, "server"));
    expect_fine(&b, submit(&b, "/early"));
    g_assert_cmpstr(reply_of(&b, submit(&b, "/gzip"))->body->str, ==, "{\"unpacked\": true}");
    g_assert_cmpint(b.server->connections, ==, 1);
    g_assert_cmpint(b.server->requests, ==, 3);
    end(&b);
}

static void what_is_said(void)
{
    bench b;
    begin(&b, NULL);
    g_autofree char *big = g_malloc(2 << 20);
    memset(big, 'b', 2 << 20);
    g_autofree char *url = g_strdup_printf("http://127.0.0.1:%d/head", b.server->port);
    const char *head = reply_of(&b, submit_url(&b, url, big, 2 << 20, 0))->body->str;
    g_assert_nonnull(strstr(head, "\r\nUser-Agent: tidemill/"));
    g_assert_nonnull(strstr(head, "\r\nx-goog-api-key: AIzaSecret\r\n"));
    g_assert_nonnull(strstr(head, "\r\nContent-Type: application/json\r\n"));
    g_assert_nonnull(strstr(head, "\r\nAccept-Encoding: "));
    g_assert_nonnull(strstr(head, "\r\nContent-Length: 2097152\r\n"));
    g_assert_null(strcasestr(head, "expect:"));
    head = reply_of(&b, submit_url(&b, url, NULL, 0, 0))->body->str; /* the same handle, now a GET */
    g_assert_true(g_str_has_prefix(head, "GET /head HTTP/1.1\r\n"));
    g_assert_null(strcasestr(head, "content-length:"));
    end(&b);
}

static void bodies_with_nuls(void)
{
    bench b;
    begin(&b, NULL);
    g_autofree char *url = g_strdup_printf("http://127.0.0.1:%d/echo", b.server->port);
    tm_reply *reply = reply_of(&b, submit_url(&b, url, "a\0b", 3, 0));
    g_assert_cmpint((int)reply->body->len, ==, 3);
    g_assert_true(memcmp(reply->body->str, "a\0b", 3) == 0);
    end(&b);
}

static void redirects(void)
{
    bench b;
    begin(&b, &quick);
    tm_reply *reply = reply_of(&b, submit(&b, "/redirect"));
    g_assert_cmpint(reply->wire, ==, TM_WIRE_OK);
    g_assert_cmpint(reply->http, ==, 302);
    g_assert_cmpstr(g_hash_table_lookup(reply->headers, "location"), ==, "http://elsewhere.example/");
    g_assert_cmpint(b.server->requests, ==, 1);
    end(&b);
}

/* ---- never a second time ---- */

static void idle_close(void)
{
    bench b;
    begin(&b, &quick);
    for (int i = 1; i <= 3; i++) {
        expect_fine(&b, submit(&b, "/close-idle"));
        g_usleep(50 * 1000); /* let the close arrive */
        g_assert_cmpint(b.server->requests, ==, i);
    }
    end(&b);
}

static void cut_on_reuse(void)
{
    bench b;
    begin(&b, &quick);
    for (int i = 0; i < 3; i++) {
        expect_fine(&b, submit(&b, "/cut-reused"));
        expect_wire(&b, submit(&b, "/cut-reused"), TM_WIRE_CUT, true);
    }
    g_assert_cmpint(b.server->requests, ==, 6); /* libcurl alone would make 9 */
    expect_fine(&b, submit(&b, "/ok"));         /* the handle goes on */
    end(&b);
}

static void cut_half_way(void)
{
    bench b;
    begin(&b, &quick);
    expect_wire(&b, submit(&b, "/nothing"), TM_WIRE_CUT, true);
    expect_wire(&b, submit(&b, "/cut-half"), TM_WIRE_CUT, true);
    expect_wire(&b, submit(&b, "/garbage"), TM_WIRE_CUT, true);
    g_assert_cmpint(b.server->requests, ==, 3);
    end(&b);
}

static void too_old(void)
{
    tm_transport_options options = quick;
    options.max_age_ms = 1000;
    bench b;
    begin(&b, &options);
    expect_fine(&b, submit(&b, "/ok"));
    expect_fine(&b, submit(&b, "/ok"));
    g_assert_cmpint(b.server->connections, ==, 1);
    g_usleep(2100 * 1000);
    expect_fine(&b, submit(&b, "/ok"));
    g_assert_cmpint(b.server->connections, ==, 2);
    end(&b);
}

/* ---- never left ---- */

static void never_left(void)
{
    bench b;
    begin(&b, &quick);
    int port, fd = rude_listen(&port);
    close(fd);
    g_autofree char *refused = g_strdup_printf("http://127.0.0.1:%d/", port);
    expect_wire(&b, submit_url(&b, refused, "{}", 2, 0), TM_WIRE_REFUSED, false);

    /* a label of 70 letters fails in the resolver, without a question to the network */
    g_autofree char *label = g_strnfill(70, 'a');
    g_autofree char *unknown = g_strdup_printf("http://%s.invalid/", label);
    expect_wire(&b, submit_url(&b, unknown, "{}", 2, 0), TM_WIRE_DNS, false);

    g_autofree char *no_tls = g_strdup_printf("https://127.0.0.1:%d/ok", b.server->port);
    tm_wire wire = reply_of(&b, submit_url(&b, no_tls, "{}", 2, 0))->wire;
    g_assert_true(wire == TM_WIRE_TLS || wire == TM_WIRE_TIMEOUT);
    g_assert_cmpint(b.calls[b.n - 1].left, ==, 0);

    fd = rude_listen(&port); /* accepts in the kernel, and says nothing: the handshake waits */
    g_autofree char *silent = g_strdup_printf("https://127.0.0.1:%d/", port);
    expect_wire(&b, submit_url(&b, silent, "{}", 2, 0), TM_WIRE_TIMEOUT, false);
    close(fd);

    expect_wire(&b, submit_url(&b, "ftp://127.0.0.1/", "{}", 2, 0), TM_WIRE_REFUSED, false);
    expect_wire(&b, submit_url(&b, "http://user:word@127.0.0.1/", "{}", 2, 0), TM_WIRE_REFUSED, false);
    g_assert_cmpint(b.server->requests, ==, 0);
    end(&b);
}

static void proxies(void)
{
    g_setenv("http_proxy", "http://user:hunter2@127.0.0.1:1", TRUE);
    bench b;
    begin(&b, &quick);
    expect_fine(&b, submit(&b, "/ok")); /* this machine's own is reached without it */
    uint64_t tag = submit_url(&b, "http://world.example/", "{}", 2, 0);
    expect_wire(&b, tag, TM_WIRE_REFUSED, false);
    g_assert_null(strstr(b.calls[tag].reply->detail, "hunter2"));
    end(&b);
    g_unsetenv("http_proxy");
}

/* ---- too slow, too big, given up ---- */

static void stalls(void)
{
    bench b;
    begin(&b, &quick);
    uint64_t think = submit(&b, "/think"), slow = submit(&b, "/slow"), down = submit(&b, "/stall-down");
    g_autofree char *big = g_malloc0(32 << 20);
    g_autofree char *url = g_strdup_printf("http://127.0.0.1:%d/stall-up", b.server->port);
    uint64_t up = submit_url(&b, url, big, 32 << 20, 0);
    expect_wire(&b, up, TM_WIRE_TIMEOUT, true);
    expect_wire(&b, down, TM_WIRE_TIMEOUT, true);
    g_assert_cmpint(reply_of(&b, think)->http, ==, 200); /* silence before the first byte is thinking */
    g_assert_cmpint(reply_of(&b, slow)->http, ==, 200);  /* slow is no stall */
    end(&b);
}

static void whole_time(void)
{
    bench b;
    begin(&b, &quick);
    g_autofree char *url = g_strdup_printf("http://127.0.0.1:%d/hang", b.server->port);
    expect_wire(&b, submit_url(&b, url, "{}", 2, 300), TM_WIRE_TIMEOUT, true);
    g_assert_cmpint(b.server->requests, ==, 1);
    end(&b);
}

static void caps(void)
{
    bench b;
    begin(&b, &quick);
    expect_wire(&b, submit(&b, "/huge"), TM_WIRE_TOO_BIG, true);
    expect_wire(&b, submit(&b, "/bomb"), TM_WIRE_TOO_BIG, true);
    end(&b);
}

static void given_up(void)
{
    tm_transport_options options = quick;
    options.max_connections = 2;
    bench b;
    begin(&b, &options);
    uint64_t gone = submit(&b, "/hang");
    uint64_t never = submit(&b, "/hang");
    uint64_t queued = submit(&b, "/hang");
    b.transport->cancel(b.transport, never);
    b.transport->cancel(b.transport, queued);
    await(&b, gone, true);
    b.transport->cancel(b.transport, gone);
    b.transport->cancel(b.transport, gone); /* twice is once */
    b.transport->cancel(b.transport, 599);  /* nobody's */
    expect_wire(&b, never, TM_WIRE_CANCELLED, false);
    expect_wire(&b, queued, TM_WIRE_CANCELLED, false);
    expect_wire(&b, gone, TM_WIRE_CANCELLED, true);
    expect_fine(&b, submit(&b, "/ok"));
    submit(&b, "/hang"); /* freed while in flight */
    submit(&b, "/hang");
    submit(&b, "/hang");
    end(&b);
}

/* ---- many, and waiting ---- */

static void many(void)
{
    tm_transport_options options = quick;
    options.max_connections = 8;
    options.whole_ms = 30000;
    bench b;
    begin(&b, &options);
    for (int i = 0; i < 500; i++)
        submit(&b, "/ok");
    for (uint64_t i = 0; i < 500; i++)
        expect_fine(&b, i);
    g_assert_cmpint(b.server->requests, ==, 500);
    g_assert_cmpint(b.server->connections, <=, 8);
    end(&b);
}

static void other_fds(void)
{
    bench b;
    begin(&b, NULL);
    int fds[2];
    tm_event event;
    g_assert_cmpint(pipe(fds), ==, 0);
    int64_t start_us = g_get_monotonic_time();
    g_assert_cmpint(b.transport->wait(b.transport, 0, fds, 1, &event, 1), ==, 0);
    g_assert_cmpint(b.transport->wait(b.transport, 30, fds, 1, &event, 1), ==, 0);
    g_assert_cmpint(g_get_monotonic_time() - start_us, >=, 28000);
    g_assert_cmpint(write(fds[1], "x", 1), ==, 1);
    start_us = g_get_monotonic_time();
    g_assert_cmpint(b.transport->wait(b.transport, INT64_MAX, fds, 1, &event, 1), ==, 0);
    g_assert_cmpint(g_get_monotonic_time() - start_us, <, 5000000);
    close(fds[0]);
    close(fds[1]);
    end(&b);
}

/* ---- TLS ---- */

/* A TLS server that promises keep-alive and closes after each answer, which libcurl 7.88 does not see (curl
 * issue 10646). Prints its port, then a line for each request. */
static const char tls_server[] =
    "import socket, ssl, sys, time\n"
    "c = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER); c.load_cert_chain(sys.argv[1], sys.argv[2])\n"
    "s = socket.create_server(('127.0.0.1', 0)); print(s.getsockname()[1], flush=True)\n"
    "while True:\n"
    "    raw, _ = s.accept()\n"
    "    try:\n"
    "        t = c.wrap_socket(raw, server_side=True)\n"
    "        if b'\\r\\n\\r\\n' in t.recv(65536):\n"
    "            print('request', flush=True)\n"
    "            t.sendall(b'HTTP/1.1 200 OK\\r\\nConnection: keep-alive\\r\\nContent-Length: "
    "4\\r\\n\\r\\nfine')\n"
    "        t.close()\n"
    "    except OSError: raw.close()\n";

static void over_tls(void)
{
    g_autofree char *dir = g_dir_make_tmp("tls-XXXXXX", NULL);
    g_autofree char *key = g_build_filename(dir, "key.pem", NULL),
                    *cert = g_build_filename(dir, "cert.pem", NULL);
    char *make[] = {"openssl",
                    "req",
                    "-x509",
                    "-newkey",
                    "ec",
                    "-pkeyopt",
                    "ec_paramgen_curve:prime256v1",
                    "-nodes",
                    "-days",
                    "2",
                    "-subj",
                    "/CN=tidemill",
                    "-addext",
                    "subjectAltName=IP:127.0.0.1",
                    "-keyout",
                    key,
                    "-out",
                    cert,
                    NULL};
    char *serve[] = {"python3", "-c", (char *)tls_server, cert, key, NULL};
    int status = -1, out = -1;
    GPid pid = 0;
    if (!g_spawn_sync(NULL, make, NULL, G_SPAWN_SEARCH_PATH | G_SPAWN_STDERR_TO_DEV_NULL, NULL, NULL, NULL,
                      NULL, &status, NULL) ||
        status != 0 ||
        !g_spawn_async_with_pipes(NULL, serve, NULL, G_SPAWN_SEARCH_PATH | G_SPAWN_DO_NOT_REAP_CHILD, NULL,
                                  NULL, &pid, NULL, &out, NULL, NULL)) {
        g_test_skip("needs openssl and python3");
        return;
    }
    FILE *lines = fdopen(out, "r");
    char line[64] = "";
    g_assert_nonnull(fgets(line, sizeof line, lines));
    g_autofree char *url = g_strdup_printf("https://127.0.0.1:%d/", atoi(line));

    bench b;
    begin(&b, &quick);
    expect_wire(&b, submit_url(&b, url, "{}", 2, 0), TM_WIRE_TLS, false); /* nobody vouches for it */
    end(&b);

    g_setenv("SSL_CERT_FILE", cert, TRUE);
    tm_transport_options options = {.max_age_ms = 1000};
    begin(&b, &options);
    for (int i = 0; i < 2; i++) {
        expect_fine(&b, submit_url(&b, url, "{}", 2, 0));
        g_usleep(2100 *
                 1000); /* older than max_age: the dead connection is left alone, no request is burnt */
    }
    end(&b);
    g_unsetenv("SSL_CERT_FILE");
    kill(pid, SIGTERM);
    int requests = 0;
    while (fgets(line, sizeof line, lines))
        requests++;
    g_assert_cmpint(requests, ==, 2);
    fclose(lines);
    g_spawn_close_pid(pid);
    remove(key);
    remove(cert);
    rmdir(dir);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_set_nonfatal_assertions();
    g_test_add_func("/transport/an answer comes with its date, its limits and unpacked, on a kept connection",
                    polite);
    g_test_add_func("/transport/a request says who we are, carries the key and expects nothing",
                    what_is_said);
    g_test_add_func("/transport/bodies may hold NUL bytes", bodies_with_nuls);
    g_test_add_func("/transport/a redirect comes back as it is", redirects);
    g_test_add_func("/transport/a connection closed while idle costs no second request", idle_close);
    g_test_add_func("/transport/a connection cut under a request is told, not sent again", cut_on_reuse);
    g_test_add_func("/transport/no answer, half an answer and nonsense are cut after leaving", cut_half_way);
    g_test_add_func("/transport/an old idle connection is not used again", too_old);
    g_test_add_func("/transport/what never left says so", never_left);
    g_test_add_func("/transport/a proxy's password is not told, and this machine is reached without it",
                    proxies);
    g_test_add_func("/transport/a stall ends early, up and down; thinking and slowness do not", stalls);
    g_test_add_func("/transport/a call's own time is kept", whole_time);
    g_test_add_func("/transport/answers over the cap are dropped, unpacked ones too", caps);
    g_test_add_func("/transport/what is given up ends once, wherever it was", given_up);
    g_test_add_func("/transport/five hundred calls over eight connections: each left once and is done once",
                    many);
    g_test_add_func("/transport/a wait ends on time, and at once when another descriptor speaks", other_fds);
    g_test_add_func("/transport/over TLS an idle close burns no request, and trust is asked for", over_tls);
    return g_test_run();
}
