/* database_write.c - writing transactions and checkpoints, one at a time over all processes (docs/decisions,
 * "WAL and the lock file"). */
#include "jobs/database_private.h"

#include "core/error.h"
#include <sys/stat.h>

#define WRITER_WAIT_MS 10000
#define PAGE_BYTES 4096
/* A checkpoint costs two fsyncs and a pass over the pages: every 16 MB it does not show in the rate. */
#define CHECKPOINT_PAGES 4096
#define CHECKPOINT_AGAIN_PAGES 1024 /* after a busy one: that much later */
#define WAL_CAP_PAGES 65536         /* 256 MB */

static int on_commit(void *data, sqlite3 *handle, const char *name, int pages)
{
    (void)handle;
    (void)name;
    ((tm_database *)data)->wal_pages = pages;
    return SQLITE_OK;
}

void tm_database_wal_watch(tm_database *database)
{
    database->checkpoint_at_pages = CHECKPOINT_PAGES;
    sqlite3_wal_autocheckpoint(database->handle, 0);
    sqlite3_wal_hook(database->handle, on_commit, database);
}

gboolean tm_database_begin(tm_database *database, GError **error)
{
    g_assert(!database->writing);
    if (database->read_only)
        return tm_fail(error, TM_ERROR_INTERNAL, "%s was opened for reading only", database->path);
    GError *why = NULL;
    if (!tm_database_turn_take(database, WRITER_WAIT_MS, &why)) {
        if (why) {
            g_propagate_error(error, why);
            return FALSE;
        }
        return tm_fail(error, TM_ERROR_BUSY, "another tidemill has been writing %s for 10 s: try again",
                       database->path);
    }
    if (sqlite3_exec(database->handle, "BEGIN IMMEDIATE", NULL, NULL, NULL) != SQLITE_OK) {
        tm_database_fail(database, error, "begin");
        tm_database_turn_give(database);
        return FALSE;
    }
    database->writing = true;
    return TRUE;
}

/* Needs the turn, so that no commit can come in between. Busy or failed (a reader on an old page, a full
 * disk): what was committed is safe in the WAL; try again some pages later. */
static void checkpoint(tm_database *database)
{
    int pages = -1, copied = -1;
    sqlite3_busy_timeout(database->handle, 0);
    int rc = sqlite3_wal_checkpoint_v2(database->handle, "main", SQLITE_CHECKPOINT_TRUNCATE, &pages, &copied);
    sqlite3_busy_timeout(database->handle, WRITER_WAIT_MS);
    if (rc == SQLITE_OK) {
        database->wal_pages = 0;
        database->checkpoint_at_pages = CHECKPOINT_PAGES;
    } else {
        database->checkpoint_at_pages = database->wal_pages + CHECKPOINT_AGAIN_PAGES;
    }
}

gboolean tm_database_commit(tm_database *database, GError **error)
{
    g_assert(database->writing);
    /* SQLite rolls back by itself when the disk is full or fails; a COMMIT would then only say "no
     * transaction". */
    if (sqlite3_get_autocommit(database->handle)) {
        tm_database_rollback(database);
        return tm_fail(error, TM_ERROR_IO, "%s: the transaction was undone by an earlier error",
                       database->path);
    }
    if (sqlite3_exec(database->handle, "COMMIT", NULL, NULL, NULL) != SQLITE_OK) {
        tm_database_fail(database, error, "commit");
        tm_database_rollback(database);
        return FALSE;
    }
    if (database->wal_pages >= database->checkpoint_at_pages)
        checkpoint(database);
    database->writing = false;
    tm_database_turn_give(database);
    return TRUE;
}

void tm_database_rollback(tm_database *database)
{
    if (!database->writing)
        return;
    if (!sqlite3_get_autocommit(database->handle))
        sqlite3_exec(database->handle, "ROLLBACK", NULL, NULL, NULL);
    database->writing = false;
    tm_database_turn_give(database);
}

gboolean tm_database_rewrite(tm_database *database, GError **error)
{
    g_assert(!database->writing);
    GError *why = NULL;
    if (!tm_database_turn_take(database, WRITER_WAIT_MS, &why)) {
        if (why)
            g_propagate_error(error, why);
        else
            tm_fail(error, TM_ERROR_BUSY, "another tidemill has been writing %s for 10 s: try again",
                    database->path);
        return FALSE;
    }
    gboolean good = sqlite3_exec(database->handle, "VACUUM", NULL, NULL, NULL) == SQLITE_OK ||
                    tm_database_fail(database, error, "shrink");
    if (good)
        checkpoint(database);
    tm_database_turn_give(database);
    return good;
}

/* In WAL mode NORMAL leaves out only the sync of a commit: a checkpoint syncs the WAL before it copies and
 * the file before it empties the WAL. */
void tm_database_set_lazy(tm_database *database, bool lazy)
{
    g_assert(!database->writing);
    sqlite3_exec(database->handle, lazy ? "PRAGMA synchronous = NORMAL" : "PRAGMA synchronous = FULL", NULL,
                 NULL, NULL);
}

bool tm_database_wal_full(tm_database *database)
{
    if (database->wal_pages < WAL_CAP_PAGES)
        return false;
    if (!database->writing && tm_database_turn_take(database, 0, NULL)) {
        checkpoint(database);
        tm_database_turn_give(database);
    }
    if (database->wal_pages < WAL_CAP_PAGES)
        return false;
    /* Another process may have emptied it. */
    g_autofree char *wal = g_strconcat(database->path, "-wal", NULL);
    struct stat info;
    if (stat(wal, &info) == 0)
        database->wal_pages = (int)(info.st_size / PAGE_BYTES);
    return database->wal_pages >= WAL_CAP_PAGES;
}
