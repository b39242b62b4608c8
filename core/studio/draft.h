/* draft.h - an exported prompt between reading and writing: system text, turns, settings, and what was found
 * odd. The readers of the formats fill it, prompt_text.h makes a .prompt file of it. */
#pragma once
#include <glib.h>
#include <jansson.h>
#include <stdbool.h>

typedef enum { TM_PIECE_TEXT, TM_PIECE_VARIABLE, TM_PIECE_MEDIA, TM_PIECE_TEMPLATE } tm_piece_kind;

/* A piece of a turn. A medium has a URL, or only the id of a file in Drive until that file is found beside.
 */
typedef struct {
    tm_piece_kind kind;
    char *text;     /* TEXT: as typed; VARIABLE: its name, of a medium too once it is one; MEDIA: NULL;
                     * TEMPLATE: Handlebars, written as it is */
    char *url;      /* MEDIA: data: or https: URL, NULL while missing */
    char *mime;     /* MEDIA: NULL if not known */
    char *drive_id; /* MEDIA: or NULL */
    char
        *what; /* MEDIA: "image", "document", "video", "audio", "file"; TEMPLATE: "file" if media are in it */
    GPtrArray *names; /* TEMPLATE: char*, the variables in it, in order; NULL: none */
    int64_t chars;    /* TEMPLATE: code points that come from no variable */
} tm_piece;

typedef struct {
    bool model; /* else the user's */
    GPtrArray *pieces;
} tm_turn;

typedef struct {
    char *title;           /* the file's base name */
    char *file;            /* relative to the export's root, with `/` */
    char *model;           /* without "models/"; NULL */
    GPtrArray *system;     /* tm_piece, TEXT and VARIABLE only */
    GPtrArray *turns;      /* tm_turn */
    json_t *defaults;      /* {"variable": "text"} */
    GPtrArray *variables;  /* char*: names in order of appearance */
    json_t *config;        /* Gemini's names, see settings.h */
    char *response_mime;   /* as saved; NULL */
    json_t *schema;        /* JSON Schema; NULL */
    GPtrArray *notes;      /* char*: worth knowing */
    GPtrArray *unresolved; /* char*: what the export does not hold */
    bool scrubbed;         /* something shaped like a key was taken out */
    const char *api;       /* "saved_prompt", or what the app calls: "generateContent"; static */
    int line;              /* of the call; 1 for a saved prompt */
    char *caller_file;     /* where a caller's argument is the prompt; NULL */
    int caller_line;
    json_t *expressions; /* {"variable": "what the app's source has in its place"} */
    json_t *types;       /* {"variable": "type"} where it is no text; Picoschema */
} tm_draft;

tm_draft *tm_draft_new(const char *file); /* title from the file's name */
void tm_draft_free(tm_draft *draft);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(tm_draft, tm_draft_free)
void tm_draft_note(tm_draft *draft, const char *format, ...) G_GNUC_PRINTF(2, 3); /* a note, once */

/* A JSON string as text that may be kept: scrubbed of keys, U+0000 replaced; "" for anything else. (transfer
 * full) */
char *tm_draft_keep(tm_draft *draft, const json_t *string);

tm_piece *tm_piece_text(const char *text);
tm_piece *tm_piece_variable(const char *name);
void tm_piece_free(tm_piece *piece);
tm_turn *tm_turn_new(bool model);
void tm_turn_free(tm_turn *turn);
/* The last turn if it is of that side, else a new one at the end. Borrowed. */
tm_turn *tm_draft_turn(tm_draft *draft, bool model);
/* Adds text to a turn unless it is empty. */
void tm_turn_add_text(tm_turn *turn, const char *text);

/* Settles what a batch varies, when all turns are in: `pending` (consumed, may be NULL) is what was typed and
 * not sent. With variables the turns stay as written. Else the pending input, or the last user turn, becomes
 * {{input}} with its text as default, and an answer after it is cut; `append` keeps all turns and adds a user
 * turn {{input}}. */
void tm_draft_vary(tm_draft *draft, tm_turn *pending, bool append);
/* Media whose file the export does not hold become variables too. */
void tm_draft_miss_media(tm_draft *draft);
