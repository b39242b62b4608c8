/* model_default.c - looks through an app's source for names of models that are given to a name */
#include "core/studio/source/model_default.h"
#include <string.h>

typedef struct {
    const char *name; /* the wanted one; "" none */
    const char *same; /* what the first of that very name is given */
    const char *any;  /* what the first of another name is given */
    bool several;     /* others differ */
} search;

static bool is_model(const char *text)
{
    static const char *const families[] = {"gemini-", "models/gemini-", "gemma-", "imagen-", "gpt-"};
    for (gsize i = 0; i < G_N_ELEMENTS(families); i++)
        if (g_str_has_prefix(text, families[i]))
            return strchr(text, ' ') == NULL;
    return false;
}

static bool says_model(const char *name)
{
    g_autofree char *lower = g_ascii_strdown(name, -1);
    return strstr(lower, "model") != NULL;
}

/* The text that is given: as it stands, useState("..."), stored || "...", useState(() => stored || "..."). */
static const char *text_of(const tm_code *code)
{
    for (int i = 0; code && i < 8; i++) {
        switch (code->kind) {
        case CODE_TEXT:
            return is_model(code->text) ? code->text : NULL;
        case CODE_BLOCK: /* what it returns at its end */
            code = code->n ? code->kids[code->n - 1] : NULL;
            break;
        case CODE_RETURN:
            code = tm_code_kid(code, 0);
            break;
        case CODE_CHOICE:
            code = tm_code_kid(code, 2);
            break;
        case CODE_BINARY:
        case CODE_FUNCTION:
            code = tm_code_kid(code, 1);
            break;
        default:
            code = code->kind == CODE_CALL && code->n == 2 ? tm_code_kid(code, 1) : NULL;
        }
    }
    return NULL;
}

static void visit(tm_code *code, void *data)
{
    search *all = data;
    const char *name = NULL;
    const tm_code *given = NULL, *target = tm_code_kid(code, 0);
    if (code->kind == CODE_PAIR) {
        name = code->text;
        given = target;
    } else if (code->kind == CODE_LET || code->kind == CODE_DEFAULT || code->kind == CODE_ASSIGN) {
        if (target && target->kind == CODE_ARRAY) /* [model, setModel] = useState("...") */
            target = tm_code_kid(target, 0);
        name = target && (target->kind == CODE_NAME || target->kind == CODE_MEMBER) ? target->text : NULL;
        given = tm_code_kid(code, 1);
    }
    const char *text = name && (says_model(name) || strcmp(name, all->name) == 0) ? text_of(given) : NULL;
    if (!text)
        return;
    if (!all->same && strcmp(name, all->name) == 0)
        all->same = text;
    if (!says_model(name))
        return;
    /* `model: "..."` in a request is that request's own. */
    if (code->kind == CODE_PAIR && strcmp(name, "model") == 0)
        return;
    all->several = all->several || (all->any && strcmp(all->any, text) != 0);
    all->any = all->any ? all->any : text;
}

char *tm_model_default(const tm_project *project, const tm_value *model)
{
    if (!model || model->kind != VALUE_UNKNOWN || !model->written || strchr(model->written, '('))
        return NULL;
    const char *dot = strrchr(model->written, '.'), *name = dot ? dot + 1 : model->written;
    if (!says_model(model->written))
        return NULL;
    search all = {strcmp(name, "model") == 0 ? "" : name, NULL, NULL, false};
    for (guint i = 0; i < project->sources->len; i++)
        tm_code_walk(((tm_code_file *)g_ptr_array_index(project->sources, i))->root, visit, &all);
    const char *found = all.same ? all.same : all.several ? NULL : all.any;
    return g_strdup(found);
}
