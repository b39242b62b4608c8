/* run_exec.c - statements, read in order; where a condition is not known both branches are read, and a name
 * that differs behind them becomes a choice */
#include "core/studio/source/run.h"
#include <string.h>

/* What a statement that leaves gives back: nothing comes after it, and it says nothing. */
static tm_value *gone(void)
{
    tm_value *value = tm_value_new(VALUE_UNDEFINED);
    value->yes = true;
    return value;
}

static bool is_gone(const tm_value *value)
{
    return value && value->kind == VALUE_UNDEFINED && value->yes;
}

void tm_run_bind(tm_run *run, tm_frame *frame, tm_code *pattern, tm_value *value)
{
    if (!pattern)
        return;
    switch (pattern->kind) {
    case CODE_NAME: {
        /* `const topic = f(x)`: what is not known is called as its writer calls it. */
        if (value->kind == VALUE_UNKNOWN && value->code && value->code->kind != CODE_NAME && !value->path &&
            pattern->source == value->code->source) {
            tm_value *named = tm_value_copy(value);
            g_free(named->text);
            named->text = g_strdup(pattern->text);
            g_clear_pointer(&named->longer, g_free);
            tm_frame_set(frame, pattern->text, named);
        } else {
            tm_frame_set(frame, pattern->text, tm_value_ref(value));
        }
        break;
    }
    case CODE_DEFAULT: {
        bool nothing = value->kind == VALUE_UNDEFINED;
        g_autoptr(tm_value) given = tm_run_eval(run, frame, tm_code_kid(pattern, 1));
        g_autoptr(tm_value) kept = nothing ? tm_value_ref(given) : tm_value_copy(value);
        if (kept->kind == VALUE_UNKNOWN && !nothing && !kept->given)
            kept->given = tm_value_ref(given);
        tm_run_bind(run, frame, tm_code_kid(pattern, 0), kept);
        break;
    }
    case CODE_OBJECT:
        for (guint i = 0; i < pattern->n; i++) {
            tm_code *kid = pattern->kids[i];
            if (kid->kind == CODE_SPREAD) {
                tm_run_bind(run, frame, tm_code_kid(kid, 0), value);
            } else if (kid->kind == CODE_PAIR && kid->text) {
                tm_code *inner = tm_code_kid(kid, 0);
                g_autoptr(tm_value) part = tm_run_member(run, frame, value, kid->text, kid);
                if (part->kind == VALUE_UNKNOWN && inner) { /* named by its own word, whatever holds it */
                    g_autoptr(tm_value) named = tm_value_copy(part);
                    tm_code *name = inner->kind == CODE_DEFAULT ? tm_code_kid(inner, 0) : inner;
                    if (name->kind == CODE_NAME) {
                        g_free(named->text);
                        named->text = g_strdup(name->text);
                        g_free(named->written);
                        named->written = g_strdup_printf("%s.%s",
                                                         value->written ? value->written
                                                         : value->text  ? value->text
                                                                        : "",
                                                         kid->text);
                    }
                    if (named->owner && (value->code && value->code->kind == CODE_OBJECT)) {
                        g_free(named->written);
                        named->written = g_strdup(kid->text);
                    }
                    tm_run_bind(run, frame, inner, named);
                } else {
                    tm_run_bind(run, frame, inner, part);
                }
            }
        }
        break;
    case CODE_ARRAY:
        for (guint i = 0; i < pattern->n; i++) {
            tm_code *kid = pattern->kids[i];
            tm_value *item = value->kind == VALUE_ARRAY ? tm_value_item(value, i) : NULL;
            g_autoptr(tm_value) part = item                         ? tm_value_ref(item)
                                       : value->kind == VALUE_ARRAY ? tm_value_new(VALUE_UNDEFINED)
                                                                    : tm_run_unknown(run, frame, kid);
            if (!item && value->kind == VALUE_UNKNOWN) {
                g_free(part->written);
                part->written = strstr(value->written, "useState") == value->written ||
                                        strstr(value->written, "React.useState") == value->written
                                    ? g_strdup(kid->text ? kid->text : "")
                                    : g_strdup_printf("%s[%u]", value->written, i);
                part->of = value->of;
            }
            tm_run_bind(run, frame, kid, part);
        }
        break;
    default:
        break;
    }
}

