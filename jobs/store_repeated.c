/* store_repeated.c - the jobs whose key another job of the batch has, too: rows that can't be told apart by
 * their values. A bit a row: 1.2 MB for ten million. */
#include "jobs/store_private.h"

#include <string.h>

static const char SQL_REPEATS[] =
    "SELECT job, key, occurrence FROM jobkey WHERE batch = ?1 AND key >= ?2 AND key < ?3 AND occurrence > 0";
static const char SQL_FIRST[] = "SELECT job FROM jobkey WHERE batch = ?1 AND key = ?2 AND occurrence = 0";

struct tm_repeated {
    tm_bits bits;
};

static gboolean note_first(tm_store *store, tm_repeated *repeated, int64_t batch, const uint8_t key[16],
                           GError **error)
{
    int64_t job;
    sqlite3_stmt *statement = TM_SQL(store, SQL_FIRST, batch);
    sqlite3_bind_blob(statement, 2, key, 16, SQLITE_STATIC);
    if (!tm_sql_number(store, statement, 0, &job, error))
        return FALSE;
    if (job)
        tm_bits_set(&repeated->bits, tm_job_ordinal(job));
    return TRUE;
}

/* The jobs of keys that begin with this byte. */
static gboolean note_some(tm_store *store, tm_repeated *repeated, int64_t batch, unsigned byte,
                          GError **error)
{
    tm_key_range range;
    g_autoptr(GByteArray) keys = g_byte_array_new(); /* whose first job is still to be found */
    sqlite3_stmt *statement = TM_SQL(store, SQL_REPEATS, batch);
    int row;
    tm_key_range_bind(&range, byte, statement, 2);
    while ((row = tm_sql_row(store, statement, error)) > 0) {
        tm_bits_set(&repeated->bits, tm_job_ordinal(sqlite3_column_int64(statement, 0)));
        if (sqlite3_column_int64(statement, 2) == 1 && sqlite3_column_bytes(statement, 1) == 16)
            g_byte_array_append(keys, sqlite3_column_blob(statement, 1), 16);
    }
    if (row < 0)
        return FALSE;
    for (guint i = 0; i < keys->len; i += 16)
        if (!note_first(store, repeated, batch, keys->data + i, error))
            return FALSE;
    return TRUE;
}

tm_repeated *tm_repeated_new(tm_store *store, int64_t batch, GError **error)
{
    g_autoptr(tm_repeated) repeated = g_new0(tm_repeated, 1);
    for (unsigned byte = 0; byte < 256; byte++)
        if (!note_some(store, repeated, batch, byte, error))
            return NULL;
    return g_steal_pointer(&repeated);
}

void tm_repeated_free(tm_repeated *repeated)
{
    if (!repeated)
        return;
    tm_bits_clear(&repeated->bits);
    g_free(repeated);
}

bool tm_repeated_has(const tm_repeated *repeated, int64_t ordinal)
{
    return tm_bits_get(&repeated->bits, ordinal);
}

gboolean tm_store_row_alone(tm_store *store, const tm_batch *batch, const tm_repeated *repeated,
                            int64_t ordinal, const uint8_t key[16], tm_stored *row, GError **error)
{
    memset(row, 0, sizeof *row);
    if (ordinal < 1 || ordinal > TM_ORDINAL_MAX || tm_repeated_has(repeated, ordinal) ||
        !tm_store_row(store, batch, tm_job_id(batch->id, ordinal), row, error))
        return FALSE;
    if (memcmp(row->key, key, sizeof row->key) == 0)
        return TRUE;
    tm_stored_clear(row);
    return FALSE;
}
