/* name.c - names of prompts: safe as file names everywhere, comfortable to type, unique in one import */
#include "core/studio/name.h"
#include <stdbool.h>
#include <string.h>

enum { NAME_MAX_BYTES = 80 };

/* Endings that AI Studio's files sometimes have and that say nothing. */
static const char *const endings[] = {".json", ".txt", ".md", ".prompt"};

/* Names that Windows keeps for devices. */
static bool is_device(const char *name)
{
    static const char *const devices[] = {"con", "prn", "aux", "nul"};
    for (size_t i = 0; i < G_N_ELEMENTS(devices); i++)
        if (strcmp(name, devices[i]) == 0)
            return true;
    return strlen(name) == 4 && g_ascii_isdigit(name[3]) &&
           (g_str_has_prefix(name, "com") || g_str_has_prefix(name, "lpt"));
}

static size_t length_without_ending(const char *title)
{
    size_t n = strlen(title);
    for (size_t i = 0; i < G_N_ELEMENTS(endings); i++) {
        size_t e = strlen(endings[i]);
        if (n > e && g_ascii_strcasecmp(title + n - e, endings[i]) == 0)
            return n - e;
    }
    return n;
}

char *tm_name_safe(const char *title)
{
    g_autofree char *valid = g_utf8_make_valid(title, (gssize)length_without_ending(title));
    g_autofree char *lower = g_utf8_strdown(valid, -1);
    g_autofree char *composed = g_utf8_normalize(lower, -1, G_NORMALIZE_NFC);
    g_autoptr(GString) name = g_string_new(NULL);
    for (const char *at = composed ? composed : ""; *at; at = g_utf8_next_char(at)) {
        gunichar c = g_utf8_get_char(at);
        char utf8[6];
        int n = g_unichar_to_utf8(c, utf8);
        if (name->len + (size_t)n > NAME_MAX_BYTES)
            break;
        bool joins = name->len > 0 && (g_unichar_ismark(c) || c == '_');
        if (g_unichar_isalnum(c) || joins)
            g_string_append_len(name, utf8, n);
        else if (name->len > 0 && name->str[name->len - 1] != '-')
            g_string_append_c(name, '-');
    }
    while (name->len > 0 && strchr("-_", name->str[name->len - 1]))
        g_string_truncate(name, name->len - 1);
    if (name->len == 0 || is_device(name->str))
        g_string_append(name, name->len ? "-prompt" : "prompt");
    return g_strdup(name->str);
}

char *tm_name_fold(const char *name)
{
    g_autofree char *valid = g_utf8_make_valid(name, -1);
    g_autofree char *folded = g_utf8_casefold(valid, -1);
    return g_utf8_normalize(folded, -1, G_NORMALIZE_NFC);
}

char *tm_name_unique(const char *title, GHashTable *taken)
{
    g_autofree char *base = tm_name_safe(title);
    char *name = g_strdup(base);
    for (int n = 2;; n++) {
        char *folded = tm_name_fold(name);
        if (g_hash_table_add(taken, folded))
            return name;
        g_free(name);
        name = g_strdup_printf("%s-%d", base, n);
    }
}
