/* older_prompt.c - the kinds of saved prompts of AI Studio's first years: text, data and multiturn */
#include "core/studio/older_prompt.h"
#include "core/error.h"
#include "core/json.h"
#include "core/studio/braces.h"
#include <string.h>

enum { UUID_LENGTH = 36 };

#define EMPTY_VALUE "\342\200\213" /* U+200B stands for "nothing typed" */

static bool is_uuid(const char *text)
{
    for (int i = 0; i < UUID_LENGTH; i++) {
        bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        if (dash ? text[i] != '-' : !g_ascii_isxdigit(text[i]))
            return false;
    }
    return true;
}

/* Test inputs are the user's trials, not part of the prompt. */
static void note_tests(tm_draft *draft, const json_t *root, const json_t *prompt)
{
    size_t n = json_array_size(json_object_get(prompt, "testExamples"));
    if (n == 0)
        n = json_array_size(json_object_get(root, "testExamples"));
    if (n > 0)
        tm_draft_note(draft, "%zu saved test input%s not part of the prompt", n, n == 1 ? " is" : "s are");
}

/* Adds the variable; what was typed for it becomes its default. */
static void add_variable(tm_draft *draft, tm_turn *turn, const char *shown, const char *value)
{
    g_autofree char *name = tm_braces_word(shown);
    if (strcmp(name, shown) != 0)
        tm_draft_note(draft, "the variable \"%s\" is called %s here", shown, name);
    g_ptr_array_add(turn->pieces, tm_piece_variable(name));
    tm_braces_add(draft->variables, name);
    if (*value && strcmp(value, EMPTY_VALUE) != 0 && !json_object_get(draft->defaults, name))
        json_object_set_new(draft->defaults, name, json_string(value));
}

static const char *shown_name(const json_t *prompt, const char *uuid)
{
    size_t i;
    json_t *variable;
    json_array_foreach(json_object_get(prompt, "variables"), i, variable)
        if (strcmp(tm_json_string(variable, "variableId", ""), uuid) == 0)
            return tm_json_string(variable, "displayName", "");
    return "";
}

/* Reads the {{UUID:name:VALUE}} at `at`; the text behind it, or NULL if none is there. */
static const char *read_variable(tm_draft *draft, tm_turn *turn, const json_t *prompt, const char *at)
{
    if (!is_uuid(at + 2) || at[2 + UUID_LENGTH] != ':')
        return NULL;
    const char *name = at + 3 + UUID_LENGTH, *colon = strchr(name, ':'), *end = strstr(name, "}}");
    if (!end)
        return NULL;
    bool valued = colon && colon < end;
    g_autofree char *uuid = g_strndup(at + 2, UUID_LENGTH);
    g_autofree char *shown = g_strndup(name, (gsize)((valued ? colon : end) - name));
    g_autofree char *value = valued ? g_strndup(colon + 1, (gsize)(end - colon - 1)) : g_strdup("");
    add_variable(draft, turn, *shown ? shown : shown_name(prompt, uuid), value);
    return end + 2;
}

gboolean tm_text_prompt_read(tm_draft *draft, const json_t *root, const json_t *prompt, GError **error)
{
    g_autofree char *text = tm_draft_keep(draft, json_object_get(prompt, "value"));
    if (!*text)
        return tm_fail(error, TM_ERROR_INPUT, "the saved text prompt is empty");
    tm_turn *turn = tm_draft_turn(draft, false);
    const char *from = text;
    for (const char *at = text; (at = strstr(at, "{{"));) {
        guint n = turn->pieces->len;
        const char *end = read_variable(draft, turn, prompt, at);
        if (!end) {
            at++;
            continue;
        }
        if (at > from) {
            g_autofree char *before = g_strndup(from, (gsize)(at - from));
            g_ptr_array_insert(turn->pieces, (gint)n, tm_piece_text(before));
        }
        from = at = end;
    }
    tm_turn_add_text(turn, from);
    note_tests(draft, root, prompt);
    tm_draft_vary(draft, NULL, false);
    return TRUE;
}

/* Is the row among those that were switched on? Without a list all are. */
static bool is_used(const json_t *prompt, const json_t *row)
{
    const json_t *used = json_object_get(prompt, "rowsUsed");
    if (!json_is_array(used))
        return true;
    size_t i;
    json_t *id;
    json_array_foreach(used, i, id)
        if (json_equal(id, json_object_get(row, "rowId")))
            return true;
    return false;
}

static char *column_label(tm_draft *draft, const json_t *column)
{
    char *label = tm_draft_keep(draft, json_object_get(column, "displayName"));
    if (!*label) {
        g_free(label);
        label = g_strdup("value:");
    }
    return label;
}

