/* store_sorter.c - keys in order, on disk and outside of the store: a temp file of SQLite's, with its sorter.
 */
#include "jobs/store_private.h"

#include "core/error.h"
#include <string.h>

struct tm_sorter {
    sqlite3 *handle;
    sqlite3_stmt *insert, *next;
};

static gboolean fail(tm_sorter *sorter, GError **error)
{
    int code = sqlite3_errcode(sorter->handle) & 0xff;
    return tm_fail(error, code == SQLITE_FULL ? TM_ERROR_FULL : TM_ERROR_IO,
                   "can't sort the keys in a temp file: %s", sqlite3_errmsg(sorter->handle));
}

tm_sorter *tm_sorter_new(GError **error)
{
    g_autoptr(tm_sorter) sorter = g_new0(tm_sorter, 1);
    if (sqlite3_open("", &sorter->handle) != SQLITE_OK ||
        sqlite3_exec(sorter->handle,
                     "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -8192;"
                     "CREATE TABLE k(job INTEGER PRIMARY KEY, key BLOB NOT NULL); BEGIN",
                     NULL, NULL, NULL) != SQLITE_OK ||
        sqlite3_prepare_v2(sorter->handle, "INSERT INTO k(job, key) VALUES (?1, ?2)", -1, &sorter->insert,
                           NULL) != SQLITE_OK ||
        sqlite3_prepare_v2(sorter->handle, "SELECT key, job FROM k ORDER BY key, job", -1, &sorter->next,
                           NULL) != SQLITE_OK) {
        fail(sorter, error);
        return NULL;
    }
    return g_steal_pointer(&sorter);
}

void tm_sorter_free(tm_sorter *sorter)
{
    if (!sorter)
        return;
    sqlite3_finalize(sorter->insert);
    sqlite3_finalize(sorter->next);
    sqlite3_close(sorter->handle);
    g_free(sorter);
}

gboolean tm_sorter_put(tm_sorter *sorter, const uint8_t key[16], int64_t job, GError **error)
{
    sqlite3_bind_int64(sorter->insert, 1, job);
    sqlite3_bind_blob(sorter->insert, 2, key, 16, SQLITE_STATIC);
    gboolean ok = sqlite3_step(sorter->insert) == SQLITE_DONE;
    if (!ok)
        fail(sorter, error);
    sqlite3_reset(sorter->insert);
    return ok;
}

int tm_sorter_next(tm_sorter *sorter, uint8_t key[16], int64_t *job, GError **error)
{
    int rc = sqlite3_step(sorter->next);
    if (rc == SQLITE_ROW && sqlite3_column_bytes(sorter->next, 0) == 16) {
        memcpy(key, sqlite3_column_blob(sorter->next, 0), 16);
        *job = sqlite3_column_int64(sorter->next, 1);
        return 1;
    }
    if (rc != SQLITE_DONE)
        fail(sorter, error);
    return rc == SQLITE_DONE ? 0 : -1;
}