void tm_run_assign(tm_run *run, tm_frame *frame, tm_code *target, tm_value *value)
{
    if (!target || run->depth > RUN_DEPTH)
        return;
    if (target->kind == CODE_NAME) {
        tm_frame *at = frame;
        while (at && !tm_frame_get(at, target->text))
            at = at->up;
        tm_run_bind(run, at ? at : frame, target, value);
        return;
    }
    tm_code *holder = tm_code_kid(target, 0);
    if ((target->kind != CODE_MEMBER && target->kind != CODE_INDEX) || !holder) {
        tm_run_bind(run, frame, target, value);
        return;
    }
    g_autoptr(tm_value) whole = tm_run_eval(run, frame, holder);
    if (whole->kind != VALUE_OBJECT)
        return;
    g_autofree char *key = g_strdup(target->text);
    if (!key) {
        g_autoptr(tm_value) computed = tm_run_eval(run, frame, tm_code_kid(target, 1));
        key = tm_value_literal(computed);
    }
    if (!key)
        return;
    g_autoptr(tm_value) changed = tm_value_copy(whole);
    tm_value_set(changed, key, tm_value_ref(value));
    run->depth++;
    tm_run_assign(run, frame, holder, changed);
    run->depth--;
}

static void assign(tm_run *run, tm_frame *frame, tm_code *code)
{
    if (code->n < 2)
        return;
    tm_code *target = code->kids[0];
    g_autoptr(tm_value) value = tm_run_eval(run, frame, code->kids[1]);
    if (strcmp(code->text, "=") != 0) {
        g_autoptr(tm_value) before = tm_run_eval(run, frame, target);
        g_autoptr(tm_value) made = NULL;
        if (strcmp(code->text, "+=") == 0 && before->kind == VALUE_ARRAY && value->kind == VALUE_ARRAY) {
            made = tm_value_copy(before);
            for (guint i = 0; value->items && i < value->items->len; i++)
                tm_value_add(made, tm_value_ref(tm_value_item(value, i)));
        } else if (strcmp(code->text, "+=") == 0 &&
                   !(before->kind == VALUE_NUMBER && value->kind == VALUE_NUMBER)) {
            g_autoptr(tm_value) a = tm_run_text(run, frame, before, target),
                                b = tm_run_text(run, frame, value, code->kids[1]);
            made = tm_value_join(a, b);
        } else if (strcmp(code->text, "||=") == 0 || strcmp(code->text, "?"
                                                                        "?=") == 0) {
            made = tm_value_choice(before, before, value);
        } else {
            made = tm_run_unknown(run, frame, code);
        }
        tm_run_assign(run, frame, target, made);
        return;
    }
    tm_run_assign(run, frame, target, value);
}

static tm_value *exec_list(tm_run *run, tm_frame *frame, tm_code *block, guint from);

/* `if (day) rows = rows.filter(...)`: what is made of the name's own value, which no row can work out. The
 * row gives what is left in either case. */
static bool is_own(const char *name, const tm_value *value, const tm_value *before)
{
    gsize n = strlen(name);
    return value->kind == VALUE_UNKNOWN && before->kind == VALUE_UNKNOWN && value->written && !before->path &&
           strncmp(value->written, name, n) == 0 && (value->written[n] == '.' || value->written[n] == '?') &&
           strchr(value->written, '(') && value->of == before->of;
}

/* Names that differ between the two ends of a branch become choices. */
static void merge(tm_frame *frame, GHashTable *yes, tm_value *condition)
{
    g_autoptr(GHashTable) no = tm_frame_names_copy(frame);
    GHashTableIter iter;
    gpointer name, value;
    g_hash_table_iter_init(&iter, yes);
    while (g_hash_table_iter_next(&iter, &name, &value)) {
        tm_value *other = g_hash_table_lookup(no, name);
        if (other && is_own(name, value, other))
            tm_frame_set(frame, name, tm_value_ref(value));
        else if (other)
            tm_frame_set(frame, name, tm_value_choice(condition, value, other));
        else
            tm_frame_set(frame, name, tm_value_ref(value));
    }
}

/* The branches are `yes` (a block's statements from one on) and `no`; then the block goes on from `rest`. */
typedef struct {
    tm_code *block;
    guint from;
} place;

