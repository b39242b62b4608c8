/* gemini_config.c - a prompt's config, tools and output schema in the places where the Gemini API wants them.
 * Dotprompt and the SDKs write them flat; what is not known here goes into generationConfig, so that the API
 * can refuse it. */
#include "core/provider/gemini_parts.h"

#include <string.h>

enum { FLEX_TIMEOUT_MS = 15 * 60 * 1000 }; /* flex answers within 1 to 15 minutes: wire facts, section 2 */

typedef enum {
    TO_GENERATION,
    TO_TOP,
    TO_TOOL,     /* a flag or an object: a tool of that name */
    TO_THINKING, /* a member of generationConfig.thinkingConfig */
    TO_NOWHERE,  /* means something to an SDK only */
} place;

static const struct {
    const char *name;
    place to;
} places[] = {
    {"safetySettings", TO_TOP},
    {"toolConfig", TO_TOP},
    {"cachedContent", TO_TOP},
    {"serviceTier", TO_TOP},
    {"labels", TO_TOP},
    {"store", TO_TOP},
    {"codeExecution", TO_TOOL},
    {"googleSearch", TO_TOOL},
    {"googleSearchRetrieval", TO_TOOL},
    {"urlContext", TO_TOOL},
    {"googleMaps", TO_TOOL},
    {"fileSearch", TO_TOOL},
    {"thinkingBudget", TO_THINKING},
    {"thinkingLevel", TO_THINKING},
    {"includeThoughts", TO_THINKING},
    {"apiKey", TO_NOWHERE},
    {"key", TO_NOWHERE},
    {"version", TO_NOWHERE},
    {"httpOptions", TO_NOWHERE},
    {"abortSignal", TO_NOWHERE},
    {"contextCache", TO_NOWHERE},
    {"location", TO_NOWHERE},
    {"automaticFunctionCalling", TO_NOWHERE},
};

