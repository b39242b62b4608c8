/* run_eval.c - what expressions come to */
#include "core/studio/source/run.h"
#include <string.h>

static tm_value *template(tm_run *run, tm_frame *frame, tm_code *code)
{
    tm_value *whole = tm_value_new(VALUE_JOIN);
    for (guint i = 0; i < code->n; i++) {
        g_autoptr(tm_value) value = tm_run_eval(run, frame, code->kids[i]);
        g_autoptr(tm_value) text = tm_run_text(run, frame, value, code->kids[i]);
        tm_value *more = tm_value_join(whole, text);
        tm_value_unref(whole);
        whole = more;
    }
    if (whole->items->len == 0)
        tm_value_add(whole, tm_value_text(""));
    return whole;
}

/* Python's {price:.2f}, where the price is known. */
static tm_value *formatted(tm_run *run, tm_frame *frame, tm_code *code)
{
    g_autoptr(tm_value) value = code->text && code->n ? tm_run_eval(run, frame, code->kids[0]) : NULL;
    const char *format = code->text ? code->text : "";
    gsize n = strlen(format);
    if (!value || value->kind != VALUE_NUMBER || n < 4 || strncmp(format, ":.", 2) != 0 ||
        format[n - 1] != 'f' || n > 5)
        return tm_run_missing(run, frame, code);
    g_autofree char *digits = g_strndup(format + 2, n - 3);
    g_autofree char *sign = g_strdup_printf("%%.%uf", (guint)MIN(g_ascii_strtoull(digits, NULL, 10), 20));
    char text[128];
    return tm_value_text(g_ascii_formatd(text, sizeof text, sign, g_ascii_strtod(value->text, NULL)));
}

/* Array.isArray(tags) ? tags.join(", ") : tags: two ways to say one thing. What one is made of the other by;
 * NULL: they are two things. */
static const tm_value *one_of(const tm_value *yes, const tm_value *no)
{
    if (yes->kind != VALUE_UNKNOWN || no->kind != VALUE_UNKNOWN || yes->path || no->path)
        return NULL;
    const tm_value *made = strlen(yes->key) > strlen(no->key) ? yes : no, *plain = made == yes ? no : yes;
    gsize n = strlen(plain->key);
    bool of_it = strncmp(made->key, plain->key, n) == 0 && made->key[n] == '|';
    return of_it && made->written && strchr(made->written, '(') ? plain : NULL;
}

/* JavaScript's word for what is known of a value; NULL: nothing is. */
static const char *type_of(const tm_value *value)
{
    if (value->kind != VALUE_UNKNOWN && tm_value_is_text(value))
        return value->kind == VALUE_NUMBER ? "number" : "string";
    switch (value->kind) {
    case VALUE_ARRAY:
    case VALUE_OBJECT:
    case VALUE_MAPPED:
    case VALUE_NULL:
        return "object";
    case VALUE_BOOL:
        return "boolean";
    case VALUE_FUNCTION:
    case VALUE_CLASS:
        return "function";
    case VALUE_UNDEFINED:
        return "undefined";
    default:
        return NULL;
    }
}

