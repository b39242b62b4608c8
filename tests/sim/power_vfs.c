/* power_vfs.c - the folder, what fails when, and when the power goes. Open files: power_handle.c; their
 * locks: power_locks.c. */
#include "tests/sim/power_inside.h"

#include <errno.h>

static const struct {
    const char *name;
    int code;
} calls[POWER_N_CALLS] = {
    [POWER_OPEN] = {"open", SQLITE_CANTOPEN},
    [POWER_READ] = {"read", SQLITE_IOERR_READ},
    [POWER_WRITE] = {"write", SQLITE_IOERR_WRITE},
    [POWER_TRUNCATE] = {"truncate", SQLITE_IOERR_TRUNCATE},
    [POWER_SYNC] = {"sync", SQLITE_IOERR_FSYNC},
    [POWER_LOCK] = {"lock", SQLITE_IOERR_LOCK},
    [POWER_SHM_MAP] = {"shm map", SQLITE_IOERR_SHMMAP},
    [POWER_SHM_LOCK] = {"shm lock", SQLITE_IOERR_SHMLOCK},
};

const char *power_call_name(power_call call)
{
    return calls[call].name;
}

int power_failure(power_vfs *vfs, power_call call)
{
    if (vfs->off)
        return calls[call].code;
    if (!vfs->fail_at || vfs->failing != call)
        return SQLITE_OK;
    int64_t n = ++vfs->failing_calls;
    if (n < vfs->fail_at || n - vfs->fail_at >= vfs->fail_times)
        return SQLITE_OK;
    vfs->has_failed = true;
    return vfs->fail_code ? vfs->fail_code : calls[call].code;
}

bool power_is_on(power_vfs *vfs, bool is_sync)
{
    if (!vfs->off && (is_sync || !vfs->syncs_only) && ++vfs->changes == vfs->cut_at)
        vfs->off = true;
    return !vfs->off;
}

/* ---- the folder ---- */

static int vfs_open(sqlite3_vfs *self, const char *path, sqlite3_file *file, int flags, int *out_flags)
{
    power_vfs *vfs = (power_vfs *)self;
    power_handle *h = (power_handle *)file;
    *h = (power_handle){0};
    int code = power_failure(vfs, POWER_OPEN);
    if (code)
        return code;
    power_file *found = power_disk_find(vfs->disk, path);
    if (!found &&
        (!(flags & (SQLITE_OPEN_CREATE | SQLITE_OPEN_MAIN_DB)) || (path && !power_is_on(vfs, false))))
        return SQLITE_CANTOPEN;
    if (found)
        found->refs++;
    h->file = found ? found : power_disk_create(vfs->disk, path);
    h->vfs = vfs;
    h->syncs_name = (flags & SQLITE_OPEN_CREATE) &&
                    (flags & (SQLITE_OPEN_MAIN_JOURNAL | SQLITE_OPEN_WAL | SQLITE_OPEN_SUPER_JOURNAL));
    h->delete_on_close = flags & SQLITE_OPEN_DELETEONCLOSE;
    h->base.pMethods = &power_handle_methods;
    vfs->open_files++;
    if (out_flags)
        *out_flags = flags;
    return SQLITE_OK;
}

static int vfs_delete(sqlite3_vfs *self, const char *path, int sync_folder)
{
    power_vfs *vfs = (power_vfs *)self;
    if (!vfs->off && !power_disk_find(vfs->disk, path))
        return SQLITE_IOERR_DELETE_NOENT;
    if (!power_is_on(vfs, false))
        return SQLITE_IOERR_DELETE;
    power_disk_delete(vfs->disk, path);
    if (sync_folder)
        power_disk_sync_names(vfs->disk);
    return SQLITE_OK;
}

/* As SQLite's own: an empty file is none. */
static int vfs_access(sqlite3_vfs *self, const char *path, int flags, int *is)
{
    power_vfs *vfs = (power_vfs *)self;
    const power_file *file = power_disk_find(vfs->disk, path);
    (void)flags;
    *is = file && file->content->len > 0;
    return vfs->off ? SQLITE_IOERR_ACCESS : SQLITE_OK;
}

