/* database_error.c - what went wrong with a database file, in words a person can act on. */
#include "jobs/database_private.h"

#include "core/error.h"
#include <errno.h>
#include <unistd.h>

static bool is_full(int number)
{
    return number == ENOSPC || number == EDQUOT;
}

gboolean tm_database_fail_write(const tm_database *database, GError **error, int number)
{
    if (is_full(number))
        return tm_fail(error, TM_ERROR_FULL, "can't write %s: the disk is full; make room and go on",
                       database->path);
    if (number == EROFS)
        return tm_fail(error, TM_ERROR_IO, "can't write %s: read-only file system; name another place",
                       database->path);
    return tm_fail(error, TM_ERROR_IO, "can't write %s: %s", database->path, g_strerror(number));
}

/* SQLite only says "readonly": ask the file system why. */
static gboolean fail_read_only(const tm_database *database, GError **error)
{
    g_autofree char *folder = g_path_get_dirname(database->path);
    if (access(database->path, W_OK) != 0 || access(folder, W_OK) != 0)
        return tm_database_fail_write(database, error, errno);
    return tm_fail(error, TM_ERROR_IO, "can't write %s: it was opened for reading only", database->path);
}

gboolean tm_database_fail(tm_database *database, GError **error, const char *doing)
{
    int code = sqlite3_extended_errcode(database->handle);
    int number = sqlite3_system_errno(database->handle);
    const char *words = sqlite3_errmsg(database->handle);
    switch (code & 0xff) {
    case SQLITE_FULL:
        return tm_database_fail_write(database, error, ENOSPC);
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return tm_fail(error, TM_ERROR_BUSY, "%s: another program holds %s", doing, database->path);
    case SQLITE_READONLY:
        return fail_read_only(database, error);
    case SQLITE_NOTADB:
        return tm_fail(error, TM_ERROR_IO, "%s is not a file of tidemill's: name another, or move it away",
                       database->path);
    case SQLITE_CORRUPT:
        return tm_fail(error, TM_ERROR_IO,
                       "%s: %s is damaged (%s): put back a copy, or save what can be read with "
                       "`sqlite3 OLD .recover | sqlite3 NEW`",
                       doing, database->path, words);
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
        if (is_full(number))
            return tm_database_fail_write(database, error, number);
        return tm_fail(error, TM_ERROR_IO, "%s: can't read or write %s: %s", doing, database->path,
                       number ? g_strerror(number) : words);
    case SQLITE_NOMEM:
        return tm_fail(error, TM_ERROR_IO, "%s: %s: out of memory", doing, database->path);
    default:
        return tm_fail(error, TM_ERROR_INTERNAL, "%s: %s: %s (%d)", doing, database->path, words, code);
    }
}
