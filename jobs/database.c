/* database.c - opening an SQLite file as tidemill uses it, and its prepared statements. */
#include "jobs/database_private.h"

#include "core/error.h"
#include "jobs/folder.h"
#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#define BUSY_MS 10000

const char *tm_database_unfit_filesystem(int64_t type)
{
    /* linux/magic.h; locks or shared memory of these do not hold between machines */
    static const struct {
        int64_t type;
        const char *name;
    } unfit[] = {
        {0x6969, "NFS"},    {0x517B, "SMB"},     {0xFF534D42, "SMB"},  {0xFE534D42, "SMB"},
        {0x01021997, "9p"}, {0x5346414F, "AFS"}, {0x00C36400, "Ceph"}, {0x0BD00BD0, "Lustre"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(unfit); i++)
        if (unfit[i].type == (type & 0xFFFFFFFF))
            return unfit[i].name;
    return NULL;
}

static gboolean check_filesystem(tm_database *database, const char *folder, GError **error)
{
    struct statfs info;
    const char *unfit =
        statfs(folder, &info) == 0 ? tm_database_unfit_filesystem((int64_t)info.f_type) : NULL;
    if (!unfit)
        return TRUE;
    return tm_fail(
        error, TM_ERROR_IO,
        "%s lies on a network file system (%s), where SQLite can lose data: name a file on a disk of "
        "this machine",
        database->path, unfit);
}

/* The folder and an empty file, private; then the path without symbolic links. */
static gboolean make_file(tm_database *database, GError **error)
{
    g_autofree char *folder = g_path_get_dirname(database->path);
    int failed = database->read_only ? 0 : tm_folder_make(folder);
    if (failed)
        return tm_database_fail_write(database, error, failed);
    if (!check_filesystem(database, folder, error))
        return FALSE;
    if (!database->read_only) {
        int fd = open(database->path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        if (fd < 0)
            return tm_database_fail_write(database, error, errno);
        close(fd);
    }
    char *real = realpath(database->path, NULL);
    if (!real && errno == ENOENT)
        return tm_fail(error, TM_ERROR_STATE, "there is no file %s yet", database->path);
    if (!real)
        return tm_fail(error, TM_ERROR_IO, "can't read %s: %s", database->path, g_strerror(errno));
    g_free(database->path);
    database->path = g_strdup(real);
    free(real);
    database->folder = g_path_get_dirname(database->path);
    database->lock_path = g_strconcat(database->path, "-lock", NULL);
    return TRUE;
}

/* SQLite's sorters spill to temp files: rows of the user's data belong into the private folder, not into
 * /tmp. */
static void keep_temp_files_private(const tm_database *database)
{
    if (sqlite3_temp_directory && strcmp(sqlite3_temp_directory, database->folder) == 0)
        return;
    sqlite3_free(sqlite3_temp_directory);
    sqlite3_temp_directory = sqlite3_mprintf("%s", database->folder);
}

static gboolean read_number(tm_database *database, const char *sql, int64_t *value, GError **error)
{
    sqlite3_stmt *statement = NULL;
    bool good = sqlite3_prepare_v2(database->handle, sql, -1, &statement, NULL) == SQLITE_OK &&
                sqlite3_step(statement) == SQLITE_ROW;
    if (good)
        *value = sqlite3_column_int64(statement, 0);
    else
        tm_database_fail(database, error, "open");
    sqlite3_finalize(statement);
    return good;
}

static gboolean run_sql(tm_database *database, const char *sql, GError **error)
{
    if (sqlite3_exec(database->handle, sql, NULL, NULL, NULL) == SQLITE_OK)
        return TRUE;
    return tm_database_fail(database, error, "open");
}

/* On a medium that can't be written SQLite can't share a WAL; without one nothing changes, and it need not.
 */
static gboolean connect_immutable(tm_database *database, GError **error)
{
    g_autofree char *uri = g_filename_to_uri(database->path, NULL, error);
    if (!uri)
        return FALSE;
    g_autofree char *immutable = g_strconcat(uri, "?immutable=1", NULL);
    sqlite3_close(database->handle);
    if (sqlite3_open_v2(immutable, &database->handle, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, NULL) !=
        SQLITE_OK)
        return tm_database_fail(database, error, "open");
    return TRUE;
}

static gboolean connect(tm_database *database, GError **error)
{
    g_autofree char *folder = g_path_get_dirname(database->path);
    g_autofree char *wal = g_strconcat(database->path, "-wal", NULL);
    /* Each handle is one thread's, so SQLite need not lock it at each of the hundred calls a row takes. */
    const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX;
    if (database->read_only && access(folder, W_OK) != 0 && access(wal, F_OK) != 0) {
        if (!connect_immutable(database, error))
            return FALSE;
    } else if (sqlite3_open_v2(database->path, &database->handle, flags, NULL) != SQLITE_OK) {
        return tm_database_fail(database, error, "open");
    }
    sqlite3_extended_result_codes(database->handle, 1);
    sqlite3_busy_timeout(database->handle, BUSY_MS);
    return run_sql(database,
                   "PRAGMA synchronous = FULL;"
                   "PRAGMA trusted_schema = OFF;"
                   "PRAGMA cell_size_check = ON;"
                   "PRAGMA fullfsync = ON;"       /* only macOS has it */
                   "PRAGMA cache_size = -16384;", /* KiB: memory stays constant at any size of the file */
                   error);
}

/* Is it ours, and of which version? 0: still empty. -1 and *error. */
static int64_t version_of(tm_database *database, const tm_database_kind *kind, GError **error)
{
    int64_t objects, application, version;
    if (!read_number(database, "SELECT count(*) FROM sqlite_schema", &objects, error) ||
        !read_number(database, "PRAGMA application_id", &application, error) ||
        !read_number(database, "PRAGMA user_version", &version, error))
        return -1;
    if (application == 0 && version == 0 && objects == 0)
        return 0;
    if (application != kind->application_id) {
        tm_fail(error, TM_ERROR_IO, "%s is another program's database: name another file", database->path);
        return -1;
    }
    if (version > kind->version) {
        tm_fail(error, TM_ERROR_STATE,
                "%s was made by a newer tidemill (format %" G_GINT64_FORMAT
                ", this one knows %d): update tidemill",
                database->path, version, kind->version);
        return -1;
    }
    return version;
}

static gboolean write_version(tm_database *database, const tm_database_kind *kind, int64_t from,
                              GError **error)
{
    g_autofree char *mark = g_strdup_printf("PRAGMA application_id = %d; PRAGMA user_version = %d",
                                            kind->application_id, kind->version);
    if (from == 0)
        return run_sql(database, kind->schema, error) && run_sql(database, mark, error);
    if (!kind->migrate)
        return tm_fail(error, TM_ERROR_STATE,
                       "%s has an old format (%" G_GINT64_FORMAT ") that can't be brought up", database->path,
                       from);
    return kind->migrate(database->handle, (int)from, error) && run_sql(database, mark, error);
}

/* Two processes may do this at once: the second one, in its turn, finds it done. A crash between the
 * statements leaves an empty file, which the next one fills. */
static gboolean bring_up(tm_database *database, const tm_database_kind *kind, GError **error)
{
    /* page_size and auto_vacuum count only before the first page is written; WAL is kept in the file */
    bool empty = version_of(database, kind, NULL) == 0;
    if (empty && !run_sql(database, "PRAGMA page_size = 4096; PRAGMA auto_vacuum = INCREMENTAL", error))
        return FALSE;
    GError *why = NULL;
    if (!tm_database_turn_take(database, BUSY_MS, &why)) {
        if (why)
            g_propagate_error(error, why);
        else
            tm_fail(error, TM_ERROR_BUSY, "another tidemill is writing %s: try again", database->path);
        return FALSE;
    }
    gboolean ok = run_sql(database, "PRAGMA journal_mode = WAL", error);
    tm_database_turn_give(database);
    if (!ok || !tm_database_begin(database, error))
        return FALSE;
    int64_t version = version_of(database, kind, error);
    if (version < 0 || (version < kind->version && !write_version(database, kind, version, error))) {
        tm_database_rollback(database);
        return FALSE;
    }
    return tm_database_commit(database, error);
}

static gboolean open_database(tm_database *database, const tm_database_kind *kind, GError **error)
{
    if (!make_file(database, error) || !tm_database_lock_open(database, error) || !connect(database, error))
        return FALSE;
    int64_t version = version_of(database, kind, error);
    if (version < 0)
        return FALSE;
    tm_database_wal_watch(database);
    if (database->read_only && version < kind->version)
        return tm_fail(error, TM_ERROR_STATE, "%s is still empty or of an older format: nothing to read",
                       database->path);
    keep_temp_files_private(database);
    if (database->read_only)
        return run_sql(database, "PRAGMA query_only = ON", error);
    if (version < kind->version)
        return bring_up(database, kind, error);
    /* SQLite counts another program's file change as ours: WAL must be on even if someone switched it off */
    return run_sql(database, "PRAGMA journal_mode = WAL", error);
}

tm_database *tm_database_open(const char *path, const tm_database_kind *kind, bool read_only, GError **error)
{
    tm_database *database = g_new0(tm_database, 1);
    database->path = g_canonicalize_filename(path, NULL);
    database->read_only = read_only;
    database->lock_fd = -1;
    database->statements =
        g_hash_table_new_full(g_direct_hash, g_direct_equal, NULL, (GDestroyNotify)(void *)sqlite3_finalize);
    if (open_database(database, kind, error))
        return database;
    tm_database_close(database);
    return NULL;
}

/* The last one out checkpoints and removes the WAL; SQLite does that only with the whole file locked. */
void tm_database_close(tm_database *database)
{
    if (!database)
        return;
    tm_database_rollback(database);
    g_hash_table_unref(database->statements);
    sqlite3_close(database->handle);
    if (database->lock_fd >= 0)
        close(database->lock_fd);
    g_free(database->lock_path);
    g_free(database->folder);
    g_free(database->path);
    g_free(database);
}

sqlite3 *tm_database_handle(tm_database *database)
{
    return database->handle;
}
const char *tm_database_path(const tm_database *database)
{
    return database->path;
}
const char *tm_database_folder(const tm_database *database)
{
    return database->folder;
}

sqlite3_stmt *tm_database_sql(tm_database *database, const char *sql)
{
    sqlite3_stmt *statement = g_hash_table_lookup(database->statements, sql);
    if (statement) {
        sqlite3_reset(statement);
        sqlite3_clear_bindings(statement);
        return statement;
    }
    int rc = sqlite3_prepare_v3(database->handle, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, NULL);
    if (rc == SQLITE_OK)
        g_hash_table_insert(database->statements, (gpointer)sql, statement);
    else if ((rc & 0xff) == SQLITE_ERROR)
        g_error("%s: %s\n%s", database->path, sqlite3_errmsg(database->handle), sql);
    /* Else the file is damaged or can't be read: a step on NULL fails, and the handle keeps the reason. */
    return statement;
}
