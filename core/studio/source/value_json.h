/* value_json.h - a value as JSON, where all of it is known. */
#pragma once
#include "core/studio/source/value.h"
#include <jansson.h>

/* NULL if something in it is not known, unless `missed` is given: then that is left out, and told. An enum's
 * member (HarmCategory.X) is its last word; settings of an SDK that is not there are members, too. (transfer
 * full)
 */
typedef void (*tm_value_missed)(const char *key, const tm_value *value, void *data);
json_t *tm_value_to_json(const tm_value *value, tm_value_missed missed, void *data);
