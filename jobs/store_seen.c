/* store_seen.c - how often each key came in one file: a table in a temp file of its own, which SQLite removes
 * and which no transaction of the store touches. Memory stays flat. */
#include "jobs/store_private.h"

#include "core/error.h"

struct tm_seen {
    sqlite3 *handle;
    sqlite3_stmt *count;
};

static gboolean fail(tm_seen *seen, GError **error)
{
    int code = sqlite3_errcode(seen->handle) & 0xff;
    return tm_fail(error, code == SQLITE_FULL ? TM_ERROR_FULL : TM_ERROR_IO,
                   "can't keep the file's keys in a temp file: %s", sqlite3_errmsg(seen->handle));
}

tm_seen *tm_seen_new(GError **error)
{
    g_autoptr(tm_seen) seen = g_new0(tm_seen, 1);
    if (sqlite3_open("", &seen->handle) != SQLITE_OK ||
        sqlite3_exec(seen->handle,
                     "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -16384;"
                     "CREATE TABLE seen(key BLOB PRIMARY KEY, n INTEGER NOT NULL) WITHOUT ROWID; BEGIN",
                     NULL, NULL, NULL) != SQLITE_OK ||
        sqlite3_prepare_v2(
            seen->handle,
            "INSERT INTO seen VALUES (?1, 0) ON CONFLICT(key) DO UPDATE SET n = n + 1 RETURNING n", -1,
            &seen->count, NULL) != SQLITE_OK) {
        fail(seen, error);
        return NULL;
    }
    return g_steal_pointer(&seen);
}

void tm_seen_free(tm_seen *seen)
{
    if (!seen)
        return;
    sqlite3_finalize(seen->count);
    sqlite3_close(seen->handle);
    g_free(seen);
}

int64_t tm_seen_count(tm_seen *seen, const uint8_t key[16], GError **error)
{
    int64_t n = -1;
    sqlite3_bind_blob(seen->count, 1, key, 16, SQLITE_STATIC);
    if (sqlite3_step(seen->count) == SQLITE_ROW)
        n = sqlite3_column_int64(seen->count, 0);
    else
        fail(seen, error);
    sqlite3_reset(seen->count);
    return n;
}
