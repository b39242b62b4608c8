/* emit.c - values become text of a Handlebars template.
 *
 * A block's tag that stands alone on its line would take the line with it: an empty comment beside it keeps
 * the line. */
#include "core/studio/source/emit.h"
#include "core/outcome.h"
#include "core/studio/braces.h"
#include <string.h>

struct tm_emit {
    tm_draft *draft;
    GHashTable *names; /* key -> name */
    GHashTable *taken; /* name -> key */
    /* of the piece that is being written */
    GString *out;
    GPtrArray *used; /* char* */
    int64_t chars;
    GArray *lists; /* guint: which items the {{#each}} around are of, outermost first */
    bool alone;    /* a tag was written that stands alone on its line so far */
};

tm_emit *tm_emit_new(tm_draft *draft)
{
    tm_emit *emit = g_new0(tm_emit, 1);
    emit->draft = draft;
    emit->names = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    emit->taken = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    emit->lists = g_array_new(FALSE, FALSE, sizeof(guint));
    return emit;
}

void tm_emit_free(tm_emit *emit)
{
    if (!emit)
        return;
    g_hash_table_unref(emit->names);
    g_hash_table_unref(emit->taken);
    g_array_unref(emit->lists);
    g_free(emit);
}

/* Text of the source may hold what should not be kept. (transfer full) */
static char *kept(tm_emit *emit, const char *text)
{
    char *clean = tm_scrub(text, NULL);
    emit->draft->scrubbed = emit->draft->scrubbed || strcmp(clean, text) != 0;
    return clean;
}

static char *free_name(tm_emit *emit, const tm_value *unknown)
{
    g_autofree char *first = tm_braces_word(unknown->text);
    if (!g_hash_table_contains(emit->taken, first))
        return g_steal_pointer(&first);
    if (unknown->longer) {
        g_autofree char *longer = tm_braces_word(unknown->longer);
        if (!g_hash_table_contains(emit->taken, longer))
            return g_steal_pointer(&longer);
    }
    for (int n = 2;; n++) {
        g_autofree char *name = g_strdup_printf("%s_%d", first, n);
        if (!g_hash_table_contains(emit->taken, name))
            return g_steal_pointer(&name);
    }
}

const char *tm_emit_name(tm_emit *emit, const tm_value *unknown)
{
    const char *there = g_hash_table_lookup(emit->names, unknown->key);
    if (there)
        return there;
    char *name = free_name(emit, unknown);
    g_hash_table_insert(emit->names, g_strdup(unknown->key), name);
    g_hash_table_add(emit->taken, g_strdup(name));
    if (unknown->written && strcmp(unknown->written, name) != 0) {
        g_autofree char *written = kept(emit, unknown->written);
        json_object_set_new(emit->draft->expressions, name, json_string(written));
    }
    g_autofree char *given = unknown->given ? tm_value_literal(unknown->given) : NULL;
    if (given) {
        g_autofree char *clean = kept(emit, given);
        json_object_set_new(emit->draft->defaults, name, json_string(clean));
    }
    return name;
}

/* Is the line up to here blank? */
static bool at_line_start(const GString *out)
{
    gsize n = out->len;
    while (n > 0 && (out->str[n - 1] == ' ' || out->str[n - 1] == '\t'))
        n--;
    return n == 0 || out->str[n - 1] == '\n';
}

static void settle(tm_emit *emit, bool alone)
{
    if (emit->alone && alone)
        g_string_append(emit->out, "{{!}}");
    emit->alone = false;
}

static void add_tag(tm_emit *emit, const char *inner)
{
    settle(emit, false);
    bool alone = at_line_start(emit->out);
    tm_braces_expression(emit->out, inner);
    emit->alone = alone;
}

static void add_text(tm_emit *emit, const char *text)
{
    if (!*text)
        return;
    const char *at = text + strspn(text, " \t");
    bool ends_line = *at == '\n' || *at == '\0' || *at == '\r';
    settle(emit, ends_line);
    g_autofree char *clean = kept(emit, text);
    tm_braces_text(emit->out, clean, NULL, &emit->chars);
}

static void add_expression(tm_emit *emit, const char *inner)
{
    settle(emit, false);
    tm_braces_expression(emit->out, inner);
}

/* How an unknown is said here: its name, from the row's root inside a list; an item's path; NULL where it is
 * part of an item and no plain path. (transfer full) */
static char *path_of(tm_emit *emit, const tm_value *unknown)
{
    guint depth = emit->lists->len;
    for (guint i = depth; unknown->of && i > 0; i--) {
        if (g_array_index(emit->lists, guint, i - 1) != unknown->of)
            continue;
        if (!unknown->path)
            return NULL;
        g_autoptr(GString) path = g_string_new(NULL);
        for (guint k = i; k < depth; k++)
            g_string_append(path, "../");
        if (strcmp(unknown->path, "this") == 0 && path->len > 0)
            g_string_truncate(path, path->len - 1);
        else if (strcmp(unknown->path, "this") == 0 || *unknown->path == '@')
            return path->len && *unknown->path == '@' ? NULL : g_strdup(unknown->path);
        else if (path->len == 0)
            return g_strconcat("this.", unknown->path, NULL);
        else
            g_string_append(path, unknown->path);
        return g_strdup(path->str);
    }
    const char *name = tm_emit_name(emit, unknown);
    tm_braces_add(emit->used, name);
    return depth > 0 ? g_strconcat("@root.", name, NULL) : tm_braces_variable(name);
}

