/* run_method.c - methods of texts, lists and objects that JavaScript and Python bring */
#include "core/studio/source/run.h"
#include <string.h>

static bool is_one(const char *name, const char *const *list)
{
    for (; *list; list++)
        if (strcmp(name, *list) == 0)
            return true;
    return false;
}

#define ONE(name, ...) is_one(name, (const char *const[]){__VA_ARGS__, NULL})

static tm_value *trimmed(tm_value *value, bool left, bool right)
{
    tm_value *made = tm_value_new(VALUE_JOIN);
    g_autoptr(tm_value) whole = tm_value_join(made, value);
    tm_value_unref(made);
    made = tm_value_new(VALUE_JOIN);
    for (guint i = 0; i < whole->items->len; i++) {
        tm_value *item = tm_value_item(whole, i);
        bool first = left && i == 0, last = right && i + 1 == whole->items->len;
        if (item->kind == VALUE_TEXT && (first || last)) {
            const char *text = item->text;
            while (first && g_unichar_isspace(g_utf8_get_char(text)) && *text)
                text = g_utf8_next_char(text);
            g_autofree char *copy = g_strdup(text);
            if (last)
                g_strchomp(copy);
            tm_value_add(made, tm_value_text(copy));
        } else {
            tm_value_add(made, tm_value_ref(item));
        }
    }
    return made;
}

/* Of lines that are indented alike, what they have in common goes. */
static tm_value *dedented(tm_value *value)
{
    g_autoptr(tm_value) none = tm_value_new(VALUE_JOIN);
    g_autoptr(tm_value) whole = tm_value_join(none, value);
    gsize least = G_MAXSIZE;
    for (guint i = 0; i < whole->items->len; i++) {
        const tm_value *item = tm_value_item(whole, i);
        for (const char *at = item->kind == VALUE_TEXT ? item->text : NULL; at; at = strchr(at, '\n')) {
            at += *at == '\n';
            gsize n = strspn(at, " \t");
            bool start = i > 0 && at == item->text;
            bool blank = at[n] == '\n' || (!at[n] && i + 1 == whole->items->len);
            if (!start && !blank)
                least = MIN(least, n);
            if (!*at)
                break;
        }
    }
    tm_value *made = tm_value_new(VALUE_JOIN);
    for (guint i = 0; i < whole->items->len; i++) {
        tm_value *item = tm_value_item(whole, i);
        if (item->kind != VALUE_TEXT || least == G_MAXSIZE) {
            tm_value_add(made, tm_value_ref(item));
            continue;
        }
        g_autoptr(GString) text = g_string_new(NULL);
        for (const char *at = item->text; *at;) {
            bool begins = at == item->text ? i == 0 : at[-1] == '\n';
            if (begins)
                at += MIN(strspn(at, " \t"), least);
            const char *end = strchr(at, '\n');
            end = end ? end + 1 : at + strlen(at);
            g_string_append_len(text, at, end - at);
            at = end;
        }
        tm_value_add(made, tm_value_text(text->str));
    }
    return made;
}

/* A pattern's plain text: "\{name\}" is "{name}"; NULL where it is more than a text. (transfer full) */
static char *plain_pattern(const tm_value *value)
{
    if (value->kind != VALUE_SDK)
        return tm_value_literal(value);
    g_autoptr(GString) text = g_string_new(NULL);
    for (const char *at = value->text + 1; *at; at++) {
        if (*at == '\\' && at[1] && !g_ascii_isalnum(at[1]))
            at++;
        else if (strchr("\\^$.|?*+()[]{}", *at))
            return NULL;
        g_string_append_c(text, *at);
    }
    return g_strdup(text->str);
}

