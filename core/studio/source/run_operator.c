/* run_operator.c - operators and conditions */
#include "core/studio/source/run.h"
#include <string.h>

static bool of_environment(const tm_value *value)
{
    return value->kind == VALUE_UNKNOWN &&
           (strstr(value->written, "process.env") || strstr(value->written, "import.meta.env") ||
            strstr(value->written, "os.environ") || strstr(value->written, "getenv"));
}

static bool is_nothing(const tm_value *value)
{
    return value->kind == VALUE_UNDEFINED || value->kind == VALUE_NULL;
}

static guint leaves(const tm_value *value)
{
    return value->kind == VALUE_CHOICE ? leaves(tm_value_item(value, 1)) + leaves(tm_value_item(value, 2))
                                       : 1;
}

/* TABLE[key] || other: `other` stands where the table has nothing. */
static tm_value *or_else(tm_value *value, tm_value *other, bool nullish)
{
    if (value->kind == VALUE_CHOICE) {
        g_autoptr(tm_value) yes = or_else(tm_value_item(value, 1), other, nullish),
                            no = or_else(tm_value_item(value, 2), other, nullish);
        return tm_value_choice(tm_value_item(value, 0), yes, no);
    }
    tm_truth truth = tm_value_truth(value);
    if (is_nothing(value) || (truth == TRUTH_NO && !nullish))
        return tm_value_ref(other);
    if (truth == TRUTH_YES || (nullish && value->kind != VALUE_UNKNOWN))
        return tm_value_ref(value);
    return tm_value_choice(value, value, other);
}

/* a || b, a ?? b, a && b */
static tm_value *logic(tm_run *run, tm_frame *frame, tm_code *code)
{
    const char *sign = code->text;
    g_autoptr(tm_value) left = tm_run_eval(run, frame, code->kids[0]);
    tm_truth truth = tm_value_truth(left);
    if (strcmp(sign, "&&") == 0) {
        if (truth == TRUTH_NO)
            return tm_value_ref(left);
        g_autoptr(tm_value) right = tm_run_eval(run, frame, code->kids[1]);
        g_autoptr(tm_value) condition = tm_run_condition(run, frame, code->kids[0]);
        g_autoptr(tm_value) no = tm_value_bool(false);
        return tm_value_choice(condition, right, no);
    }
    bool known = left->kind != VALUE_UNKNOWN && left->kind != VALUE_CHOICE && left->kind != VALUE_SDK;
    if (strcmp(sign, "??") == 0 ? known && !is_nothing(left) : truth == TRUTH_YES)
        return tm_value_ref(left);
    g_autoptr(tm_value) right = tm_run_eval(run, frame, code->kids[1]);
    bool empty = (right->kind == VALUE_OBJECT || right->kind == VALUE_ARRAY) && !right->items;
    if (is_nothing(left) || truth == TRUTH_NO || of_environment(left))
        return tm_value_ref(right);
    if (empty)
        return tm_value_ref(left);
    if (left->kind == VALUE_CHOICE && leaves(left) * right->size < RUN_SIZE / 4)
        return or_else(left, right, strcmp(sign, "??") == 0);
    return tm_value_choice(left, left, right);
}

static bool numbers(const tm_value *a, const tm_value *b, double *x, double *y)
{
    if (a->kind != VALUE_NUMBER || b->kind != VALUE_NUMBER)
        return false;
    *x = g_ascii_strtod(a->text, NULL);
    *y = g_ascii_strtod(b->text, NULL);
    return true;
}

tm_value *tm_run_number(double number)
{
    char text[G_ASCII_DTOSTR_BUF_SIZE];
    return tm_value_number(g_ascii_formatd(text, sizeof text, "%.15g", number));
}

static tm_value *compare(const char *sign, tm_value *left, tm_value *right)
{
    bool same = sign[0] == '=', differs = sign[0] == '!';
    double x, y;
    g_autofree char *a = tm_value_literal(left), *b = tm_value_literal(right);
    if (numbers(left, right, &x, &y) && !same && !differs)
        return tm_value_bool(sign[0] == '<' ? (sign[1] ? x <= y : x < y) : (sign[1] ? x >= y : x > y));
    if ((same || differs) && ((a && b) || (is_nothing(left) && is_nothing(right))))
        return tm_value_bool((g_strcmp0(a, b) == 0) == same);
    if ((same || differs) && (is_nothing(right) || is_nothing(left))) { /* x !== undefined */
        tm_value *other = is_nothing(right) ? left : right;
        return same                                                          ? tm_value_not(other)
               : other->kind == VALUE_UNKNOWN || other->kind == VALUE_CHOICE ? tm_value_ref(other)
                                                                             : tm_value_bool(true);
    }
    if ((same || differs) && right->kind == VALUE_BOOL && right->yes && left->kind == VALUE_UNKNOWN)
        return same ? tm_value_ref(left) : tm_value_not(left);
    if ((same || differs) && right->kind == VALUE_TEXT && !*right->text)
        return same ? tm_value_not(left) : tm_value_ref(left);
    if (same || differs) {
        bool turned = a && !b; /* "x" === name */
        if (left->kind == VALUE_OBJECT || left->kind == VALUE_ARRAY || left->kind == VALUE_FUNCTION)
            return tm_value_bool(differs);
        g_autoptr(tm_value) test = tm_value_test("===", turned ? right : left, turned ? left : right);
        return same ? tm_value_ref(test) : tm_value_not(test);
    }
    return tm_value_test(sign, left, right);
}

static bool is_all_unknown(const tm_value *value)
{
    for (guint i = 0; value->kind == VALUE_JOIN && i < value->items->len; i++)
        if (tm_value_item(value, i)->kind != VALUE_UNKNOWN)
            return false;
    return value->kind == VALUE_UNKNOWN || (value->kind == VALUE_JOIN && value->items->len > 0);
}

