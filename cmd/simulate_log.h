/* simulate_log.h - the file of arrivals that `simulate --log FILE` writes. */
#pragma once
#include <glib.h>
#include <jansson.h>
#include <stdio.h>

/* Opens it for appending; what was seen is on file when the next request comes. NULL and *error. */
FILE *tm_simulate_log_open(const char *path, GError **error);
/* A tm_twin_log; `file` is what was opened. */
void tm_simulate_log_write(const json_t *line, void *file);
