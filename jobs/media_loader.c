/* media_loader.c - see media_loader.h */
#include "jobs/media_loader.h"

#include "core/error.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <magic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum {
    CAP = 20 << 20, /* the API's older documents: 20 MB a request; larger files belong to its Files API */
    PIECE = 3 * 16 * 1024, /* read at a time; a multiple of 3 leaves base64 no rest */
};

struct tm_media_loader {
    int fd;     /* of root */
    char *root; /* its real path, without a slash at the end */
    int64_t cap;
    magic_t magic; /* loaded when first needed: 5 ms and 8 MB */
};

tm_media_loader *tm_media_loader_new(const char *root, int64_t cap, GError **error)
{
    char *real = realpath(root, NULL);
    int fd = real ? open(real, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
    if (fd < 0) {
        tm_fail(error, TM_ERROR_INPUT, "%s: %s; --media-root must name a folder", root, g_strerror(errno));
        free(real);
        return NULL;
    }
    tm_media_loader *loader = g_new0(tm_media_loader, 1);
    loader->fd = fd;
    loader->root = g_strdup(strcmp(real, "/") == 0 ? "" : real);
    loader->cap = cap > 0 ? cap : CAP;
    free(real);
    return loader;
}

void tm_media_loader_free(tm_media_loader *loader)
{
    if (!loader)
        return;
    if (loader->magic)
        magic_close(loader->magic);
    close(loader->fd);
    g_free(loader->root);
    g_free(loader);
}

/* ---- opening ---- */

/* Where the kernel has no openat2, or a sandbox forbids it: the path is resolved first, then opened. */
static int open_resolved(const tm_media_loader *loader, const char *path)
{
    g_autofree char *joined = g_strconcat(loader->root, "/", path, NULL);
    char *real = realpath(joined, NULL);
    size_t length = strlen(loader->root);
    int fd = -1;
    if (real && strncmp(real, loader->root, length) == 0 && real[length] == '/')
        fd = open(real, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW);
    else if (real)
        errno = EXDEV;
    free(real);
    return fd;
}

static int open_beneath(const tm_media_loader *loader, const char *path)
{
    struct open_how how = {.flags =
                               O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, /* a pipe must not hang us */
                           .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS};
    int fd = (int)syscall(SYS_openat2, loader->fd, path, &how, sizeof how);
    return fd < 0 && (errno == ENOSYS || errno == EPERM) ? open_resolved(loader, path) : fd;
}

/* -1 and *error, or a regular file within the cap. */
static int open_media(const tm_media_loader *loader, const char *path, struct stat *st, GError **error)
{
    size_t length = strlen(loader->root);
    const char *below = path;
    if (*path == '/' && strncmp(path, loader->root, length) == 0 && path[length] == '/')
        below = path + length + strspn(path + length, "/");
    int fd = *below == '/' ? -1 : open_beneath(loader, below);
    if (*below == '/')
        errno = EXDEV;
    if (fd < 0 && (errno == EXDEV || errno == ELOOP)) {
        tm_fail(error, TM_ERROR_INPUT,
                "media \"%s\" lies outside of %s/: rows may name files beneath it only "
                "(--media-root DIR names another folder)",
                path, loader->root);
        return -1;
    }
    if (fd < 0) {
        tm_fail(error, TM_ERROR_INPUT, "media \"%s\": %s in %s/", path, g_strerror(errno), loader->root);
        return -1;
    }
    if (fstat(fd, st) == 0 && S_ISREG(st->st_mode) && st->st_size > 0 && st->st_size <= loader->cap)
        return fd;
    if (!S_ISREG(st->st_mode))
        tm_fail(error, TM_ERROR_INPUT, "media \"%s\" is no regular file", path);
    else if (st->st_size == 0)
        tm_fail(error, TM_ERROR_INPUT, "media \"%s\" is empty", path);
    else
        tm_fail(error, TM_ERROR_INPUT,
                "media \"%s\" has %.1f MB, %.1f MB are the most that is sent: make it smaller", path,
                (double)st->st_size / 1e6, (double)loader->cap / 1e6);
    close(fd);
    return -1;
}

/* ---- its type ---- */

static const char *const by_name[][2] = {
    /* text kinds: content can't tell them */
    {".txt", "text/plain"}, {".md", "text/markdown"},      {".csv", "text/csv"},       {".html", "text/html"},
    {".htm", "text/html"},  {".css", "text/css"},          {".js", "text/javascript"}, {".xml", "text/xml"},
    {".rtf", "text/rtf"},   {".json", "application/json"},
};
static const char *const by_content[][2] = {
    /* libmagic's names against the API's */
    {"audio/x-wav", "audio/wav"}, {"audio/x-hx-aac-adts", "audio/aac"}, {"audio/x-aiff", "audio/aiff"},
    {"audio/x-m4a", "audio/mp4"}, {"image/jpg", "image/jpeg"},
};

static bool is_media(const char *type)
{
    static const char *const kinds[] = {"image/", "audio/",          "video/",
                                        "text/",  "application/pdf", "application/json"};
    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++)
        if (g_str_has_prefix(type, kinds[i]))
            return true;
    return false;
}

