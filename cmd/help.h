/* help.h - what --help and --help-all print. */
#pragma once
#include "cmd/command.h"

char *tm_help_program(void);                                /* (transfer full) */
char *tm_help_command(const tm_command *command, bool all); /* (transfer full) */
char *tm_help_usage(const tm_command *command);             /* "tidemill run [OPTIONS] ..." (transfer full) */
