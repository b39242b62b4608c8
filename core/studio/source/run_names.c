/* run_names.c - what a name means: of the function, of the file, of a file that it imports from */
#include "core/studio/source/run.h"
#include <string.h>

tm_run *tm_run_new(tm_project *project)
{
    tm_run *run = g_new0(tm_run, 1);
    run->project = project;
    run->frames = g_ptr_array_new_with_free_func((GDestroyNotify)tm_frame_free);
    run->modules = g_hash_table_new(g_direct_hash, g_direct_equal);
    run->busy = g_hash_table_new(g_direct_hash, g_direct_equal);
    run->bound = g_hash_table_new_full(g_direct_hash, g_direct_equal, NULL, (GDestroyNotify)tm_value_unref);
    run->steps = RUN_STEPS;
    return run;
}

void tm_run_free(tm_run *run)
{
    if (!run)
        return;
    g_hash_table_unref(run->bound);
    g_hash_table_unref(run->busy);
    g_hash_table_unref(run->modules);
    g_ptr_array_unref(run->frames);
    g_free(run);
}

tm_frame *tm_run_module(tm_run *run, tm_code_file *source)
{
    tm_frame *frame = g_hash_table_lookup(run->modules, source);
    if (!frame) {
        frame = tm_frame_new(NULL, source->root, run->frames->len);
        g_ptr_array_add(run->frames, frame);
        g_hash_table_insert(run->modules, source, frame);
    }
    return frame;
}

/* `import {x as y} from "module"`: the BIND of y. */
static tm_value *imported(tm_run *run, tm_code *bind)
{
    const char *module = bind->parent->text ? bind->parent->text : "";
    bool whole = strcmp(bind->text, "*") == 0;
    tm_code_file *source = tm_project_find(run->project, bind->source, module);
    if (source && whole) {
        tm_value *value = tm_value_new(VALUE_MODULE);
        value->code = source->root;
        return value;
    }
    tm_value *value = source ? tm_run_export(run, source, bind->text) : NULL;
    if (!value && bind->source->python) { /* from package import file */
        g_autofree char *longer =
            g_strconcat(module, g_str_has_suffix(module, ".") ? "" : ".", bind->text, NULL);
        source = tm_project_find(run->project, bind->source, longer);
        if (source) {
            value = tm_value_new(VALUE_MODULE);
            value->code = source->root;
        }
    }
    if (value)
        return value;
    value = tm_value_new(VALUE_SDK);
    bool plain = whole || strcmp(bind->text, "default") == 0;
    value->text = g_strdup(plain ? (bind->source->python ? module : tm_code_kid(bind, 0)->text) : bind->text);
    value->code = bind;
    return value;
}

/* What a declaration gives to `name`. */
static tm_value *declared(tm_run *run, tm_frame *frame, tm_code *code, const char *name)
{
    if (code->kind == CODE_BIND)
        return imported(run, code);
    if (code->kind == CODE_FUNCTION || code->kind == CODE_CLASS) {
        tm_value *value = tm_value_new(code->kind == CODE_CLASS ? VALUE_CLASS : VALUE_FUNCTION);
        value->code = code;
        value->frame = frame;
        return value;
    }
    tm_code *init = tm_code_kid(code, 1);
    if (!init)
        return tm_value_new(VALUE_UNDEFINED);
    tm_frame *apart = tm_frame_new(frame, code, run->frames->len);
    g_ptr_array_add(run->frames, apart);
    g_autoptr(tm_value) value = tm_run_eval(run, frame, init);
    tm_run_bind(run, apart, tm_code_kid(code, 0), value);
    tm_value *part = tm_frame_get(apart, name);
    return part ? tm_value_ref(part) : NULL;
}

/* A name that its frame's own code declares and that has not been met yet: at the top of a file, or a
 * function further down. */
static tm_value *later(tm_run *run, tm_frame *frame, const char *name)
{
    const tm_code *block =
        frame->code && frame->code->kind == CODE_FUNCTION ? tm_code_kid(frame->code, 1) : frame->code;
    if (!block || block->kind != CODE_BLOCK)
        return NULL;
    tm_code *code = tm_project_declared(block, name);
    if (!code || g_hash_table_contains(run->busy, code))
        return NULL;
    g_hash_table_add(run->busy, code);
    tm_value *value = declared(run, frame, code, name);
    g_hash_table_remove(run->busy, code);
    if (value)
        tm_frame_set(frame, name, tm_value_ref(value));
    return value;
}

tm_value *tm_run_name(tm_run *run, tm_frame *frame, tm_code *name)
{
    if (strcmp(name->text, "this") == 0 || (name->source->python && strcmp(name->text, "self") == 0)) {
        tm_code *class = tm_code_around(name, CODE_CLASS);
        for (tm_frame *at = frame; at; at = at->up)
            if (at->self)
                return tm_value_ref(at->self);
        if (class) {
            tm_value *value = tm_value_new(VALUE_CLASS);
            value->code = class;
            return value;
        }
    }
    for (tm_frame *at = frame; at; at = at->up) {
        tm_value *value = tm_frame_get(at, name->text);
        if (value)
            return tm_value_ref(value);
        value = later(run, at, name->text);
        if (value)
            return value;
    }
    return tm_value_unknown(name->text, name->text, name->text, name);
}

