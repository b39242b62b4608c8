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
    GHashTable *names;        /* key -> name */
    GHashTable *taken;        /* name -> key */
    GHashTable *fields;       /* key -> the member of an item that stands for it */
    GHashTable *fields_taken; /* "item/member" */
    GHashTable *of_names;     /* which items -> their list's name */
    /* of the piece that is being written */
    GString *out;
    GPtrArray *used; /* char* */
    int64_t chars;
    GArray *lists; /* guint: which items the {{#each}} around are of, outermost first */
    GArray *known; /* known: the conditions around, and whether they hold here */
    bool alone;    /* a tag was written that stands alone on its line so far */
};

typedef struct {
    const tm_value *condition;
    bool holds;
} known;

tm_emit *tm_emit_new(tm_draft *draft)
{
    tm_emit *emit = g_new0(tm_emit, 1);
    emit->draft = draft;
    emit->names = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    emit->taken = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    emit->fields = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    emit->fields_taken = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    emit->of_names = g_hash_table_new_full(g_direct_hash, g_direct_equal, NULL, g_free);
    emit->lists = g_array_new(FALSE, FALSE, sizeof(guint));
    emit->known = g_array_new(FALSE, FALSE, sizeof(known));
    return emit;
}

void tm_emit_free(tm_emit *emit)
{
    if (!emit)
        return;
    g_hash_table_unref(emit->names);
    g_hash_table_unref(emit->taken);
    g_hash_table_unref(emit->fields);
    g_hash_table_unref(emit->fields_taken);
    g_hash_table_unref(emit->of_names);
    g_array_unref(emit->lists);
    g_array_unref(emit->known);
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

static bool take_field(tm_emit *emit, guint of, const char *name)
{
    return g_hash_table_add(emit->fields_taken, g_strdup_printf("%u/%s", of, name));
}

/* What is made of a list's item by more than a path is a member that the rows must give: its name. */
static const char *field_of(tm_emit *emit, const tm_value *unknown)
{
    const char *there = g_hash_table_lookup(emit->fields, unknown->key);
    if (there)
        return there;
    const tm_code *code = unknown->code; /* index + 1 */
    bool counted = code && code->kind == CODE_BINARY && tm_code_is(tm_code_kid(code, 0), CODE_NAME, NULL) &&
                   tm_code_is(tm_code_kid(code, 1), CODE_NUMBER, "1");
    const char *text = g_str_has_prefix(unknown->text, "item_") ? unknown->text + 5 : unknown->text;
    g_autofree char *word = tm_braces_word(counted ? "number" : text), *name = g_strdup(word);
    for (int n = 2; !take_field(emit, unknown->of, name); n++) {
        g_free(name);
        name = g_strdup_printf("%s_%d", word, n);
    }
    if (unknown->written) {
        const char *list = g_hash_table_lookup(emit->of_names, GUINT_TO_POINTER(unknown->of));
        g_autofree char *written = kept(emit, unknown->written);
        g_autofree char *key = g_strdup_printf("%s[].%s", list ? list : "item", name);
        json_object_set_new(emit->draft->expressions, key, json_string(written));
        tm_draft_note(emit->draft, "%s is what `%s` gives for each item", key, written);
    }
    char *made = g_strdup(name);
    g_hash_table_insert(emit->fields, g_strdup(unknown->key), made);
    return made;
}

/* How an unknown is said here: its name, from the row's root inside a list; an item's path; NULL where that
 * can't be said. (transfer full) */
static char *path_of(tm_emit *emit, const tm_value *unknown)
{
    guint depth = emit->lists->len;
    for (guint i = depth; unknown->of && i > 0; i--) {
        if (g_array_index(emit->lists, guint, i - 1) != unknown->of)
            continue;
        g_autoptr(GString) path = g_string_new(NULL);
        for (guint k = i; k < depth; k++)
            g_string_append(path, "../");
        if (!unknown->path) {
            const char *field = field_of(emit, unknown);
            return g_strconcat(path->len ? path->str : "this.", field, NULL);
        }
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

typedef struct {
    tm_emit *emit;
    guint of;
} paths;

/* The members of an item that are said as they are keep their names. */
static bool visit_path(const tm_value *unknown, const void *data)
{
    const paths *all = data;
    if (unknown->of == all->of && unknown->path && *unknown->path != '@') {
        g_autofree char *first = g_strndup(unknown->path, strcspn(unknown->path, "."));
        take_field(all->emit, all->of, first);
    }
    return false;
}

static void emit_value(tm_emit *emit, const tm_value *value);

static tm_value *as_one(tm_emit *emit, const tm_value *value, const char *name, const char *written);

static void note_condition(tm_emit *emit, const char *name, const char *written)
{
    tm_draft_note(emit->draft,
                  "%s stands for the condition `%s`: give a value where it holds, nothing where not", name,
                  written);
}

static bool is_of_item(const tm_value *unknown, const void *of)
{
    return unknown->of == *(const guint *)of;
}

/* A condition's words as its source would say them: `case "a": case "b":` has none of its own. */
static void say_condition(GString *words, const tm_value *condition, int depth)
{
    tm_value *first = tm_value_item(condition, 0), *second = tm_value_item(condition, 1);
    if (condition->written || depth > 20) {
        g_string_append(words, condition->written ? condition->written : "...");
    } else if (condition->kind == VALUE_TEST && first && second) {
        g_autofree char *literal = tm_value_literal(second);
        say_condition(words, first, depth + 1);
        g_string_append_printf(words, " %s ", condition->text);
        if (literal)
            g_string_append(words, literal);
        else
            say_condition(words, second, depth + 1);
    } else if (condition->kind == VALUE_CHOICE && tm_value_item(condition, 2)) {
        bool either = tm_value_equal(first, second);
        say_condition(words, first, depth + 1);
        g_string_append(words, either ? " || " : " && ");
        say_condition(words, either ? tm_value_item(condition, 2) : second, depth + 1);
    } else if (condition->kind == VALUE_NOT && first) {
        g_string_append_c(words, '!');
        say_condition(words, first, depth + 1);
    } else {
        g_string_append(words, condition->text ? condition->text : "condition");
    }
}

/* A condition that is no plain name becomes one. */
static tm_value *named_condition(tm_emit *emit, const tm_value *condition)
{
    g_autoptr(GString) name = g_string_new("if_"), words = g_string_new(NULL);
    say_condition(words, condition, 0);
    const char *written = words->str;
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
    for (guint i = emit->lists->len; i > 0 && !made->of; i--) {
        guint of = g_array_index(emit->lists, guint, i - 1);
        if (tm_value_any(condition, is_of_item, &of))
            made->of = of;
    }
    if (!made->of && !g_hash_table_contains(emit->names, made->key))
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
        new = new &&g_hash_table_contains(emit->names, condition->key); /* no item's */
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

/* name === "a" */
static bool is_equality(const tm_value *condition)
{
    return condition->kind == VALUE_TEST && strcmp(condition->text, "===") == 0 &&
           tm_value_item(condition, 1)->kind == VALUE_TEXT;
}

tm_truth tm_emit_truth(const tm_emit *emit, const tm_value *condition)
{
    for (guint i = 0; i < emit->known->len; i++) {
        const known *one = &g_array_index(emit->known, known, i);
        if (tm_value_equal(one->condition, condition))
            return one->holds ? TRUTH_YES : TRUTH_NO;
        if (one->holds && is_equality(one->condition) && is_equality(condition) &&
            tm_value_equal(tm_value_item(one->condition, 0), tm_value_item(condition, 0)) &&
            !tm_value_equal(tm_value_item(one->condition, 1), tm_value_item(condition, 1)))
            return TRUTH_NO; /* it is another text */
    }
    return TRUTH_MAYBE;
}

void tm_emit_know(tm_emit *emit, const tm_value *condition, bool holds)
{
    known one = {condition, holds};
    g_array_append_val(emit->known, one);
}

void tm_emit_forget(tm_emit *emit)
{
    g_array_set_size(emit->known, emit->known->len - 1);
}

static void emit_branch(tm_emit *emit, const tm_value *condition, bool holds, const tm_value *branch)
{
    tm_emit_know(emit, condition, holds);
    emit_value(emit, branch);
    tm_emit_forget(emit);
}

/* What a text is made of a value in a way that leaves it empty only where the value is. */
static bool keeps_truth(const char *whole, const char *made)
{
    static const char *const methods[] = {".join(",
                                          ".slice(",
                                          ".substring(",
                                          ".substr(",
                                          ".trim(",
                                          ".toString(",
                                          ".toUpperCase(",
                                          ".toLowerCase(",
                                          ".upper(",
                                          ".toLocaleString(",
                                          ".lower(",
                                          ".toFixed(",
                                          ".toLocaleDateString(",
                                          ".toLocaleTimeString(",
                                          ".toISOString(",
                                          ".toDateString(",
                                          ".trimEnd(",
                                          ".strip("};
    if (!whole || !made)
        return false;
    const char *inner = g_str_has_prefix(made, "JSON.stringify(") ? made + strlen("JSON.stringify(")
                        : g_str_has_prefix(made, "json.dumps(")   ? made + strlen("json.dumps(")
                                                                  : NULL;
    if (inner && g_str_has_prefix(inner, whole) && strchr(",)", inner[strlen(whole)]))
        return true;
    if (!g_str_has_prefix(made, whole))
        return false;
    const char *rest = made + strlen(whole) + (made[strlen(whole)] == '?');
    for (gsize i = 0; i < G_N_ELEMENTS(methods); i++)
        if (g_str_has_prefix(rest, methods[i]))
            return !strchr(rest, ')') || !strchr(strchr(rest, ')'), '(');
    return false;
}

typedef struct {
    const tm_value *whole, *made;
    bool other; /* the whole itself is said, too, or something else is made of it */
} made_search;

static bool visit_made(const tm_value *unknown, const void *data)
{
    made_search *all = (made_search *)data;
    if (strcmp(unknown->key, all->whole->key) == 0 ||
        (all->made && strcmp(unknown->key, all->made->key) != 0 &&
         g_str_has_prefix(unknown->key, all->whole->key)))
        all->other = true;
    else if (keeps_truth(all->whole->written, unknown->written))
        all->made = unknown;
    return false;
}

/* list.length > 0 ? list.join(", ") : "none": one variable is enough for both. */
static const tm_value *shared(const tm_emit *emit, const tm_value *condition, const tm_value *branch)
{
    made_search all = {condition, NULL, false};
    if (condition->kind != VALUE_UNKNOWN || g_hash_table_contains(emit->names, condition->key))
        return condition;
    tm_value_any(branch, visit_made, &all);
    return all.made && !all.other && all.made->of == condition->of ? all.made : condition;
}

static void emit_choice(tm_emit *emit, const tm_value *value)
{
    const tm_value *asked = tm_value_item(value, 0), *yes = tm_value_item(value, 1),
                   *no = tm_value_item(value, 2);
    tm_truth truth = tm_emit_truth(emit, asked);
    if (truth != TRUTH_MAYBE) {
        emit_value(emit, truth == TRUTH_YES ? yes : no);
        return;
    }
    const tm_value *condition = shared(emit, asked, yes);
    const char *end;
    g_autofree char *tag = condition_tag(emit, condition, &end);
    bool turned = is_empty(yes) && !is_empty(no);
    if (turned) {
        g_autofree char *other = g_strdup_printf("#unless%s", tag + 3);
        add_tag(emit, other);
        emit_branch(emit, asked, false, no);
    } else {
        add_tag(emit, tag);
        emit_branch(emit, asked, true, yes);
        if (!is_empty(no)) {
            add_tag(emit, "else");
            emit_branch(emit, asked, false, no);
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
    g_autofree char *path = list->kind == VALUE_UNKNOWN ? path_of(emit, list) : NULL;
    g_hash_table_insert(emit->of_names, GUINT_TO_POINTER(of),
                        g_strdup(path ? path + (g_str_has_prefix(path, "this.") ? 5 : 0) : list->text));
    paths said = {emit, of};
    tm_value_any(body, visit_path, &said);
    if (!path) { /* what the list is made of can't be said: the rows give the whole */
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
    case VALUE_ARRAY: /* of parts */
        for (guint i = 0; value->items && i < value->items->len; i++)
            emit_value(emit, tm_value_item(value, i));
        break;
    case VALUE_REMOTE: { /* a medium among parts */
        const tm_value *data = tm_value_item(value, 0);
        g_autofree char *path = data && data->kind == VALUE_UNKNOWN ? path_of(emit, data) : NULL;
        g_autofree char *medium = g_strconcat("media url=", path ? path : "this", NULL);
        add_expression(emit, medium);
        break;
    }
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

tm_piece *tm_emit_open(tm_emit *emit, const tm_value *condition, bool turned, char **close)
{
    const char *end;
    begin(emit);
    g_autofree char *tag = condition_tag(emit, condition, &end);
    g_autofree char *inner = turned ? g_strdup_printf("#unless%s", tag + 3) : g_strdup(tag);
    *close = g_strdup_printf("/%s%s", turned ? "unless" : "if", end + 2);
    tm_braces_expression(emit->out, inner);
    tm_piece *piece = finish(emit);
    piece->what = g_strdup("file");
    return piece;
}

tm_piece *tm_emit_tag(const char *inner)
{
    g_autoptr(GString) out = g_string_new(NULL);
    tm_braces_expression(out, inner);
    tm_piece *piece = tm_piece_text(out->str);
    piece->kind = TM_PIECE_TEMPLATE;
    piece->what = g_strdup("file");
    return piece;
}

void tm_emit_inline(tm_piece *piece, const tm_piece *next)
{
    if (piece->kind == TM_PIECE_MEDIA && piece->text) {
        g_autoptr(GString) out = g_string_new(NULL);
        g_autofree char *variable = tm_braces_variable(piece->text);
        g_autofree char *inner = g_strconcat("media url=", variable, NULL);
        tm_braces_expression(out, inner);
        piece->names = g_ptr_array_new_with_free_func(g_free);
        tm_braces_add(piece->names, piece->text);
        piece->kind = TM_PIECE_TEMPLATE;
        g_free(piece->text);
        piece->text = g_strdup(out->str);
        g_free(piece->what);
        piece->what = g_strdup("file");
    } else if (piece->what && next && next->kind == TM_PIECE_TEMPLATE && *next->text == '\n' &&
               g_str_has_suffix(piece->text, "}}")) {
        char *kept = g_strconcat(piece->text, "{{!}}", NULL);
        g_free(piece->text);
        piece->text = kept;
    }
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
