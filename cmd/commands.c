/* commands.c - which commands there are. */
#include "cmd/command.h"

/* In the order of --help: one line a command. */
/* clang-format off */
const tm_command *const tm_commands[] = {
    &tm_cmd_import,
    &tm_cmd_preview,
    &tm_cmd_try,
    &tm_cmd_plan,
    &tm_cmd_add,
    &tm_cmd_run,
    &tm_cmd_status,
    &tm_cmd_results,
    &tm_cmd_retry,
    &tm_cmd_cancel,
    &tm_cmd_rm,
    &tm_cmd_quota,
    &tm_cmd_check,
    &tm_cmd_simulate,
    NULL,
};
/* clang-format on */
