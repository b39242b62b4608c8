/* archive.h - an export as a stream of files, whatever it is: a ZIP, a folder, or one file. Nothing is
 * unpacked to disk; names are checked, links are never followed, and caps hold against bombs. */
#pragma once
#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

enum {
    TM_ARCHIVE_MAX_ENTRIES = 100000,
    TM_ARCHIVE_MAX_FILE = 32 << 20, /* bytes of one file that are ever read into memory */
    TM_ARCHIVE_MAX_RATIO = 200,     /* of bytes read to the ZIP's own size, past the first MB */
};
#define TM_ARCHIVE_MAX_TOTAL ((int64_t)2 << 30)

typedef struct tm_archive tm_archive;

typedef struct {
    const char *name; /* relative, '/' between folders, UTF-8; borrowed until the next call */
    bool link;        /* a symbolic or hard link, a device, a pipe: has no content here */
} tm_entry;

typedef enum { TM_WALK_ENTRY, TM_WALK_END, TM_WALK_ERROR } tm_walk;

/* An error is one of: no such file, a broken or encrypted ZIP, another kind of archive. (transfer full) */
tm_archive *tm_archive_open(const char *path, GError **error);
void tm_archive_close(tm_archive *archive);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(tm_archive, tm_archive_close)
bool tm_archive_is_single(const tm_archive *archive); /* neither ZIP nor folder */

/* The next file; folders are not told, and node_modules, .git and __MACOSX are passed over. Errors name the
 * entry: its name would leave the folder, it is encrypted, a cap is hit. */
tm_walk tm_archive_next(tm_archive *archive, tm_entry *entry, GError **error);
/* The entry's first bytes (at least 512 if it has as many), borrowed until the next call. */
gboolean tm_archive_peek(tm_archive *archive, const char **bytes, size_t *n, GError **error);
/* The entry's whole content; *content is NULL if it has more than `cap` bytes. (transfer full) */
gboolean tm_archive_read(tm_archive *archive, size_t cap, GString **content, GError **error);
