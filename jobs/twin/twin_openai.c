/* twin_openai.c - the OpenAI-compatible paths: a chat request put into Gemini's form, judged as one, and what
 * comes of it put back. Words and codes: OpenAI's own, as publicly reported 2025-2026. */
#include <string.h>

#include "core/json.h"
#include "jobs/twin/twin_arrival.h"
#include "jobs/twin/twin_model.h"

static void refuse_parameter(tm_twin_arrival *a, const char *param, const char *code, const char *words)
{
    a->reply->http = 400;
    a->reply->content_type = "application/json; charset=UTF-8";
    a->reply->body = tm_twin_openai_refusal(words, "invalid_request_error", param, code);
    a->class = "bad_request";
}

/* Requests: chat form to Gemini's. */

/* A data URL as inlineData, any other as fileData. */
static json_t *image_part(const char *url)
{
    const char *comma = strchr(url, ',');
    if (!g_str_has_prefix(url, "data:") || !comma || !strstr(url, ";base64,"))
        return json_pack("{s{ss}}", "fileData", "fileUri", url);
    g_autofree char *mime = g_strndup(url + 5, strcspn(url + 5, ";"));
    return json_pack("{s{ss,ss}}", "inlineData", "mimeType", mime, "data", comma + 1);
}

/* The parts of a message's content: text, or a list of typed parts. NULL: neither. (transfer full) */
static json_t *content_parts(const json_t *content)
{
    size_t i;
    json_t *one;
    if (json_is_string(content))
        return json_pack("[{sO}]", "text", content);
    if (!json_is_array(content))
        return NULL;
    json_t *parts = json_array();
    json_array_foreach(content, i, one) {
        const char *type = tm_json_string(one, "type", "");
        const json_t *text = json_object_get(one, "text");
        const char *url = tm_json_string(tm_json_object(one, "image_url"), "url", NULL);
        if (strcmp(type, "text") == 0 && json_is_string(text))
            json_array_append_new(parts, json_pack("{sO}", "text", text));
        else if (strcmp(type, "image_url") == 0 && url)
            json_array_append_new(parts, image_part(url));
        else
            g_clear_pointer(&parts, json_decref);
        if (!parts)
            return NULL;
    }
    return parts;
}

/* messages to contents and systemInstruction; false: refused. */
static bool take_messages(tm_twin_arrival *a, const json_t *messages, json_t *body)
{
    json_t *contents = json_array(), *system = json_array(), *message;
    size_t i;
    bool good = json_array_size(messages) > 0;
    json_array_foreach(messages, i, message) {
        const char *role = tm_json_string(message, "role", "");
        json_t *parts = content_parts(json_object_get(message, "content"));
        good = good && parts;
        if (strcmp(role, "system") == 0 || strcmp(role, "developer") == 0)
            json_array_extend(system, parts);
        else if (strcmp(role, "user") == 0 || strcmp(role, "assistant") == 0)
            json_array_append_new(
                contents, json_pack("{ss,sO*}", "role", *role == 'u' ? "user" : "model", "parts", parts));
        else
            good = false;
        json_decref(parts);
    }
    if (json_array_size(contents) == 0 &&
        json_array_size(system)) { /* here a system message alone is enough */
        json_array_append_new(contents, json_pack("{ss,sO}", "role", "user", "parts", system));
    } else if (json_array_size(system)) {
        json_object_set_new(body, "systemInstruction", json_pack("{sO}", "parts", system));
    }
    json_object_set_new(body, "contents", contents);
    json_decref(system);
    if (!good)
        refuse_parameter(a, "messages", "invalid_value", "Invalid value for 'messages'.");
    return good;
}

static bool take_format(tm_twin_arrival *a, const json_t *format, json_t *config)
{
    const char *type = tm_json_string(format, "type", "text");
    const json_t *named = tm_json_object(format, "json_schema"), *schema = tm_json_object(named, "schema");
    if (!format || strcmp(type, "text") == 0)
        return true;
    if (strcmp(type, "json_schema") == 0 && schema && *tm_json_string(named, "name", "")) {
        json_object_set(config, "responseJsonSchema", (json_t *)schema);
    } else if (strcmp(type, "json_object") != 0) {
        refuse_parameter(a, "response_format", "invalid_json_schema", "Invalid schema for response_format.");
        return false;
    }
    json_object_set_new(config, "responseMimeType", json_string("application/json"));
    return true;
}

