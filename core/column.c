/* column.c - names of columns. */
#include "core/column.h"
#include "core/guess.h"
#include <string.h>

static bool is_filler(char c)
{
    return c == ' ' || c == '_' || c == '-';
}

bool tm_column_alike(const char *a, const char *b)
{
    for (;;) {
        while (is_filler(*a))
            a++;
        while (is_filler(*b))
            b++;
        if (g_ascii_tolower(*a) != g_ascii_tolower(*b))
            return false;
        if (*a == '\0')
            return true;
        a++;
        b++;
    }
}

size_t tm_column_find(char *const *columns, size_t n, const char *name, bool loosely, size_t *hint)
{
    if (*hint < n && strcmp(columns[*hint], name) == 0)
        return *hint;
    for (size_t i = 0; i < n; i++)
        if (strcmp(columns[i], name) == 0)
            return *hint = i;
    for (size_t i = 0; loosely && i < n; i++)
        if (tm_column_alike(columns[i], name))
            return i;
    return TM_NO_COLUMN;
}

static bool numbers_rows(const char *column)
{
    g_autofree char *lower = g_ascii_strdown(column, -1);
    return strcmp(lower, "id") == 0 || g_str_has_suffix(lower, "_id") || strcmp(lower, "key") == 0 ||
           strcmp(lower, "index") == 0 || g_str_has_prefix(lower, "column");
}

const char *tm_column_suggest(const char *name, char *const *columns, size_t n)
{
    const char *near = tm_guess(name, (const char *const *)columns, n);
    for (size_t i = 0; i < n && !near; i++)
        if (!numbers_rows(columns[i]))
            near = columns[i];
    return near ? near : n > 0 ? columns[0] : NULL;
}

char *tm_column_new_name(GHashTable *taken, GHashTable *last, const char *base)
{
    int n = last ? GPOINTER_TO_INT(g_hash_table_lookup(last, base)) : 0;
    char *name = n ? NULL : g_strdup(base);
    while (!name || g_hash_table_contains(taken, name)) {
        n = MAX(n + 1, 2);
        g_free(name);
        name = g_strdup_printf("%s_%d", base, n);
    }
    if (last)
        g_hash_table_insert(last, g_strdup(base), GINT_TO_POINTER(MAX(n, 1)));
    return name;
}

char *tm_column_list(char *const *names, size_t n)
{
    enum { SHOWN = 20 };
    GString *out = g_string_new(NULL);
    for (size_t i = 0; i < n && i < SHOWN; i++)
        g_string_append_printf(out, "%s%s", i ? ", " : "", names[i]);
    if (n > SHOWN)
        g_string_append_printf(out, " ... (%zu in all)", n);
    return g_string_free(out, FALSE);
}
