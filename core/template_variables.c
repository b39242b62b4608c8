/* template_variables.c - which values of the row a template reads, and how much text it holds by itself. */
#include "core/error.h"
#include "core/template_nodes.h"
#include <string.h>

enum { MAX_VISITS = 1000000 }; /* nodes with partials counted at each call: partials that double each other */

/* What `this` is at a place of the template, as far as can be known without a row. */
typedef struct tm_reach {
    enum { SCOPE_ROW, SCOPE_MAYBE_ROW, SCOPE_OTHER } kind;
    const GPtrArray *named; /* tm_named that a partial's call lays over it; NULL */
    const struct tm_reach *up;
} tm_reach;

typedef struct {
    tm_template *template;
    GHashTable *found; /* name -> index + 1 in template->variables */
    GPtrArray *guards; /* names that an enclosing #if or #unless tests; borrowed */
    const tm_node
        *call; /* the main template's partial call that is being walked; NULL: the main template itself */
    tm_place place;
    bool unseen; /* what is walked is a media's address, or only tested: its text is not shown */
    int visits;
    GError **error;
} tm_survey;

static void note(tm_survey *survey, const char *name, const tm_expression *expression, bool needed)
{
    GArray *variables = survey->template->variables;
    if (needed && g_ptr_array_find_with_equal_func(survey->guards, name, g_str_equal, NULL))
        needed = false;
    size_t index = GPOINTER_TO_SIZE(g_hash_table_lookup(survey->found, name));
    if (index) {
        g_array_index(variables, tm_variable, index - 1).needed |= needed;
        g_array_index(variables, tm_variable, index - 1).media &= survey->unseen;
        return;
    }
    char *copy = g_strdup(name);
    g_ptr_array_add(survey->template->names, copy);
    size_t offset = survey->call ? survey->call->offset : expression->offset;
    tm_unit_place(survey->template->main, &survey->place, offset);
    tm_variable variable = {copy, survey->place.line, survey->place.column, offset, needed, survey->unseen};
    g_array_append_val(variables, variable);
    g_hash_table_insert(survey->found, copy, GSIZE_TO_POINTER(variables->len));
}

static void walk_use(tm_survey *survey, const tm_use *use, const tm_reach *scope, bool needed);

static const tm_reach *scope_up(const tm_reach *scope, int depth)
{
    while (scope && depth-- > 0)
        scope = scope->up;
    return scope;
}

static bool is_named(const tm_reach *scope, const char *name)
{
    for (guint i = 0; scope->named && i < scope->named->len; i++)
        if (strcmp(((const tm_named *)scope->named->pdata[i])->name, name) == 0)
            return true;
    return false;
}

static void walk_expression(tm_survey *survey, const tm_expression *expression, const tm_reach *scope,
                            bool needed)
{
    const GPtrArray *segments = expression->segments;
    if (expression->kind == TM_EXPRESSION_CALL) {
        walk_use(survey, expression->call, scope, needed);
    } else if (expression->kind == TM_EXPRESSION_DATA) {
        if (strcmp(segments->pdata[0], "root") != 0)
            return;
        if (segments->len > 1)
            note(survey, segments->pdata[1], expression, needed);
        else
            survey->template->reads_row = true;
    } else if (expression->kind == TM_EXPRESSION_PATH) {
        const struct tm_reach *at = scope_up(scope, expression->depth);
        if (!at || at->kind == SCOPE_OTHER)
            return;
        if (!segments->len)
            survey->template->reads_row = true;
        else if (!is_named(at, segments->pdata[0]))
            note(survey, segments->pdata[0], expression, needed && at->kind == SCOPE_ROW);
    }
}

/* The address in a {{media}}. */
static void walk_address(tm_survey *survey, const tm_expression *address, const tm_reach *scope, bool needed)
{
    bool before = survey->unseen;
    if (address->kind == TM_EXPRESSION_LITERAL && json_is_string(address->literal)) {
        GPtrArray *media = survey->template->media;
        const char *text = json_string_value(address->literal);
        if (!g_ptr_array_find_with_equal_func(media, text, g_str_equal, NULL))
            g_ptr_array_add(media, g_strdup(text));
        return;
    }
    survey->unseen = true;
    walk_expression(survey, address, scope, needed);
    survey->unseen = before;
}

static void walk_use(tm_survey *survey, const tm_use *use, const tm_reach *scope, bool needed)
{
    bool media = use->helper && use->helper->kind == TM_HELPER_MEDIA;
    if (media && !survey->template->media)
        survey->template->media = g_ptr_array_new_with_free_func(g_free);
    if (!use->helper && use->head)
        walk_expression(survey, use->head, scope, needed);
    for (guint i = 0; i < use->params->len; i++)
        walk_expression(survey, use->params->pdata[i], scope, needed);
    for (guint i = 0; i < use->named->len; i++) {
        const tm_named *named = use->named->pdata[i];
        if (media && strcmp(named->name, "url") == 0)
            walk_address(survey, named->value, scope, needed);
        else
            walk_expression(survey, named->value, scope, needed);
    }
}

