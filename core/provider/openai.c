/* openai.c - the format of OpenAI's API, which most services and servers speak: what each operation sends and
 * how its reply is read. Bodies: openai_config.c, openai_schema.c, openai_request.c, openai_media.c; answers:
 * openai_reply.c, openai_pictures.c; errors: openai_fault.c, openai_error.c, openai_refusal.c; what a model
 * does not take: openai_manners.c, openai_adapt.c; headers: openai_limits.c. */
#include "core/provider/openai_parts.h"

#include "core/error.h"
#include <string.h>

/* ---- calls ---- */

static void fill_call(const tm_account *account, const char *method, const char *path, tm_call *call)
{
    const char *header = account->service ? account->service->key_header : NULL;
    call->method = method;
    call->url = g_strconcat(account->base_url, path, NULL);
    if (account->key)
        call->key_header = header ? g_strdup_printf("%s: %s", header, account->key)
                                  : g_strconcat("Authorization: Bearer ", account->key, NULL);
    if (call->body) {
        call->headers = g_ptr_array_new_with_free_func(g_free);
        g_ptr_array_add(call->headers, g_strdup("Content-Type: application/json"));
    }
}

/* Room for the body in one piece: what the row's texts need, escapes aside. */
static size_t room_for(const tm_operation *operation)
{
    size_t room = 512;
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
    tm_openai_manners none;
    const tm_openai_manners *manners = tm_openai_manners_of(operation, &none);
    bool draws = tm_openai_draws(operation->model);
    call->body = g_string_sized_new(room_for(operation));
    if (!(draws ? tm_openai_write_picture : tm_openai_write_chat)(call->body, operation, manners, error))
        return FALSE;
    call->timeout_ms = operation->skeleton->timeout_ms;
    call->manners = manners->now;
    fill_call(operation->account, "POST", draws ? "/images/generations" : "/chat/completions", call);
    return TRUE;
}

static void begin_model(const tm_operation *operation, tm_call *call)
{
    if (operation->account->service && operation->account->service->lists_models_only) {
        fill_call(operation->account, "GET", "/models", call);
        return;
    }
    g_autofree char *safe = g_uri_escape_string(operation->model, "/@:", FALSE);
    g_autofree char *path = g_strconcat("/models/", safe, NULL);
    fill_call(operation->account, "GET", path, call);
}

static gboolean begin(const tm_operation *operation, tm_call *call, GError **error)
{
    gboolean ok = TRUE;
    if (!operation->account->base_url)
        return tm_fail(error, TM_ERROR_USAGE, "account %s has no base_url", operation->account->name);
    if (operation->kind != TM_OP_MODELS && (!operation->model || !*operation->model))
        return tm_fail(error, TM_ERROR_USAGE, "no model is named: `model:` in the prompt file, or --model");
    switch (operation->kind) {
    case TM_OP_GENERATE:
        ok = begin_generate(operation, call, error);
        break;
    case TM_OP_COUNT:
        return tm_fail(error, TM_ERROR_STATE, "this service has no page that counts tokens beforehand");
    case TM_OP_MODEL:
        begin_model(operation, call);
        break;
    case TM_OP_MODELS:
        fill_call(operation->account, "GET", "/models", call);
        break;
    }
    if (!ok)
        tm_call_clear(call);
    return ok;
}

/* ---- models ---- */

static void set_text(tm_answer *answer, char *text)
{
    g_free(answer->text);
    answer->text = text;
    answer->text_length = strlen(text);
}

/* The list itself, or {"data": [...]}, or {"models": [...]}. */
static const json_t *list_of(const json_t *root)
{
    if (json_is_array(root))
        return root;
    return tm_json_array(root, "data") ? tm_json_array(root, "data") : tm_json_array(root, "models");
}

/* One model's page, or the list of all that some services have instead: absence there is no proof, for names
 * may be aliases. */
