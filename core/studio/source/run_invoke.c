/* run_invoke.c - calls: of methods, of functions of the app, of what the languages bring */
#include "core/studio/source/run.h"
#include <string.h>

/* Arguments in order as an ARRAY, those by name as an OBJECT. */
static tm_value *arguments_of(tm_run *run, tm_frame *frame, tm_code *code, tm_value **named)
{
    tm_value *list = tm_value_new(VALUE_ARRAY);
    *named = tm_value_new(VALUE_OBJECT);
    for (guint i = 1; i < code->n; i++) {
        tm_code *kid = code->kids[i];
        if (kid->kind == CODE_KEYWORD) {
            tm_value_set(*named, kid->text, tm_run_eval(run, frame, tm_code_kid(kid, 0)));
        } else if (kid->kind == CODE_SPREAD) {
            g_autoptr(tm_value) value = tm_run_eval(run, frame, tm_code_kid(kid, 0));
            if (value->kind == VALUE_OBJECT)
                tm_run_spread_object(*named, value, NULL);
            else
                tm_run_spread_array(run, list, value, kid);
        } else {
            tm_value_add(list, tm_run_eval(run, frame, kid));
        }
    }
    return list;
}

/* list.push(x): the name gets a longer list. */
static bool pushed(tm_run *run, tm_frame *frame, tm_code *code, tm_value *whole, const char *name,
                   tm_value *arguments)
{
    bool many = strcmp(name, "extend") == 0, first = strcmp(name, "unshift") == 0;
    if (!(many || first || strcmp(name, "push") == 0 || strcmp(name, "append") == 0))
        return false;
    g_autoptr(tm_value) list = tm_value_new(VALUE_ARRAY);
    if (whole->kind != VALUE_ARRAY && whole->kind != VALUE_MAPPED && whole->kind != VALUE_UNKNOWN)
        return false;
    tm_run_spread_array(run, list, whole, code);
    g_autoptr(tm_value) longer = tm_value_copy(first ? arguments : list);
    const tm_value *more = first ? list : arguments;
    for (guint i = 0; more->items && i < more->items->len; i++) {
        if (many)
            tm_run_spread_array(run, longer, tm_value_item(more, i), code);
        else
            tm_value_add(longer, tm_value_ref(tm_value_item(more, i)));
    }
    tm_run_assign(run, frame, tm_code_kid(code->kids[0], 0), longer);
    return true;
}

/* A few words that depend on what no template can ask: better a variable than a riddle. */
static bool asks_too_much(const tm_value *value)
{
    if (value->kind == VALUE_JOIN) {
        for (guint i = 0; i < value->items->len; i++)
            if (asks_too_much(tm_value_item(value, i)))
                return true;
        return false;
    }
    if (value->kind != VALUE_CHOICE)
        return false;
    const tm_value *condition = tm_value_item(value, 0);
    bool plain = condition->kind == VALUE_UNKNOWN ||
                 (condition->kind == VALUE_TEST && strcmp(condition->text, "===") == 0 &&
                  tm_value_item(condition, 0)->kind == VALUE_UNKNOWN &&
                  (tm_value_item(condition, 1)->kind == VALUE_TEXT ||
                   tm_value_item(condition, 1)->kind == VALUE_NUMBER));
    return !plain || asks_too_much(tm_value_item(value, 1)) || asks_too_much(tm_value_item(value, 2));
}

bool tm_run_is_tangled(const tm_value *value)
{
    /* A sentence that is there or not is read easily, whatever it asks; one of several words is not. */
    bool whole = value->kind == VALUE_CHOICE && (tm_value_static(tm_value_item(value, 1)) == 0 ||
                                                 tm_value_static(tm_value_item(value, 2)) == 0);
    return asks_too_much(value) && tm_value_is_text(value) && tm_value_static(value) < (whole ? 24 : 100);
}

static bool is_foreign(const tm_value *unknown, const void *data)
{
    const tm_value *arguments = data;
    for (guint i = 0; arguments->items && i < arguments->items->len; i++) {
        const tm_value *item = tm_value_item(arguments, i);
        if (item->kind == VALUE_UNKNOWN && g_str_has_prefix(unknown->key, item->key))
            return false;
    }
    return !unknown->of;
}

/* Nothing but what only the inside of the function knows: outside, the call says it better. */
static bool is_inner(const tm_value *value, const tm_value *arguments)
{
    return tm_value_is_text(value) && value->kind != VALUE_UNKNOWN && tm_value_static(value) == 0 &&
           tm_value_any(value, is_foreign, arguments);
}

static bool find_of(const tm_value *unknown, const void *data)
{
    guint *of = (guint *)data;
    *of = *of ? *of : unknown->of;
    return *of != 0;
}

