/* preview_show.c - how preview looks: a line of JSON, or for people. */
#include "cmd/preview.h"
#include "cmd/ui/say.h"
#include "core/json.h"
#include "core/yaml.h"
#include <inttypes.h>
#include <string.h>

static void set(json_t *object, const char *key, const json_t *value)
{
    if (value)
        json_object_set(object, key, (json_t *)(uintptr_t)value);
}

static void set_text(json_t *object, const char *key, const char *text)
{
    if (text)
        json_object_set_new(object, key, json_string(text));
}

void tm_preview_write_json(FILE *out, const tm_preview *preview, const tm_preview_row *row)
{
    const tm_prompt *prompt = preview->prompt;
    g_autoptr(json_t) json = json_object();
    json_t *input = json_object(), *output = json_object();
    set(input, "schema", prompt->input_schema);
    set(input, "default", preview->input_default);
    set_text(output, "format", prompt->output_format);
    set(output, "schema", prompt->output_schema);
    if (row->number)
        json_object_set_new(json, "row", json_integer(row->number));
    set_text(json, "key", row->key);
    set_text(json, "model", prompt->model);
    if (row->messages)
        json_object_set_new(json, "messages", tm_messages_to_json(row->messages));
    set(json, "config", preview->config);
    json_object_set_new(json, "input", input);
    json_object_set_new(json, "output", output);
    set(json, "metadata", prompt->metadata);
    set(json, "ext", prompt->ext);
    set(json, "request", row->request);
    if (row->why) {
        json_t *error = json_pack("{s:s}", "message", row->why);
        if (row->line)
            json_object_set_new(error, "line", json_integer(row->line));
        json_object_set_new(json, "error", error);
    }
    g_autofree char *text = tm_json_text(json);
    fprintf(out, "%s\n", text);
}

/* `text` with every line indented, control characters escaped where it goes to a terminal. */
static void print_indented(FILE *out, const char *text, int indent)
{
    g_autofree char *shown = tm_ui_show(fileno(out), text);
    g_auto(GStrv) lines = g_strsplit(shown, "\n", -1);
    guint n = g_strv_length(lines);
    while (n > 1 && !*lines[n - 1])
        n--;
    for (guint i = 0; i < n; i++)
        fprintf(out, "%*s%s\n", *lines[i] ? indent : 0, "", lines[i]);
}

static void print_field(FILE *out, const char *name, const char *text)
{
    g_autofree char *shown = tm_ui_show(fileno(out), text);
    fprintf(out, "%-10s %s\n", name, shown);
}

/* Where a variable's value comes from. */
static char *source_of(const tm_preview *preview, const tm_variable *variable)
{
    const json_t *by_default = json_object_get(preview->input_default, variable->name);
    const json_t *set_to = json_object_get(tm_json_object(preview->binding, "set"), variable->name);
    const char *column = tm_json_string(tm_json_object(preview->binding, "map"), variable->name, NULL);
    if (set_to || json_object_get(preview->given, variable->name)) {
        g_autofree char *value =
            tm_json_text(set_to ? set_to : json_object_get(preview->given, variable->name));
        return g_strdup_printf("= %s", value);
    }
    if (column)
        return strcmp(column, variable->name) == 0 ? g_strdup("") : g_strdup_printf("from column %s", column);
    if (by_default) {
        g_autofree char *value = tm_json_text(by_default);
        return g_strdup_printf("default %s", value);
    }
    if (!variable->needed)
        return g_strdup("optional");
    return g_strdup(preview->binding ? "" : "to come from the data");
}

static void print_variables(FILE *out, const tm_preview *preview)
{
    size_t n;
    const tm_variable *variables = tm_template_variables(preview->prompt->template, &n);
    for (size_t i = 0; i < n; i++) {
        g_autofree char *source = source_of(preview, &variables[i]);
        g_autofree char *line = g_strdup_printf("%s%s%s", variables[i].name, *source ? "  " : "", source);
        print_field(out, i ? "" : "variables", line);
    }
    if (tm_template_reads_row(preview->prompt->template))
        print_field(out, n ? "" : "variables", "the whole row");
    else if (!n)
        print_field(out, "variables", "none: each row gives the same request");
}

static void print_tree(FILE *out, const char *name, const json_t *tree)
{
    if (!tree || (json_is_object(tree) && !json_object_size(tree)))
        return;
    g_autofree char *yaml = tm_yaml_write(tree);
    fprintf(out, "%s\n", name);
    print_indented(out, yaml, 4);
}

void tm_preview_print_head(FILE *out, const tm_preview *preview)
{
    const tm_prompt *prompt = preview->prompt;
    print_field(out, "prompt", prompt->path ? prompt->path : prompt->name);
    print_field(out, "model", prompt->model ? prompt->model : "none: name one by --model or in the prompt");
    print_variables(out, preview);
    if (prompt->output_format)
        print_field(out, "output", prompt->output_format);
    print_tree(out, "config", preview->config);
    print_tree(out, "schema", prompt->output_schema);
    print_tree(out, "tools", prompt->tools);
}

static void print_part(FILE *out, const tm_part *part)
{
    if (part->kind == TM_PART_TEXT) {
        print_indented(out, part->text->str, 4);
        return;
    }
    g_autofree char *purpose = part->metadata ? tm_json_text(part->metadata) : NULL;
    g_autofree char *line =
        part->kind == TM_PART_MEDIA
            ? g_strdup_printf("[media %.200s%s%s]", part->url, part->content_type ? " " : "",
                              part->content_type ? part->content_type : "")
            : g_strdup_printf("[part %s]", purpose ? purpose : "");
    print_indented(out, line, 4);
}

void tm_preview_print_row(FILE *out, const tm_preview_row *row)
{
    if (row->number)
        fprintf(out, "\nrow %" PRId64 "%s%s\n", row->number, row->key ? "  key " : "",
                row->key ? row->key : "");
    else
        fprintf(out, "\nwithout data\n");
    for (guint i = 0; row->messages && i < row->messages->len; i++) {
        const tm_message *message = row->messages->pdata[i];
        g_autofree char *role = tm_ui_show(fileno(out), message->role);
        fprintf(out, "  %s\n", role);
        for (guint k = 0; k < message->parts->len; k++)
            print_part(out, message->parts->pdata[k]);
    }
    if (row->messages && !row->messages->len)
        fprintf(out, "  no messages: the prompt is empty for this row\n");
    if (row->why)
        print_indented(out, row->why, 2);
}