static void read_model(const tm_operation *operation, const json_t *root, tm_answer *answer)
{
    const json_t *list = list_of(root);
    size_t i;
    json_t *entry;
    if (!list) {
        set_text(answer, tm_json_text(root));
        return;
    }
    json_array_foreach(list, i, entry) {
        const char *id = tm_json_string(entry, "id", tm_json_string(entry, "name", ""));
        if (g_str_has_prefix(id, "models/") && !g_str_has_prefix(operation->model, "models/"))
            id += strlen("models/");
        if (strcmp(id, operation->model) != 0)
            continue;
        set_text(answer, tm_json_text(entry));
        return;
    }
    answer->class = TM_CLASS_NO_MODEL;
    answer->message = g_strdup_printf("%s is not in the service's list of %zu models", operation->model,
                                      json_array_size(list));
}

/* Some services list their models in a bare array. */
static void read_models(const json_t *root, tm_answer *answer)
{
    g_autoptr(json_t) all = json_is_array(root) ? json_pack("{s:O}", "data", (json_t *)(gpointer)root)
                                                : json_incref((json_t *)(gpointer)root);
    set_text(answer, tm_json_text(all));
}

/* Is it a page that isn't there, not a model that isn't? */
static bool lacks_page(const tm_operation *operation, const tm_answer *answer, bool first)
{
    return operation->kind == TM_OP_MODEL && first &&
           (answer->http == 404 || answer->http == 405 || answer->http == 501) &&
           g_strcmp0(answer->code, "model_not_found") != 0 &&
           !(answer->message && strstr(answer->message, operation->model));
}

/* ---- replies ---- */

static void read_good(const tm_operation *operation, const json_t *root, tm_answer *answer)
{
    tm_openai_manners none;
    switch (operation->kind) {
    case TM_OP_GENERATE:
        tm_openai_read_answer(operation, root, answer);
        tm_openai_manners_of(operation, &none)->missing = 0;
        break;
    case TM_OP_MODEL:
        read_model(operation, root, answer);
        break;
    case TM_OP_MODELS:
        read_models(root, answer);
        break;
    case TM_OP_COUNT:
        break;
    }
}

/* An error in a 200, too: proxies give one when it comes late. */
static bool is_error(const tm_reply *reply, const json_t *root)
{
    const json_t *first = json_is_array(root) ? json_array_get(root, 0) : root;
    const json_t *error = json_object_get(first, "error");
    return reply->http < 200 || reply->http > 299 || json_is_object(error) ||
           (json_is_string(error) && json_string_length(error) > 0) ||
           strcmp(tm_json_string(first, "object", ""), "error") == 0;
}

/* DeepSeek sends blank lines or comments (": keep-alive") while a request is queued. (transfer full) */
static json_t *parse(const tm_reply *reply)
{
    const char *text = reply->body ? reply->body->str : "",
               *end = text + (reply->body ? reply->body->len : 0);
    while (text < end && (g_ascii_isspace(*text) || *text == ':'))
        text = *text == ':' ? text + strcspn(text, "\n") : text + 1;
    return text < end ? tm_json_parse(text, (size_t)(end - text), NULL) : NULL;
}

static tm_step next(const tm_operation *operation, const tm_reply *reply, tm_call *call, tm_answer *answer)
{
    bool first = answer->http == 0;
    answer->http = reply->http;
    if (reply->wire != TM_WIRE_OK) {
        tm_provider_read_wire(operation->account, reply, answer);
        return TM_STEP_ANSWER;
    }
    g_autoptr(json_t) root = parse(reply);
    if (is_error(reply, root))
        tm_openai_read_error(operation, reply, root, answer);
    else if (!json_is_object(root) && !(json_is_array(root) && operation->kind != TM_OP_GENERATE))
        tm_openai_read_nonsense(operation, reply, answer);
    else
        read_good(operation, root, answer);
    if (operation->kind == TM_OP_GENERATE)
        tm_openai_read_limits(operation->account, reply, answer);
    if (!lacks_page(operation, answer, first))
        return TM_STEP_ANSWER;
    tm_answer_clear(answer);
    answer->http = reply->http; /* the next one is not the first any more */
    fill_call(operation->account, "GET", "/models", call);
    return TM_STEP_CALL;
}

const tm_provider tm_provider_openai = {
    .name = "openai",
    .prepare = tm_openai_prepare,
    .skeleton_free = tm_openai_skeleton_free,
    .begin = begin,
    .next = next,
};
