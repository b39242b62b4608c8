/* feed.h - bytes as a data file, whole, and in pieces as through a pipe. For the readers' targets. */
#pragma once
#include "core/input.h"
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

/* A file in memory that reads as standard input. */
static inline tm_input *feed_whole(const uint8_t *data, size_t size, const char *encoding)
{
    int fd = memfd_create("fuzz", 0);
    if (fd < 0 || (size > 0 && write(fd, data, size) < 0) || lseek(fd, 0, SEEK_SET) != 0)
        abort();
    dup2(fd, STDIN_FILENO);
    close(fd);
    return tm_input_open("-", encoding, NULL);
}

/* Each read gets the next hundredth of it, or so. */
static inline tm_input *feed_pieces(const uint8_t *data, size_t size, const char *encoding)
{
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends) != 0)
        abort();
    size_t piece = 1 + size / 100;
    for (size_t at = 0; at < size; at += piece)
        if (send(ends[1], data + at, size - at < piece ? size - at : piece, MSG_DONTWAIT) < 0)
            abort();
    close(ends[1]);
    dup2(ends[0], STDIN_FILENO);
    close(ends[0]);
    return tm_input_open("-", encoding, NULL);
}
