/* twin_server.c - the twin behind libmicrohttpd, one thread: a reply that takes time is a suspended
 * connection and an entry in a heap of due times, so hundreds of slow answers cost nothing. */
#include "jobs/twin/twin_server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <poll.h>
#include <string.h>
#include <sys/resource.h>

#include "core/error.h"
#include "jobs/twin/twin_refusal.h"

enum {
    BODY_CAP = 100 * 1024 * 1024, /* of a request; docs, 2026 */
    MAX_CONNECTIONS = 4096,
    OWN_FDS = 32,        /* kept for files and the like */
    IDLE_SECONDS = 120,  /* a connection without a request */
    LOOK_EVERY_MS = 500, /* whether the clients of hung requests are gone */
};

/* One request, from its first header to its last byte. */
typedef struct {
    tm_twin_server *server;
    struct MHD_Connection *connection;
    char *path, *key;
    bool bearer, too_big, judged;
    GString *body;
    tm_twin_reply reply;
    int64_t due_ms; /* boot time */
    bool suspended;
    guint slot; /* in `waiting` or `hung` while suspended */
} exchange;

struct tm_twin_server {
    tm_twin *twin;
    tm_clock *clock;
    struct MHD_Daemon *daemon;
    int port;
    GPtrArray *waiting; /* of exchange: a heap, the next due first */
    GPtrArray *hung;    /* of exchange: never answered */
};

/* The heap of due times. */

static exchange *nth(GPtrArray *heap, guint i)
{
    return g_ptr_array_index(heap, i);
}

static void swap(GPtrArray *heap, guint a, guint b)
{
    gpointer one = heap->pdata[a];
    heap->pdata[a] = heap->pdata[b];
    heap->pdata[b] = one;
    nth(heap, a)->slot = a;
    nth(heap, b)->slot = b;
}

static void heap_push(GPtrArray *heap, exchange *x)
{
    guint i = heap->len;
    x->slot = i;
    g_ptr_array_add(heap, x);
    while (i > 0 && nth(heap, (i - 1) / 2)->due_ms > nth(heap, i)->due_ms) {
        swap(heap, i, (i - 1) / 2);
        i = (i - 1) / 2;
    }
}

static exchange *heap_pop(GPtrArray *heap)
{
    exchange *x = nth(heap, 0);
    guint i = 0;
    swap(heap, 0, heap->len - 1);
    g_ptr_array_set_size(heap, (gint)heap->len - 1);
    for (;;) {
        guint least = i, left = 2 * i + 1, right = left + 1;
        if (left < heap->len && nth(heap, left)->due_ms < nth(heap, least)->due_ms)
            least = left;
        if (right < heap->len && nth(heap, right)->due_ms < nth(heap, least)->due_ms)
            least = right;
        if (least == i)
            return x;
        swap(heap, i, least);
        i = least;
    }
}

static void resume(exchange *x)
{
    x->suspended = false;
    MHD_resume_connection(x->connection);
}

/* Requests. */

static const char *header(struct MHD_Connection *connection, const char *name)
{
    return MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);
}

/* Only this machine's own names: a page in a browser may not reach the port under another (DNS rebinding). */
static bool is_own_host(const char *host)
{
    static const char *const names[] = {"127.0.0.1", "localhost", "[::1]"};
    for (size_t i = 0; host && i < G_N_ELEMENTS(names); i++) {
        size_t length = strlen(names[i]);
        if (g_ascii_strncasecmp(host, names[i], length) == 0 && (!host[length] || host[length] == ':'))
            return true;
    }
    return false;
}

static enum MHD_Result append_argument(void *data, enum MHD_ValueKind kind, const char *name,
                                       const char *value)
{
    GString *path = data;
    (void)kind;
    g_string_append_printf(path, "%c%s=%s", strchr(path->str, '?') ? '&' : '?', name, value ? value : "");
    return MHD_YES;
}

static exchange *begin(tm_twin_server *server, struct MHD_Connection *connection, const char *url)
{
    exchange *x = g_new0(exchange, 1);
    const char *key = header(connection, "x-goog-api-key"),
               *authorization = header(connection, "Authorization");
    GString *path = g_string_new(url);
    MHD_get_connection_values(connection, MHD_GET_ARGUMENT_KIND, append_argument, path);
    x->server = server;
    x->connection = connection;
    x->path = g_string_free(path, FALSE);
    x->body = g_string_new(NULL);
    if (!key && authorization && g_ascii_strncasecmp(authorization, "Bearer ", 7) == 0) {
        key = authorization + 7;
        x->bearer = true;
    }
    x->key = g_strdup(key);
    return x;
}

