/* twin_path.c - what a path asks for. */
#include <string.h>

#include "jobs/twin/twin_arrival.h"

char *tm_twin_query(const tm_twin_arrival *a, const char *name)
{
    g_auto(GStrv) pairs = g_strsplit(a->query ? a->query : "", "&", -1);
    for (char **pair = pairs; *pair; pair++) {
        char *value = strchr(*pair, '=');
        if (!value || (size_t)(value - *pair) != strlen(name) || strncmp(*pair, name, strlen(name)) != 0)
            continue;
        return g_uri_unescape_string(value + 1, NULL);
    }
    return NULL;
}

/* models, model:method or nothing behind the version. */
static bool read_native(tm_twin_arrival *a, char **steps, guint n)
{
    if (n < 1 || n > 2 || strcmp(steps[0], "models") != 0)
        return false;
    a->op = "models";
    if (n == 1)
        return true;
    char *colon = strchr(steps[1], ':');
    if (colon) {
        *colon = '\0';
        a->method = g_strdup(colon + 1);
    }
    a->model = g_uri_unescape_string(steps[1], NULL);
    a->op = !a->method                                        ? "model"
            : strcmp(a->method, "generateContent") == 0       ? "generate"
            : strcmp(a->method, "streamGenerateContent") == 0 ? "stream"
            : strcmp(a->method, "countTokens") == 0           ? "count"
                                                              : NULL;
    return a->op && a->model && *a->model && g_utf8_validate(a->model, -1, NULL);
}

/* chat/completions and models; a model's name may hold slashes. */
static bool read_openai(tm_twin_arrival *a, char **steps, guint n)
{
    a->openai = true;
    if (n == 2 && strcmp(steps[0], "chat") == 0 && strcmp(steps[1], "completions") == 0) {
        a->op = "chat";
        a->form = TM_TWIN_CHAT;
        return true;
    }
    if (n < 1 || strcmp(steps[0], "models") != 0)
        return false;
    a->op = n == 1 ? "models" : "model";
    if (n > 1) {
        g_autofree char *name = g_strjoinv("/", steps + 1);
        a->model = g_uri_unescape_string(name, NULL);
    }
    return n == 1 || (a->model && g_utf8_validate(a->model, -1, NULL));
}

/* Native paths are /v1beta/models/... and /v1/models/...; OpenAI's are /v1/..., and /v1beta/openai/... at
 * Gemini: what both have under /v1 belongs to the one whose key header it brings. */
static bool read_steps(tm_twin_arrival *a, char **steps)
{
    guint n = g_strv_length(steps);
    if (n < 3 || *steps[0] || (strcmp(steps[1], "v1beta") != 0 && strcmp(steps[1], "v1") != 0))
        return false;
    a->version = g_strdup(steps[1]);
    if (strcmp(steps[2], "openai") == 0)
        return read_openai(a, steps + 3, n - 3);
    bool shared = strcmp(steps[1], "v1") == 0 && a->request->bearer && !strchr(steps[n - 1], ':');
    if (strcmp(steps[2], "chat") == 0 || shared)
        return read_openai(a, steps + 2, n - 2);
    return read_native(a, steps + 2, n - 2);
}

bool tm_twin_read_path(tm_twin_arrival *a)
{
    const char *path = a->request->path, *query = strchr(path, '?');
    g_autofree char *bare = query ? g_strndup(path, (gsize)(query - path)) : g_strdup(path);
    a->query = query ? g_strdup(query + 1) : NULL;
    g_auto(GStrv) steps = g_strsplit(bare, "/", 8);
    if (!read_steps(a, steps)) {
        a->op = "other";
        return false;
    }
    g_autofree char *alt = tm_twin_query(a, "alt");
    if (strcmp(a->op, "stream") == 0)
        a->form = g_strcmp0(alt, "sse") == 0 ? TM_TWIN_SSE : TM_TWIN_LIST;
    bool post = a->method || strcmp(a->op, "chat") == 0;
    return strcmp(a->request->method, post ? "POST" : "GET") == 0;
}
