/* parse.h - a source file's bytes become its tree, by tree-sitter, within bounds of size, time and depth. */
#pragma once
#include "core/studio/source/code.h"

/* Were the grammars there when this program was built? */
bool tm_parse_can(void);
/* Fills source->root. False if the file can't be read in the time it has. What the grammar does not
 * understand is passed over; the rest is read. */
bool tm_parse(tm_code_file *source);