/* A config on its way. */
typedef struct {
    json_t *generation, *thinking, *top, *tools;
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

/* max_output_tokens -> maxOutputTokens: the API takes both, we look for one. (transfer full) */
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

/* ---- system instruction ---- */

static void add_system_text(split *s, const json_t *text)
{
    if (!json_is_string(text) || json_string_length(text) == 0)
        return;
    if (!s->system)
        s->system = g_string_new(NULL);
    g_string_append(s->system, s->system->len ? ",{\"text\":" : "{\"text\":");
    tm_json_write_string(s->system, json_string_value(text), json_string_length(text));
    g_string_append_c(s->system, '}');
}

/* A text, {text}, {parts: [...]}, or a list of these. */
static void add_system(split *s, const json_t *value, int depth)
{
    size_t i;
    json_t *item;
    if (depth > 3)
        return;
    add_system_text(s, value);
    if (json_is_object(value)) {
        add_system_text(s, json_object_get(value, "text"));
        add_system(s, json_object_get(value, "parts"), depth + 1);
    }
    json_array_foreach(value, i, item)
        add_system(s, item, depth + 1);
}

/* ---- tools ---- */

static void add_tool_flag(split *s, const char *name, const json_t *value)
{
    if (json_is_false(value))
        return;
    json_t *tool = json_object();
    json_object_set_new(tool, name, json_is_object(value) ? json_incref((json_t *)value) : json_object());
    json_array_append_new(s->tools, tool);
}

/* One tool of the front matter: the API's own shape, or a function {name, description, inputSchema}. */
static void add_tool(split *s, const json_t *tool)
{
    const char *name = tm_json_string(tool, "name", NULL);
    if (json_is_string(tool)) {
        note(
            s,
            "tool \"%s\" is left out: tools by name are an application's functions, which a batch can't call",
            json_string_value(tool));
        return;
    }
    if (!name) {
        json_array_append(s->tools, (json_t *)tool);
        return;
    }
    json_t *function = json_pack("{s:s}", "name", name);
    const json_t *schema = tm_json_object(tool, "inputSchema");
    const char *description = tm_json_string(tool, "description", NULL);
    if (description)
        json_object_set_new(function, "description", json_string(description));
    if (schema)
        json_object_set(function, "parametersJsonSchema", (json_t *)schema);
    else if (tm_json_object(tool, "parameters"))
        json_object_set(function, "parameters", (json_t *)tm_json_object(tool, "parameters"));
    json_array_append_new(s->tools, json_pack("{s:[o]}", "functionDeclarations", function));
}

static void add_tools(split *s, const json_t *tools)
{
    size_t i;
    json_t *tool;
    json_array_foreach(tools, i, tool)
        add_tool(s, tool);
}

/* ---- one member after the other ---- */

static place place_of(const char *name)
{
    for (size_t i = 0; i < G_N_ELEMENTS(places); i++)
        if (strcmp(places[i].name, name) == 0)
            return places[i].to;
    return TO_GENERATION;
}

static void add_members(split *s, const json_t *config, int depth);

/* The members that have a shape of their own. */
static bool add_special(split *s, const char *name, const json_t *value, int depth)
{
    if (strcmp(name, "systemInstruction") == 0)
        add_system(s, value, 0);
    else if (strcmp(name, "tools") == 0)
        add_tools(s, value);
    else if (strcmp(name, "functionCallingConfig") == 0)
        json_object_set_new(s->top, "toolConfig", json_pack("{s:O}", "functionCallingConfig", value));
    else if (strcmp(name, "thinkingConfig") == 0 && json_is_object(value))
        json_object_update(s->thinking, (json_t *)value);
    else if (strcmp(name, "generationConfig") == 0 && json_is_object(value) && depth == 0)
        add_members(s, value, 1);
    else
        return false;
    return true;
}

static void add_members(split *s, const json_t *config, int depth)
{
    const char *written;
    json_t *value;
    json_object_foreach((json_t *)config, written, value) {
        g_autofree char *name = camel(written);
        if (json_is_null(value) || add_special(s, name, value, depth))
            continue;
        switch (place_of(name)) {
        case TO_GENERATION:
            json_object_set(s->generation, name, value);
            break;
        case TO_TOP:
            json_object_set(s->top, name, value);
            break;
        case TO_TOOL:
            add_tool_flag(s, name, value);
            break;
        case TO_THINKING:
            json_object_set(s->thinking, name, value);
            break;
        case TO_NOWHERE:
            note(s, "config.%s is not sent: %s", written,
                 strcmp(name, "apiKey") == 0 || strcmp(name, "key") == 0
                     ? "keys come from the account, never from a prompt; take it out of the file"
                     : "it means something to an SDK only");
            break;
        }
    }
}

static void finish_thinking(split *s)
{
    const char *level = tm_json_string(s->thinking, "thinkingLevel", NULL);
    if (level && g_str_has_prefix(level, "THINKING_")) { /* as AI Studio writes it */
        g_autofree char *bare = g_strdup(level + strlen("THINKING_"));
        json_object_set_new(s->thinking, "thinkingLevel", json_string(bare));
    }
    if (level && json_object_get(s->thinking, "thinkingBudget")) {
        json_object_del(s->thinking, "thinkingBudget");
        note(s, "thinkingBudget is left out: the API refuses it beside thinkingLevel");
    }
    if (json_object_size(s->thinking) > 0)
        json_object_set(s->generation, "thinkingConfig", s->thinking);
}

/* The top-level members in one text, from the comma after "contents" on. (transfer full) */
static char *tail_of(split *s)
{
    g_autoptr(GString) text = g_string_new(NULL);
    g_autoptr(json_t) all = json_object();
    if (json_object_size(s->generation) > 0)
        json_object_set(all, "generationConfig", s->generation);
    json_object_update(all, s->top);
    if (json_array_size(s->tools) > 0)
        json_object_set(all, "tools", s->tools);
    if (json_object_size(all) == 0)
        return g_strdup("");
    tm_json_write(text, all);
    g_string_truncate(text, text->len - 1); /* the closing brace is the body's */
    text->str[0] = ',';
    return g_strdup(text->str);
}

tm_skeleton *tm_gemini_prepare(const tm_prompt *prompt, const char *model, GPtrArray *notes, GError **error)
{
    (void)model, (void)error; /* any config can be said: the API judges it */
    split s = {json_object(), json_object(), json_object(), json_array(), NULL, notes};
    tm_skeleton *skeleton = g_new0(tm_skeleton, 1);
    if (prompt->config)
        add_members(&s, prompt->config, 0);
    add_tools(&s, prompt->tools);
    finish_thinking(&s);
    tm_gemini_ask_for(s.generation, prompt, notes);
    if (tm_json_integer(s.generation, "candidateCount", 1) > 1)
        note(&s, "candidateCount: only the first candidate is kept, all are paid for");
    const char *tier = tm_json_string(s.top, "serviceTier", NULL);
    skeleton->timeout_ms = tier && g_ascii_strcasecmp(tier, "flex") == 0 ? FLEX_TIMEOUT_MS : 0;
    skeleton->tail = tail_of(&s);
    skeleton->system = s.system ? g_string_free(s.system, FALSE) : NULL;
    json_decref(s.generation);
    json_decref(s.thinking);
    json_decref(s.top);
    json_decref(s.tools);
    return skeleton;
}

void tm_gemini_skeleton_free(tm_skeleton *skeleton)
{
    if (!skeleton)
        return;
    g_free(skeleton->system);
    g_free(skeleton->tail);
    g_free(skeleton);
}