static void end(void *data, struct MHD_Connection *connection, void **state,
                enum MHD_RequestTerminationCode code)
{
    exchange *x = *state;
    (void)data, (void)connection, (void)code;
    if (!x)
        return;
    tm_twin_reply_clear(&x->reply);
    g_string_free(x->body, TRUE);
    g_free(x->path);
    g_free(x->key);
    g_free(x);
    *state = NULL;
}

static void add_headers(struct MHD_Response *response, const tm_twin_reply *reply)
{
    for (guint i = 0; reply->headers && i + 1 < reply->headers->len; i += 2)
        MHD_add_response_header(response, reply->headers->pdata[i], reply->headers->pdata[i + 1]);
    if (reply->retry_after_ms > 0) {
        g_autofree char *seconds = g_strdup_printf("%" G_GINT64_FORMAT, (reply->retry_after_ms + 999) / 1000);
        MHD_add_response_header(response, "Retry-After", seconds);
    }
}

/* `reply`: whose headers go along; NULL: none. */
static enum MHD_Result send_body(struct MHD_Connection *connection, int http, const char *type, GString *body,
                                 const tm_twin_reply *reply)
{
    gsize length = body->len;
    struct MHD_Response *response =
        MHD_create_response_from_buffer_with_free_callback(length, g_string_free(body, FALSE), g_free);
    MHD_add_response_header(response, "Content-Type", type);
    if (reply)
        add_headers(response, reply);
    enum MHD_Result queued = MHD_queue_response(connection, (unsigned)http, response);
    MHD_destroy_response(response);
    return queued;
}

static enum MHD_Result finish(exchange *x)
{
    if (x->reply.fate != TM_TWIN_ANSWER)
        return MHD_NO; /* closes the connection without a byte */
    return send_body(x->connection, x->reply.http, x->reply.content_type, g_steal_pointer(&x->reply.body),
                     &x->reply);
}

static enum MHD_Result judge(exchange *x, const char *method)
{
    tm_twin_server *server = x->server;
    tm_instant now = tm_clock_now(server->clock);
    const tm_twin_request request = {.method = method,
                                     .path = x->path,
                                     .key = x->key,
                                     .bearer = x->bearer,
                                     .body = x->body->str,
                                     .length = x->body->len};
    x->judged = true;
    if (x->too_big) {
        GString *body = tm_twin_refusal(413, "INVALID_ARGUMENT",
                                        "Request payload size exceeds the limit: 104857600 bytes.", NULL);
        return send_body(x->connection, 413, "application/json; charset=UTF-8", body, NULL);
    }
    tm_twin_judge(server->twin, &request, now.wall_ms, &x->reply);
    g_string_set_size(x->body, 0);
    if (x->reply.fate != TM_TWIN_HANG && x->reply.delay_ms <= 0)
        return finish(x);
    x->suspended = true;
    if (x->reply.fate == TM_TWIN_HANG) {
        x->slot = server->hung->len;
        g_ptr_array_add(server->hung, x);
    } else {
        x->due_ms = now.boot_ms + x->reply.delay_ms;
        heap_push(server->waiting, x);
    }
    MHD_suspend_connection(x->connection);
    return MHD_YES;
}

/* Called with the headers, then with each piece of the body, then once more, and again after a resume. */
static enum MHD_Result handle(void *data, struct MHD_Connection *connection, const char *url,
                              const char *method, const char *http_version, const char *upload,
                              size_t *length, void **state)
{
    exchange *x = *state;
    (void)http_version;
    if (!x) {
        if (!is_own_host(header(connection, "Host")))
            return send_body(connection, 403, "text/plain", g_string_new("this is 127.0.0.1 only\n"), NULL);
        *state = begin(data, connection, url);
        return MHD_YES;
    }
    if (*length) {
        x->too_big = x->too_big || x->body->len + *length > BODY_CAP;
        if (x->too_big)
            g_string_set_size(x->body, 0);
        else
            g_string_append_len(x->body, upload, (gssize)*length);
        *length = 0;
        return MHD_YES;
    }
    if (x->suspended)
        return MHD_YES;
    return x->judged ? finish(x) : judge(x, method);
}

/* The twin unescapes path and query by itself, after it has split them. */
static size_t keep_escaped(void *data, struct MHD_Connection *connection, char *text)
{
    (void)data, (void)connection;
    return strlen(text);
}

static void log_nothing(void *data, const char *format, va_list arguments)
{
    (void)data, (void)format, (void)arguments; /* dropped clients are no news */
}

/* The server. */

static guint connections_allowed(void)
{
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) != 0 || files.rlim_cur > MAX_CONNECTIONS + OWN_FDS)
        return MAX_CONNECTIONS;
    return files.rlim_cur > 2 * OWN_FDS ? (guint)files.rlim_cur - OWN_FDS : OWN_FDS;
}