/* Is it made of the list's item in a way that has no path? */
static bool is_unsayable(const tm_value *unknown, const void *list)
{
    return unknown->of == *(const guint *)list && !unknown->path;
}

static void emit_value(tm_emit *emit, const tm_value *value);

static tm_value *as_one(tm_emit *emit, const tm_value *value, const char *name, const char *written);

static void note_condition(tm_emit *emit, const char *name, const char *written)
{
    tm_draft_note(emit->draft,
                  "%s stands for the condition `%s`: give a value where it holds, nothing where not", name,
                  written);
}

/* A condition that is no plain name becomes one. */
static tm_value *named_condition(tm_emit *emit, const tm_value *condition)
{
    g_autoptr(GString) name = g_string_new("if_");
    const tm_value *worded = condition;
    while (!worded->written && tm_value_item(worded, 0))
        worded = tm_value_item(worded, 0);
    const char *written = worded->written ? worded->written : "condition";
    for (const char *at = written; *at && name->len < 40; at++) {
        if (g_ascii_isalnum(*at) || *at == '_')
            g_string_append_c(name, *at);
        else if (name->str[name->len - 1] != '_')
            g_string_append_c(name, '_');
    }
    while (name->str[name->len - 1] == '_')
        g_string_truncate(name, name->len - 1);
    tm_value *made = tm_value_unknown("", name->str, written, NULL);
    g_free(made->key);
    made->key = g_strconcat("?", written, NULL);
    if (!g_hash_table_contains(emit->names, made->key))
        note_condition(emit, name->str, written);
    return made;
}

/* The tags of a condition: "if name", "ifEquals name \"x\"". (transfer full) */
static char *condition_tag(tm_emit *emit, const tm_value *condition, const char **end)
{
    *end = "if";
    if (condition->kind == VALUE_UNKNOWN) {
        bool new = !g_hash_table_contains(emit->names, condition->key);
        g_autofree char *path = path_of(emit, condition);
        if (path && new && condition->written && strchr(condition->written, '('))
            note_condition(emit, tm_emit_name(emit, condition), condition->written);
        if (path)
            return g_strconcat("#if ", path, NULL);
    }
    const tm_value *left = condition->kind == VALUE_TEST ? tm_value_item(condition, 0) : NULL;
    const tm_value *right = left ? tm_value_item(condition, 1) : NULL;
    if (left && left->kind == VALUE_UNKNOWN && strcmp(condition->text, "===") == 0 &&
        (right->kind == VALUE_TEXT || right->kind == VALUE_NUMBER) && !strchr(right->text, '"') &&
        !strchr(right->text, '\\') && !strstr(right->text, "}}") && !strchr(right->text, '\n')) {
        g_autofree char *path = path_of(emit, left);
        if (path) {
            *end = "ifEquals";
            return right->kind == VALUE_TEXT ? g_strdup_printf("#ifEquals %s \"%s\"", path, right->text)
                                             : g_strdup_printf("#ifEquals %s %s", path, right->text);
        }
    }
    g_autoptr(tm_value) named = named_condition(emit, condition);
    g_autofree char *path = path_of(emit, named);
    return g_strconcat("#if ", path, NULL);
}

static bool is_empty(const tm_value *value)
{
    if (value->kind == VALUE_TEXT)
        return !*value->text;
    if (value->kind == VALUE_JOIN) {
        for (guint i = 0; i < value->items->len; i++)
            if (!is_empty(tm_value_item(value, i)))
                return false;
        return true;
    }
    return value->kind == VALUE_UNDEFINED || value->kind == VALUE_NULL ||
           (value->kind == VALUE_BOOL && !value->yes);
}

static void emit_choice(tm_emit *emit, const tm_value *value)
{
    const tm_value *condition = tm_value_item(value, 0), *yes = tm_value_item(value, 1),
                   *no = tm_value_item(value, 2);
    const char *end;
    g_autofree char *tag = condition_tag(emit, condition, &end);
    bool turned = is_empty(yes) && !is_empty(no);
    if (turned) {
        g_autofree char *other = g_strdup_printf("#unless%s", tag + 3);
        add_tag(emit, other);
        emit_value(emit, no);
    } else {
        add_tag(emit, tag);
        emit_value(emit, yes);
        if (!is_empty(no)) {
            add_tag(emit, "else");
            emit_value(emit, no);
        }
    }
    g_autofree char *close = g_strdup_printf("/%s%s", turned ? "unless" : "if", end + 2);
    add_tag(emit, close);
}

/* A row must have it as a list, which a cell of a CSV is not. */
static void tell_list(tm_emit *emit, const char *name)
{
    json_object_set_new(emit->draft->types, name, json_string("any"));
    tm_draft_note(emit->draft, "%s is a list: give it as one, in JSONL", name);
}

