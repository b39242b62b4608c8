/* error.h - the one error domain. A message says what was wrong, where (file:line of the user's
 * input) and what to do; it never holds a key. */
#pragma once
#include <glib.h>

#define TM_ERROR (tm_error_quark())
GQuark tm_error_quark(void);

typedef enum {
    TM_ERROR_USAGE,    /* the command line is off; exit status 2 */
    TM_ERROR_INPUT,    /* the user's file is wrong: prompt, data, config, archive */
    TM_ERROR_IO,       /* a file can't be read or written */
    TM_ERROR_FULL,     /* the disk is full: may pass, try again */
    TM_ERROR_BUSY,     /* somebody else holds the database: may pass */
    TM_ERROR_STATE,    /* not possible as things stand: no such batch, the prompt was edited, ... */
    TM_ERROR_CHANGED,  /* the prompt of a batch with answers was edited: the user must choose */
    TM_ERROR_STOPPED,  /* by a signal, with work left; exit status 4 */
    TM_ERROR_INTERNAL, /* a bug of ours */
} tm_error;

/* Fills *error (may be NULL) and returns false, so that `return tm_fail(error, ...)` reads well. */
gboolean tm_fail(GError **error, tm_error code, const char *format, ...) G_GNUC_PRINTF(3, 4);

/* Disk full, or the database held by somebody else: trying again later may help. */
gboolean tm_error_may_pass(const GError *error);
