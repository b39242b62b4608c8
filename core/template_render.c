/* template_render.c - walks a compiled template over one row. */
#include "core/template_render.h"
#include "core/error.h"
#include <string.h>

static gboolean render_program(tm_renderer *renderer, const tm_frame *frame, const tm_program *program);

static gboolean fail_node(const tm_renderer *renderer, const tm_node *node, const char *what)
{
    return tm_unit_fail(renderer->unit, node->offset, renderer->error, "%s", what);
}

static char *written(const tm_renderer *renderer, const tm_expression *expression)
{
    return g_strndup(renderer->unit->source + expression->offset, expression->length);
}

static gboolean render_role(tm_renderer *renderer, const tm_frame *frame, const tm_node *node)
{
    const tm_expression *argument = node->use->params->pdata[0];
    const char *role = json_string_value(tm_value_of(renderer, frame, argument));
    /* The template's own word was checked when it was compiled. A value is data: it may pick between the two
     * sides of a conversation, never speak as the system. */
    if (argument->kind != TM_EXPRESSION_LITERAL &&
        (!role || (strcmp(role, "user") != 0 && strcmp(role, "model") != 0))) {
        g_autofree char *name = written(renderer, argument);
        g_autofree char *what = g_strdup_printf("the role in '%s' is neither user nor model", name);
        return fail_node(renderer, node, what);
    }
    tm_emit_role(renderer, role);
    return TRUE;
}

static gboolean render_media(tm_renderer *renderer, const tm_frame *frame, const tm_node *node)
{
    const json_t *url = tm_named_value(renderer, frame, node->use, "url");
    const json_t *type = tm_named_value(renderer, frame, node->use, "contentType");
    if (!json_is_string(url) || !json_string_length(url))
        return fail_node(renderer, node,
                         "the url of this media is empty; give a path or URL, or put {{#if ...}} around it");
    if (strlen(json_string_value(url)) != json_string_length(url))
        return fail_node(renderer, node, "the url of this media holds a NUL");
    const char *content_type = json_string_value(type);
    tm_emit_part(renderer,
                 tm_part_media(json_string_value(url), content_type && *content_type ? content_type : NULL));
    return TRUE;
}

static void render_section(tm_renderer *renderer, const tm_frame *frame, const tm_node *node)
{
    const json_t *name = tm_value_of(renderer, frame, node->use->params->pdata[0]);
    tm_part *part = g_new0(tm_part, 1);
    part->kind = TM_PART_OTHER;
    part->other = json_object();
    part->metadata = json_object();
    json_object_set_new(part->metadata, "purpose", name ? json_copy((json_t *)(uintptr_t)name) : json_null());
    json_object_set_new(part->metadata, "pending", json_true());
    tm_emit_part(renderer, part);
}

static gboolean render_print(tm_renderer *renderer, const tm_frame *frame, const tm_node *node)
{
    const tm_use *use = node->use;
    if (!use->helper) {
        tm_emit_value(renderer, tm_value_of(renderer, frame, use->head));
        return TRUE;
    }
    switch ((int)use->helper->kind) {
    case TM_HELPER_ROLE:
        return render_role(renderer, frame, node);
    case TM_HELPER_MEDIA:
        return render_media(renderer, frame, node);
    case TM_HELPER_SECTION:
        render_section(renderer, frame, node);
        return TRUE;
    case TM_HELPER_HISTORY:
        return tm_emit_history(renderer, renderer->error);
    default:
        tm_emit_value(renderer, tm_call_value(renderer, frame, use));
        return TRUE;
    }
}

/* The program with block parameters `first` and `second`, where it has names for them. */
static gboolean render_named(tm_renderer *renderer, const tm_frame *frame, const tm_program *program,
                             const json_t *first, const json_t *second)
{
    if (!program || !program->names)
        return !program || render_program(renderer, frame, program);
    tm_names names = {{first, second}, frame->names};
    tm_frame inner = {frame->scope, frame->loop, &names};
    return render_program(renderer, &inner, program);
}

