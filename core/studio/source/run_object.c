/* run_object.c - objects, arrays and comprehensions */
#include "core/studio/source/run.h"
#include <string.h>

/* Adds what is spread into an object. */
void tm_run_spread_object(tm_value *object, tm_value *value, tm_value *condition)
{
    tm_value *yes = value->kind == VALUE_CHOICE ? tm_value_item(value, 1) : NULL,
             *no = value->kind == VALUE_CHOICE ? tm_value_item(value, 2) : NULL;
    if (yes && (yes->kind == VALUE_OBJECT || no->kind == VALUE_OBJECT)) {
        tm_run_spread_object(object, yes->kind == VALUE_OBJECT ? yes : no, tm_value_item(value, 0));
        return;
    }
    if (value->kind == VALUE_UNKNOWN) {
        tm_value_set(object, "...", tm_value_ref(value));
        return;
    }
    for (guint i = 0; value->kind == VALUE_OBJECT && value->keys && i < value->keys->len; i++) {
        const char *key = g_ptr_array_index(value->keys, i);
        tm_value *item = tm_value_item(value, i), *there = tm_value_get(object, key);
        g_autoptr(tm_value) nothing = tm_value_new(VALUE_UNDEFINED);
        tm_value_set(object, key,
                     condition ? tm_value_choice(condition, item, there ? there : nothing)
                               : tm_value_ref(item));
    }
}

/* `{total: rows.reduce(...)}`: what is worked out is called as its writer calls it. */
static tm_value *keyed(tm_value *value, const char *key, const tm_code *code)
{
    static const char *const general[] = {"text",  "data",  "content", "contents", "parts",
                                          "value", "input", "url",     "message",  "prompt",
                                          "model", "name",  "config",  "options"};
    if (value->kind != VALUE_UNKNOWN || !code || code->kind != CODE_CALL || value->path ||
        value->code != code)
        return value;
    for (gsize i = 0; i < G_N_ELEMENTS(general); i++)
        if (strcmp(key, general[i]) == 0)
            return value;
    tm_value *named = tm_value_copy(value);
    g_free(named->text);
    named->text = g_strdup(key);
    g_clear_pointer(&named->longer, g_free);
    tm_value_unref(value);
    return named;
}

tm_value *tm_run_object(tm_run *run, tm_frame *frame, tm_code *code)
{
    tm_value *made = tm_value_new(VALUE_OBJECT);
    for (guint i = 0; i < code->n; i++) {
        tm_code *kid = code->kids[i];
        if (kid->kind == CODE_SPREAD) {
            g_autoptr(tm_value) value = tm_run_eval(run, frame, tm_code_kid(kid, 0));
            tm_run_spread_object(made, value, NULL);
        } else if (kid->kind == CODE_PAIR) {
            g_autofree char *key = g_strdup(kid->text);
            if (!key && kid->n > 1) {
                g_autoptr(tm_value) computed = tm_run_eval(run, frame, kid->kids[1]);
                key = computed->kind == VALUE_SDK
                          ? g_strdup(strrchr(computed->text, '.') ? strrchr(computed->text, '.') + 1
                                                                  : computed->text)
                          : tm_value_literal(computed);
            }
            tm_value *value = tm_run_eval(run, frame, tm_code_kid(kid, 0));
            if (key)
                value = keyed(value, key, tm_code_kid(kid, 0));
            tm_value_set(made, key ? key : "...", value);
        }
    }
    return made;
}

void tm_run_spread_array(tm_run *run, tm_value *array, tm_value *value, tm_code *code)
{
    tm_value *yes = value->kind == VALUE_CHOICE ? tm_value_item(value, 1) : NULL;
    if (value->kind == VALUE_ARRAY) {
        for (guint i = 0; value->items && i < value->items->len; i++)
            tm_value_add(array, tm_value_ref(tm_value_item(value, i)));
    } else if (yes && yes->kind == VALUE_ARRAY) {
        g_autoptr(tm_value) nothing = tm_value_new(VALUE_UNDEFINED);
        for (guint i = 0; yes->items && i < yes->items->len; i++)
            tm_value_add(array, tm_value_choice(tm_value_item(value, 0), tm_value_item(yes, i), nothing));
    } else if (value->kind == VALUE_UNKNOWN) {
        g_autoptr(tm_value) item = tm_run_item(run, value, "item", code);
        tm_value_add(array, tm_value_list(VALUE_MAPPED, value, item, item));
    } else if (value->kind == VALUE_MAPPED) {
        tm_value_add(array, tm_value_ref(value));
    }
}

tm_value *tm_run_array(tm_run *run, tm_frame *frame, tm_code *code)
{
    tm_value *made = tm_value_new(VALUE_ARRAY);
    for (guint i = 0; i < code->n; i++) {
        g_autoptr(tm_value) value = tm_run_eval(
            run, frame, code->kids[i]->kind == CODE_SPREAD ? tm_code_kid(code->kids[i], 0) : code->kids[i]);
        if (code->kids[i]->kind == CODE_SPREAD)
            tm_run_spread_array(run, made, value, code->kids[i]);
        else
            tm_value_add(made, g_steal_pointer(&value));
    }
    return made;
}

/* A comprehension: [body for pattern in list if condition]. */
tm_value *tm_run_comprehension(tm_run *run, tm_frame *frame, tm_code *code)
{
    if (code->n < 3)
        return tm_run_missing(run, frame, code);
    g_autoptr(tm_value) list = tm_run_eval(run, frame, code->kids[2]);
    tm_frame *inner = tm_frame_new(frame, code, run->frames->len);
    g_ptr_array_add(run->frames, inner);
    if (list->kind == VALUE_ARRAY) {
        tm_value *made = tm_value_new(VALUE_ARRAY);
        for (guint i = 0; list->items && i < MIN(list->items->len, RUN_ITEMS); i++) {
            tm_run_bind(run, inner, code->kids[1], tm_value_item(list, i));
            g_autoptr(tm_value) test =
                code->n > 3 ? tm_run_condition(run, inner, code->kids[3]) : tm_value_bool(true);
            if (tm_value_truth(test) != TRUTH_NO)
                tm_value_add(made, tm_run_eval(run, inner, code->kids[0]));
        }
        return made;
    }
    bool mapped = list->kind == VALUE_MAPPED, filtered = code->n > 3;
    if ((!mapped && list->kind != VALUE_UNKNOWN) || (filtered && mapped))
        return tm_run_missing(run, frame, code);
    g_autoptr(tm_value) whole = filtered ? tm_run_missing(run, frame, code->kids[2])
                                         : tm_value_ref(mapped ? tm_value_item(list, 0) : list);
    if (filtered) { /* the rows give what is left */
        g_free(whole->written);
        whole->written = tm_code_written(code);
    }
    g_autoptr(tm_value) item =
        mapped ? tm_value_ref(tm_value_item(list, 1)) : tm_run_item(run, whole, "item", code->kids[1]);
    tm_run_bind(run, inner, code->kids[1], mapped ? tm_value_item(list, 2) : item);
    g_autoptr(tm_value) body = tm_run_eval(run, inner, code->kids[0]);
    return tm_value_list(VALUE_MAPPED, whole, item, body);
}
