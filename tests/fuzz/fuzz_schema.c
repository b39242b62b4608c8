/* fuzz_schema.c - any schema in YAML, and behind a NUL any value in JSON: compiled, checked, turned into
 * Gemini's words and OpenAI's. */
#include "core/json.h"
#include "core/schema.h"
#include "core/yaml.h"
#include <stdlib.h>
#include <string.h>

static void check(const tm_schema *schema, const char *text, size_t length)
{
    g_autoptr(json_t) value = tm_json_parse(text, length, NULL);
    char *why = NULL;
    if (!value)
        return;
    if (!tm_schema_check(schema, value, &why) != (why != NULL))
        abort();
    g_free(why);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char value[] = "{\"a\": [1, 2.5, \"x\", null, {\"a\": true}], \"b\": \"text\", \"c\": -3}";
    const char *text = (const char *)data;
    const uint8_t *nul = size ? memchr(data, 0, size) : NULL;
    size_t length = nul ? (size_t)(nul - data) : size;
    g_autoptr(json_t) written = tm_yaml_parse(text, length, "f", 1, NULL);
    g_autoptr(json_t) source = written ? tm_schema_from_pico(written, NULL, NULL, NULL) : NULL;
    g_autoptr(tm_schema) schema = source ? tm_schema_compile(source, NULL) : NULL;
    if (!schema)
        return 0;
    check(schema, value, sizeof value - 1);
    if (nul)
        check(schema, text + length + 1, size - length - 1);
    g_autoptr(GPtrArray) lost = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(json_t) gemini = tm_schema_to_gemini(source, lost);
    g_autoptr(json_t) gemini_json = tm_schema_to_gemini_json(source, lost);
    g_autoptr(json_t) openai = tm_schema_to_openai(source, lost);
    if ((gemini && !json_is_object(gemini)) || !json_is_object(gemini_json) ||
        (openai && !json_is_object(openai)))
        abort();
    return 0;
}
