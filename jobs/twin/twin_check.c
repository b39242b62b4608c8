/* twin_check.c - what a well-formed generate request still gets wrong. The words are the service's own where
 * they are known from public reports (2025-2026); bounds: the API reference, 2026-08. */
#include <string.h>

#include "jobs/twin/twin_media.h"
#include "jobs/twin/twin_request.h"

enum { MAX_OUTPUT_TOKENS = 65536, MAX_STOPS = 5 };

#define REQUEST "* GenerateContentRequest."
#define CONFIG REQUEST "generation_config."

static char *check_blob(const json_t *blob)
{
    static const char *const kinds[] = {"image/png",
                                        "image/jpeg",
                                        "image/webp",
                                        "image/heic",
                                        "image/heif",
                                        "image/gif",
                                        "image/avif",
                                        "audio/",
                                        "video/",
                                        "text/",
                                        "application/json",
                                        "application/pdf",
                                        "application/rtf",
                                        "application/x-javascript",
                                        "application/x-python-code",
                                        "application/x-ipynb+json",
                                        NULL};
    const json_t *mime = json_object_get(blob, "mimeType");
    const char *name = mime ? json_string_value(mime) : "";
    for (const char *const *kind = kinds; *kind; kind++) {
        size_t length = strlen(*kind);
        if (strncmp(name, *kind, length) == 0 && ((*kind)[length - 1] == '/' || !name[length]))
            return NULL;
    }
    return g_strdup_printf("Unsupported MIME type: %s", name);
}

static char *check_part(const json_t *part, size_t content, size_t index)
{
    static const char *const data[] = {
        "text",           "inlineData",          "fileData", "functionCall", "functionResponse",
        "executableCode", "codeExecutionResult", "toolCall", "toolResponse", NULL};
    const char *set = NULL;
    for (const char *const *name = data; *name; name++) {
        if (!json_object_get(part, *name))
            continue;
        if (set)
            return g_strdup_printf(
                "Invalid value at 'contents[%zu].parts[%zu]' (oneof), oneof field 'data' is "
                "already set. Cannot set '%s'",
                content, index, *name);
        set = *name;
    }
    if (!set)
        return g_strdup_printf(REQUEST
                               "contents[%zu].parts[%zu].data: required oneof field 'data' must have one "
                               "initialized field\n",
                               content, index);
    const json_t *blob = json_object_get(part, "inlineData");
    return blob ? check_blob(blob) : NULL;
}

/* Has the part anything to say? */
static bool part_holds(const json_t *part)
{
    const json_t *text = json_object_get(part, "text");
    return !text || json_string_length(text) > 0;
}

static char *check_contents(const json_t *body)
{
    const json_t *contents = json_object_get(body, "contents");
    size_t i, k;
    json_t *content, *part;
    if (json_array_size(contents) == 0)
        return g_strdup(REQUEST "contents: contents is not specified\n");
    json_array_foreach(contents, i, content) {
        const json_t *role = json_object_get(content, "role");
        const char *name = role ? json_string_value(role) : "";
        if (*name && strcmp(name, "user") != 0 && strcmp(name, "model") != 0 && strcmp(name, "function") != 0)
            return g_strdup("Please use a valid role: user, model.");
        const json_t *parts = json_object_get(content, "parts");
        bool holds = false;
        json_array_foreach(parts, k, part) {
            char *wrong = check_part(part, i, k);
            if (wrong)
                return wrong;
            holds = holds || part_holds(part);
        }
        if (!holds)
            return g_strdup_printf(REQUEST "contents[%zu].parts: contents.parts must not be empty.\n", i);
    }
    const json_t *system = json_object_get(json_object_get(body, "systemInstruction"), "parts");
    json_array_foreach(system, k, part) {
        if (!json_object_get(part, "text"))
            return g_strdup("System instruction should only contain text parts.");
    }
    return NULL;
}

/* The first flaw of a responseSchema, as " properties[label].type: must be specified\n" behind its path. */
static char *check_schema(const json_t *schema, const char *path)
{
    const json_t *type_value = json_object_get(schema, "type");
    const json_t *properties = json_object_get(schema, "properties");
    const char *type = type_value ? json_string_value(type_value) : "";
    const char *key;
    size_t i;
    json_t *child;
    if (!*type && !json_object_get(schema, "anyOf"))
        return g_strdup_printf("%s.type: must be specified\n", path);
    bool object = g_ascii_strcasecmp(type, "OBJECT") == 0, array = g_ascii_strcasecmp(type, "ARRAY") == 0;
    if (object && json_object_size(properties) == 0)
        return g_strdup_printf("%s.properties: should be non-empty for OBJECT type\n", path);
    if (!object && *type && properties)
        return g_strdup_printf("%s.properties: only allowed for OBJECT type\n", path);
    if (array && !json_object_get(schema, "items"))
        return g_strdup_printf("%s.items: missing field.\n", path);
    json_array_foreach(json_object_get(schema, "enum"), i, child) {
        if (g_ascii_strcasecmp(type, "STRING") != 0)
            return g_strdup_printf("%s.enum: only allowed for STRING type\n", path);
        if (json_string_length(child) == 0)
            return g_strdup_printf("%s.enum[%zu]: cannot be empty\n", path, i);
    }
    json_array_foreach(json_object_get(schema, "required"), i, child) {
        if (!json_object_get(properties, json_string_value(child)))
            return g_strdup_printf("%s.required[%zu]: property is not defined\n", path, i);
    }
    json_array_foreach(json_object_get(schema, "propertyOrdering"), i, child) {
        if (!json_object_get(properties, json_string_value(child)))
            return g_strdup_printf("%s.property_ordering[%zu]: property is not defined\n", path, i);
    }
    json_object_foreach((json_t *)properties, key, child) {
        g_autofree char *below = g_strdup_printf("%s.properties[%s]", path, key);
        char *wrong = check_schema(child, below);
        if (wrong)
            return wrong;
    }
    json_array_foreach(json_object_get(schema, "anyOf"), i, child) {
        g_autofree char *below = g_strdup_printf("%s.any_of[%zu]", path, i);
        char *wrong = check_schema(child, below);
        if (wrong)
            return wrong;
    }
    if (json_object_get(schema, "items")) {
        g_autofree char *below = g_strdup_printf("%s.items", path);
        return check_schema(json_object_get(schema, "items"), below);
    }
    return NULL;
}

