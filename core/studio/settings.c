/* settings.c - runSettings of a saved prompt as `config` of a .prompt file */
#include "core/studio/settings.h"
#include "core/json.h"
#include <string.h>

/* Members that are called the same on both sides. */
static const char *const numbers[] = {
    "temperature",      "topP", "topK",    "maxOutputTokens", "presencePenalty",
    "frequencyPenalty", "seed", "logprobs"};
static const char *const texts[] = {"mediaResolution"};
static const char *const objects[] = {"speechConfig"};

static const char *const palm_categories[] = {
    "HARM_CATEGORY_DEROGATORY", "HARM_CATEGORY_TOXICITY",  "HARM_CATEGORY_VIOLENCE",   "HARM_CATEGORY_SEXUAL",
    "HARM_CATEGORY_MEDICAL",    "HARM_CATEGORY_DANGEROUS", "HARM_CATEGORY_UNSPECIFIED"};

static bool is_among(const char *word, const char *const *list, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(word, list[i]) == 0)
            return true;
    return false;
}

static void read_plain(tm_draft *draft, const json_t *run)
{
    for (size_t i = 0; i < G_N_ELEMENTS(numbers); i++)
        if (json_is_number(json_object_get(run, numbers[i])))
            json_object_set(draft->config, numbers[i], json_object_get(run, numbers[i]));
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
        const char *text = tm_json_string(run, texts[i], "");
        if (*text && !g_str_has_suffix(text, "_UNSPECIFIED"))
            json_object_set(draft->config, texts[i], json_object_get(run, texts[i]));
    }
    for (size_t i = 0; i < G_N_ELEMENTS(objects); i++)
        if (tm_json_object(run, objects[i]))
            json_object_set(draft->config, objects[i], json_object_get(run, objects[i]));
    if (tm_json_integer(run, "candidateCount", 1) > 1)
        tm_draft_note(draft, "candidateCount was left out: a row gets one answer");
    const json_t *stops = json_object_get(run, "stopSequences");
    if (json_is_string(stops) && json_string_length(stops) > 0)
        json_object_set_new(draft->config, "stopSequences", json_pack("[O]", stops));
    else if (json_array_size(stops) > 0)
        json_object_set(draft->config, "stopSequences", (json_t *)stops);
}

static void read_safety(tm_draft *draft, const json_t *run)
{
    g_autoptr(json_t) kept = json_array();
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    bool palm = false;
    size_t i;
    json_t *setting;
    json_array_foreach(json_object_get(run, "safetySettings"), i, setting) {
        const char *category = tm_json_string(setting, "category", "");
        const char *threshold = tm_json_string(setting, "threshold", "");
        if (is_among(category, palm_categories, G_N_ELEMENTS(palm_categories)))
            palm = true;
        else if (*category && *threshold && !g_str_has_suffix(threshold, "_UNSPECIFIED") &&
                 g_hash_table_add(seen, (gpointer)category)) /* the API takes one per category */
            json_array_append_new(kept,
                                  json_pack("{s:s, s:s}", "category", category, "threshold", threshold));
    }
    if (json_array_size(kept) > 0)
        json_object_set(draft->config, "safetySettings", kept);
    if (palm)
        tm_draft_note(draft, "safety settings of PaLM models were left out: Gemini has other categories");
}

static bool starts_with_any(const char *model, const char *const *starts, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (g_str_has_prefix(model, starts[i]))
            return true;
    return false;
}

/* Budget and level together are refused by the API: the level wins. A budget of -1 says "as the model likes",
 * also on models that refuse the word. */
static void read_thinking(tm_draft *draft, const json_t *run)
{
    static const char *const unthinking[] = {"gemini-1", "gemini-2.0", "gemini-pro", "gemma", "learnlm",
                                             "text-",    "chat-",      "imagen",     "veo"};
    const char *model = draft->model ? draft->model : "";
    const char *level = tm_json_string(run, "thinkingLevel", "");
    level += g_str_has_prefix(level, "THINKING_LEVEL_") ? 15 : g_str_has_prefix(level, "THINKING_") ? 9 : 0;
    const json_t *budget = json_object_get(run, "thinkingBudget");
    g_autoptr(json_t) thinking = json_object();
    if (*level && !g_str_has_suffix(level, "UNSPECIFIED")) {
        if (g_str_has_prefix(model, "gemini-2.5"))
            tm_draft_note(draft, "thinkingLevel %s was left out: %s takes a thinkingBudget", level, model);
        else
            json_object_set_new(thinking, "thinkingLevel", json_string(level));
    }
    bool on = json_object_size(thinking) > 0;
    bool dynamic = json_is_integer(budget) && json_integer_value(budget) == -1;
    if (json_is_integer(budget) && !on &&
        !(dynamic && starts_with_any(model, unthinking, G_N_ELEMENTS(unthinking))))
        json_object_set(thinking, "thinkingBudget", (json_t *)budget);
    else if (json_is_integer(budget) && on && !dynamic)
        tm_draft_note(draft, "thinkingBudget was left out: the API takes it or thinkingLevel, not both");
    if (json_object_size(thinking) > 0)
        json_object_set(draft->config, "thinkingConfig", thinking);
}

