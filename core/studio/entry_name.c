/* entry_name.c - names inside an archive: made UTF-8, and checked that they stay inside */
#include "core/studio/entry_name.h"
#include "core/error.h"
#include <string.h>

static char *to_utf8(const char *raw)
{
    if (g_utf8_validate(raw, -1, NULL))
        return g_strdup(raw);
    char *converted = g_convert(raw, -1, "UTF-8", "CP437", NULL, NULL, NULL);
    if (converted)
        return converted;
    return g_utf8_make_valid(raw, -1);
}

/* What of the name leaves the folder, NULL if nothing does. */
static const char *danger(const char *name)
{
    if (*name == '/')
        return "an absolute path";
    if (g_ascii_isalpha(name[0]) && name[1] == ':')
        return "a path with a drive letter";
    for (const char *step = name; step; step = strchr(step, '/')) {
        step += *step == '/';
        if (step[0] == '.' && step[1] == '.' && (step[2] == '/' || step[2] == '\0'))
            return "a path with ..";
    }
    return NULL;
}

char *tm_entry_name_clean(const char *raw, GError **error)
{
    g_autofree char *name = to_utf8(raw);
    g_strdelimit(name, "\\", '/');
    const char *why = danger(name);
    if (why) {
        tm_fail(error, TM_ERROR_INPUT,
                "entry %s has %s: nothing was imported, since this archive is not to be trusted", name, why);
        return NULL;
    }
    g_auto(GStrv) steps = g_strsplit(name, "/", -1);
    g_autoptr(GString) clean = g_string_new(NULL);
    for (char **step = steps; *step; step++)
        if (**step && strcmp(*step, ".") != 0)
            g_string_append_printf(clean, "%s%s", clean->len ? "/" : "", *step);
    return g_strdup(clean->str);
}

bool tm_entry_name_leaves(const char *name, const char *target)
{
    g_autofree char *to = g_strdelimit(g_utf8_make_valid(target, -1), "\\", '/');
    if (*to == '/' || (g_ascii_isalpha(to[0]) && to[1] == ':'))
        return true;
    int depth = 0;
    for (const char *at = name; *at; at++)
        depth += *at == '/';
    g_auto(GStrv) steps = g_strsplit(to, "/", -1);
    for (char **step = steps; *step; step++) {
        depth += strcmp(*step, "..") == 0 ? -1 : **step && strcmp(*step, ".") != 0 ? 1 : 0;
        if (depth < 0)
            return true;
    }
    return false;
}

bool tm_entry_name_passed(const char *name)
{
    static const char *const folders[] = {"node_modules", ".git", "__MACOSX"};
    for (const char *step = name; step; step = strchr(step, '/')) {
        step += *step == '/';
        for (size_t i = 0; i < G_N_ELEMENTS(folders); i++) {
            size_t n = strlen(folders[i]);
            if (strncmp(step, folders[i], n) == 0 && step[n] == '/')
                return true;
        }
    }
    return false;
}
