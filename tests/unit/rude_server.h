/* rude_server.h - an HTTP server on loopback that behaves as its caller's path asks: politely, or as badly as
 * real ones do at night. It counts connections and requests, so that a test can say what was on the wire. A
 * thread a connection. */
#pragma once
#include <arpa/inet.h>
#include <glib.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

typedef struct {
    int listener, port;
    int connections, requests; /* atomic */
    int stopping;              /* atomic */
    GThread *acceptor;
    GMutex mutex;
    GPtrArray *threads; /* of GThread* */
    GArray *sockets;    /* of int: shut down at the end, so that no thread hangs */
} rude_server;

typedef struct {
    rude_server *server;
    int fd;
    int nth; /* requests on this connection, with the present one */
} rude_connection;

static const unsigned char rude_gzip[] = {0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x03,
                                          0xab, 0x56, 0x2a, 0xcd, 0x2b, 0x48, 0x4c, 0xce, 0x4e, 0x4d,
                                          0x51, 0xb2, 0x52, 0x28, 0x29, 0x2a, 0x4d, 0xad, 0x05, 0x00,
                                          0x88, 0x35, 0xb7, 0x99, 0x12, 0x00, 0x00, 0x00};
/* 100,000 zero bytes in 132 */
static const unsigned char rude_bomb[132] = {
    [0] = 0x1f, 0x8b, 0x08, [8] = 0x02,   0x03, 0xed, 0xc1, 0x31, 0x01, [17] = 0xc2, 0xa0, 0xf5, 0x4f, 0x6d,
    0x0d,       0x0f, 0xa0, [121] = 0x80, 0x57, 0x03, 0x7d, 0x95, 0x11, 0xd4,        0xa0, 0x86, 0x01};

static bool rude_write(int fd, const void *bytes, size_t length)
{
    for (size_t at = 0; at < length;) {
        ssize_t n = send(fd, (const char *)bytes + at, length - at, MSG_NOSIGNAL);
        if (n <= 0)
            return false;
        at += (size_t)n;
    }
    return true;
}

static bool rude_answer(int fd, const char *head, const void *body, size_t length)
{
    g_autofree char *text = g_strdup_printf("HTTP/1.1 200 OK\r\nDate: Tue, 24 Nov 2026 18:00:00 GMT\r\n%s"
                                            "Content-Length: %zu\r\n\r\n",
                                            head, length);
    g_autoptr(GString) all =
        g_string_new(text); /* in one piece: two would wait for each other's acknowledgement */
    g_string_append_len(all, body, (gssize)length);
    return rude_write(fd, all->str, all->len);
}

/* The pieces of a body of `length`, `ms` apart. */
static bool rude_dribble(int fd, size_t pieces, gulong ms)
{
    g_autofree char *head = g_strdup_printf("HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n", pieces);
    bool ok = rude_write(fd, head, strlen(head));
    for (size_t i = 0; ok && i < pieces; i++) {
        g_usleep(ms * 1000);
        ok = rude_write(fd, "x", 1);
    }
    return ok;
}

