/* value.h - what an expression of an app's source comes to, as far as that can be said without running it: a
 * text with holes, an object, a function, or something unknown that a row of data must give. Immutable. */
#pragma once
#include "core/studio/source/code.h"

typedef enum {
    VALUE_UNDEFINED,
    VALUE_NULL,
    VALUE_BOOL,
    VALUE_NUMBER,
    VALUE_TEXT,
    VALUE_JOIN,    /* items one behind the other, as text */
    VALUE_ARRAY,   /* items; among them MAPPED for a run of items and CHOICE for one that may not be there */
    VALUE_OBJECT,  /* keys and items; a key "..." is a spread that could not be read */
    VALUE_CHOICE,  /* items: condition, yes, no */
    VALUE_TEST,    /* items: left, right; text: === or another sign. A condition */
    VALUE_NOT,     /* items: of what. A condition */
    VALUE_MAPPED,  /* items: a list that is unknown, its item, what becomes of each item */
    VALUE_EACH,    /* the same, joined to a text; text: what stands between */
    VALUE_UNKNOWN, /* see the members */
    VALUE_FUNCTION,
    VALUE_MODULE, /* a file of the app, imported as a whole */
    VALUE_SDK,    /* something of a package; text: its name there, with dots */
    VALUE_REMOTE, /* a model or a chat that was made; text: which; items: its settings (OBJECT) */
    VALUE_CLASS,  /* code */
} tm_value_kind;

typedef struct tm_value tm_value;
typedef struct tm_frame tm_frame;

struct tm_value {
    tm_value_kind kind;
    int refs;
    bool yes;   /* BOOL; ARRAY in a MAPPED: each item adds all of these; UNDEFINED: see run_exec.c */
    char *text; /* TEXT, NUMBER as written, TEST, EACH, SDK, REMOTE; UNKNOWN: a name for it */
    GPtrArray *items;
    GPtrArray *keys; /* char* */
    tm_code *code;   /* FUNCTION, CLASS, MODULE (root); UNKNOWN and REMOTE: where it comes from */
    tm_frame *frame; /* FUNCTION: what it sees; borrowed, frames live as long as their reader */
    guint size;      /* values inside, shared ones counted each time */
    gsize bytes;     /* of texts inside, counted likewise */
    guint8 truth;    /* of a CHOICE, once asked: tm_truth + 1 */
    /* UNKNOWN */
    char *key;       /* two are the same where this is the same */
    char *longer;    /* a longer name, for when the other is taken; NULL */
    char *written;   /* its source text */
    tm_value *given; /* the value if nobody gives another: a parameter's default; NULL */
    tm_code *owner;  /* the function of which it is a parameter; NULL */
    guint of;        /* which item of a list it is or comes from; 0: of none */
    char *path;      /* from that item: "this", "name", "a.b", "@index"; NULL: not a plain path */
    bool list;       /* is used as a list */
};

tm_value *tm_value_new(tm_value_kind kind);
tm_value *tm_value_ref(tm_value *value);
void tm_value_unref(tm_value *value);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(tm_value, tm_value_unref)

/* All of these are (transfer full), and take what they are given as borrowed. */
tm_value *tm_value_text(const char *text);
tm_value *tm_value_text_of(const char *text, gsize length);
tm_value *tm_value_number(const char *written);
tm_value *tm_value_bool(bool yes);
tm_value *tm_value_unknown(const char *key, const char *name, const char *written, tm_code *code);
/* A part of an unknown: a member of it (.name), or what a method makes of it. */
tm_value *tm_value_part(const tm_value *whole, const char *name, const char *written, tm_code *code);
tm_value *tm_value_choice(tm_value *condition, tm_value *yes, tm_value *no);
tm_value *tm_value_test(const char *sign, tm_value *left, tm_value *right);
tm_value *tm_value_not(tm_value *of);
/* Both as texts. What grows beyond all prompts (b += b in a hostile file) is not known. */
enum { TM_VALUE_MOST_BYTES = 8 << 20, TM_VALUE_MOST_PIECES = 1 << 18 };
tm_value *tm_value_join(tm_value *first, tm_value *second);
tm_value *tm_value_list(tm_value_kind kind, tm_value *list, tm_value *item, tm_value *body);
tm_value *tm_value_remote(const char *which, tm_value *settings, tm_code *code);

/* (transfer none) item i. */
tm_value *tm_value_item(const tm_value *value, guint i);
void tm_value_add(tm_value *value, tm_value *item);                   /* to a new array or join; takes it */
void tm_value_set(tm_value *object, const char *key, tm_value *item); /* to a new object; takes it */
tm_value *tm_value_get(const tm_value *object, const char *key);      /* borrowed; NULL */
tm_value *tm_value_copy(const tm_value *value);                       /* one level deep */

typedef enum { TRUTH_NO, TRUTH_YES, TRUTH_MAYBE } tm_truth;
tm_truth tm_value_truth(const tm_value *value);
bool tm_value_equal(const tm_value *a, const tm_value *b);
/* Is it a text, or may it stand in one? */
bool tm_value_is_text(const tm_value *value);
/* The whole as a literal text, if it is one. (transfer full) or NULL */
char *tm_value_literal(const tm_value *value);
/* Code points that are there whatever the row holds. */
gsize tm_value_static(const tm_value *value);
/* Does an unknown for which `is` holds stand somewhere in it? */
bool tm_value_any(const tm_value *value, bool (*is)(const tm_value *unknown, const void *data),
                  const void *data);

/* What a function sees. */
struct tm_frame {
    guint id;
    guint turn; /* of a loop over a known list: what is unknown differs from turn to turn */
    tm_frame *up;
    tm_code *code;     /* FUNCTION, or a file's root */
    GHashTable *names; /* char* -> tm_value* */
    tm_value *self;    /* this; NULL */
};

tm_frame *tm_frame_new(tm_frame *up, tm_code *code, guint id);
void tm_frame_free(tm_frame *frame);
void tm_frame_set(tm_frame *frame, const char *name, tm_value *value); /* takes it */
tm_value *tm_frame_get(const tm_frame *frame, const char *name);       /* borrowed; this frame only */
/* (transfer full) */
GHashTable *tm_frame_names_copy(const tm_frame *frame);