static tm_value *call_method(tm_run *run, tm_frame *frame, tm_code *code)
{
    tm_code *callee = code->kids[0];
    g_autoptr(tm_value) whole = tm_run_eval(run, frame, tm_code_kid(callee, 0));
    if (strcmp(callee->text, "forEach") == 0 && code->n > 1 && code->kids[1]->kind == CODE_FUNCTION) {
        tm_run_each(run, frame, NULL, whole, code->kids[1]);
        return tm_value_new(VALUE_UNDEFINED);
    }
    g_autoptr(tm_value) named = NULL;
    g_autoptr(tm_value) arguments = arguments_of(run, frame, code, &named);
    if (pushed(run, frame, code, whole, callee->text, arguments))
        return tm_value_new(VALUE_UNDEFINED);
    tm_value *made = NULL;
    if (whole->kind == VALUE_SDK || strcmp(callee->text, "getGenerativeModel") == 0 ||
        (whole->kind == VALUE_UNKNOWN && tm_code_kid(callee, 0)->kind == CODE_NAME && !whole->owner)) {
        g_autofree char *name = g_strconcat(whole->text ? whole->text : "", ".", callee->text, NULL);
        made = tm_run_global(run, frame, name, arguments, named, code);
    }
    if (!made && named->keys) { /* a.format(x=1) */
        tm_value_add(arguments, tm_value_ref(named));
    }
    if (!made)
        made = tm_run_method(run, frame, whole, callee->text, arguments, code);
    if (made)
        return made;
    g_autoptr(tm_value) function = tm_run_member(run, frame, whole, callee->text, callee);
    if (function->kind == VALUE_FUNCTION) {
        made = tm_run_call(run, function, arguments, named, code);
        if (made && (tm_run_is_tangled(made) || is_inner(made, arguments)))
            g_clear_pointer(&made, tm_value_unref);
        if (made)
            return made;
    }
    bool of_language = whole->kind == VALUE_UNKNOWN && strcmp(whole->key, whole->text) == 0; /* JSON, Math */
    if (whole->kind == VALUE_UNKNOWN && !of_language) {
        g_autofree char *written = tm_code_written(code);
        g_autoptr(tm_value) worded = tm_run_unknown(run, frame, code);
        bool stored = callee->kids[0]->kind == CODE_NAME &&
                      (strcmp(callee->text, "get") == 0 || strcmp(callee->text, "getItem") == 0);
        bool asks = stored || strstr(worded->text, callee->text) != NULL;
        g_autofree char *given = code->n == 2 && code->kids[1]->kind == CODE_NAME
                                     ? tm_value_literal(tm_value_item(arguments, 0))
                                     : NULL;
        if (given && strlen(given) < 30) { /* of a list that is known: another one each time */
            g_free(written);
            g_autofree char *before = tm_code_written(callee);
            written = g_strdup_printf("%s(\"%s\")", before, given);
            g_free(worded->text);
            worded->text = g_strdup_printf("%s_%s_%s", whole->text, callee->text, given);
            asks = true;
        }
        tm_value *part = tm_value_part(whole, asks ? worded->text : whole->text, written, code);
        for (guint i = 0; !part->of && arguments->items && i < arguments->items->len; i++)
            tm_value_any(tm_value_item(arguments, i), find_of, &part->of);
        if (part->of && !whole->of) { /* records.get(person.id): another one for each */
            g_autofree char *key = g_strdup_printf("%s|of %u", part->key, part->of);
            g_free(part->key);
            part->key = g_steal_pointer(&key);
        }
        g_clear_pointer(&part->path, g_free);
        return part;
    }
    return tm_run_missing(run, frame, code);
}

static void find_read(tm_code *code, void *data)
{
    tm_code **found = data, *callee = code->kind == CODE_CALL ? tm_code_kid(code, 0) : NULL;
    if (!*found && callee && callee->kind == CODE_MEMBER && g_str_has_prefix(callee->text, "readAs") &&
        tm_code_is(tm_code_kid(code, 1), CODE_NAME, NULL))
        *found = code->kids[1];
}

/* new Promise(resolve => { ...; reader.readAsDataURL(file) }) is the file; NULL: another promise. */
static tm_value *file_read(tm_run *run, tm_frame *frame, tm_code *code)
{
    tm_code *name = NULL;
    if (!tm_code_is(tm_code_kid(code, 0), CODE_NAME, "Promise") || !tm_code_kid(code, 1))
        return NULL;
    tm_code_walk(code->kids[1], find_read, &name);
    g_autoptr(tm_value) file = name ? tm_run_name(run, frame, name) : NULL;
    return file && file->kind == VALUE_UNKNOWN && file->code ? g_steal_pointer(&file) : NULL;
}

tm_value *tm_run_invoke(tm_run *run, tm_frame *frame, tm_code *code)
{
    tm_code *callee = tm_code_kid(code, 0);
    if (callee->kind == CODE_MEMBER)
        return call_method(run, frame, code);
    tm_value *file = file_read(run, frame, code);
    if (file)
        return file;
    g_autoptr(tm_value) function = tm_run_eval(run, frame, callee);
    g_autoptr(tm_value) named = NULL;
    g_autoptr(tm_value) arguments = arguments_of(run, frame, code, &named);
    tm_value *made = NULL;
    if (function->kind == VALUE_FUNCTION) {
        made = tm_run_call(run, function, arguments, named, code);
        if (made && (tm_run_is_tangled(made) || is_inner(made, arguments)))
            g_clear_pointer(&made, tm_value_unref);
    } else if (function->kind == VALUE_CLASS) {
        made = tm_value_ref(function);
    } else if (function->kind == VALUE_SDK || callee->kind == CODE_NAME) {
        made = tm_run_global(run, frame, function->kind == VALUE_SDK ? function->text : callee->text,
                             arguments, named, code);
    }
    return made ? made : tm_run_missing(run, frame, code);
}
