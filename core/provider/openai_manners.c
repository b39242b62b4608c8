/* openai_manners.c - what a model at an account takes: by the catalogue first, then by what it refused. Kept
 * with the account, so that all batches of this process share it. */
#include "core/provider/openai_parts.h"

#include <string.h>

/* o1, o3-mini, gpt-5.2, openai/gpt-6-luna: they refuse max_tokens and any temperature but 1. */
bool tm_openai_reasons(const char *model)
{
    const char *slash = model ? strrchr(model, '/') : NULL;
    const char *name = slash ? slash + 1 : model;
    if (!name)
        return false;
    if (name[0] == 'o' && g_ascii_isdigit(name[1]))
        return true;
    return g_str_has_prefix(name, "gpt-") && g_ascii_isdigit(name[4]) &&
           g_ascii_strtoll(name + 4, NULL, 10) >= 5;
}

static tm_openai_manners first_manners(const tm_operation *operation)
{
    const tm_preset *service = operation->account->service;
    tm_openai_manners manners = {.cap = "max_tokens"};
    if (tm_openai_reasons(operation->model))
        manners.cap = "max_completion_tokens";
    else if (service)
        manners.cap = service->cap;
    if (service)
        manners.json = service->json;
    return manners;
}

tm_openai_manners *tm_openai_manners_of(const tm_operation *operation, tm_openai_manners *fallback)
{
    GHashTable *known = operation->account->manners;
    tm_openai_manners *manners = known ? g_hash_table_lookup(known, operation->model) : NULL;
    if (manners)
        return manners;
    *fallback = first_manners(operation);
    if (!known)
        return fallback;
    manners = g_memdup2(fallback, sizeof *fallback);
    g_hash_table_insert(known, g_strdup(operation->model), manners);
    return manners;
}

bool tm_openai_is_dropped(const tm_openai_manners *manners, const char *name)
{
    for (size_t i = 0; i < manners->n_dropped; i++)
        if (strcmp(manners->dropped[i].name, name) == 0)
            return true;
    return false;
}

tm_json_way tm_openai_json_way(const tm_openai_manners *manners, const tm_skeleton *skeleton)
{
    tm_json_way way = manners->json;
    if (way == TM_JSON_SCHEMA && !skeleton->schema)
        way = TM_JSON_OBJECT;
    if (way == TM_JSON_OBJECT && !skeleton->object)
        way = TM_JSON_PROMPT;
    return way;
}
