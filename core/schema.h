/* schema.h - Picoschema to JSON Schema, JSON Schema checked against an answer, and turned into what an
 * API takes. */
#pragma once
#include <glib.h>
#include <jansson.h>

/* Looks up a schema that somebody named, in either language. (transfer full); NULL: there is none, or *error.
 */
typedef json_t *(*tm_schema_loader)(const char *name, void *data, GError **error);

/* Picoschema, or JSON Schema passed through, to JSON Schema; a word that is no type is asked of `load` (may
 * be NULL). NULL and *error if it is neither. (transfer full) */
json_t *tm_schema_from_pico(const json_t *pico, tm_schema_loader load, void *data, GError **error);

/* A compiled schema: patterns compiled, $refs resolved. Holds its own copy. JSON Schema of drafts 7 and
 * 2020-12, with Gemini's upper-case types and `nullable`. NULL and *error for what is none, and for keywords
 * that would change the verdict and are not known here (unevaluatedProperties, a $ref elsewhere). */
typedef struct tm_schema tm_schema;
tm_schema *tm_schema_compile(const json_t *schema, GError **error);
void tm_schema_free(tm_schema *schema);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(tm_schema, tm_schema_free)

/* What the schema says and no answer is checked for (formats, words that are no keywords): char*, borrowed.
 */
const GPtrArray *tm_schema_notes(const tm_schema *schema);

/* Does `value` obey? On false *why is "/path: reason" (transfer full). */
gboolean tm_schema_check(const tm_schema *schema, const json_t *value, char **why);

/* JSON Schema as Gemini's responseSchema subset (nullable, no $ref, no additionalProperties, ...). What
 * can't be said in it is added to `lost` (array of char*, may be NULL). NULL if its shape can't be said at
 * all: then send it as responseJsonSchema. (transfer full) */
json_t *tm_schema_to_gemini(const json_t *schema, GPtrArray *lost);

/* JSON Schema as Gemini's responseJsonSchema, which takes references and maps, and few bounds. What can't be
 * said is added to `lost`. (transfer full) */
json_t *tm_schema_to_gemini_json(const json_t *schema, GPtrArray *lost);

/* JSON Schema as OpenAI's strict json_schema: every object closed, every property required, optional ones
 * nullable. What can't be said is added to `lost`; NULL if the shape can't be said at all (a root that is no
 * object, maps, tuples, past the API's bounds), and the last of `lost` says why. (transfer full) */
json_t *tm_schema_to_openai(const json_t *schema, GPtrArray *lost);

/* Takes those null members out of an answer in the strict form that stand for absent ones. True: there were
 * some. */
gboolean tm_schema_drop_absent(const json_t *schema, json_t *value);
