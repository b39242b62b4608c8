/* context_inside.h - the context's inside, for context.c and context_open.c alone. */
#pragma once
#include "cmd/context.h"

struct tm_context {
    char *dir;
    tm_config *config;
    tm_store *store;      /* open for writing */
    tm_store *store_read; /* open for reading only */
    tm_ledger *ledger;
    void (*close)(tm_context *context); /* set by whoever opened something */
};

/* --config and --store as given, NULL without. Static. */
const char *tm_context_option_config(void);
const char *tm_context_option_store(void);
