/* jsonl.h - JSON rows: an object a line (JSONL), the elements of one array, or objects one after another
 * (which may be pretty-printed). Streamed: never more than one row is held.
 *
 * Bad rows: what is no JSON, or no object, or longer than TM_ROW_MAX. In an array an element ends at the
 * comma or bracket that closes it; a bracket left open inside is closed by the outer one, and a string by its
 * line's end, so that one bad element costs only itself wherever that can be told. */
#pragma once
#include "core/input.h"
#include "core/row.h"

typedef struct tm_jsonl tm_jsonl;

typedef enum { TM_JSON_LINES, TM_JSON_ARRAY, TM_JSON_STREAM } tm_json_layout;

/* What the bytes at hand look like: an array begins with [, lines have a whole value on their first line. */
tm_json_layout tm_jsonl_layout(const char *bytes, size_t n);

/* Reads `input` (borrowed) from where it stands. (transfer full) */
tm_jsonl *tm_jsonl_new(tm_input *input, tm_json_layout layout);
void tm_jsonl_free(tm_jsonl *jsonl);
tm_next_row tm_jsonl_next(tm_jsonl *jsonl, tm_row *row, GError **error);
