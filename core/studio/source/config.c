/* config.c - the settings of a call, its model and its schema become those of a draft */
#include "core/studio/source/config.h"
#include "core/json.h"
#include "core/outcome.h"
#include "core/studio/settings.h"
#include "core/studio/source/class_schema.h"
#include "core/studio/source/model_default.h"
#include "core/studio/source/value_json.h"
#include <string.h>

/* Settings that stand elsewhere in a prompt file, or that mean something to the app alone. */
static const char *const elsewhere[] = {"systemInstruction",
                                        "responseSchema",
                                        "responseJsonSchema",
                                        "responseMimeType",
                                        "abortSignal",
                                        "httpOptions",
                                        "candidateCount",
                                        "automaticFunctionCalling",
                                        "model",
                                        "messages",
                                        "input",
                                        "instructions",
                                        "responseFormat",
                                        "stream",
                                        "n",
                                        "prompt",
                                        "store",
                                        "streamOptions",
                                        "user",
                                        "numberOfImages",
                                        "signal",
                                        "timeout",
                                        "requestOptions"};

static void missing(tm_draft *draft, char *note)
{
    g_autofree char *clean = tm_scrub(note, NULL);
    g_free(note);
    for (guint i = 0; i < draft->unresolved->len; i++)
        if (strcmp(g_ptr_array_index(draft->unresolved, i), clean) == 0)
            return;
    g_ptr_array_add(draft->unresolved, g_steal_pointer(&clean));
}

static char *camel(const char *key)
{
    GString *out = g_string_new(NULL);
    for (const char *at = key; *at; at++) {
        if (*at == '_' && g_ascii_islower(at[1]) && at > key)
            g_string_append_c(out, g_ascii_toupper(*++at));
        else
            g_string_append_c(out, *at);
    }
    return g_string_free(out, FALSE);
}

static json_t *cameled(json_t *value)
{
    json_t *made;
    const char *key;
    json_t *item;
    size_t i;
    if (json_is_object(value)) {
        made = json_object();
        json_object_foreach(value, key, item) {
            g_autofree char *name = camel(key);
            bool schema = strstr(name, "Schema") || strcmp(name, "parameters") == 0;
            json_object_set_new(made, name, schema ? json_incref(item) : cameled(item));
        }
        return made;
    }
    if (!json_is_array(value))
        return json_incref(value);
    made = json_array();
    json_array_foreach(value, i, item)
        json_array_append_new(made, cameled(item));
    return made;
}

static bool is_elsewhere(const char *name)
{
    for (gsize i = 0; i < G_N_ELEMENTS(elsewhere); i++)
        if (strcmp(name, elsewhere[i]) == 0)
            return true;
    return false;
}

static char *words_of(const tm_value *value)
{
    if (value->written)
        return g_strdup(value->written);
    if (value->kind == VALUE_CHOICE || value->kind == VALUE_TEST || value->kind == VALUE_NOT)
        return words_of(tm_value_item(value, 0));
    return g_strdup(value->text ? value->text : "an expression");
}

static void missed_setting(const char *key, const tm_value *value, void *data)
{
    tm_draft *draft = data;
    g_autofree char *name = camel(key), *words = words_of(value);
    if (strcmp(key, "...") == 0)
        missing(draft, g_strdup_printf(
                           "more settings (%s) come from the app while it runs: they are left out", words));
    else
        missing(draft, g_strdup_printf("the setting %s (%s) comes from the app while it runs: it is left out",
                                       name, words));
}

static void missed_schema(const char *key, const tm_value *value, void *data)
{
    g_autofree char *words = words_of(value);
    missing(data, g_strdup_printf("%s of the answer's schema (%s) is not in the source",
                                  *key ? key : "a part", words));
}

/* OpenAI's names as Gemini's. */
static void rename_openai(json_t *config)
{
    static const char *const names[][2] = {{"maxTokens", "maxOutputTokens"},
                                           {"maxCompletionTokens", "maxOutputTokens"},
                                           {"stop", "stopSequences"}};
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
        json_t *value = json_object_get(config, names[i][0]);
        if (!value)
            continue;
        json_object_set_new(config, names[i][1],
                            json_is_string(value) && i == 2 ? json_pack("[O]", value) : json_incref(value));
        json_object_del(config, names[i][0]);
    }
}

static const char *setting_text(const tm_request *request, const char *first, const char *second)
{
    const tm_value *value = tm_value_get(request->config, first);
    if (!value && second)
        value = tm_value_get(request->config, second);
    while (value && value->kind == VALUE_CHOICE)
        value =
            tm_value_item(value, 2)->kind == VALUE_TEXT ? tm_value_item(value, 2) : tm_value_item(value, 1);
    return value && value->kind == VALUE_TEXT ? value->text : NULL;
}

