/* openai_config.c - a prompt's config in OpenAI's words. Dotprompt and the SDKs write Gemini's names or
 * OpenAI's; what is not known here is passed through, so that the service can refuse it. */
#include "core/provider/openai_parts.h"

#include <string.h>

enum {
    FLEX_TIMEOUT_MS = 15 * 60 * 1000, /* flex is slow: wire facts, section 2 */
    LITTLE_THOUGHT = 2048,            /* tokens of Gemini's thinkingBudget as an effort: our own choice */
    SOME_THOUGHT = 12288,
};

/* Members by their camel-case names. `to` NULL: can't be said here. */
static const struct {
    const char *name, *to;
} names[] = {
    {"temperature", "temperature"},
    {"topP", "top_p"},
    {"topK", "top_k"},
    {"stopSequences", "stop"},
    {"stop", "stop"},
    {"seed", "seed"},
    {"presencePenalty", "presence_penalty"},
    {"frequencyPenalty", "frequency_penalty"},
    {"candidateCount", "n"},
    {"n", "n"},
    {"responseLogprobs", "logprobs"},
    {"topLogprobs", "top_logprobs"},
    {"reasoningEffort", "reasoning_effort"},
    {"verbosity", "verbosity"},
    {"serviceTier", "service_tier"},
    {"modalities", "modalities"},
    {"toolChoice", "tool_choice"},
    {"parallelToolCalls", "parallel_tool_calls"},
    {"promptCacheKey", "prompt_cache_key"},
    {"safetyIdentifier", "safety_identifier"},
    {"store", "store"},
    {"metadata", "metadata"},
    {"user", "user"},
    {"outputFormat", "output_format"},
    {"outputCompression", "output_compression"},
    {"safetySettings", NULL},
    {"mediaResolution", NULL},
    {"imageConfig", NULL},
    {"speechConfig", NULL},
    {"toolConfig", NULL},
    {"functionCallingConfig", NULL},
    {"cachedContent", NULL},
    {"labels", NULL},
    {"codeExecution", NULL},
    {"googleSearch", NULL},
    {"googleSearchRetrieval", NULL},
    {"googleMaps", NULL},
    {"urlContext", NULL},
    {"fileSearch", NULL},
    {"includeThoughts", NULL},
    {"apiKey", NULL},
    {"key", NULL},
    {"version", NULL},
    {"httpOptions", NULL},
    {"abortSignal", NULL},
    {"contextCache", NULL},
    {"location", NULL},
    {"automaticFunctionCalling", NULL},
};

/* A config on its way. */
typedef struct {
    tm_skeleton *skeleton;
    json_t *tools;
    const json_t *schema; /* the config's own; borrowed */
    GString *system;
    GPtrArray *notes;
} split;

G_GNUC_PRINTF(2, 3) static void note(split *s, const char *format, ...)
{
    va_list args;
    if (!s->notes)
        return;
    va_start(args, format);
    g_ptr_array_add(s->notes, g_strdup_vprintf(format, args));
    va_end(args);
}

/* max_output_tokens -> maxOutputTokens: both spellings come. (transfer full) */
static char *camel(const char *name)
{
    GString *out = g_string_new(NULL);
    for (const char *c = name; *c; c++) {
        if (*c == '_' && c > name && g_ascii_islower(c[1]))
            g_string_append_c(out, g_ascii_toupper(*++c));
        else
            g_string_append_c(out, *c);
    }
    return g_string_free(out, FALSE);
}

static void field_free(gpointer data)
{
    tm_openai_field *field = data;
    g_free(field->name);
    g_free(field->text);
    g_free(field);
}

/* Adds a member, or takes an earlier one's place. */
static void add_field(split *s, const char *name, const json_t *value, bool own)
{
    GPtrArray *fields = s->skeleton->fields;
    tm_openai_field *field = NULL;
    for (guint i = 0; i < fields->len && !field; i++)
        if (strcmp(((tm_openai_field *)fields->pdata[i])->name, name) == 0)
            field = fields->pdata[i];
    if (!field) {
        field = g_new0(tm_openai_field, 1);
        field->name = g_strdup(name);
        g_ptr_array_add(fields, field);
    }
    g_free(field->text);
    field->text = tm_json_text(value);
    field->own = own;
}

static void add_text(split *s, const char *name, const char *text)
{
    g_autoptr(json_t) value = json_string(text);
    add_field(s, name, value, false);
}

/* ---- system instruction ---- */

/* A text, {text}, {parts: [...]}, or a list of these. */
static void add_system(split *s, const json_t *value, int depth)
{
    size_t i;
    json_t *item;
    if (depth > 3)
        return;
    const json_t *text = json_is_object(value) ? json_object_get(value, "text") : value;
    if (json_is_string(text) && json_string_length(text) > 0) {
        if (!s->system)
            s->system = g_string_new(NULL);
        else
            g_string_append(s->system, "\n\n");
        g_string_append(s->system, json_string_value(text));
    }
    if (json_is_object(value))
        add_system(s, json_object_get(value, "parts"), depth + 1);
    json_array_foreach(value, i, item)
        add_system(s, item, depth + 1);
}

