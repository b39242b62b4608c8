/* title.c - what a prompt of an app is called */
#include "core/studio/source/title.h"
#include "core/studio/source/sites.h"
#include <string.h>

/* Names that say nothing of what is asked. */
static const char *const everyday[] = {
    "default",     "handler",  "main",      "run",          "generate",       "POST",
    "GET",         "post",     "fetchData", "handleSubmit", "handleGenerate", "handleSend",
    "submit",      "send",     "call",      "init",         "start",          "execute",
    "process",     "onSubmit", "onClick",   "handleClick",  "fetch",          "load",
    "constructor", "apiCall",  "operation", "fn",           "request",        "json",
    "onload",      "onerror",  "then",      "onChange",     "onSuccess",      "callback",
    "useEffect",   "async"};

/* Names of files and folders that say nothing, either. */
static const char *const places[] = {"index",     "route",    "page",     "main",   "app",           "server",
                                     "src",       "api",      "services", "gemini", "geminiService", "ai",
                                     "aiService", "__init__", "utils",    "lib"};

static bool is_one(const char *name, const char *const *list, gsize n)
{
    for (gsize i = 0; i < n; i++)
        if (strcmp(name, list[i]) == 0)
            return true;
    return false;
}

/* generateHTMLPage -> generate-HTML-page, which is made small later. */
static void append_words(GString *out, const char *name)
{
    if (out->len > 0)
        g_string_append_c(out, '-');
    for (const char *at = name; *at; at++) {
        bool upper = g_ascii_isupper(*at);
        bool begins = at > name && upper &&
                      (g_ascii_islower(at[-1]) || g_ascii_isdigit(at[-1]) ||
                       (g_ascii_isupper(at[-1]) && g_ascii_islower(at[1])));
        if (begins)
            g_string_append_c(out, '-');
        g_string_append_c(out, *at == '_' ? '-' : g_ascii_tolower(*at));
    }
}

/* The file's own word: app/api/story/route.ts is "story". (transfer full) */
static char *place_of(const tm_code_file *source)
{
    g_auto(GStrv) steps = g_strsplit(source->file, "/", -1);
    guint n = g_strv_length(steps);
    char *dot = n ? strchr(steps[n - 1], '.') : NULL;
    if (dot)
        *dot = '\0';
    for (guint i = n; i > 0; i--)
        if (*steps[i - 1] && *steps[i - 1] != '[' && !is_one(steps[i - 1], places, G_N_ELEMENTS(places)))
            return g_strdup(steps[i - 1]);
    return g_strdup(n ? steps[n - 1] : "prompt");
}

char *tm_title_of(const tm_code *call)
{
    const char *name = NULL, *vague = NULL;
    for (const tm_code *at = call->parent; at && !name; at = at->parent) {
        const char *own = at->kind == CODE_FUNCTION ? tm_sites_name(at) : NULL;
        if (own && is_one(own, everyday, G_N_ELEMENTS(everyday)))
            vague = vague ? vague : own;
        else if (own && strlen(own) > 1)
            name = own;
    }
    GString *out = g_string_new(NULL);
    if (!name) {
        g_autofree char *place = place_of(call->source);
        append_words(out, place);
        name = vague && strcmp(vague, "POST") != 0 && strcmp(vague, "handler") != 0 &&
                       strcmp(vague, "default") != 0 && strcmp(vague, "main") != 0
                   ? vague
                   : NULL;
    }
    if (name)
        append_words(out, name);
    return g_string_free(out, FALSE);
}

char *tm_title_of_file(const tm_code_file *source)
{
    g_autofree char *place = place_of(source);
    GString *out = g_string_new(NULL);
    append_words(out, place);
    return g_string_free(out, FALSE);
}
