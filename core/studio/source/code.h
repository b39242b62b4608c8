/* code.h - a source file as a tree that is the same for every language: what the reader of prompts needs of
 * TypeScript, JavaScript and Python, and nothing else. Made by parse.h; nothing in it is ever run. */
#pragma once
#include <glib.h>
#include <stdbool.h>

typedef enum {
    CODE_OTHER, /* something else; kids are what is inside it */
    /* expressions */
    CODE_TEXT,   /* text: its value, escapes read */
    CODE_NUMBER, /* text: as written */
    CODE_TRUE,
    CODE_FALSE,
    CODE_NULL,
    CODE_UNDEFINED,
    CODE_REGEX,    /* text: between the slashes */
    CODE_NAME,     /* text */
    CODE_MEMBER,   /* kid 0 . text */
    CODE_INDEX,    /* kid 0 [ kid 1 ] */
    CODE_CALL,     /* kid 0 ( kids 1... ), also `new` */
    CODE_TEMPLATE, /* kids joined as one text */
    CODE_OBJECT,   /* kids: PAIR, SPREAD */
    CODE_PAIR,     /* text: its key, or NULL and kid 1 is the key; kid 0: value or pattern */
    CODE_ARRAY,    /* also a tuple */
    CODE_FUNCTION, /* text: its name or NULL; kid 0: PARAMETERS, kid 1: BLOCK or an expression */
    CODE_BINARY,   /* kid 0 text kid 1; Python's words are written as JavaScript's signs */
    CODE_NOT,      /* ! kid 0 */
    CODE_UNARY,    /* text kid 0 */
    CODE_CHOICE,   /* kid 0 ? kid 1 : kid 2 */
    CODE_ASSIGN,   /* kid 0 text kid 1, text being "=", "+=", ... */
    CODE_SPREAD,   /* ... kid 0 */
    CODE_KEYWORD,  /* an argument by name: text = kid 0 */
    CODE_MAP,      /* a comprehension: kid 0 for kid 1 in kid 2, if kid 3 */
    CODE_TAGGED,   /* kid 0: a function, kid 1: the template behind it */
    CODE_CLASS,    /* text: name; kids: what it extends (NAME...), members (LET, FUNCTION) */
    /* patterns: NAME, OBJECT, ARRAY, SPREAD, MEMBER, INDEX and */
    CODE_DEFAULT, /* kid 0 = kid 1 */
    CODE_PARAMETERS,
    /* statements: any expression and */
    CODE_BLOCK,
    CODE_LET, /* kid 0: pattern, kid 1: value if there is one, kid 2: its type (Python) */
    CODE_IF,  /* kid 0, BLOCK kid 1, maybe kid 2 */
    CODE_RETURN,
    CODE_EACH,   /* for kid 0 of kid 1, kid 2 */
    CODE_LOOP,   /* any other loop: kids run */
    CODE_SWITCH, /* kid 0: subject, then CASEs */
    CODE_CASE,   /* text "default" or kid 0 is the value; then statements */
    CODE_TRY,    /* kid 0 runs, the others may */
    CODE_BREAK,
    CODE_CONTINUE,
    CODE_THROW,
    CODE_IMPORT,   /* text: module; kids: BIND */
    CODE_BIND,     /* text: the name there, "*" for all, "default"; kid 0: NAME here */
    CODE_EXPORT,   /* kid 0: what is declared; text "default" where it is that */
    CODE_REEXPORT, /* text: module or NULL; kids: BIND, the NAME being what it is called outside */
} tm_code_kind;

typedef struct tm_code_file tm_code_file;
typedef struct tm_code tm_code;

struct tm_code {
    tm_code_kind kind;
    int line;           /* 1-based */
    guint32 start, end; /* bytes of the source */
    guint32 n, room;
    const char *text; /* or NULL */
    tm_code *parent;
    tm_code **kids;
    tm_code_file *source;
};

struct tm_code_file {
    char *file; /* relative to the export's root */
    char *text; /* valid UTF-8 */
    gsize length;
    bool python;
    int first_line; /* of `text` in its file: a snippet may stand inside something else */
    tm_code *root;  /* BLOCK; NULL: not parsed */
    GStringChunk *texts;
    GPtrArray *nodes;
};

tm_code_file *tm_code_file_new(const char *file, const char *text, gsize length);
void tm_code_file_free(tm_code_file *source);
/* A node over bytes start..end of the source; lives as long as the source. */
tm_code *tm_code_new(tm_code_file *source, tm_code_kind kind, guint32 start, guint32 end, int line);
void tm_code_text(tm_code *code, const char *text, gssize length);
/* Adds a kid; NULL is passed over. */
void tm_code_add(tm_code *code, tm_code *kid);
/* Kid i, or NULL. */
tm_code *tm_code_kid(const tm_code *code, guint i);
/* Is `inner` this node or somewhere in it? */
bool tm_code_holds(const tm_code *code, const tm_code *inner);
/* What stands in the source for this node, white space made single blanks, at most 200 characters. (transfer
 * full) */
char *tm_code_written(const tm_code *code);
/* The nearest node of that kind around this one, itself not counted; NULL. */
tm_code *tm_code_around(const tm_code *code, tm_code_kind kind);
bool tm_code_is(const tm_code *code, tm_code_kind kind, const char *text);
/* Calls `visit` for the node and all inside it, outer ones first. */
typedef void (*tm_code_visit)(tm_code *code, void *data);
void tm_code_walk(tm_code *code, tm_code_visit visit, void *data);
