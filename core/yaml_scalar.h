/* yaml_scalar.h - what a word without quotes means in YAML. */
#pragma once
#include <jansson.h>

/* A plain scalar by the rules of YAML 1.2's core schema; what is none of them is text. An integer past 64
 * bits becomes a real, and .inf and .nan, which JSON can't say, stay text. NULL: no UTF-8. (transfer full) */
json_t *tm_yaml_scalar(const char *text, size_t length);