/* `${a + b}` of which nothing is known: a sum, or one text of two. The rows give what comes of it. */
static bool is_sum(const tm_code *code, const tm_value *left, const tm_value *right)
{
    return code->parent && code->parent->kind == CODE_TEMPLATE && is_all_unknown(left) &&
           is_all_unknown(right);
}

tm_value *tm_run_binary(tm_run *run, tm_frame *frame, tm_code *code)
{
    const char *sign = code->text;
    if (code->n < 2)
        return tm_run_missing(run, frame, code);
    if (strcmp(sign, "&&") == 0 || strcmp(sign, "||") == 0 || strcmp(sign, "??") == 0)
        return logic(run, frame, code);
    g_autoptr(tm_value) left = tm_run_eval(run, frame, code->kids[0]);
    g_autoptr(tm_value) right = tm_run_eval(run, frame, code->kids[1]);
    double x, y;
    if (numbers(left, right, &x, &y) && strlen(sign) == 1 && strchr("+-*/", *sign) &&
        (*sign != '/' || y != 0))
        return tm_run_number(*sign == '+' ? x + y : *sign == '-' ? x - y : *sign == '*' ? x * y : x / y);
    if (strcmp(sign, "+") == 0 && left->kind == VALUE_ARRAY && right->kind == VALUE_ARRAY) {
        tm_value *both = tm_value_copy(left);
        for (guint i = 0; right->items && i < right->items->len; i++)
            tm_value_add(both, tm_value_ref(tm_value_item(right, i)));
        return both;
    }
    bool counting = (left->kind == VALUE_UNKNOWN && right->kind == VALUE_NUMBER) ||
                    (right->kind == VALUE_UNKNOWN && left->kind == VALUE_NUMBER);
    if (strcmp(sign, "+") == 0 && !counting && !is_sum(code, left, right)) {
        g_autoptr(tm_value) a = tm_run_text(run, frame, left, code->kids[0]),
                            b = tm_run_text(run, frame, right, code->kids[1]);
        return tm_value_join(a, b);
    }
    if (strcmp(sign, "%") == 0 && tm_value_is_text(left) && left->kind != VALUE_UNKNOWN) {
        tm_value *made = tm_run_method(run, frame, left, "%", right, code);
        if (made)
            return made;
    }
    static const char *const signs[] = {"===", "!==", "==", "!=", "<", ">", "<=", ">="};
    for (gsize i = 0; i < G_N_ELEMENTS(signs); i++)
        if (strcmp(sign, signs[i]) == 0) {
            g_autoptr(tm_value) made = compare(sign, left, right);
            /* The whole as it stands is the name that a condition gets where it is no plain comparison. */
            if (made->kind == VALUE_TEST && !made->written) {
                tm_value *named = tm_value_copy(made);
                named->written = tm_code_written(code);
                return named;
            }
            return g_steal_pointer(&made);
        }
    return tm_run_missing(run, frame, code);
}

static tm_value *condition(tm_run *run, tm_frame *frame, tm_code *code)
{
    tm_code *counted = code, *zero = NULL;
    bool none = false;
    if (code->kind == CODE_NOT && tm_code_kid(code, 0)) {
        g_autoptr(tm_value) of = tm_run_condition(run, frame, code->kids[0]);
        return tm_value_not(of);
    }
    if (code->kind == CODE_BINARY && code->n == 2) {
        counted = code->kids[0];
        zero = code->kids[1];
        none = *code->text == '=' || *code->text == '<';
        if (strcmp(code->text, "&&") == 0 || strcmp(code->text, "||") == 0) {
            g_autoptr(tm_value) a = tm_run_condition(run, frame, code->kids[0]);
            g_autoptr(tm_value) b = tm_run_condition(run, frame, code->kids[1]);
            if (a->size + b->size > RUN_CONDITION)
                return tm_run_unknown(run, frame, code);
            return *code->text == '&' ? tm_value_choice(a, b, a) : tm_value_choice(a, a, b);
        }
    }
    bool empty_test = !zero || (tm_code_is(zero, CODE_NUMBER, "0") && strchr(">=!", *code->text)) ||
                      (tm_code_is(zero, CODE_NUMBER, "1") &&
                       (strcmp(code->text, ">=") == 0 || strcmp(code->text, "<") == 0));
    bool of_length =
        tm_code_is(counted, CODE_MEMBER, "length") ||
        (counted->kind == CODE_CALL && counted->n == 2 && tm_code_is(counted->kids[0], CODE_NAME, "len"));
    if (empty_test && of_length) {
        g_autoptr(tm_value) list =
            tm_run_eval(run, frame, counted->kids[counted->kind == CODE_MEMBER ? 0 : 1]);
        if (list->kind == VALUE_UNKNOWN || list->kind == VALUE_CHOICE)
            return none && zero ? tm_value_not(list) : tm_value_ref(list);
    }
    g_autoptr(tm_value) value = tm_run_eval(run, frame, code);
    return value->size > RUN_CONDITION ? tm_run_unknown(run, frame, code) : g_steal_pointer(&value);
}

tm_value *tm_run_condition(tm_run *run, tm_frame *frame, tm_code *code)
{
    tm_value *made = condition(run, frame, code);
    if ((made->kind == VALUE_CHOICE || made->kind == VALUE_NOT || made->kind == VALUE_TEST) &&
        !made->written) {
        tm_value *named = tm_value_copy(made); /* its words, where it has to be told */
        named->written = tm_code_written(code);
        tm_value_unref(made);
        return named;
    }
    return made;
}
