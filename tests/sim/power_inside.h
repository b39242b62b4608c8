/* power_inside.h - what the files of the power_vfs share: not for others. */
#pragma once
#include "tests/sim/power_locks.h"
#include "tests/sim/power_vfs.h"

struct power_vfs {
    sqlite3_vfs vfs; /* first */
    sqlite3_vfs *real;
    power_disk *disk;
    GRand *random;
    int open_files;
    bool off;
    int64_t changes, cut_at;
    bool syncs_only; /* are counted */
    power_call failing;
    int64_t fail_at, fail_times, failing_calls;
    bool has_failed;
    bool astray;
    int fail_code;
};

typedef struct {
    sqlite3_file base; /* first */
    power_vfs *vfs;
    power_file *file;
    bool syncs_name; /* with its first sync */
    bool delete_on_close;
    power_holder holder;
} power_handle;

/* power_handle.c */
extern const sqlite3_io_methods power_handle_methods;

/* power_vfs.c */
/* Does this call fail, and how? SQLITE_OK: it goes on. */
int power_failure(power_vfs *vfs, power_call call);
/* A change is about to be made: is there still power? */
bool power_is_on(power_vfs *vfs, bool is_sync);
