/* watch.h - the sockets that libcurl wants to hear of, and its timer. Only those that have something to say
 * are asked: curl_multi_perform() would ask each of hundreds at every turn. */
#pragma once
#include "core/clock.h"
#include <curl/curl.h>
#include <glib.h>
#include <stdbool.h>

/* Descriptors of others that a turn looks at, at most. */
enum { TM_WATCH_OTHERS = 8 };

typedef struct tm_watch tm_watch;

/* Watches for `multi` from now on; both are borrowed. NULL: no descriptor is left. (transfer full) */
tm_watch *tm_watch_new(CURLM *multi, tm_clock *clock);
/* After the multi handle's end. */
void tm_watch_free(tm_watch *watch);
/* One turn: sleeps until something moves, `ms` at most, not at all if calls are new, and lets libcurl go on.
 * True: one of `fds` is readable. */
bool tm_watch_turn(tm_watch *watch, int64_t ms, const int *fds, int n_fds);
