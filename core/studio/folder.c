/* folder.c - the files beneath a folder, sorted */
#include "core/studio/folder.h"
#include "core/error.h"
#include "core/studio/entry_name.h"
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

enum { MAX_DEPTH = 64 }; /* folders in folders */

typedef struct {
    const char *root;
    GPtrArray *names;
    int seen, most;
} listing;

static gint by_name(gconstpointer a, gconstpointer b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The names in one folder, sorted. (transfer full) */
static GPtrArray *names_in(const char *path, GError **error)
{
    g_autoptr(GError) problem = NULL;
    GDir *dir = g_dir_open(path, 0, &problem);
    if (!dir) {
        tm_fail(error, TM_ERROR_IO, "can't read the folder: %s", problem->message);
        return NULL;
    }
    GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
    for (const char *name; (name = g_dir_read_name(dir));)
        g_ptr_array_add(names, g_strdup(name));
    g_dir_close(dir);
    g_ptr_array_sort(names, by_name);
    return names;
}

static gboolean walk(listing *list, const char *prefix, int depth, GError **error)
{
    g_autofree char *path = g_build_filename(list->root, prefix, NULL);
    g_autoptr(GPtrArray) names = names_in(path, error);
    if (!names)
        return FALSE;
    if (depth > MAX_DEPTH)
        return tm_fail(error, TM_ERROR_INPUT, "%s: more than %d folders in folders", path, MAX_DEPTH);
    for (guint i = 0; i < names->len; i++) {
        const char *base = g_ptr_array_index(names, i);
        g_autofree char *name = *prefix ? g_strdup_printf("%s/%s", prefix, base) : g_strdup(base);
        g_autofree char *full = g_build_filename(list->root, name, NULL);
        struct stat info;
        if (++list->seen > list->most)
            return tm_fail(error, TM_ERROR_INPUT,
                           "%s holds more than %d files: name the folder of the export itself", list->root,
                           list->most);
        if (lstat(full, &info) != 0) {
            if (errno == ENOENT) /* gone since it was listed */
                continue;
            return tm_fail(error, TM_ERROR_IO, "can't read %s: %s", full, g_strerror(errno));
        }
        g_autofree char *inside = g_strconcat(name, "/", NULL);
        if (!S_ISDIR(info.st_mode))
            g_ptr_array_add(list->names, g_steal_pointer(&name));
        else if (!tm_entry_name_passed(inside) && !walk(list, name, depth + 1, error))
            return FALSE;
    }
    return TRUE;
}

GPtrArray *tm_folder_list(const char *path, int most, GError **error)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    listing list = {.root = path, .names = names, .most = most};
    return walk(&list, "", 0, error) ? g_steal_pointer(&names) : NULL;
}
