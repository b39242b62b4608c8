/* template_nodes.c - what a compiled template is made of: made empty, and freed. */
#include "core/template_nodes.h"

void tm_expression_free(tm_expression *expression)
{
    if (!expression)
        return;
    if (expression->segments)
        g_ptr_array_unref(expression->segments);
    json_decref(expression->literal);
    tm_use_free(expression->call);
    g_free(expression);
}

static void named_free(gpointer data)
{
    tm_named *named = data;
    g_free(named->name);
    tm_expression_free(named->value);
    g_free(named);
}

tm_use *tm_use_new(void)
{
    tm_use *use = g_new0(tm_use, 1);
    use->params = g_ptr_array_new_with_free_func((GDestroyNotify)tm_expression_free);
    use->named = g_ptr_array_new_with_free_func(named_free);
    return use;
}

void tm_use_free(tm_use *use)
{
    if (!use)
        return;
    tm_expression_free(use->head);
    g_ptr_array_unref(use->params);
    g_ptr_array_unref(use->named);
    g_free(use);
}

static void node_free(gpointer data)
{
    tm_node *node = data;
    if (!node)
        return;
    tm_use_free(node->use);
    tm_program_free(node->program);
    tm_program_free(node->inverse);
    g_free(node->partial);
    g_free(node->indent);
    g_free(node);
}

void tm_program_free(tm_program *program)
{
    if (!program)
        return;
    g_ptr_array_unref(program->nodes);
    g_strfreev(program->names);
    g_free(program);
}

tm_program *tm_program_new(void)
{
    tm_program *program = g_new0(tm_program, 1);
    program->nodes = g_ptr_array_new_with_free_func(node_free);
    return program;
}