/* ---- tools ---- */

/* One tool: the API's own shape, or a function {name, description, inputSchema | parameters}. */
static void add_tool(split *s, const json_t *tool)
{
    const char *name = tm_json_string(tool, "name", NULL);
    size_t i;
    json_t *function;
    if (json_is_string(tool)) {
        note(
            s,
            "tool \"%s\" is left out: tools by name are an application's functions, which a batch can't call",
            json_string_value(tool));
        return;
    }
    json_array_foreach(tm_json_array(tool, "functionDeclarations"), i, function)
        add_tool(s, function);
    if (tm_json_array(tool, "functionDeclarations"))
        return;
    if (!name) {
        if (tm_json_string(tool, "type", NULL))
            json_array_append(s->tools, (json_t *)(gpointer)tool);
        else
            note(s, "a tool is left out: it is Gemini's own, this API has none like it");
        return;
    }
    json_t *called = json_pack("{s:s}", "name", name);
    const json_t *schema = tm_json_object(tool, "inputSchema");
    if (!schema)
        schema = tm_json_object(tool, "parametersJsonSchema");
    if (!schema)
        schema = tm_json_object(tool, "parameters");
    if (tm_json_string(tool, "description", NULL))
        json_object_set(called, "description", json_object_get(tool, "description"));
    if (schema)
        json_object_set(called, "parameters", (json_t *)(gpointer)schema);
    json_array_append_new(s->tools, json_pack("{s:s, s:o}", "type", "function", "function", called));
}

static void add_tools(split *s, const json_t *tools)
{
    size_t i;
    json_t *tool;
    json_array_foreach(tools, i, tool)
        add_tool(s, tool);
}

/* ---- thinking ---- */

/* Gemini's thinkingLevel is an effort by another name; a budget in tokens is only roughly one. */
static void add_thinking(split *s, const char *name, const json_t *value)
{
    if (strcmp(name, "thinkingLevel") == 0 && json_is_string(value)) {
        const char *level = json_string_value(value);
        if (g_str_has_prefix(level, "THINKING_")) /* as AI Studio writes it */
            level += strlen("THINKING_");
        g_autofree char *lower = g_ascii_strdown(level, -1);
        if (!g_str_has_suffix(lower, "unspecified"))
            add_text(s, "reasoning_effort", lower);
        return;
    }
    if (strcmp(name, "thinkingBudget") != 0 || !json_is_integer(value)) {
        note(s, "config.%s is not sent: this API has no word for it", name);
        return;
    }
    int64_t budget = json_integer_value(value);
    if (budget < 0) /* as the model likes */
        return;
    const char *effort = budget == 0                ? "none"
                         : budget <= LITTLE_THOUGHT ? "low"
                         : budget <= SOME_THOUGHT   ? "medium"
                                                    : "high";
    for (guint i = 0; i < s->skeleton->fields->len; i++)
        if (strcmp(((tm_openai_field *)s->skeleton->fields->pdata[i])->name, "reasoning_effort") == 0)
            return; /* a level is nearer to it */
    add_text(s, "reasoning_effort", effort);
    note(s, "thinkingBudget %" G_GINT64_FORMAT " is sent as reasoning_effort %s", budget, effort);
}

/* ---- one member after the other ---- */

static void add_members(split *s, const json_t *config, int depth);

static void add_modalities(split *s, const json_t *value)
{
    g_autoptr(json_t) all = json_array();
    size_t i;
    json_t *item;
    json_array_foreach(value, i, item) {
        g_autofree char *lower = g_ascii_strdown(json_is_string(item) ? json_string_value(item) : "", -1);
        s->skeleton->picture = s->skeleton->picture || strcmp(lower, "image") == 0;
        if (*lower)
            json_array_append_new(all, json_string(lower));
    }
    if (json_array_size(all) > 1 || s->skeleton->picture)
        add_field(s, "modalities", all, false);
}

