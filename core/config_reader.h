/* config_reader.h - walks the config's tree and remembers where it is, so that an error names file and line.
 */
#pragma once
#include "core/limit.h"
#include <jansson.h>

typedef struct {
    const char *file;
    const char *text; /* the whole file */
    size_t length;
    GPtrArray *trail; /* char*: member names and indexes from the top to where the reader is */
    GError **error;
} tm_config_reader;

void tm_config_enter(tm_config_reader *reader, const char *member);
void tm_config_enter_index(tm_config_reader *reader, size_t index);
void tm_config_leave(tm_config_reader *reader);
/* Error "FILE:LINE: accounts.free.tier: ..." of where the reader is. Returns false. */
gboolean tm_config_fail(tm_config_reader *reader, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* Is `value` a mapping whose members are all in `known` (NULL: any)? Else an error with a guess. */
gboolean tm_config_members(tm_config_reader *reader, const json_t *value, const char *const *known);
/* Member `name` of `object` if it is there and of its type; *out is unchanged if it is absent. False and an
 * error if it is of another type. */
gboolean tm_config_text(tm_config_reader *reader, const json_t *object, const char *name, char **out);
gboolean tm_config_flag(tm_config_reader *reader, const json_t *object, const char *name, bool *out);
gboolean tm_config_duration(tm_config_reader *reader, const json_t *object, const char *name,
                            int64_t *out_ms);
/* `windows: {minute: 2s, day: 20s}` of `object`. */
gboolean tm_config_windows(tm_config_reader *reader, const json_t *object, tm_windows *windows);
