/* value.c - what an expression of an app's source comes to: making and taking apart */
#include "core/studio/source/value.h"
#include <string.h>

enum { SPLIT_MAX = 24 }; /* larger conditions are kept whole */

tm_value *tm_value_new(tm_value_kind kind)
{
    tm_value *value = g_new0(tm_value, 1);
    value->kind = kind;
    value->refs = 1;
    if (kind == VALUE_JOIN) /* has a list of items even if there are none */
        value->items = g_ptr_array_new_with_free_func((GDestroyNotify)tm_value_unref);
    return value;
}

tm_value *tm_value_ref(tm_value *value)
{
    if (value)
        value->refs++;
    return value;
}

void tm_value_unref(tm_value *value)
{
    if (!value || --value->refs > 0)
        return;
    g_free(value->text);
    if (value->items)
        g_ptr_array_unref(value->items);
    if (value->keys)
        g_ptr_array_unref(value->keys);
    g_free(value->key);
    g_free(value->longer);
    g_free(value->written);
    tm_value_unref(value->given);
    g_free(value->path);
    g_free(value);
}

tm_value *tm_value_text_of(const char *text, gsize length)
{
    tm_value *value = tm_value_new(VALUE_TEXT);
    value->text = g_strndup(text, length);
    value->bytes = length;
    return value;
}

tm_value *tm_value_text(const char *text)
{
    return tm_value_text_of(text, strlen(text));
}

tm_value *tm_value_number(const char *written)
{
    tm_value *value = tm_value_text(written);
    value->kind = VALUE_NUMBER;
    return value;
}

tm_value *tm_value_bool(bool yes)
{
    tm_value *value = tm_value_new(VALUE_BOOL);
    value->yes = yes;
    return value;
}

tm_value *tm_value_unknown(const char *key, const char *name, const char *written, tm_code *code)
{
    tm_value *value = tm_value_new(VALUE_UNKNOWN);
    value->key = g_strdup(key);
    value->text = g_strdup(name);
    value->written = g_strdup(written);
    value->code = code;
    return value;
}

