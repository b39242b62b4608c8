/* answer.c - see answer.h */
#include "core/answer.h"

#include "core/json.h"
#include <string.h>

json_t *tm_answer_json(const char *text, size_t length)
{
    const char *end = text + length;
    while (text < end && g_ascii_isspace(*text))
        text++;
    while (text < end && g_ascii_isspace(end[-1]))
        end--;
    /* ```json\n ... \n```: models behind proxies wrap JSON so */
    if (end - text >= 6 && strncmp(text, "```", 3) == 0 && strncmp(end - 3, "```", 3) == 0) {
        const char *line = memchr(text, '\n', (size_t)(end - text));
        if (line) {
            text = line + 1;
            end -= 3;
        }
    }
    return text < end ? tm_json_parse(text, (size_t)(end - text), NULL) : NULL;
}

void tm_answer_check(tm_answer *answer, const tm_prompt *prompt)
{
    if (answer->class != TM_CLASS_OK || !tm_prompt_wants_json(prompt) || !answer->text)
        return;
    g_autoptr(json_t) json = tm_answer_json(answer->text, answer->text_length);
    g_autofree char *why = NULL;
    if (json && (!prompt->output_check || tm_schema_check(prompt->output_check, json, &why)))
        return;
    answer->class = TM_CLASS_SCHEMA;
    g_free(answer->message);
    answer->message = json ? g_strdup_printf("the answer breaks the output schema: %s", why)
                           : g_strdup("the prompt asks for JSON, the answer is none");
}
