/* twin_reply.c - fills the reply to an arrival: an answer, a refusal, a front end's page. */
#include "core/json.h"
#include "jobs/twin/twin_arrival.h"

void tm_twin_reply_clear(tm_twin_reply *reply)
{
    if (reply->body)
        g_string_free(reply->body, TRUE);
    *reply = (tm_twin_reply){0};
}

void tm_twin_answer(tm_twin_arrival *a, int http, const char *class, GString *body)
{
    a->reply->http = http;
    a->reply->body = body;
    a->reply->content_type = "application/json; charset=UTF-8";
    a->class = class;
    /* without alt=sse a stream's error comes as a list of one */
    if (http != 200 && a->openai) {
        tm_twin_refusal_to_openai(a);
    } else if (http != 200 && a->form == TM_TWIN_LIST) {
        g_string_prepend_c(body, '[');
        g_string_append_c(body, ']');
    }
    if (http == 200 && a->form == TM_TWIN_SSE)
        a->reply->content_type = "text/event-stream";
}

void tm_twin_refuse(tm_twin_arrival *a, int http, const char *class, const char *status, const char *message)
{
    tm_twin_answer(a, http, class, tm_twin_refusal(http, status, message, NULL));
}

void tm_twin_bad_request(tm_twin_arrival *a, const char *message)
{
    tm_twin_refuse(a, 400, "bad_request", "INVALID_ARGUMENT", message);
}

void tm_twin_html(tm_twin_arrival *a, int http, const char *class, const char *title)
{
    a->reply->http = http;
    a->reply->body = tm_twin_refusal_html(http, title);
    a->reply->content_type = "text/html; charset=UTF-8";
    a->class = class;
}

void tm_twin_answer_json(tm_twin_arrival *a, json_t *value)
{
    GString *out = g_string_new(NULL);
    tm_json_write(out, value);
    json_decref(value);
    tm_twin_answer(a, 200, "ok", out);
}
