/* run_each.c - lists: loops over them, maps, joins. A known list is gone through, an unknown one once */
#include "core/studio/source/run.h"
#include <string.h>

tm_value *tm_run_item(tm_run *run, tm_value *list, const char *name, tm_code *code)
{
    g_autofree char *key = g_strdup_printf("%s[%u]", list->key, ++run->ids);
    tm_value *item = tm_value_unknown(key, name, name, code);
    item->of = run->ids;
    item->path = g_strdup("this");
    item->owner = list->owner;
    return item;
}

static tm_value *index_of(const tm_value *item)
{
    g_autofree char *key = g_strconcat(item->key, "@", NULL);
    tm_value *index = tm_value_unknown(key, "index", "index", NULL);
    index->of = item->of;
    index->path = g_strdup("@index");
    return index;
}

/* What the loop's pattern, or its function's parameters, are bound to. */
static void bind_item(tm_run *run, tm_frame *frame, tm_code *pattern, tm_code *body, tm_value *item,
                      tm_value *index)
{
    tm_code *parameters = body->kind == CODE_FUNCTION ? tm_code_kid(body, 0) : NULL;
    if (!parameters) {
        tm_run_bind(run, frame, pattern && pattern->kind == CODE_LET ? tm_code_kid(pattern, 0) : pattern,
                    item);
        return;
    }
    tm_run_bind(run, frame, tm_code_kid(parameters, 0), item);
    if (index)
        tm_run_bind(run, frame, tm_code_kid(parameters, 1), index);
}

static bool says_something(const tm_value *value)
{
    if (value->kind == VALUE_CHOICE)
        return says_something(tm_value_item(value, 1)) || says_something(tm_value_item(value, 2));
    return value->kind != VALUE_UNDEFINED && value->kind != VALUE_NULL && value->kind != VALUE_BOOL;
}

/* Does the loop give something back out of its function? */
static bool run_body(tm_run *run, tm_frame *frame, tm_code *body)
{
    bool apart = body->kind == CODE_FUNCTION;
    g_autoptr(tm_value) made = tm_run_exec(run, frame, apart ? tm_code_kid(body, 1) : body);
    return made && !apart && says_something(made);
}

/* What the work on one item added to a text or a list is added for each. */
static tm_value *for_each(tm_value *before, tm_value *after, tm_value *list, tm_value *item)
{
    bool arrays = before->kind == VALUE_ARRAY && after->kind == VALUE_ARRAY;
    g_autoptr(tm_value) start = NULL, end = NULL;
    if (arrays) {
        start = tm_value_ref(before);
        end = tm_value_ref(after);
    } else if (tm_value_is_text(before) && after->kind == VALUE_JOIN) {
        if (before->kind == VALUE_JOIN) {
            start = tm_value_ref(before);
        } else {
            start = tm_value_new(VALUE_JOIN);
            tm_value_add(start, tm_value_ref(before));
        }
        end = tm_value_ref(after);
    } else {
        return NULL;
    }
    guint n = start->items ? start->items->len : 0;
    if ((end->items ? end->items->len : 0) <= n)
        return NULL;
    for (guint i = 0; i < n; i++)
        if (!tm_value_equal(tm_value_item(start, i), tm_value_item(end, i)))
            return NULL;
    tm_value *made = tm_value_copy(start);
    if (arrays) {
        g_autoptr(tm_value) several = NULL;
        if (end->items->len > n + 1) { /* each item adds all of these, one behind the other */
            several = tm_value_new(VALUE_ARRAY);
            several->yes = true;
            for (guint i = n; i < end->items->len; i++)
                tm_value_add(several, tm_value_ref(tm_value_item(end, i)));
        }
        tm_value_add(made,
                     tm_value_list(VALUE_MAPPED, list, item, several ? several : tm_value_item(end, n)));
        return made;
    }
    g_autoptr(tm_value) more = tm_value_new(VALUE_JOIN);
    for (guint i = n; i < end->items->len; i++)
        tm_value_add(more, tm_value_ref(tm_value_item(end, i)));
    tm_value *each = tm_value_list(VALUE_EACH, list, item, more);
    each->text = g_strdup("");
    tm_value_add(made, each);
    return made;
}

