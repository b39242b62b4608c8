/* ledger_scope.c - whose quota it is: a project, else a key known by a keyed hash, else a host; and its clock
 */
#include "jobs/ledger_inside.h"

#include <stdio.h>

enum { SALT_BYTES = 32, TAG_DIGITS = 16 };

static gboolean random_bytes(unsigned char *bytes, size_t n)
{
    FILE *source = fopen("/dev/urandom", "rbe");
    size_t got = source ? fread(bytes, 1, n, source) : 0;
    if (source)
        fclose(source);
    return got == n;
}

static gboolean has_salt(tm_ledger *ledger)
{
    sqlite3_stmt *row = tm_ledger_sql(ledger, "SELECT 1 FROM secret", "");
    bool found = sqlite3_step(row) == SQLITE_ROW;
    sqlite3_reset(row);
    return found;
}

gboolean tm_ledger_salt(tm_ledger *ledger, GError **error)
{
    unsigned char salt[SALT_BYTES];
    if (has_salt(ledger))
        return TRUE;
    if (!random_bytes(salt, sizeof salt))
        return tm_fail(error, TM_ERROR_IO, "/dev/urandom can't be read: the ledger needs a random salt");
    if (!tm_ledger_begin(ledger, error))
        return FALSE;
    sqlite3_stmt *insert = tm_ledger_sql(
        ledger, "INSERT INTO secret(salt) SELECT ? WHERE NOT EXISTS (SELECT 1 FROM secret)", "");
    sqlite3_bind_blob(insert, 1, salt, sizeof salt, SQLITE_TRANSIENT);
    if (!tm_ledger_run(ledger, insert, error)) {
        tm_ledger_rollback(ledger);
        return FALSE;
    }
    return tm_ledger_commit(ledger, error);
}

/* HMAC-SHA256 of the key with the salt, its first 64 bits: tells keys apart, gives none away. NULL and
 * *error: without it the key would pass for none, and its day be spent twice. (transfer full) */
static char *tag_of(tm_ledger *ledger, const char *key, GError **error)
{
    sqlite3_stmt *row = tm_ledger_sql(ledger, "SELECT salt FROM secret", "");
    char *tag = NULL;
    if (sqlite3_step(row) == SQLITE_ROW) {
        tag = g_compute_hmac_for_data(G_CHECKSUM_SHA256, sqlite3_column_blob(row, 0),
                                      (gsize)sqlite3_column_bytes(row, 0), (const guchar *)key, strlen(key));
        tag[TAG_DIGITS] = '\0';
    } else {
        tm_database_fail(ledger->db, error, "reading the ledger");
    }
    sqlite3_reset(row);
    return tag;
}

/* *id -1: none. False and *error: it can't be read. */
static gboolean look_up(tm_ledger *ledger, sqlite3_stmt *row, int64_t *id, GError **error)
{
    int status = sqlite3_step(row);
    *id = status == SQLITE_ROW ? sqlite3_column_int64(row, 0) : -1;
    if (status != SQLITE_ROW && status != SQLITE_DONE)
        tm_database_fail(ledger->db, error, "reading the ledger");
    sqlite3_reset(row);
    return status == SQLITE_ROW || status == SQLITE_DONE;
}

typedef struct {
    const char *provider, *host, *project; /* project NULL: none */
    char *tag;                             /* NULL: no key */
    const char *zone;
} owner;

/* The host is part of who it is: a rehearsal against this machine must not spend the real day. */
static gboolean find(tm_ledger *ledger, const owner *who, int64_t *id, GError **error)
{
    *id = -1;
    if (who->project && !look_up(ledger,
                                 tm_ledger_sql(ledger, "SELECT id FROM scope WHERE project = ? AND host = ?",
                                               "ss", who->project, who->host),
                                 id, error))
        return FALSE;
    if (*id >= 0)
        return TRUE;
    if (who->tag &&
        !look_up(
            ledger,
            tm_ledger_sql(ledger,
                          "SELECT id FROM scope JOIN scope_key k ON k.scope = id WHERE k.key_tag = ?1 AND "
                          "k.host = ?2 AND (?3 IS NULL OR project IS NULL)",
                          "sss", who->tag, who->host, who->project),
            id, error))
        return FALSE;
    if (*id >= 0 || who->tag || who->project)
        return TRUE;
    return look_up(
        ledger,
        tm_ledger_sql(ledger, "SELECT id FROM scope WHERE host = ? AND project IS NULL AND key_tag IS NULL",
                      "s", who->host),
        id, error);
}

/* A key once seen under a project belongs to it, also when the project is named only now. */
static gboolean is_complete(tm_ledger *ledger, const owner *who, int64_t id, bool *complete, GError **error)
{
    int64_t of_key = id, of_project = id;
    if (who->tag &&
        !look_up(ledger,
                 tm_ledger_sql(ledger, "SELECT scope FROM scope_key WHERE key_tag = ? AND host = ?", "ss",
                               who->tag, who->host),
                 &of_key, error))
        return FALSE;
    if (who->project && !look_up(ledger,
                                 tm_ledger_sql(ledger, "SELECT id FROM scope WHERE id = ? AND project = ?",
                                               "is", id, who->project),
                                 &of_project, error))
        return FALSE;
    *complete = of_key == id && of_project == id;
    return TRUE;
}

static int64_t make(tm_ledger *ledger, const owner *who, GError **error)
{
    int64_t id;
    if (!find(ledger, who, &id, error)) /* again, now that nobody else writes */
        return -1;
    if (id < 0) {
        if (!tm_ledger_run(ledger,
                           tm_ledger_sql(ledger,
                                         "INSERT INTO scope(provider, host, project, key_tag, zone) "
                                         "VALUES(?, ?, ?, ?, ?)",
                                         "sssss", who->provider, who->host, who->project, who->tag,
                                         who->zone),
                           error))
            return -1;
        id = sqlite3_last_insert_rowid(tm_database_handle(ledger->db));
    } else if (who->project &&
               !tm_ledger_run(
                   ledger,
                   tm_ledger_sql(ledger, "UPDATE scope SET project = ? WHERE id = ?", "si", who->project, id),
                   error)) {
        return -1;
    }
    if (who->tag &&
        !tm_ledger_run(ledger,
                       tm_ledger_sql(ledger,
                                     "INSERT OR REPLACE INTO scope_key(key_tag, host, scope) VALUES(?, ?, ?)",
                                     "ssi", who->tag, who->host, id),
                       error))
        return -1;
    return id;
}

int64_t tm_ledger_scope(tm_ledger *ledger, const tm_account *account, GError **error)
{
    static const char *const days[] = {"pacific", "utc", "zone", "rolling", "none"};
    bool has_key = account->key && *account->key, complete = false;
    g_autofree char *tag = has_key ? tag_of(ledger, account->key, error) : NULL;
    if (has_key && !tag)
        return -1;
    owner who = {
        .provider = account->provider ? account->provider : "",
        .host = account->host ? account->host : "",
        .project = account->project && *account->project ? account->project : NULL,
        .tag = tag,
        .zone = account->windows.day == TM_DAY_ZONE && account->windows.zone ? account->windows.zone
                                                                             : days[account->windows.day],
    };
    int64_t id;
    if (!find(ledger, &who, &id, error) || (id >= 0 && !is_complete(ledger, &who, id, &complete, error)))
        return -1;
    if (complete)
        return id;
    if (!tm_ledger_begin(ledger, error))
        return -1;
    id = make(ledger, &who, error);
    if (id < 0) {
        tm_ledger_rollback(ledger);
        return -1;
    }
    return tm_ledger_commit(ledger, error) ? id : -1;
}
