/* archive_inside.h - what archive.c and zip.c share. */
#pragma once
#include "core/studio/archive.h"
#include <sys/types.h>

typedef enum { ARCHIVE_FILE, ARCHIVE_FOLDER, ARCHIVE_ZIP } archive_kind;

struct tm_archive {
    archive_kind kind;
    char *path;
    int fd;           /* the file that is being read; -1: none */
    int64_t size;     /* of the archive's own file */
    GPtrArray *names; /* of a folder */
    guint at;         /* entries so far */
    char *name;       /* of the present entry */
    GString *content; /* of it, as far as it has been read */
    bool ended;       /* that is all of it */
    int64_t total;    /* bytes read of all entries */
    struct tm_zip *zip;
};

gboolean tm_zip_open(tm_archive *archive, GError **error);
void tm_zip_close(tm_archive *archive); /* also when none is open */
tm_walk tm_zip_next(tm_archive *archive, tm_entry *entry, GError **error);
ssize_t tm_zip_read(tm_archive *archive, char *block, size_t size, GError **error); /* 0 at the end, -1 */
