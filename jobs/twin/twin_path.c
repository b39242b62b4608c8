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

/* OpenAI's paths behind the base URL's; a model's name may hold slashes. */
static bool read_openai(tm_twin_arrival *a, const char *rest)
{
    static const struct {
        const char *path, *op;
        bool post;
    } table[] = {
        {"chat/completions", "chat", true},
        {"images/generations", "image", true},
        {"models", "models", false},
        {"key", "key", false},
    };
    bool post = false;
    a->op = NULL;
    for (size_t i = 0; i < G_N_ELEMENTS(table); i++)
        if (strcmp(rest, table[i].path) == 0) {
            a->op = table[i].op;
            post = table[i].post;
        }
    if (g_str_has_prefix(rest, "models/") && rest[7]) {
        a->op = "model";
        a->model = g_uri_unescape_string(rest + 7, NULL);
        if (!a->model || !g_utf8_validate(a->model, -1, NULL))
            return false;
    }
    if (!a->op)
        return false;
    if (strcmp(a->op, "chat") == 0)
        a->form = TM_TWIN_CHAT;
    a->wrong_method = strcmp(a->request->method, post ? "POST" : "GET") != 0;
    return true;
}

/* Is one of the accounts at this service? */
static bool plays(const tm_twin *twin, const tm_twin_preset *preset)
{
    for (guint i = 0; i < twin->accounts->len; i++)
        if (((const tm_twin_account *)g_ptr_array_index(twin->accounts, i))->preset == preset)
            return true;
    return false;
}

/* Does the path lead to OpenAI's wire? What both have under /v1 belongs to the one whose key header it
 * brings.
 */
static const char *behind_base(tm_twin_arrival *a, const char *path)
{
    const tm_twin_preset *preset;
    for (guint i = 0; (preset = tm_twin_preset_nth(i)); i++) {
        size_t length = strlen(preset->path);
        if (strncmp(path, preset->path, length) != 0 || path[length] != '/')
            continue;
        const char *rest = path + length + 1;
        bool v1 = strcmp(preset->path, "/v1") == 0, compatible = preset->shape == TM_TWIN_LISTED;
        bool as_openai = a->request->bearer || (a->twin->preset->keyless && !a->request->key);
        if (v1 && g_str_has_prefix(rest, "models") && (!as_openai || strchr(rest, ':')))
            return NULL; /* Gemini's, unless it is asked as OpenAI's is */
        a->wire = compatible ? TM_TWIN_COMPATIBLE : TM_TWIN_OPENAI;
        a->preset = v1 ? a->twin->preset : preset;
        return v1 || compatible || plays(a->twin, preset) ? rest : NULL;
    }
    return NULL;
}

/* Gemini's paths: /v1beta/models/... and /v1/models/... */
static bool read_steps(tm_twin_arrival *a, char **steps)
{
    guint n = g_strv_length(steps);
    if (n < 3 || *steps[0] || (strcmp(steps[1], "v1beta") != 0 && strcmp(steps[1], "v1") != 0))
        return false;
    a->version = g_strdup(steps[1]);
    return read_native(a, steps + 2, n - 2);
}

/* Would it be one of OpenAI's, had it the base URL's path before it? */
static bool lacks_base(const char *path)
{
    return g_str_has_suffix(path, "/chat/completions") || g_str_has_suffix(path, "/images/generations") ||
           strcmp(path, "/models") == 0 || g_str_has_prefix(path, "/models/");
}

bool tm_twin_read_path(tm_twin_arrival *a)
{
    const char *path = a->request->path, *query = strchr(path, '?');
    g_autofree char *bare = query ? g_strndup(path, (gsize)(query - path)) : g_strdup(path);
    a->query = query ? g_strdup(query + 1) : NULL;
    const char *rest = behind_base(a, bare);
    if (rest && read_openai(a, rest))
        return true;
    g_auto(GStrv) steps = g_strsplit(bare, "/", 8);
    bool native = !rest && read_steps(a, steps);
    if (native && strcmp(a->request->method, a->method ? "POST" : "GET") == 0) {
        a->wire = TM_TWIN_NATIVE;
        g_autofree char *alt = tm_twin_query(a, "alt");
        if (strcmp(a->op, "stream") == 0)
            a->form = g_strcmp0(alt, "sse") == 0 ? TM_TWIN_SSE : TM_TWIN_LIST;
        return true;
    }
    if (!native)
        a->op = "other";
    if (rest || lacks_base(bare))
        tm_twin_no_path(a);
    else
        tm_twin_html(a, 404, "bad_request", "Not Found");
    return false;
}
