/* template_nodes.h - the compiled form of a template: private to core/template*.c. Text is slices of the
 * source; nothing is changed after compiling. */
#pragma once
#include "core/template.h"
#include <stdbool.h>
#include <stdint.h>

enum {
    TM_TEMPLATE_MAX_DEPTH = 100, /* blocks in blocks, partials in partials: the walks recurse */
};

/* One source: the template itself or a partial. */
typedef struct {
    char *name; /* the file, or "partial NAME", as messages say it */
    char *source;
    size_t length;
    int first_line;
    struct tm_program *program;
    GPtrArray *calls; /* tm_node* of its partial calls, borrowed */
} tm_unit;

typedef enum {
    TM_EXPRESSION_PATH,    /* name, a.b, ../a, this */
    TM_EXPRESSION_DATA,    /* @index, @root.a, @auth.b */
    TM_EXPRESSION_LITERAL, /* "x", 5, true, null, undefined (literal NULL) */
    TM_EXPRESSION_NAME,    /* a block parameter: as |name| */
    TM_EXPRESSION_CALL,    /* (lookup a b) */
} tm_expression_kind;

typedef struct tm_expression {
    tm_expression_kind kind;
    size_t offset; /* in the unit's source */
    size_t length;
    int depth;           /* number of ../; for NAME: block-parameter frames up */
    int index;           /* NAME: which of the frame's */
    bool scoped;         /* begins with this or ./ */
    GPtrArray *segments; /* char*; for DATA without the @ */
    json_t *literal;
    struct tm_use *call;
} tm_expression;

/* A named argument: name=value. */
typedef struct {
    char *name;
    size_t offset;
    tm_expression *value;
} tm_named;

typedef enum {
    TM_HELPER_IF,
    TM_HELPER_UNLESS,
    TM_HELPER_EACH,
    TM_HELPER_WITH,
    TM_HELPER_IF_EQUALS,
    TM_HELPER_UNLESS_EQUALS,
    TM_HELPER_ROLE,
    TM_HELPER_HISTORY,
    TM_HELPER_SECTION,
    TM_HELPER_MEDIA,
    TM_HELPER_JSON,
    TM_HELPER_LOOKUP,
    TM_HELPER_RAW,
} tm_helper_kind;

/* How a helper is used: {{#x}}, {{x}}, (x). */
enum { TM_AS_BLOCK = 1, TM_AS_TEXT = 2, TM_AS_VALUE = 4 };

typedef struct {
    const char *name;
    tm_helper_kind kind;
    int ways;             /* TM_AS_... */
    int params;           /* how many positional arguments, exactly */
    const char *named[3]; /* arguments by name, NULL-terminated */
    const char *example;
} tm_helper;

/* What stands between the braces: a value or a helper with its arguments. */
typedef struct tm_use {
    const tm_helper *helper; /* NULL: the value of `head` */
    tm_expression *head;
    GPtrArray *params; /* tm_expression */
    GPtrArray *named;  /* tm_named */
} tm_use;

typedef enum { TM_NODE_TEXT, TM_NODE_PRINT, TM_NODE_BLOCK, TM_NODE_PARTIAL, TM_NODE_COMMENT } tm_node_kind;

/* The ~ of a tag's two ends. */
typedef struct {
    bool open, close;
} tm_strip;

typedef struct tm_program {
    GPtrArray *nodes; /* tm_node */
    char **names;     /* block parameters; NULL: none */
    bool chained;     /* this is an {{else if}} */
} tm_program;

typedef struct tm_node {
    tm_node_kind kind;
    size_t offset;
    /* TEXT: as written, and what is left of it by the rules of white space */
    const char *original, *text;
    size_t original_length, length;
    bool left_stripped, right_stripped;
    /* the rest */
    tm_use *use;         /* PRINT, BLOCK; PARTIAL: params[0] is the context, named the arguments */
    tm_program *program; /* BLOCK: may be NULL with {{^x}} */
    tm_program *inverse;
    tm_strip open, middle, close;
    char *partial;       /* PARTIAL: its name */
    const tm_unit *unit; /* PARTIAL: once resolved; borrowed */
    char *indent;        /* PARTIAL standing alone on its line: put before each of its lines; NULL */
} tm_node;

struct tm_template {
    tm_unit *main;
    GHashTable *partials; /* name -> tm_unit, owned */
    GPtrArray *names;     /* char*, owned by it: names of the variables */
    GArray *variables;    /* tm_variable */
    bool reads_row;
    GPtrArray *media; /* char*, NULL-terminated: addresses that stand in it; NULL: it has no media */
    size_t static_length;
};

