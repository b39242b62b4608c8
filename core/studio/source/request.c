/* request.c - what a call of a model sends, whatever API it is */
#include "core/studio/source/request.h"
#include "core/json.h"
#include "core/studio/source/value_json.h"
#include <string.h>

void tm_request_clear(tm_request *request)
{
    tm_value_unref(request->model);
    tm_value_unref(request->system);
    tm_value_unref(request->contents);
    tm_value_unref(request->config);
    tm_value_unref(request->schema);
    tm_value_unref(request->history);
    g_free(request->why);
    memset(request, 0, sizeof *request);
}

/* A member by JavaScript's name or by Python's. (transfer full) or NULL */
static tm_value *member(const tm_value *object, const char *camel, const char *snake)
{
    tm_value *found = object ? tm_value_get(object, camel) : NULL;
    if (!found && object && snake)
        found = tm_value_get(object, snake);
    return found && found->kind != VALUE_UNDEFINED ? tm_value_ref(found) : NULL;
}

static void fill(tm_value **slot, tm_value *value)
{
    if (!value)
        return;
    tm_value_unref(*slot);
    *slot = value;
}

/* The settings of which one is taken by a choice: the last that is an object. */
static tm_value *settled(tm_value *value)
{
    while (value && value->kind == VALUE_CHOICE)
        value = tm_value_item(value, 2)->kind == VALUE_OBJECT || tm_value_item(value, 2)->kind == VALUE_CHOICE
                    ? tm_value_item(value, 2)
                    : tm_value_item(value, 1);
    return value;
}

static void read_config(tm_request *request, tm_value *given)
{
    tm_value *config = settled(given);
    if (!config || config->kind != VALUE_OBJECT)
        return;
    fill(&request->config, tm_value_ref(config));
    fill(&request->system, member(config, "systemInstruction", "system_instruction"));
    fill(&request->schema, member(config, "responseSchema", "response_schema"));
    fill(&request->schema, member(config, "responseJsonSchema", "response_json_schema"));
}

/* {model, contents, config}, and what older SDKs and the wire call it. */
static void read_body(tm_request *request, tm_value *body)
{
    fill(&request->model, member(body, "model", NULL));
    fill(&request->contents, member(body, "contents", NULL));
    g_autoptr(tm_value) generation = member(body, "generationConfig", "generation_config");
    g_autoptr(tm_value) config = member(body, "config", NULL);
    tm_value *inner = settled(config ? config : generation);
    g_autoptr(tm_value) all =
        inner && inner->kind == VALUE_OBJECT ? tm_value_copy(inner) : tm_value_new(VALUE_OBJECT);
    static const char *const outer[][2] = {
        {"safetySettings", "safety_settings"}, {"tools", "tools"}, {"toolConfig", "tool_config"}};
    for (gsize i = 0; i < G_N_ELEMENTS(outer); i++) {
        tm_value *value = member(body, outer[i][0], outer[i][1]);
        if (value)
            tm_value_set(all, outer[i][0], value);
    }
    if (config && inner && inner->kind == VALUE_UNKNOWN)
        tm_value_set(all, "...", tm_value_ref(inner));
    read_config(request, all);
    fill(&request->system, member(body, "systemInstruction", "system_instruction"));
}

static void read_openai(tm_request *request, tm_value *body)
{
    request->openai = true;
    fill(&request->model, member(body, "model", NULL));
    fill(&request->contents, member(body, "messages", "input"));
    fill(&request->system, member(body, "instructions", NULL));
    fill(&request->config, tm_value_ref(body));
    g_autoptr(tm_value) format = member(body, "response_format", NULL);
    g_autoptr(tm_value) json =
        format && format->kind == VALUE_OBJECT ? member(format, "json_schema", NULL) : NULL;
    if (json)
        fill(&request->schema, member(json, "schema", NULL));
}

static bool has(const tm_value *object, const char *key)
{
    return tm_value_get(object, key) != NULL;
}

/* The model's name in ".../models/NAME:generateContent". (transfer full) or NULL */
static tm_value *model_in(const tm_value *address)
{
    const tm_value *last = NULL;
    for (guint i = 0; address && address->kind == VALUE_JOIN && i < address->items->len; i++) {
        const tm_value *piece = tm_value_item(address, i);
        const char *models = piece->kind == VALUE_TEXT ? strstr(piece->text, "models/") : NULL;
        if (models && models[7])
            last = piece;
        else if (models && i + 1 < address->items->len)
            return tm_value_ref(tm_value_item(address, i + 1));
    }
    if (address && address->kind == VALUE_TEXT)
        last = address;
    const char *models = last ? strstr(last->text, "models/") : NULL;
    return models ? tm_value_text_of(models + 7, strcspn(models + 7, ":/?\"'")) : NULL;
}

