/* context.h - what all commands share, opened when first asked for: config, store, ledger, clock. */
#pragma once
#include "core/config.h"
#include "jobs/ledger.h"
#include "jobs/store.h"

typedef struct tm_context tm_context;

tm_context *tm_context_new(void);
void tm_context_free(tm_context *context);
/* The options of all commands, before or after the command's name: --config FILE, --store URL, -q, -v,
 * --color WHEN. --json is a command's own. A new group each time (transfer full). */
GOptionGroup *tm_context_options(tm_context *context);
const GOptionEntry *tm_context_option_entries(void); /* the same, for help and guesses; static */
/* Puts -q, -v and --color into force; false and *error if they make no sense. */
gboolean tm_context_setup(tm_context *context, GError **error);

tm_clock *tm_context_clock(tm_context *context);
tm_config *tm_context_config(tm_context *context, GError **error); /* borrowed */
tm_store *tm_context_store(tm_context *context, GError **error);   /* borrowed; created if absent */
tm_store *tm_context_store_read(tm_context *context,
                                GError **error); /* never creates; absent: an empty answer's error */
/* The batch of that name or #ID, and in *store where to write: a wrong name makes no store. (transfer full)
 */
tm_batch *tm_context_batch(tm_context *context, const char *name, tm_store **store, GError **error);
tm_ledger *tm_context_ledger(tm_context *context, GError **error); /* borrowed */
/* The current folder, absolute. Borrowed. */
const char *tm_context_dir(tm_context *context);
/* " --config X --store Y" as they were typed, else "": a command that the user is told to type needs them,
 * too. (transfer full) */
char *tm_context_again(void);
/* Fills account->key. */
gboolean tm_context_key(tm_context *context, tm_account *account, GError **error);