/* What the first bytes look like; NULL: libmagic has no data here. Borrowed. */
static const char *look_at(tm_media_loader *loader, const char *bytes, size_t length)
{
    if (!loader->magic) {
        loader->magic = magic_open(MAGIC_MIME_TYPE | MAGIC_NO_CHECK_COMPRESS | MAGIC_NO_CHECK_TAR);
        if (loader->magic && magic_load(loader->magic, NULL) != 0) {
            magic_close(loader->magic);
            loader->magic = NULL;
        }
    }
    return loader->magic ? magic_buffer(loader->magic, bytes, length) : NULL;
}

static gboolean type_of(tm_media_loader *loader, const char *path, const char *said, const char *bytes,
                        size_t length, char **mime, GError **error)
{
    const char *type = said && *said ? said : look_at(loader, bytes, length);
    g_autofree char *name = g_ascii_strdown(path, -1);
    if (!type)
        return tm_fail(error, TM_ERROR_INPUT,
                       "media \"%s\": its type can't be told here; say it: {{media url=... "
                       "contentType=\"image/png\"}}",
                       path);
    for (size_t i = 0; type != said && i < G_N_ELEMENTS(by_content); i++)
        if (strcmp(type, by_content[i][0]) == 0)
            type = by_content[i][1];
    for (size_t i = 0; type != said && i < G_N_ELEMENTS(by_name); i++)
        if (g_str_has_prefix(type, "text/") && g_str_has_suffix(name, by_name[i][0]))
            type = by_name[i][1];
    if (!is_media(type))
        return tm_fail(error, TM_ERROR_INPUT,
                       "media \"%s\" is %s: images, audio, video, PDF and text can be sent", path, type);
    *mime = g_strdup(type);
    return TRUE;
}

/* ---- its bytes ---- */

static ssize_t read_piece(int fd, char *buffer)
{
    size_t have = 0;
    while (have < PIECE) {
        ssize_t n = read(fd, buffer + have, PIECE - have);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -1;
        if (n == 0)
            break;
        have += (size_t)n;
    }
    return (ssize_t)have;
}

static void append_base64(GString *out, const char *bytes, size_t length)
{
    gint state = 0, save = 0;
    gsize at = out->len;
    g_string_set_size(out, at + (length / 3 + 1) * 4 + 4);
    gsize n = g_base64_encode_step((const guchar *)bytes, length, FALSE, out->str + at, &state, &save);
    n += g_base64_encode_close(FALSE, out->str + at + n, &state, &save);
    g_string_set_size(out, at + n);
}

gboolean tm_media_load(void *data, const char *path, const char *content_type, GString *out, char **mime,
                       GError **error)
{
    tm_media_loader *loader = data;
    struct stat st = {0};
    g_autofree char *found = NULL;
    if (strstr(path, "://"))
        return tm_fail(error, TM_ERROR_INPUT,
                       "media \"%s\": http, https, gs and data addresses and local paths can be "
                       "sent",
                       path);
    int fd = open_media(loader, path, &st, error);
    if (fd < 0)
        return FALSE;
    g_autofree char *buffer = g_malloc(PIECE);
    gsize base = out->len;
    int64_t total = 0;
    ssize_t n;
    g_string_set_size(out, base + ((gsize)st.st_size / 3 + 1) * 4);
    g_string_truncate(out, base);
    while ((n = read_piece(fd, buffer)) > 0 && (total += n) <= loader->cap) {
        if (!found && !type_of(loader, path, content_type, buffer, (size_t)n, &found, error))
            break;
        append_base64(out, buffer, (size_t)n); /* pieces are whole triples but the last */
    }
    int problem = n < 0 ? errno : 0;
    close(fd);
    if (n > 0 && !found)
        return FALSE;
    if (problem)
        return tm_fail(error, TM_ERROR_IO, "media \"%s\": %s", path, g_strerror(problem));
    if (total != st.st_size)
        return tm_fail(error, TM_ERROR_CHANGED, "media \"%s\" changed while it was read", path);
    *mime = g_steal_pointer(&found);
    return TRUE;
}
