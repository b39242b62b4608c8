/* work.c - see work.h */
#include "cmd/ui/work.h"

#include "cmd/ui/progress.h"
#include "cmd/ui/say.h"
#include <string.h>

/* The work that is told of, and where it was when that began. */
static const char *work;
static gint64 work_begun_us;
static int64_t work_begun_at, work_last;

char *tm_progress_rest(int64_t done, int64_t total, int64_t done_since, int64_t elapsed_ms)
{
    enum { SURE_MS = 2000 }; /* earlier the pace is a guess */
    if (total <= 0 || done < 0)
        return g_strdup("");
    done = MIN(done, total);
    int share = (int)((double)done / (double)total * 100);
    if (elapsed_ms < SURE_MS || done_since <= 0 || done == total)
        return g_strdup_printf(", %d %%", share);
    double left_ms = (double)(total - done) * (double)elapsed_ms / (double)done_since;
    g_autofree char *left = tm_ui_duration((int64_t)MIN(left_ms, 1e15));
    return g_strdup_printf(", %d %%, about %s left", share, left);
}

void tm_progress_work(const char *what, const char *words, int64_t done, int64_t total)
{
    gint64 now = g_get_monotonic_time();
    if (!work || strcmp(work, what) != 0 || done < work_last) {
        work = what;
        work_begun_us = now;
        work_begun_at = done;
    }
    work_last = done;
    g_autofree char *rest = tm_progress_rest(done, total, done - work_begun_at, (now - work_begun_us) / 1000);
    g_autofree char *line = g_strconcat(words, rest, NULL);
    tm_progress_line(line);
}
