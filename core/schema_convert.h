/* schema_convert.h - what the conversions of a schema to an API's own words share: private to
 * core/schema_*.c. */
#pragma once
#include "core/schema_nodes.h"

typedef struct {
    const json_t *root;
    GPtrArray *lost; /* char*: what can't be said; may be NULL */
    int depth, steps;
} tm_converter;

/* Notes once that this can't be said. */
void tm_converter_lose(tm_converter *converter, const char *format, ...) G_GNUC_PRINTF(2, 3);
/* Notes each of the keywords that stands in the schema: NULL-terminated. */
void tm_converter_lose_all(tm_converter *converter, const json_t *schema, const char *const *keywords);
/* Copies the keywords that stand in the schema: NULL-terminated. */
void tm_converter_copy(const json_t *schema, const char *const *keywords, json_t *out);
/* exclusiveMinimum and exclusiveMaximum of whole numbers as minimum and maximum; of others they are lost. */
void tm_converter_bounds(tm_converter *converter, const json_t *schema, bool integer, json_t *out);
/* What a $ref or a lone allOf stands for, with what stands beside it laid over. (transfer full); NULL: no
 * way. */
json_t *tm_converter_unfold(const tm_converter *converter, const json_t *schema);
/* The values of enum, or of const as its one. (transfer full); NULL: neither is there. */
json_t *tm_converter_values(const json_t *schema);
/* Is `word` a type of the schema's, in either spelling? */
bool tm_converter_has_type(const json_t *schema, const char *word);
/* "#/definitions/a" as "#/$defs/a", where the answer keeps its definitions. (transfer full) */
char *tm_converter_ref(const char *ref);