/* Answers one request; false: the connection is to be closed. */
static bool rude_serve(rude_connection *c, const char *path, const char *head, const char *body,
                       size_t length)
{
    if (strcmp(path, "/ok") == 0)
        return rude_answer(c->fd, "X-RateLimit-Limit: 7\r\nServer: rude\r\n", "fine", 4);
    if (strcmp(path, "/head") == 0)
        return rude_answer(c->fd, "", head, strlen(head));
    if (strcmp(path, "/echo") == 0)
        return rude_answer(c->fd, "", body, length);
    if (strcmp(path, "/close-idle") == 0) { /* promises to stay, and goes */
        rude_answer(c->fd, "Connection: keep-alive\r\n", "fine", 4);
        return false;
    }
    if (strcmp(path, "/cut-reused") == 0) /* a first request is served, the next one is read and dropped */
        return c->nth == 1 && rude_answer(c->fd, "", "fine", 4);
    if (strcmp(path, "/cut-half") == 0) {
        rude_write(c->fd, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf", 44);
        return false;
    }
    if (strcmp(path, "/think") == 0) {
        g_usleep(700 * 1000);
        return rude_answer(c->fd, "", "thought", 7);
    }
    if (strcmp(path, "/hang") == 0 || strcmp(path, "/stall-down") == 0) {
        if (path[1] == 's')
            rude_write(c->fd, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf", 44);
        while (!g_atomic_int_get(&c->server->stopping))
            g_usleep(10 * 1000);
        return false;
    }
    if (strcmp(path, "/slow") == 0)
        return rude_dribble(c->fd, 8, 100);
    if (strcmp(path, "/garbage") == 0) {
        rude_write(c->fd, "SMTP ready\r\n\r\n", 14);
        return false;
    }
    if (strcmp(path, "/huge") == 0) { /* without a length */
        g_autofree char *much = g_malloc0(1 << 20);
        rude_write(c->fd, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n", 38);
        rude_write(c->fd, much, 1 << 20);
        return false;
    }
    if (strcmp(path, "/gzip") == 0)
        return rude_answer(c->fd, "Content-Encoding: gzip\r\n", rude_gzip, sizeof rude_gzip);
    if (strcmp(path, "/bomb") == 0)
        return rude_answer(c->fd, "Content-Encoding: gzip\r\n", rude_bomb, sizeof rude_bomb);
    static const char redirect[] =
        "HTTP/1.1 302 Found\r\nLocation: http://elsewhere.example/\r\nContent-Length: 0\r\n\r\n";
    static const char early[] = "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n";
    if (strcmp(path, "/redirect") == 0)
        return rude_write(c->fd, redirect, sizeof redirect - 1);
    if (strcmp(path, "/early") == 0)
        return rude_write(c->fd, early, sizeof early - 1) && rude_answer(c->fd, "", "fine", 4);
    return false;
}

/* Reads a request with its body; false: the peer has gone. `/stall-up` leaves the body unread. */
static bool rude_read(rude_connection *c, GString *in, size_t *head_length, size_t *body_length)
{
    char buffer[65536];
    *head_length = 0;
    for (;;) {
        char *end = strstr(in->str, "\r\n\r\n");
        if (end && *head_length == 0) {
            *head_length = (size_t)(end - in->str) + 4;
            const char *field = strcasestr(in->str, "content-length:");
            *body_length = field && field < end ? strtoul(field + 15, NULL, 10) : 0;
            if (strstr(in->str, " /stall-up ")) {
                while (!g_atomic_int_get(&c->server->stopping))
                    g_usleep(10 * 1000);
                return false;
            }
        }
        if (*head_length && in->len >= *head_length + *body_length)
            return true;
        ssize_t n = recv(c->fd, buffer, sizeof buffer, 0);
        if (n <= 0)
            return false;
        g_string_append_len(in, buffer, n);
    }
}

static gpointer rude_connection_run(gpointer data)
{
    rude_connection *c = data;
    g_autoptr(GString) in = g_string_new(NULL);
    size_t head_length, body_length = 0;
    for (bool stay = true; stay && rude_read(c, in, &head_length, &body_length);) {
        g_autofree char *head = g_strndup(in->str, head_length);
        g_auto(GStrv) words = g_strsplit(head, " ", 3);
        c->nth++;
        g_atomic_int_inc(&c->server->requests);
        stay = rude_serve(c, words[1], head, in->str + head_length, body_length);
        g_string_erase(in, 0, (gssize)(head_length + body_length));
    }
    shutdown(c->fd, SHUT_RDWR);
    g_free(c);
    return NULL;
}

static gpointer rude_accept(gpointer data)
{
    rude_server *server = data;
    for (;;) {
        int fd = accept(server->listener, NULL, NULL);
        if (fd < 0)
            return NULL;
        g_atomic_int_inc(&server->connections);
        rude_connection *c = g_new0(rude_connection, 1);
        c->server = server;
        c->fd = fd;
        g_mutex_lock(&server->mutex);
        g_array_append_val(server->sockets, fd);
        g_ptr_array_add(server->threads, g_thread_new("rude", rude_connection_run, c));
        g_mutex_unlock(&server->mutex);
    }
}

/* A listening socket on a free port of loopback. */
static int rude_listen(int *port)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    g_assert_cmpint(bind(fd, (struct sockaddr *)&address, sizeof address), ==, 0);
    g_assert_cmpint(listen(fd, 128), ==, 0);
    g_assert_cmpint(getsockname(fd, (struct sockaddr *)&address, &length), ==, 0);
    *port = ntohs(address.sin_port);
    return fd;
}

static rude_server *rude_start(void)
{
    rude_server *server = g_new0(rude_server, 1);
    server->listener = rude_listen(&server->port);
    server->threads = g_ptr_array_new();
    server->sockets = g_array_new(FALSE, FALSE, sizeof(int));
    server->acceptor = g_thread_new("rude accept", rude_accept, server);
    return server;
}

static void rude_stop(rude_server *server)
{
    g_atomic_int_set(&server->stopping, 1);
    shutdown(server->listener, SHUT_RDWR);
    g_thread_join(server->acceptor);
    for (guint i = 0; i < server->sockets->len; i++)
        shutdown(g_array_index(server->sockets, int, i), SHUT_RDWR);
    for (guint i = 0; i < server->threads->len; i++)
        g_thread_join(server->threads->pdata[i]);
    for (guint i = 0; i < server->sockets->len; i++)
        close(g_array_index(server->sockets, int, i));
    close(server->listener);
    g_ptr_array_unref(server->threads);
    g_array_unref(server->sockets);
    g_free(server);
}