static tm_value *run_place(tm_run *run, tm_frame *frame, place at)
{
    if (!at.block)
        return NULL;
    if (at.block->kind == CODE_SWITCH || at.block->kind == CODE_BLOCK || at.block->kind == CODE_CASE)
        return exec_list(run, frame, at.block, at.from);
    return tm_run_exec(run, frame, at.block);
}

static tm_value *cases(tm_run *run, tm_frame *frame, tm_code *code, guint from, tm_value *subject,
                       place rest);

/* Reads both ways. `code` is a SWITCH whose cases from `next` on are the other way; or NULL. */
static tm_value *both_ways(tm_run *run, tm_frame *frame, tm_value *condition, place yes, place no,
                           tm_code *code, guint next, tm_value *subject, place rest)
{
    GHashTable *before = tm_frame_names_copy(frame);
    guint work = g_hash_table_size(before) / 4;
    run->steps -= MIN(run->steps, work);
    tm_value *first = run_place(run, frame, yes);
    GHashTable *after = frame->names;
    frame->names = before;
    place nowhere = {NULL, 0};
    tm_value *second = code ? cases(run, frame, code, next, subject, nowhere) : run_place(run, frame, no);
    tm_value *made = NULL;
    if (first && second) {
        made = is_gone(first)    ? tm_value_ref(second)
               : is_gone(second) ? tm_value_ref(first)
                                 : tm_value_choice(condition, first, second);
    } else if (!first && !second) {
        merge(frame, after, condition);
    } else if (is_gone(first)) { /* the other way goes on alone */
    } else if (is_gone(second)) {
        GHashTable *now = frame->names;
        frame->names = after;
        after = now;
    } else {
        /* One way returns: what comes behind is the other. */
        if (second) {
            GHashTable *now = frame->names;
            frame->names = after;
            after = now;
        }
        tm_value *more = run_place(run, frame, rest);
        if (!more)
            more = tm_value_new(VALUE_UNDEFINED);
        made = is_gone(more) ? tm_value_ref(first ? first : second)
               : first       ? tm_value_choice(condition, first, more)
                             : tm_value_choice(condition, more, second);
        tm_value_unref(more);
    }
    tm_value_unref(first);
    tm_value_unref(second);
    g_hash_table_unref(after);
    return made;
}

static tm_value *branch(tm_run *run, tm_frame *frame, tm_code *code, place rest)
{
    g_autoptr(tm_value) condition = tm_run_condition(run, frame, code->kids[0]);
    tm_truth truth = tm_value_truth(condition);
    place yes = {tm_code_kid(code, 1), 0}, no = {tm_code_kid(code, 2), 0};
    if (truth != TRUTH_MAYBE)
        return run_place(run, frame, truth == TRUTH_YES ? yes : no);
    return both_ways(run, frame, condition, yes, no, NULL, 0, NULL, rest);
}

/* Does the case fall into the next one at once? */
static bool falls(const tm_code *one)
{
    return one->n == (g_strcmp0(one->text, "default") == 0 ? 0 : 1);
}

static tm_value *cases(tm_run *run, tm_frame *frame, tm_code *code, guint from, tm_value *subject, place rest)
{
    g_autoptr(tm_value) condition = NULL;
    if (from >= code->n)
        return NULL;
    guint at = from;
    bool any = false;
    for (;; at++) {
        tm_code *one = code->kids[at];
        if (g_strcmp0(one->text, "default") == 0) {
            any = true;
        } else {
            g_autoptr(tm_value) value = tm_run_eval(run, frame, tm_code_kid(one, 0));
            g_autofree char *a = tm_value_literal(value), *b = tm_value_literal(subject);
            g_autoptr(tm_value) test =
                a && b ? tm_value_bool(strcmp(a, b) == 0) : tm_value_test("===", subject, value);
            tm_value *both = condition ? tm_value_choice(condition, condition, test) : tm_value_ref(test);
            tm_value_unref(condition);
            condition = both;
        }
        if (!falls(one) || at + 1 >= code->n)
            break;
    }
    place yes = {code->kids[at], g_strcmp0(code->kids[at]->text, "default") == 0 ? 0 : 1}, no = {NULL, 0};
    if (any)
        return run_place(run, frame, yes);
    tm_truth truth = tm_value_truth(condition);
    if (truth == TRUTH_YES)
        return run_place(run, frame, yes);
    if (truth == TRUTH_NO)
        return cases(run, frame, code, at + 1, subject, rest);
    return both_ways(run, frame, condition, yes, no, code, at + 1, subject, rest);
}

