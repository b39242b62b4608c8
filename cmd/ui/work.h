/* work.h - the progress line of long work: how much is done, and how long the rest takes. */
#pragma once
#include <stdint.h>

/* The line of some long work: `words`, how much of it is done, and how long the rest takes at the pace since
 * `what` began (a name for the work, not shown). total 0 or less: not known. */
void tm_progress_work(const char *what, const char *words, int64_t done, int64_t total);
/* Its share and rest, ", 12 %, 40 s left" or less of it (transfer full). elapsed_ms: for what was done since.
 */
char *tm_progress_rest(int64_t done, int64_t total, int64_t done_since, int64_t elapsed_ms);