tm_twin_server *tm_twin_server_start(tm_twin *twin, int port, tm_clock *clock, GError **error)
{
    tm_twin_server *server = g_new0(tm_twin_server, 1);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    server->twin = twin;
    server->clock = clock;
    server->waiting = g_ptr_array_new();
    server->hung = g_ptr_array_new();
    server->daemon = MHD_start_daemon(
        MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG, 0, NULL, NULL, handle, server,
        MHD_OPTION_EXTERNAL_LOGGER, log_nothing, NULL, MHD_OPTION_SOCK_ADDR, (struct sockaddr *)&address,
        MHD_OPTION_CONNECTION_LIMIT, connections_allowed(), MHD_OPTION_CONNECTION_TIMEOUT,
        (unsigned)IDLE_SECONDS, MHD_OPTION_LISTEN_BACKLOG_SIZE, 1024u, MHD_OPTION_NOTIFY_COMPLETED, end, NULL,
        MHD_OPTION_UNESCAPE_CALLBACK, keep_escaped, NULL, MHD_OPTION_END);
    if (!server->daemon) {
        tm_fail(error, TM_ERROR_IO,
                "can't listen on 127.0.0.1:%d: %s; give another --port, or 0 for a free one", port,
                g_strerror(errno));
        tm_twin_server_free(server);
        return NULL;
    }
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_BIND_PORT);
    server->port = info ? info->port : port;
    return server;
}

int tm_twin_server_port(const tm_twin_server *server)
{
    return server->port;
}

static void resume_due(tm_twin_server *server, int64_t now_ms)
{
    while (server->waiting->len && nth(server->waiting, 0)->due_ms <= now_ms)
        resume(heap_pop(server->waiting));
}

/* Lets those hung requests end whose client has closed; `all`: every one. */
static void look_at_hung(tm_twin_server *server, bool all)
{
    for (guint i = server->hung->len; i-- > 0;) {
        exchange *x = nth(server->hung, i);
        const union MHD_ConnectionInfo *info =
            MHD_get_connection_info(x->connection, MHD_CONNECTION_INFO_CONNECTION_FD);
        struct pollfd client = {.fd = info ? info->connect_fd : -1, .events = POLLRDHUP};
        if (!all && client.fd >= 0 && poll(&client, 1, 0) == 0)
            continue;
        g_ptr_array_remove_index_fast(server->hung, i);
        resume(x);
    }
}

/* How long nothing will happen by itself; -1: for ever. */
static int64_t idle_ms(const tm_twin_server *server, int64_t now_ms)
{
    MHD_UNSIGNED_LONG_LONG of_daemon;
    int64_t idle =
        MHD_get_timeout(server->daemon, &of_daemon) == MHD_YES ? (int64_t)MIN(of_daemon, 60000u) : -1;
    if (server->waiting->len) {
        int64_t due = MAX(nth(server->waiting, 0)->due_ms - now_ms, 0);
        idle = idle < 0 ? due : MIN(idle, due);
    }
    if (server->hung->len)
        idle = idle < 0 ? LOOK_EVERY_MS : MIN(idle, LOOK_EVERY_MS);
    return idle;
}

void tm_twin_server_run(tm_twin_server *server, int stop_fd)
{
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_EPOLL_FD);
    struct pollfd fds[2] = {{.fd = info->epoll_fd, .events = POLLIN}, {.fd = stop_fd, .events = POLLIN}};
    int64_t looked_ms = 0;
    for (;;) {
        int64_t idle = idle_ms(server, tm_clock_now(server->clock).boot_ms);
        poll(fds, 2, (int)MIN(idle, 60000));
        if (fds[1].revents)
            return;
        int64_t now_ms = tm_clock_now(server->clock).boot_ms;
        resume_due(server, now_ms);
        if (server->hung->len && now_ms - looked_ms >= LOOK_EVERY_MS) {
            looked_ms = now_ms;
            look_at_hung(server, false);
        }
        MHD_run(server->daemon);
    }
}

void tm_twin_server_free(tm_twin_server *server)
{
    if (!server)
        return;
    if (server->daemon) { /* no connection may be suspended when the daemon stops */
        for (guint i = 0; i < server->waiting->len; i++)
            nth(server->waiting, i)->reply.fate = TM_TWIN_CUT;
        resume_due(server, INT64_MAX);
        look_at_hung(server, true);
        MHD_run(server->daemon);
        MHD_stop_daemon(server->daemon);
    }
    g_ptr_array_unref(server->waiting);
    g_ptr_array_unref(server->hung);
    g_free(server);
}
