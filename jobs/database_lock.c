/* database_lock.c - the lock file beside a database. Byte 0 is the writer's turn, byte 1 the place of the one
 * who is next, byte LIFE + id the life of worker `id`. All are OFD locks: they belong to the open file, not
 * to the process, and the kernel drops them when the process dies, however it dies. */
#include "jobs/database_private.h"

#include "core/error.h"
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

enum { TURN = 0, NEXT = 1 };
#define LIFE (INT64_C(1) << 20)

static bool lock_byte(int fd, int64_t byte, short type)
{
    struct flock lock = {.l_type = type, .l_whence = SEEK_SET, .l_start = byte, .l_len = 1};
    int rc;
    do {
        rc = fcntl(fd, F_OFD_SETLK, &lock);
    } while (rc < 0 && errno == EINTR);
    return rc == 0;
}

gboolean tm_database_lock_open(tm_database *database, GError **error)
{
    int flags = O_CLOEXEC | O_NOFOLLOW | O_RDWR | (database->read_only ? 0 : O_CREAT);
    database->lock_fd = open(database->lock_path, flags, 0600);
    if (database->lock_fd < 0 && database->read_only)
        database->lock_fd = open(database->lock_path, O_CLOEXEC | O_NOFOLLOW | O_RDONLY);
    if (database->lock_fd < 0 && !database->read_only)
        return tm_database_fail_write(database, error, errno);
    return TRUE;
}

/* Takes `byte`, asking again with short sleeps until `deadline_us`. errno tells why not. */
static bool lock_by(int fd, int64_t byte, int64_t deadline_us, gulong sleep_us, gulong sleep_max_us)
{
    for (;;) {
        if (lock_byte(fd, byte, F_WRLCK))
            return true;
        if (errno != EAGAIN && errno != EACCES)
            return false;
        if (g_get_monotonic_time() >= deadline_us) {
            errno = EAGAIN;
            return false;
        }
        g_usleep(sleep_us);
        sleep_us = MIN(sleep_us * 2, sleep_max_us);
    }
}

/* A lock with a time limit has to be asked for again and again, which alone would let the one who just wrote
 * write again before a sleeper looks. So a waiter first takes the place of the next: while somebody stands
 * there, whoever wrote last has to queue behind. Only the next one looks often. */
bool tm_database_turn_take(tm_database *database, int64_t wait_ms, GError **error)
{
    int fd = database->lock_fd;
    struct stat info;
    if (fstat(fd, &info) == 0 && info.st_nlink == 0)
        return tm_fail(
            error, TM_ERROR_STATE,
            "%s was deleted while tidemill runs: stop every tidemill that uses this file, then go on",
            database->lock_path);
    int64_t deadline_us = g_get_monotonic_time() + wait_ms * 1000;
    if (!lock_by(fd, NEXT, deadline_us, 500, 16000)) {
        if (errno != EAGAIN)
            return tm_database_fail_write(database, error, errno);
        return false;
    }
    bool mine = lock_by(fd, TURN, deadline_us, 100, 2000);
    int number = errno;
    lock_byte(fd, NEXT, F_UNLCK);
    if (!mine && number != EAGAIN)
        return tm_database_fail_write(database, error, number);
    return mine;
}

void tm_database_turn_give(tm_database *database)
{
    lock_byte(database->lock_fd, TURN, F_UNLCK);
}

bool tm_database_live(tm_database *database, int64_t id)
{
    return database->lock_fd >= 0 && lock_byte(database->lock_fd, LIFE + id, F_WRLCK);
}

void tm_database_die(tm_database *database, int64_t id)
{
    if (database->lock_fd >= 0)
        lock_byte(database->lock_fd, LIFE + id, F_UNLCK);
}

bool tm_database_is_dead(tm_database *database, int64_t id)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = LIFE + id, .l_len = 1};
    if (database->lock_fd < 0)
        return true;
    /* In doubt it lives: what it holds is then not sent a second time. */
    return fcntl(database->lock_fd, F_OFD_GETLK, &lock) == 0 && lock.l_type == F_UNLCK;
}