/* Where the reading of a source stands. */
typedef struct {
    tm_unit *unit;
    const char *start, *at, *end;
    int depth;        /* of blocks and of subexpressions */
    GPtrArray *names; /* char** of each block parameter frame that is open; borrowed */
    GError **error;
} tm_parser;

/* template_nodes.c: each frees what it holds. */
void tm_expression_free(tm_expression *expression);
tm_use *tm_use_new(void);
void tm_use_free(tm_use *use);
tm_program *tm_program_new(void);
void tm_program_free(tm_program *program);

/* template_expression.c: a single value. NULL and the error set on failure, parser->at behind what was read
 * else. (transfer full) */
tm_expression *tm_expression_parse(tm_parser *parser);
void tm_parser_skip_space(tm_parser *parser);
/* The byte so far ahead; -1: the end. */
int tm_parser_peek(const tm_parser *parser, size_t ahead);
/* Bytes of the word, as Handlebars takes it for a name, that begins at `at`. */
size_t tm_word_length(const char *at, const char *end);
/* That word; NULL without an error if none stands here. (transfer full) */
char *tm_word_parse(tm_parser *parser);

/* template_use.c: what stands between two braces. Each leaves parser->at behind what it read.
 * Head, arguments and named arguments; `way` is how a helper would be used here. A head of one word that
 * names a helper is that helper; with arguments it must be. NULL and the error set on failure. (transfer
 * full) */
tm_use *tm_use_parse(tm_parser *parser, int way);
/* The arguments after a head that is read already. */
gboolean tm_use_parse_arguments(tm_parser *parser, tm_use *use);
/* "as |a b|", where it stands next; else NULL without an error. (transfer full) */
char **tm_names_parse(tm_parser *parser, gboolean *ok);
gboolean tm_parser_fail(tm_parser *parser, const char *at, const char *format, ...) G_GNUC_PRINTF(3, 4);

/* template_tag.c: what kind of tag stands at parser->at. */
typedef enum {
    TM_TAG_NONE, /* the end of the source */
    TM_TAG_VALUE,
    TM_TAG_TRIPLE,
    TM_TAG_BLOCK,
    TM_TAG_INVERSE, /* {{^x}} */
    TM_TAG_ELSE,    /* {{else}} {{^}} */
    TM_TAG_CHAIN,   /* {{else if}} */
    TM_TAG_CLOSE,
    TM_TAG_PARTIAL,
    TM_TAG_COMMENT,
    TM_TAG_RAW,
} tm_tag_kind;

typedef struct {
    tm_tag_kind kind;
    const char *from;   /* its first brace */
    const char *inside; /* behind what says the kind */
    bool open;          /* has ~ */
} tm_tag;
tm_tag tm_tag_look(const tm_parser *parser);
/* Reads the closing braces; *close: they have a ~. */
gboolean tm_tag_close(tm_parser *parser, const tm_tag *tag, bool *close);
/* Does `what` stand at `at`? */
bool tm_parser_at(const tm_parser *parser, const char *at, const char *what);

/* template_parse.c: fills unit->program and unit->calls. */
gboolean tm_unit_parse(tm_unit *unit, GError **error);

/* template_unit.c: one source and the places in it. */
tm_unit *tm_unit_new(const char *name, const char *source, size_t length, int first_line);
void tm_unit_free(tm_unit *unit);
/* Sets *error to "file:LINE:COLUMN: ..." with the line and a caret under the place. Returns false. */
gboolean tm_unit_fail(const tm_unit *unit, size_t offset, GError **error, const char *format, ...)
    G_GNUC_PRINTF(4, 5);
/* A place in a source: the line of its file and the column in characters, both from 1. Begin with {0}. */
typedef struct {
    size_t offset;
    int line, column;
} tm_place;
/* Moves the place to `offset`: cheap when that is further on. */
void tm_unit_place(const tm_unit *unit, tm_place *place, size_t offset);

/* template_space.c: Handlebars' rules of white space, on a parsed program; drops comments and empty text. */
void tm_program_strip(tm_program *program);
/* Bytes of the white space character (as JavaScript's \s) that begins at `at`, 0: none; the one that ends at
 * `at`. */
size_t tm_space_at(const char *at, const char *end);
size_t tm_space_before(const char *start, const char *at);

/* template_helpers.c: which helpers there are and how they are used. */
const tm_helper *tm_helper_named(const char *name);
/* Are the arguments right for this helper, used in this way? */
gboolean tm_helper_check(const tm_unit *unit, const tm_use *use, int way, GError **error);
gboolean tm_helper_unknown(const tm_unit *unit, const tm_expression *head, int way, GError **error);

/* template_variables.c: fills variables, reads_row and static_length. */
gboolean tm_template_survey(tm_template *template, GError **error);
