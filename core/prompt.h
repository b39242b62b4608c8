/* prompt.h - a prompt: what a .prompt file holds (Dotprompt: YAML front matter, Handlebars body), from a
 * file, from a text on the command line, or from the copy that a batch's revision keeps. Immutable. */
#pragma once
#include "core/label.h"
#include "core/schema.h"
#include "core/template.h"

typedef struct {
    char *name;              /* file's name without folders and ".prompt"; or as given */
    char *path;              /* absolute; NULL: not from a file */
    char *model;             /* without "models/" or a provider's prefix such as "googleai/"; NULL: none */
    char *provider;          /* the prefix, where the model had one ("googleai", "openai"); NULL */
    json_t *config;          /* object, possibly empty: as written */
    json_t *input_schema;    /* JSON Schema; NULL */
    json_t *input_default;   /* object; NULL */
    char *output_format;     /* "json", "text", "media", ... ; NULL */
    json_t *output_schema;   /* JSON Schema; NULL */
    json_t *tools;           /* array; NULL */
    json_t *metadata;        /* object; NULL */
    json_t *ext;             /* {"namespace": {"field": value}} of front matter keys with dots; NULL */
    json_t *raw;             /* the front matter as written; NULL: none */
    tm_schema *output_check; /* output_schema compiled; NULL without one */
    tm_labels *labels;       /* the only answers it takes, as text; NULL: any */
    bool labels_given;       /* by tm_prompt_set_labels(), not by its own schema */
    tm_template *template;
    char *source;     /* the file's whole text */
    json_t *partials; /* {"name": "text"} of all partials that are used; the copy needs no files */
    json_t *schemas;  /* {"name": schema} of all schemas named in it that are files of their own */
    char *hash;       /* SHA-256 hex over source, partials and schemas */
} tm_prompt;

/* Reads FILE.prompt with its partials `_name.prompt` and its schemas `_Name.schema.yaml` or `.json` beside
 * it. (transfer full) */
tm_prompt *tm_prompt_load(const char *path, GError **error);
/* A prompt from its text; `name` names it in messages; partials from `dir` (NULL: none). (transfer full) */
tm_prompt *tm_prompt_from_text(const char *name, const char *text, size_t length, const char *dir,
                               GError **error);
void tm_prompt_free(tm_prompt *prompt);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(tm_prompt, tm_prompt_free)

/* The copy kept in a revision: {"name", "path", "source", "partials", "schemas"}; and back. (transfer full)
 */
json_t *tm_prompt_to_json(const tm_prompt *prompt);
tm_prompt *tm_prompt_from_json(const json_t *json, GError **error);

/* Makes `labels` (borrowed) the only answers of a prompt that has just been read, instead of those of its own
 * schema. An error if that schema asks for anything but labels. */
gboolean tm_prompt_set_labels(tm_prompt *prompt, tm_labels *labels, GError **error);

/* Does this prompt ask for a JSON answer (output.format json, a schema, or a JSON responseMimeType)? A label
 * is none. */
gboolean tm_prompt_wants_json(const tm_prompt *prompt);

/* Renders one row. `input` (borrowed) is merged over input_default. (transfer full) */
GPtrArray *tm_prompt_render(const tm_prompt *prompt, const json_t *input, GError **error);
