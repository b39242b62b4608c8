/* template_emit.c - a rendering's text, roles and parts become messages. Text is never looked at again: a
 * value can't make a role or a part, whatever it holds. Which pieces count as empty is as in Dotprompt's own
 * implementations. */
#include "core/error.h"
#include "core/template_render.h"
#include <string.h>

static bool is_blank(const char *text, size_t length)
{
    const char *end = text + length;
    size_t n;
    while ((n = tm_space_at(text, end)) > 0)
        text += n;
    return text == end;
}

/* Ends the piece of text: between two markers, white space alone is nothing. */
static void end_text(tm_renderer *renderer)
{
    GString *text = g_steal_pointer(&renderer->text);
    if (!text)
        return;
    if (is_blank(text->str, text->len)) {
        g_string_free(text, TRUE);
        return;
    }
    tm_part *part = g_new0(tm_part, 1);
    part->kind = TM_PART_TEXT;
    part->text = text;
    g_ptr_array_add(renderer->message->parts, part);
}

static void end_message(tm_renderer *renderer, const char *next_role)
{
    end_text(renderer);
    if (!renderer->message->parts->len) {
        g_free(renderer->message->role);
        renderer->message->role = g_strdup(next_role);
        return;
    }
    g_ptr_array_add(renderer->messages, renderer->message);
    renderer->message = tm_message_new(next_role);
}

static void emit_indented(tm_renderer *renderer, const char *text, size_t length)
{
    const char *end = text + length;
    while (text < end) {
        const char *line = memchr(text, '\n', (size_t)(end - text));
        const char *next = line ? line + 1 : end;
        if (renderer->line_start)
            g_string_append_len(renderer->text, renderer->indent->str, (gssize)renderer->indent->len);
        g_string_append_len(renderer->text, text, next - text);
        renderer->line_start = line != NULL;
        text = next;
    }
}

static GString *text_of(tm_renderer *renderer)
{
    if (!renderer->text)
        renderer->text = g_string_sized_new(256);
    return renderer->text;
}

void tm_emit(tm_renderer *renderer, const char *text, size_t length)
{
    GString *out = text_of(renderer);
    if (renderer->indent)
        emit_indented(renderer, text, length);
    else
        g_string_append_len(out, text, (gssize)length);
}

void tm_emit_value(tm_renderer *renderer, const json_t *value)
{
    if (!renderer->indent) {
        tm_value_write(text_of(renderer), value);
        return;
    }
    g_autoptr(GString) text = g_string_new(NULL);
    tm_value_write(text, value);
    tm_emit(renderer, text->str, text->len);
}

void tm_emit_role(tm_renderer *renderer, const char *role)
{
    end_message(renderer, role);
    renderer->line_start = false;
}

void tm_emit_part(tm_renderer *renderer, tm_part *part)
{
    end_text(renderer);
    g_ptr_array_add(renderer->message->parts, part);
    renderer->line_start = false;
}

gboolean tm_emit_history(tm_renderer *renderer, GError **error)
{
    end_message(renderer, "model");
    renderer->line_start = false;
    const json_t *history = renderer->render->messages;
    if (!history || json_is_null(history))
        return TRUE;
    g_autoptr(GPtrArray) earlier = tm_messages_from_json(history, error);
    if (!earlier) {
        g_prefix_error(error, "history: ");
        return FALSE;
    }
    g_ptr_array_set_free_func(earlier, NULL);
    for (guint i = 0; i < earlier->len; i++) {
        tm_message *message = earlier->pdata[i];
        json_t *metadata = json_is_object(message->metadata) ? json_copy(message->metadata) : json_object();
        json_object_set_new(metadata, "purpose", json_string("history"));
        json_decref(message->metadata);
        message->metadata = metadata;
        g_ptr_array_add(renderer->messages, message);
    }
    renderer->has_history |= earlier->len > 0;
    return TRUE;
}

/* A history that the template gives no place goes before the last turn if that is the user's, else to the
 * end. */
static gboolean insert_history(tm_renderer *renderer, GError **error)
{
    g_autoptr(GPtrArray) earlier = tm_messages_from_json(renderer->render->messages, error);
    if (!earlier) {
        g_prefix_error(error, "history: ");
        return FALSE;
    }
    GPtrArray *messages = renderer->messages;
    g_ptr_array_set_free_func(earlier, NULL);
    const tm_message *last = messages->len ? messages->pdata[messages->len - 1] : NULL;
    gint place = (gint)messages->len - (last && strcmp(last->role, "user") == 0);
    for (guint i = 0; i < earlier->len; i++)
        g_ptr_array_insert(messages, place + (gint)i, earlier->pdata[i]);
    return TRUE;
}

GPtrArray *tm_emit_end(tm_renderer *renderer, GError **error)
{
    const json_t *history = renderer->render->messages;
    end_message(renderer, "user");
    if (history && !json_is_null(history) && !renderer->has_history && !insert_history(renderer, error))
        return NULL;
    return g_steal_pointer(&renderer->messages);
}
