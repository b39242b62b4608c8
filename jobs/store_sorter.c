/* store_sorter.c - keys in order, in little memory: runs sorted in memory, written to a temp file that has no
 * name any more, and merged. A record is 20 bytes: the key and the ordinal, both so that memcmp() orders
 * them. SQLite's own sorter took 18 % of an add, and a table to sort from another 10 %. */
#include "jobs/store_private.h"

#include "core/error.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

enum {
    KEY = 16,
    RECORD = KEY + 4,
    RUN_RECORDS = 512 << 10, /* 10 MB */
    MERGE_BYTES = 10 << 20,  /* read buffers of all runs together: the run in memory is gone by then */
    READ_MAX = 256 << 10,    /* of one run */
    INSERTION = 24,          /* fewer records than that are sorted by insertion */
};

/* A sorted stretch of the temp file, as it is read. */
typedef struct {
    int64_t at, end; /* bytes in the file that are not in the buffer yet */
    uint8_t *buffer;
    size_t next, filled; /* bytes of the buffer */
} run;

struct tm_sorter {
    char *folder;
    uint8_t *records;
    size_t n, capacity;
    int fd; /* -1: all is in memory */
    int64_t written, size;
    GArray *runs; /* of run */
    guint *heap;  /* runs, the one with the smallest record first */
    guint n_heap;
    size_t room; /* bytes of a run's buffer */
    bool reading;
    size_t next; /* all in memory: the next record */
};

tm_sorter *tm_sorter_new(const char *folder)
{
    tm_sorter *sorter = g_new0(tm_sorter, 1);
    sorter->folder = g_strdup(folder);
    sorter->fd = -1;
    sorter->runs = g_array_new(FALSE, TRUE, sizeof(run));
    return sorter;
}

void tm_sorter_free(tm_sorter *sorter)
{
    if (!sorter)
        return;
    for (guint i = 0; i < sorter->runs->len; i++)
        g_free(g_array_index(sorter->runs, run, i).buffer);
    g_array_unref(sorter->runs);
    if (sorter->fd >= 0)
        close(sorter->fd);
    g_free(sorter->heap);
    g_free(sorter->records);
    g_free(sorter->folder);
    g_free(sorter);
}

static gboolean fail(GError **error)
{
    int number = errno;
    return tm_fail(error, number == ENOSPC || number == EDQUOT ? TM_ERROR_FULL : TM_ERROR_IO,
                   "can't sort the keys in a temp file: %s", g_strerror(number));
}

/* ---- in memory ---- */

static void swap(uint8_t *a, uint8_t *b)
{
    uint8_t held[RECORD];
    memcpy(held, a, RECORD);
    memcpy(a, b, RECORD);
    memcpy(b, held, RECORD);
}

static void insertion_sort(uint8_t *records, size_t n)
{
    for (size_t i = 1; i < n; i++) {
        uint8_t held[RECORD];
        size_t at = i;
        memcpy(held, records + i * RECORD, RECORD);
        while (at > 0 && memcmp(records + (at - 1) * RECORD, held, RECORD) > 0)
            at--;
        memmove(records + (at + 1) * RECORD, records + at * RECORD, (i - at) * RECORD);
        memcpy(records + at * RECORD, held, RECORD);
    }
}

/* By the byte at `depth`, in place, then each bucket by the next one: keys are digests, so buckets are even;
 * equal keys go down to the ordinal, which differs. */
static void radix_sort(uint8_t *records, size_t n, size_t depth)
{
    size_t from[257] = {0}, to[256];
    if (n < INSERTION || depth == RECORD) {
        insertion_sort(records, n);
        return;
    }
    for (size_t i = 0; i < n; i++)
        from[records[i * RECORD + depth] + 1]++;
    for (size_t b = 0; b < 256; b++)
        from[b + 1] += from[b];
    memcpy(to, from, sizeof to);
    for (size_t b = 0; b < 256; b++)
        while (to[b] < from[b + 1]) {
            uint8_t *record = records + to[b] * RECORD;
            size_t where = record[depth];
            if (where == b)
                to[b]++;
            else
                swap(record, records + to[where]++ * RECORD);
        }
    for (size_t b = 0; b < 256; b++)
        radix_sort(records + from[b] * RECORD, from[b + 1] - from[b], depth + 1);
}

static void sort_records(tm_sorter *sorter)
{
    if (sorter->n > 0)
        radix_sort(sorter->records, sorter->n, 0);
}

/* ---- on disk ---- */

/* In the store's private folder; elsewhere only where that can't be written, and only digests are in it. */
static gboolean open_temp(tm_sorter *sorter, GError **error)
{
    const char *const folders[] = {sorter->folder, g_get_tmp_dir()};
    for (size_t i = 0; i < G_N_ELEMENTS(folders) && sorter->fd < 0; i++) {
        if (!folders[i])
            continue;
        g_autofree char *path = g_build_filename(folders[i], "keys.XXXXXX", NULL);
        sorter->fd = g_mkstemp_full(path, O_RDWR | O_CLOEXEC, 0600);
        if (sorter->fd >= 0)
            unlink(path);
    }
    return sorter->fd >= 0 || fail(error);
}