/* The program with `value` as this. ../ skips a step that changes nothing, as in Handlebars. */
static gboolean render_within(tm_renderer *renderer, const tm_frame *frame, const tm_program *program,
                              const json_t *value, const json_t *key, const tm_loop *loop)
{
    tm_scope scope = {value, frame->scope};
    tm_frame inner = {value == frame->scope->value ? frame->scope : &scope, loop, frame->names};
    return render_named(renderer, &inner, program, value, key);
}

static gboolean render_round(tm_renderer *renderer, const tm_frame *frame, const tm_program *program,
                             const json_t *value, const tm_loop *loop)
{
    if (!program || !program->names)
        return !program || render_within(renderer, frame, program, value, NULL, loop);
    json_t *key = loop->key ? json_string(loop->key) : json_integer((json_int_t)loop->index);
    gboolean ok = render_within(renderer, frame, program, value, key, loop);
    json_decref(key);
    return ok;
}

static gboolean render_each(tm_renderer *renderer, const tm_frame *frame, const tm_node *node,
                            const json_t *list)
{
    tm_loop loop = {.up = frame->loop};
    if (json_is_array(list) && json_array_size(list)) {
        size_t n = json_array_size(list);
        for (; loop.index < n; loop.index++) {
            loop.last = loop.index + 1 == n;
            if (!render_round(renderer, frame, node->program, json_array_get(list, loop.index), &loop))
                return FALSE;
        }
        return TRUE;
    }
    if (json_is_object(list) && json_object_size(list)) {
        json_t *object = (json_t *)(uintptr_t)list, *value;
        size_t n = json_object_size(list);
        json_object_foreach(object, loop.key, value) {
            loop.last = loop.index + 1 == n;
            if (!render_round(renderer, frame, node->program, value, &loop))
                return FALSE;
            loop.index++;
        }
        return TRUE;
    }
    return !node->inverse || render_program(renderer, frame, node->inverse);
}

/* {{#x}}: a list is gone through, true keeps this, null and false are the else, anything else becomes this.
 */
static gboolean render_plain_block(tm_renderer *renderer, const tm_frame *frame, const tm_node *node)
{
    const json_t *value = tm_value_of(renderer, frame, node->use->head);
    if (json_is_array(value))
        return render_each(renderer, frame, node, value);
    if (json_is_true(value))
        return render_named(renderer, frame, node->program, value, NULL);
    if (!value || json_is_null(value) || json_is_false(value))
        return !node->inverse || render_program(renderer, frame, node->inverse);
    return render_within(renderer, frame, node->program, value, NULL, frame->loop);
}

static bool holds(tm_renderer *renderer, const tm_frame *frame, const tm_use *use, const json_t *value)
{
    if (json_is_number(value) && json_number_value(value) == 0)
        return json_is_true(tm_named_value(renderer, frame, use, "includeZero"));
    return !tm_value_is_empty(value);
}

static gboolean render_block(tm_renderer *renderer, const tm_frame *frame, const tm_node *node)
{
    const tm_use *use = node->use;
    if (!use->helper)
        return render_plain_block(renderer, frame, node);
    if (use->helper->kind == TM_HELPER_RAW)
        return render_program(renderer, frame, node->program);
    const json_t *value = tm_value_of(renderer, frame, use->params->pdata[0]);
    bool yes = false;
    switch ((int)use->helper->kind) {
    case TM_HELPER_EACH:
        return render_each(renderer, frame, node, value);
    case TM_HELPER_WITH:
        if (!tm_value_is_empty(value))
            return render_within(renderer, frame, node->program, value, NULL, frame->loop);
        break;
    case TM_HELPER_IF:
        yes = holds(renderer, frame, use, value);
        break;
    case TM_HELPER_UNLESS:
        yes = !holds(renderer, frame, use, value);
        break;
    case TM_HELPER_IF_EQUALS:
        yes = tm_values_equal(value, tm_value_of(renderer, frame, use->params->pdata[1]));
        break;
    case TM_HELPER_UNLESS_EQUALS:
        yes = !tm_values_equal(value, tm_value_of(renderer, frame, use->params->pdata[1]));
        break;
    default:
        break;
    }
    const tm_program *program = yes ? node->program : node->inverse;
    return !program || render_program(renderer, frame, program);
}

