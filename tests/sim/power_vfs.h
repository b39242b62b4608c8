/* power_vfs.h - SQLite's files on a power_disk: an SQLite VFS whose power can be cut and whose calls can
 * fail. It is SQLite's default while it lives, so that tidemill opens its files as ever. Beside each database
 * an empty plain file and the lock file lie in a real folder.
 *
 * It promises what SQLite's own VFS promises on Linux: a write leaves the bytes around it alone
 * (POWERSAFE_OVERWRITE), the first sync of a new journal or WAL syncs its name. Locks and the WAL's shared
 * memory are those of one process; nobody sleeps while waiting. */
#pragma once
#include "tests/sim/power_disk.h"
#include <sqlite3.h>

typedef struct power_vfs power_vfs;

/* Empty disk, power on. Chance (the WAL's salts) goes by the seed. (transfer full) */
power_vfs *power_vfs_new(guint32 seed);
/* All files must be closed. */
void power_vfs_free(power_vfs *vfs);

/* ---- power ---- */
/* Calls that change the disk (write, truncate, sync, delete, creation) are counted from 1; or only syncs of
 * files. The power goes just before the `nth` from now takes effect: that call fails, and all others do from
 * then on. 0: never. */
void power_vfs_cut_at(power_vfs *vfs, int64_t nth, bool syncs_only);
bool power_vfs_is_off(const power_vfs *vfs);
int64_t power_vfs_changes(const power_vfs *vfs); /* since the last cut_at */
/* Power again, or the power goes and comes back: all files must be closed. Nothing fails any more. */
void power_vfs_restart(power_vfs *vfs, power_loss how, guint32 seed);
/* Handles that are open: 0 when all is closed. */
int power_vfs_open_files(const power_vfs *vfs);
/* A checkpoint has run while nobody had the writer's turn (docs/decisions, "WAL and the lock file"). */
bool power_vfs_is_astray(const power_vfs *vfs);

/* ---- calls that fail ---- */
typedef enum {
    POWER_OPEN,
    POWER_READ,
    POWER_WRITE,
    POWER_TRUNCATE,
    POWER_SYNC,
    POWER_LOCK,
    POWER_SHM_MAP,
    POWER_SHM_LOCK,
    POWER_N_CALLS
} power_call;
const char *power_call_name(power_call call);
/* The `nth` (from 1, counted from now) of these calls fails with SQLite's `code` (0: the usual one of its
 * kind), and so do those after it, `times` in all. A write that fails has written its first half. nth 0:
 * none. */
void power_vfs_fail(power_vfs *vfs, power_call call, int64_t nth, int64_t times, int code);
bool power_vfs_has_failed(const power_vfs *vfs); /* since the last power_vfs_fail() */
