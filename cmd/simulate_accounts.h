/* simulate_accounts.h - the accounts that `simulate --accounts FILE` plays. */
#pragma once
#include "jobs/twin/twin.h"

/* Reads them: array of tm_twin_account_options that owns what its elements point to. NULL and an error that
 * names file and line. (transfer full) */
GArray *tm_simulate_accounts(const char *path, GError **error);
/* "pacific", "utc", "rolling" or "none" as a day's kind. */
gboolean tm_simulate_day_kind(const char *text, tm_day_kind *kind);
/* One of these, or how long a day takes. */
gboolean tm_simulate_day(const char *text, tm_windows *windows);
