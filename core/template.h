/* template.h - the Handlebars subset of Dotprompt: compiled once, rendered many times, straight into
 * messages. Values are never scanned again. Immutable after compiling. */
#pragma once
#include "core/message.h"
#include <stdbool.h>

typedef struct tm_template tm_template;

/* Looks up a partial's source by name. (transfer full); NULL: there is none. */
typedef char *(*tm_partial_loader)(const char *name, void *data);

/* A variable that the template reads from the row. */
typedef struct {
    const char *name; /* first segment of the path, as written */
    int line, column; /* of the first use, 1-based, in the template's own file */
    size_t offset;    /* in its source */
    bool needed;      /* is printed or iterated outside of any #if/#unless that tests it */
    bool media;       /* is used as the address of media only (and tested): no prompt shows its text */
} tm_variable;

/* Compiles `source`; `file` and `first_line` (the line of the file on which source begins) place
 * messages: "file:LINE:COLUMN: what; what to do", for a misspelt helper with a guess. Partials are
 * loaded and compiled at once, recursion is an error. (transfer full) */
tm_template *tm_template_compile(const char *source, size_t length, const char *file, int first_line,
                                 tm_partial_loader loader, void *loader_data, GError **error);
void tm_template_free(tm_template *template);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(tm_template, tm_template_free)

/* "\n    the line\n      ^": where the template first uses a variable. (transfer full) */
char *tm_template_show(const tm_template *template, const tm_variable *variable);

/* The variables in order of first use; borrowed, valid as long as the template. */
const tm_variable *tm_template_variables(const tm_template *template, size_t *n);
/* Does it also read the row as a whole ({{json this}}, {{#each @root}})? Then every column counts. */
bool tm_template_reads_row(const tm_template *template);
/* The addresses of media that stand in the template itself, each once, NULL-terminated; NULL: it has no media
 * at all. Borrowed. */
const char *const *tm_template_media(const tm_template *template);
/* Bytes of text that stand in the template itself: what a row without values would send. */
size_t tm_template_static_length(const tm_template *template);

/* Dotprompt's whole render object. All borrowed; any may be NULL. */
typedef struct {
    const json_t *input;    /* the row's values with defaults merged in */
    const json_t *messages; /* earlier turns, for {{history}} */
    const json_t *docs;
    const json_t *context; /* what @auth, @state and other @-data read */
} tm_render;

/* Messages of one row: an array of tm_message (transfer full), or NULL and *error. */
GPtrArray *tm_template_render(const tm_template *template, const tm_render *render, GError **error);
