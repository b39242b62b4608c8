/* results_media.c - images and other files that answers hold, written beside the results. */
#include "core/error.h"
#include "core/json.h"
#include "jobs/results_row.h"
#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>

/* A file's ending by its type; the rest of the type where it is a plain word. */
static const char *ending_of(const char *type)
{
    static const char *const known[][2] = {
        {"image/png", "png"}, {"image/jpeg", "jpg"}, {"image/webp", "webp"},     {"image/gif", "gif"},
        {"audio/wav", "wav"}, {"audio/mpeg", "mp3"}, {"audio/L16", "pcm"},       {"audio/ogg", "ogg"},
        {"video/mp4", "mp4"}, {"text/plain", "txt"}, {"application/pdf", "pdf"}, {"application/json", "json"},
    };
    size_t length = strcspn(type, "; ");
    for (size_t i = 0; i < G_N_ELEMENTS(known); i++)
        if (strlen(known[i][0]) == length && g_ascii_strncasecmp(known[i][0], type, length) == 0)
            return known[i][1];
    return "bin";
}

static gboolean write_file(const char *dir, const char *path, const guchar *bytes, gsize n, GError **error)
{
    if (g_file_test(path, G_FILE_TEST_EXISTS)) /* named by its content: it is this one */
        return TRUE;
    if (g_mkdir_with_parents(dir, 0700) != 0)
        return tm_fail(error, TM_ERROR_IO, "the folder %s can't be made: %s", dir, g_strerror(errno));
    g_autoptr(GError) cause = NULL;
    if (g_file_set_contents_full(path, (const char *)bytes, (gssize)n, G_FILE_SET_CONTENTS_CONSISTENT, 0600,
                                 &cause))
        return TRUE;
    return tm_fail(error,
                   g_error_matches(cause, G_FILE_ERROR, G_FILE_ERROR_NOSPC) ? TM_ERROR_FULL : TM_ERROR_IO,
                   "%s", cause->message);
}

/* One inlineData part. */
static gboolean write_part(const json_t *inline_data, const char *dir, GPtrArray *files, GError **error)
{
    const char *data = tm_json_string(inline_data, "data", "");
    const char *type = tm_json_string(inline_data, "mimeType", tm_json_string(inline_data, "mime_type", ""));
    gsize n;
    g_autofree guchar *bytes = g_base64_decode(data, &n);
    g_autofree char *sum = g_compute_checksum_for_data(G_CHECKSUM_SHA256, bytes, n);
    sum[32] = '\0';
    g_autofree char *path = g_strdup_printf("%s/%s.%s", dir, sum, ending_of(type));
    if (!write_file(dir, path, bytes, n, error))
        return FALSE;
    g_ptr_array_add(files, g_steal_pointer(&path));
    return TRUE;
}

char **tm_results_media(const char *parts, const char *dir, GError **error)
{
    g_autoptr(json_t) array = tm_json_parse(parts, strlen(parts), NULL);
    g_autoptr(GPtrArray) files = g_ptr_array_new_with_free_func(g_free);
    size_t i;
    json_t *part;
    json_array_foreach(array, i, part) {
        const json_t *inline_data = json_object_get(part, "inlineData");
        if (!inline_data)
            inline_data = json_object_get(part, "inline_data");
        if (json_is_object(inline_data) && !write_part(inline_data, dir, files, error))
            return NULL;
    }
    g_ptr_array_add(files, NULL);
    return (char **)g_ptr_array_steal(files, NULL);
}