static gboolean write_run(tm_sorter *sorter, GError **error)
{
    if (sorter->fd < 0 && !open_temp(sorter, error))
        return FALSE;
    sort_records(sorter);
    run new = {.at = sorter->written};
    size_t left = sorter->n * RECORD;
    for (const uint8_t *at = sorter->records; left > 0;) {
        ssize_t n = pwrite(sorter->fd, at, left, sorter->written);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return fail(error);
        at += n;
        left -= (size_t)n;
        sorter->written += n;
    }
    new.end = sorter->written;
    g_array_append_val(sorter->runs, new);
    sorter->n = 0;
    return TRUE;
}

int64_t tm_sorter_size(const tm_sorter *sorter)
{
    return sorter->size;
}

gboolean tm_sorter_put(tm_sorter *sorter, const uint8_t key[16], int64_t ordinal, GError **error)
{
    if (sorter->n == RUN_RECORDS && !write_run(sorter, error))
        return FALSE;
    if (sorter->n == sorter->capacity) {
        sorter->capacity = MIN(MAX(sorter->capacity * 2, 1024), RUN_RECORDS);
        sorter->records = g_realloc_n(sorter->records, sorter->capacity, RECORD);
    }
    uint8_t *record = sorter->records + sorter->n++ * RECORD;
    uint32_t place = GUINT32_TO_BE((uint32_t)ordinal);
    memcpy(record, key, KEY);
    memcpy(record + KEY, &place, sizeof place);
    sorter->size++;
    return TRUE;
}

/* ---- merged ---- */

/* At least one record of the run into its buffer. *more: there was one. */
static gboolean fill(tm_sorter *sorter, run *r, bool *more, GError **error)
{
    *more = r->next < r->filled || r->at < r->end;
    if (r->next < r->filled || r->at == r->end)
        return TRUE;
    r->next = r->filled = 0;
    size_t wanted = (size_t)MIN((int64_t)sorter->room, r->end - r->at);
    while (r->filled < wanted) {
        ssize_t n = pread(sorter->fd, r->buffer + r->filled, wanted - r->filled, r->at);
        if (n < 0 && errno == EINTR)
            continue;
        if (n == 0)
            errno = EIO;
        if (n <= 0)
            return fail(error);
        r->filled += (size_t)n;
        r->at += n;
    }
    return TRUE;
}

static const uint8_t *first_of(const tm_sorter *sorter, guint i)
{
    const run *r = &g_array_index(sorter->runs, run, i);
    return r->buffer + r->next;
}

static void sift_down(tm_sorter *sorter, guint at)
{
    for (;;) {
        guint least = at;
        for (guint child = 2 * at + 1; child <= 2 * at + 2 && child < sorter->n_heap; child++)
            if (memcmp(first_of(sorter, sorter->heap[child]), first_of(sorter, sorter->heap[least]), RECORD) <
                0)
                least = child;
        if (least == at)
            return;
        guint held = sorter->heap[at];
        sorter->heap[at] = sorter->heap[least];
        sorter->heap[least] = held;
        at = least;
    }
}

static gboolean begin_reading(tm_sorter *sorter, GError **error)
{
    sorter->reading = true;
    if (sorter->fd < 0) {
        sort_records(sorter);
        return TRUE;
    }
    if (sorter->n > 0 && !write_run(sorter, error))
        return FALSE;
    g_clear_pointer(&sorter->records, g_free);
    size_t share = MIN(MERGE_BYTES / sorter->runs->len, READ_MAX);
    sorter->room = MAX(share / RECORD, 1) * RECORD;
    sorter->heap = g_new(guint, sorter->runs->len);
    for (guint i = 0; i < sorter->runs->len; i++) {
        run *r = &g_array_index(sorter->runs, run, i);
        bool more;
        r->buffer = g_malloc(sorter->room);
        if (!fill(sorter, r, &more, error))
            return FALSE;
        sorter->heap[sorter->n_heap++] = i;
    }
    for (guint i = sorter->n_heap; i-- > 0;)
        sift_down(sorter, i);
    return TRUE;
}

static void read_record(const uint8_t *record, uint8_t key[16], int64_t *ordinal)
{
    uint32_t place;
    memcpy(key, record, KEY);
    memcpy(&place, record + KEY, sizeof place);
    *ordinal = GUINT32_FROM_BE(place);
}

int tm_sorter_next(tm_sorter *sorter, uint8_t key[16], int64_t *ordinal, GError **error)
{
    if (!sorter->reading && !begin_reading(sorter, error))
        return -1;
    if (sorter->fd < 0) {
        if (sorter->next == sorter->n)
            return 0;
        read_record(sorter->records + sorter->next++ * RECORD, key, ordinal);
        return 1;
    }
    if (sorter->n_heap == 0)
        return 0;
    run *r = &g_array_index(sorter->runs, run, sorter->heap[0]);
    bool more;
    read_record(r->buffer + r->next, key, ordinal);
    r->next += RECORD;
    if (!fill(sorter, r, &more, error))
        return -1;
    if (!more)
        sorter->heap[0] = sorter->heap[--sorter->n_heap];
    sift_down(sorter, 0);
    return 1;
}