/* The members that have a shape of their own. */
static bool add_special(split *s, const char *name, const json_t *value, int depth)
{
    static const char *const caps[] = {"maxOutputTokens", "maxTokens", "maxCompletionTokens", NULL};
    if (g_strv_contains(caps, name) && json_is_integer(value)) {
        s->skeleton->cap = json_integer_value(value);
    } else if (strcmp(name, "systemInstruction") == 0) {
        add_system(s, value, 0);
    } else if (strcmp(name, "tools") == 0) {
        add_tools(s, value);
    } else if (strcmp(name, "responseFormat") == 0) {
        g_free(s->skeleton->format);
        s->skeleton->format = tm_json_text(value);
    } else if (strcmp(name, "responseSchema") == 0 || strcmp(name, "responseJsonSchema") == 0) {
        s->schema = value;
    } else if (strcmp(name, "responseMimeType") == 0) {
        /* the prompt knows it already: tm_prompt_wants_json() */
    } else if (strcmp(name, "responseModalities") == 0) {
        add_modalities(s, value);
    } else if (strcmp(name, "logprobs") == 0) { /* a number at Gemini, a flag here */
        add_field(s, json_is_integer(value) ? "top_logprobs" : "logprobs", value, false);
    } else if (strcmp(name, "thinkingBudget") == 0 || strcmp(name, "thinkingLevel") == 0) {
        add_thinking(s, name, value);
    } else if ((strcmp(name, "generationConfig") == 0 || strcmp(name, "thinkingConfig") == 0) &&
               json_is_object(value) && depth < 2) {
        add_members(s, value, depth + 1);
    } else if (strcmp(name, "extraBody") == 0 && json_is_object(value)) {
        const char *member;
        json_t *inner;
        json_object_foreach((json_t *)(gpointer)value, member, inner)
            add_field(s, member, inner, true);
    } else {
        return false;
    }
    return true;
}

static void add_members(split *s, const json_t *config, int depth)
{
    const char *written;
    json_t *value;
    json_object_foreach((json_t *)(gpointer)config, written, value) {
        g_autofree char *name = camel(written);
        if (json_is_null(value) || add_special(s, name, value, depth))
            continue;
        size_t i = 0;
        while (i < G_N_ELEMENTS(names) && strcmp(names[i].name, name) != 0)
            i++;
        if (i == G_N_ELEMENTS(names))
            add_field(s, written, value, true);
        else if (names[i].to)
            add_field(s, names[i].to, value, false);
        else if (strcmp(name, "apiKey") == 0 || strcmp(name, "key") == 0)
            note(s,
                 "config.%s is not sent: keys come from the account, never from a prompt; take it out of the "
                 "file",
                 written);
        else if (!json_is_false(value))
            note(s, "config.%s is not sent: this API has no word for it", written);
    }
}

static const char *text_of(const tm_skeleton *skeleton, const char *name)
{
    for (guint i = 0; i < skeleton->fields->len; i++) {
        const tm_openai_field *field = skeleton->fields->pdata[i];
        if (strcmp(field->name, name) == 0)
            return field->text;
    }
    return NULL;
}

static void finish(split *s, const tm_prompt *prompt, const char *model)
{
    tm_skeleton *skeleton = s->skeleton;
    bool media = g_strcmp0(prompt->output_format, "media") == 0;
    skeleton->tools = json_array_size(s->tools) > 0;
    if (skeleton->tools)
        add_field(s, "tools", s->tools, false);
    skeleton->picture = skeleton->picture || media || tm_openai_draws(model);
    if (media && !tm_openai_draws(model) && !text_of(skeleton, "modalities")) {
        g_autoptr(json_t) both = json_pack("[s, s]", "image", "text");
        add_field(s, "modalities", both, false);
    }
    const char *n = text_of(skeleton, "n"), *tier = text_of(skeleton, "service_tier");
    if (n && g_ascii_strtoll(n, NULL, 10) > 1 && !skeleton->picture)
        note(s, "n: only the first answer is kept, all are paid for");
    skeleton->timeout_ms = g_strcmp0(tier, "\"flex\"") == 0 ? FLEX_TIMEOUT_MS : 0;
    skeleton->system = s->system ? g_string_free(s->system, FALSE) : NULL;
}

tm_skeleton *tm_openai_prepare(const tm_prompt *prompt, const char *model, GPtrArray *notes, GError **error)
{
    (void)error; /* any config can be said: the service judges it */
    tm_skeleton *skeleton = g_new0(tm_skeleton, 1);
    split s = {.skeleton = skeleton, .tools = json_array(), .notes = notes};
    skeleton->fields = g_ptr_array_new_with_free_func(field_free);
    skeleton->cap = -1;
    if (prompt->config)
        add_members(&s, prompt->config, 0);
    add_tools(&s, prompt->tools);
    finish(&s, prompt, model);
    json_decref(s.tools);
    if (!skeleton->picture)
        tm_openai_ask_for(skeleton, prompt, s.schema, notes);
    return skeleton;
}

void tm_openai_skeleton_free(tm_skeleton *skeleton)
{
    if (!skeleton)
        return;
    g_ptr_array_unref(skeleton->fields);
    g_free(skeleton->system);
    g_free(skeleton->format);
    g_free(skeleton->schema);
    g_free(skeleton->hint);
    json_decref(skeleton->wanted);
    g_free(skeleton);
}
