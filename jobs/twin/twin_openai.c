/* twin_openai.c - the operations of OpenAI's wire: what is asked, of which model. */
#include "jobs/twin/twin_openai.h"

#include <string.h>

#include "core/json.h"

static void refuse_method(tm_twin_arrival *a)
{
    g_autofree char *words = g_strdup_printf(
        "Not allowed to %s on this path. (HINT: Perhaps you meant to use a different HTTP method?)",
        a->request->method);
    a->reply->http = 405;
    a->reply->content_type = "application/json; charset=UTF-8";
    a->reply->body =
        tm_twin_openai_error(a, 405, words, "invalid_request_error", NULL, "method_not_supported");
    a->class = "bad_request";
}

json_t *tm_twin_openai_read(tm_twin_arrival *a)
{
    json_t *body =
        a->request->body ? json_loadb(a->request->body, a->request->length, JSON_ALLOW_NUL, NULL) : NULL;
    if (json_is_object(body))
        return body;
    json_decref(body);
    tm_twin_refuse_parameter(
        a, NULL, NULL,
        "We could not parse the JSON body of your request. (HINT: This likely means you aren't using your "
        "HTTP "
        "library correctly. The OpenAI API expects a JSON payload, but what was sent was not valid JSON.)");
    return NULL;
}

static bool refuse_model(tm_twin_arrival *a)
{
    tm_twin_answer(a, 404, "no_model", tm_twin_refusal_no_model(a->model, "v1main", "generateContent"));
    return false;
}

bool tm_twin_openai_model(tm_twin_arrival *a, const char *name)
{
    bool prefixed = a->account->gemini && g_str_has_prefix(name, "models/");
    if (!*name) {
        tm_twin_refuse_parameter(a, "model", NULL, "you must provide a model parameter");
        return false;
    }
    g_free(a->model);
    a->model = g_strdup(prefixed ? name + 7 : name);
    return tm_twin_account_has(a->account, a->model) || refuse_model(a);
}

static json_t *model_of(const tm_twin_arrival *a, const char *name)
{
    return json_pack("{ss,ss,si,ss}", "id", name, "object", "model", "created", 1764547200, "owned_by",
                     a->account->preset->name);
}

void tm_twin_judge_openai_models(tm_twin_arrival *a)
{
    if (a->model) {
        if (tm_twin_account_has(a->account, a->model))
            tm_twin_answer_json(a, model_of(a, a->model));
        else
            refuse_model(a);
        return;
    }
    json_t *list = json_array();
    for (char **name = a->account->models; *name; name++)
        json_array_append_new(list, model_of(a, *name));
    tm_twin_answer_json(a, json_pack("{ss,so}", "object", "list", "data", list));
}

/* OpenRouter's account of a key's credit. */
void tm_twin_judge_openai_key(tm_twin_arrival *a)
{
    if (a->preset->shape != TM_TWIN_NUMBERED) {
        tm_twin_no_path(a);
        return;
    }
    double left = (double)MAX(a->account->credit, 0) / 1e6;
    json_t *credit = a->account->counts_credit ? json_real(left) : json_null();
    tm_twin_answer_json(a, json_pack("{s{ss,sn,so,sb,s{si,ss}}}", "data", "label", a->account->name, "limit",
                                     "limit_remaining", credit, "is_free_tier",
                                     strcmp(a->account->tier, "free") == 0, "rate_limit", "requests", -1,
                                     "interval", "10s"));
}

void tm_twin_judge_openai(tm_twin_arrival *a)
{
    if (a->wrong_method)
        refuse_method(a);
    else if (strcmp(a->op, "chat") == 0)
        tm_twin_judge_chat(a);
    else if (strcmp(a->op, "image") == 0)
        tm_twin_judge_image(a);
    else if (strcmp(a->op, "key") == 0)
        tm_twin_judge_openai_key(a);
    else
        tm_twin_judge_openai_models(a);
}
