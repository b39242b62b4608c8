/* twin_value.h - a value that obeys a schema (JSON Schema or Gemini's subset), chosen by a seed. */
#pragma once
#include <jansson.h>
#include <stdint.h>

/* The same for the same (schema, seed). `not`, `if` and patterns that twin_pattern.h can't make are not
 * heeded; a schema that requires itself ends in null. (transfer full) */
json_t *tm_twin_value(const json_t *schema, uint64_t seed);
