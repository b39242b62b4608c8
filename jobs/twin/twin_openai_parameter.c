/* twin_openai_parameter.c - the parameters of a chat request. Names and bounds: typings of OpenAI's
 * JavaScript library 7.57; words and what models refuse: public reports, 2025-2026. */
#include <string.h>

#include "core/json.h"
#include "jobs/twin/twin_openai.h"

enum { MAX_STOPS = 4, MAX_METADATA = 16, METADATA_KEY = 64, METADATA_VALUE = 512 };

static const char *const efforts[] = {"none", "minimal", "low", "medium", "high", "xhigh", "max", NULL};
static const char *const verbosities[] = {"low", "medium", "high", NULL};
static const char *const tiers[] = {"auto", "default", "flex", "scale", "priority", "fast", NULL};

static const tm_twin_openai_field fields[] = {
    {"model", TM_FIELD_OF_TEXT, 0, 0, NULL},
    {"messages", TM_FIELD_OF_LIST, 0, 0, NULL},
    {"audio", TM_FIELD_OF_OBJECT, 0, 0, NULL},
    {"frequency_penalty", TM_FIELD_OF_DECIMAL, -2, 2, NULL},
    {"function_call", TM_FIELD_OF_ANYTHING, 0, 0, NULL},
    {"functions", TM_FIELD_OF_LIST, 0, 0, NULL},
    {"logit_bias", TM_FIELD_OF_OBJECT, 0, 0, NULL},
    {"logprobs", TM_FIELD_OF_FLAG, 0, 0, NULL},
    {"max_completion_tokens", TM_FIELD_OF_WHOLE, 1, 1e9, NULL},
    {"max_tokens", TM_FIELD_OF_WHOLE, 1, 1e9, NULL},
    {"metadata", TM_FIELD_OF_OBJECT, 0, 0, NULL},
    {"modalities", TM_FIELD_OF_LIST, 0, 0, NULL},
    {"moderation", TM_FIELD_OF_ANYTHING, 0, 0, NULL},
    {"n", TM_FIELD_OF_WHOLE, 1, 128, NULL},
    {"parallel_tool_calls", TM_FIELD_OF_FLAG, 0, 0, NULL},
    {"prediction", TM_FIELD_OF_OBJECT, 0, 0, NULL},
    {"presence_penalty", TM_FIELD_OF_DECIMAL, -2, 2, NULL},
    {"prompt_cache_key", TM_FIELD_OF_TEXT, 0, 0, NULL},
    {"prompt_cache_options", TM_FIELD_OF_OBJECT, 0, 0, NULL},
    {"prompt_cache_retention", TM_FIELD_OF_TEXT, 0, 0, NULL},
    {"reasoning_effort", TM_FIELD_OF_TEXT, 0, 0, efforts},
    {"response_format", TM_FIELD_OF_OBJECT, 0, 0, NULL},
    {"safety_identifier", TM_FIELD_OF_TEXT, 0, 0, NULL},
    {"seed", TM_FIELD_OF_WHOLE, 0, 0, NULL},
    {"service_tier", TM_FIELD_OF_TEXT, 0, 0, tiers},
    {"stop", TM_FIELD_OF_ANYTHING, 0, 0, NULL},
    {"store", TM_FIELD_OF_FLAG, 0, 0, NULL},
    {"stream", TM_FIELD_OF_FLAG, 0, 0, NULL},
    {"stream_options", TM_FIELD_OF_OBJECT, 0, 0, NULL},
    {"temperature", TM_FIELD_OF_DECIMAL, 0, 2, NULL},
    {"tool_choice", TM_FIELD_OF_ANYTHING, 0, 0, NULL},
    {"tools", TM_FIELD_OF_LIST, 0, 0, NULL},
    {"top_logprobs", TM_FIELD_OF_WHOLE, 0, 20, NULL},
    {"top_p", TM_FIELD_OF_DECIMAL, 0, 1, NULL},
    {"user", TM_FIELD_OF_TEXT, 0, 0, NULL},
    {"verbosity", TM_FIELD_OF_TEXT, 0, 0, verbosities},
    {"web_search_options", TM_FIELD_OF_OBJECT, 0, 0, NULL},
    {NULL, TM_FIELD_OF_ANYTHING, 0, 0, NULL},
};
static const tm_twin_openai_field stream_fields[] = {
    {"include_usage", TM_FIELD_OF_FLAG, 0, 0, NULL},
    {"include_obfuscation", TM_FIELD_OF_FLAG, 0, 0, NULL},
    {NULL, TM_FIELD_OF_ANYTHING, 0, 0, NULL},
};

bool tm_twin_openai_reasons(const char *model)
{
    const char *name = strrchr(model, '/') ? strrchr(model, '/') + 1 : model;
    if (strstr(name, "-chat"))
        return false;
    return (name[0] == 'o' && g_ascii_isdigit(name[1])) || g_str_has_prefix(name, "gpt-5") ||
           g_str_has_prefix(name, "gpt-6");
}

int64_t tm_twin_openai_cap(const json_t *chat)
{
    int64_t cap = tm_json_integer(chat, "max_completion_tokens", 0);
    return cap ? cap : tm_json_integer(chat, "max_tokens", 0);
}