/* Appends one example as "label text" lines, unless the row is empty. */
static void append_example(tm_draft *draft, GString *text, const json_t *columns, const json_t *row)
{
    const json_t *bindings = json_object_get(row, "columnBindings");
    g_autoptr(GString) lines = g_string_new(NULL);
    bool any = false;
    size_t i;
    json_t *column;
    json_array_foreach(columns, i, column) {
        g_autofree char *label = column_label(draft, column);
        g_autofree char *value =
            tm_draft_keep(draft, json_object_get(bindings, tm_json_string(column, "columnId", "")));
        g_string_append_printf(lines, "%s %s\n", label, value);
        any = any || *value;
    }
    if (any)
        g_string_append(text, lines->str);
}

/* The first column is the input where none is marked. */
static bool is_input(const json_t *columns, size_t i)
{
    size_t at;
    json_t *column;
    json_array_foreach(columns, at, column)
        if (tm_json_bool(column, "isInput", false))
            return tm_json_bool(json_array_get(columns, i), "isInput", false);
    return i == 0;
}

/* What is asked: the inputs as variables, then the name of the first output. */
static void add_question(tm_draft *draft, tm_turn *turn, GString *text, const json_t *columns)
{
    size_t i;
    json_t *column;
    json_array_foreach(columns, i, column) {
        if (!is_input(columns, i))
            continue;
        g_autofree char *label = column_label(draft, column);
        g_string_append_printf(text, "%s ", label);
        tm_turn_add_text(turn, text->str);
        g_autofree char *name = tm_braces_word(label);
        g_ptr_array_add(turn->pieces, tm_piece_variable(name));
        tm_braces_add(draft->variables, name);
        g_string_assign(text, "\n");
    }
    json_array_foreach(columns, i, column) {
        if (is_input(columns, i))
            continue;
        g_autofree char *label = column_label(draft, column);
        g_string_append(text, label);
        break;
    }
    tm_turn_add_text(turn, text->str);
}

gboolean tm_data_prompt_read(tm_draft *draft, const json_t *root, const json_t *prompt, GError **error)
{
    const json_t *columns = json_object_get(prompt, "columns");
    g_autofree char *preamble = tm_draft_keep(draft, json_object_get(prompt, "preamble"));
    if (json_array_size(columns) == 0)
        return tm_fail(error, TM_ERROR_INPUT, "the saved data prompt has no columns");
    g_autoptr(GString) text = g_string_new(preamble);
    if (text->len > 0 && text->str[text->len - 1] != '\n')
        g_string_append_c(text, '\n');
    size_t i;
    json_t *row;
    json_array_foreach(json_object_get(prompt, "rows"), i, row)
        if (is_used(prompt, row))
            append_example(draft, text, columns, row);
    add_question(draft, tm_draft_turn(draft, false), text, columns);
    note_tests(draft, root, prompt);
    return TRUE;
}

static void add_side(tm_draft *draft, const json_t *exchange, const char *key, bool model)
{
    const json_t *side = json_object_get(exchange, key);
    g_autofree char *text = tm_draft_keep(draft, json_is_object(side) ? json_object_get(side, "text") : side);
    if (*text)
        tm_turn_add_text(tm_draft_turn(draft, model), text);
}

static void add_exchanges(tm_draft *draft, const json_t *exchanges)
{
    size_t i;
    json_t *exchange;
    json_array_foreach(exchanges, i, exchange) {
        add_side(draft, exchange, "request", false);
        add_side(draft, exchange, "response", true);
    }
}

gboolean tm_multiturn_prompt_read(tm_draft *draft, const json_t *prompt, bool append, GError **error)
{
    g_autofree char *preamble = tm_draft_keep(draft, json_object_get(prompt, "preamble"));
    if (*preamble)
        g_ptr_array_add(draft->system, tm_piece_text(preamble));
    add_exchanges(draft, json_object_get(prompt, "primingExchanges"));
    guint examples = draft->turns->len;
    const json_t *sessions = json_object_get(prompt, "sessions");
    add_exchanges(draft, json_object_get(json_array_get(sessions, 0), "sessionExchanges"));
    if (draft->turns->len == 0 && draft->system->len == 0)
        return tm_fail(error, TM_ERROR_INPUT, "the saved multiturn prompt holds no text");
    if (json_array_size(sessions) > 1)
        tm_draft_note(draft, "of %zu saved conversations the first is kept", json_array_size(sessions));
    bool only_examples = draft->turns->len == examples && examples > 0;
    tm_draft_vary(draft, NULL, append || only_examples);
    return TRUE;
}