static void emit_each(tm_emit *emit, const tm_value *value)
{
    const tm_value *list = tm_value_item(value, 0), *item = tm_value_item(value, 1),
                   *body = tm_value_item(value, 2);
    guint of = item->of;
    bool sayable = list->kind == VALUE_UNKNOWN && !tm_value_any(body, is_unsayable, &of);
    g_autofree char *path = sayable ? path_of(emit, list) : NULL;
    if (!path) { /* what is made of an item can't be said: the rows give the whole */
        g_autoptr(tm_value) one = as_one(emit, value, list->text ? list->text : "list", list->written);
        emit_value(emit, one);
        return;
    }
    if (emit->lists->len == 0)
        tell_list(emit, tm_emit_name(emit, list));
    g_autofree char *open = g_strconcat("#each ", path, NULL);
    add_tag(emit, open);
    g_array_append_val(emit->lists, of);
    emit_value(emit, body);
    if (value->text && *value->text) {
        add_tag(emit, "#unless @last");
        add_text(emit, value->text);
        add_tag(emit, "/unless");
    }
    g_array_set_size(emit->lists, emit->lists->len - 1);
    add_tag(emit, "/each");
}

static tm_value *as_one(tm_emit *emit, const tm_value *value, const char *name, const char *written)
{
    const tm_value *item = tm_value_item(value, 1);
    g_autofree char *key = g_strdup_printf("each:%s", item && item->key ? item->key : name);
    g_autofree char *whole = item && item->code && item->code->kind == CODE_CALL
                                 ? tm_code_written(item->code)
                                 : g_strdup(written ? written : name);
    if (!g_hash_table_contains(emit->names, key))
        tm_draft_note(
            emit->draft,
            "%s: the app writes a line for each item in a way that a template can't say; give the text that "
            "comes of it",
            name);
    return tm_value_unknown(key, name, whole, NULL);
}

static void emit_value(tm_emit *emit, const tm_value *value)
{
    switch (value->kind) {
    case VALUE_TEXT:
    case VALUE_NUMBER:
        add_text(emit, value->text);
        break;
    case VALUE_BOOL:
        add_text(emit, value->yes ? "true" : "");
        break;
    case VALUE_JOIN:
        for (guint i = 0; i < value->items->len; i++)
            emit_value(emit, tm_value_item(value, i));
        break;
    case VALUE_UNKNOWN: {
        g_autofree char *path = path_of(emit, value);
        if (path) {
            add_expression(emit, path);
        } else {
            g_autoptr(tm_value) apart = tm_value_copy(value);
            apart->of = 0;
            emit_value(emit, apart);
        }
        break;
    }
    case VALUE_CHOICE:
        emit_choice(emit, value);
        break;
    case VALUE_EACH:
    case VALUE_MAPPED:
        emit_each(emit, value);
        break;
    case VALUE_SDK: {
        g_autofree char *key = g_strconcat("sdk:", value->text, NULL);
        g_autoptr(tm_value) unknown = tm_value_unknown(
            key, strrchr(value->text, '.') ? strrchr(value->text, '.') + 1 : value->text, value->text, NULL);
        emit_value(emit, unknown);
        break;
    }
    default:
        break;
    }
}

static void begin(tm_emit *emit)
{
    emit->out = g_string_new(NULL);
    emit->used = g_ptr_array_new_with_free_func(g_free);
    emit->chars = 0;
    emit->alone = false;
}

static tm_piece *finish(tm_emit *emit)
{
    settle(emit, true);
    tm_piece *piece = tm_piece_text(emit->out->str);
    piece->kind = TM_PIECE_TEMPLATE;
    piece->names = emit->used;
    piece->chars = emit->chars;
    g_string_free(emit->out, TRUE);
    emit->out = NULL;
    emit->used = NULL;
    return piece;
}

tm_piece *tm_emit_piece(tm_emit *emit, const tm_value *value)
{
    begin(emit);
    emit_value(emit, value);
    return finish(emit);
}

tm_piece *tm_emit_media_list(tm_emit *emit, const tm_value *list, const tm_value *item, const tm_value *data)
{
    begin(emit);
    const char *name = tm_emit_name(emit, list);
    tm_braces_add(emit->used, name);
    json_object_set_new(emit->draft->types, name, json_string("any"));
    g_autofree char *variable = tm_braces_variable(name);
    g_autofree char *open = g_strconcat("#each ", variable, NULL);
    bool inside =
        data && data->kind == VALUE_UNKNOWN && data->of == item->of && data->path && *data->path != '@';
    g_autofree char *medium = inside && strcmp(data->path, "this") != 0
                                  ? g_strconcat("media url=this.", data->path, NULL)
                                  : g_strdup("media url=this");
    tm_braces_expression(emit->out, open);
    tm_braces_expression(emit->out, medium);
    tm_braces_expression(emit->out, "/each");
    tm_piece *piece = finish(emit);
    piece->what = g_strdup("file");
    return piece;
}
