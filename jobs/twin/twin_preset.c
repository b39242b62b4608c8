/* twin_preset.c - the services' tables. Words, codes and headers: public reports and documents, 2025-2026. */
#include "jobs/twin/twin_preset.h"

#include <string.h>

#include "jobs/twin/twin_preset_words.h"

static const tm_twin_rate openai_rates[] = {
    {TM_UNIT_REQUESTS, TM_TWIN_OF_SCARCER, "x-ratelimit-limit-requests", "x-ratelimit-remaining-requests",
     "x-ratelimit-reset-requests"},
    {TM_UNIT_TOKENS, TM_TWIN_OF_MINUTE, "x-ratelimit-limit-tokens", "x-ratelimit-remaining-tokens",
     "x-ratelimit-reset-tokens"},
    {0},
};

static const tm_twin_rate openrouter_rates[] = {
    {TM_UNIT_REQUESTS, TM_TWIN_OF_SCARCER, "X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset"},
    {0},
};

static const tm_twin_rate groq_rates[] = {
    {TM_UNIT_REQUESTS, TM_TWIN_OF_DAY, "x-ratelimit-limit-requests", "x-ratelimit-remaining-requests",
     "x-ratelimit-reset-requests"},
    {TM_UNIT_TOKENS, TM_TWIN_OF_MINUTE, "x-ratelimit-limit-tokens", "x-ratelimit-remaining-tokens",
     "x-ratelimit-reset-tokens"},
    {0},
};

static const tm_twin_rate mistral_rates[] = {
    {TM_UNIT_REQUESTS, TM_TWIN_OF_MINUTE, "x-ratelimit-limit-req-minute", "x-ratelimit-remaining-req-minute",
     NULL},
    {TM_UNIT_TOKENS, TM_TWIN_OF_MINUTE, "x-ratelimit-limit-tokens-minute",
     "x-ratelimit-remaining-tokens-minute", NULL},
    {0},
};

static const tm_twin_rate together_rates[] = {
    {TM_UNIT_REQUESTS, TM_TWIN_OF_MINUTE, "x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset"},
    {TM_UNIT_TOKENS, TM_TWIN_OF_MINUTE, "x-tokenlimit-limit", "x-tokenlimit-remaining", NULL},
    {0},
};

static const tm_twin_rate cerebras_rates[] = {
    {TM_UNIT_REQUESTS, TM_TWIN_OF_DAY, "x-ratelimit-limit-requests-day", "x-ratelimit-remaining-requests-day",
     "x-ratelimit-reset-requests-day"},
    {TM_UNIT_TOKENS, TM_TWIN_OF_MINUTE, "x-ratelimit-limit-tokens-minute",
     "x-ratelimit-remaining-tokens-minute", "x-ratelimit-reset-tokens-minute"},
    {0},
};

static const tm_twin_rate fireworks_rates[] = {
    {TM_UNIT_REQUESTS, TM_TWIN_OF_MINUTE, "x-ratelimit-limit-requests", "x-ratelimit-remaining-requests",
     NULL},
    {TM_UNIT_TOKENS, TM_TWIN_OF_MINUTE, "x-ratelimit-limit-tokens-prompt",
     "x-ratelimit-remaining-tokens-prompt", NULL},
    {0},
};

static const tm_twin_preset presets[] = {
    {.name = "openai",
     .path = "/v1",
     .day = TM_DAY_NONE,
     .rates = openai_rates,
     .retry_after = true,
     .refused_counts = true,
     .strict = true},
    {.name = "openrouter",
     .path = "/api/v1",
     .day = TM_DAY_UTC,
     .shape = TM_TWIN_NUMBERED,
     .words = tm_twin_openrouter_words,
     .rates = openrouter_rates,
     .reset = TM_TWIN_RESET_EPOCH_MS,
     .rates_when_refused = true},
    {.name = "groq",
     .path = "/openai/v1",
     .day = TM_DAY_ROLLING,
     .words = tm_twin_groq_words,
     .rates = groq_rates,
     .retry_after = true},
    {.name = "mistral",
     .path = "/v1",
     .day = TM_DAY_NONE,
     .shape = TM_TWIN_FLAT,
     .words = tm_twin_mistral_words,
     .rates = mistral_rates},
    {.name = "deepseek",
     .path = "/v1",
     .day = TM_DAY_NONE,
     .words = tm_twin_deepseek_words,
     .no_schema = true,
     .keeps_alive = true},
    {.name = "together",
     .path = "/v1",
     .day = TM_DAY_NONE,
     .words = tm_twin_together_words,
     .rates = together_rates,
     .reset = TM_TWIN_RESET_SECONDS},
    {.name = "xai",
     .path = "/v1",
     .day = TM_DAY_NONE,
     .shape = TM_TWIN_CODE_FIRST,
     .words = tm_twin_xai_words},
    {.name = "cerebras",
     .path = "/v1",
     .day = TM_DAY_NONE,
     .shape = TM_TWIN_FLAT,
     .words = tm_twin_cerebras_words,
     .rates = cerebras_rates,
     .reset = TM_TWIN_RESET_SECONDS},
    {.name = "fireworks",
     .path = "/inference/v1",
     .day = TM_DAY_NONE,
     .words = tm_twin_fireworks_words,
     .rates = fireworks_rates},
    {.name = "ollama", .path = "/v1", .day = TM_DAY_NONE, .words = tm_twin_ollama_words, .keyless = true},
    {.name = "llama.cpp", .path = "/v1", .day = TM_DAY_NONE, .words = tm_twin_llama_words, .keyless = true},
    {.name = "vllm",
     .path = "/v1",
     .day = TM_DAY_NONE,
     .shape = TM_TWIN_FLAT,
     .words = tm_twin_vllm_words,
     .keyless = true},
    {.name = "lmstudio",
     .path = "/v1",
     .day = TM_DAY_NONE,
     .shape = TM_TWIN_STRING,
     .words = tm_twin_lmstudio_words,
     .no_json_object = true,
     .keyless = true},
    {.name = "new-api", .path = "/v1", .day = TM_DAY_NONE, .words = tm_twin_reseller_words},
    /* Gemini's own OpenAI-compatible path: what it says is the native wire's, in a list of one */
    {.name = "gemini", .path = "/v1beta/openai", .day = TM_DAY_PACIFIC, .shape = TM_TWIN_LISTED},
};

const tm_twin_preset *tm_twin_preset_nth(guint n)
{
    return n < G_N_ELEMENTS(presets) ? &presets[n] : NULL;
}

const tm_twin_preset *tm_twin_preset_named(const char *name)
{
    for (size_t i = 0; i < G_N_ELEMENTS(presets); i++)
        if (strcmp(presets[i].name, name ? name : "openai") == 0)
            return &presets[i];
    return NULL;
}

static const tm_twin_words *find_words(const tm_twin_words *words, const char *class)
{
    for (; words && words->class; words++)
        if (strcmp(words->class, class) == 0)
            return words;
    return NULL;
}

const tm_twin_words *tm_twin_preset_words(const tm_twin_preset *preset, const char *class)
{
    const tm_twin_words *own = find_words(preset->words, class),
                        *common = find_words(tm_twin_openai_words, class);
    return own ? own : common ? common : find_words(tm_twin_openai_words, "bad_request");
}
