/* twin_reply.c - fills the reply to an arrival: an answer, a refusal, a front end's page. */
#include "core/json.h"
#include "jobs/twin/twin_arrival.h"

void tm_twin_reply_clear(tm_twin_reply *reply)
{
    if (reply->body)
        g_string_free(reply->body, TRUE);
    if (reply->headers)
        g_ptr_array_unref(reply->headers);
    *reply = (tm_twin_reply){0};
}

void tm_twin_answer(tm_twin_arrival *a, int http, const char *class, GString *body)
{
    a->reply->http = http;
    a->reply->body = body;
    a->reply->content_type = "application/json; charset=UTF-8";
    a->class = class;
    /* without alt=sse a stream's error comes as a list of one */
    if (http != 200 && a->wire == TM_TWIN_OPENAI) {
        tm_twin_refusal_to_openai(a);
    } else if (http != 200 && (a->form == TM_TWIN_LIST || a->wire == TM_TWIN_COMPATIBLE)) {
        g_string_prepend_c(body, '[');
        g_string_append_c(body, ']');
    }
    if (http == 200 && (a->form == TM_TWIN_SSE || a->form == TM_TWIN_CHUNKS))
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

void tm_twin_no_path(tm_twin_arrival *a)
{
    a->reply->http = 404;
    a->reply->body = g_string_new("404 page not found\n");
    a->reply->content_type = "text/plain; charset=utf-8";
    a->class = "bad_request";
}

void tm_twin_add_header(tm_twin_arrival *a, const char *name, const char *value)
{
    if (!a->reply->headers)
        a->reply->headers = g_ptr_array_new_with_free_func(g_free);
    g_ptr_array_add(a->reply->headers, g_strdup(name));
    g_ptr_array_add(a->reply->headers, g_strdup(value));
}

void tm_twin_answer_json(tm_twin_arrival *a, json_t *value)
{
    GString *out = g_string_new(NULL);
    tm_json_write(out, value);
    json_decref(value);
    tm_twin_answer(a, 200, "ok", out);
}