static char *check_thinking(const json_t *thinking, const char *model)
{
    /* docs, 2026-08: 2.5 Pro 128..32768; 2.5 Flash-Lite 512..24576; 2.5 Flash 0..24576; 0 is off, -1 dynamic
     */
    bool pro = strstr(model, "-pro") != NULL, lite = strstr(model, "-lite") != NULL;
    double low = pro ? 128 : lite ? 512 : 0, high = pro ? 32768 : 24576;
    double budget = tm_twin_number(thinking, "thinkingBudget", -1);
    if (json_object_get(thinking, "thinkingBudget") && json_object_get(thinking, "thinkingLevel"))
        return g_strdup("You can only set only one of thinking budget and thinking level.");
    if (json_object_get(thinking, "thinkingLevel") && strstr(model, "gemini-2."))
        return g_strdup("Thinking level is not supported for this model.");
    if (budget != -1 && !(budget == 0 && !pro) && (budget < low || budget > high))
        return g_strdup_printf(
            "The thinking budget %.0f is invalid. Please choose a value between %.0f and %.0f.", budget, low,
            high);
    return NULL;
}

static char *check_format(const json_t *config)
{
    static const char *const mimes[] = {"text/plain",       "application/json", "application/xml",
                                        "application/yaml", "text/x.enum",      NULL};
    const json_t *value = json_object_get(config, "responseMimeType");
    const char *mime = value && json_string_length(value) ? json_string_value(value) : "text/plain";
    const json_t *schema = json_object_get(config, "responseSchema");
    const json_t *json_schema = json_object_get(config, "responseJsonSchema");
    if (!json_schema)
        json_schema = json_object_get(config, "_responseJsonSchema");
    bool json = strcmp(mime, "application/json") == 0;
    if (!g_strv_contains(mimes, mime))
        return g_strdup(CONFIG "response_mime_type: allowed mimetypes are `text/plain`, `application/json`, "
                               "`application/xml`, `application/yaml` and `text/x.enum`.\n");
    if (schema && json_schema)
        return g_strdup("Only one of response_schema and response_json_schema can be set.");
    if (schema && !json && strcmp(mime, "text/x.enum") != 0)
        return g_strdup(CONFIG
                        "response_schema: only allowed when response_mime_type is `application/json` or "
                        "`text/x.enum`\n");
    if (json_schema && !json)
        return g_strdup(CONFIG "response_json_schema: only allowed when response_mime_type is "
                               "`application/json`\n");
    if (json_schema && !json_is_object(json_schema))
        return g_strdup(CONFIG "response_json_schema: must be an object\n");
    return schema ? check_schema(schema, CONFIG "response_schema") : NULL;
}

static char *check_config(const json_t *config, const char *model)
{
    double output = tm_twin_number(config, "maxOutputTokens", 1);
    double temperature = tm_twin_number(config, "temperature", 1), top_p = tm_twin_number(config, "topP", 1);
    if (temperature < 0 || temperature > 2)
        return g_strdup(CONFIG "temperature: temperature must be in the range [0.0, 2.0].\n");
    if (top_p < 0 || top_p > 1)
        return g_strdup(CONFIG "top_p: top_p must be in the range [0.0, 1.0].\n");
    if (tm_twin_number(config, "candidateCount", 1) != 1)
        return g_strdup("Multiple candidates is not enabled for this model");
    if (output < 1 || output > MAX_OUTPUT_TOKENS)
        return g_strdup_printf(
            "Unable to submit request because it has a maxOutputTokens value of %.0f but the "
            "supported range is from 1 (inclusive) to %d (exclusive). Update the value and try "
            "again.",
            output, MAX_OUTPUT_TOKENS + 1);
    if (json_array_size(json_object_get(config, "stopSequences")) > MAX_STOPS)
        return g_strdup_printf(CONFIG "stop_sequences: at most %d are allowed.\n", MAX_STOPS);
    char *wrong = check_thinking(json_object_get(config, "thinkingConfig"), model);
    return wrong ? wrong : check_format(config);
}

static char *check_safety(const json_t *settings)
{
    size_t i, k;
    json_t *setting;
    json_array_foreach(settings, i, setting) {
        const json_t *category = json_object_get(setting, "category");
        for (k = 0; k < i; k++)
            if (json_equal(category, json_object_get(json_array_get(settings, k), "category")))
                return g_strdup_printf(REQUEST "safety_settings[%zu].category: at most one setting for each "
                                               "category\n",
                                       i);
    }
    return NULL;
}

char *tm_twin_check(const json_t *body, const char *model)
{
    char *wrong = check_contents(body);
    if (!wrong)
        wrong = check_config(json_object_get(body, "generationConfig"), model);
    if (!wrong)
        wrong = check_safety(json_object_get(body, "safetySettings"));
    if (!wrong)
        wrong = tm_twin_media_check(body, model);
    return wrong;
}
