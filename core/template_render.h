/* template_render.h - the state of one rendering: private to core/template*.c. */
#pragma once
#include "core/template_nodes.h"

/* What `this` is, and what it was further out: for ../ */
typedef struct tm_scope {
    const json_t *value;
    const struct tm_scope *up;
} tm_scope;

/* A round of #each. */
typedef struct tm_loop {
    size_t index;
    const char *key; /* NULL: an array's */
    bool last;
    const struct tm_loop *up;
} tm_loop;

/* Values of block parameters. */
typedef struct tm_names {
    const json_t *values[2];
    const struct tm_names *up;
} tm_names;

typedef struct {
    const tm_scope *scope;
    const tm_loop *loop;
    const tm_names *names;
} tm_frame;

typedef struct {
    const tm_template *template;
    const tm_unit *unit; /* where the node being rendered stands */
    const tm_render *render;
    const json_t *row;
    GPtrArray *messages;
    tm_message *message; /* the one being filled, not yet in `messages` */
    GString *text;       /* the part being filled, not yet in `message` */
    GPtrArray *made;     /* json_t made on the way; NULL: none yet */
    GString *indent;     /* put before each line: of partials that stand alone on an indented line; NULL */
    bool line_start;
    bool has_history;
    GError **error;
} tm_renderer;

/* template_values.c. Borrowed, valid until the rendering ends; NULL is undefined. */
const json_t *tm_value_of(tm_renderer *renderer, const tm_frame *frame, const tm_expression *expression);
const json_t *tm_named_value(tm_renderer *renderer, const tm_frame *frame, const tm_use *use,
                             const char *name);
/* Of {{json x}} or {{lookup x y}}. */
const json_t *tm_call_value(tm_renderer *renderer, const tm_frame *frame, const tm_use *use);
/* false, null, absent, "" or []: what #if counts as no (it adds 0). */
bool tm_value_is_empty(const json_t *value);
bool tm_values_equal(const json_t *a, const json_t *b);
void tm_value_write(GString *out, const json_t *value);

/* template_emit.c: messages and parts as they come. */
void tm_emit(tm_renderer *renderer, const char *text, size_t length);
void tm_emit_value(tm_renderer *renderer, const json_t *value);
void tm_emit_role(tm_renderer *renderer, const char *role);
void tm_emit_part(tm_renderer *renderer, tm_part *part); /* takes it */
gboolean tm_emit_history(tm_renderer *renderer, GError **error);
/* The end: all messages, with the history where it belongs. NULL and *error if that is of no shape. */
GPtrArray *tm_emit_end(tm_renderer *renderer, GError **error);