/* The context of a partial with named arguments: a copy with them laid over. (transfer full) */
static json_t *lay_over(tm_renderer *renderer, const tm_frame *frame, const tm_use *use,
                        const json_t *context)
{
    json_t *copy = json_is_object(context) ? json_copy((json_t *)(uintptr_t)context) : json_object();
    for (guint i = 0; i < use->named->len; i++) {
        const tm_named *named = use->named->pdata[i];
        const json_t *value = tm_value_of(renderer, frame, named->value);
        if (value)
            json_object_set(copy, named->name, (json_t *)(uintptr_t)value);
        else
            json_object_del(copy, named->name);
    }
    return copy;
}

static gboolean render_partial(tm_renderer *renderer, const tm_frame *frame, const tm_node *node)
{
    const tm_unit *caller = renderer->unit;
    const tm_use *use = node->use;
    const json_t *context =
        use->params->len ? tm_value_of(renderer, frame, use->params->pdata[0]) : frame->scope->value;
    json_t *copy = use->named->len ? lay_over(renderer, frame, use, context) : NULL;
    context = copy ? copy : context;
    tm_scope scope = {context, frame->scope};
    tm_frame inner = {context == frame->scope->value ? frame->scope : &scope, frame->loop, NULL};
    size_t indent = renderer->indent ? renderer->indent->len : 0;
    if (node->indent) {
        if (!renderer->indent)
            renderer->indent = g_string_new(NULL);
        g_string_append(renderer->indent, node->indent);
        renderer->line_start = true;
    }
    renderer->unit = node->unit;
    gboolean ok = render_program(renderer, &inner, node->unit->program);
    renderer->unit = caller;
    if (node->indent) {
        g_string_truncate(renderer->indent, indent);
        if (!indent) {
            g_string_free(renderer->indent, TRUE);
            renderer->indent = NULL;
        }
    }
    json_decref(copy);
    return ok;
}

static gboolean render_program(tm_renderer *renderer, const tm_frame *frame, const tm_program *program)
{
    for (guint i = 0; i < program->nodes->len; i++) {
        const tm_node *node = program->nodes->pdata[i];
        gboolean ok = TRUE;
        switch (node->kind) {
        case TM_NODE_TEXT:
            tm_emit(renderer, node->text, node->length);
            break;
        case TM_NODE_PRINT:
            ok = render_print(renderer, frame, node);
            break;
        case TM_NODE_BLOCK:
            ok = render_block(renderer, frame, node);
            break;
        case TM_NODE_PARTIAL:
            ok = render_partial(renderer, frame, node);
            break;
        case TM_NODE_COMMENT:
            break;
        }
        if (!ok)
            return FALSE;
    }
    return TRUE;
}

GPtrArray *tm_template_render(const tm_template *template, const tm_render *render, GError **error)
{
    tm_renderer renderer = {
        .template = template, .unit = template->main, .render = render, .row = render->input, .error = error};
    renderer.messages = tm_messages_new();
    renderer.message = tm_message_new("user");
    const tm_scope root = {render->input, NULL};
    const tm_frame frame = {&root, NULL, NULL};
    GPtrArray *messages = NULL;
    if (render_program(&renderer, &frame, template->main->program))
        messages = tm_emit_end(&renderer, error);
    tm_message_free(renderer.message);
    if (renderer.messages)
        g_ptr_array_unref(renderer.messages);
    if (renderer.text)
        g_string_free(renderer.text, TRUE);
    if (renderer.indent)
        g_string_free(renderer.indent, TRUE);
    if (renderer.made)
        g_ptr_array_unref(renderer.made);
    return messages;
}