static bool plain_word(const char *name)
{
    return *name &&
           name[strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_$")] == '\0';
}

tm_value *tm_value_part(const tm_value *whole, const char *name, const char *written, tm_code *code)
{
    g_autofree char *key = g_strdup_printf("%s|%s", whole->key, written);
    tm_value *part = tm_value_unknown(key, name, written, code);
    part->longer =
        *whole->text && strcmp(whole->text, name) != 0 ? g_strdup_printf("%s_%s", whole->text, name) : NULL;
    part->of = whole->of;
    part->owner = whole->owner;
    if (whole->of && whole->path && *whole->path != '@' && plain_word(name))
        part->path =
            strcmp(whole->path, "this") == 0 ? g_strdup(name) : g_strdup_printf("%s.%s", whole->path, name);
    return part;
}

tm_value *tm_value_item(const tm_value *value, guint i)
{
    return value && value->items && i < value->items->len ? g_ptr_array_index(value->items, i) : NULL;
}

void tm_value_add(tm_value *value, tm_value *item)
{
    if (!value->items)
        value->items = g_ptr_array_new_with_free_func((GDestroyNotify)tm_value_unref);
    g_ptr_array_add(value->items, item ? item : tm_value_new(VALUE_UNDEFINED));
    guint more = item ? item->size : 0;
    value->bytes = MIN(value->bytes + (item ? item->bytes : 0), G_MAXSIZE / 4);
    value->size = value->size + more + 1 < G_MAXUINT / 4 ? value->size + more + 1 : G_MAXUINT / 4;
}

void tm_value_set(tm_value *object, const char *key, tm_value *item)
{
    if (!object->keys)
        object->keys = g_ptr_array_new_with_free_func(g_free);
    guint n = object->items && strcmp(key, "...") != 0 ? object->items->len : 0;
    for (guint i = 0; i < n; i++)
        if (strcmp(g_ptr_array_index(object->keys, i), key) == 0) {
            tm_value_unref(g_ptr_array_index(object->items, i));
            g_ptr_array_index(object->items, i) = item;
            return;
        }
    g_ptr_array_add(object->keys, g_strdup(key));
    tm_value_add(object, item);
}

tm_value *tm_value_get(const tm_value *object, const char *key)
{
    for (guint i = 0; object && object->kind == VALUE_OBJECT && object->keys && i < object->keys->len; i++)
        if (strcmp(g_ptr_array_index(object->keys, i), key) == 0)
            return tm_value_item(object, i);
    return NULL;
}

tm_value *tm_value_copy(const tm_value *value)
{
    tm_value *copy = tm_value_new(value->kind);
    for (guint i = 0; value->items && i < value->items->len; i++) {
        tm_value *item = tm_value_ref(tm_value_item(value, i));
        if (value->keys)
            tm_value_set(copy, g_ptr_array_index(value->keys, i), item);
        else
            tm_value_add(copy, item);
    }
    copy->text = g_strdup(value->text);
    copy->bytes = value->bytes;
    copy->yes = value->yes;
    copy->code = value->code;
    copy->frame = value->frame;
    copy->key = g_strdup(value->key);
    copy->longer = g_strdup(value->longer);
    copy->written = g_strdup(value->written);
    copy->given = tm_value_ref(value->given);
    copy->owner = value->owner;
    copy->of = value->of;
    copy->path = g_strdup(value->path);
    copy->list = value->list;
    return copy;
}

tm_value *tm_value_test(const char *sign, tm_value *left, tm_value *right)
{
    tm_value *value = tm_value_new(VALUE_TEST);
    value->text = g_strdup(sign);
    tm_value_add(value, tm_value_ref(left));
    tm_value_add(value, tm_value_ref(right));
    return value;
}

tm_value *tm_value_not(tm_value *of)
{
    tm_truth truth = tm_value_truth(of);
    if (truth != TRUTH_MAYBE)
        return tm_value_bool(truth == TRUTH_NO);
    if (of->kind == VALUE_NOT)
        return tm_value_ref(tm_value_item(of, 0));
    tm_value *value = tm_value_new(VALUE_NOT);
    tm_value_add(value, tm_value_ref(of));
    return value;
}

tm_value *tm_value_list(tm_value_kind kind, tm_value *list, tm_value *item, tm_value *body)
{
    tm_value *value = tm_value_new(kind);
    tm_value_add(value, tm_value_ref(list));
    tm_value_add(value, tm_value_ref(item));
    tm_value_add(value, tm_value_ref(body));
    return value;
}

tm_value *tm_value_remote(const char *which, tm_value *settings, tm_code *code)
{
    tm_value *value = tm_value_new(VALUE_REMOTE);
    value->text = g_strdup(which);
    value->code = code;
    tm_value_add(value, tm_value_ref(settings));
    return value;
}

/* How many pieces both texts begin with in common. */
static guint common_pieces(const tm_value *a, const tm_value *b)
{
    guint n = 0;
    while (n < a->items->len && n < b->items->len && tm_value_equal(tm_value_item(a, n), tm_value_item(b, n)))
        n++;
    return n;
}

static tm_value *rest_of(const tm_value *join, guint from)
{
    tm_value *rest = tm_value_new(VALUE_JOIN);
    for (guint i = from; i < join->items->len; i++)
        tm_value_add(rest, tm_value_ref(tm_value_item(join, i)));
    if (rest->items->len == 0)
        tm_value_add(rest, tm_value_text(""));
    return rest;
}

/* A text as a join; NULL if it is none. (transfer full) */
static tm_value *as_join(tm_value *value)
{
    if (value->kind == VALUE_JOIN)
        return tm_value_ref(value);
    if (!tm_value_is_text(value))
        return NULL;
    tm_value *join = tm_value_new(VALUE_JOIN);
    tm_value_add(join, tm_value_ref(value));
    return join;
}

/* A text, or one that may not be there. */
static bool maybe_text(const tm_value *value)
{
    if (value->kind == VALUE_CHOICE)
        return maybe_text(tm_value_item(value, 1)) && maybe_text(tm_value_item(value, 2));
    return value->kind == VALUE_UNDEFINED || tm_value_is_text(value);
}

/* What is there, if anything is, whichever way conditions go; NULL: nothing, or different things. Borrowed.
 */
static const tm_value *only_thing(const tm_value *value)
{
    if (value->kind != VALUE_CHOICE)
        return value->kind == VALUE_UNDEFINED ? NULL : value;
    const tm_value *yes = only_thing(tm_value_item(value, 1)), *no = only_thing(tm_value_item(value, 2));
    return !yes || (no && tm_value_equal(yes, no)) ? no : !no ? yes : NULL;
}

/* The same thing or nothing? */
static bool maybe_same(const tm_value *one, const tm_value *other)
{
    const tm_value *a = only_thing(one), *b = only_thing(other);
    return (a || b) && (!a || !b || tm_value_equal(a, b));
}

/* What both lists begin with, and then a choice at each place: what one has more is there or not. */
static tm_value *choice_of_lists(tm_value *condition, tm_value *yes, tm_value *no)
{
    guint a = yes->items ? yes->items->len : 0, b = no->items ? no->items->len : 0;
    tm_value *made = tm_value_new(VALUE_ARRAY);
    for (guint i = 0; i < MIN(a, b); i++) {
        const tm_value *one = tm_value_item(yes, i), *other = tm_value_item(no, i);
        bool texts = maybe_text(one) && maybe_text(other);
        if (!texts && !tm_value_equal(one, other) &&
            !maybe_same(one, other)) { /* parts, which may be put elsewhere */
            tm_value_unref(made);
            return NULL;
        }
    }
    g_autoptr(tm_value) nothing = tm_value_new(VALUE_UNDEFINED);
    for (guint i = 0; i < MAX(a, b); i++)
        tm_value_add(made, tm_value_choice(condition, i < a ? tm_value_item(yes, i) : nothing,
                                           i < b ? tm_value_item(no, i) : nothing));
    return made;
}

/* One object that has all members of the other: each member is a choice. */
static tm_value *choice_of_objects(tm_value *condition, tm_value *yes, tm_value *no)
{
    bool more = (yes->keys ? yes->keys->len : 0) >= (no->keys ? no->keys->len : 0);
    tm_value *large = more ? yes : no, *small = more ? no : yes;
    for (guint i = 0; small->keys && i < small->keys->len; i++)
        if (!tm_value_get(large, g_ptr_array_index(small->keys, i)))
            return NULL;
    tm_value *made = tm_value_new(VALUE_OBJECT);
    g_autoptr(tm_value) nothing = tm_value_new(VALUE_UNDEFINED);
    for (guint i = 0; large->keys && i < large->keys->len; i++) {
        const char *key = g_ptr_array_index(large->keys, i);
        tm_value *a = tm_value_get(yes, key), *b = tm_value_get(no, key);
        tm_value_set(made, key, tm_value_choice(condition, a ? a : nothing, b ? b : nothing));
    }
    return made;
}

tm_value *tm_value_choice(tm_value *condition, tm_value *yes, tm_value *no)
{
    tm_truth truth = tm_value_truth(condition);
    if (truth != TRUTH_MAYBE)
        return tm_value_ref(truth == TRUTH_YES ? yes : no);
    if (condition->kind == VALUE_JOIN && condition->items->len == 1)
        return tm_value_choice(tm_value_item(condition, 0), yes, no);
    if (condition->kind == VALUE_EACH) /* a text of a line for each item is empty where the list is */
        return tm_value_choice(tm_value_item(condition, 0), yes, no);
    if (tm_value_equal(yes, no))
        return tm_value_ref(yes);
    if (condition->kind == VALUE_NOT)
        return tm_value_choice(tm_value_item(condition, 0), no, yes);
    if (condition->kind == VALUE_CHOICE && condition->size < SPLIT_MAX) { /* a && b, a || b */
        tm_value *asked = tm_value_item(condition, 0), *then = tm_value_item(condition, 1),
                 *else_then = tm_value_item(condition, 2);
        /* a && b is (a ? b : a): where a does not hold, the second a needs no asking. */
        g_autoptr(tm_value) first =
            tm_value_equal(asked, then) ? tm_value_ref(yes) : tm_value_choice(then, yes, no);
        g_autoptr(tm_value) second =
            tm_value_equal(asked, else_then) ? tm_value_ref(no) : tm_value_choice(else_then, yes, no);
        return tm_value_choice(asked, first, second);
    }
    if (yes->kind == VALUE_JOIN || no->kind == VALUE_JOIN) {
        g_autoptr(tm_value) a = as_join(yes), b = as_join(no);
        guint n = a && b ? common_pieces(a, b) : 0;
        if (n > 0) {
            g_autoptr(tm_value) a_rest = rest_of(a, n), b_rest = rest_of(b, n);
            g_autoptr(tm_value) rest = tm_value_choice(condition, a_rest, b_rest);
            tm_value *whole = tm_value_new(VALUE_JOIN);
            for (guint i = 0; i < n; i++)
                tm_value_add(whole, tm_value_ref(tm_value_item(a, i)));
            tm_value_add(whole, tm_value_ref(rest));
            return whole;
        }
    }
    tm_value *both = yes->kind == VALUE_ARRAY && no->kind == VALUE_ARRAY ? choice_of_lists(condition, yes, no)
                     : yes->kind == VALUE_OBJECT && no->kind == VALUE_OBJECT
                         ? choice_of_objects(condition, yes, no)
                         : NULL;
    if (both)
        return both;
    tm_value *value = tm_value_new(VALUE_CHOICE);
    tm_value_add(value, tm_value_ref(condition));
    tm_value_add(value, tm_value_ref(yes));
    tm_value_add(value, tm_value_ref(no));
    return value;
}

static void add_pieces(tm_value *join, tm_value *value)
{
    if (value->kind == VALUE_JOIN)
        for (guint i = 0; i < value->items->len; i++)
            tm_value_add(join, tm_value_ref(tm_value_item(value, i)));
    else
        tm_value_add(join, tm_value_ref(value));
}

tm_value *tm_value_join(tm_value *first, tm_value *second)
{
    if (first->bytes + second->bytes > TM_VALUE_MOST_BYTES ||
        first->size + second->size > TM_VALUE_MOST_PIECES)
        return tm_value_unknown("(too long)", "text", "a text too long for a prompt", NULL);
    tm_value *join = tm_value_new(VALUE_JOIN);
    add_pieces(join, first);
    add_pieces(join, second);
    return join;
}
