/* twin_message.c - the messages of generateContent and countTokens. Field lists: the OpenAPI derived from
 * the service's discovery document for v1beta, 2026-08, and the typings of its JavaScript SDK 3.1. */
#include "jobs/twin/twin_message.h"

#include <stddef.h>

#define TEXT(name)                                                                                           \
    {                                                                                                        \
        name, TM_FIELD_STRING, false, NULL, NULL                                                             \
    }
#define TEXTS(name)                                                                                          \
    {                                                                                                        \
        name, TM_FIELD_STRING, true, NULL, NULL                                                              \
    }
#define FLAG(name)                                                                                           \
    {                                                                                                        \
        name, TM_FIELD_BOOL, false, NULL, NULL                                                               \
    }
#define INTEGER(name)                                                                                        \
    {                                                                                                        \
        name, TM_FIELD_INTEGER, false, NULL, NULL                                                            \
    }
#define NUMBER(name)                                                                                         \
    {                                                                                                        \
        name, TM_FIELD_NUMBER, false, NULL, NULL                                                             \
    }
#define BYTES(name)                                                                                          \
    {                                                                                                        \
        name, TM_FIELD_BYTES, false, NULL, NULL                                                              \
    }
#define ANY(name)                                                                                            \
    {                                                                                                        \
        name, TM_FIELD_ANY, false, NULL, NULL                                                                \
    }
#define ONE_OF(name, values)                                                                                 \
    {                                                                                                        \
        name, TM_FIELD_ENUM, false, NULL, values                                                             \
    }
#define SOME_OF(name, values)                                                                                \
    {                                                                                                        \
        name, TM_FIELD_ENUM, true, NULL, values                                                              \
    }
#define ONE(name, message)                                                                                   \
    {                                                                                                        \
        name, TM_FIELD_MESSAGE, false, &message, NULL                                                        \
    }
#define MANY(name, message)                                                                                  \
    {                                                                                                        \
        name, TM_FIELD_MESSAGE, true, &message, NULL                                                         \
    }
#define MAP(name, message)                                                                                   \
    {                                                                                                        \
        name, TM_FIELD_MAP, false, &message, NULL                                                            \
    }
#define END                                                                                                  \
    {                                                                                                        \
        NULL, TM_FIELD_ANY, false, NULL, NULL                                                                \
    }

static const char *const resolutions[] = {"MEDIA_RESOLUTION_UNSPECIFIED", "MEDIA_RESOLUTION_LOW",
                                          "MEDIA_RESOLUTION_MEDIUM",      "MEDIA_RESOLUTION_HIGH",
                                          "MEDIA_RESOLUTION_ULTRA_HIGH",  NULL};
static const char *const schema_types[] = {
    "TYPE_UNSPECIFIED", "STRING", "NUMBER",  "INTEGER", "BOOLEAN", "ARRAY",  "OBJECT", "NULL",
    "string",           "number", "integer", "boolean", "array",   "object", "null",   NULL};
static const char *const modalities[] = {"MODALITY_UNSPECIFIED", "TEXT", "IMAGE", "AUDIO", "VIDEO", NULL};
static const char *const thinking_levels[] = {"THINKING_LEVEL_UNSPECIFIED",
                                              "MINIMAL",
                                              "LOW",
                                              "MEDIUM",
                                              "HIGH",
                                              "minimal",
                                              "low",
                                              "medium",
                                              "high",
                                              NULL};
static const char *const harm_categories[] = {
    "HARM_CATEGORY_UNSPECIFIED",       "HARM_CATEGORY_HARASSMENT",
    "HARM_CATEGORY_HATE_SPEECH",       "HARM_CATEGORY_SEXUALLY_EXPLICIT",
    "HARM_CATEGORY_DANGEROUS_CONTENT", "HARM_CATEGORY_CIVIC_INTEGRITY",
    "HARM_CATEGORY_JAILBREAK",         NULL};
static const char *const harm_thresholds[] = {"HARM_BLOCK_THRESHOLD_UNSPECIFIED",
                                              "BLOCK_LOW_AND_ABOVE",
                                              "BLOCK_MEDIUM_AND_ABOVE",
                                              "BLOCK_ONLY_HIGH",
                                              "BLOCK_NONE",
                                              "OFF",
                                              NULL};
static const char *const calling_modes[] = {"MODE_UNSPECIFIED", "AUTO", "ANY", "NONE", "VALIDATED", NULL};
static const char *const service_tiers[] = {"unspecified", "standard", "flex", "priority", NULL};

/* Contents. */
static const tm_twin_message blob = {"Blob", (const tm_twin_field[]){TEXT("mimeType"), BYTES("data"), END}};
static const tm_twin_message file_data = {"FileData",
                                          (const tm_twin_field[]){TEXT("mimeType"), TEXT("fileUri"), END}};
static const tm_twin_message video_metadata = {
    "VideoMetadata", (const tm_twin_field[]){TEXT("startOffset"), TEXT("endOffset"), NUMBER("fps"), END}};
static const tm_twin_message media_resolution = {"MediaResolution",
                                                 (const tm_twin_field[]){ONE_OF("level", resolutions), END}};
static const tm_twin_message part = {
    "Part", (const tm_twin_field[]){
                TEXT("text"), ONE("inlineData", blob), ONE("fileData", file_data), FLAG("thought"),
                BYTES("thoughtSignature"), ANY("functionCall"), ANY("functionResponse"),
                ANY("executableCode"), ANY("codeExecutionResult"), ANY("toolCall"), ANY("toolResponse"),
                ONE("videoMetadata", video_metadata), ONE("mediaResolution", media_resolution),
                TEXT("mediaProcessing"), ANY("partMetadata"), END}};
