/* import_write.c - imported prompts become files: all of them, or none.
 *
 * All texts are written into a folder of their own inside the target first, and moved to their names when
 * every one is on disk. What stood there (with force) is moved into the same folder, so that a failure puts
 * it back. */
#include "core/error.h"
#include "core/studio/import.h"
#include "core/studio/name.h"
#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct {
    const char *dir;
    char *temp;         /* beneath dir */
    GPtrArray *created; /* char*: folders made for dir, outermost first */
    guint placed;       /* prompts moved to their names so far */
} writing;

/* Ways of a prompt: where it is written first, where what it replaces is kept, where it ends. (transfer full)
 */
static char *temp_path(const writing *w, const tm_imported *prompt, const char *ending)
{
    return g_strdup_printf("%s/%s.%s", w->temp, prompt->name, ending);
}

static char *final_path(const writing *w, const tm_imported *prompt)
{
    g_autofree char *file = g_strconcat(prompt->name, ".prompt", NULL);
    return g_build_filename(w->dir, file, NULL);
}

static gboolean fail_io(GError **error, const char *what, const char *path)
{
    return tm_fail(error, errno == ENOSPC || errno == EDQUOT ? TM_ERROR_FULL : TM_ERROR_IO, "can't %s %s: %s",
                   what, path, g_strerror(errno));
}

/* Makes `dir` and what is missing above it, remembering what was made. */
static gboolean make_folders(writing *w, GError **error)
{
    g_autofree char *path = g_strdup(w->dir);
    for (char *at = path + 1;; at++) {
        if (*at != '/' && *at != '\0')
            continue;
        char kept = *at;
        *at = '\0';
        if (mkdir(path, 0777) == 0)
            g_ptr_array_add(w->created, g_strdup(path));
        else if (!g_file_test(path, G_FILE_TEST_IS_DIR))
            return fail_io(error, "make the folder", path);
        if (!kept)
            return TRUE;
        *at = kept;
    }
}

static gboolean is_same(const char *path, const char *text)
{
    g_autofree char *there = NULL;
    gsize length;
    return g_file_get_contents(path, &there, &length, NULL) && length == strlen(text) &&
           memcmp(there, text, length) == 0;
}

/* A name that the folder already has, compared as careless file systems compare; NULL: none. (transfer full)
 */
static char *clash(GHashTable *there, const tm_imported *prompt)
{
    g_autofree char *file = g_strconcat(prompt->name, ".prompt", NULL);
    g_autofree char *folded = tm_name_fold(file);
    return g_strdup(g_hash_table_lookup(there, folded));
}

static GHashTable *names_there(const char *dir)
{
    GHashTable *there = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    GDir *open = g_dir_open(dir, 0, NULL);
    for (const char *name; open && (name = g_dir_read_name(open));)
        g_hash_table_insert(there, tm_name_fold(name), g_strdup(name));
    if (open)
        g_dir_close(open);
    return there;
}

/* Nothing may be overwritten without force; the same text may stand there already. */
static gboolean check_free(const writing *w, const tm_import *import, bool force, GError **error)
{
    g_autoptr(GHashTable) there = names_there(w->dir);
    for (guint i = 0; i < import->prompts->len; i++) {
        const tm_imported *prompt = g_ptr_array_index(import->prompts, i);
        g_autofree char *name = clash(there, prompt);
        if (!name)
            continue;
        g_autofree char *path = g_build_filename(w->dir, name, NULL);
        if (g_file_test(path, G_FILE_TEST_IS_DIR))
            return tm_fail(error, TM_ERROR_STATE, "%s is a folder: choose another place with -o DIR", path);
        if (!force && !is_same(path, prompt->text))
            return tm_fail(error, TM_ERROR_STATE,
                           "%s exists: nothing was written; --force overwrites, -o DIR writes elsewhere",
                           path);
    }
    return TRUE;
}

