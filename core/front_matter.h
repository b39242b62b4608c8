/* front_matter.h - the YAML head of a .prompt file: private to core/prompt.c. */
#pragma once
#include "core/prompt.h"

/* A prompt's text taken apart; all borrowed from it. */
typedef struct {
    const char *text; /* the YAML; NULL: there is none */
    size_t length;
    int line; /* the file's line on which the YAML begins */
    const char *body;
    size_t body_length;
    int body_line;
} tm_front_matter;

/* Finds the front matter: between two lines of ---, the first of them after nothing but # comments and empty
 * lines. The body behind it is trimmed, as Dotprompt does; without front matter the whole text is the body,
 * but for a BOM. */
gboolean tm_front_matter_find(const char *text, size_t length, const char *file, tm_front_matter *front,
                              GError **error);
/* Reads it into the prompt; schemas by name come from `load`. Errors name the file and line. */
gboolean tm_front_matter_read(const tm_front_matter *front, const char *file, tm_prompt *prompt,
                              tm_schema_loader load, void *data, GError **error);
