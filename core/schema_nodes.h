/* schema_nodes.h - a compiled JSON Schema: private to core/schema*.c. */
#pragma once
#include "core/schema.h"
#include <stdbool.h>
#include <stdint.h>

/* ---- keywords: schema_keywords.c ---- */

/* Which drafts know a keyword. A schema that names none by $schema is read with the words of both. */
enum { TM_DRAFT_7 = 1, TM_DRAFT_2020 = 2, TM_DRAFT_ANY = 3 };

/* What stands behind a keyword. */
typedef enum {
    TM_FORM_SCHEMA,
    TM_FORM_SCHEMAS,      /* a list of them */
    TM_FORM_ITEMS,        /* one, or before 2020-12 a list */
    TM_FORM_NAMED,        /* an object of them */
    TM_FORM_NEEDS,        /* an object of lists of names */
    TM_FORM_DEPENDENCIES, /* an object of schemas or lists of names */
    TM_FORM_TYPE,
    TM_FORM_COUNT, /* 0, 1, ...; Gemini writes them as texts */
    TM_FORM_NUMBER,
    TM_FORM_STEP, /* a number above 0 */
    TM_FORM_TEXT,
    TM_FORM_BOOL,
    TM_FORM_NAMES, /* a list of texts */
    TM_FORM_VALUES,
    TM_FORM_ANY,
    TM_FORM_UNCHECKED, /* says something of the value that is not checked: told */
    TM_FORM_REFUSED,   /* would change the verdict and is not known here */
} tm_form;

typedef struct {
    const char *name;
    tm_form form;
    unsigned drafts;
} tm_keyword;

/* NULL: no such keyword in these drafts. */
const tm_keyword *tm_keyword_named(const char *name, unsigned drafts);
/* The drafts that a $schema names; 0: not one that is known here. */
unsigned tm_keyword_drafts(const char *schema_uri);
/* Are the keywords of the schema at `path` known, and of the right form? What they say and nobody checks is
 * added to `notes`. */
gboolean tm_keywords_check(const json_t *schema, unsigned drafts, const char *path, GPtrArray *notes,
                           GError **error);

/* ---- rules ---- */

/* Bits of `types`. A whole real is an integer too. */
enum {
    TM_TYPE_OBJECT = 1,
    TM_TYPE_ARRAY = 2,
    TM_TYPE_STRING = 4,
    TM_TYPE_NUMBER = 8,
    TM_TYPE_INTEGER = 16,
    TM_TYPE_BOOLEAN = 32,
    TM_TYPE_NULL = 64,
};

typedef struct tm_rule tm_rule;

/* A name or pattern with the rule of what stands there. */
typedef struct {
    char *name;
    GRegex *pattern;
    const tm_rule *rule;
} tm_member_rule;

typedef struct {
    bool set;
    int64_t least, most; /* -1: no bound */
} tm_count;

struct tm_rule {
    bool never;     /* the schema `false` */
    bool nullable;  /* OpenAPI's: null, whatever else is said */
    unsigned types; /* 0: any */
    const tm_rule *ref;
    const json_t *values; /* enum: an array; NULL */
    const json_t *constant;
    tm_count length, items_count, members_count, contains_count;
    GRegex *pattern;
    const json_t *minimum, *maximum, *above, *below, *multiple; /* numbers; NULL */
    const json_t *required;                                     /* array of strings; NULL */
    GHashTable *properties;                                     /* name -> tm_rule; NULL */
    GArray *patterns;                                           /* tm_member_rule; NULL */
    GArray *dependents;    /* tm_member_rule: rule of the whole when the name is there; NULL */
    const json_t *needs;   /* dependentRequired, dependencies: object of arrays; others skipped; NULL */
    const json_t *needs_7; /* the second of them, where both are there */
    const tm_rule *others; /* additionalProperties; NULL: anything */
    const tm_rule *names;  /* propertyNames */
    GPtrArray *prefix;     /* prefixItems; NULL */
    const tm_rule *items, *contains;
    bool unique;
    GPtrArray *all, *any, *one;                      /* allOf, anyOf, oneOf; NULL */
    const tm_rule *unlike, *when, *then, *otherwise; /* not, if, then, else */
};

struct tm_schema {
    json_t *source;
    unsigned drafts;
    GHashTable *rules;  /* json_t* of the source -> tm_rule, owned */
    GHashTable *places; /* URI -> json_t* of the source */
    GHashTable *bases;  /* json_t* of the source -> char*, the URI that its references start from; owned */
    GPtrArray *notes;   /* char* */
    const tm_rule *root;
};

/* schema_reference.c: notes where each subschema stands, and checks its keywords. */
gboolean tm_schema_index(tm_schema *schema, const json_t *at, const char *base, const char *path, int depth,
                         GError **error);
/* What `ref` of the subschema `from` points at; NULL and *error if that is no place of this schema. */
const json_t *tm_schema_follow(tm_schema *schema, const json_t *from, const char *ref, GError **error);
/* What stands at the JSON pointer below `at`: "/a/0", percent signs of a URI fragment decoded; NULL. */
const json_t *tm_schema_pointer(const json_t *at, const char *pointer);
/* Appends a name to a JSON pointer. */
void tm_schema_step(GString *pointer, const char *name);

/* schema_pattern.c: an ECMAScript regular expression, as JSON Schema has them, as PCRE. (transfer full) */
GRegex *tm_schema_pattern(const char *pattern, GError **error);

/* schema_compare.c */
/* By value: 1 and 1.0 are the same. */
bool tm_values_same(const json_t *a, const json_t *b);
/* Below 0, 0 or above 0, exact for integers of 64 bits. */
int tm_numbers_compare(const json_t *a, const json_t *b);
bool tm_number_is_multiple(const json_t *number, const json_t *step);
/* Are all elements different? */
bool tm_values_differ(const json_t *array);

enum { TM_SCHEMA_MAX_DEPTH = 200 };