static const tm_twin_message content = {"Content",
                                        (const tm_twin_field[]){TEXT("role"), MANY("parts", part), END}};

/* Generation. */
static const tm_twin_message schema; /* holds itself */
static const tm_twin_message schema = {"Schema", (const tm_twin_field[]){ONE_OF("type", schema_types),
                                                                         MAP("properties", schema),
                                                                         TEXTS("required"),
                                                                         ONE("items", schema),
                                                                         TEXTS("enum"),
                                                                         TEXT("description"),
                                                                         FLAG("nullable"),
                                                                         TEXT("format"),
                                                                         TEXT("title"),
                                                                         TEXTS("propertyOrdering"),
                                                                         MANY("anyOf", schema),
                                                                         INTEGER("minItems"),
                                                                         INTEGER("maxItems"),
                                                                         NUMBER("minimum"),
                                                                         NUMBER("maximum"),
                                                                         INTEGER("minLength"),
                                                                         INTEGER("maxLength"),
                                                                         INTEGER("minProperties"),
                                                                         INTEGER("maxProperties"),
                                                                         TEXT("pattern"),
                                                                         ANY("example"),
                                                                         ANY("default"),
                                                                         END}};
static const tm_twin_message thinking_config = {
    "ThinkingConfig",
    (const tm_twin_field[]){INTEGER("thinkingBudget"), ONE_OF("thinkingLevel", thinking_levels),
                            FLAG("includeThoughts"), END}};
static const tm_twin_message image_config = {
    "ImageConfig", (const tm_twin_field[]){TEXT("aspectRatio"), TEXT("imageSize"), END}};
static const tm_twin_message speech_config = {
    "SpeechConfig",
    (const tm_twin_field[]){ANY("voiceConfig"), ANY("multiSpeakerVoiceConfig"), TEXT("languageCode"), END}};
static const tm_twin_message generation_config = {
    "GenerationConfig", (const tm_twin_field[]){NUMBER("temperature"),
                                                INTEGER("maxOutputTokens"),
                                                TEXT("responseMimeType"),
                                                ONE("responseSchema", schema),
                                                ANY("responseJsonSchema"),
                                                ANY("_responseJsonSchema"),
                                                ONE("thinkingConfig", thinking_config),
                                                NUMBER("topP"),
                                                NUMBER("topK"),
                                                INTEGER("candidateCount"),
                                                TEXTS("stopSequences"),
                                                INTEGER("seed"),
                                                NUMBER("presencePenalty"),
                                                NUMBER("frequencyPenalty"),
                                                FLAG("responseLogprobs"),
                                                INTEGER("logprobs"),
                                                SOME_OF("responseModalities", modalities),
                                                ONE_OF("mediaResolution", resolutions),
                                                ONE("speechConfig", speech_config),
                                                ONE("imageConfig", image_config),
                                                ANY("responseFormat"),
                                                ANY("audioTranscriptionConfig"),
                                                ANY("translationConfig"),
                                                FLAG("enableAffectiveDialog"),
                                                FLAG("enableEnhancedCivicAnswers"),
                                                END}};
static const tm_twin_message safety_setting = {
    "SafetySetting",
    (const tm_twin_field[]){ONE_OF("category", harm_categories), ONE_OF("threshold", harm_thresholds), END}};

/* Tools. */
static const tm_twin_message empty = {"Empty", (const tm_twin_field[]){END}};
static const tm_twin_message function_declaration = {
    "FunctionDeclaration",
    (const tm_twin_field[]){TEXT("name"), TEXT("description"), ONE("parameters", schema),
                            ANY("parametersJsonSchema"), ONE("response", schema), ANY("responseJsonSchema"),
                            TEXT("behavior"), END}};
static const tm_twin_message tool = {
    "Tool", (const tm_twin_field[]){MANY("functionDeclarations", function_declaration),
                                    ANY("googleSearch"),
                                    ANY("googleSearchRetrieval"),
                                    ONE("codeExecution", empty),
                                    ONE("urlContext", empty),
                                    ANY("fileSearch"),
                                    ANY("googleMaps"),
                                    ANY("computerUse"),
                                    {"mcpServers", TM_FIELD_ANY, true, NULL, NULL},
                                    END}};
static const tm_twin_message calling_config = {
    "FunctionCallingConfig",
    (const tm_twin_field[]){ONE_OF("mode", calling_modes), TEXTS("allowedFunctionNames"), END}};
static const tm_twin_message tool_config = {
    "ToolConfig",
    (const tm_twin_field[]){ONE("functionCallingConfig", calling_config), ANY("retrievalConfig"),
                            FLAG("includeServerSideToolInvocations"), END}};

const tm_twin_message tm_twin_generate_request = {
    "GenerateContentRequest",
    (const tm_twin_field[]){MANY("contents", content), ONE("generationConfig", generation_config),
                            ONE("systemInstruction", content), MANY("safetySettings", safety_setting),
                            MANY("tools", tool), ONE("toolConfig", tool_config), TEXT("model"),
                            TEXT("cachedContent"), ONE_OF("serviceTier", service_tiers), FLAG("store"),
                            ANY("labels"), TEXT("continuationToken"), END}};
const tm_twin_message tm_twin_count_request = {
    "CountTokensRequest",
    (const tm_twin_field[]){MANY("contents", content),
                            ONE("generateContentRequest", tm_twin_generate_request), TEXT("model"), END}};
