/* power_handle.c - SQLite's calls on one open file. */
#include "tests/sim/power_inside.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static int file_close(sqlite3_file *file)
{
    power_handle *h = (power_handle *)file;
    power_holder_leave(&h->holder, h->file);
    if (h->delete_on_close && h->file->path && !h->vfs->off)
        power_disk_delete(h->vfs->disk, h->file->path);
    power_file_unref(h->file);
    h->vfs->open_files--;
    return SQLITE_OK;
}

static int file_read(sqlite3_file *file, void *into, int n, sqlite3_int64 offset)
{
    power_handle *h = (power_handle *)file;
    int code = power_failure(h->vfs, POWER_READ);
    if (code)
        return code;
    const GByteArray *bytes = h->file->content;
    int there = offset >= bytes->len ? 0 : (int)MIN(n, bytes->len - offset);
    if (there > 0)
        memcpy(into, bytes->data + offset, (size_t)there);
    memset((char *)into + there, 0, (size_t)(n - there));
    return there == n ? SQLITE_OK : SQLITE_IOERR_SHORT_READ;
}

static int file_write(sqlite3_file *file, const void *from, int n, sqlite3_int64 offset)
{
    power_handle *h = (power_handle *)file;
    int code = power_failure(h->vfs, POWER_WRITE);
    if (code && !h->vfs->off && n > 1)
        power_file_write(h->file, from, n / 2, offset);
    if (code)
        return code;
    if (!power_is_on(h->vfs, false))
        return SQLITE_IOERR_WRITE;
    power_file_write(h->file, from, n, offset);
    return SQLITE_OK;
}

static int file_truncate(sqlite3_file *file, sqlite3_int64 size)
{
    power_handle *h = (power_handle *)file;
    int code = power_failure(h->vfs, POWER_TRUNCATE);
    if (code)
        return code;
    if (!power_is_on(h->vfs, false))
        return SQLITE_IOERR_TRUNCATE;
    power_file_truncate(h->file, size);
    return SQLITE_OK;
}

static int file_sync(sqlite3_file *file, int flags)
{
    power_handle *h = (power_handle *)file;
    (void)flags;
    int code = power_failure(h->vfs, POWER_SYNC);
    if (code && !h->vfs->off)
        power_file_sync_fails(h->file);
    if (code)
        return code;
    if (!power_is_on(h->vfs, true))
        return SQLITE_IOERR_FSYNC;
    power_file_sync(h->file);
    if (h->syncs_name)
        power_disk_sync_names(h->vfs->disk);
    h->syncs_name = false;
    return SQLITE_OK;
}

static int file_size(sqlite3_file *file, sqlite3_int64 *size)
{
    *size = ((power_handle *)file)->file->content->len;
    return ((power_handle *)file)->vfs->off ? SQLITE_IOERR_FSTAT : SQLITE_OK;
}

static int file_lock(sqlite3_file *file, int level)
{
    power_handle *h = (power_handle *)file;
    int code = power_failure(h->vfs, POWER_LOCK);
    return code ? code : power_lock(&h->holder, h->file, level);
}

static int file_unlock(sqlite3_file *file, int level)
{
    power_handle *h = (power_handle *)file;
    power_unlock(&h->holder, h->file, level);
    return SQLITE_OK;
}

static int file_reserved(sqlite3_file *file, int *is)
{
    *is = power_is_reserved(((power_handle *)file)->file);
    return SQLITE_OK;
}

static int file_control(sqlite3_file *file, int op, void *argument)
{
    (void)file;
    (void)op;
    (void)argument;
    return SQLITE_NOTFOUND;
}

static int file_sector_size(sqlite3_file *file)
{
    (void)file;
    return 4096; /* as SQLite's own says */
}

static int file_traits(sqlite3_file *file)
{
    (void)file;
    return SQLITE_IOCAP_POWERSAFE_OVERWRITE;
}

static int file_shm_map(sqlite3_file *file, int region, int size, int extend, void volatile **memory)
{
    power_handle *h = (power_handle *)file;
    int code = power_failure(h->vfs, POWER_SHM_MAP);
    *memory = code ? NULL : power_shm_region(&h->holder, h->file, region, size, extend);
    return code;
}

/* Does anybody hold the first byte of the lock file beside the database? */
static bool is_turn_taken(const char *path)
{
    g_autofree char *beside = g_strconcat(path, "-lock", NULL);
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 0, .l_len = 1};
    int fd = open(beside, O_RDWR | O_CLOEXEC);
    bool taken = fd >= 0 && fcntl(fd, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
    if (fd >= 0)
        close(fd);
    return taken;
}

static int file_shm_lock(sqlite3_file *file, int first, int n, int flags)
{
    enum { CHECKPOINT = 1 }; /* WAL_CKPT_LOCK of SQLite's file format */
    power_handle *h = (power_handle *)file;
    if (first == CHECKPOINT && n == 1 && flags & SQLITE_SHM_LOCK && !is_turn_taken(h->file->path))
        h->vfs->astray = true;
    int code = flags & SQLITE_SHM_LOCK ? power_failure(h->vfs, POWER_SHM_LOCK) : SQLITE_OK;
    return code ? code : power_shm_lock(&h->holder, h->file, first, n, flags);
}

static void file_shm_barrier(sqlite3_file *file)
{
    (void)file;
}

static int file_shm_unmap(sqlite3_file *file, int delete_it)
{
    power_handle *h = (power_handle *)file;
    (void)delete_it; /* nobody looks at what the last one left: the next first one makes it anew */
    power_shm_leave(&h->holder, h->file);
    return SQLITE_OK;
}

const sqlite3_io_methods power_handle_methods = {
    .iVersion = 2,
    .xClose = file_close,
    .xRead = file_read,
    .xWrite = file_write,
    .xTruncate = file_truncate,
    .xSync = file_sync,
    .xFileSize = file_size,
    .xLock = file_lock,
    .xUnlock = file_unlock,
    .xCheckReservedLock = file_reserved,
    .xFileControl = file_control,
    .xSectorSize = file_sector_size,
    .xDeviceCharacteristics = file_traits,
    .xShmMap = file_shm_map,
    .xShmLock = file_shm_lock,
    .xShmBarrier = file_shm_barrier,
    .xShmUnmap = file_shm_unmap,
};
