/* fuzz_source.c - any text as an app's source: it reads or says why not, and what is written can be loaded */
#include "core/prompt.h"
#include "core/studio/prompt_text.h"
#include "core/studio/source/app.h"
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void skip(const char *file, int line, const char *why, void *data)
{
    (void)file, (void)line, (void)why, (void)data;
}

static void check(tm_draft *draft)
{
    int64_t system_chars = 0, template_chars = 0;
    g_autofree char *text = tm_prompt_text(draft, &system_chars, &template_chars, NULL);
    if (!text)
        return;
    const char *body = strstr(text, "\n---\n");
    GError *error = NULL;
    tm_template *template = tm_template_compile(body + 5, strlen(body + 5), "fuzz", 1, NULL, NULL, &error);
    if (!template) {
        fprintf(stderr, "%s\n%s\n", error->message, text);
        abort();
    }
    tm_template_free(template);
    tm_prompt_free(tm_prompt_from_text("fuzz", text, strlen(text), NULL, NULL));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const files[] = {"a.ts", "a.py", "a.sh", "snippet"};
    if (size < 2 || size > 20000)
        return 0;
    g_autoptr(tm_app) app = tm_app_new();
    /* Two files, which may import from one another: the second begins behind a line of its own. */
    const char *text = (const char *)data + 1, *cut = g_strstr_len(text, (gssize)size - 1, "\n//2\n");
    size_t first = cut ? (size_t)(cut - text) : size - 1;
    tm_app_add(app, files[data[0] & 3], text, first);
    if (cut)
        tm_app_add(app, data[0] & 4 ? "b.py" : "b.ts", cut + 5, size - 1 - first - 5);
    g_autoptr(GPtrArray) drafts = g_ptr_array_new_with_free_func((GDestroyNotify)tm_draft_free);
    tm_app_read(app, drafts, skip, NULL);
    for (guint i = 0; i < drafts->len; i++)
        check(g_ptr_array_index(drafts, i));
    return 0;
}
