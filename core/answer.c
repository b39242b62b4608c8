/* answer.c - see answer.h */
#include "core/answer.h"

#include "core/fence.h"
#include "core/json.h"

json_t *tm_answer_json(const char *text, size_t length)
{
    tm_fence_strip(&text, &length);
    return length ? tm_json_parse(text, length, NULL) : NULL;
}

/* (transfer full) */
static void break_schema(tm_answer *answer, char *message)
{
    answer->class = TM_CLASS_SCHEMA;
    g_free(answer->message);
    answer->message = message;
}

static void check_label(tm_answer *answer, const tm_prompt *prompt)
{
    if (tm_labels_match(prompt->labels, answer->text, answer->text_length))
        return;
    g_autofree char *labels = tm_labels_text(prompt->labels);
    break_schema(answer, g_strdup_printf("the answer is none of the labels: %s", labels));
}

void tm_answer_check(tm_answer *answer, const tm_prompt *prompt)
{
    if (answer->class != TM_CLASS_OK || !answer->text)
        return;
    if (prompt->labels)
        check_label(answer, prompt);
    if (!tm_prompt_wants_json(prompt))
        return;
    g_autoptr(json_t) json = tm_answer_json(answer->text, answer->text_length);
    g_autofree char *why = NULL;
    if (json && (!prompt->output_check || tm_schema_check(prompt->output_check, json, &why)))
        return;
    break_schema(answer, json ? g_strdup_printf("the answer breaks the output schema: %s", why)
                              : g_strdup("the prompt asks for JSON, the answer is none"));
}
