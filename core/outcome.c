/* outcome.c - the names of the classes, and what each asks for. See outcome.h */
#include "core/outcome.h"

#include <string.h>

static const struct {
    const char *name;
    tm_do what;
    bool systematic;
} classes[TM_N_CLASSES] = {
    [TM_CLASS_OK] = {"ok", TM_DO_RECORD, false},
    [TM_CLASS_TRUNCATED] = {"truncated", TM_DO_RECORD, true},
    [TM_CLASS_BLOCKED] = {"blocked", TM_DO_RECORD, true},
    [TM_CLASS_SCHEMA] = {"schema", TM_DO_RECORD, true},
    [TM_CLASS_BAD_REQUEST] = {"bad_request", TM_DO_RECORD, true},
    [TM_CLASS_TOO_LARGE] = {"too_large", TM_DO_RECORD, true},
    [TM_CLASS_INPUT_CHANGED] = {"input_changed", TM_DO_RECORD, false},
    [TM_CLASS_AUTH] = {"auth", TM_DO_CLOSE, false},
    [TM_CLASS_NO_MODEL] = {"no_model", TM_DO_CLOSE, false},
    [TM_CLASS_QUOTA_MINUTE] = {"quota_minute", TM_DO_AGAIN, false},
    [TM_CLASS_QUOTA_DAY] = {"quota_day", TM_DO_AGAIN, false},
    [TM_CLASS_MONEY] = {"money", TM_DO_CLOSE, false},
    /* No row's fault: a night of 503s may not fail the rows that happened to be its probes. */
    [TM_CLASS_OVERLOADED] = {"overloaded", TM_DO_AGAIN, false},
    [TM_CLASS_SERVER] = {"server", TM_DO_AGAIN_CHARGED, false},
    [TM_CLASS_NETWORK] = {"network", TM_DO_AGAIN, false},
    [TM_CLASS_TIMEOUT] = {"timeout", TM_DO_AGAIN_CHARGED, false},
    [TM_CLASS_UNKNOWN] = {"unknown", TM_DO_AGAIN_CHARGED, false},
    [TM_CLASS_ADAPTED] = {"adapted", TM_DO_AGAIN, false},
};

static bool known(tm_class class)
{
    return (unsigned)class < TM_N_CLASSES;
}

const char *tm_class_name(tm_class class)
{
    return known(class) ? classes[class].name : "unknown";
}

bool tm_class_parse(const char *name, tm_class *class)
{
    for (int i = 0; i < TM_N_CLASSES; i++) {
        if (strcmp(classes[i].name, name) == 0) {
            *class = (tm_class)i;
            return true;
        }
    }
    return false;
}

tm_do tm_class_do(tm_class class)
{
    return known(class) ? classes[class].what : TM_DO_AGAIN_CHARGED;
}

bool tm_class_is_systematic(tm_class class)
{
    return known(class) && classes[class].systematic;
}

void tm_answer_init(tm_answer *answer)
{
    *answer = (tm_answer){
        .class = TM_CLASS_OK,
        .retry_ms = -1,
        .pause_ms = -1,
        .usage = {.input = -1, .cached = -1, .output = -1, .thinking = -1},
    };
}

void tm_answer_clear(tm_answer *answer)
{
    g_free(answer->code);
    g_free(answer->message);
    g_clear_pointer(&answer->violations, g_array_unref);
    g_clear_pointer(&answer->told, g_array_unref);
    g_free(answer->text);
    g_clear_pointer(&answer->parts, g_ptr_array_unref);
    g_free(answer->finish);
    g_free(answer->model);
    tm_answer_init(answer);
}
