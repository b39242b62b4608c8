/* twin_openai_message.c - the messages of a chat request, put into the form of Gemini's contents. */
#include <string.h>

#include "core/json.h"
#include "jobs/twin/twin_openai.h"

static const char *const roles[] = {"system", "assistant", "user", "function", "tool", "developer", NULL};

static const tm_twin_openai_field fields[] = {
    {"role", TM_FIELD_OF_TEXT, 0, 0, roles},      {"content", TM_FIELD_OF_ANYTHING, 0, 0, NULL},
    {"name", TM_FIELD_OF_TEXT, 0, 0, NULL},       {"refusal", TM_FIELD_OF_TEXT, 0, 0, NULL},
    {"audio", TM_FIELD_OF_OBJECT, 0, 0, NULL},    {"function_call", TM_FIELD_OF_OBJECT, 0, 0, NULL},
    {"tool_calls", TM_FIELD_OF_LIST, 0, 0, NULL}, {"tool_call_id", TM_FIELD_OF_TEXT, 0, 0, NULL},
    {NULL, TM_FIELD_OF_ANYTHING, 0, 0, NULL},
};

/* An assistant that calls tools or refuses says nothing else. */
static bool may_be_silent(const json_t *message, const char *role)
{
    return strcmp(role, "assistant") == 0 && !json_object_get(message, "content") &&
           (json_object_get(message, "tool_calls") || json_object_get(message, "function_call") ||
            json_object_get(message, "refusal") || json_object_get(message, "audio"));
}

static bool has_role(tm_twin_arrival *a, const json_t *message, const char *place)
{
    g_autofree char *param = g_strdup_printf("%s.role", place);
    g_autofree char *words = g_strdup_printf("Missing required parameter: '%s'.", param);
    if (!json_object_get(message, "role"))
        tm_twin_refuse_parameter(a, param, "missing_required_parameter", words);
    return json_object_get(message, "role") != NULL;
}

static bool take_message(tm_twin_arrival *a, json_t *message, const char *place, json_t *contents,
                         json_t *system)
{
    g_autofree char *dot = g_strdup_printf("%s.", place);
    if (!json_is_object(message)) {
        g_autofree char *words = g_strdup_printf("Invalid type for '%s': expected an object.", place);
        tm_twin_refuse_parameter(a, place, "invalid_type", words);
        return false;
    }
    if (!tm_twin_openai_fields(a, message, dot, fields) || !has_role(a, message, place))
        return false;
    const char *role = tm_json_string(message, "role", "");
    if (may_be_silent(message, role))
        return true;
    g_autoptr(json_t) parts = tm_twin_openai_parts(a, json_object_get(message, "content"), role, place);
    if (!parts)
        return false;
    if (strcmp(role, "system") == 0 || strcmp(role, "developer") == 0)
        json_array_extend(system, parts);
    else
        json_array_append_new(
            contents,
            json_pack("{ss,sO}", "role", strcmp(role, "assistant") == 0 ? "model" : "user", "parts", parts));
    return true;
}

bool tm_twin_openai_messages(tm_twin_arrival *a, json_t *messages, json_t *body)
{
    json_t *contents = json_array(), *system = json_array(), *message;
    size_t i;
    bool good = json_array_size(messages) > 0;
    if (!messages)
        tm_twin_refuse_parameter(a, "messages", "missing_required_parameter",
                                 "Missing required parameter: 'messages'.");
    else if (!good)
        tm_twin_refuse_parameter(
            a, "messages", "empty_array",
            "Invalid 'messages': empty array. Expected an array with minimum length 1, but "
            "got an empty array instead.");
    json_array_foreach(messages, i, message) {
        char place[32];
        g_snprintf(place, sizeof place, "messages[%zu]", i);
        good = good && take_message(a, message, place, contents, system);
    }
    if (json_array_size(contents) == 0 && json_array_size(system)) { /* a system message alone is enough */
        json_array_append_new(contents, json_pack("{ss,sO}", "role", "user", "parts", system));
    } else if (json_array_size(system)) {
        json_object_set_new(body, "systemInstruction", json_pack("{sO}", "parts", system));
    }
    json_object_set_new(body, "contents", contents);
    json_decref(system);
    return good;
}
