/* archive.c - an export as a stream of files, whatever it is: a ZIP, a folder, or one file */
#include "core/studio/archive.h"
#include "core/error.h"
#include "core/studio/archive_inside.h"
#include "core/studio/entry_name.h"
#include "core/studio/folder.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PEEK = 512, BLOCK = 65536 };

/* What a file begins with that some archiver made, and what to do about it. */
static const struct {
    const char *magic;
    size_t length;
    const char *kind;
} others[] = {
    {"\x1f\x8b", 2, "a gzip file"},
    {"7z\xbc\xaf\x27\x1c", 6, "a 7z archive"},
    {"Rar!", 4, "a RAR archive"},
    {"\xfd"
     "7zXZ",
     5, "an xz file"},
    {"\x28\xb5\x2f\xfd", 4, "a zstd file"},
    {"BZh", 3, "a bzip2 file"},
};

static gboolean check_start(tm_archive *archive, GError **error)
{
    char start[8] = {0};
    ssize_t n = pread(archive->fd, start, sizeof start, 0);
    if (n < 0)
        return tm_fail(error, TM_ERROR_IO, "can't read %s: %s", archive->path, g_strerror(errno));
    for (size_t i = 0; i < G_N_ELEMENTS(others); i++)
        if (memcmp(start, others[i].magic, others[i].length) == 0)
            return tm_fail(error, TM_ERROR_INPUT, "%s is %s: unpack it, then import the folder",
                           archive->path, others[i].kind);
    if (memcmp(start, "PK\5\6", 4) == 0) { /* a ZIP of nothing, which libarchive does not know */
        archive->kind = ARCHIVE_FOLDER;
        archive->names = g_ptr_array_new();
        return TRUE;
    }
    bool zip = memcmp(start, "PK\3\4", 4) == 0;
    size_t length = strlen(archive->path);
    if (!zip && length > 4 && g_ascii_strcasecmp(archive->path + length - 4, ".zip") == 0)
        return tm_fail(error, TM_ERROR_INPUT, "%s is no ZIP archive, or a broken one: download it again",
                       archive->path);
    archive->kind = zip ? ARCHIVE_ZIP : ARCHIVE_FILE;
    return !zip || tm_zip_open(archive, error);
}

tm_archive *tm_archive_open(const char *path, GError **error)
{
    g_autoptr(tm_archive) archive = g_new0(tm_archive, 1);
    archive->fd = -1;
    archive->path = g_strdup(path);
    archive->content = g_string_new(NULL);
    struct stat info;
    if (stat(path, &info) != 0) {
        tm_fail(error, errno == ENOENT ? TM_ERROR_INPUT : TM_ERROR_IO, "can't open %s: %s", path,
                g_strerror(errno));
        return NULL;
    }
    if (S_ISDIR(info.st_mode)) {
        archive->kind = ARCHIVE_FOLDER;
        archive->names = tm_folder_list(path, TM_ARCHIVE_MAX_ENTRIES, error);
        return archive->names ? g_steal_pointer(&archive) : NULL;
    }
    archive->fd = S_ISREG(info.st_mode) ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    archive->size = info.st_size;
    if (archive->fd < 0) {
        tm_fail(error, TM_ERROR_IO, "can't open %s: %s", path,
                S_ISREG(info.st_mode) ? g_strerror(errno) : "neither a file nor a folder");
        return NULL;
    }
    return check_start(archive, error) ? g_steal_pointer(&archive) : NULL;
}

void tm_archive_close(tm_archive *archive)
{
    if (!archive)
        return;
    tm_zip_close(archive);
    if (archive->fd >= 0)
        close(archive->fd);
    if (archive->names)
        g_ptr_array_unref(archive->names);
    g_string_free(archive->content, TRUE);
    g_free(archive->name);
    g_free(archive->path);
    g_free(archive);
}

bool tm_archive_is_single(const tm_archive *archive)
{
    return archive->kind == ARCHIVE_FILE;
}

