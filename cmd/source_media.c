/* source_media.c - see source_media.h */
#include "cmd/source_media.h"

#include "cmd/source_flags.h"
#include "core/error.h"
#include "core/json.h"
#include <string.h>

void tm_source_media_free(tm_source_media *media)
{
    if (!media)
        return;
    tm_media_rows_free(media->rows);
    tm_media_loader_free(media->loader);
    g_clear_pointer(&media->own, g_array_unref);
    g_free(media->own_folder);
    g_free(media->root);
    g_free(media);
}

/* ---- the prompt's own files ---- */

static char *hex_of(const uint8_t sha256[32])
{
    GString *text = g_string_sized_new(64);
    for (int i = 0; i < 32; i++)
        g_string_append_printf(text, "%02x", sha256[i]);
    return g_string_free(text, FALSE);
}

static gboolean stamp_own(tm_source_media *media, const tm_prompt *prompt, GError **error)
{
    g_autoptr(tm_media_loader) loader = NULL;
    for (const char *const *url = tm_template_media(prompt->template); *url; url++) {
        tm_media_stamp stamp;
        if (tm_media_kind_of(*url) != TM_MEDIA_FILE)
            continue;
        if (!loader) {
            media->own_folder = prompt->path ? g_path_get_dirname(prompt->path) : g_get_current_dir();
            loader = tm_media_loader_new(media->own_folder, 0, error);
        }
        if (!loader || !tm_media_loader_stamp(loader, *url, NULL, NULL, NULL, &stamp, error)) {
            g_prefix_error(error, "%s: ", prompt->name);
            return FALSE;
        }
        g_array_append_val(media->own, stamp);
    }
    return TRUE;
}

char *tm_source_media_hash(const tm_source_media *media)
{
    GString *text = g_string_new(NULL);
    for (guint i = 0; i < media->own->len; i++) {
        const tm_media_stamp *stamp = &g_array_index(media->own, tm_media_stamp, i);
        g_autofree char *hex = hex_of(stamp->sha256);
        g_string_append_printf(text, "%s %s\n", hex, stamp->path);
    }
    return g_string_free(text, FALSE);
}

/* ---- where rows' files lie ---- */

/* The folder; NULL: the data comes from stdin, and none was named. (transfer full) */
static char *folder_of(const tm_source_media *media, const char *data)
{
    if (media->root)
        return g_strdup(media->root);
    return data && strcmp(data, "-") != 0 ? g_path_get_dirname(data) : NULL;
}

static gboolean finish(tm_source_media *media, const tm_prompt *prompt, const tm_binding *binding,
                       const char *data, bool must, GError **error)
{
    g_autoptr(GError) failed = NULL;
    g_autofree char *folder = folder_of(media, data);
    media->loader = tm_media_loader_new(folder, 0, &failed);
    if (!media->loader && !must)
        media->loader = tm_media_loader_new(NULL, 0, NULL);
    if (!media->loader) {
        g_propagate_error(error, g_steal_pointer(&failed));
        return FALSE;
    }
    if (media->own->len > 0 &&
        !tm_media_loader_set_own(media->loader, media->own_folder, media->own, &failed) && must) {
        g_propagate_error(error, g_steal_pointer(&failed));
        return FALSE;
    }
    media->rows = tm_media_rows_new(prompt, binding, media->loader);
    return TRUE;
}

tm_source_media *tm_source_media_open(const tm_prompt *prompt, const tm_binding *binding, const char *data,
                                      GError **error)
{
    if (!tm_template_media(prompt->template))
        return NULL;
    g_autoptr(tm_source_media) media = g_new0(tm_source_media, 1);
    media->own = tm_media_stamps_new();
    media->root =
        tm_source_flags.media_root ? g_canonicalize_filename(tm_source_flags.media_root, NULL) : NULL;
    if (!stamp_own(media, prompt, error) || !finish(media, prompt, binding, data, true, error))
        return NULL;
    return g_steal_pointer(&media);
}

/* ---- what a revision keeps ---- */

json_t *tm_source_media_to_json(const tm_source_media *media)
{
    json_t *json = json_object(), *files = json_array();
    if (media->root)
        json_object_set_new(json, "root", json_string(media->root));
    if (media->own_folder)
        json_object_set_new(json, "folder", json_string(media->own_folder));
    for (guint i = 0; i < media->own->len; i++) {
        const tm_media_stamp *stamp = &g_array_index(media->own, tm_media_stamp, i);
        g_autofree char *hex = hex_of(stamp->sha256);
        json_array_append_new(files, json_pack("{s:s, s:I, s:I, s:s}", "path", stamp->path, "size",
                                               (json_int_t)stamp->size, "mtime_ns",
                                               (json_int_t)stamp->mtime_ns, "sha256", hex));
    }
    json_object_set_new(json, "files", files);
    return json;
}

static void read_files(const json_t *files, GArray *own)
{
    size_t i;
    json_t *file;
    json_array_foreach(files, i, file) {
        const char *hex = tm_json_string(file, "sha256", "");
        tm_media_stamp stamp = {.path = g_strdup(tm_json_string(file, "path", "")),
                                .size = tm_json_integer(file, "size", 0),
                                .mtime_ns = tm_json_integer(file, "mtime_ns", 0)};
        for (size_t k = 0; strlen(hex) == 64 && k < 32; k++)
            stamp.sha256[k] =
                (uint8_t)(g_ascii_xdigit_value(hex[2 * k]) << 4 | g_ascii_xdigit_value(hex[2 * k + 1]));
        g_array_append_val(own, stamp);
    }
}

tm_source_media *tm_source_media_from_json(const tm_prompt *prompt, const tm_binding *binding,
                                           const char *data, const json_t *json, GError **error)
{
    if (!tm_template_media(prompt->template))
        return NULL;
    g_autoptr(tm_source_media) media = g_new0(tm_source_media, 1);
    const char *root = tm_source_flags.media_root;
    media->own = tm_media_stamps_new();
    media->root = root ? g_canonicalize_filename(root, NULL) : g_strdup(tm_json_string(json, "root", NULL));
    media->own_folder = g_strdup(tm_json_string(json, "folder", NULL));
    if (media->own_folder)
        read_files(tm_json_array(json, "files"), media->own);
    if (!finish(media, prompt, binding, data, root != NULL, error))
        return NULL;
    return g_steal_pointer(&media);
}
