/* watch.c - see watch.h */
#include "jobs/watch.h"

#include <poll.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

enum { READY = 64 };

struct tm_watch {
    CURLM *multi;
    tm_clock *clock;
    int epoll;
    GByteArray *wanted; /* by descriptor: what libcurl waits for there, CURL_POLL_... */
    int64_t due_ms;     /* boot ms of its timer */
};

static guint8 *wanted_at(const tm_watch *watch, curl_socket_t fd)
{
    guint before = watch->wanted->len, needed = (guint)fd + 1;
    if (before < needed) {
        g_byte_array_set_size(watch->wanted, needed);
        memset(watch->wanted->data + before, 0, needed - before);
    }
    return &watch->wanted->data[fd];
}

/* A kept connection is wanted again by the next call: it is taken off the list when it speaks unasked, not at
 * each answer's end. The number may be another socket's by then: the kernel forgets what is closed. */
static int on_socket(CURL *easy, curl_socket_t fd, int what, void *data, void *unused)
{
    tm_watch *watch = data;
    (void)easy, (void)unused;
    *wanted_at(watch, fd) = what == CURL_POLL_REMOVE ? CURL_POLL_NONE : (guint8)what;
    if (what == CURL_POLL_REMOVE)
        return 0;
    struct epoll_event event = {
        .events = (what & CURL_POLL_IN ? EPOLLIN : 0u) | (what & CURL_POLL_OUT ? EPOLLOUT : 0u),
        .data.fd = fd,
    };
    if (epoll_ctl(watch->epoll, EPOLL_CTL_MOD, fd, &event) == 0 ||
        epoll_ctl(watch->epoll, EPOLL_CTL_ADD, fd, &event) == 0)
        return 0;
    return -1;
}

static int on_timer(CURLM *multi, long ms, void *data)
{
    tm_watch *watch = data;
    (void)multi;
    watch->due_ms = ms < 0 ? INT64_MAX : tm_clock_now(watch->clock).boot_ms + ms;
    return 0;
}

tm_watch *tm_watch_new(CURLM *multi, tm_clock *clock)
{
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    if (epoll < 0)
        return NULL;
    tm_watch *watch = g_new0(tm_watch, 1);
    *watch = (tm_watch){
        .multi = multi, .clock = clock, .epoll = epoll, .wanted = g_byte_array_new(), .due_ms = INT64_MAX};
    curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, on_socket);
    curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, watch);
    curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, on_timer);
    curl_multi_setopt(multi, CURLMOPT_TIMERDATA, watch);
    return watch;
}

void tm_watch_free(tm_watch *watch)
{
    if (!watch)
        return;
    close(watch->epoll);
    g_byte_array_unref(watch->wanted);
    g_free(watch);
}

/* True: one of `fds` is readable. */
static bool sleep_for(const tm_watch *watch, int64_t ms, const int *fds, int n_fds)
{
    struct pollfd asked[TM_WATCH_OTHERS + 1];
    g_return_val_if_fail(n_fds <= TM_WATCH_OTHERS, false);
    asked[n_fds] = (struct pollfd){.fd = watch->epoll, .events = POLLIN};
    for (int i = 0; i < n_fds; i++)
        asked[i] = (struct pollfd){.fd = fds[i], .events = POLLIN};
    if (poll(asked, (nfds_t)n_fds + 1, (int)CLAMP(ms, 0, INT32_MAX)) <= 0)
        return false;
    for (int i = 0; i < n_fds; i++)
        if (asked[i].revents)
            return true;
    return false;
}

static void hear(tm_watch *watch, const struct epoll_event *event)
{
    int fd = event->data.fd, running;
    if (*wanted_at(watch, fd) == CURL_POLL_NONE) {
        epoll_ctl(watch->epoll, EPOLL_CTL_DEL, fd, NULL);
        return;
    }
    int mask = (event->events & (EPOLLIN | EPOLLHUP) ? CURL_CSELECT_IN : 0) |
               (event->events & EPOLLOUT ? CURL_CSELECT_OUT : 0) |
               (event->events & EPOLLERR ? CURL_CSELECT_ERR : 0);
    curl_multi_socket_action(watch->multi, fd, mask, &running);
}

bool tm_watch_turn(tm_watch *watch, int64_t ms, const int *fds, int n_fds)
{
    struct epoll_event ready[READY];
    int64_t now_ms = tm_clock_now(watch->clock).boot_ms;
    bool other = sleep_for(watch, MIN(ms, watch->due_ms - now_ms), fds, n_fds);
    int n = epoll_wait(watch->epoll, ready, READY, 0), running;
    for (int i = 0; i < n; i++)
        hear(watch, &ready[i]);
    if (tm_clock_now(watch->clock).boot_ms >= watch->due_ms) {
        watch->due_ms = INT64_MAX; /* libcurl sets it anew if it wants */
        curl_multi_socket_action(watch->multi, CURL_SOCKET_TIMEOUT, 0, &running);
    }
    return other;
}