void tm_request_from_body(tm_request *request, tm_value *body, const tm_value *address)
{
    tm_value *object = settled(body);
    if (object && object->kind == VALUE_UNKNOWN && tm_value_item(object, 0)) /* JSON.stringify(object) */
        object = tm_value_item(object, 0);
    if (!object || object->kind != VALUE_OBJECT) {
        request->owner = object && object->kind == VALUE_UNKNOWN ? object->owner : NULL;
        request->why = g_strdup("what it sends can't be read from the source");
        return;
    }
    if (has(object, "messages"))
        read_openai(request, object);
    else
        read_body(request, object);
    if (!request->model)
        fill(&request->model, model_in(address));
    if (!request->contents)
        request->why = g_strdup("it sends no contents that can be read");
}

/* A body as it was before it became text: JSON.stringify(x), json.dumps(x), or text that is JSON. */
static tm_value *body_of(tm_run *run, tm_frame *frame, tm_code *code)
{
    tm_code *callee = code->kind == CODE_CALL ? tm_code_kid(code, 0) : NULL;
    if (callee && callee->kind == CODE_MEMBER &&
        (strcmp(callee->text, "stringify") == 0 || strcmp(callee->text, "dumps") == 0))
        return tm_run_eval(run, frame, tm_code_kid(code, 1));
    if (code->kind == CODE_NAME) { /* const body = JSON.stringify(...) */
        for (tm_frame *at = frame; at; at = at->up) {
            const tm_code *block =
                at->code && at->code->kind == CODE_FUNCTION ? tm_code_kid(at->code, 1) : at->code;
            tm_code *declared =
                block && block->kind == CODE_BLOCK ? tm_project_declared(block, code->text) : NULL;
            tm_code *init = declared && declared->kind != CODE_BIND ? tm_code_kid(declared, 1) : NULL;
            if (init && init->kind == CODE_CALL)
                return body_of(run, at, init);
            if (init)
                break;
        }
    }
    return tm_run_eval(run, frame, code);
}

/* fetch(url, {body}), axios.post(url, body), axios({url, data}), requests.post(url, json=body) */
static void read_post(tm_request *request, tm_run *run, tm_frame *frame, tm_code *call)
{
    g_autoptr(tm_value) address = tm_run_eval(run, frame, tm_code_kid(call, 1));
    tm_code *body = NULL;
    for (guint i = 2; i < call->n; i++) {
        tm_code *kid = call->kids[i];
        if (kid->kind == CODE_KEYWORD && (strcmp(kid->text, "json") == 0 || strcmp(kid->text, "data") == 0))
            body = tm_code_kid(kid, 0);
        for (guint k = 0; kid->kind == CODE_OBJECT && k < kid->n; k++)
            if (tm_code_is(kid->kids[k], CODE_PAIR, "body") || tm_code_is(kid->kids[k], CODE_PAIR, "data"))
                body = tm_code_kid(kid->kids[k], 0);
    }
    if (!body && call->n > 2 && call->kids[2]->kind != CODE_KEYWORD)
        body = call->kids[2];
    if (!body) {
        request->why = g_strdup("it sends no body that can be read");
        return;
    }
    g_autoptr(tm_value) value = body_of(run, frame, body);
    tm_request_from_body(request, value, address);
}

/* A chat's settings, from where it was made. */
static void read_chat(tm_request *request, tm_run *run, tm_frame *frame, tm_value *chat, const tm_site *site)
{
    g_autoptr(tm_value) settings = NULL, model = NULL;
    if (chat->kind == VALUE_REMOTE && strcmp(chat->text, "chat") == 0) {
        settings = tm_value_ref(tm_value_item(chat, 0));
    } else {
        tm_code *made = tm_sites_chat(run->project, site->call->source);
        tm_code *callee = made ? tm_code_kid(made, 0) : NULL;
        if (!made)
            return;
        tm_frame *there =
            tm_code_holds(tm_code_around(made, CODE_FUNCTION), site->call) ? frame : tm_run_goto(run, made);
        settings = tm_value_new(VALUE_OBJECT);
        for (guint i = 1; i < made->n; i++) {
            if (made->kids[i]->kind == CODE_KEYWORD) {
                tm_value_set(settings, made->kids[i]->text,
                             tm_run_eval(run, there, tm_code_kid(made->kids[i], 0)));
            } else {
                g_autoptr(tm_value) given = tm_run_eval(run, there, made->kids[i]);
                tm_value *object = settled(given);
                for (guint k = 0;
                     object && object->kind == VALUE_OBJECT && object->keys && k < object->keys->len; k++)
                    tm_value_set(settings, g_ptr_array_index(object->keys, k),
                                 tm_value_ref(tm_value_item(object, k)));
            }
        }
        if (strcmp(callee->text, "create") != 0)
            model = tm_run_eval(run, there, tm_code_kid(callee, 0));
    }
    if (model && model->kind == VALUE_REMOTE)
        read_body(request, settled(tm_value_item(model, 0)));
    g_autoptr(tm_value) kept = request->config ? tm_value_ref(request->config) : NULL;
    read_body(request, settings);
    if (kept && request->config && !request->config->keys)
        fill(&request->config, g_steal_pointer(&kept));
    fill(&request->history, member(settings, "history", NULL));
}

