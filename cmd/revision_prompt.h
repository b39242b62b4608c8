/* revision_prompt.h - the prompt that a batch's revision keeps. */
#pragma once
#include "core/prompt.h"
#include "jobs/store.h"

/* The prompt with its partials, schemas and labels; `options` (may be NULL) gets the revision's options, an
 * object (transfer full). (transfer full) */
tm_prompt *tm_revision_prompt(const tm_revision *revision, json_t **options, GError **error);
