/* config.h - the user's config (YAML) merged with the environment: accounts, routes, store, ledger.
 * Only ~/.config/tidemill/config.yaml, --config and TIDEMILL_CONFIG are read, never a project's folder. */
#pragma once
#include "core/account.h"

typedef struct {
    char *path;          /* the file read; NULL: none */
    GPtrArray *accounts; /* tm_account, owned, in the file's order */
    GHashTable *routes;  /* name -> GPtrArray of tm_route_step, owned */
    char *store;         /* "sqlite:PATH"; NULL: the default */
    tm_windows windows;  /* for all accounts that say nothing else: lengths only */
    GPtrArray *notes;    /* char*: what the user should know (two keys set, ...) */
} tm_config;

/* Looks a name up in the environment. Handed in so that tests need not change their own. */
typedef const char *(*tm_getenv)(const char *name, void *data);
/* Runs a key's command and gives its first line (transfer full), or NULL and *error. */
typedef char *(*tm_run_command)(const char *command, void *data, GError **error);

/* `path` NULL: no file is read. Where no file names accounts, the environment gives them: `gemini` on tier
 * free with GEMINI_API_KEY or GOOGLE_API_KEY (and GEMINI_BASE_URL or GOOGLE_GEMINI_BASE_URL), `openai` with
 * OPENAI_API_KEY or OPENAI_BASE_URL. A key written out in the file, an unknown member or a wrong type is an
 * error with its line. Keys are resolved when first needed: tm_config_key(). (transfer full) */
tm_config *tm_config_load(const char *path, tm_getenv lookup, void *data, GError **error);
void tm_config_free(tm_config *config);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(tm_config, tm_config_free)

/* An account as one of a preset's name is before anything is said of it: base URL, key variable, day. NULL:
 * no such preset. (transfer full) */
tm_account *tm_account_from_preset(const char *name, const char *preset);
/* Fills account->key from its variable or command; an account that needs none (loopback) is fine without.
 * Error text says which variable to set. */
gboolean tm_config_key(const tm_config *config, tm_account *account, tm_getenv lookup, tm_run_command run,
                       void *data, GError **error);
/* NULL: none of that name. Borrowed. */
tm_account *tm_config_account(const tm_config *config, const char *name);
