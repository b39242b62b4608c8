/* twin_message.h - what the API's messages hold, as tables: name and type of each field. The strict reader
 * (twin_request.h) walks a body along them as the service's own parser does. */
#pragma once
#include <stdbool.h>

typedef enum {
    TM_FIELD_STRING,
    TM_FIELD_BOOL,
    TM_FIELD_INTEGER, /* numbers in strings count */
    TM_FIELD_NUMBER,
    TM_FIELD_BYTES, /* base64, either alphabet */
    TM_FIELD_ENUM,  /* one of `values` */
    TM_FIELD_MESSAGE,
    TM_FIELD_MAP, /* of any name to a message */
    TM_FIELD_ANY,
} tm_field_kind;

typedef struct tm_twin_message tm_twin_message;
typedef struct {
    const char *name; /* lowerCamelCase; snake_case is taken too */
    tm_field_kind kind;
    bool repeated;
    const tm_twin_message *message; /* MESSAGE, MAP */
    const char *const *values;      /* ENUM, NULL-terminated */
} tm_twin_field;

struct tm_twin_message {
    const char *name;            /* as the service's errors call it: "GenerationConfig" */
    const tm_twin_field *fields; /* name NULL ends */
};

extern const tm_twin_message tm_twin_generate_request;
extern const tm_twin_message tm_twin_count_request;
