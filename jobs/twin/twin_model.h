/* twin_model.h - what the API says of its models. */
#pragma once
#include <glib.h>
#include <jansson.h>

enum { TM_TWIN_INPUT_TOKENS = 1048576, TM_TWIN_OUTPUT_TOKENS = 65536 };

/* {"name": "models/x", "inputTokenLimit", ...} (transfer full) */
json_t *tm_twin_model(const char *name);
/* A page of the list: {"models": [...], "nextPageToken"?}. NULL: `token` is none of ours. (transfer full) */
json_t *tm_twin_model_list(const char *const *names, int page_size, const char *token);