static bool unsupported(tm_twin_arrival *a, const char *param, const char *more)
{
    g_autofree char *words = g_strdup_printf(
        "Unsupported parameter: '%s' is not supported with this model.%s%s", param, *more ? " " : "", more);
    tm_twin_refuse_parameter(a, param, "unsupported_parameter", words);
    return false;
}

/* What reasoning models don't take. */
static bool fits_reasoning(tm_twin_arrival *a, const json_t *chat)
{
    static const char *const refused[] = {"top_p",    "presence_penalty", "frequency_penalty",
                                          "logprobs", "top_logprobs",     "logit_bias"};
    const json_t *temperature = json_object_get(chat, "temperature");
    if (json_object_get(chat, "max_tokens"))
        return unsupported(a, "max_tokens", "Use 'max_completion_tokens' instead.");
    if (temperature && json_number_value(temperature) != 1) {
        g_autofree char *words =
            g_strdup_printf("Unsupported value: 'temperature' does not support %g with this model. Only the "
                            "default (1) value is supported.",
                            json_number_value(temperature));
        tm_twin_refuse_parameter(a, "temperature", "unsupported_value", words);
        return false;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(refused); i++)
        if (json_object_get(chat, refused[i]))
            return unsupported(a, refused[i], "");
    bool early = g_str_has_prefix(a->model, "o3") || g_str_has_prefix(a->model, "o4-mini");
    return !early || !json_object_get(chat, "stop") || unsupported(a, "stop", "");
}

static bool fits_model(tm_twin_arrival *a, const json_t *chat)
{
    if (!a->preset->strict)
        return true;
    if (tm_twin_openai_reasons(a->model))
        return fits_reasoning(a, chat);
    if (json_object_get(chat, "reasoning_effort"))
        return unsupported(a, "reasoning_effort", "");
    int64_t most = g_str_has_prefix(a->model, "gpt-4o") ? 16384 : 128000, cap = tm_twin_openai_cap(chat);
    if (cap <= most)
        return true;
    const char *param = json_object_get(chat, "max_tokens") ? "max_tokens" : "max_completion_tokens";
    g_autofree char *words =
        g_strdup_printf("%s is too large: %" G_GINT64_FORMAT ". This model supports at most %" G_GINT64_FORMAT
                        " completion tokens, whereas you provided %" G_GINT64_FORMAT ".",
                        param, cap, most, cap);
    tm_twin_refuse_parameter(a, param, "invalid_value", words);
    return false;
}

static bool fits_stops(tm_twin_arrival *a, const json_t *stop)
{
    size_t i;
    json_t *one;
    bool good = !stop || json_is_string(stop) || (json_is_array(stop) && json_array_size(stop) <= MAX_STOPS);
    json_array_foreach(stop, i, one) {
        good = good && json_is_string(one);
    }
    if (!good)
        tm_twin_refuse_parameter(
            a, "stop", "invalid_type",
            "Invalid type for 'stop': expected a string or an array of at most 4 strings.");
    return good;
}

static bool fits_metadata(tm_twin_arrival *a, const json_t *metadata)
{
    const char *key;
    json_t *value;
    bool good = json_object_size(metadata) <= MAX_METADATA;
    json_object_foreach((json_t *)metadata, key, value) {
        good = good && strlen(key) <= METADATA_KEY && json_is_string(value) &&
               json_string_length(value) <= METADATA_VALUE;
    }
    if (!good)
        tm_twin_refuse_parameter(
            a, "metadata", "invalid_value",
            "Invalid 'metadata': at most 16 pairs, of keys up to 64 and strings up to 512 "
            "characters long.");
    return good;
}

static bool stand_together(tm_twin_arrival *a, const json_t *chat)
{
    bool stream = json_is_true(json_object_get(chat, "stream"));
    if (json_object_get(chat, "max_tokens") && json_object_get(chat, "max_completion_tokens"))
        tm_twin_refuse_parameter(
            a, NULL, "invalid_parameter_combination",
            "Setting 'max_tokens' and 'max_completion_tokens' at the same time is not supported.");
    else if (json_object_get(chat, "stream_options") && !stream)
        tm_twin_refuse_parameter(a, "stream_options", NULL,
                                 "The 'stream_options' parameter is only allowed when 'stream' is enabled.");
    else if (json_object_get(chat, "top_logprobs") && !json_is_true(json_object_get(chat, "logprobs")))
        tm_twin_refuse_parameter(a, "top_logprobs", NULL,
                                 "The 'top_logprobs' parameter is only allowed when 'logprobs' is enabled.");
    else
        return true;
    return false;
}

bool tm_twin_openai_parameters(tm_twin_arrival *a, json_t *chat)
{
    json_t *options = json_object_get(chat, "stream_options");
    return tm_twin_openai_fields(a, chat, "", fields) && fits_stops(a, json_object_get(chat, "stop")) &&
           fits_metadata(a, json_object_get(chat, "metadata")) &&
           (!json_is_object(options) ||
            tm_twin_openai_fields(a, options, "stream_options.", stream_fields)) &&
           stand_together(a, chat) && fits_model(a, chat);
}
