/* run.h - reading what expressions come to, statement by statement, without running anything: branches that
 * depend on what is not known are both read, loops over unknown lists are read once. Parts: run_eval.c
 * (expressions; run_operator.c, run_object.c, run_member.c, run_invoke.c, run_word.c), run_exec.c
 * (statements), run_names.c (what a name means), run_call.c (functions of the app), run_method.c and
 * run_global.c (what the languages bring), run_goto.c (up to a call). Bounded: by steps in all, by depth, and
 * by the size of any value. */
#pragma once
#include "core/studio/source/project.h"
#include "core/studio/source/value.h"

enum {
    RUN_STEPS = 60000,
    RUN_DEPTH = 120,
    RUN_CALLS = 12,
    RUN_SIZE = 5000,
    RUN_ITEMS = 300,
    RUN_CONDITION = 40
};

typedef struct {
    tm_project *project;
    GPtrArray *frames;   /* tm_frame; owned */
    GHashTable *modules; /* tm_code_file* -> its tm_frame* */
    GHashTable *busy;    /* declarations that are being read: a name that leads to itself is unknown */
    GHashTable
        *bound;  /* FUNCTION's tm_code* -> VALUE_ARRAY of arguments, for what a caller gives; see goto */
    guint steps; /* left */
    guint ids;   /* of lists' items */
    int depth, calls;
} tm_run;

tm_run *tm_run_new(tm_project *project);
void tm_run_free(tm_run *run);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(tm_run, tm_run_free)

/* All values are (transfer full) and never NULL. */
tm_value *tm_run_eval(tm_run *run, tm_frame *frame, tm_code *code);
/* The same where it is a condition: `list.length > 0` is the list itself. */
tm_value *tm_run_condition(tm_run *run, tm_frame *frame, tm_code *code);
/* What stands there is not known: a value that a row must give, with a name from its words. */
tm_value *tm_run_unknown(tm_run *run, tm_frame *frame, tm_code *code);
/* The same, said to be of a list's item or a parameter if one is in it: nothing outside can then stand for
 * it. */
tm_value *tm_run_missing(tm_run *run, tm_frame *frame, tm_code *code);
/* Kinds of expressions, for run_eval.c. */
tm_value *tm_run_binary(tm_run *run, tm_frame *frame, tm_code *code);
tm_value *tm_run_object(tm_run *run, tm_frame *frame, tm_code *code);
tm_value *tm_run_array(tm_run *run, tm_frame *frame, tm_code *code);
tm_value *tm_run_comprehension(tm_run *run, tm_frame *frame, tm_code *code);
tm_value *tm_run_index(tm_run *run, tm_frame *frame, tm_code *code);
tm_value *tm_run_invoke(tm_run *run, tm_frame *frame, tm_code *code);
tm_value *tm_run_number(double number);
/* Adds what is spread into an object (`condition`: only where that holds; NULL) or an array. */
void tm_run_spread_object(tm_value *object, tm_value *value, tm_value *condition);
void tm_run_spread_array(tm_run *run, tm_value *array, tm_value *value, tm_code *code);
/* Is it a few words that depend on what no template can ask? Better a variable than a riddle. */
bool tm_run_is_tangled(const tm_value *value);
/* A statement. What it returns, or NULL if it goes on. (transfer full) */
tm_value *tm_run_exec(tm_run *run, tm_frame *frame, tm_code *code);
/* For every item of `list`: binds it to `pattern` and runs `body`; or calls `body`, a FUNCTION, with
 * `pattern` NULL, in this same frame. Does an item make the function around return something? */
bool tm_run_each(tm_run *run, tm_frame *frame, tm_code *pattern, tm_value *list, tm_code *body);
/* The parts of `value` get the names of the pattern. */
void tm_run_bind(tm_run *run, tm_frame *frame, tm_code *pattern, tm_value *value);
void tm_run_assign(tm_run *run, tm_frame *frame, tm_code *target, tm_value *value);
/* As a text: what `${...}` makes of it. */
tm_value *tm_run_text(tm_run *run, tm_frame *frame, tm_value *value, tm_code *code);
tm_value *tm_run_name(tm_run *run, tm_frame *frame, tm_code *name);
/* What a file exports under that name; NULL: nothing. */
tm_value *tm_run_export(tm_run *run, tm_code_file *source, const char *name);
tm_frame *tm_run_module(tm_run *run, tm_code_file *source);
/* A member of a class, or of `this` in it; NULL: it has none. */
tm_value *tm_run_member_of(tm_run *run, tm_code *class, const char *name);
tm_value *tm_run_member(tm_run *run, tm_frame *frame, tm_value *whole, const char *name, tm_code *code);
/* Calls a function of the app with these arguments (ARRAY; keywords in an OBJECT as the last, `named`). */
tm_value *tm_run_call(tm_run *run, tm_value *function, tm_value *arguments, tm_value *named, tm_code *code);
/* A frame for the function with its parameters bound; what is not given is unknown, with its default. */
tm_frame *tm_run_enter(tm_run *run, tm_frame *up, tm_code *function, tm_value *arguments, tm_value *named);
/* What the languages' own methods and functions make of it; NULL: not one that is known. `call` is the CALL.
 */
tm_value *tm_run_method(tm_run *run, tm_frame *frame, tm_value *whole, const char *name, tm_value *arguments,
                        tm_code *call);
tm_value *tm_run_global(tm_run *run, tm_frame *frame, const char *name, tm_value *arguments, tm_value *named,
                        tm_code *call);
/* A schema of zod's: z.NAME(...), and .name(...) of one; NULL: it is none. */
tm_value *tm_run_zod(const char *name, tm_value *arguments);
tm_value *tm_run_zod_method(tm_value *schema, const char *name, tm_value *arguments);
/* A known or unknown list with a function over its items; and joined. */
tm_value *tm_run_map(tm_run *run, tm_value *list, tm_value *function, tm_code *code);
tm_value *tm_run_join(tm_value *list, const char *between);
/* The item of an unknown list: "this"; *list is made a list. */
tm_value *tm_run_item(tm_run *run, tm_value *list, const char *name, tm_code *code);

/* Reads on until `node` would be evaluated; the frame in which it would be. Borrowed. */
tm_frame *tm_run_goto(tm_run *run, tm_code *node);
