/* power_locks.c - who holds what of a file. */
#include "tests/sim/power_locks.h"

#include <sqlite3.h>

enum { SHARED = 1, RESERVED, PENDING, EXCLUSIVE };

/* What a file's handles share; gone with the last of them. */
typedef struct {
    int n_shared;
    const power_holder *reserved, *pending, *exclusive; /* NULL: nobody */
    int n_shm;
    GPtrArray *regions;
    int shm_shared[SQLITE_SHM_NLOCK];
    const power_holder *shm_exclusive[SQLITE_SHM_NLOCK];
} shared;

static shared *shared_of(power_file *file)
{
    if (!file->shared)
        file->shared = g_new0(shared, 1);
    return file->shared;
}

static bool is_others(const power_holder *who, const power_holder *us)
{
    return who && who != us;
}

int power_lock(power_holder *holder, power_file *file, int level)
{
    shared *s = shared_of(file);
    if (level <= holder->level)
        return SQLITE_OK;
    if (is_others(s->pending, holder) || is_others(s->exclusive, holder))
        return SQLITE_BUSY;
    if (level >= RESERVED && is_others(s->reserved, holder))
        return SQLITE_BUSY;
    if (holder->level == 0)
        s->n_shared++;
    holder->level = MAX(holder->level, MIN(level, (int)RESERVED));
    if (level >= RESERVED)
        s->reserved = holder;
    if (level < EXCLUSIVE)
        return SQLITE_OK;
    s->pending = holder;
    holder->level = PENDING;
    if (s->n_shared > 1)
        return SQLITE_BUSY;
    s->exclusive = holder;
    holder->level = EXCLUSIVE;
    return SQLITE_OK;
}

void power_unlock(power_holder *holder, power_file *file, int level)
{
    shared *s = shared_of(file);
    if (level >= holder->level)
        return;
    const power_holder **places[] = {&s->reserved, &s->pending, &s->exclusive};
    for (size_t i = 0; i < G_N_ELEMENTS(places); i++)
        if (*places[i] == holder)
            *places[i] = NULL;
    if (level == 0)
        s->n_shared--;
    holder->level = level;
}

bool power_is_reserved(power_file *file)
{
    return shared_of(file)->reserved != NULL;
}

static int shm_unlock(power_holder *holder, shared *s, int first, int n)
{
    for (int i = first; i < first + n; i++) {
        unsigned bit = 1u << i;
        if (holder->shm_shared & bit)
            s->shm_shared[i]--;
        if (holder->shm_exclusive & bit)
            s->shm_exclusive[i] = NULL;
        holder->shm_shared &= ~bit;
        holder->shm_exclusive &= ~bit;
    }
    return SQLITE_OK;
}

int power_shm_lock(power_holder *holder, power_file *file, int first, int n, int flags)
{
    shared *s = shared_of(file);
    bool exclusive = flags & SQLITE_SHM_EXCLUSIVE;
    if (flags & SQLITE_SHM_UNLOCK)
        return shm_unlock(holder, s, first, n);
    for (int i = first; i < first + n; i++) {
        int ours = holder->shm_shared >> i & 1;
        if (is_others(s->shm_exclusive[i], holder) || (exclusive && s->shm_shared[i] > ours))
            return SQLITE_BUSY;
    }
    for (int i = first; i < first + n; i++) {
        unsigned bit = 1u << i;
        if (exclusive) {
            s->shm_exclusive[i] = holder;
            holder->shm_exclusive |= bit;
        } else if (!(holder->shm_shared & bit)) {
            s->shm_shared[i]++;
            holder->shm_shared |= bit;
        }
    }
    return SQLITE_OK;
}

void volatile *power_shm_region(power_holder *holder, power_file *file, int region, int size, int extend)
{
    shared *s = shared_of(file);
    if (!holder->has_shm)
        s->n_shm++;
    holder->has_shm = true;
    if (!s->regions)
        s->regions = g_ptr_array_new_with_free_func(g_free);
    while (extend && (int)s->regions->len <= region)
        g_ptr_array_add(s->regions, g_malloc0((gsize)size));
    return region < (int)s->regions->len ? s->regions->pdata[region] : NULL;
}

void power_shm_leave(power_holder *holder, power_file *file)
{
    shared *s = shared_of(file);
    shm_unlock(holder, s, 0, SQLITE_SHM_NLOCK);
    if (!holder->has_shm)
        return;
    holder->has_shm = false;
    if (--s->n_shm == 0)
        g_clear_pointer(&s->regions, g_ptr_array_unref);
}

static bool is_unused(const shared *s)
{
    return s->n_shared == 0 && s->n_shm == 0;
}

void power_holder_leave(power_holder *holder, power_file *file)
{
    power_shm_leave(holder, file);
    power_unlock(holder, file, 0);
    if (is_unused(file->shared))
        g_clear_pointer(&file->shared, g_free);
}
