/* prompt_text.c - a draft as the text of a .prompt file: front matter by the YAML writer, then the turns.
 *
 * A role stands on a line of its own; its `~` takes away the line ends around it, so that a turn is sent as
 * it was saved. Where a turn's text itself begins or ends in white space, no `~` and no line end are written
 * there. */
#include "core/studio/prompt_text.h"
#include "core/json.h"
#include "core/studio/braces.h"
#include "core/yaml.h"
#include <string.h>

static bool ends_in_space(const GString *out)
{
    return out->len > 0 && g_ascii_isspace(out->str[out->len - 1]);
}

static bool begins_with_space(const tm_piece *piece)
{
    return piece && (piece->kind == TM_PIECE_TEXT || piece->kind == TM_PIECE_TEMPLATE) &&
           g_ascii_isspace(*piece->text);
}

static const tm_piece *piece_at(const GPtrArray *pieces, guint i)
{
    return i < pieces->len ? g_ptr_array_index(pieces, i) : NULL;
}

/* Appends an expression that is set off from the texts around it; `gap` are the line ends before it. */
static void append_apart(GString *out, const char *inner, const char *gap, bool at_start, bool tight_end)
{
    bool open = at_start || ends_in_space(out);
    if (!open)
        g_string_append(out, gap);
    g_autofree char *expression = g_strdup_printf("%s%s%s", open ? "" : "~", inner, tight_end ? "" : "~");
    tm_braces_expression(out, expression);
    if (!tight_end)
        g_string_append_c(out, '\n');
}

static char *medium_expression(const tm_piece *piece)
{
    const char *quote = piece->text ? "" : "\"";
    g_autofree char *variable = piece->text ? tm_braces_variable(piece->text) : NULL;
    const char *url = variable ? variable : piece->url;
    if (piece->text || !piece->mime)
        return g_strdup_printf("media url=%s%s%s", quote, url, quote);
    return g_strdup_printf("media url=%s%s%s contentType=\"%s\"", quote, url, quote, piece->mime);
}

/* `literal`: the turn holds no variables but those that are pieces. */
static void append_pieces(GString *out, const GPtrArray *pieces, GPtrArray *names, bool literal,
                          int64_t *chars)
{
    for (guint i = 0; i < pieces->len; i++) {
        const tm_piece *piece = piece_at(pieces, i), *before = i > 0 ? piece_at(pieces, i - 1) : NULL;
        const tm_piece *next = piece_at(pieces, i + 1);
        if (piece->kind == TM_PIECE_TEXT) {
            if (before && before->kind == TM_PIECE_TEXT)
                g_string_append(out, "\n\n");
            tm_braces_text(out, piece->text, literal ? NULL : names, chars);
            continue;
        }
        if (piece->kind == TM_PIECE_TEMPLATE) {
            for (guint k = 0; piece->names && k < piece->names->len; k++)
                tm_braces_add(names, g_ptr_array_index(piece->names, k));
            g_string_append(out, piece->text);
            *chars += piece->chars;
            continue;
        }
        if (piece->text)
            tm_braces_add(names, piece->text);
        if (piece->kind == TM_PIECE_VARIABLE) {
            g_autofree char *expression = tm_braces_variable(piece->text);
            tm_braces_expression(out, expression);
        } else {
            g_autofree char *expression = medium_expression(piece);
            append_apart(out, expression, "\n", i == 0, !next || begins_with_space(next));
        }
    }
}

static void append_role(GString *out, const char *role, const GPtrArray *pieces)
{
    g_autofree char *inner = g_strdup_printf("role \"%s\"", role);
    append_apart(out, inner, "\n\n", out->len == 0, begins_with_space(piece_at(pieces, 0)));
}

static char *body(tm_draft *draft, int64_t *system_chars, int64_t *template_chars)
{
    GString *out = g_string_new(NULL);
    g_ptr_array_set_size(draft->variables, 0); /* gathered again, in order of appearance */
    if (draft->system->len > 0) {
        append_role(out, "system", draft->system);
        append_pieces(out, draft->system, draft->variables, false, system_chars);
    }
    for (guint i = 0; i < draft->turns->len; i++) {
        const tm_turn *turn = g_ptr_array_index(draft->turns, i);
        if (turn->pieces->len == 0)
            continue;
        bool plain = out->len == 0 && !turn->model && !begins_with_space(piece_at(turn->pieces, 0));
        if (!plain) /* a text without a role is the user's */
            append_role(out, turn->model ? "model" : "user", turn->pieces);
        append_pieces(out, turn->pieces, draft->variables, turn->model, template_chars);
    }
    g_string_append_c(out, '\n');
    return g_string_free(out, FALSE);
}

static json_t *input_of(const tm_draft *draft)
{
    json_t *schema = json_object();
    for (guint i = 0; i < draft->variables->len; i++) {
        const char *name = g_ptr_array_index(draft->variables, i);
        json_object_set_new(schema, name, json_string(tm_json_string(draft->types, name, "string")));
    }
    json_t *input = json_pack("{s:o}", "schema", schema);
    if (json_object_size(draft->defaults) > 0)
        json_object_set(input, "default", draft->defaults);
    return input;
}

static json_t *output_of(const tm_draft *draft)
{
    bool json = draft->response_mime && strcmp(draft->response_mime, "application/json") == 0;
    if (!draft->schema && !json)
        return NULL;
    json_t *output = json_object();
    bool choice = draft->response_mime && strcmp(draft->response_mime, "text/x.enum") == 0;
    if (!choice)
        json_object_set_new(output, "format", json_string("json"));
    if (draft->schema)
        json_object_set(output, "schema", draft->schema);
    return output;
}

static json_t *metadata_of(const tm_draft *draft)
{
    json_t *metadata = json_pack("{s:s, s:{s:s, s:i}}", "title", draft->title, "source", "file", draft->file,
                                 "line", draft->line);
    if (draft->caller_file)
        json_object_set_new(json_object_get(metadata, "source"), "caller",
                            json_pack("{s:s, s:i}", "file", draft->caller_file, "line", draft->caller_line));
    if (json_object_size(draft->expressions) > 0)
        json_object_set(metadata, "expressions", draft->expressions);
    if (draft->unresolved->len > 0) {
        json_t *unresolved = json_array();
        for (guint i = 0; i < draft->unresolved->len; i++)
            json_array_append_new(unresolved, json_string(g_ptr_array_index(draft->unresolved, i)));
        json_object_set_new(metadata, "unresolved", unresolved);
    }
    return metadata;
}

char *tm_prompt_text(tm_draft *draft, int64_t *system_chars, int64_t *template_chars, GError **error)
{
    g_autofree char *template = body(draft, system_chars, template_chars);
    json_t *front = json_object();
    if (draft->model)
        json_object_set_new(front, "model", json_string(draft->model));
    if (json_object_size(draft->config) > 0)
        json_object_set(front, "config", draft->config);
    if (draft->variables->len > 0)
        json_object_set_new(front, "input", input_of(draft));
    json_t *output = output_of(draft);
    if (output)
        json_object_set_new(front, "output", output);
    json_object_set_new(front, "metadata", metadata_of(draft));
    g_autofree char *yaml = tm_yaml_write(front);
    json_decref(front);
    g_autoptr(json_t) again = tm_yaml_parse(yaml, strlen(yaml), draft->title, 2, error);
    if (!again)
        return NULL;
    const char *line_end = g_str_has_suffix(yaml, "\n") ? "" : "\n";
    return g_strdup_printf("---\n%s%s---\n%s", yaml, line_end, template);
}
