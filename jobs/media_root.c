/* media_root.c - see media_root.h */
#include "jobs/media_root.h"

#include "core/error.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

struct tm_media_root {
    int fd;
    char *path;  /* real, without a slash at the end */
    char *given; /* as it was named, absolute: rows may name files by it, too */
};

tm_media_root *tm_media_root_new(const char *path, GError **error)
{
    char *real = realpath(path, NULL);
    int fd = real ? open(real, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
    if (fd < 0) {
        tm_fail(error, TM_ERROR_INPUT, "%s: %s; --media-root must name a folder", path, g_strerror(errno));
        free(real);
        return NULL;
    }
    tm_media_root *root = g_new0(tm_media_root, 1);
    root->fd = fd;
    root->path = g_strdup(strcmp(real, "/") == 0 ? "" : real);
    root->given = g_canonicalize_filename(path, NULL);
    free(real);
    return root;
}

void tm_media_root_free(tm_media_root *root)
{
    if (!root)
        return;
    close(root->fd);
    g_free(root->path);
    g_free(root->given);
    g_free(root);
}

/* Where the kernel has no openat2, or a sandbox forbids it: the path is resolved first, then opened. */
static int open_resolved(const tm_media_root *root, const char *path)
{
    g_autofree char *joined = g_strconcat(root->path, "/", path, NULL);
    char *real = realpath(joined, NULL);
    size_t length = strlen(root->path);
    int fd = -1;
    if (real && strncmp(real, root->path, length) == 0 && real[length] == '/')
        fd = open(real, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW);
    else if (real)
        errno = EXDEV;
    free(real);
    return fd;
}

static int open_beneath(const tm_media_root *root, const char *path)
{
    struct open_how how = {.flags =
                               O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, /* a pipe must not hang us */
                           .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS};
    int fd = (int)syscall(SYS_openat2, root->fd, path, &how, sizeof how);
    return fd < 0 && (errno == ENOSYS || errno == EPERM) ? open_resolved(root, path) : fd;
}

/* An absolute path's part behind the folder; the path itself if it does not begin with it. */
static const char *behind(const char *folder, const char *path)
{
    size_t length = strlen(folder);
    if (*path != '/' || strncmp(path, folder, length) != 0 || path[length] != '/')
        return path;
    return path + length + strspn(path + length, "/");
}

int tm_media_root_open(const tm_media_root *root, const char *path, int64_t cap, struct stat *st,
                       GError **error)
{
    const char *below = behind(root->given, behind(root->path, path));
    int fd = *below == '/' ? -1 : open_beneath(root, below);
    if (*below == '/')
        errno = EXDEV;
    if (fd < 0 && (errno == EXDEV || errno == ELOOP)) {
        tm_fail(error, TM_ERROR_INPUT,
                "media \"%s\" lies outside of %s/: rows may name files beneath it only "
                "(--media-root DIR names another folder)",
                path, root->path);
        return -1;
    }
    if (fd < 0) {
        tm_fail(error, TM_ERROR_INPUT, "media \"%s\": %s in %s/", path, g_strerror(errno), root->path);
        return -1;
    }
    if (fstat(fd, st) == 0 && S_ISREG(st->st_mode) && st->st_size > 0 && st->st_size <= cap)
        return fd;
    if (!S_ISREG(st->st_mode))
        tm_fail(error, TM_ERROR_INPUT, "media \"%s\" is no regular file", path);
    else if (st->st_size == 0)
        tm_fail(error, TM_ERROR_INPUT, "media \"%s\" is empty", path);
    else
        tm_fail(error, TM_ERROR_INPUT,
                "media \"%s\" has %.1f MB, %.1f MB are the most that is sent: make it smaller", path,
                (double)st->st_size / 1e6, (double)cap / 1e6);
    close(fd);
    return -1;
}
