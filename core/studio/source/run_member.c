/* run_member.c - members of what there is, and of what is not known */
#include "core/studio/source/run.h"
#include <string.h>

enum { LONG_TEXT = 80 }; /* bytes: longer than what people type into a field */

/* TABLE[kind] where the row says which kind: a choice for each that there is. */
static tm_value *choose(tm_value *table, tm_value *key)
{
    guint n = table->keys ? table->keys->len : 0;
    if (n == 0 || n > 40)
        return NULL;
    tm_value *made = tm_value_new(VALUE_UNDEFINED);
    for (guint i = n; i > 0; i--) {
        if (strcmp(g_ptr_array_index(table->keys, i - 1), "...") == 0) {
            tm_value_unref(made);
            return NULL;
        }
        g_autoptr(tm_value) name = tm_value_text(g_ptr_array_index(table->keys, i - 1));
        g_autoptr(tm_value) test = tm_value_test("===", key, name);
        tm_value *next = tm_value_choice(test, tm_value_item(table, i - 1), made);
        tm_value_unref(made);
        made = next;
    }
    return made;
}

tm_value *tm_run_index(tm_run *run, tm_frame *frame, tm_code *code)
{
    if (code->n < 2)
        return tm_run_missing(run, frame, code);
    g_autoptr(tm_value) whole = tm_run_eval(run, frame, code->kids[0]);
    g_autoptr(tm_value) key = tm_run_eval(run, frame, code->kids[1]);
    g_autofree char *literal = tm_value_literal(key);
    if (literal && (whole->kind == VALUE_ARRAY || whole->kind == VALUE_TEXT) && key->kind == VALUE_NUMBER) {
        tm_value *item = whole->kind == VALUE_ARRAY
                             ? tm_value_item(whole, (guint)g_ascii_strtoull(literal, NULL, 10))
                             : NULL;
        return item && item->kind != VALUE_MAPPED ? tm_value_ref(item) : tm_run_missing(run, frame, code);
    }
    if (literal && key->kind != VALUE_NUMBER)
        return tm_run_member(run, frame, whole, literal, code);
    if (whole->kind == VALUE_OBJECT && key->kind == VALUE_UNKNOWN) {
        tm_value *made = choose(whole, key);
        if (made)
            return made;
    }
    if (whole->kind == VALUE_UNKNOWN) {
        g_autofree char *written = tm_code_written(code);
        const char *name = key->kind == VALUE_UNKNOWN ? key->text : whole->text;
        tm_value *part = tm_value_part(whole, whole->text, written, code);
        g_free(part->longer);
        part->longer = g_strconcat(whole->text, "_", name, NULL);
        g_clear_pointer(&part->path, g_free);
        return part;
    }
    return tm_run_missing(run, frame, code);
}

static bool is_vague(const char *name)
{
    static const char *const vague[] = {"name",    "id",          "title",    "text",   "value", "label",
                                        "type",    "description", "content",  "length", "data",  "url",
                                        "message", "result",      "response", "key"};
    for (gsize i = 0; i < G_N_ELEMENTS(vague); i++)
        if (strcmp(name, vague[i]) == 0)
            return true;
    return false;
}

static bool is_holder(const char *name)
{
    static const char *const holders[] = {"props",  "state",   "data",     "body",    "req",  "request",
                                          "input",  "inputs",  "params",   "options", "opts", "config",
                                          "args",   "form",    "formData", "values",  "e",    "event",
                                          "target", "current", "self",     "this"};
    for (gsize i = 0; i < G_N_ELEMENTS(holders); i++)
        if (strcmp(name, holders[i]) == 0)
            return true;
    return false;
}

tm_value *tm_run_member(tm_run *run, tm_frame *frame, tm_value *whole, const char *name, tm_code *code)
{
    tm_value *found = NULL;
    switch (whole->kind) {
    case VALUE_OBJECT:
        found = tm_value_get(whole, name);
        if (found)
            return tm_value_ref(found);
        found = tm_value_get(whole, "...");
        return found && found->kind == VALUE_UNKNOWN ? tm_run_member(run, frame, found, name, code)
                                                     : tm_value_new(VALUE_UNDEFINED);
    case VALUE_ARRAY:
    case VALUE_TEXT:
        if (strcmp(name, "length") == 0) {
            for (guint i = 0; whole->items && i < whole->items->len; i++)
                if (tm_value_item(whole, i)->kind == VALUE_MAPPED ||
                    tm_value_item(whole, i)->kind == VALUE_CHOICE)
                    return tm_run_missing(run, frame, code);
            return tm_run_number(whole->kind == VALUE_ARRAY ? (whole->items ? whole->items->len : 0)
                                                            : (double)g_utf8_strlen(whole->text, -1));
        }
        return tm_run_missing(run, frame, code);
    case VALUE_MODULE:
        found = tm_run_export(run, whole->code->source, name);
        return found ? found : tm_run_missing(run, frame, code);
    case VALUE_CLASS:
        found = tm_run_member_of(run, whole->code, name);
        return found ? found : tm_run_missing(run, frame, code);
    case VALUE_SDK: {
        tm_value *made = tm_value_new(VALUE_SDK);
        made->text = g_strconcat(whole->text, ".", name, NULL);
        made->code = whole->code;
        return made;
    }
    case VALUE_CHOICE: {
        g_autoptr(tm_value) yes = tm_run_member(run, frame, tm_value_item(whole, 1), name, code);
        g_autoptr(tm_value) no = tm_run_member(run, frame, tm_value_item(whole, 2), name, code);
        return tm_value_choice(tm_value_item(whole, 0), yes, no);
    }
    case VALUE_UNKNOWN: {
        tm_value *begins = whole->given ? tm_value_get(whole->given, name) : NULL;
        g_autofree char *text = begins ? tm_value_literal(begins) : NULL;
        /* What stands on the screen may be changed there, but nobody types a whole instruction anew. */
        bool state = whole->code && whole->code->kind == CODE_CALL; /* useState({...}) */
        bool instruction = text && (strlen(text) >= LONG_TEXT || strchr(text, '\n'));
        if (begins && (!state || instruction))
            return tm_value_ref(begins);
        tm_value *part = tm_value_part(whole, name, name, code);
        g_free(part->written);
        part->written = tm_code_written(code);
        part->given = state && text && *text ? tm_value_ref(begins) : NULL;
        if (is_vague(name) && part->longer && !is_holder(whole->text)) {
            g_free(part->text);
            part->text = g_steal_pointer(&part->longer);
        }
        return part;
    }
    default:
        return tm_run_missing(run, frame, code);
    }
}
