/* fuzz_front_matter.c - any .prompt file; the copy kept in a revision must read back with the same hash, and
 * its front matter must survive being written as YAML. */
#include "core/json.h"
#include "core/prompt.h"
#include "core/yaml.h"
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(tm_prompt) prompt = tm_prompt_from_text("f", (const char *)data, size, NULL, &error);
    if (!prompt != (error != NULL))
        abort();
    if (!prompt)
        return 0;
    g_autoptr(json_t) kept = tm_prompt_to_json(prompt);
    g_autoptr(tm_prompt) back = tm_prompt_from_json(kept, NULL);
    if (!back || strcmp(back->hash, prompt->hash) != 0)
        abort();
    if (prompt->raw) {
        g_autofree char *yaml = tm_yaml_write(prompt->raw), *text = tm_json_text(prompt->raw);
        g_autoptr(json_t) read = tm_yaml_parse(yaml, strlen(yaml), "written", 1, NULL);
        g_autofree char *again = read ? tm_json_text(read) : NULL;
        if (g_strcmp0(text, again) != 0)
            abort();
    }
    return 0;
}
