/* bench_transport.c - our transport beside a bare libcurl multi loop that drops the answers, in one run:
 * bench_transport [N] [CONCURRENCY]. The server is a child of ours on loopback; 1 KB goes each way. CPU is
 * this thread's own, so the ratio holds on a busy machine too. */
#include "jobs/clock_system.h"
#include "jobs/transport.h"
#include <arpa/inet.h>
#include <curl/curl.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { BODY = 1024, ROUNDS = 5, MAX_FD = 4096 };

/* ---- the server: answers whatever comes, one answer a request ---- */

typedef struct {
    size_t size;    /* of a request here: all of one connection are alike. 0: not known yet */
    size_t pending; /* bytes of the request that is arriving */
} peer;

/* How many requests end in `data`; each has BODY bytes of body. */
static int count_requests(peer *from, const char *data, size_t length)
{
    int n = 0;
    if (!from->size) {
        const char *end = memmem(data, length, "\r\n\r\n", 4);
        from->size = end ? (size_t)(end - data) + 4 + BODY : 0;
    }
    from->pending += length;
    for (; from->size && from->pending >= from->size; n++)
        from->pending -= from->size;
    return n;
}

static void serve(int listener)
{
    static peer peers[MAX_FD];
    static char answer[BODY + 256], buffer[65536];
    char body[BODY + 1];
    memset(body, 'a', BODY);
    body[BODY] = '\0';
    int length = snprintf(
        answer, sizeof answer,
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nDate: Tue, 24 Nov 2026 18:00:00 GMT\r\n"
        "Server: bench\r\nContent-Length: %d\r\n\r\n%s",
        BODY, body);
    int epoll = epoll_create1(0);
    struct epoll_event event = {.events = EPOLLIN, .data.fd = listener}, events[64];
    epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event);
    for (;;) {
        int n = epoll_wait(epoll, events, 64, -1);
        for (int i = 0; i < n; i++) {
            int fd = events[i].data.fd, one = 1;
            if (fd == listener) {
                fd = accept(listener, NULL, NULL);
                setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
                peers[fd] = (peer){0};
                event.data.fd = fd;
                epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
                continue;
            }
            ssize_t got = recv(fd, buffer, sizeof buffer, 0);
            if (got <= 0) {
                close(fd);
                continue;
            }
            for (int k = count_requests(&peers[fd], buffer, (size_t)got); k > 0; k--)
                (void)!send(fd, answer, (size_t)length, MSG_NOSIGNAL);
        }
    }
}

/* ---- time ---- */

typedef struct {
    double wall, cpu;
} spent;

static spent now(void)
{
    struct rusage use;
    getrusage(RUSAGE_THREAD, &use);
    return (spent){(double)g_get_monotonic_time() / 1e6,
                   (double)(use.ru_utime.tv_sec + use.ru_stime.tv_sec) +
                       (double)(use.ru_utime.tv_usec + use.ru_stime.tv_usec) / 1e6};
}

/* ---- the two loops ---- */

static size_t drop(char *data, size_t size, size_t n, void *user)
{
    (void)data, (void)user;
    return size * n;
}

static void bare(const char *url, const char *body, int n, int concurrency)
{
    CURLM *multi = curl_multi_init();
    int begun = 0, done = 0, running, left;
    struct curl_slist *headers = curl_slist_append(NULL, "Content-Type: application/json");
    headers = curl_slist_append(headers, "x-goog-api-key: bench");
    curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, (long)concurrency);
    for (; begun < n && begun < concurrency; begun++) {
        CURL *easy = curl_easy_init();
        curl_easy_setopt(easy, CURLOPT_URL, url);
        curl_easy_setopt(easy, CURLOPT_POSTFIELDS, body);
        curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)BODY);
        curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
        curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, drop);
        curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
        curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
        curl_easy_setopt(easy, CURLOPT_PROXY, "");
        curl_multi_add_handle(multi, easy);
    }
    while (done < n) {
        curl_multi_perform(multi, &running);
        for (CURLMsg *message; (message = curl_multi_info_read(multi, &left));) {
            CURL *easy = message->easy_handle;
            curl_multi_remove_handle(multi, easy);
            done++;
            if (begun++ < n)
                curl_multi_add_handle(multi, easy);
            else
                curl_easy_cleanup(easy);
        }
        if (done < n)
            curl_multi_poll(multi, NULL, 0, 1000, NULL);
    }
    curl_multi_cleanup(multi);
    curl_slist_free_all(headers);
}