static int vfs_full_path(sqlite3_vfs *self, const char *path, int n, char *out)
{
    sqlite3_vfs *real = ((power_vfs *)self)->real;
    return real->xFullPathname(real, path, n, out);
}

static int vfs_randomness(sqlite3_vfs *self, int n, char *bytes)
{
    for (int i = 0; i < n; i++)
        bytes[i] = (char)g_rand_int(((power_vfs *)self)->random);
    return n;
}

static int vfs_sleep(sqlite3_vfs *self, int us)
{
    (void)self; /* whoever holds what we wait for is this thread */
    return us;
}

static int vfs_last_error(sqlite3_vfs *self, int n, char *text)
{
    power_vfs *vfs = (power_vfs *)self;
    (void)n;
    (void)text;
    return (vfs->fail_code & 0xff) == SQLITE_FULL ? ENOSPC : EIO;
}

power_vfs *power_vfs_new(guint32 seed)
{
    power_vfs *vfs = g_new0(power_vfs, 1);
    vfs->real = sqlite3_vfs_find(NULL);
    vfs->vfs = *vfs->real; /* what is not of files, such as the time, stays */
    vfs->vfs.iVersion = 2;
    vfs->vfs.szOsFile = sizeof(power_handle);
    vfs->vfs.pNext = NULL;
    vfs->vfs.zName = "power";
    vfs->vfs.xOpen = vfs_open;
    vfs->vfs.xDelete = vfs_delete;
    vfs->vfs.xAccess = vfs_access;
    vfs->vfs.xFullPathname = vfs_full_path;
    vfs->vfs.xRandomness = vfs_randomness;
    vfs->vfs.xSleep = vfs_sleep;
    vfs->vfs.xGetLastError = vfs_last_error;
    vfs->disk = power_disk_new();
    vfs->random = g_rand_new_with_seed(seed);
    sqlite3_vfs_register(&vfs->vfs, 1);
    sqlite3_randomness(0, NULL); /* SQLite draws its own seed anew, from us */
    return vfs;
}

void power_vfs_free(power_vfs *vfs)
{
    g_assert_cmpint(vfs->open_files, ==, 0);
    sqlite3_vfs_unregister(&vfs->vfs);
    sqlite3_vfs_register(vfs->real, 1);
    power_disk_free(vfs->disk);
    g_rand_free(vfs->random);
    g_free(vfs);
}

/* ---- what the tests ask for ---- */

void power_vfs_cut_at(power_vfs *vfs, int64_t nth, bool syncs_only)
{
    vfs->changes = 0;
    vfs->cut_at = nth;
    vfs->syncs_only = syncs_only;
}

bool power_vfs_is_off(const power_vfs *vfs)
{
    return vfs->off;
}

int64_t power_vfs_changes(const power_vfs *vfs)
{
    return vfs->changes;
}

int power_vfs_open_files(const power_vfs *vfs)
{
    return vfs->open_files;
}

bool power_vfs_is_astray(const power_vfs *vfs)
{
    return vfs->astray;
}

void power_vfs_restart(power_vfs *vfs, power_loss how, guint32 seed)
{
    g_assert_cmpint(vfs->open_files, ==, 0);
    power_disk_lose(vfs->disk, how, seed);
    vfs->off = false;
    power_vfs_cut_at(vfs, 0, false);
    power_vfs_fail(vfs, POWER_OPEN, 0, 0, 0);
}

void power_vfs_fail(power_vfs *vfs, power_call call, int64_t nth, int64_t times, int code)
{
    vfs->failing = call;
    vfs->fail_at = nth;
    vfs->failing_calls = 0;
    vfs->fail_times = times;
    vfs->fail_code = code;
    vfs->has_failed = false;
}

bool power_vfs_has_failed(const power_vfs *vfs)
{
    return vfs->has_failed;
}