/* One chat parameter: what becomes of it in Gemini's generationConfig. */
static const struct {
    const char *name, *config; /* config NULL: taken, and of no effect here */
} parameters[] = {
    {"model", NULL},
    {"messages", NULL},
    {"response_format", NULL},
    {"temperature", "temperature"},
    {"top_p", "topP"},
    {"max_tokens", "maxOutputTokens"},
    {"max_completion_tokens", "maxOutputTokens"},
    {"seed", "seed"},
    {"presence_penalty", "presencePenalty"},
    {"frequency_penalty", "frequencyPenalty"},
    {"n", "candidateCount"},
    {"stop", NULL},
    {"reasoning_effort", NULL},
    {"verbosity", NULL},
    {"service_tier", NULL},
    {"logprobs", NULL},
    {"top_logprobs", NULL},
    {"user", NULL},
    {"metadata", NULL},
    {"store", NULL},
    {"prompt_cache_key", NULL},
    {"safety_identifier", NULL},
    {"extra_body", NULL},
};

static bool take_parameters(tm_twin_arrival *a, json_t *chat, json_t *config)
{
    const char *key;
    json_t *value;
    json_object_foreach(chat, key, value) {
        size_t i = 0;
        while (i < G_N_ELEMENTS(parameters) && strcmp(parameters[i].name, key) != 0)
            i++;
        if (i == G_N_ELEMENTS(parameters)) {
            g_autofree char *words = g_strdup_printf("Unrecognized request argument supplied: %s", key);
            refuse_parameter(a, key, "unknown_parameter", words);
            return false;
        }
        if (!parameters[i].config || json_is_null(value))
            continue;
        if (!json_is_number(value)) {
            g_autofree char *words = g_strdup_printf("Invalid type for '%s': expected a number.", key);
            refuse_parameter(a, key, "invalid_type", words);
            return false;
        }
        json_object_set(config, parameters[i].config, value);
    }
    return true;
}

static bool has_model(const tm_twin_arrival *a)
{
    return g_hash_table_contains(a->twin->models, a->model) ||
           (a->twin->openai_models && g_strv_contains(a->twin->openai_models, a->model));
}

static bool take_model(tm_twin_arrival *a, const json_t *chat)
{
    const char *name = tm_json_string(chat, "model", "");
    a->model = g_strdup(g_str_has_prefix(name, "models/") ? name + 7 : name);
    a->method = g_strdup("chat");
    if (*a->model && has_model(a))
        return true;
    if (!*a->model)
        refuse_parameter(a, "model", NULL, "you must provide a model parameter");
    else
        tm_twin_refuse(a, 404, "no_model", "NOT_FOUND", "");
    return false;
}

void tm_twin_judge_chat(tm_twin_arrival *a)
{
    g_autoptr(json_t) body = json_object();
    json_t *config = json_object();
    json_object_set_new(body, "generationConfig", config);
    g_autoptr(json_t) chat =
        a->request->body ? json_loadb(a->request->body, a->request->length, JSON_ALLOW_NUL, NULL) : NULL;
    if (!json_is_object(chat))
        refuse_parameter(a, NULL, NULL, "We could not parse the JSON body of your request.");
    else if (take_model(a, chat) && take_parameters(a, chat, config) &&
             take_format(a, tm_json_object(chat, "response_format"), config) &&
             take_messages(a, json_object_get(chat, "messages"), body))
        tm_twin_generate(a, body);
}

void tm_twin_judge_openai_models(tm_twin_arrival *a)
{
    if (a->model) {
        if (has_model(a))
            tm_twin_answer_json(a, json_pack("{ss,ss,si,ss}", "id", a->model, "object", "model", "created", 0,
                                             "owned_by", "rehearsal"));
        else
            tm_twin_refuse(a, 404, "no_model", "NOT_FOUND", "");
        return;
    }
    json_t *list = json_array();
    const char *const *lists[] = {(const char *const *)a->twin->options.models, a->twin->openai_models};
    for (size_t i = 0; i < G_N_ELEMENTS(lists); i++)
        for (const char *const *name = lists[i]; name && *name; name++)
            json_array_append_new(list, json_pack("{ss,ss,si,ss}", "id", *name, "object", "model", "created",
                                                  0, "owned_by", "rehearsal"));
    tm_twin_answer_json(a, json_pack("{ss,so}", "object", "list", "data", list));
}