static void submit(tm_transport *transport, const char *url, const char *body, uint64_t tag)
{
    tm_call call = {.method = "POST",
                    .url = g_strdup(url),
                    .key_header = g_strdup("x-goog-api-key: bench"),
                    .body = g_string_new_len(body, BODY)};
    call.headers = g_ptr_array_new_with_free_func(g_free);
    g_ptr_array_add(call.headers, g_strdup("Content-Type: application/json"));
    transport->submit(transport, &call, tag, NULL);
}

static void ours(const char *url, const char *body, int n, int concurrency)
{
    tm_transport *transport = tm_transport_curl(tm_clock_system(), NULL, NULL);
    tm_event events[64];
    int begun = 0, done = 0, failed = 0;
    for (; begun < n && begun < concurrency; begun++)
        submit(transport, url, body, (uint64_t)begun);
    while (done < n) {
        int k = transport->wait(transport, 1000, NULL, 0, events, 64);
        for (int i = 0; i < k; i++) {
            if (events[i].kind != TM_EVENT_DONE)
                continue;
            failed += events[i].reply->http != 200 || events[i].reply->body->len != BODY;
            tm_reply_free(events[i].reply);
            done++;
            if (begun < n)
                submit(transport, url, body, (uint64_t)begun++);
        }
    }
    if (failed)
        printf("%d failed\n", failed);
    transport->free(transport);
}

static spent measure(void (*loop)(const char *, const char *, int, int), const char *url, const char *body,
                     int n, int concurrency)
{
    spent start = now();
    loop(url, body, n, concurrency);
    spent end = now();
    return (spent){end.wall - start.wall, end.cpu - start.cpu};
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
    int n = argc > 1 ? atoi(argv[1]) : 20000, concurrency = argc > 2 ? atoi(argv[2]) : 64;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    if (n < 1 || concurrency < 1 || bind(listener, (struct sockaddr *)&address, length) ||
        listen(listener, 1024) || getsockname(listener, (struct sockaddr *)&address, &length))
        return 1;
    pid_t server = fork();
    if (server == 0)
        serve(listener);

    char body[BODY];
    memset(body, 'q', sizeof body);
    g_autofree char *url =
        g_strdup_printf("http://127.0.0.1:%d/v1beta/models/x:generateContent", ntohs(address.sin_port));
    double wall[ROUNDS], cpu[ROUNDS];
    curl_global_init(CURL_GLOBAL_DEFAULT);
    measure(bare, url, body, n / 10 + 1, concurrency); /* warm */
    for (int i = 0; i < ROUNDS; i++) {
        spent a = measure(bare, url, body, n, concurrency), b = measure(ours, url, body, n, concurrency);
        wall[i] = a.wall / b.wall;
        cpu[i] = a.cpu / b.cpu;
        printf("bare %.0f requests/s, %.1f us CPU; ours %.0f requests/s, %.1f us CPU; ours of bare: %.2f "
               "wall, %.2f CPU\n",
               n / a.wall, a.cpu * 1e6 / n, n / b.wall, b.cpu * 1e6 / n, wall[i], cpu[i]);
    }
    qsort(wall, ROUNDS, sizeof *wall, by_value);
    qsort(cpu, ROUNDS, sizeof *cpu, by_value);
    printf("median: %.2f of bare by wall, %.2f by CPU\n", wall[ROUNDS / 2], cpu[ROUNDS / 2]);
    kill(server, SIGTERM);
    waitpid(server, NULL, 0);
    return 0;
}
