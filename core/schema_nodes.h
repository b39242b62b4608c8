/* schema_nodes.h - a compiled JSON Schema: private to core/schema*.c. */
#pragma once
#include "core/schema.h"
#include <stdbool.h>
#include <stdint.h>

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
    const json_t *needs;   /* dependentRequired: object of arrays; NULL */
    const tm_rule *others; /* additionalProperties; NULL: anything */
    const tm_rule *names;  /* propertyNames */
    GPtrArray *prefix;     /* prefixItems; NULL */
    const tm_rule *items, *contains;
    bool unique;
    GPtrArray *all, *any, *one; /* allOf, anyOf, oneOf; NULL */
    const tm_rule * not, *when, *then, *otherwise;
};

struct tm_schema {
    json_t *source;
    GHashTable *rules; /* json_t* of the source -> tm_rule, owned */
    const tm_rule *root;
};
