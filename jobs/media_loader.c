/* media_loader.c - see media_loader.h */
#include "jobs/media_loader.h"

#include "core/error.h"
#include "jobs/media_root.h"
#include <errno.h>
#include <fcntl.h>
#include <magic.h>
#include <string.h>
#include <unistd.h>

enum {
    CAP = 70000000,        /* base64 makes 93 MB of it; a request takes 100 MB (documents of 2026) */
    PIECE = 3 * 16 * 1024, /* read at a time; a multiple of 3 leaves base64 no rest */
};

struct tm_media_loader {
    tm_media_root *root; /* NULL: rows may name no files */
    tm_media_root *own;  /* the prompt's folder; NULL: it names no files */
    const GArray *own_stamps;
    const GArray *expected; /* of the row at hand; NULL: not known */
    int64_t cap;
    int64_t tokens;
    GPtrArray *lent; /* char*: paths of fetched files */
    GArray *marked;  /* tm_call_file */
    magic_t magic;   /* loaded when first needed: 5 ms and 8 MB */
};

static void close_file(gpointer file)
{
    if (((tm_call_file *)file)->fd >= 0)
        close(((tm_call_file *)file)->fd);
}

static GArray *new_files(void)
{
    GArray *files = g_array_new(FALSE, TRUE, sizeof(tm_call_file));
    g_array_set_clear_func(files, close_file);
    return files;
}

static void remove_file(gpointer path)
{
    unlink(path);
    g_free(path);
}

tm_media_loader *tm_media_loader_new(const char *root, int64_t cap, GError **error)
{
    tm_media_root *opened = root ? tm_media_root_new(root, error) : NULL;
    if (root && !opened)
        return NULL;
    tm_media_loader *loader = g_new0(tm_media_loader, 1);
    loader->root = opened;
    loader->cap = cap > 0 ? cap : CAP;
    loader->marked = new_files();
    loader->lent = g_ptr_array_new_with_free_func(remove_file);
    return loader;
}

void tm_media_loader_free(tm_media_loader *loader)
{
    if (!loader)
        return;
    if (loader->magic)
        magic_close(loader->magic);
    g_array_unref(loader->marked);
    g_ptr_array_unref(loader->lent);
    tm_media_root_free(loader->root);
    tm_media_root_free(loader->own);
    g_free(loader);
}

gboolean tm_media_loader_set_own(tm_media_loader *loader, const char *folder, const GArray *stamps,
                                 GError **error)
{
    loader->own = tm_media_root_new(folder, error);
    loader->own_stamps = stamps;
    return loader->own != NULL;
}

/* ---- what a file was ---- */

static const tm_media_stamp *find_stamp(const GArray *stamps, const char *path)
{
    for (guint i = 0; stamps && i < stamps->len; i++)
        if (strcmp(g_array_index(stamps, tm_media_stamp, i).path, path) == 0)
            return &g_array_index(stamps, tm_media_stamp, i);
    return NULL;
}

static int64_t mtime_ns(const struct stat *st)
{
    return (int64_t)st->st_mtim.tv_sec * 1000000000 + st->st_mtim.tv_nsec;
}

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

/* Of the whole file; its place is the beginning again. */
static gboolean hash_file(int fd, const char *path, int64_t size, uint8_t sha256[32], GError **error)
{
    g_autoptr(GChecksum) checksum = g_checksum_new(G_CHECKSUM_SHA256);
    g_autofree char *buffer = g_malloc(PIECE);
    int64_t total = 0;
    ssize_t n;
    while ((n = read_piece(fd, buffer)) > 0 && (total += n) <= size)
        g_checksum_update(checksum, (const guchar *)buffer, n);
    if (n < 0 || lseek(fd, 0, SEEK_SET) != 0)
        return tm_fail(error, TM_ERROR_IO, "media \"%s\": %s", path, g_strerror(errno));
    if (total != size)
        return tm_fail(error, TM_ERROR_CHANGED, "media \"%s\" changed while it was read", path);
    gsize length = 32;
    g_checksum_get_digest(checksum, sha256, &length);
    return TRUE;
}

/* A file of another size has changed. One of another time may be a copy of the same: it is read to see. */
static gboolean check_stamp(int fd, const struct stat *st, const tm_media_stamp *was, GError **error)
{
    uint8_t now[32];
    bool same = st->st_size == was->size;
    if (same && mtime_ns(st) != was->mtime_ns) {
        if (!hash_file(fd, was->path, st->st_size, now, error))
            return FALSE;
        same = memcmp(now, was->sha256, sizeof now) == 0;
    }
    return same ||
           tm_fail(error, TM_ERROR_CHANGED,
                   "media \"%s\" is not what it was when its row was queued (%" G_GINT64_FORMAT
                   " bytes then, %" G_GINT64_FORMAT " now): add the data again to ask with the new one",
                   was->path, was->size, (int64_t)st->st_size);
}

