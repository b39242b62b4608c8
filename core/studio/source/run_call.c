/* run_call.c - functions of the app: their parameters, and what they return */
#include "core/studio/source/run.h"
#include <string.h>

/* A parameter that nobody gave. */
static tm_value *parameter(tm_run *run, tm_frame *frame, tm_code *pattern)
{
    tm_code *name =
        pattern->kind == CODE_DEFAULT || pattern->kind == CODE_SPREAD ? tm_code_kid(pattern, 0) : pattern;
    g_autofree char *written = name && name->kind == CODE_NAME ? g_strdup(name->text) : g_strdup("options");
    g_autofree char *key = g_strdup_printf("%u:%s", frame->id, written);
    tm_value *value = tm_value_unknown(key, written, written, name);
    value->owner = frame->code;
    if (pattern->kind == CODE_DEFAULT)
        value->given = tm_run_eval(run, frame, tm_code_kid(pattern, 1));
    return value;
}

static tm_value *rest_of(const tm_value *arguments, guint from)
{
    tm_value *rest = tm_value_new(VALUE_ARRAY);
    for (guint i = from; arguments && arguments->items && i < arguments->items->len; i++)
        tm_value_add(rest, tm_value_ref(tm_value_item(arguments, i)));
    return rest;
}

tm_frame *tm_run_enter(tm_run *run, tm_frame *up, tm_code *function, tm_value *arguments, tm_value *named)
{
    tm_frame *frame = tm_frame_new(up, function, run->frames->len);
    g_ptr_array_add(run->frames, frame);
    tm_code *parameters = tm_code_kid(function, 0);
    bool self = function->source->python && function->parent && function->parent->kind == CODE_CLASS;
    guint given = 0;
    for (guint i = self ? 1 : 0; parameters && i < parameters->n; i++) {
        tm_code *pattern = parameters->kids[i];
        tm_code *name = pattern->kind == CODE_DEFAULT ? tm_code_kid(pattern, 0) : pattern;
        tm_value *by_name = name && name->kind == CODE_NAME ? tm_value_get(named, name->text) : NULL;
        g_autoptr(tm_value) value = NULL;
        if (by_name)
            value = tm_value_ref(by_name);
        else if (pattern->kind == CODE_SPREAD && arguments)
            value = rest_of(arguments, given);
        else if (tm_value_item(arguments, given))
            value = tm_value_ref(tm_value_item(arguments, given++));
        if (pattern->kind == CODE_DEFAULT && value && value->kind == VALUE_UNDEFINED)
            g_clear_pointer(&value, tm_value_unref);
        if (!value && arguments) /* called with fewer: what is left out has its default, or nothing */
            value = pattern->kind == CODE_DEFAULT ? tm_run_eval(run, frame, tm_code_kid(pattern, 1))
                                                  : tm_value_new(VALUE_UNDEFINED);
        if (!value)
            value = parameter(run, frame, pattern);
        tm_run_bind(run, frame, name, value);
    }
    return frame;
}

static bool same_key(const tm_value *unknown, const void *key)
{
    return strcmp(unknown->key, key) == 0;
}

tm_value *tm_run_call(tm_run *run, tm_value *function, tm_value *arguments, tm_value *named, tm_code *code)
{
    if (run->calls >= RUN_CALLS || function->code->kind != CODE_FUNCTION)
        return NULL;
    run->calls++;
    g_autoptr(tm_value) none = tm_value_new(VALUE_ARRAY);
    tm_frame *frame = tm_run_enter(run, function->frame, function->code, arguments ? arguments : none, named);
    tm_code *body = tm_code_kid(function->code, 1);
    tm_value *value =
        body->kind == CODE_BLOCK ? tm_run_exec(run, frame, body) : tm_run_eval(run, frame, body);
    run->calls--;
    if (!value)
        return tm_value_new(VALUE_UNDEFINED);
    /* What is unknown inside is known outside by the call, unless it came in by an argument. */
    if (value->kind == VALUE_UNKNOWN && code && !tm_value_any(arguments, same_key, value->key) &&
        !value->of) {
        tm_value_unref(value);
        return NULL;
    }
    return value;
}
