/* settings.h - runSettings of a saved prompt as `config` of a .prompt file.
 *
 * Names are those of Gemini's generationConfig (temperature, topP, topK, maxOutputTokens, stopSequences,
 * responseModalities, thinkingConfig, imageConfig, ...). Three members are not of generationConfig and belong
 * to the top of a request: `safetySettings`, `tools` (Gemini's own objects, [{"googleSearch": {}}];
 * Dotprompt's top-level `tools` are names) and `toolConfig`; the provider puts them there. */
#pragma once
#include "core/studio/draft.h"

/* Fills model, config, response_mime, schema and notes; `run` may be NULL. */
void tm_settings_read(tm_draft *draft, const json_t *run);
/* Gemini's schema (OBJECT, nullable, "minItems": "1") as JSON Schema; propertyOrdering stays. (transfer full)
 */
json_t *tm_settings_schema(const json_t *schema);
