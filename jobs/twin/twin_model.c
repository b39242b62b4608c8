/* twin_model.c - Model resources and their list. */
#include "jobs/twin/twin_model.h"

enum { DEFAULT_PAGE = 50, MAX_PAGE = 1000 }; /* docs, 2026 */

json_t *tm_twin_model(const char *name)
{
    g_autofree char *path = g_strdup_printf("models/%s", name);
    return json_pack("{ss,ss,ss,ss,si,si,s[ssss],sf,sf,si,sf,sb}", "name", path, "version", "001",
                     "displayName", name, "description", "A rehearsal of this model.", "inputTokenLimit",
                     TM_TWIN_INPUT_TOKENS, "outputTokenLimit", TM_TWIN_OUTPUT_TOKENS,
                     "supportedGenerationMethods", "generateContent", "countTokens", "createCachedContent",
                     "batchGenerateContent", "temperature", 1.0, "topP", 0.95, "topK", 64, "maxTemperature",
                     2.0, "thinking", 1);
}

json_t *tm_twin_model_list(const char *const *names, int page_size, const char *token)
{
    guint64 first = 0, count = g_strv_length((char **)names);
    guint64 size = page_size > 0 ? (guint64)MIN(page_size, MAX_PAGE) : DEFAULT_PAGE;
    if (token && *token && !g_ascii_string_to_unsigned(token, 10, 0, count, &first, NULL))
        return NULL;
    json_t *page = json_object(), *models = json_array();
    json_object_set_new(page, "models", models);
    guint64 next = MIN(first + size, count);
    for (guint64 i = first; i < next; i++)
        json_array_append_new(models, tm_twin_model(names[i]));
    if (next < count)
        json_object_set_new(page, "nextPageToken", json_sprintf("%" G_GUINT64_FORMAT, next));
    return page;
}
