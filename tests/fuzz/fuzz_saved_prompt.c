/* fuzz_saved_prompt.c - any JSON as a saved prompt: it reads or says why not, and what is written can be
 * loaded */
#include "core/json.h"
#include "core/prompt.h"
#include "core/studio/prompt_text.h"
#include "core/studio/saved_prompt.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    g_autoptr(json_t) root = tm_json_parse((const char *)data + 1, size - 1, NULL);
    if (!root || !tm_saved_prompt_is(root))
        return 0;
    g_autoptr(tm_draft) draft = tm_saved_prompt_read(root, "fuzz", data[0] & 1, NULL);
    if (!draft)
        return 0;
    tm_draft_miss_media(draft);
    int64_t system_chars = 0, template_chars = 0;
    g_autofree char *text = tm_prompt_text(draft, &system_chars, &template_chars, NULL);
    if (!text)
        return 0;
    /* The template must compile whatever was saved; a schema may still be nonsense. */
    const char *body = strstr(text, "\n---\n");
    GError *error = NULL;
    tm_template *template = tm_template_compile(body + 5, strlen(body + 5), "fuzz", 1, NULL, NULL, &error);
    if (!template) {
        fprintf(stderr, "%s\n%s\n", error->message, text);
        abort();
    }
    tm_template_free(template);
    tm_prompt_free(tm_prompt_from_text("fuzz", text, strlen(text), NULL, NULL));
    return 0;
}