/* Opens the next file of the folder; a link or a device has no content. */
static tm_walk next_in_folder(tm_archive *archive, tm_entry *entry, GError **error)
{
    if (archive->fd >= 0)
        close(archive->fd);
    archive->fd = -1;
    if (archive->at >= archive->names->len)
        return TM_WALK_END;
    const char *raw = g_ptr_array_index(archive->names, archive->at++);
    archive->name = g_utf8_make_valid(raw, -1);
    g_autofree char *full = g_build_filename(archive->path, raw, NULL);
    struct stat info;
    archive->fd = open(full, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
    entry->link = archive->fd < 0 ? errno == ELOOP || errno == ENXIO
                                  : fstat(archive->fd, &info) != 0 || !S_ISREG(info.st_mode);
    if (archive->fd < 0 && !entry->link) {
        tm_fail(error, TM_ERROR_IO, "can't read %s: %s", full, g_strerror(errno));
        return TM_WALK_ERROR;
    }
    return TM_WALK_ENTRY;
}

static tm_walk next_single(tm_archive *archive)
{
    if (archive->at++ > 0)
        return TM_WALK_END;
    archive->name = g_path_get_basename(archive->path);
    if (!g_utf8_validate(archive->name, -1, NULL)) {
        char *valid = g_utf8_make_valid(archive->name, -1);
        g_free(archive->name);
        archive->name = valid;
    }
    return TM_WALK_ENTRY;
}

tm_walk tm_archive_next(tm_archive *archive, tm_entry *entry, GError **error)
{
    g_string_truncate(archive->content, 0);
    g_clear_pointer(&archive->name, g_free);
    archive->ended = false;
    *entry = (tm_entry){0};
    tm_walk walk = archive->kind == ARCHIVE_ZIP      ? tm_zip_next(archive, entry, error)
                   : archive->kind == ARCHIVE_FOLDER ? next_in_folder(archive, entry, error)
                                                     : next_single(archive);
    entry->name = archive->name;
    return walk;
}

/* Reads one more block; sets `ended` at the end. */
static gboolean more(tm_archive *archive, GError **error)
{
    char block[BLOCK];
    ssize_t n;
    if (archive->kind == ARCHIVE_ZIP) {
        n = tm_zip_read(archive, block, sizeof block, error);
        if (n < 0)
            return FALSE;
    } else {
        do
            n = read(archive->fd, block, sizeof block);
        while (n < 0 && errno == EINTR);
        if (n < 0)
            return tm_fail(error, TM_ERROR_IO, "can't read %s: %s", archive->name, g_strerror(errno));
    }
    archive->ended = n == 0;
    archive->total += n;
    g_string_append_len(archive->content, block, n);
    if (archive->total > TM_ARCHIVE_MAX_TOTAL)
        return tm_fail(error, TM_ERROR_INPUT, "entry %s: more than %d GB in all: import a part of it",
                       archive->name, (int)(TM_ARCHIVE_MAX_TOTAL >> 30));
    if (archive->kind == ARCHIVE_ZIP && archive->total > (1 << 20) + TM_ARCHIVE_MAX_RATIO * archive->size)
        return tm_fail(
            error, TM_ERROR_INPUT,
            "entry %s unpacks to more than %d times the archive's size: nothing was imported, since "
            "this looks like a bomb",
            archive->name, TM_ARCHIVE_MAX_RATIO);
    return TRUE;
}

static gboolean read_up_to(tm_archive *archive, size_t cap, GError **error)
{
    while (!archive->ended && archive->content->len < cap)
        if (!more(archive, error))
            return FALSE;
    return TRUE;
}

gboolean tm_archive_peek(tm_archive *archive, const char **bytes, size_t *n, GError **error)
{
    if (!read_up_to(archive, PEEK, error))
        return FALSE;
    *bytes = archive->content->str;
    *n = archive->content->len;
    return TRUE;
}

gboolean tm_archive_read(tm_archive *archive, size_t cap, GString **content, GError **error)
{
    *content = NULL;
    if (!read_up_to(archive, cap + 1, error))
        return FALSE;
    if (archive->content->len <= cap)
        *content = g_string_new_len(archive->content->str, (gssize)archive->content->len);
    return TRUE;
}
