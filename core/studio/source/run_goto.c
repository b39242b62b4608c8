/* run_goto.c - up to a call: outer functions first, each read until what leads to the call */
#include "core/studio/source/run.h"

static void enter(tm_run *run, tm_frame *frame, tm_code *code, const tm_code *node);

static void enter_list(tm_run *run, tm_frame *frame, tm_code *block, guint from, const tm_code *node)
{
    for (guint i = from; i < block->n; i++) {
        if (tm_code_holds(block->kids[i], node)) {
            enter(run, frame, block->kids[i], node);
            return;
        }
        tm_value_unref(tm_run_exec(run, frame, block->kids[i]));
    }
}

/* The item of a loop that holds the call: one row's. */
static void bind_loop(tm_run *run, tm_frame *frame, tm_code *code)
{
    tm_code *pattern = tm_code_kid(code, 0);
    if (pattern && pattern->kind == CODE_LET)
        pattern = tm_code_kid(pattern, 0);
    if (!pattern)
        return;
    /* Of a list that is known the first one is tried first: models, for one. */
    g_autoptr(tm_value) list = code->n > 2 ? tm_run_eval(run, frame, code->kids[1]) : NULL;
    tm_value *known = list && list->kind == VALUE_ARRAY ? tm_value_item(list, 0) : NULL;
    bool there =
        known && known->kind != VALUE_MAPPED && (known->kind != VALUE_CHOICE || tm_value_is_text(known));
    g_autoptr(tm_value) item = there ? tm_value_ref(known) : tm_run_unknown(run, frame, pattern);
    tm_run_bind(run, frame, pattern, item);
}

/* Reads what of a statement comes before the node in it. */
static void enter(tm_run *run, tm_frame *frame, tm_code *code, const tm_code *node)
{
    if (run->depth >= RUN_DEPTH)
        return;
    run->depth++;
    switch (code->kind) {
    case CODE_BLOCK:
        enter_list(run, frame, code, 0, node);
        break;
    case CODE_CASE:
    case CODE_SWITCH:
        enter_list(run, frame, code, code->text ? 0 : 1, node);
        break;
    case CODE_IF:
        for (guint i = 1; i < code->n; i++)
            if (tm_code_holds(code->kids[i], node))
                enter(run, frame, code->kids[i], node);
        break;
    case CODE_EACH:
        bind_loop(run, frame, code);
        if (tm_code_holds(tm_code_kid(code, 2), node))
            enter(run, frame, code->kids[2], node);
        break;
    case CODE_LOOP:
        enter_list(run, frame, code, 0, node);
        break;
    case CODE_TRY:
        for (guint i = 0; i < code->n; i++)
            if (tm_code_holds(code->kids[i], node))
                enter(run, frame, code->kids[i], node);
        break;
    case CODE_EXPORT:
        enter(run, frame, tm_code_kid(code, 0), node);
        break;
    default:
        break;
    }
    run->depth--;
}

typedef struct {
    const char *name;
    tm_code *call;
} use;

static void visit_use(tm_code *code, void *data)
{
    use *all = data;
    if (!all->call && code->kind == CODE_CALL && code->n > 1 &&
        tm_code_is(tm_code_kid(code, 0), CODE_NAME, all->name))
        all->call = code;
}

/* withFallback(async (model) => ...): what withFallback calls it with, as far as that is known. (transfer
 * full) or NULL */
static tm_value *handed(tm_run *run, tm_frame *frame, tm_code *function)
{
    const tm_code *outer = function->parent;
    tm_code *callee = outer && outer->kind == CODE_CALL ? tm_code_kid(outer, 0) : NULL;
    const tm_code *own = tm_code_kid(function, 0);
    if (!callee || (callee->kind != CODE_NAME && callee->kind != CODE_MEMBER) || !own || own->n == 0 ||
        g_hash_table_contains(run->busy, function))
        return NULL;
    g_autoptr(tm_value) taker = tm_run_eval(run, frame, callee);
    if (taker->kind != VALUE_FUNCTION || tm_code_holds(taker->code, function))
        return NULL;
    use all = {NULL, NULL};
    const tm_code *parameters = tm_code_kid(taker->code, 0);
    for (guint i = 1; i < outer->n && parameters; i++) {
        const tm_code *parameter = outer->kids[i] == function ? tm_code_kid(parameters, i - 1) : NULL;
        all.name = parameter && parameter->kind == CODE_NAME ? parameter->text : all.name;
    }
    if (!all.name)
        return NULL;
    tm_code_walk(taker->code, visit_use, &all);
    if (!all.call)
        return NULL;
    g_hash_table_add(run->busy, function);
    /* Called as it is here, what is left out has its default: `retry(work, tries = 2)`. */
    bool binds = !g_hash_table_contains(run->bound, taker->code);
    if (binds) {
        tm_value *bound = tm_value_new(VALUE_ARRAY);
        for (guint i = 1; i < outer->n; i++)
            tm_value_add(bound, tm_run_eval(run, frame, outer->kids[i]));
        tm_value_add(bound, tm_value_new(VALUE_UNDEFINED)); /* nothing by name */
        g_hash_table_insert(run->bound, taker->code, bound);
    }
    tm_frame *there = tm_run_goto(run, all.call);
    tm_value *arguments = tm_value_new(VALUE_ARRAY);
    bool known = true;
    for (guint i = 1; i < all.call->n; i++) {
        tm_value *value = tm_run_eval(run, there, all.call->kids[i]);
        known = known && value->kind != VALUE_UNKNOWN && tm_value_is_text(value);
        tm_value_add(arguments, value);
    }
    if (binds)
        g_hash_table_remove(run->bound, taker->code);
    g_hash_table_remove(run->busy, function);
    if (!known)
        g_clear_pointer(&arguments, tm_value_unref);
    return arguments;
}

tm_frame *tm_run_goto(tm_run *run, tm_code *node)
{
    g_autoptr(GPtrArray) around = g_ptr_array_new();
    for (tm_code *at = node->parent; at; at = at->parent)
        if (at->kind == CODE_FUNCTION)
            g_ptr_array_insert(around, 0, at);
    tm_frame *frame = tm_run_module(run, node->source);
    tm_code *first = around->len ? g_ptr_array_index(around, 0) : node;
    bool top = around->len == 0;
    /* At the top of a file only a call that stands there needs what is above it: names are looked up anyhow.
     */
    if (top && node->source->root)
        enter(run, frame, node->source->root, first);
    for (guint i = 0; i < around->len; i++) {
        tm_code *function = g_ptr_array_index(around, i);
        tm_value *bound = g_hash_table_lookup(run->bound, function);
        tm_value *named =
            bound && bound->items && bound->items->len ? tm_value_item(bound, bound->items->len - 1) : NULL;
        g_autoptr(tm_value) arguments = NULL;
        if (bound) {
            arguments = tm_value_new(VALUE_ARRAY);
            for (guint k = 0; bound->items && k + 1 < bound->items->len; k++)
                tm_value_add(arguments, tm_value_ref(tm_value_item(bound, k)));
        }
        if (!bound)
            arguments = handed(run, frame, function);
        frame = tm_run_enter(run, frame, function, arguments, named);
        tm_code *body = tm_code_kid(function, 1);
        tm_code *next = i + 1 < around->len ? g_ptr_array_index(around, i + 1) : node;
        if (body && body->kind == CODE_BLOCK && tm_code_holds(body, next))
            enter(run, frame, body, next);
    }
    return frame;
}