/* Opens a row's file, or the prompt's. */
static int open_file(tm_media_loader *loader, const char *path, struct stat *st, GError **error)
{
    if (tm_media_kind_of(path) != TM_MEDIA_FILE) {
        tm_fail(error, TM_ERROR_INPUT,
                "media \"%.200s\": http, https, gs and data addresses and local paths can be sent", path);
        return -1;
    }
    if (g_ptr_array_find_with_equal_func(loader->lent, path, g_str_equal, NULL)) {
        int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
        if (fd < 0 || fstat(fd, st) != 0)
            tm_fail(error, TM_ERROR_IO, "%s: %s", path, g_strerror(errno));
        return fd;
    }
    if (loader->own && find_stamp(loader->own_stamps, path))
        return tm_media_root_open(loader->own, path, loader->cap, st, error);
    if (!loader->root) {
        tm_fail(error, TM_ERROR_INPUT,
                "media \"%s\": rows of stdin may name files only with --media-root DIR", path);
        return -1;
    }
    return tm_media_root_open(loader->root, path, loader->cap, st, error);
}

/* The same, found to be what it was. What was fit to be sent and can't be opened any more has changed. */
static int open_checked(tm_media_loader *loader, const char *path, struct stat *st,
                        const tm_media_stamp **was, GError **error)
{
    g_autoptr(GError) failed = NULL;
    *was = find_stamp(loader->expected, path);
    if (!*was)
        *was = find_stamp(loader->own_stamps, path);
    int fd = open_file(loader, path, st, &failed);
    if (fd >= 0 && *was && !check_stamp(fd, st, *was, &failed)) {
        close(fd);
        fd = -1;
    }
    if (fd >= 0)
        return fd;
    if (*was && !g_error_matches(failed, TM_ERROR, TM_ERROR_CHANGED))
        tm_fail(error, TM_ERROR_CHANGED, "%s (it could be read when its row was queued)", failed->message);
    else
        g_propagate_error(error, g_steal_pointer(&failed));
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
    {"audio/x-m4a", "audio/mp4"}, {"image/jpg", "image/jpeg"},          {"audio/x-flac", "audio/flac"},
};

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

/* By the first bytes of `fd`, whose place does not move. (transfer full); NULL and *error. */
static char *type_of(tm_media_loader *loader, int fd, const char *path, const char *said, GError **error)
{
    g_autofree char *bytes = g_malloc(PIECE);
    ssize_t n = said && *said ? 0 : pread(fd, bytes, PIECE, 0);
    if (n < 0) {
        tm_fail(error, TM_ERROR_IO, "media \"%s\": %s", path, g_strerror(errno));
        return NULL;
    }
    const char *type = said && *said ? said : look_at(loader, bytes, (size_t)n);
    g_autofree char *name = g_ascii_strdown(path, -1);
    if (!type) {
        tm_fail(error, TM_ERROR_INPUT,
                "media \"%s\": its type can't be told here; say it: {{media url=... "
                "contentType=\"image/png\"}}",
                path);
        return NULL;
    }
    for (size_t i = 0; type != said && i < G_N_ELEMENTS(by_content); i++)
        if (strcmp(type, by_content[i][0]) == 0)
            type = by_content[i][1];
    for (size_t i = 0; type != said && i < G_N_ELEMENTS(by_name); i++)
        if (g_str_has_prefix(type, "text/") && g_str_has_suffix(name, by_name[i][0]))
            type = by_name[i][1];
    if (tm_media_is_sendable(type))
        return g_strdup(type);
    tm_fail(error, TM_ERROR_INPUT, "media \"%s\" is %s: images, audio, video, PDF and text can be sent", path,
            type);
    return NULL;
}

gboolean tm_media_loader_stamp(tm_media_loader *loader, const char *path, const char *content_type,
                               tm_media_memory memory, void *memory_data, tm_media_stamp *stamp,
                               GError **error)
{
    struct stat st = {0};
    bool known = false;
    int fd = open_file(loader, path, &st, error);
    if (fd < 0)
        return FALSE;
    *stamp = (tm_media_stamp){.path = g_strdup(path), .size = st.st_size, .mtime_ns = mtime_ns(&st)};
    g_autofree char *type = type_of(loader, fd, path, content_type, error);
    gboolean good = type && (!memory || memory(memory_data, stamp, &known, error)) &&
                    (known || hash_file(fd, path, stamp->size, stamp->sha256, error));
    close(fd);
    if (!good)
        tm_media_stamp_clear(stamp);
    return good;
}

