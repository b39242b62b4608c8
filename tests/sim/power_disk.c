/* power_disk.c - changes are kept in order beside what is synced; a power cut picks among them. */
#include "tests/sim/power_disk.h"

#include <string.h>

typedef struct {
    guint8 *data; /* NULL: the file is cut or grown to `size` */
    int64_t offset, size;
} change;

static void change_clear(gpointer data)
{
    g_free(((change *)data)->data);
}

static power_file *file_ref(power_file *file)
{
    file->refs++;
    return file;
}

void power_file_unref(power_file *file)
{
    if (!file || --file->refs > 0)
        return;
    g_free(file->path);
    g_byte_array_unref(file->content);
    g_byte_array_unref(file->synced);
    g_array_unref(file->changes);
    g_free(file);
}

static GHashTable *new_names(void)
{
    return g_hash_table_new_full(g_str_hash, g_str_equal, NULL, (GDestroyNotify)power_file_unref);
}

power_disk *power_disk_new(void)
{
    power_disk *disk = g_new0(power_disk, 1);
    disk->names = new_names();
    disk->synced = new_names();
    return disk;
}

void power_disk_free(power_disk *disk)
{
    g_hash_table_unref(disk->names);
    g_hash_table_unref(disk->synced);
    g_free(disk);
}

/* ---- names ---- */

power_file *power_disk_find(const power_disk *disk, const char *path)
{
    return path ? g_hash_table_lookup(disk->names, path) : NULL;
}

power_file *power_disk_create(power_disk *disk, const char *path)
{
    power_file *file = g_new0(power_file, 1);
    file->path = g_strdup(path);
    file->refs = 1;
    file->content = g_byte_array_new();
    file->synced = g_byte_array_new();
    file->changes = g_array_new(FALSE, FALSE, sizeof(change));
    g_array_set_clear_func(file->changes, change_clear);
    if (path)
        g_hash_table_replace(disk->names, file->path, file_ref(file));
    return file;
}

void power_disk_delete(power_disk *disk, const char *path)
{
    g_hash_table_remove(disk->names, path);
}

static void copy_names(GHashTable *from, GHashTable *to)
{
    GHashTableIter iter;
    gpointer file;
    g_hash_table_remove_all(to);
    g_hash_table_iter_init(&iter, from);
    while (g_hash_table_iter_next(&iter, NULL, &file))
        g_hash_table_replace(to, ((power_file *)file)->path, file_ref(file));
}

void power_disk_sync_names(power_disk *disk)
{
    copy_names(disk->names, disk->synced);
}

/* ---- content ---- */

/* `junk` NULL: what comes new is zero. Else it may be anything. */
static void resize(GByteArray *bytes, int64_t size, GRand *junk)
{
    guint before = bytes->len;
    g_byte_array_set_size(bytes, (guint)size);
    if (bytes->len <= before)
        return;
    memset(bytes->data + before, 0, bytes->len - before);
    for (guint i = before; junk && i < bytes->len; i++)
        bytes->data[i] = (guint8)g_rand_int(junk);
}

static void put(GByteArray *bytes, const guint8 *data, int64_t n, int64_t offset, GRand *junk)
{
    if (offset > bytes->len)
        resize(bytes, offset, junk);
    if (offset + n > bytes->len)
        resize(bytes, offset + n, NULL);
    memcpy(bytes->data + offset, data, (size_t)n);
}

void power_file_write(power_file *file, const void *data, int n, int64_t offset)
{
    change written = {g_memdup2(data, (gsize)n), offset, n};
    put(file->content, data, n, offset, NULL);
    g_array_append_val(file->changes, written);
}

void power_file_truncate(power_file *file, int64_t size)
{
    change cut = {NULL, 0, size};
    resize(file->content, size, NULL);
    g_array_append_val(file->changes, cut);
}

void power_file_sync(power_file *file)
{
    for (guint i = 0; i < file->changes->len; i++) {
        const change *c = &g_array_index(file->changes, change, i);
        if (c->data)
            put(file->synced, c->data, c->size, c->offset, NULL);
        else
            resize(file->synced, c->size, NULL);
    }
    g_array_set_size(file->changes, 0);
}

