/* app_source.c - the source files of an app: which of them call a model, and where */
#include "core/studio/app_source.h"
#include <string.h>

static const char *const endings[] = {".ts",  ".tsx", ".js",    ".jsx", ".mjs", ".cjs",
                                      ".mts", ".py",  ".ipynb", ".sh",  ".html"};

/* Folders of build output, and of tests. */
static const char *const outputs[] = {
    "dist",        "build",         "out",       ".next",     "coverage",  ".vite",   ".venv", "venv",
    "__pycache__", "site-packages", "__tests__", "__mocks__", ".wrangler", ".output", ".nuxt", ".svelte-kit"};

/* The calls of the official and of compatible SDKs. The last ones of a dotted name tell enough: clients have
 * any name. */
static const char *const calls[] = {
    "generateContent",         "generateContentStream",   "getGenerativeModel",    "generate_content",
    "generate_content_stream", "GenerativeModel",         "streamGenerateContent", "chats.create",
    "interactions.create",     "chat.completions.create",
};

bool tm_app_source_is(const char *file)
{
    size_t n = strlen(file);
    bool code = false;
    for (size_t i = 0; i < G_N_ELEMENTS(endings); i++)
        code = code || (n > strlen(endings[i]) && strcmp(file + n - strlen(endings[i]), endings[i]) == 0);
    if (!code || g_str_has_suffix(file, ".min.js") || g_str_has_suffix(file, ".d.ts") ||
        strstr(file, ".test.") || strstr(file, ".spec."))
        return false;
    for (const char *step = file; step; step = strchr(step, '/')) {
        step += *step == '/';
        for (size_t i = 0; i < G_N_ELEMENTS(outputs); i++) {
            size_t length = strlen(outputs[i]);
            if (strncmp(step, outputs[i], length) == 0 && step[length] == '/')
                return false;
        }
    }
    return true;
}

static bool is_word(char c)
{
    return g_ascii_isalnum(c) || c == '_' || c == '$';
}

/* Is `at` a call: "name(" or "name<T>(", in an address ":name", and no part of a longer word? */
static bool is_call(const char *text, const char *at, size_t length, const char *end)
{
    if (at > text && is_word(at[-1]))
        return false;
    const char *next = at + length;
    if (at > text && at[-1] == ':' && (next == end || !is_word(*next)))
        return true;
    while (next < end && (*next == ' ' || *next == '\t'))
        next++;
    return next < end && (*next == '(' || *next == '<');
}

/* Is the line up to `at` a comment? */
static bool in_comment(const char *text, const char *at)
{
    const char *line = at;
    while (line > text && line[-1] != '\n')
        line--;
    line += strspn(line, " \t");
    return g_str_has_prefix(line, "//") || *line == '*' || *line == '#' || g_str_has_prefix(line, "/*");
}

static const char *first_call(const char *text, const char *end, const char *call)
{
    size_t length = strlen(call);
    for (const char *at = text; (at = g_strstr_len(at, end - at, call)); at += length)
        if (is_call(text, at, length, end) && !in_comment(text, at))
            return at;
    return NULL;
}

int tm_app_source_line(const char *text, size_t length)
{
    const char *end = text + length, *first = NULL;
    for (size_t i = 0; i < G_N_ELEMENTS(calls); i++) {
        const char *at = first_call(text, end, calls[i]);
        if (at && (!first || at < first))
            first = at;
    }
    if (!first)
        return 0;
    int line = 1;
    for (const char *at = text; at < first; at++)
        line += *at == '\n';
    return line;
}
