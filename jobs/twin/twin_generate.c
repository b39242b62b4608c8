/* twin_generate.c - generateContent, streamGenerateContent and countTokens. */
#include "core/json.h"
#include "jobs/twin/twin_arrival.h"
#include "jobs/twin/twin_request.h"

static json_t *read_body(tm_twin_arrival *a, const tm_twin_message *message)
{
    json_error_t where;
    const char *text = a->request->body ? a->request->body : "";
    json_t *body =
        json_loadb(text, a->request->body ? a->request->length : 0, JSON_ALLOW_NUL | JSON_DECODE_ANY, &where);
    if (!body) {
        g_autofree char *message_text = g_strdup_printf(
            "Invalid JSON payload received. %s (line %d, column %d)", where.text, where.line, where.column);
        tm_twin_bad_request(a, message_text);
        return NULL;
    }
    g_autoptr(GPtrArray) flaws = tm_twin_read(body, message);
    if (flaws) {
        tm_twin_answer(a, 400, "bad_request", tm_twin_refusal_flaws(flaws));
        g_clear_pointer(&body, json_decref);
    }
    return body;
}

void tm_twin_arrive(tm_twin_arrival *a, const json_t *body)
{
    int64_t media;
    a->nth = ++a->account->n_generate;
    a->text = tm_twin_last_text(body);
    a->input = a->tokens = tm_twin_count_tokens(body, &media);
}

static void answer(tm_twin_arrival *a, const json_t *body, tm_twin_fault fault)
{
    if (a->account->counts_credit) {
        tm_twin_speech said = tm_twin_speak(body, fault, a->nth);
        tm_twin_account_pay(a->account, a->model, a->wall_ms, a->input, said.output + said.thoughts);
        g_string_free(said.text, TRUE);
    }
    tm_twin_answer(a, 200, tm_twin_class_of_answer(fault),
                   tm_twin_answer_body(body, a->model, a->form, fault, a->nth));
}

void tm_twin_judge_generate(tm_twin_arrival *a)
{
    tm_twin_fault fault = TM_FAULT_NONE;
    g_autoptr(json_t) body = read_body(a, &tm_twin_generate_request);
    if (!body)
        return;
    tm_twin_arrive(a, body);
    g_autofree char *wrong = tm_twin_check(body, a->model);
    if (wrong)
        tm_twin_bad_request(a, wrong);
    else if (tm_twin_admit(a, body, &fault))
        answer(a, body, fault);
}

void tm_twin_judge_count(tm_twin_arrival *a)
{
    g_autoptr(json_t) body = read_body(a, &tm_twin_count_request);
    if (!body)
        return;
    int64_t media;
    const json_t *whole = json_object_get(body, "generateContentRequest");
    if (whole && json_object_get(body, "contents")) {
        tm_twin_bad_request(a, "Only one of contents and generate_content_request can be set.");
        return;
    }
    const json_t *counted = whole ? whole : body;
    g_autofree char *wrong = tm_twin_check(counted, a->model);
    if (wrong) {
        tm_twin_bad_request(a, wrong);
        return;
    }
    a->text = tm_twin_last_text(counted);
    a->tokens = tm_twin_count_tokens(counted, &media);
    tm_twin_answer(a, 200, "ok", tm_twin_count_body(counted));
}