static tm_value *replaced(tm_value *value, const char *what, tm_value *with, bool all)
{
    g_autoptr(tm_value) none = tm_value_new(VALUE_JOIN);
    g_autoptr(tm_value) whole = tm_value_join(none, value);
    tm_value *made = tm_value_new(VALUE_JOIN);
    bool found = false;
    for (guint i = 0; i < whole->items->len; i++) {
        tm_value *item = tm_value_item(whole, i);
        const char *at = item->kind == VALUE_TEXT ? item->text : NULL, *hit;
        while (at && *what && (all || !found) && (hit = strstr(at, what))) {
            tm_value_add(made, tm_value_text_of(at, (gsize)(hit - at)));
            tm_value *more = tm_value_join(made, with);
            tm_value_unref(made);
            made = more;
            at = hit + strlen(what);
            found = true;
        }
        tm_value_add(made, at ? tm_value_text(at) : tm_value_ref(item));
    }
    return made;
}

/* "a %s b" % x and "a {} {name}".format(x, name=y) */
static tm_value *formatted(tm_run *run, tm_frame *frame, tm_value *value, tm_value *arguments, bool percent,
                           tm_code *code)
{
    g_autofree char *text = tm_value_literal(value);
    if (!text)
        return NULL;
    tm_value *list = percent && arguments->kind != VALUE_ARRAY ? NULL : arguments;
    tm_value *last = list && list->items ? tm_value_item(list, list->items->len - 1) : NULL;
    tm_value *made = tm_value_new(VALUE_JOIN);
    guint next = 0;
    for (const char *at = text; *at;) {
        gsize plain = strcspn(at, percent ? "%" : "{}");
        tm_value_add(made, tm_value_text_of(at, plain));
        at += plain;
        if (!*at)
            break;
        if (at[1] == *at) {
            tm_value_add(made, tm_value_text_of(at, 1));
            at += 2;
            continue;
        }
        tm_value *item = NULL;
        const char *end = percent ? strpbrk(at + 1, "sdrfi") : strchr(at, '}');
        if (!end || *at == '}') {
            tm_value_add(made, tm_value_text_of(at, 1));
            at++;
            continue;
        }
        g_autofree char *name = g_strndup(at + 1, (gsize)(end - at - 1));
        if (!percent && strchr(name, ':'))
            *strchr(name, ':') = '\0';
        if (percent || !*name)
            item = list ? tm_value_item(list, next++) : arguments;
        else if (g_ascii_isdigit(*name))
            item = tm_value_item(list, (guint)g_ascii_strtoull(name, NULL, 10));
        else
            item = tm_value_get(last, name);
        g_autoptr(tm_value) piece =
            item ? tm_run_text(run, frame, item, code) : tm_run_unknown(run, frame, code);
        tm_value *more = tm_value_join(made, piece);
        tm_value_unref(made);
        made = more;
        at = end + 1;
    }
    return made;
}

static tm_value *filtered(tm_run *run, tm_value *list, tm_value *function, tm_code *code)
{
    /* names.map(...).filter(Boolean), where no name is left out on purpose. */
    if (list->kind == VALUE_MAPPED && function && function->kind != VALUE_FUNCTION &&
        tm_code_is(tm_code_kid(code, 1), CODE_NAME, "Boolean") &&
        tm_value_item(list, 2)->kind != VALUE_CHOICE)
        return tm_value_ref(list);
    if (list->kind != VALUE_ARRAY)
        return NULL;
    tm_value *made = tm_value_new(VALUE_ARRAY);
    for (guint i = 0; list->items && i < list->items->len; i++) {
        tm_value *item = tm_value_item(list, i);
        g_autoptr(tm_value) nothing = tm_value_new(VALUE_UNDEFINED);
        if (item->kind == VALUE_MAPPED) {
            tm_value_add(made, tm_value_ref(item));
            continue;
        }
        g_autoptr(tm_value) test = NULL;
        if (function && function->kind == VALUE_FUNCTION) {
            g_autoptr(tm_value) arguments = tm_value_new(VALUE_ARRAY);
            tm_value_add(arguments, tm_value_ref(item));
            test = tm_run_call(run, function, arguments, NULL, code);
        }
        bool plain = !test || tm_value_equal(test, item);
        tm_truth truth = tm_value_truth(plain ? item : test);
        if (truth == TRUTH_NO)
            continue;
        if (truth == TRUTH_YES) {
            tm_value_add(made, tm_value_ref(item));
        } else if (plain && item->kind == VALUE_CHOICE) {
            tm_value *yes = tm_value_item(item, 1), *no = tm_value_item(item, 2);
            tm_value_add(made, tm_value_choice(tm_value_item(item, 0),
                                               tm_value_truth(yes) == TRUTH_NO ? nothing : yes,
                                               tm_value_truth(no) == TRUTH_NO ? nothing : no));
        } else {
            tm_value_add(made, tm_value_choice(plain ? item : test, item, nothing));
        }
    }
    return made;
}