static tm_value *arguments_object(tm_run *run, tm_frame *frame, tm_code *call)
{
    tm_value *object = tm_value_new(VALUE_OBJECT);
    for (guint i = 1; i < call->n; i++)
        if (call->kids[i]->kind == CODE_KEYWORD) {
            tm_value_set(object, call->kids[i]->text, tm_run_eval(run, frame, tm_code_kid(call->kids[i], 0)));
        } else if (call->kids[i]->kind == CODE_SPREAD) {
            g_autoptr(tm_value) more = tm_run_eval(run, frame, tm_code_kid(call->kids[i], 0));
            for (guint k = 0; more->kind == VALUE_OBJECT && more->keys && k < more->keys->len; k++)
                tm_value_set(object, g_ptr_array_index(more->keys, k), tm_value_ref(tm_value_item(more, k)));
        }
    return object;
}

/* model.generateContent(contents) or ({contents, generationConfig}), the rest being the model's. */
static void read_model(tm_request *request, tm_value *model, tm_value *first, tm_value *named)
{
    tm_value *settings = model->kind == VALUE_REMOTE ? settled(tm_value_item(model, 0)) : NULL;
    if (settings && settings->kind == VALUE_OBJECT)
        read_body(request, settings);
    tm_value *body = settled(first);
    g_autoptr(tm_value) kept = request->config ? tm_value_ref(request->config) : NULL;
    if (body && body->kind == VALUE_OBJECT && (has(body, "contents") || has(body, "model")))
        read_body(request, body);
    else if (first)
        fill(&request->contents, tm_value_ref(first));
    if (named->keys)
        read_body(request, named);
    if (kept && (!request->config || !request->config->keys))
        fill(&request->config, g_steal_pointer(&kept));
}

/* generateText({model: google("gemini-..."), system, prompt, temperature}), generateObject({..., schema}) */
static void read_text(tm_request *request, tm_run *run, tm_frame *frame, tm_value *body, bool object)
{
    static const char *const settings[][2] = {{"temperature", "temperature"},
                                              {"topP", "topP"},
                                              {"topK", "topK"},
                                              {"maxTokens", "maxOutputTokens"},
                                              {"maxOutputTokens", "maxOutputTokens"},
                                              {"seed", "seed"},
                                              {"stopSequences", "stopSequences"}};
    g_autoptr(tm_value) model = member(body, "model", NULL);
    tm_code *made = model && model->code && model->code->kind == CODE_CALL ? model->code : NULL;
    fill(&request->model, made && made->n > 1 ? tm_run_eval(run, frame, made->kids[1])
                                              : tm_value_ref(model)); /* google("gemini-...") */
    fill(&request->system, member(body, "system", NULL));
    fill(&request->contents, member(body, "prompt", NULL));
    fill(&request->contents, member(body, "messages", NULL));
    fill(&request->schema, member(body, "schema", NULL));
    tm_value *config = tm_value_new(VALUE_OBJECT);
    for (gsize i = 0; i < G_N_ELEMENTS(settings); i++)
        if (tm_value_get(body, settings[i][0]))
            tm_value_set(config, settings[i][1], member(body, settings[i][0], NULL));
    if (object)
        tm_value_set(config, "responseMimeType", tm_value_text("application/json"));
    fill(&request->config, config);
}