/* `name` as another file, or another name, says it. */
static tm_value *reexported(tm_run *run, tm_code_file *source, tm_code *code, const char *name)
{
    for (guint i = 0; i < code->n; i++) {
        tm_code *bind = code->kids[i];
        bool all = strcmp(bind->text, "*") == 0;
        if (!all && g_strcmp0(tm_code_kid(bind, 0)->text, name) != 0)
            continue;
        tm_code_file *other = code->text ? tm_project_find(run->project, source, code->text) : NULL;
        tm_value *value = NULL;
        if (other && !(all && strcmp(name, "default") == 0))
            value = tm_run_export(run, other, all ? name : bind->text);
        else if (!code->text)
            value = later(run, tm_run_module(run, source), bind->text);
        if (value)
            return value;
    }
    return NULL;
}

tm_value *tm_run_export(tm_run *run, tm_code_file *source, const char *name)
{
    if (!source->root || run->depth > RUN_DEPTH)
        return NULL;
    run->depth++;
    tm_frame *frame = tm_run_module(run, source);
    tm_value *value = tm_frame_get(frame, name);
    value = value ? tm_value_ref(value) : later(run, frame, name);
    for (guint i = 0; !value && i < source->root->n; i++) {
        tm_code *code = source->root->kids[i];
        if (code->kind == CODE_REEXPORT)
            value = reexported(run, source, code, name);
        else if (tm_code_is(code, CODE_EXPORT, "default") && strcmp(name, "default") == 0)
            value = tm_code_kid(code, 0)->kind == CODE_FUNCTION || tm_code_kid(code, 0)->kind == CODE_CLASS
                        ? declared(run, frame, tm_code_kid(code, 0), name)
                        : tm_run_eval(run, frame, tm_code_kid(code, 0));
    }
    run->depth--;
    return value;
}

static tm_value *of_constructor(tm_run *run, tm_code *constructor, const char *name)
{
    tm_frame *frame = NULL;
    tm_code *body = tm_code_kid(constructor, 1);
    for (guint i = 0; body && i < body->n; i++) {
        tm_code *code = body->kids[i], *target = tm_code_kid(code, 0);
        if ((code->kind != CODE_ASSIGN && code->kind != CODE_LET) || !tm_code_is(target, CODE_MEMBER, name) ||
            !(tm_code_is(tm_code_kid(target, 0), CODE_NAME, "this") ||
              tm_code_is(tm_code_kid(target, 0), CODE_NAME, "self")))
            continue;
        frame = frame ? frame : tm_run_enter(run, tm_run_module(run, code->source), constructor, NULL, NULL);
        return tm_run_eval(run, frame, tm_code_kid(code, 1));
    }
    return NULL;
}

typedef struct {
    const char *name;
    tm_code *found;
} setting;

static void visit_setting(tm_code *code, void *data)
{
    setting *all = data;
    tm_code *target = tm_code_kid(code, 0), *value = tm_code_kid(code, 1);
    if (all->found || (code->kind != CODE_ASSIGN && code->kind != CODE_LET) || !value ||
        value->kind == CODE_NULL || !tm_code_is(target, CODE_MEMBER, all->name))
        return;
    if (tm_code_is(tm_code_kid(target, 0), CODE_NAME, "this") ||
        tm_code_is(tm_code_kid(target, 0), CODE_NAME, "self"))
        all->found = code;
}

/* What a branch of the constructor, or another method, sets it to. */
static tm_value *of_any_method(tm_run *run, tm_code *class, const char *name)
{
    setting all = {name, NULL};
    tm_code_walk(class, visit_setting, &all);
    if (!all.found || g_hash_table_contains(run->busy, all.found) || run->depth > RUN_DEPTH / 2)
        return NULL;
    g_hash_table_add(run->busy, all.found);
    run->depth++;
    tm_value *made = tm_run_eval(run, tm_run_goto(run, all.found), tm_code_kid(all.found, 1));
    run->depth--;
    g_hash_table_remove(run->busy, all.found);
    return made;
}

tm_value *tm_run_member_of(tm_run *run, tm_code *class, const char *name)
{
    tm_code *constructor = NULL;
    if (g_hash_table_contains(run->busy, class) && run->depth > RUN_DEPTH / 2)
        return NULL;
    for (guint i = 0; i < class->n; i++) {
        tm_code *code = class->kids[i];
        tm_frame *frame = tm_run_module(run, code->source);
        if (code->kind == CODE_FUNCTION) {
            if (g_strcmp0(code->text, name) == 0)
                return declared(run, frame, code, name);
            if (g_strcmp0(code->text, "constructor") == 0 || g_strcmp0(code->text, "__init__") == 0)
                constructor = code;
        } else if ((code->kind == CODE_LET || code->kind == CODE_ASSIGN) &&
                   tm_project_binds(tm_code_kid(code, 0), name) && tm_code_kid(code, 1)) {
            return tm_run_eval(run, frame, tm_code_kid(code, 1));
        }
    }
    tm_value *made = constructor ? of_constructor(run, constructor, name) : NULL;
    return made && made->kind != VALUE_NULL ? made : (tm_value_unref(made), of_any_method(run, class, name));
}