static bool each_unknown(tm_run *run, tm_frame *frame, tm_code *pattern, tm_value *list, tm_code *body)
{
    bool mapped = list->kind == VALUE_MAPPED;
    g_autoptr(tm_value) whole = tm_value_ref(mapped ? tm_value_item(list, 0) : list);
    g_autoptr(tm_value) item =
        mapped ? tm_value_ref(tm_value_item(list, 1)) : tm_run_item(run, list, "item", body);
    g_autoptr(tm_value) index = index_of(item);
    g_autoptr(GHashTable) before = tm_frame_names_copy(frame);
    bind_item(run, frame, pattern, body, mapped ? tm_value_item(list, 2) : item, index);
    bool leaves = run_body(run, frame, body);
    GHashTableIter iter;
    gpointer name, value;
    g_hash_table_iter_init(&iter, before);
    while (g_hash_table_iter_next(&iter, &name, &value)) {
        tm_value *now = tm_frame_get(frame, name);
        if (!now || tm_value_equal(now, value))
            continue;
        tm_value *made = for_each(value, now, whole, item);
        if (!made) {
            made = tm_run_unknown(run, frame, body);
            g_free(made->text);
            made->text = g_strdup(name);
        }
        tm_frame_set(frame, name, made);
    }
    return leaves;
}

bool tm_run_each(tm_run *run, tm_frame *frame, tm_code *pattern, tm_value *list, tm_code *body)
{
    if (!body)
        return false;
    if (list->kind == VALUE_UNKNOWN || list->kind == VALUE_MAPPED)
        return each_unknown(run, frame, pattern, list, body);
    bool leaves = false;
    for (guint i = 0; list->kind == VALUE_ARRAY && list->items && i < MIN(list->items->len, RUN_ITEMS); i++) {
        tm_value *item = tm_value_item(list, i);
        g_autofree char *number = g_strdup_printf("%u", i);
        g_autoptr(tm_value) index = tm_value_number(number);
        if (item->kind == VALUE_MAPPED) {
            leaves = each_unknown(run, frame, pattern, item, body) || leaves;
            continue;
        }
        frame->turn = ++run->ids;
        bind_item(run, frame, pattern, body, item, index);
        leaves = run_body(run, frame, body) || leaves;
        frame->turn = 0;
    }
    return leaves;
}

static tm_value *call_with(tm_run *run, tm_value *function, tm_value *item, tm_value *index, tm_code *code)
{
    g_autoptr(tm_value) arguments = tm_value_new(VALUE_ARRAY);
    tm_value_add(arguments, tm_value_ref(item));
    tm_value_add(arguments, tm_value_ref(index));
    tm_value *made = tm_run_call(run, function, arguments, NULL, code);
    return made ? made : tm_value_ref(item);
}

static tm_value *map_unknown(tm_run *run, tm_value *list, tm_value *function, tm_code *code)
{
    bool mapped = list->kind == VALUE_MAPPED;
    tm_value *whole = mapped ? tm_value_item(list, 0) : list;
    g_autoptr(tm_value) item =
        mapped ? tm_value_ref(tm_value_item(list, 1)) : tm_run_item(run, list, "item", code);
    g_autoptr(tm_value) index = index_of(item);
    g_autoptr(tm_value) body = call_with(run, function, mapped ? tm_value_item(list, 2) : item, index, code);
    return tm_value_list(VALUE_MAPPED, whole, item, body);
}

tm_value *tm_run_map(tm_run *run, tm_value *list, tm_value *function, tm_code *code)
{
    if (function->kind != VALUE_FUNCTION)
        return NULL;
    if (list->kind == VALUE_UNKNOWN || list->kind == VALUE_MAPPED)
        return map_unknown(run, list, function, code);
    if (list->kind != VALUE_ARRAY)
        return NULL;
    tm_value *made = tm_value_new(VALUE_ARRAY);
    for (guint i = 0; list->items && i < MIN(list->items->len, RUN_ITEMS); i++) {
        tm_value *item = tm_value_item(list, i);
        g_autofree char *number = g_strdup_printf("%u", i);
        g_autoptr(tm_value) index = tm_value_number(number);
        if (item->kind == VALUE_MAPPED)
            tm_value_add(made, map_unknown(run, item, function, code));
        else
            tm_value_add(made, call_with(run, function, item, index, code));
    }
    return made;
}

