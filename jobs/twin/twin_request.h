/* twin_request.h - a request's body read as strictly as the service reads it. */
#pragma once
#include "jobs/twin/twin_message.h"
#include <glib.h>
#include <jansson.h>

/* What a body was refused for: where (the proto's own snake_case path; NULL: the top) and in which words. */
typedef struct {
    char *field, *description;
} tm_twin_flaw;

/* Walks `body` along `message` and puts it into one form, in place: names to camelCase, one value where a
 * list is meant to a list of one, null to absent. Returns the flaws (tm_twin_flaw, at most 20), or NULL if
 * there are none. (transfer full) */
GPtrArray *tm_twin_read(json_t *body, const tm_twin_message *message);

/* What a well-formed generate request still gets wrong, in the service's words; NULL: nothing. `body` as
 * tm_twin_read() left it. (transfer full) */
char *tm_twin_check(const json_t *body, const char *model);

/* A member of a read message as a number (in a string too), or the fallback. */
double tm_twin_number(const json_t *message, const char *name, double fallback);