/* What is made of an unknown is unknown, too, with its name. */
static tm_value *made_of(tm_value *whole, tm_code *code)
{
    g_autofree char *written = tm_code_written(code);
    tm_value *part = tm_value_part(whole, whole->text, written, code);
    g_clear_pointer(&part->path, g_free);
    return part;
}

static tm_value *cased(const char *text, bool upper)
{
    g_autofree char *made = upper ? g_utf8_strup(text, -1) : g_utf8_strdown(text, -1);
    return tm_value_text(made);
}

static tm_value *flattened(tm_value *list)
{
    if (list->kind != VALUE_ARRAY)
        return tm_value_ref(list);
    tm_value *made = tm_value_new(VALUE_ARRAY);
    for (guint i = 0; list->items && i < list->items->len; i++) {
        tm_value *item = tm_value_item(list, i);
        for (guint k = 0; item->kind == VALUE_ARRAY && item->items && k < item->items->len; k++)
            tm_value_add(made, tm_value_ref(tm_value_item(item, k)));
        if (item->kind != VALUE_ARRAY)
            tm_value_add(made, tm_value_ref(item));
    }
    return made;
}

static tm_value *of_list(tm_run *run, tm_value *whole, const char *name, tm_value *arguments, tm_code *code)
{
    tm_value *first = tm_value_item(arguments, 0);
    if (ONE(name, "map", "flatMap") && first) {
        g_autoptr(tm_value) made = tm_run_map(run, whole, first, code);
        return made && *name == 'f' ? flattened(made) : g_steal_pointer(&made);
    }
    if (strcmp(name, "flat") == 0 && whole->kind == VALUE_ARRAY)
        return flattened(whole);
    if (strcmp(name, "filter") == 0)
        return whole->kind == VALUE_UNKNOWN ? made_of(whole, code) : filtered(run, whole, first, code);
    if (strcmp(name, "join") == 0 && (whole->kind == VALUE_ARRAY || whole->kind == VALUE_MAPPED)) {
        g_autofree char *between = first ? tm_value_literal(first) : g_strdup(",");
        return between ? tm_run_join(whole, between) : NULL;
    }
    if (whole->kind != VALUE_ARRAY)
        return NULL;
    if (strcmp(name, "concat") == 0) {
        tm_value *made = tm_value_copy(whole);
        for (guint i = 0; first && first->kind == VALUE_ARRAY && first->items && i < first->items->len; i++)
            tm_value_add(made, tm_value_ref(tm_value_item(first, i)));
        return made;
    }
    if (ONE(name, "flat", "reverse", "sort", "slice") && !first && strcmp(name, "reverse") != 0)
        return tm_value_ref(whole);
    return NULL;
}