void tm_request_read(tm_request *request, tm_run *run, tm_frame *frame, const tm_site *site)
{
    tm_code *call = site->call, *callee = tm_code_kid(call, 0), *argument = tm_code_kid(call, 1);
    if (site->kind == SITE_POST) {
        read_post(request, run, frame, call);
        return;
    }
    bool positional = argument && argument->kind != CODE_KEYWORD && argument->kind != CODE_SPREAD;
    g_autoptr(tm_value) first = positional ? tm_run_eval(run, frame, argument) : NULL;
    g_autoptr(tm_value) named = arguments_object(run, frame, call);
    tm_value *object = first ? settled(first) : named;
    g_autoptr(tm_value) holder = NULL;
    switch (site->kind) {
    case SITE_MODEL:
        holder = tm_run_eval(run, frame, tm_code_kid(callee, 0));
        read_model(request, holder, first, named);
        if (!request->model && holder->kind == VALUE_UNKNOWN && holder->owner)
            fill(&request->model, tm_value_ref(holder)); /* a caller may say which */
        break;
    case SITE_CHAT: {
        holder = tm_run_eval(run, frame, tm_code_kid(callee, 0));
        read_chat(request, run, frame, holder, site);
        tm_value *message = object->kind == VALUE_OBJECT ? member(object, "message", NULL) : NULL;
        fill(&request->contents, message ? message : first ? tm_value_ref(first) : NULL);
        break;
    }
    case SITE_IMAGES:
    case SITE_PROMPT:
        if (object->kind == VALUE_OBJECT) {
            fill(&request->model, member(object, "model", NULL));
            fill(&request->contents, member(object, "prompt", NULL));
            fill(&request->config,
                 site->kind == SITE_PROMPT ? tm_value_ref(object) : member(object, "config", NULL));
        }
        request->prompt_only = true;
        request->openai = site->kind == SITE_PROMPT;
        break;
    case SITE_TEXT:
        if (object->kind == VALUE_OBJECT)
            read_text(request, run, frame, object, strstr(site->api, "Object") != NULL);
        break;
    case SITE_MESSAGES:
        if (object->kind == VALUE_OBJECT)
            read_openai(request, object);
        break;
    case SITE_INTERACTION:
        if (object->kind == VALUE_OBJECT) {
            read_body(request, object);
            fill(&request->contents, member(object, "input", NULL));
            fill(&request->schema, member(object, "responseFormat", "response_format"));
            g_autoptr(tm_value) schema = request->schema ? member(request->schema, "schema", NULL) : NULL;
            if (schema)
                fill(&request->schema, g_steal_pointer(&schema));
        }
        break;
    default:
        if (object->kind == VALUE_OBJECT)
            read_body(request, object);
        break;
    }
    const tm_value *spread = tm_value_get(object, "..."); /* {...options, model} */
    const tm_value *whole = spread ? spread : object;
    if (!request->contents && whole->kind == VALUE_UNKNOWN)
        request->owner = whole->owner;
    if (!request->contents) {
        g_autofree char *written = tm_code_written(argument ? argument : call);
        request->why = g_strdup_printf("what it sends can't be read from the source: %s", written);
    }
}

gsize tm_request_static(const tm_request *request)
{
    return tm_value_static(request->system) + tm_value_static(request->contents) +
           tm_value_static(request->history) +
           (request->schema && request->schema->kind != VALUE_UNKNOWN ? 1 : 0);
}

static bool has_owner(const tm_value *unknown, const void *data)
{
    const tm_value **found = (const tm_value **)data;
    if (unknown->owner && !*found)
        *found = unknown;
    return unknown->owner != NULL;
}

tm_code *tm_request_owner(const tm_request *request)
{
    if (request->owner)
        return request->owner->kind == CODE_FUNCTION ? request->owner : NULL;
    const tm_value *slots[] = {request->contents, request->schema, request->system, request->model};
    for (gsize i = 0; i < G_N_ELEMENTS(slots); i++) {
        const tm_value *found = NULL;
        bool bare = slots[i] && tm_value_static(slots[i]) == 0 &&
                    (i == 0 || ((slots[i]->kind == VALUE_UNKNOWN || slots[i]->kind == VALUE_CHOICE) &&
                                !slots[i]->given));
        if (bare && tm_value_any(slots[i], has_owner, &found) && found->owner->kind == CODE_FUNCTION)
            return found->owner;
    }
    const tm_value *turns =
        request->contents && request->contents->kind == VALUE_ARRAY ? request->contents : NULL;
    const tm_value *first = tm_value_item(turns, 0), *content = tm_value_get(first, "content");
    g_autofree char *role = tm_value_literal(tm_value_get(first, "role"));
    if (g_strcmp0(role, "system") == 0 && content && content->kind == VALUE_UNKNOWN && content->owner &&
        content->owner->kind == CODE_FUNCTION)
        return content->owner;
    return NULL;
}
