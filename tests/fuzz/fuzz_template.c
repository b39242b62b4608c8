/* fuzz_template.c - any template over any row: up to the first NUL the template, behind it the row's JSON.
 * What is rendered is read back from its JSON. */
#include "core/json.h"
#include "core/template.h"
#include <stdlib.h>
#include <string.h>

static char *load(const char *name, void *data)
{
    (void)data;
    return strcmp(name, "p") == 0   ? g_strdup("[{{x}}\n{{#if a}}{{> q b=x}}{{/if}}]\n")
           : strcmp(name, "q") == 0 ? g_strdup("{{role \"model\"}}\n {{b}}{{../x}}")
                                    : NULL;
}

static void render(const tm_template *template, const char *text, size_t length)
{
    g_autoptr(json_t) row = tm_json_parse(text, length, NULL);
    const tm_render whole = {.input = row, .context = row};
    g_autoptr(GPtrArray) messages = tm_template_render(template, &whole, NULL);
    if (!messages)
        return;
    g_autoptr(json_t) json = tm_messages_to_json(messages);
    g_autofree char *written = tm_json_text(json);
    g_autoptr(json_t) back = tm_json_parse(written, strlen(written), NULL);
    if (!json_equal(json, back))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char row[] =
        "{\"a\": [1, {\"b\": \"x\"}], \"x\": \"v\\nw\", \"b\": {\"a\": true, \"x\": null}, \"c\": 0.5}";
    const char *text = (const char *)data;
    const uint8_t *nul = size ? memchr(data, 0, size) : NULL;
    size_t length = nul ? (size_t)(nul - data) : size;
    g_autoptr(GError) error = NULL;
    g_autoptr(tm_template) template = tm_template_compile(text, length, "f", 1, load, NULL, &error);
    if (!template != (error != NULL))
        abort();
    if (!template)
        return 0;
    render(template, row, sizeof row - 1);
    if (nul)
        render(template, text + length + 1, size - length - 1);
    return 0;
}
