/* providers.c - which providers there are */
#include "core/provider/provider.h"

const tm_provider *tm_provider_named(const char *name)
{
    static const tm_provider *const providers[] = {&tm_provider_gemini, &tm_provider_openai};
    for (size_t i = 0; i < G_N_ELEMENTS(providers); i++)
        if (g_strcmp0(providers[i]->name, name) == 0)
            return providers[i];
    return NULL;
}
