/* yaml.h - YAML into jansson trees (YAML 1.2 core types), with places in the errors. Used for front
 * matter, the config and the catalogue. */
#pragma once
#include <glib.h>
#include <jansson.h>

/* Reads one document. `file` and `first_line` place messages ("file:LINE:COLUMN: ..."). Duplicate keys, a
 * second document, keys that are no text, depth over 64 and alias bombs are errors. An empty document is
 * null. (transfer full) */
json_t *tm_yaml_parse(const char *text, size_t length, const char *file, int first_line, GError **error);

/* yaml_write.c: `value` as block-style YAML text by libyaml's emitter, key order kept. (transfer full) */
char *tm_yaml_write(const json_t *value);