static void read_settings(tm_draft *draft, const tm_request *request)
{
    if (!request->config)
        return;
    g_autoptr(tm_value) settings = tm_value_new(VALUE_OBJECT);
    for (guint i = 0; request->config->keys && i < request->config->keys->len; i++) {
        const char *key = g_ptr_array_index(request->config->keys, i);
        g_autofree char *name = camel(key);
        if (!is_elsewhere(name))
            tm_value_set(settings, key, tm_value_ref(tm_value_item(request->config, i)));
    }
    g_autoptr(json_t) all = tm_value_to_json(settings, missed_setting, draft);
    g_autoptr(json_t) named = cameled(all);
    if (request->openai)
        rename_openai(named);
    g_autofree char *text = tm_json_text(named), *clean = tm_scrub(text, NULL);
    json_t *kept = tm_json_parse(clean, strlen(clean), NULL);
    if (!kept)
        return;
    json_decref(draft->config);
    draft->config = kept;
    const char *key;
    json_t *value;
    void *next;
    json_object_foreach_safe(
        kept, next, key,
        value) if (json_is_null(value) || (json_is_array(value) && json_array_size(value) == 0) ||
                   (json_is_object(value) && json_object_size(value) == 0)) json_object_del(kept, key);
}

static void read_answer(tm_draft *draft, tm_run *run, const tm_request *request)
{
    const char *mime = setting_text(request, "responseMimeType", "response_mime_type");
    draft->response_mime = mime ? g_strdup(mime) : NULL;
    const tm_value *format = request->openai ? tm_value_get(request->config, "response_format") : NULL;
    if (format)
        draft->response_mime = g_strdup("application/json");
    if (g_strcmp0(mime, "text/x.enum") == 0)
        json_object_set_new(draft->config, "responseMimeType", json_string(mime));
    tm_value *schema = request->schema;
    while (schema && schema->kind == VALUE_CHOICE)
        schema = tm_value_item(schema, 1)->kind == VALUE_UNDEFINED ? tm_value_item(schema, 2)
                                                                   : tm_value_item(schema, 1);
    if (!schema || schema->kind == VALUE_UNDEFINED || schema->kind == VALUE_NULL)
        return;
    g_autoptr(json_t) json = tm_class_schema(run, schema);
    if (!json && schema->kind == VALUE_OBJECT)
        json = tm_value_to_json(schema, missed_schema, draft);
    if (json_object_size(json) == 0) {
        g_autofree char *words = words_of(schema);
        missing(draft, g_strdup_printf("the answer's schema (%s) is not in the source", words));
        return;
    }
    json_object_del(json, "$schema");
    draft->schema = tm_settings_schema(json);
    if (!draft->response_mime)
        draft->response_mime = g_strdup("application/json");
}

/* Gemini's among the models that are chosen between: the last, as elsewhere. Borrowed; NULL: none. */
static const char *gemini_of(const tm_value *model)
{
    if (model->kind == VALUE_CHOICE) {
        const char *no = gemini_of(tm_value_item(model, 2));
        return no ? no : gemini_of(tm_value_item(model, 1));
    }
    bool own = model->kind == VALUE_TEXT &&
               (g_str_has_prefix(model->text, "gemini") || g_str_has_prefix(model->text, "models/"));
    return own ? model->text : NULL;
}

static void read_model(tm_draft *draft, const tm_run *run, const tm_request *request)
{
    tm_value *model = request->model;
    g_autoptr(json_t) name = tm_value_to_json(model, NULL, NULL);
    const char *text = json_string_value(name);
    const char *own = model && model->kind == VALUE_CHOICE && !request->openai ? gemini_of(model) : NULL;
    if (own) /* of several providers' the one that this call can mean */
        text = own;
    if (model && model->kind == VALUE_CHOICE && text)
        tm_draft_note(
            draft, "the app chooses the model while it runs: %s is one of them; --model names another", text);
    g_autofree char *begins_with = text && *text ? NULL : tm_model_default(run->project, model);
    if (begins_with) {
        tm_draft_note(
            draft,
            "the app chooses the model while it runs: %s is what it begins with; --model names another",
            begins_with);
        text = begins_with;
    }
    if (!text || !*text) {
        g_autofree char *words = model ? words_of(model) : g_strdup("none is named");
        missing(draft, g_strdup_printf("the model (%s) is not in the source: name it with --model", words));
        return;
    }
    draft->model = tm_scrub(g_str_has_prefix(text, "models/") ? text + 7 : text, NULL);
}

void tm_config_read(tm_draft *draft, tm_run *run, const tm_request *request)
{
    read_model(draft, run, request);
    read_settings(draft, request);
    read_answer(draft, run, request);
}