static gboolean write_all(int fd, const char *text)
{
    size_t length = strlen(text);
    while (length > 0) {
        ssize_t n = write(fd, text, length);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return FALSE;
        text += n;
        length -= (size_t)n;
    }
    return TRUE;
}

static gboolean write_file(const char *path, const char *text, GError **error)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd < 0)
        return fail_io(error, "write", path);
    gboolean ok = write_all(fd, text) && fsync(fd) == 0;
    int why = errno;
    if (close(fd) != 0 && ok) {
        why = errno;
        ok = FALSE;
    }
    errno = why;
    return ok || fail_io(error, "write", path);
}

/* Moves the written file to its name; what stood there goes aside. */
static gboolean place(const writing *w, const tm_imported *prompt, bool force, GError **error)
{
    g_autofree char *written = temp_path(w, prompt, "new");
    g_autofree char *aside = temp_path(w, prompt, "old");
    g_autofree char *path = final_path(w, prompt);
    if (force || is_same(path, prompt->text)) {
        if (rename(path, aside) != 0 && errno != ENOENT)
            return fail_io(error, "replace", path);
        if (rename(written, path) == 0)
            return TRUE;
        int why = errno;
        rename(aside, path);
        errno = why;
        return fail_io(error, "write", path);
    }
    /* link() fails if a file of that name came meanwhile; some file systems have no links. */
    if (link(written, path) == 0 || (errno != EEXIST && rename(written, path) == 0))
        return TRUE;
    return fail_io(error, "write", path);
}

static void take_back(const writing *w, const tm_import *import)
{
    for (guint i = 0; i < w->placed; i++) {
        const tm_imported *prompt = g_ptr_array_index(import->prompts, i);
        g_autofree char *aside = temp_path(w, prompt, "old");
        g_autofree char *path = final_path(w, prompt);
        if (rename(aside, path) != 0)
            unlink(path);
    }
}

static void clean_up(const writing *w, const tm_import *import, bool failed)
{
    if (w->temp) {
        for (guint i = 0; i < import->prompts->len; i++) {
            g_autofree char *written = temp_path(w, g_ptr_array_index(import->prompts, i), "new");
            g_autofree char *aside = temp_path(w, g_ptr_array_index(import->prompts, i), "old");
            unlink(written);
            unlink(aside);
        }
        rmdir(w->temp);
    }
    for (guint i = w->created->len; failed && i > 0; i--)
        rmdir(g_ptr_array_index(w->created, i - 1));
}

static gboolean write_prompts(writing *w, tm_import *import, bool force, GError **error)
{
    if (!make_folders(w, error) || !check_free(w, import, force, error))
        return FALSE;
    w->temp = g_build_filename(w->dir, ".tidemill-import-XXXXXX", NULL);
    if (!g_mkdtemp(w->temp)) {
        fail_io(error, "write into", w->dir);
        g_clear_pointer(&w->temp, g_free);
        return FALSE;
    }
    for (guint i = 0; i < import->prompts->len; i++) {
        const tm_imported *prompt = g_ptr_array_index(import->prompts, i);
        g_autofree char *path = temp_path(w, prompt, "new");
        if (!write_file(path, prompt->text, error))
            return FALSE;
    }
    for (; w->placed < import->prompts->len; w->placed++)
        if (!place(w, g_ptr_array_index(import->prompts, w->placed), force, error)) {
            take_back(w, import);
            return FALSE;
        }
    return TRUE;
}

gboolean tm_import_write(tm_import *import, const char *dir, bool force, GError **error)
{
    g_autoptr(GPtrArray) created = g_ptr_array_new_with_free_func(g_free);
    writing w = {.dir = *dir ? dir : ".", .created = created};
    gboolean ok = write_prompts(&w, import, force, error);
    clean_up(&w, import, !ok);
    g_free(w.temp);
    for (guint i = 0; ok && i < import->prompts->len; i++) {
        tm_imported *prompt = g_ptr_array_index(import->prompts, i);
        g_free(prompt->path);
        prompt->path = final_path(&w, prompt);
    }
    return ok;
}
