/* zip.c - the entries of a ZIP archive, read by libarchive */
#include "core/error.h"
#include "core/studio/archive_inside.h"
#include "core/studio/entry_name.h"
#include <archive.h>
#include <archive_entry.h>
#include <locale.h>
#include <string.h>
#include <unistd.h>

typedef struct tm_zip {
    struct archive *reader;
    locale_t utf8; /* libarchive gives no name that the locale can't write; cron and systemd run in C */
} tm_zip;

/* Broken archives: libarchive's word, and what to do. */
static gboolean fail_broken(const tm_archive *archive, GError **error)
{
    const char *why = archive_error_string(archive->zip->reader);
    if (archive->name)
        return tm_fail(error, TM_ERROR_INPUT, "%s is broken at entry %s (%s): download it again",
                       archive->path, archive->name, why ? why : "damaged");
    return tm_fail(error, TM_ERROR_INPUT, "%s is broken or cut short (%s): download it again", archive->path,
                   why ? why : "damaged");
}

gboolean tm_zip_open(tm_archive *archive, GError **error)
{
    tm_zip *zip = archive->zip = g_new0(tm_zip, 1);
    zip->utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
    if (!zip->utf8)
        zip->utf8 = newlocale(LC_CTYPE_MASK, "UTF-8", (locale_t)0); /* macOS's name of it */
    zip->reader = archive_read_new();
    if (!zip->reader)
        g_error("out of memory");
    archive_read_support_format_zip_seekable(zip->reader);
    if (lseek(archive->fd, 0, SEEK_SET) != 0 ||
        archive_read_open_fd(zip->reader, archive->fd, 65536) != ARCHIVE_OK)
        return fail_broken(archive, error);
    return TRUE;
}

void tm_zip_close(tm_archive *archive)
{
    if (!archive->zip)
        return;
    archive_read_free(archive->zip->reader);
    if (archive->zip->utf8)
        freelocale(archive->zip->utf8);
    g_free(archive->zip);
}

/* Reads the next header with names in UTF-8, whatever locale the program runs in. */
static int next_header(tm_zip *zip, struct archive_entry **header)
{
    locale_t before = zip->utf8 ? uselocale(zip->utf8) : (locale_t)0;
    int result = archive_read_next_header(zip->reader, header);
    if (zip->utf8)
        uselocale(before);
    return result;
}

static const char *raw_name(const tm_zip *zip, struct archive_entry *header)
{
    locale_t before = zip->utf8 ? uselocale(zip->utf8) : (locale_t)0;
    const char *name = archive_entry_pathname(header);
    if (!name)
        name = archive_entry_pathname_utf8(header);
    if (zip->utf8)
        uselocale(before);
    return name;
}

static gboolean check_link(tm_archive *archive, struct archive_entry *header, GError **error)
{
    const char *target = archive_entry_symlink(header);
    if (target && tm_entry_name_leaves(archive->name, target))
        return tm_fail(
            error, TM_ERROR_INPUT,
            "entry %s is a link to %s, outside of the archive: nothing was imported, since this archive "
            "is not to be trusted",
            archive->name, target);
    return TRUE;
}

/* Looks at one header: TM_WALK_ENTRY if it is a file to tell of, TM_WALK_END to go on to the next. */
static tm_walk look_at(tm_archive *archive, struct archive_entry *header, tm_entry *entry, GError **error)
{
    const char *raw = raw_name(archive->zip, header);
    if (++archive->at > TM_ARCHIVE_MAX_ENTRIES) {
        tm_fail(error, TM_ERROR_INPUT, "entry %s: more than %d entries: import a part of the archive",
                raw ? raw : "without a name", TM_ARCHIVE_MAX_ENTRIES);
        return TM_WALK_ERROR;
    }
    g_clear_pointer(&archive->name, g_free);
    archive->name = tm_entry_name_clean(raw ? raw : "", error);
    if (!archive->name)
        return TM_WALK_ERROR;
    if (archive_entry_is_encrypted(header)) {
        tm_fail(error, TM_ERROR_INPUT,
                "entry %s is encrypted: unpack the archive with its password, then import the folder",
                archive->name);
        return TM_WALK_ERROR;
    }
    mode_t type = archive_entry_filetype(header);
    if (type == AE_IFDIR || !*archive->name || tm_entry_name_passed(archive->name))
        return TM_WALK_END;
    entry->link = (type != AE_IFREG && type != 0) || archive_entry_hardlink(header);
    return check_link(archive, header, error) ? TM_WALK_ENTRY : TM_WALK_ERROR;
}

tm_walk tm_zip_next(tm_archive *archive, tm_entry *entry, GError **error)
{
    struct archive_entry *header;
    int result;
    while ((result = next_header(archive->zip, &header)) == ARCHIVE_OK || result == ARCHIVE_WARN) {
        tm_walk walk = look_at(archive, header, entry, error);
        if (walk != TM_WALK_END)
            return walk;
    }
    if (result == ARCHIVE_EOF)
        return TM_WALK_END;
    g_clear_pointer(&archive->name, g_free);
    fail_broken(archive, error);
    return TM_WALK_ERROR;
}

ssize_t tm_zip_read(tm_archive *archive, char *block, size_t size, GError **error)
{
    ssize_t n = archive_read_data(archive->zip->reader, block, size);
    if (n < 0)
        fail_broken(archive, error);
    return n < 0 ? -1 : n;
}
