/* gemini.c - Google's Gemini API, native wire: what each operation sends and how its reply is read. Bodies:
 * gemini_config.c, gemini_request.c; answers: gemini_reply.c; errors: gemini_fault.c, gemini_error.c,
 * gemini_refusal.c. */
#include "core/provider/gemini_parts.h"

#include "core/error.h"
#include <string.h>

enum {
    MODELS_MAX = 20000, /* a list that never ends is none */
};

/* ---- calls ---- */

/* Base, version and model: "https://host/v1beta/models/gemini-x". A base without a path gets the version that
 * all of Google's public examples use. (transfer full) */
static char *model_url(const tm_operation *operation, const char *rest)
{
    const char *base = operation->account->base_url, *model = operation->model;
    const char *host = strstr(base, "://");
    const char *version = host && strchr(host + 3, '/') ? "" : "/v1beta";
    if (g_str_has_prefix(model, "models/"))
        model += strlen("models/");
    g_autofree char *safe = g_uri_escape_string(model, "/@", FALSE);
    return g_strconcat(base, version, g_str_has_prefix(model, "tunedModels/") ? "/" : "/models/", safe, rest,
                       NULL);
}

static char *list_url(const tm_account *account, const char *page)
{
    const char *host = strstr(account->base_url, "://");
    const char *version = host && strchr(host + 3, '/') ? "" : "/v1beta";
    g_autofree char *token = page ? g_uri_escape_string(page, NULL, FALSE) : NULL;
    return g_strconcat(account->base_url, version, "/models?pageSize=1000", token ? "&pageToken=" : "", token,
                       NULL);
}

static void fill_call(const tm_account *account, const char *method, char *url, tm_call *call)
{
    call->method = method;
    call->url = url;
    call->key_header = account->key ? g_strconcat("x-goog-api-key: ", account->key, NULL) : NULL;
    if (call->body) {
        call->headers = g_ptr_array_new_with_free_func(g_free);
        g_ptr_array_add(call->headers, g_strdup("Content-Type: application/json"));
    }
}

/* Room for the body in one piece: what the row's texts need, escapes aside. */
static size_t room_for(const tm_operation *operation)
{
    size_t room = 256 + strlen(operation->skeleton->tail);
    room += operation->skeleton->system ? strlen(operation->skeleton->system) : 0;
    for (guint i = 0; i < operation->messages->len; i++) {
        const tm_message *message = operation->messages->pdata[i];
        for (guint k = 0; k < message->parts->len; k++) {
            const tm_part *part = message->parts->pdata[k];
            room += 64 + (part->kind == TM_PART_TEXT ? part->text->len + part->text->len / 16 : 0);
        }
    }
    return room;
}

static gboolean begin_generate(const tm_operation *operation, tm_call *call, GError **error)
{
    call->body = g_string_sized_new(room_for(operation));
    g_string_append_c(call->body, '{');
    if (!tm_gemini_write_request(call->body, operation, error))
        return FALSE;
    g_string_append_c(call->body, '}');
    call->timeout_ms = operation->skeleton->timeout_ms;
    fill_call(operation->account, "POST", model_url(operation, ":generateContent"), call);
    return TRUE;
}

/* The whole request is counted, with system instruction, tools and schema: so it goes inside. */
static gboolean begin_count(const tm_operation *operation, tm_call *call, GError **error)
{
    const char *prefix = strchr(operation->model, '/') ? "" : "models/";
    g_autofree char *model = g_strconcat(prefix, operation->model, NULL);
    call->body = g_string_sized_new(room_for(operation));
    g_string_append(call->body, "{\"generateContentRequest\":{\"model\":");
    tm_json_write_string(call->body, model, strlen(model));
    g_string_append_c(call->body, ',');
    if (!tm_gemini_write_request(call->body, operation, error))
        return FALSE;
    g_string_append(call->body, "}}");
    fill_call(operation->account, "POST", model_url(operation, ":countTokens"), call);
    return TRUE;
}