/* ---- its bytes ---- */

void tm_media_loader_expect(tm_media_loader *loader, const GArray *stamps)
{
    loader->expected = stamps;
    loader->tokens = 0;
    g_array_set_size(loader->marked, 0);
    g_ptr_array_set_size(loader->lent, 0);
}

void tm_media_loader_lend(tm_media_loader *loader, const char *path)
{
    g_ptr_array_add(loader->lent, g_strdup(path));
}

int64_t tm_media_loader_tokens(const tm_media_loader *loader)
{
    return loader->tokens;
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

static gboolean append_file(int fd, const char *path, const struct stat *st, const tm_media_stamp *was,
                            GString *out, GError **error)
{
    g_autofree char *buffer = g_malloc(PIECE);
    g_autoptr(GChecksum) checksum = g_checksum_new(G_CHECKSUM_SHA256);
    uint8_t now[32];
    gsize base = out->len, length = sizeof now;
    int64_t total = 0;
    ssize_t n;
    g_string_set_size(out, base + ((gsize)st->st_size / 3 + 1) * 4);
    g_string_truncate(out, base);
    while ((n = read_piece(fd, buffer)) > 0 && (total += n) <= st->st_size) {
        append_base64(out, buffer, (size_t)n); /* pieces are whole triples but the last */
        g_checksum_update(checksum, (const guchar *)buffer, n);
    }
    if (n < 0)
        return tm_fail(error, TM_ERROR_IO, "media \"%s\": %s", path, g_strerror(errno));
    g_checksum_get_digest(checksum, now, &length);
    if (total != st->st_size || (was && memcmp(now, was->sha256, sizeof now) != 0))
        return tm_fail(error, TM_ERROR_CHANGED, "media \"%s\" is not what it was when its row was queued",
                       path);
    return TRUE;
}

/* Opens a file that is to be sent, and tells its type. */
static int begin_file(tm_media_loader *loader, const char *path, const char *content_type, struct stat *st,
                      const tm_media_stamp **was, char **mime, GError **error)
{
    int fd = open_checked(loader, path, st, was, error);
    *mime = fd >= 0 ? type_of(loader, fd, path, content_type, error) : NULL;
    if (fd >= 0 && !*mime) {
        close(fd);
        return -1;
    }
    if (fd >= 0)
        loader->tokens += tm_media_tokens(*mime, st->st_size);
    return fd;
}

gboolean tm_media_load(void *data, const char *path, const char *content_type, GString *out, char **mime,
                       GError **error)
{
    struct stat st = {0};
    const tm_media_stamp *was;
    g_autofree char *type = NULL;
    int fd = begin_file(data, path, content_type, &st, &was, &type, error);
    gboolean good = fd >= 0 && append_file(fd, path, &st, was, out, error);
    if (fd >= 0)
        close(fd);
    if (good)
        *mime = g_steal_pointer(&type);
    return good;
}

gboolean tm_media_mark(void *data, const char *path, const char *content_type, GString *out, char **mime,
                       GError **error)
{
    tm_media_loader *loader = data;
    struct stat st = {0};
    const tm_media_stamp *was;
    g_autofree char *type = NULL;
    int fd = begin_file(loader, path, content_type, &st, &was, &type, error);
    if (fd < 0)
        return FALSE;
    if (g_str_has_prefix(type, "text/") || g_str_has_prefix(type, "application/json")) {
        gboolean good = append_file(fd, path, &st, was, out, error);
        close(fd);
        if (good)
            *mime = g_steal_pointer(&type);
        return good;
    }
    tm_call_file file = {.fd = fd, .size = st.st_size, .checked = was != NULL};
    if (was)
        memcpy(file.sha256, was->sha256, sizeof file.sha256);
    g_array_append_val(loader->marked, file);
    g_string_append_c(out, TM_MEDIA_MARK);
    *mime = g_steal_pointer(&type);
    return TRUE;
}

void tm_media_loader_give(tm_media_loader *loader, tm_call *call)
{
    const char *body = call->body ? call->body->str : NULL, *mark = body;
    size_t left = body ? call->body->len : 0;
    guint n = 0;
    if (loader->marked->len == 0)
        return;
    for (; n < loader->marked->len && left > 0 && (mark = memchr(mark, TM_MEDIA_MARK, left)) != NULL; n++) {
        g_array_index(loader->marked, tm_call_file, n).at = (size_t)(mark - body);
        left = call->body->len - (size_t)(mark - body) - 1;
        mark++;
    }
    g_warn_if_fail(n == loader->marked->len);
    g_array_set_size(loader->marked, n);
    call->files = loader->marked;
    loader->marked = new_files();
}
