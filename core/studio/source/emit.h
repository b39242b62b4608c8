/* emit.h - values become text of a Handlebars template: what is unknown a variable, choices {{#if}}, lists
 * {{#each}}; braces in texts are escaped. */
#pragma once
#include "core/studio/draft.h"
#include "core/studio/source/value.h"

typedef struct tm_emit tm_emit;

/* One for each prompt: two different expressions never get one name in it. `draft` (borrowed) gets the
 * defaults, the expressions and the notes. */
tm_emit *tm_emit_new(tm_draft *draft);
void tm_emit_free(tm_emit *emit);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(tm_emit, tm_emit_free)

/* The value as a piece of a turn. (transfer full) */
tm_piece *tm_emit_piece(tm_emit *emit, const tm_value *value);
/* The variable's name for what is unknown. Borrowed. */
const char *tm_emit_name(tm_emit *emit, const tm_value *unknown);
/* The tag that opens what stands under a condition (turned: where it does not hold), and *close, the inside
 * of the one that closes it. (transfer full) */
tm_piece *tm_emit_open(tm_emit *emit, const tm_value *condition, bool turned, char **close);
tm_piece *tm_emit_tag(const char *inner);
/* From here on, to the matching _forget, the condition is known to hold or not. Borrows it. */
void tm_emit_know(tm_emit *emit, const tm_value *condition, bool holds);
void tm_emit_forget(tm_emit *emit);
/* Does a condition hold here, as far as those that are known tell? */
tm_truth tm_emit_truth(const tm_emit *emit, const tm_value *condition);
/* A piece that stands under a condition: a medium has no line ends around it, and a tag leaves the line end
 * that `next` begins with. */
void tm_emit_inline(tm_piece *piece, const tm_piece *next);
/* {{#each list}}{{media url=...}}{{/each}}: one medium for each item; `data` is what its item has of it. */
tm_piece *tm_emit_media_list(tm_emit *emit, const tm_value *list, const tm_value *item, const tm_value *data);