static gboolean begin(const tm_operation *operation, tm_call *call, GError **error)
{
    if (operation->kind != TM_OP_MODELS && (!operation->model || !*operation->model))
        return tm_fail(error, TM_ERROR_USAGE, "no model is named: `model:` in the prompt file, or --model");
    gboolean ok = TRUE;
    switch (operation->kind) {
    case TM_OP_GENERATE:
        ok = begin_generate(operation, call, error);
        break;
    case TM_OP_COUNT:
        ok = begin_count(operation, call, error);
        break;
    case TM_OP_MODEL:
        fill_call(operation->account, "GET", model_url(operation, ""), call);
        break;
    case TM_OP_MODELS:
        fill_call(operation->account, "GET", list_url(operation->account, NULL), call);
        break;
    }
    if (!ok)
        tm_call_clear(call);
    return ok;
}

/* ---- replies ---- */

static void read_nonsense(const tm_reply *reply, tm_answer *answer)
{
    bool page = reply->body && strchr(reply->body->str, '<') != NULL;
    answer->class = TM_CLASS_SERVER;
    answer->code = g_strdup("UNREADABLE");
    answer->message = g_strdup_printf("HTTP %d with %s instead of an answer", reply->http,
                                      !reply->body || reply->body->len == 0 ? "nothing"
                                      : page                                ? "a web page"
                                                                            : "something that is no JSON");
}

static void read_count(const json_t *root, const tm_reply *reply, tm_answer *answer)
{
    answer->usage.input = tm_json_integer(root, "totalTokens", -1);
    answer->usage.cached = tm_json_integer(root, "cachedContentTokenCount", -1);
    if (answer->usage.input < 0)
        read_nonsense(reply, answer);
}

static void set_text(tm_answer *answer, char *text)
{
    g_free(answer->text);
    answer->text = text;
    answer->text_length = strlen(text);
}

/* One page of models: added to what the answer holds of earlier pages. */
static tm_step read_models(const tm_operation *operation, const json_t *root, tm_call *call,
                           tm_answer *answer)
{
    g_autoptr(json_t) all = answer->text ? tm_json_parse(answer->text, answer->text_length, NULL) : NULL;
    const char *page = tm_json_string(root, "nextPageToken", "");
    if (!all)
        all = json_pack("{s:[]}", "models");
    json_t *models = json_object_get(all, "models");
    json_array_extend(models, (json_t *)tm_json_array(root, "models"));
    set_text(answer, tm_json_text(all));
    if (!*page || json_array_size(models) >= MODELS_MAX)
        return TM_STEP_ANSWER;
    fill_call(operation->account, "GET", list_url(operation->account, page), call);
    return TM_STEP_CALL;
}

static tm_step read_good(const tm_operation *operation, const json_t *root, const tm_reply *reply,
                         tm_call *call, tm_answer *answer)
{
    switch (operation->kind) {
    case TM_OP_GENERATE:
        tm_gemini_read_answer(root, answer);
        break;
    case TM_OP_COUNT:
        read_count(root, reply, answer);
        break;
    case TM_OP_MODEL:
        set_text(answer, tm_json_text(root));
        break;
    case TM_OP_MODELS:
        return read_models(operation, root, call, answer);
    }
    return TM_STEP_ANSWER;
}

static tm_step next(const tm_operation *operation, const tm_reply *reply, tm_call *call, tm_answer *answer)
{
    answer->http = reply->http;
    if (reply->wire != TM_WIRE_OK) {
        tm_provider_read_wire(operation->account, reply, answer);
        return TM_STEP_ANSWER;
    }
    g_autoptr(json_t) root = reply->body ? tm_json_parse(reply->body->str, reply->body->len, NULL) : NULL;
    const json_t *error = tm_gemini_error_of(root);
    if (error || reply->http < 200 || reply->http > 299)
        tm_gemini_read_error(operation->account, reply, error, answer);
    else if (!json_is_object(root))
        read_nonsense(reply, answer);
    else
        return read_good(operation, root, reply, call, answer);
    return TM_STEP_ANSWER;
}

const tm_provider tm_provider_gemini = {
    .name = "gemini",
    .prepare = tm_gemini_prepare,
    .skeleton_free = tm_gemini_skeleton_free,
    .begin = begin,
    .next = next,
};
