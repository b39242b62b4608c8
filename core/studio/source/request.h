/* request.h - what a call of a model sends: model, settings and contents as values, whatever API it is. */
#pragma once
#include "core/studio/source/sites.h"

typedef struct {
    tm_value *model, *system, *contents, *config, *schema; /* NULL: not there; owned */
    tm_value *history;                                     /* of a chat, before contents; NULL */
    bool openai;                                           /* settings are called as OpenAI calls them */
    bool prompt_only;                                      /* an API that takes a text alone */
    tm_code *owner; /* all that is sent is a parameter of this function; NULL */
    char *why;      /* it can't be read: why; then all else is NULL */
} tm_request;

/* Of the call of `site` in `frame`, where tm_run_goto() has come to. */
void tm_request_read(tm_request *request, tm_run *run, tm_frame *frame, const tm_site *site);
/* From a body as it is sent over HTTP, and the address (either may be NULL). */
void tm_request_from_body(tm_request *request, tm_value *body, const tm_value *address);
void tm_request_clear(tm_request *request);
/* Code points of the app's own in it. */
gsize tm_request_static(const tm_request *request);
/* The function whose caller must say what is sent: what is asked, or in which form to answer, is nothing but
 * its parameters. NULL: none. */
tm_code *tm_request_owner(const tm_request *request);
