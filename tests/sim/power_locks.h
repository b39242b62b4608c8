/* power_locks.h - SQLite's locks and the WAL's shared memory among the handles of one process. */
#pragma once
#include "tests/sim/power_disk.h"

/* One handle's part. Zeroed: it holds nothing. */
typedef struct {
    int level;                          /* SQLITE_LOCK_* */
    unsigned shm_shared, shm_exclusive; /* bits of the WAL's locks */
    bool has_shm;
} power_holder;

/* All as sqlite3_io_methods has it: SQLITE_OK or SQLITE_BUSY. */
int power_lock(power_holder *holder, power_file *file, int level);
void power_unlock(power_holder *holder, power_file *file, int level);
bool power_is_reserved(power_file *file);
int power_shm_lock(power_holder *holder, power_file *file, int first, int n, int flags);
/* NULL: it is not there and is not to be made. */
void volatile *power_shm_region(power_holder *holder, power_file *file, int region, int size, int extend);
/* With the last one the memory goes. */
void power_shm_leave(power_holder *holder, power_file *file);
/* The handle is closed: all it holds is let go. */
void power_holder_leave(power_holder *holder, power_file *file);