static bool makes_images(const tm_draft *draft)
{
    if (draft->model && strstr(draft->model, "image"))
        return true;
    size_t i;
    json_t *modality;
    json_array_foreach(json_object_get(draft->config, "responseModalities"), i, modality)
        if (json_is_string(modality) && g_ascii_strcasecmp(json_string_value(modality), "IMAGE") == 0)
            return true;
    return false;
}

/* outputResolution stands in the settings of text models too, and means nothing there. */
static void read_images(tm_draft *draft, const json_t *run)
{
    const json_t *modalities = json_object_get(run, "responseModalities");
    if (json_array_size(modalities) > 0 &&
        !(json_array_size(modalities) == 1 && json_is_string(json_array_get(modalities, 0)) &&
          g_ascii_strcasecmp(json_string_value(json_array_get(modalities, 0)), "TEXT") == 0))
        json_object_set(draft->config, "responseModalities", (json_t *)modalities);
    if (!makes_images(draft))
        return;
    g_autoptr(json_t) image = json_object();
    const char *size = tm_json_string(run, "outputResolution", ""),
               *shape = tm_json_string(run, "aspectRatio", "");
    if (*shape)
        json_object_set_new(image, "aspectRatio", json_string(shape));
    if (*size)
        json_object_set_new(image, "imageSize", json_string(size));
    if (json_object_size(image) > 0)
        json_object_set(draft->config, "imageConfig", image);
}

static void read_tools(tm_draft *draft, const json_t *run)
{
    static const struct {
        const char *flag, *tool;
    } flags[] = {{"enableSearchAsATool", "googleSearch"},
                 {"enableBrowseAsATool", "urlContext"},
                 {"enableCodeExecution", "codeExecution"},
                 {"enableGoogleMaps", "googleMaps"}};
    g_autoptr(json_t) tools = json_array();
    for (size_t i = 0; i < G_N_ELEMENTS(flags); i++) {
        if (!tm_json_bool(run, flags[i].flag, false))
            continue;
        json_t *own = (json_t *)tm_json_object(run, flags[i].tool);
        json_array_append_new(tools,
                              json_pack("{s:o}", flags[i].tool, own ? json_incref(own) : json_object()));
    }
    const json_t *functions = tm_json_array(run, "functionDeclarations");
    if (json_array_size(functions) > 0) {
        json_array_append_new(tools, json_pack("{s:O}", "functionDeclarations", functions));
        tm_draft_note(draft,
                      "the prompt declares functions: an answer may be a call, which nobody answers here");
    }
    if (tm_json_bool(run, "enableImageSearch", false))
        tm_draft_note(draft, "image search was left out");
    if (json_array_size(tools) > 0)
        json_object_set(draft->config, "tools", tools);
}

/* An object, or the text of one. */
static void read_answer_form(tm_draft *draft, const json_t *run)
{
    const char *mime = tm_json_string(run, "responseMimeType", "");
    draft->response_mime = *mime ? g_strdup(mime) : NULL;
    const json_t *schema = json_object_get(run, "responseSchema");
    g_autoptr(json_t) parsed = NULL;
    if (json_is_string(schema) && json_string_length(schema) > 0) {
        parsed = tm_json_parse(json_string_value(schema), json_string_length(schema), NULL);
        if (!parsed)
            tm_draft_note(draft, "the response schema is no JSON and was left out");
        schema = parsed;
    }
    if (json_object_size(schema) > 0)
        draft->schema = tm_settings_schema(schema);
    if (draft->schema && (!*mime || strcmp(mime, "text/plain") == 0))
        tm_draft_note(draft, "a response schema was saved, and plain text asked for: the schema holds here");
    if (strcmp(mime, "text/x.enum") == 0)
        json_object_set_new(draft->config, "responseMimeType", json_string(mime));
}

/* Texts in settings and schemas may hold what should not be kept, too. (transfer full) */
static json_t *scrubbed(tm_draft *draft, const json_t *value)
{
    g_autofree char *text = tm_json_text(value);
    g_autoptr(json_t) whole = json_string(text);
    g_autofree char *kept = tm_draft_keep(draft, whole);
    json_t *again = tm_json_parse(kept, strlen(kept), NULL);
    return again ? again : json_object();
}

void tm_settings_read(tm_draft *draft, const json_t *run)
{
    if (!run)
        return;
    g_autoptr(json_t) kept = scrubbed(draft, run);
    const char *model = tm_json_string(kept, "model", "");
    model += g_str_has_prefix(model, "models/") ? 7 : 0;
    draft->model = *model ? g_strdup(model) : NULL;
    if (g_str_has_prefix(model, "text-bison") || g_str_has_prefix(model, "chat-bison"))
        tm_draft_note(draft, "%s is gone: name another model with --model", model);
    read_plain(draft, kept);
    read_images(draft, kept);
    read_thinking(draft, kept);
    read_safety(draft, kept);
    read_tools(draft, kept);
    read_answer_form(draft, kept);
}
