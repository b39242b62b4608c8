/* studio_house.h - a saved prompt through the whole way: read, written as a .prompt file, loaded, rendered.
 */
#pragma once
#include "core/json.h"
#include "core/message.h"
#include "core/prompt.h"
#include "core/studio/prompt_text.h"
#include "core/studio/saved_prompt.h"
#include <string.h>

/* JSON with ' for ". Free with json_decref(). */
static inline json_t *house_json(const char *text)
{
    g_autofree char *quoted = g_strdelimit(g_strdup(text), "'", '"');
    g_autoptr(GError) error = NULL;
    json_t *value = tm_json_parse(quoted, strlen(quoted), &error);
    g_assert_no_error(error);
    return value;
}

/* The draft of a saved prompt; notes and all. (transfer full) */
static inline tm_draft *house_draft(const char *saved, bool append)
{
    g_autoptr(json_t) root = house_json(saved);
    g_autoptr(GError) error = NULL;
    g_assert_true(tm_saved_prompt_is(root));
    tm_draft *draft = tm_saved_prompt_read(root, "folder/Title", append, &error);
    g_assert_no_error(error);
    if (draft)
        tm_draft_miss_media(draft);
    return draft;
}

/* (transfer full) */
static inline tm_prompt *house_prompt(tm_draft *draft)
{
    int64_t system_chars = 0, template_chars = 0;
    g_autoptr(GError) error = NULL;
    g_autofree char *text = tm_prompt_text(draft, &system_chars, &template_chars, &error);
    g_assert_no_error(error);
    tm_prompt *prompt = text ? tm_prompt_from_text("title", text, strlen(text), NULL, &error) : NULL;
    g_assert_no_error(error);
    if (error)
        g_test_message("%s", text);
    return prompt;
}

/* The prompt's messages as "role: text|(media url)\n" lines, rendered with `input` (JSON with ', or NULL). */
static inline char *house_render(const tm_prompt *prompt, const char *input)
{
    g_autoptr(json_t) values = house_json(input ? input : "{}");
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) messages = tm_prompt_render(prompt, values, &error);
    g_assert_no_error(error);
    GString *out = g_string_new(NULL);
    for (guint m = 0; messages && m < messages->len; m++) {
        const tm_message *message = g_ptr_array_index(messages, m);
        g_string_append_printf(out, "%s%s: ", m ? "\n" : "", message->role);
        for (guint i = 0; i < message->parts->len; i++) {
            const tm_part *part = g_ptr_array_index(message->parts, i);
            if (part->kind == TM_PART_TEXT)
                g_string_append_printf(out, "%s%s", i ? "|" : "", part->text->str);
            else
                g_string_append_printf(out, "%s(%s)", i ? "|" : "", part->url);
        }
    }
    return g_string_free(out, FALSE);
}
