/* class_schema.h - a schema that is written as a Python class (pydantic, dataclass, TypedDict, Enum). */
#pragma once
#include "core/studio/source/run.h"
#include <jansson.h>

/* The JSON Schema of a class, or of list[Class]; NULL: it is neither. (transfer full) */
json_t *tm_class_schema(tm_run *run, const tm_value *value);