static tm_value *evaluate(tm_run *run, tm_frame *frame, tm_code *code)
{
    switch (code->kind) {
    case CODE_TEXT:
        return tm_value_text(code->text);
    case CODE_NUMBER:
        return tm_value_number(code->text);
    case CODE_TRUE:
    case CODE_FALSE:
        return tm_value_bool(code->kind == CODE_TRUE);
    case CODE_NULL:
        return tm_value_new(VALUE_NULL);
    case CODE_UNDEFINED:
        return tm_value_new(VALUE_UNDEFINED);
    case CODE_NAME: {
        tm_value *value = tm_run_name(run, frame, code);
        return value;
    }
    case CODE_MEMBER: {
        g_autoptr(tm_value) whole = tm_run_eval(run, frame, tm_code_kid(code, 0));
        return tm_run_member(run, frame, whole, code->text, code);
    }
    case CODE_INDEX:
        return tm_run_index(run, frame, code);
    case CODE_CALL:
        return tm_run_invoke(run, frame, code);
    case CODE_TEMPLATE:
        return template(run, frame, code);
    case CODE_TAGGED: {
        g_autoptr(tm_value) text = tm_run_eval(run, frame, tm_code_kid(code, 1));
        tm_code *tag = tm_code_kid(code, 0);
        tm_value *made = tag->text ? tm_run_method(run, frame, text, tag->text, text, code) : NULL;
        return made ? made : g_steal_pointer(&text);
    }
    case CODE_OBJECT:
        return tm_run_object(run, frame, code);
    case CODE_ARRAY:
        return tm_run_array(run, frame, code);
    case CODE_FUNCTION:
    case CODE_CLASS: {
        tm_value *value = tm_value_new(code->kind == CODE_CLASS ? VALUE_CLASS : VALUE_FUNCTION);
        value->code = code;
        value->frame = frame;
        return value;
    }
    case CODE_BINARY:
        return tm_run_binary(run, frame, code);
    case CODE_NOT: {
        g_autoptr(tm_value) of = tm_run_condition(run, frame, tm_code_kid(code, 0));
        return tm_value_not(of);
    }
    case CODE_UNARY: {
        g_autoptr(tm_value) of = tm_run_eval(run, frame, tm_code_kid(code, 0));
        if (strcmp(code->text, "-") == 0 && of->kind == VALUE_NUMBER)
            return tm_run_number(-g_ascii_strtod(of->text, NULL));
        const char *type = strcmp(code->text, "typeof") == 0 ? type_of(of) : NULL;
        if (type)
            return tm_value_text(type);
        return tm_run_missing(run, frame, code);
    }
    case CODE_CHOICE: {
        g_autoptr(tm_value) condition = tm_run_condition(run, frame, code->kids[0]);
        g_autoptr(tm_value) yes = tm_run_eval(run, frame, code->kids[1]);
        g_autoptr(tm_value) no = tm_run_eval(run, frame, code->kids[2]);
        const tm_value *one = one_of(yes, no);
        if (one) {
            g_autofree char *written = tm_code_written(code);
            tm_value *part = tm_value_part(one, one->text, written, code);
            g_clear_pointer(&part->path, g_free);
            return part;
        }
        g_autoptr(tm_value) made = tm_value_choice(condition, yes, no);
        return tm_run_is_tangled(made) ? tm_run_missing(run, frame, code) : g_steal_pointer(&made);
    }
    case CODE_ASSIGN: {
        tm_value *made = tm_run_exec(run, frame, code);
        tm_value_unref(made);
        return tm_run_eval(run, frame, code->kids[0]);
    }
    case CODE_MAP:
        return tm_run_comprehension(run, frame, code);
    case CODE_OTHER:
        return formatted(run, frame, code);
    case CODE_SPREAD:
    case CODE_KEYWORD:
        return tm_run_eval(run, frame, tm_code_kid(code, 0));
    case CODE_REGEX: {
        tm_value *value = tm_value_new(VALUE_SDK);
        value->text = g_strconcat("/", code->text, NULL);
        value->code = code;
        return value;
    }
    default:
        return tm_run_missing(run, frame, code);
    }
}

tm_value *tm_run_eval(tm_run *run, tm_frame *frame, tm_code *code)
{
    if (!code)
        return tm_value_new(VALUE_UNDEFINED);
    if (run->depth >= RUN_DEPTH || run->steps == 0)
        return tm_run_unknown(run, frame, code);
    run->depth++;
    run->steps--;
    tm_value *value = evaluate(run, frame, code);
    run->depth--;
    if (value->size > RUN_SIZE) {
        tm_value_unref(value);
        value = tm_run_unknown(run, frame, code);
    }
    return value;
}
