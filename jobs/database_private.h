/* database_private.h - what the parts of the database share: not for others. */
#pragma once
#include "jobs/database.h"

struct tm_database {
    char *path;      /* absolute, symbolic links resolved: two names of one file have one lock file */
    char *folder;    /* that it lies in */
    char *lock_path; /* path + "-lock" */
    sqlite3 *handle;
    GHashTable *statements; /* address of the SQL -> sqlite3_stmt */
    int lock_fd;            /* -1: read-only and there is no lock file */
    bool read_only;
    bool writing;            /* between begin and commit or rollback */
    int wal_pages;           /* as of our last commit or checkpoint */
    int checkpoint_at_pages; /* a checkpoint is due from here on */
};

/* database.c */
/* The name of a file system that SQLite is not safe on ("NFS", "SMB", "9p", ...), by statfs()'s f_type; NULL:
 * it is fine. */
const char *tm_database_unfit_filesystem(int64_t type);

/* database_lock.c */
gboolean tm_database_lock_open(tm_database *database, GError **error);
/* The writer's turn: waits up to `wait_ms`. False without *error: somebody else kept it that long. */
bool tm_database_turn_take(tm_database *database, int64_t wait_ms, GError **error);
void tm_database_turn_give(tm_database *database);

/* database_error.c: errors that are not SQLite's */
gboolean tm_database_fail_write(const tm_database *database, GError **error, int number);

/* database_write.c */
void tm_database_wal_watch(tm_database *database);
