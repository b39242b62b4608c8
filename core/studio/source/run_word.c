/* run_word.c - what is not known, and the name that it gets from its words */
#include "core/studio/source/run.h"
#include <string.h>

static bool is_word(const char *text)
{
    return g_ascii_isalpha(*text) &&
           text[strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-")] == '\0';
}

/* Is there a name in it that may stand for the whole? */
static bool names_something(const tm_code *code)
{
    return code->kind == CODE_NAME || code->kind == CODE_MEMBER || code->kind == CODE_INDEX ||
           code->kind == CODE_CALL || code->kind == CODE_BINARY || code->kind == CODE_CHOICE ||
           code->kind == CODE_SPREAD;
}

/* A word for an expression that is not known, from the names in it. */
static const char *word_of(const tm_code *code)
{
    const tm_code *callee = code->kind == CODE_CALL ? tm_code_kid(code, 0) : NULL,
                  *key = tm_code_kid(code, 1);
    if (callee && callee->text && strlen(callee->text) <= 2 && key && key->kind == CODE_TEXT &&
        key->text) { /* t("prompts.lead") */
        const char *dot = strrchr(key->text, '.');
        return dot ? dot + 1 : key->text;
    }
    if (callee && callee->kind == CODE_MEMBER && key && key->kind == CODE_TEXT && key->text &&
        is_word(key->text) && (strcmp(callee->text, "getItem") == 0 || strcmp(callee->text, "get") == 0))
        return key->text; /* localStorage.getItem("grade") */
    if (key && code->source->python && tm_code_is(callee, CODE_MEMBER, "join") && names_something(key))
        code = key; /* ", ".join(names) */
    if (callee && key && key->kind == CODE_OBJECT && key->n > 0 && key->kids[0]->kind == CODE_PAIR &&
        (tm_code_is(callee, CODE_MEMBER, "stringify") || tm_code_is(callee, CODE_MEMBER, "dumps")))
        return key->n == 1 && key->kids[0]->text ? key->kids[0]->text : "data";
    for (int i = 0; code && i < 50; i++) {
        tm_code *inner = tm_code_kid(code, 0);
        if (code->kind == CODE_NAME)
            return code->text;
        if (code->kind == CODE_MEMBER && strcmp(code->text, "length") != 0)
            return code->text;
        if (code->kind == CODE_CALL && code->n > 1 && inner && names_something(code->kids[1]) &&
            (inner->kind == CODE_NAME || tm_code_is(tm_code_kid(inner, 0), CODE_NAME, NULL)))
            code = code->kids[1]; /* format(date): the date */
        else if (code->kind == CODE_CALL && inner && inner->kind == CODE_MEMBER &&
                 !(g_str_has_prefix(inner->text, "get") && inner->text[3]))
            code = tm_code_kid(inner, 0); /* date.toISOString(): the date */
        else if (code->kind == CODE_CHOICE && code->n == 3)
            code = code->kids[1]->kind == CODE_TEXT || code->kids[1]->kind == CODE_TEMPLATE ? inner
                                                                                            : code->kids[1];
        else if (code->kind == CODE_BINARY && tm_code_kid(code, 1) && inner->kind != CODE_NAME &&
                 inner->kind != CODE_MEMBER && (names_something(code->kids[1]) || !names_something(inner)))
            code = code->kids[1];
        else
            code = inner;
    }
    return "value";
}

/* `tone.includes("dark")` -> tone_includes_dark; NULL: it asks nothing. (transfer full) */
static char *asked_word(const tm_code *code)
{
    static const char *const verbs[] = {"includes", "startsWith", "endsWith", "startswith",
                                        "endswith", "has",        "test",     "match"};
    const tm_code *callee = code->kind == CODE_CALL ? tm_code_kid(code, 0) : NULL, *of = tm_code_kid(code, 1);
    if (tm_code_is(code, CODE_BINARY, "+") && of && of->kind != CODE_NUMBER &&
        code->kids[0]->kind != CODE_NUMBER)
        return g_strdup("sum");
    if (!callee || callee->kind != CODE_MEMBER || !of)
        return NULL;
    for (gsize i = 0; i < G_N_ELEMENTS(verbs); i++) {
        if (strcmp(callee->text, verbs[i]) != 0)
            continue;
        const char *what = of->kind == CODE_TEXT ? of->text : NULL;
        if (of->kind == CODE_MEMBER) /* KINDS.DARK.id */
            what =
                strcmp(of->text, "id") == 0 && tm_code_kid(of, 0)->text ? tm_code_kid(of, 0)->text : of->text;
        if (!what || strlen(what) > 30)
            return NULL;
        return g_strdup_printf("%s_%s_%s", word_of(tm_code_kid(callee, 0)), callee->text, what);
    }
    return NULL;
}

tm_value *tm_run_unknown(tm_run *run, tm_frame *frame, tm_code *code)
{
    (void)run;
    const tm_code_file *source = code->source;
    g_autofree char *written = tm_code_written(code);
    g_autofree char *key =
        g_strdup_printf("%u.%u:%.*s", frame->id, frame->turn, (int)MIN(code->end - code->start, 4000u),
                        source->text + code->start);
    const char *word = word_of(code);
    if (g_str_has_prefix(word, "get") && g_ascii_isupper(word[3]))
        word += 3;
    g_autofree char *asked = asked_word(code), *name = asked ? g_strdup(asked) : g_strdup(word);
    if (word != name && g_ascii_isupper(name[0]) && !g_ascii_isupper(name[1]))
        name[0] = g_ascii_tolower(name[0]);
    return tm_value_unknown(key, name, written, code);
}

/* Inside the work on a list's items: an expression that uses the item can't be said outside of it. */
typedef struct {
    tm_run *run;
    tm_frame *frame;
    const tm_value *item;
} search;

static bool is_bound(const tm_value *unknown, const void *data)
{
    search *all = (search *)data;
    if (!all->item && (unknown->of || unknown->owner))
        all->item = unknown;
    if (all->item && !all->item->of && unknown->of) /* an item says more than a parameter */
        all->item = unknown;
    return false;
}

static void find_item(tm_code *code, void *data)
{
    search *all = data;
    if ((all->item && all->item->of) || code->kind != CODE_NAME)
        return;
    for (tm_frame *at = all->frame; at; at = at->up) {
        tm_value *value = tm_frame_get(at, code->text);
        if (value)
            tm_value_any(value, is_bound, all);
        if (value)
            break;
    }
}

tm_value *tm_run_missing(tm_run *run, tm_frame *frame, tm_code *code)
{
    tm_value *value = tm_run_unknown(run, frame, code);
    search all = {run, frame, NULL};
    tm_code_walk(code, find_item, &all);
    if (all.item) {
        value->of = all.item->of;
        value->owner = all.item->owner;
    }
    return value;
}

static tm_value *branch_text(tm_run *run, tm_frame *frame, tm_value *value, tm_value *condition,
                             tm_code *code)
{
    bool nothing = value->kind == VALUE_UNDEFINED || value->kind == VALUE_NULL ||
                   (value->kind == VALUE_BOOL && !value->yes);
    /* `${name && "text"}`: what is not there leaves nothing that anybody wants sent. */
    if (nothing || tm_value_equal(value, condition))
        return tm_value_equal(value, condition) && value->kind == VALUE_UNKNOWN && !nothing
                   ? tm_value_ref(value)
                   : tm_value_text("");
    return tm_run_text(run, frame, value, code);
}

tm_value *tm_run_text(tm_run *run, tm_frame *frame, tm_value *value, tm_code *code)
{
    switch (value->kind) {
    case VALUE_TEXT:
    case VALUE_JOIN:
    case VALUE_UNKNOWN:
    case VALUE_EACH:
        return tm_value_ref(value);
    case VALUE_NUMBER:
        return tm_value_text(value->text);
    case VALUE_BOOL:
        return tm_value_text(code->source->python ? (value->yes ? "True" : "False")
                             : value->yes         ? "true"
                                                  : "false");
    case VALUE_NULL:
        return tm_value_text(code->source->python ? "None" : "null");
    case VALUE_UNDEFINED:
        return tm_value_text("undefined");
    case VALUE_ARRAY:
    case VALUE_MAPPED:
        return code->source->python ? tm_run_missing(run, frame, code) : tm_run_join(value, ",");
    case VALUE_CHOICE: {
        tm_value *condition = tm_value_item(value, 0), *no = tm_value_item(value, 2);
        g_autoptr(tm_value) yes_text = tm_run_text(run, frame, tm_value_item(value, 1), code);
        g_autoptr(tm_value) no_text =
            tm_value_equal(no, condition) ? tm_value_text("") : branch_text(run, frame, no, condition, code);
        return tm_value_choice(condition, yes_text, no_text);
    }
    default:
        return tm_run_missing(run, frame, code);
    }
}