tm_value *tm_run_method(tm_run *run, tm_frame *frame, tm_value *whole, const char *name, tm_value *arguments,
                        tm_code *call)
{
    tm_value *first = arguments->kind == VALUE_ARRAY ? tm_value_item(arguments, 0) : NULL;
    tm_value *zod = tm_run_zod_method(whole, name, arguments);
    if (zod)
        return zod;
    if (whole->kind == VALUE_CLASS && ONE(name, "model_json_schema", "schema") && call->source->python)
        return tm_value_ref(whole); /* pydantic's */
    bool text = tm_value_is_text(whole), known = text && whole->kind != VALUE_UNKNOWN;
    if (ONE(name, "trim", "strip", "toString", "valueOf", "trimEnd", "trimStart", "rstrip", "lstrip",
            "normalize") &&
        text && !first) {
        if (!known)
            return tm_value_ref(whole);
        if (ONE(name, "toString", "valueOf", "normalize"))
            return tm_value_ref(whole);
        return trimmed(whole, !ONE(name, "trimEnd", "rstrip"), !ONE(name, "trimStart", "lstrip"));
    }
    if (ONE(name, "dedent", "outdent", "stripIndent", "stripIndents") && known) {
        g_autoptr(tm_value) made = dedented(whole);
        return trimmed(made, true, true);
    }
    if (strcmp(name, "textwrap.dedent") == 0 && known)
        return dedented(whole);
    if (strcmp(name, "%") == 0)
        return formatted(run, frame, whole, arguments, true, call);
    if (strcmp(name, "format") == 0 && known)
        return formatted(run, frame, whole, arguments, false, call);
    if (ONE(name, "replace", "replaceAll") && known && first && tm_value_item(arguments, 1)) {
        tm_value *with = tm_value_item(arguments, 1);
        g_autofree char *what = plain_pattern(first);
        g_autoptr(tm_value) piece =
            tm_value_is_text(with) || with->kind == VALUE_CHOICE ? tm_run_text(run, frame, with, call) : NULL;
        const char *end = first->code ? first->code->source->text + first->code->end : NULL;
        bool global = end && first->kind == VALUE_SDK && (end[-1] == 'g' || end[-2] == 'g');
        return what && piece ? replaced(whole, what, piece,
                                        call->source->python || strcmp(name, "replaceAll") == 0 || global)
                             : NULL;
    }
    if (strcmp(name, "concat") == 0 && known && first) {
        tm_value *made = tm_value_ref(whole);
        for (guint i = 0; i < arguments->items->len; i++) {
            g_autoptr(tm_value) piece = tm_run_text(run, frame, tm_value_item(arguments, i), call);
            tm_value *more = tm_value_join(made, piece);
            tm_value_unref(made);
            made = more;
        }
        return made;
    }
    if (strcmp(name, "join") == 0 && call->source->python && whole->kind == VALUE_TEXT && first)
        return first->kind == VALUE_ARRAY || first->kind == VALUE_MAPPED ? tm_run_join(first, whole->text)
               : first->kind == VALUE_UNKNOWN                            ? made_of(first, call)
                                                                         : NULL;
    if (whole->kind == VALUE_TEXT && ONE(name, "toUpperCase", "upper", "toLowerCase", "lower"))
        return cased(whole->text, strstr(name, "pper") != NULL);
    if (strcmp(name, "repeat") == 0 && whole->kind == VALUE_TEXT && first && first->kind == VALUE_NUMBER) {
        g_autoptr(GString) many = g_string_new(NULL);
        int times = (int)CLAMP(g_ascii_strtod(first->text, NULL), 0, 1000);
        if (whole->bytes * (gsize)times > TM_VALUE_MOST_BYTES)
            return NULL;
        for (int i = 0; i < times; i++)
            g_string_append(many, whole->text);
        return tm_value_text(many->str);
    }
    if (strcmp(name, "get") == 0 && whole->kind == VALUE_OBJECT && first) {
        g_autofree char *key = tm_value_literal(first);
        tm_value *item = key ? tm_value_get(whole, key) : NULL;
        return item                          ? tm_value_ref(item)
               : tm_value_item(arguments, 1) ? tm_value_ref(tm_value_item(arguments, 1))
                                             : NULL;
    }
    if (ONE(name, "then", "catch", "finally") && whole->kind != VALUE_UNKNOWN)
        return tm_value_ref(whole);
    if (whole->kind == VALUE_FUNCTION && ONE(name, "bind", "call"))
        return tm_value_ref(whole);
    if (call->source->python && ONE(name, "items", "values", "keys") && !first) {
        g_autoptr(tm_value) one = tm_value_new(VALUE_ARRAY);
        g_autofree char *global = g_strdup_printf("Object.%s", strcmp(name, "items") == 0 ? "entries" : name);
        tm_value_add(one, tm_value_ref(whole));
        tm_value *made = tm_run_global(run, frame, global, one, NULL, call);
        if (made)
            return made;
    }
    return of_list(run, whole, name, arguments, call);
}
