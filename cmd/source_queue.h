/* source_queue.h - the data's rows become jobs of the source's batch. */
#pragma once
#include "cmd/source.h"
#include "jobs/intake.h"

/* Queues what is new and says how many. `options` may carry what `try` and `plan` need; NULL: plain. */
gboolean tm_source_add(tm_context *context, tm_source *source, const tm_intake_options *options,
                       tm_intake_result *result, GError **error);

/* The jobs of the rows that an intake with first, row or sample chose; those answered by an older revision,
 * or failed, wait again. Array of int64_t. */
GArray *tm_source_chosen(tm_context *context, tm_source *source, const tm_intake_result *result,
                         GError **error);
