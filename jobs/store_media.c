/* store_media.c - the media files that rows name, as they were when the row was queued. */
#include "jobs/store_private.h"

#include "core/error.h"
#include <string.h>

static const char SQL_INSERT[] =
    "INSERT OR REPLACE INTO media(job, path, size, mtime_ns, sha256) VALUES (?1, ?2, ?3, ?4, ?5)";
static const char SQL_OF_JOB[] = "SELECT path, size, mtime_ns, sha256 FROM media WHERE job = ?1";
static const char SQL_KNOWN[] = "SELECT size, mtime_ns, sha256 FROM media WHERE path = ?1"
                                " AND job > ?2 AND job <= ?3 AND size = ?4 AND mtime_ns = ?5 LIMIT 1";
static const char SQL_LAST[] = "SELECT size, mtime_ns, sha256 FROM media WHERE path = ?1"
                               " AND job > ?2 AND job <= ?3 ORDER BY job DESC LIMIT 1";

static void clear_media(gpointer media)
{
    tm_media_stamp_clear(&((tm_row_media *)media)->stamp);
}

GArray *tm_row_media_new(void)
{
    GArray *media = g_array_new(FALSE, TRUE, sizeof(tm_row_media));
    g_array_set_clear_func(media, clear_media);
    return media;
}

gboolean tm_store_media_insert(tm_store *store, const GArray *media, const tm_gathered *rows, GError **error)
{
    for (guint i = 0; i < media->len; i++) {
        const tm_row_media *one = &g_array_index(media, tm_row_media, i);
        const tm_gathered *row = &rows[one->row];
        if (row->known)
            continue;
        sqlite3_stmt *insert = TM_SQL(store, SQL_INSERT, row->job);
        tm_sql_bind_text(insert, 2, one->stamp.path);
        sqlite3_bind_int64(insert, 3, one->stamp.size);
        sqlite3_bind_int64(insert, 4, one->stamp.mtime_ns);
        sqlite3_bind_blob(insert, 5, one->stamp.sha256, sizeof one->stamp.sha256, SQLITE_STATIC);
        if (!tm_sql_run(store, insert, error))
            return FALSE;
    }
    return TRUE;
}

/* Size, time and hash stand from `column` on. */
static void read_stamp(sqlite3_stmt *statement, int column, tm_media_stamp *stamp)
{
    stamp->size = sqlite3_column_int64(statement, column);
    stamp->mtime_ns = sqlite3_column_int64(statement, column + 1);
    if (sqlite3_column_bytes(statement, column + 2) == (int)sizeof stamp->sha256)
        memcpy(stamp->sha256, sqlite3_column_blob(statement, column + 2), sizeof stamp->sha256);
}

gboolean tm_store_media(tm_store *store, int64_t job, GArray *stamps, GError **error)
{
    sqlite3_stmt *statement = TM_SQL(store, SQL_OF_JOB, job);
    int row;
    while ((row = tm_sql_row(store, statement, error)) > 0) {
        tm_media_stamp stamp = {.path = tm_sql_text(statement, 0)};
        read_stamp(statement, 1, &stamp);
        g_array_append_val(stamps, stamp);
    }
    return row == 0;
}

gboolean tm_store_media_known(tm_store *store, const tm_batch *batch, tm_media_stamp *stamp, bool *known,
                              GError **error)
{
    bool last = stamp->size < 0;
    int64_t from = tm_job_id(batch->id, 0), to = tm_job_id(batch->id, TM_ORDINAL_MAX);
    sqlite3_stmt *statement = tm_database_sql(store->database, last ? SQL_LAST : SQL_KNOWN);
    tm_sql_bind_text(statement, 1, stamp->path);
    sqlite3_bind_int64(statement, 2, from);
    sqlite3_bind_int64(statement, 3, to);
    if (!last) {
        sqlite3_bind_int64(statement, 4, stamp->size);
        sqlite3_bind_int64(statement, 5, stamp->mtime_ns);
    }
    int row = tm_sql_row(store, statement, error);
    *known = row > 0;
    if (row > 0) {
        read_stamp(statement, 0, stamp);
        sqlite3_reset(statement);
    }
    return row >= 0;
}
