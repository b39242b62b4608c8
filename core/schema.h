/* schema.h - Picoschema to JSON Schema, JSON Schema checked against an answer, and turned into what an
 * API takes. */
#pragma once
#include <glib.h>
#include <jansson.h>

/* Picoschema, or JSON Schema passed through, to JSON Schema. NULL and *error if it is neither. (transfer
 * full) */
json_t *tm_schema_from_pico(const json_t *pico, GError **error);

/* A compiled schema: patterns compiled, $refs resolved. Holds its own copy. */
typedef struct tm_schema tm_schema;
tm_schema *tm_schema_compile(const json_t *schema, GError **error);
void tm_schema_free(tm_schema *schema);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(tm_schema, tm_schema_free)

/* Does `value` obey? On false *why is "/path: reason" (transfer full). */
gboolean tm_schema_check(const tm_schema *schema, const json_t *value, char **why);

/* JSON Schema as Gemini's responseSchema subset (nullable, no $ref, no additionalProperties, ...). What
 * can't be said in it is added to `lost` (array of char*, may be NULL). NULL if it can't be said at all:
 * then send it as responseJsonSchema. (transfer full) */
json_t *tm_schema_to_gemini(const json_t *schema, GPtrArray *lost);
