/* revision_prompt.c - see revision_prompt.h */
#include "cmd/revision_prompt.h"

#include "core/json.h"
#include <string.h>

tm_prompt *tm_revision_prompt(const tm_revision *revision, json_t **options, GError **error)
{
    g_autoptr(json_t) kept = tm_json_parse(revision->prompt, strlen(revision->prompt), error);
    g_autoptr(json_t) said = kept ? tm_json_parse(revision->options, strlen(revision->options), error) : NULL;
    g_autoptr(tm_prompt) prompt = said ? tm_prompt_from_json(kept, error) : NULL;
    if (!prompt)
        return NULL;
    const json_t *names = tm_json_array(said, "labels");
    g_autoptr(tm_labels) labels = names ? tm_labels_new(names, error) : NULL;
    if (names && (!labels || !tm_prompt_set_labels(prompt, labels, error)))
        return NULL;
    if (options)
        *options = g_steal_pointer(&said);
    return g_steal_pointer(&prompt);
}
