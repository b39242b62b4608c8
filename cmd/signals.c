/* signals.c - see signals.h */
#include "cmd/signals.h"

#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <unistd.h>

static volatile sig_atomic_t count;
static int ends[2] = {-1, -1};

static void on_signal(int number)
{
    (void)number;
    int saved = errno;
    count++;
    if (write(ends[1], "!", 1) < 0) {
        /* full: the reader wakes up all the same */
    }
    errno = saved;
}

void tm_signals_catch(void)
{
    static const int numbers[] = {SIGINT, SIGHUP, SIGTERM};
    if (ends[0] >= 0 || !g_unix_open_pipe(ends, FD_CLOEXEC, NULL))
        return;
    g_unix_set_fd_nonblocking(ends[0], TRUE, NULL);
    g_unix_set_fd_nonblocking(ends[1], TRUE, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(numbers); i++) {
        struct sigaction old, action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
        sigaction(numbers[i], NULL, &old);
        if (old.sa_handler != SIG_IGN)
            sigaction(numbers[i], &action, NULL);
    }
}

int tm_signals_count(void)
{
    return (int)count;
}

const volatile sig_atomic_t *tm_signals_flag(void)
{
    return &count;
}

int tm_signals_fd(void)
{
    return ends[0];
}

void tm_signals_drain(void)
{
    char bytes[64];
    while (ends[0] >= 0 && read(ends[0], bytes, sizeof bytes) > 0) {
    }
}
