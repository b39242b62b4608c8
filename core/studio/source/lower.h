/* lower.h - tree-sitter's nodes, which differ from language to language, become nodes of code.h. */
#pragma once
#include "core/studio/source/code.h"
#include <tree_sitter/api.h>

enum { LOWER_DEPTH = 250 }; /* what is nested deeper is passed over */

typedef tm_code *(*tm_lower)(tm_code_file *source, TSNode node, int depth);

/* The node of a file, a statement or an expression of TypeScript or JavaScript, with JSX; of Python. */
tm_code *tm_lower_script(tm_code_file *source, TSNode node, int depth);
tm_code *tm_lower_python(tm_code_file *source, TSNode node, int depth);

/* What both share. */
tm_code *tm_lower_new(tm_code_file *source, tm_code_kind kind, TSNode node);
bool tm_lower_is(TSNode node, const char *type);
TSNode tm_lower_field(TSNode node, const char *field); /* null where there is none */
void tm_lower_name(tm_code *code, TSNode node);        /* its text is what stands there */
/* Adds each named child, lowered. */
void tm_lower_kids(tm_code *code, TSNode node, tm_lower lower, int depth);
/* The text between two bytes with its escapes read as JavaScript or Python reads them. */
void tm_lower_cook(tm_code *code, guint32 start, guint32 end);
