/* schema_checker.h - one check of one value against a compiled schema: private to core/schema_*.c. */
#pragma once
#include "core/schema_nodes.h"

typedef struct {
    GString *path;
    GString *why; /* the first reason, with its path; empty: none yet */
    int depth;
    int steps;
    bool quiet;    /* inside alternatives: only the verdict counts */
    bool telling;  /* the reasons of alternatives are being told: of alternatives in them no more */
    bool given_up; /* the verdict is no, whatever the alternatives say */
} tm_checker;

/* Keeps the reason with its path, unless one is kept or none is wanted. Returns false. */
bool tm_checker_no(tm_checker *checker, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* schema_scalar.c: what a rule says of the value itself, not of what is in it. */
bool tm_check_type(tm_checker *checker, unsigned types, const json_t *value);
bool tm_check_values(tm_checker *checker, const tm_rule *rule, const json_t *value); /* enum, const */
bool tm_check_count(tm_checker *checker, const tm_count *count, int64_t n, const char *what);
bool tm_check_string(tm_checker *checker, const tm_rule *rule, const json_t *value);
bool tm_check_number(tm_checker *checker, const tm_rule *rule, const json_t *value);