static bool is_optional(const tm_value *item)
{
    if (item->kind != VALUE_CHOICE)
        return false;
    const tm_value *yes = tm_value_item(item, 1), *no = tm_value_item(item, 2);
    return yes->kind == VALUE_UNDEFINED || no->kind == VALUE_UNDEFINED;
}

/* The item as a text with `before` and `after` around what is there of it. */
static tm_value *dressed(tm_value *item, const char *before, const char *after)
{
    if (is_optional(item)) {
        g_autoptr(tm_value) nothing = tm_value_text("");
        g_autoptr(tm_value) yes = tm_value_item(item, 1)->kind == VALUE_UNDEFINED
                                      ? tm_value_ref(nothing)
                                      : dressed(tm_value_item(item, 1), before, after);
        g_autoptr(tm_value) no = tm_value_item(item, 2)->kind == VALUE_UNDEFINED
                                     ? tm_value_ref(nothing)
                                     : dressed(tm_value_item(item, 2), before, after);
        return tm_value_choice(tm_value_item(item, 0), yes, no);
    }
    g_autoptr(tm_value) first = tm_value_text(before), last = tm_value_text(after);
    g_autoptr(tm_value) whole = NULL;
    if (item->kind == VALUE_MAPPED) {
        g_autoptr(tm_value) inner = dressed(tm_value_item(item, 2), before, after);
        whole = tm_value_list(VALUE_EACH, tm_value_item(item, 0), tm_value_item(item, 1), inner);
        whole->text = g_strdup("");
        return g_steal_pointer(&whole);
    }
    if (item->kind == VALUE_ARRAY && item->yes) { /* several for each item */
        whole = tm_value_new(VALUE_JOIN);
        for (guint i = 0; item->items && i < item->items->len; i++) {
            g_autoptr(tm_value) one = dressed(tm_value_item(item, i), before, after);
            tm_value *more = tm_value_join(whole, one);
            tm_value_unref(whole);
            whole = more;
        }
        return g_steal_pointer(&whole);
    }
    if (item->kind == VALUE_ARRAY)
        whole = tm_run_join(item, ",");
    else if (item->kind == VALUE_BOOL)
        whole = tm_value_text(item->yes ? "true" : "false");
    else
        whole = item->kind == VALUE_UNDEFINED || item->kind == VALUE_NULL ? tm_value_text("")
                                                                          : tm_value_ref(item);
    g_autoptr(tm_value) half = *before ? tm_value_join(first, whole) : tm_value_ref(whole);
    return *after ? tm_value_join(half, last) : g_steal_pointer(&half);
}

tm_value *tm_run_join(tm_value *list, const char *between)
{
    if (list->kind == VALUE_MAPPED) {
        tm_value *body = tm_value_item(list, 2);
        g_autoptr(tm_value) several =
            body && body->kind == VALUE_ARRAY && body->yes ? tm_run_join(body, between) : NULL;
        tm_value *each = tm_value_list(VALUE_EACH, tm_value_item(list, 0), tm_value_item(list, 1),
                                       several ? several : body);
        each->text = g_strdup(between);
        return each;
    }
    guint n = list->items ? list->items->len : 0, fixed = 0;
    if (n == 1 && tm_value_item(list, 0)->kind == VALUE_MAPPED)
        return tm_run_join(tm_value_item(list, 0), between);
    /* What stands between goes to the side of an item that is always there. */
    while (fixed < n &&
           (tm_value_item(list, fixed)->kind == VALUE_MAPPED || is_optional(tm_value_item(list, fixed))))
        fixed++;
    tm_value *made = tm_value_new(VALUE_JOIN);
    for (guint i = 0; i < n; i++) {
        bool first = fixed == n && i == 0;
        g_autoptr(tm_value) text =
            dressed(tm_value_item(list, i), i > fixed || (fixed == n && !first) ? between : "",
                    i < fixed && fixed < n ? between : "");
        tm_value *more = tm_value_join(made, text);
        tm_value_unref(made);
        made = more;
    }
    if (made->items->len == 0)
        tm_value_add(made, tm_value_text(""));
    return made;
}
