/* preview.h - one previewed row, and the two ways to show it: between cmd/preview*.c alone. */
#pragma once
#include "core/binding.h"
#include "core/prompt.h"
#include <stdio.h>

typedef struct {
    int64_t number;      /* of the data; 0: there is no data, the prompt's defaults are shown */
    int64_t line;        /* of the data's file; 0: not known */
    char *key;           /* hex; NULL: none */
    GPtrArray *messages; /* NULL: see why */
    json_t *request;     /* the provider's body; NULL: none */
    char *why;           /* why the row can't be sent; NULL: it can */
} tm_preview_row;

/* What the whole prompt shows, options of --raw-data merged in. Borrowed. */
typedef struct {
    const tm_prompt *prompt;
    const json_t *config;
    const json_t *input_default;
    char **columns;        /* NULL: not known */
    const json_t *binding; /* tm_binding_to_json(); NULL: no data */
    const json_t *given;   /* the variables that have a value without data: an object; NULL with data */
} tm_preview;

/* A line of JSON: the contract's shape. */
void tm_preview_write_json(FILE *out, const tm_preview *preview, const tm_preview_row *row);
/* The head: name, model, variables, settings, schema; and a row's messages. */
void tm_preview_print_head(FILE *out, const tm_preview *preview);
void tm_preview_print_row(FILE *out, const tm_preview_row *row);