void power_file_sync_fails(power_file *file)
{
    g_array_set_size(file->changes, 0);
}

/* ---- the power goes ---- */

typedef struct {
    GRand *random;
    double keeps;      /* chance that one write of a sector reached the disk, given that those before did */
    GHashTable *stuck; /* sectors of the file at hand that got no more writes */
    bool junk;         /* what lies between written sectors behind the old end may be anything */
} draw;

static bool happens(const draw *d)
{
    return g_rand_double(d->random) < d->keeps;
}

static void write_some(const draw *d, GByteArray *bytes, const change *c)
{
    for (int64_t at = c->offset, end = c->offset + c->size, next; at < end; at = next) {
        int64_t sector = at / POWER_SECTOR;
        next = MIN((sector + 1) * POWER_SECTOR, end);
        gpointer key = GINT_TO_POINTER((int)sector + 1);
        if (g_hash_table_contains(d->stuck, key))
            continue;
        if (happens(d))
            put(bytes, c->data + (at - c->offset), next - at, at, d->junk ? d->random : NULL);
        else
            g_hash_table_add(d->stuck, key);
    }
}

static void sync_some(const draw *d, power_file *file)
{
    g_hash_table_remove_all(d->stuck);
    for (guint i = 0; i < file->changes->len; i++) {
        const change *c = &g_array_index(file->changes, change, i);
        if (c->data)
            write_some(d, file->synced, c);
        else if (happens(d))
            resize(file->synced, c->size, NULL);
    }
    g_array_set_size(file->changes, 0);
}

/* Names in their order, so that a seed always draws the same. */
static void sync_some_names(const draw *d, power_disk *disk)
{
    g_autoptr(GHashTable) all = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    GHashTable *const tables[] = {disk->names, disk->synced};
    for (size_t i = 0; i < G_N_ELEMENTS(tables); i++) {
        GHashTableIter iter;
        gpointer path;
        g_hash_table_iter_init(&iter, tables[i]);
        while (g_hash_table_iter_next(&iter, &path, NULL))
            g_hash_table_add(all, g_strdup(path));
    }
    g_autoptr(GList) paths = g_list_sort(g_hash_table_get_keys(all), (GCompareFunc)strcmp);
    for (GList *l = paths; l; l = l->next) {
        power_file *now = g_hash_table_lookup(disk->names, l->data);
        power_file *before = g_hash_table_lookup(disk->synced, l->data);
        if (before)
            sync_some(d, before);
        if (now && now != before)
            sync_some(d, now);
        if (now == before || !happens(d))
            continue;
        if (now)
            g_hash_table_replace(disk->synced, now->path, file_ref(now));
        else
            g_hash_table_remove(disk->synced, l->data);
    }
}

static void lose_some(power_disk *disk, guint32 seed)
{
    static const double chances[] = {0.5, 0.95, 0.1, 0.8, 1.0};
    draw d = {.random = g_rand_new_with_seed(seed),
              .keeps = chances[seed % G_N_ELEMENTS(chances)],
              .stuck = g_hash_table_new(NULL, NULL),
              .junk = seed / G_N_ELEMENTS(chances) % 2};
    sync_some_names(&d, disk);
    g_hash_table_unref(d.stuck);
    g_rand_free(d.random);
}

void power_disk_lose(power_disk *disk, power_loss how, guint32 seed)
{
    GHashTableIter iter;
    gpointer pointer;
    if (how == POWER_LOSES_NONE)
        power_disk_sync_names(disk);
    if (how == POWER_LOSES_SOME)
        lose_some(disk, seed);
    copy_names(disk->synced, disk->names);
    g_hash_table_iter_init(&iter, disk->names);
    while (g_hash_table_iter_next(&iter, NULL, &pointer)) {
        power_file *file = pointer;
        g_assert_cmpint(file->refs, ==, 2); /* its two names: whoever had it open has closed it */
        GByteArray *kept = how == POWER_LOSES_NONE ? file->content : file->synced;
        GByteArray *other = how == POWER_LOSES_NONE ? file->synced : file->content;
        g_array_set_size(file->changes, 0);
        g_byte_array_set_size(other, 0);
        g_byte_array_append(other, kept->data, kept->len);
    }
}