/* What `this` becomes where the expression's value is made the context. */
static int kind_of(const tm_expression *expression, const tm_reach *scope)
{
    if (expression->kind == TM_EXPRESSION_PATH && !expression->segments->len) {
        const struct tm_reach *at = scope_up(scope, expression->depth);
        return at ? (int)at->kind : SCOPE_OTHER;
    }
    bool root = expression->kind == TM_EXPRESSION_DATA && expression->segments->len == 1 &&
                strcmp(expression->segments->pdata[0], "root") == 0;
    return root ? SCOPE_ROW : SCOPE_OTHER;
}

/* The row's variable that a block tests; NULL: none. */
static const char *guard_of(const tm_expression *expression, const tm_reach *scope)
{
    const struct tm_reach *at = scope_up(scope, expression->depth);
    if (expression->kind == TM_EXPRESSION_PATH && expression->segments->len && at && at->kind != SCOPE_OTHER)
        return expression->segments->pdata[0];
    bool root = expression->kind == TM_EXPRESSION_DATA && expression->segments->len > 1 &&
                strcmp(expression->segments->pdata[0], "root") == 0;
    return root ? expression->segments->pdata[1] : NULL;
}

static gboolean walk_program(tm_survey *survey, const tm_program *program, const tm_reach *scope);

static gboolean walk_block(tm_survey *survey, const tm_node *node, const tm_reach *scope)
{
    const tm_use *use = node->use;
    int kind = use->helper ? (int)use->helper->kind : -1;
    if (kind == TM_HELPER_RAW)
        return walk_program(survey, node->program, scope);
    const tm_expression *head = use->helper ? use->params->pdata[0] : use->head;
    bool moves = kind == TM_HELPER_EACH || kind == TM_HELPER_WITH || kind == -1;
    bool equals = kind == TM_HELPER_IF_EQUALS || kind == TM_HELPER_UNLESS_EQUALS;
    /* An {{else}} says what to do without the value: then it may be absent. */
    bool tests = kind == TM_HELPER_IF || kind == TM_HELPER_UNLESS || kind == -1 || (moves && node->inverse);
    survey->unseen = kind == TM_HELPER_IF || kind == TM_HELPER_UNLESS;
    walk_use(survey, use, scope, !tests);
    survey->unseen = false;
    const char *guard = tests && !equals ? guard_of(head, scope) : NULL;
    if (guard)
        g_ptr_array_add(survey->guards, (gpointer)(uintptr_t)guard);
    struct tm_reach inner = {.kind = SCOPE_OTHER, .up = scope};
    if (kind == TM_HELPER_WITH)
        inner.kind = (typeof(inner.kind))kind_of(head, scope);
    else if (kind == -1) /* {{#flag}} with true keeps the row, with an object or a list leaves it */
        inner.kind = SCOPE_MAYBE_ROW;
    gboolean ok = (!node->program || walk_program(survey, node->program, moves ? &inner : scope)) &&
                  (!node->inverse || walk_program(survey, node->inverse, scope));
    if (guard)
        g_ptr_array_set_size(survey->guards, (gint)survey->guards->len - 1);
    return ok;
}

static gboolean walk_partial(tm_survey *survey, const tm_node *node, const tm_reach *scope)
{
    const tm_expression *context = node->use->params->len ? node->use->params->pdata[0] : NULL;
    bool outermost = !survey->call;
    if (context && kind_of(context, scope) == SCOPE_OTHER)
        walk_expression(survey, context, scope, true);
    for (guint i = 0; i < node->use->named->len; i++)
        walk_expression(survey, ((const tm_named *)node->use->named->pdata[i])->value, scope, true);
    if (outermost)
        survey->call = node;
    struct tm_reach inner = *scope;
    if (context || node->use->named->len)
        inner = (struct tm_reach){.kind = scope->kind, .named = node->use->named, .up = scope};
    if (context)
        inner.kind = (typeof(inner.kind))kind_of(context, scope);
    gboolean ok = walk_program(survey, node->unit->program, &inner);
    if (outermost)
        survey->call = NULL;
    return ok;
}

static gboolean walk_program(tm_survey *survey, const tm_program *program, const tm_reach *scope)
{
    for (guint i = 0; i < program->nodes->len; i++) {
        const tm_node *node = program->nodes->pdata[i];
        gboolean ok = TRUE;
        if (++survey->visits > MAX_VISITS)
            return tm_fail(survey->error, TM_ERROR_INPUT, "%s: the partials unfold to more than %d pieces",
                           survey->template->main->name, MAX_VISITS);
        if (node->kind == TM_NODE_TEXT)
            survey->template->static_length += node->length;
        else if (node->kind == TM_NODE_PRINT)
            walk_use(survey, node->use, scope, true);
        else if (node->kind == TM_NODE_BLOCK)
            ok = walk_block(survey, node, scope);
        else if (node->kind == TM_NODE_PARTIAL)
            ok = walk_partial(survey, node, scope);
        if (!ok)
            return FALSE;
    }
    return TRUE;
}

gboolean tm_template_survey(tm_template *template, GError **error)
{
    g_autoptr(GHashTable) found = g_hash_table_new(g_str_hash, g_str_equal);
    g_autoptr(GPtrArray) guards = g_ptr_array_new();
    tm_survey survey = {.template = template, .found = found, .guards = guards, .error = error};
    const tm_reach row = {.kind = SCOPE_ROW};
    gboolean ok = walk_program(&survey, template->main->program, &row);
    if (template->media)
        g_ptr_array_add(template->media, NULL);
    return ok;
}