static tm_value *switch_over(tm_run *run, tm_frame *frame, tm_code *code, place rest)
{
    g_autoptr(tm_value) subject = tm_run_eval(run, frame, code->kids[0]);
    return cases(run, frame, code, 1, subject, rest);
}

/* A loop over nobody knows what: a name that it changes is not known behind it. */
static tm_value *loop(tm_run *run, tm_frame *frame, tm_code *code)
{
    g_autoptr(GHashTable) before = tm_frame_names_copy(frame);
    tm_value *made = NULL;
    for (guint i = 0; !made && i < code->n; i++)
        made = tm_run_exec(run, frame, code->kids[i]);
    if (made && !is_gone(made))
        return made;
    tm_value_unref(made);
    GHashTableIter iter;
    gpointer name, value;
    g_hash_table_iter_init(&iter, before);
    while (g_hash_table_iter_next(&iter, &name, &value)) {
        tm_value *now = tm_frame_get(frame, name);
        if (!now || tm_value_equal(now, value))
            continue;
        tm_value *unknown = tm_run_unknown(run, frame, code);
        g_free(unknown->text);
        unknown->text = g_strdup(name);
        tm_frame_set(frame, name, unknown);
    }
    return NULL;
}

static tm_value *exec_list(tm_run *run, tm_frame *frame, tm_code *block, guint from)
{
    for (guint i = from; i < block->n; i++) {
        tm_code *code = block->kids[i];
        place rest = {block, i + 1};
        if (code->kind == CODE_BREAK)
            return NULL;
        tm_value *made = code->kind == CODE_IF       ? branch(run, frame, code, rest)
                         : code->kind == CODE_SWITCH ? switch_over(run, frame, code, rest)
                                                     : tm_run_exec(run, frame, code);
        if (made)
            return made;
    }
    return NULL;
}

tm_value *tm_run_exec(tm_run *run, tm_frame *frame, tm_code *code)
{
    place nowhere = {NULL, 0};
    if (!code || run->depth >= RUN_DEPTH || run->steps == 0)
        return NULL;
    run->depth++;
    run->steps--;
    tm_value *made = NULL;
    switch (code->kind) {
    case CODE_BLOCK:
    case CODE_CASE:
        made = exec_list(run, frame, code, code->kind == CODE_CASE && !code->text ? 1 : 0);
        break;
    case CODE_LET:
        if (code->n > 1) {
            g_autoptr(tm_value) value = tm_run_eval(run, frame, code->kids[1]);
            tm_run_bind(run, frame, code->kids[0], value);
        } else if (tm_code_is(tm_code_kid(code, 0), CODE_NAME, NULL)) {
            tm_frame_set(frame, code->kids[0]->text, tm_value_new(VALUE_UNDEFINED));
        }
        break;
    case CODE_ASSIGN:
        assign(run, frame, code);
        break;
    case CODE_IF:
        made = branch(run, frame, code, nowhere);
        break;
    case CODE_SWITCH:
        made = switch_over(run, frame, code, nowhere);
        break;
    case CODE_RETURN:
        made = code->n ? tm_run_eval(run, frame, code->kids[0]) : tm_value_new(VALUE_UNDEFINED);
        break;
    case CODE_THROW:
    case CODE_CONTINUE:
    case CODE_BREAK:
        made = gone();
        break;
    case CODE_EACH: {
        g_autoptr(tm_value) list = tm_run_eval(run, frame, tm_code_kid(code, 1));
        if (tm_run_each(run, frame, tm_code_kid(code, 0), list, tm_code_kid(code, 2)))
            made = tm_run_unknown(run, frame, code); /* of which item, only the running app knows */
        break;
    }
    case CODE_LOOP:
        made = loop(run, frame, code);
        break;
    case CODE_TRY:
        made = tm_run_exec(run, frame, tm_code_kid(code, 0));
        break;
    case CODE_EXPORT:
        made = tm_run_exec(run, frame, tm_code_kid(code, 0));
        break;
    case CODE_FUNCTION:
    case CODE_CLASS:
        if (code->text)
            tm_frame_set(frame, code->text, tm_run_eval(run, frame, code));
        break;
    case CODE_IMPORT:
    case CODE_REEXPORT:
        break;
    default:
        tm_value_unref(tm_run_eval(run, frame, code));
    }
    run->depth--;
    return made;
}
