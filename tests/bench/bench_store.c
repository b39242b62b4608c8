/* bench_store.c - the job table alone: bench_store [ROWS [FOLDER]]
 * add beside `sqlite3 .import` into a table with a text primary key, leases and answers a second, results. */
#include "jobs/clock_system.h"
#include "jobs/store.h"
#include <glib/gstdio.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

enum { GROUP = 256, PAGE = 5000, ANSWERS = 100000 };

static double begun;

static double now(void)
{
    return (double)g_get_monotonic_time() / 1e6;
}

static double cpu(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

static void row_text(int64_t n, char *text, size_t size)
{
    snprintf(text, size, "%08" G_GINT64_FORMAT " a review of some length, so that a row is no toy", n);
}

static void tell(const char *what, int64_t rows, double cpu_begun)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    double seconds = now() - begun;
    printf("%-28s %8.2f s %8.2f s of CPU %10.0f rows a second, peak %ld MB\n", what, seconds,
           cpu() - cpu_begun, (double)rows / seconds, usage.ru_maxrss / 1024);
    fflush(stdout);
}

static void check(gboolean ok, GError *error)
{
    if (ok)
        return;
    fprintf(stderr, "%s\n", error ? error->message : "failed");
    exit(1);
}

/* What others do with the same rows. Seconds; 0: there is no sqlite3. */
static double reference(const char *folder, int64_t rows)
{
    g_autofree char *csv = g_build_filename(folder, "rows.csv", NULL);
    g_autofree char *db = g_build_filename(folder, "reference.db", NULL);
    FILE *file = fopen(csv, "w");
    for (int64_t i = 0; i < rows; i++) {
        char text[128];
        row_text(i, text, sizeof text);
        fprintf(file, "\"%s\",%" G_GINT64_FORMAT "\n", text, i);
    }
    fclose(file);
    g_autofree char *import = g_strdup_printf(".import --csv %s t", csv);
    const char *argv[] = {"sqlite3", db, "CREATE TABLE t(text TEXT PRIMARY KEY, n)", import, NULL};
    begun = now();
    if (!g_spawn_sync(NULL, (char **)argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL, NULL, NULL))
        return 0;
    double seconds = now() - begun;
    printf("%-28s %8.2f s\n", "sqlite3 .import (reference)", seconds);
    return seconds;
}

static void add(tm_store *store, const tm_batch *batch, int64_t rows, tm_add_options options)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
    tm_added added;
    tm_adder *adder = tm_store_add_begin(store, batch, &options, &error);
    check(adder != NULL, error);
    for (int64_t i = 0; i < rows; i++) {
        char text[128], body[160];
        uint8_t digest[32];
        gsize length = sizeof digest;
        row_text(i, text, sizeof text);
        int n = snprintf(body, sizeof body, "{\"text\":\"%s\"}", text);
        g_checksum_reset(sum);
        g_checksum_update(sum, (const guchar *)text, -1);
        g_checksum_get_digest(sum, digest, &length);
        check(tm_store_add_row(adder, i + 1, digest, body, (size_t)n, NULL, &error), error);
    }
    check(tm_store_add_end(adder, &added, &error), error);
}

static void lease_and_finish(tm_store *store, const tm_batch *batch, int64_t rows)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *text = g_strnfill(1024, 'a');
    int64_t reservations[GROUP] = {0}, next;
    tm_finish finishes[GROUP];
    tm_answer answer;
    tm_answer_init(&answer);
    answer.text = text;
    answer.text_length = 1024;
    for (int64_t done = 0; done < rows;) {
        g_autoptr(GArray) leases = g_array_new(FALSE, FALSE, sizeof(tm_lease));
        tm_lease_ask ask = {
            .batch = batch, .account = "free", .model = "m", .wanted = GROUP, .reservations = reservations};
        check(tm_store_lease(store, &ask, leases, &next, &error), error);
        if (leases->len == 0)
            return;
        for (guint i = 0; i < leases->len; i++) {
            tm_lease *lease = &g_array_index(leases, tm_lease, i);
            finishes[i] = (tm_finish){.job = lease->job,
                                      .request = lease->request,
                                      .batch = batch->id,
                                      .revision = batch->revision,
                                      .to = TM_JOB_DONE,
                                      .attempt = true,
                                      .answer = &answer,
                                      .account = "free",
                                      .model = "m",
                                      .done_ms = 1};
            tm_lease_clear(lease);
        }
        check(tm_store_finish(store, finishes, leases->len, &error), error);
        done += leases->len;
    }
}

static void read_results(tm_store *store, const tm_batch *batch)
{
    g_autoptr(GError) error = NULL;
    int64_t after = 0;
    for (;;) {
        g_autoptr(GArray) page = g_array_new(FALSE, TRUE, sizeof(tm_stored));
        g_array_set_clear_func(page, (GDestroyNotify)tm_stored_clear);
        check(tm_store_page(store, batch, after, PAGE, false, page, &error), error);
        if (page->len == 0)
            return;
        after = g_array_index(page, tm_stored, page->len - 1).ordinal;
    }
}

int main(int argc, char **argv)
{
    int64_t rows = argc > 1 ? atoll(argv[1]) : 1000000;
    g_autoptr(GError) error = NULL;
    g_autofree char *folder = argc > 2 ? g_strdup(argv[2]) : g_dir_make_tmp("tidemill-bench-XXXXXX", &error);
    g_autofree char *url = g_strdup_printf("sqlite:%s/bench.db", folder);
    g_autoptr(tm_store) store = tm_store_open(url, tm_clock_system(), false, &error);
    check(store != NULL, error);
    tm_batch like = {.name = "bench", .dir = folder, .identity = "bench"};
    tm_revision revision = {.hash = "h", .prompt = "{}", .options = "{}"};
    g_autoptr(tm_batch) batch = tm_store_batch_new(store, &like, true, &error);
    check(batch && tm_store_revise(store, batch, &revision, false, &error), error);

    double import = reference(folder, rows), at;
#define MEASURE(what, n, call)                                                                               \
    do {                                                                                                     \
        begun = now(), at = cpu();                                                                           \
        call;                                                                                                \
        tell(what, n, at);                                                                                   \
    } while (0)
    MEASURE("add", rows, add(store, batch, rows, (tm_add_options){0}));
    if (import > 0)
        printf("%-28s %8.2f of the reference\n", "", (now() - begun) / import);
    MEASURE("add again", rows, add(store, batch, rows, (tm_add_options){0}));
    MEASURE("add, dry", rows, add(store, batch, rows, (tm_add_options){.dry_run = true}));
    MEASURE("lease and finish, 1 KB each", MIN(rows, ANSWERS),
            lease_and_finish(store, batch, MIN(rows, ANSWERS)));
    MEASURE("results", rows, read_results(store, batch));
    MEASURE("cancel", rows, tm_store_cancel(store, batch, NULL));
    MEASURE("remove", rows, tm_store_remove(store, batch, NULL));
    printf("in %s\n", folder);
    return 0;
}
