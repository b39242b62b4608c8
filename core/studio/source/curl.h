/* curl.h - shell scripts and snippets that call a model by curl: variables, heredocs, bodies with trailing
 * commas. */
#pragma once
#include "core/studio/source/request.h"

typedef struct {
    int line;        /* of the command, 1-based */
    const char *api; /* static */
    tm_value *body, *address;
} tm_curl;

/* Is there a curl command in it? */
bool tm_curl_is(const char *text);
/* The commands that call a model. Array of tm_curl, which owns its values. (transfer full) */
GArray *tm_curl_find(const char *text);
