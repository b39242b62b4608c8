/* config_account.h - one account of the config. */
#pragma once
#include "core/account.h"
#include "core/config_reader.h"

/* Reads the mapping of account `name`; the reader stands there. `windows`: the lengths of all accounts. NULL
 * and the reader's error if something is off. (transfer full) */
tm_account *tm_config_account_read(tm_config_reader *reader, const char *name, const json_t *value,
                                   const tm_windows *windows);
