/* template.c - compiles a template with its partials. */
#include "core/template.h"
#include "core/caret.h"
#include "core/error.h"
#include "core/template_nodes.h"
#include <string.h>

typedef struct {
    tm_template *template;
    tm_partial_loader load;
    void *data;
    GPtrArray *open; /* names of the partials being compiled, outermost first */
    GError **error;
} tm_compiler;

static gboolean compile_unit(tm_compiler *compiler, tm_unit *unit);

/* The unit of the partial that `call` names, compiled if this is its first call. */
static const tm_unit *resolve(tm_compiler *compiler, const tm_unit *caller, const tm_node *call)
{
    const char *name = call->partial;
    if (g_ptr_array_find_with_equal_func(compiler->open, name, g_str_equal, NULL)) {
        tm_unit_fail(caller, call->offset, compiler->error,
                     "the partial '%s' calls itself; partials can't be recursive", name);
        return NULL;
    }
    tm_unit *unit = g_hash_table_lookup(compiler->template->partials, name);
    if (unit)
        return unit;
    if (compiler->open->len >= TM_TEMPLATE_MAX_DEPTH) {
        tm_unit_fail(caller, call->offset, compiler->error, "partials nested deeper than %d",
                     TM_TEMPLATE_MAX_DEPTH);
        return NULL;
    }
    g_autofree char *source = compiler->load ? compiler->load(name, compiler->data) : NULL;
    if (!source) {
        tm_unit_fail(caller, call->offset, compiler->error,
                     "there is no partial '%s'; put it into _%s.prompt beside this prompt", name, name);
        return NULL;
    }
    g_autofree char *file = g_strdup_printf("_%s.prompt", name);
    unit = tm_unit_new(file, source, strlen(source), 1);
    g_hash_table_insert(compiler->template->partials, g_strdup(name), unit);
    g_ptr_array_add(compiler->open, (gpointer)(uintptr_t)name);
    gboolean ok = compile_unit(compiler, unit);
    g_ptr_array_set_size(compiler->open, (gint)compiler->open->len - 1);
    return ok ? unit : NULL;
}

static gboolean compile_unit(tm_compiler *compiler, tm_unit *unit)
{
    if (!g_utf8_validate_len(unit->source, unit->length, NULL))
        return tm_fail(compiler->error, TM_ERROR_INPUT, "%s: not UTF-8 text; save it as UTF-8", unit->name);
    if (!tm_unit_parse(unit, compiler->error))
        return FALSE;
    for (guint i = 0; i < unit->calls->len; i++) {
        tm_node *call = unit->calls->pdata[i];
        call->unit = resolve(compiler, unit, call);
        if (!call->unit)
            return FALSE;
    }
    return TRUE;
}

tm_template *tm_template_compile(const char *source, size_t length, const char *file, int first_line,
                                 tm_partial_loader loader, void *loader_data, GError **error)
{
    g_autoptr(tm_template) template = g_new0(tm_template, 1);
    g_autoptr(GPtrArray) open = g_ptr_array_new();
    template->main = tm_unit_new(file, source, length, first_line);
    template->partials = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)tm_unit_free);
    template->names = g_ptr_array_new_with_free_func(g_free);
    template->variables = g_array_new(FALSE, FALSE, sizeof(tm_variable));
    tm_compiler compiler = {template, loader, loader_data, open, error};
    if (!compile_unit(&compiler, template->main) || !tm_template_survey(template, error))
        return NULL;
    return g_steal_pointer(&template);
}

void tm_template_free(tm_template *template)
{
    if (!template)
        return;
    tm_unit_free(template->main);
    g_hash_table_unref(template->partials);
    g_ptr_array_unref(template->names);
    g_array_unref(template->variables);
    g_clear_pointer(&template->media, g_ptr_array_unref);
    g_free(template);
}

const tm_variable *tm_template_variables(const tm_template *template, size_t *n)
{
    *n = template->variables->len;
    return (const tm_variable *)template->variables->data;
}

char *tm_template_show(const tm_template *template, const tm_variable *variable)
{
    return tm_caret(template->main->source, template->main->length, variable->offset);
}

bool tm_template_reads_row(const tm_template *template)
{
    return template->reads_row;
}

const char *const *tm_template_media(const tm_template *template)
{
    return template->media ? (const char *const *)template->media->pdata : NULL;
}

size_t tm_template_static_length(const tm_template *template)
{
    return template->static_length;
}
