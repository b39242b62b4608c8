/* database.h - one SQLite file as tidemill uses it: WAL, synchronous FULL, no autocheckpoint; every writing
 * transaction and every checkpoint runs under one lock file (the WAL-reset bug: docs/decisions). Worker life
 * is a lock on a byte of the same lock file. */
#pragma once
#include <glib.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct tm_database tm_database;

typedef struct {
    int32_t application_id;
    int version;        /* user_version this program writes */
    const char *schema; /* SQL that makes the newest version from nothing */
    /* Brings a file of an older version up; NULL: none is known. Runs inside a transaction. */
    gboolean (*migrate)(sqlite3 *db, int from, GError **error);
} tm_database_kind;

/* Opens or creates `path` (folder 0700, files 0600, temp files inside the folder). Errors in clear words:
 * another program's file, a newer version, NFS/SMB/9p, read-only, disk full. (transfer full) */
tm_database *tm_database_open(const char *path, const tm_database_kind *kind, bool read_only, GError **error);
void tm_database_close(tm_database *database); /* checkpoints if nobody else has it open */
sqlite3 *tm_database_handle(tm_database *database);
const char *tm_database_path(const tm_database *database);
const char *tm_database_folder(const tm_database *database); /* private: temp files belong there */

/* A statement prepared once per `sql` (compared by address: static strings only), reset and ready to bind.
 * Aborts on SQL that does not compile: that is our bug. */
sqlite3_stmt *tm_database_sql(tm_database *database, const char *sql);

/* A writing transaction: takes the lock file (waits up to 10 s: TM_ERROR_BUSY), BEGIN IMMEDIATE. Not nested.
 */
gboolean tm_database_begin(tm_database *database, GError **error);
/* Durable when it returns true, unless lazy. On false nothing of it happened: TM_ERROR_FULL when the disk is.
 * Checkpoints when the WAL is past its size, under the same lock. */
gboolean tm_database_commit(tm_database *database, GError **error);
void tm_database_rollback(tm_database *database);
/* While lazy, a commit does not wait for the disk: a power cut may undo the last ones, all of them from some
 * point on. The next commit that is not lazy (of any process) makes them durable with itself. Between
 * transactions only. */
void tm_database_set_lazy(tm_database *database, bool lazy);
/* Writes the file anew, without its free pages, in a transaction of its own (VACUUM): takes as long as what
 * is left is large. */
gboolean tm_database_rewrite(tm_database *database, GError **error);
/* The WAL has grown past its cap (a long reader): grant nothing until it shrank. */
bool tm_database_wal_full(tm_database *database);

/* SQLite's error as ours. Returns false. */
gboolean tm_database_fail(tm_database *database, GError **error, const char *doing);

/* Worker life: takes byte `id` of the lock file for as long as the process lives (OFD lock). False: taken. */
bool tm_database_live(tm_database *database, int64_t id);
void tm_database_die(tm_database *database, int64_t id);
/* Does nobody hold byte `id`? (Never ask for one's own.) */
bool tm_database_is_dead(tm_database *database, int64_t id);
