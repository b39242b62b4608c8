/* json.h - small helpers over jansson, and the string writer that request bodies are spliced with. */
#pragma once
#include <glib.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

G_DEFINE_AUTOPTR_CLEANUP_FUNC(json_t, json_decref)

/* json_write.c */

/* Appends `text` as a JSON string with its quotes. Bytes that are no UTF-8 become U+FFFD. */
void tm_json_write_string(GString *out, const char *text, size_t length);
/* Appends `value` compact, key order kept, numbers as tm_json_write_number() writes them. NULL is null. */
void tm_json_write(GString *out, const json_t *value);
/* The same as a new string. (transfer full) */
char *tm_json_text(const json_t *value);
/* The same over several lines, `indent` (0..10) spaces a level, as JavaScript's JSON.stringify lays it out.
 */
void tm_json_write_indented(GString *out, const json_t *value, int indent);
/* Appends a number as JavaScript prints it: 0.1, 3, 1e-7, never 0.10000000000000001 or 3.0. */
void tm_json_write_number(GString *out, const json_t *number);

/* json_read.c */

/* Parses quickly what is plainly JSON; NULL: jansson must judge (an error, or a rarity such as a number past
 * 18 digits). A value is the very one that jansson gives. For tm_json_parse(). (transfer full) */
json_t *tm_json_read(const char *text, size_t length);

/* json.c */

/* Parses with U+0000 allowed; lone surrogates are mended to U+FFFD, a BOM is skipped, any value may stand at
 * the top, integers past 64 bits become reals. NULL and *error with line and column. (transfer full) */
json_t *tm_json_parse(const char *text, size_t length, GError **error);
/* The same of a row of data, where a number that no machine number holds as it is written (an integer past 64
 * bits, a real of more than 17 digits) becomes the string of its text: an id stays that id. */
json_t *tm_json_parse_row(const char *text, size_t length, GError **error);
/* Appends JSON text that tm_json_parse() takes as it is written, but without the blanks between its tokens,
 * and with lone surrogates as U+FFFD. */
void tm_json_write_compact(GString *out, const char *text, size_t length);

/* Members of an object, or the fallback where it is absent or of another type. Borrowed. */
const char *tm_json_string(const json_t *object, const char *key, const char *fallback);
int64_t tm_json_integer(const json_t *object, const char *key,
                        int64_t fallback); /* numbers in strings count */
bool tm_json_bool(const json_t *object, const char *key, bool fallback);
const json_t *tm_json_object(const json_t *object, const char *key); /* NULL if absent or no object */
const json_t *tm_json_array(const json_t *object, const char *key);
