/* batch_json.h - a batch's counts as JSON: what `status --json` and `run --json` have in common. */
#pragma once
#include "jobs/store.h"
#include <jansson.h>

/* Name, files, rows by state and by class, tokens. (transfer full); NULL and *error. */
json_t *tm_batch_json(tm_store *store, const tm_batch *batch, GError **error);
