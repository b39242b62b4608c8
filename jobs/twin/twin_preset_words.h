/* twin_preset_words.h - sentences of the services, one table each; class NULL ends it. For twin_preset.c. */
#pragma once
#include "jobs/twin/twin_preset.h"

extern const tm_twin_words tm_twin_openai_words[], tm_twin_openrouter_words[], tm_twin_groq_words[],
    tm_twin_mistral_words[], tm_twin_deepseek_words[], tm_twin_together_words[], tm_twin_xai_words[],
    tm_twin_cerebras_words[], tm_twin_fireworks_words[], tm_twin_ollama_words[], tm_twin_llama_words[],
    tm_twin_vllm_words[], tm_twin_lmstudio_words[], tm_twin_reseller_words[];
