/* power_disk.h - files in memory that know what a power cut would leave of them: what was written since a
 * file's last sync, and which names the folder has and not yet keeps. */
#pragma once
#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

enum { POWER_SECTOR = 512 }; /* written whole or not at all */

/* What becomes of changes that were not synced. */
typedef enum {
    POWER_LOSES_ALL,
    POWER_LOSES_SOME, /* by chance, sector by sector: each keeps the first few of its writes, and names and
                         lengths change or don't. No order holds among sectors or files */
    POWER_LOSES_NONE, /* as when only the process is killed */
} power_loss;

typedef struct power_file {
    char *path;          /* NULL: a temp file */
    int refs;            /* names and handles */
    GByteArray *content; /* as programs see it */
    GByteArray *synced;  /* as it surely is on the disk */
    GArray *changes;     /* between the two; private to power_disk.c */
    void *shared;        /* what the handles of the file share; owned by power_vfs.c */
} power_file;

typedef struct {
    GHashTable *names;  /* path -> power_file, as programs see them; borrows the path */
    GHashTable *synced; /* the same as surely on the disk */
} power_disk;

power_disk *power_disk_new(void); /* (transfer full) */
void power_disk_free(power_disk *disk);

/* The file of that name; NULL: none. Borrowed. */
power_file *power_disk_find(const power_disk *disk, const char *path);
/* A new, empty file; its name is not synced. Path NULL: a temp file, which has no name. (transfer full) */
power_file *power_disk_create(power_disk *disk, const char *path);
void power_file_unref(power_file *file);
/* The name goes; who has the file open keeps it. */
void power_disk_delete(power_disk *disk, const char *path);
/* All names are kept as they are now. */
void power_disk_sync_names(power_disk *disk);

void power_file_write(power_file *file, const void *data, int n, int64_t offset);
void power_file_truncate(power_file *file, int64_t size);
void power_file_sync(power_file *file);
/* A sync that failed: what was written since the last one is seen until the power goes, and no later sync
 * makes it last (Linux marks such pages clean). */
void power_file_sync_fails(power_file *file);

/* The power goes. Nobody may have a file open. */
void power_disk_lose(power_disk *disk, power_loss how, guint32 seed);
