/* results_media.c - images and other files that answers hold, written beside the results. */
#include "core/error.h"
#include "core/json.h"
#include "core/media.h"
#include "jobs/results_row.h"
#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>

/* ---- sound without a header ---- */

/* A parameter of a type, "audio/L16;codec=pcm;rate=24000"; `otherwise` where it has none. */
static unsigned parameter(const char *type, const char *name, unsigned otherwise)
{
    g_auto(GStrv) pieces = g_strsplit(type, ";", -1);
    for (char **piece = pieces; *piece; piece++) {
        char *value = strchr(g_strstrip(*piece), '=');
        if (!value || (size_t)(value - *piece) != strlen(name) ||
            g_ascii_strncasecmp(*piece, name, strlen(name)) != 0)
            continue;
        guint64 number = g_ascii_strtoull(value + 1, NULL, 10);
        return number > 0 && number <= 768000 ? (unsigned)number : otherwise;
    }
    return otherwise;
}

/* Speech models answer raw samples (16 bits, little-endian as Gemini sends them), which no player knows. */
static bool is_raw(const char *type)
{
    size_t length = strcspn(type, "; ");
    return (length == 9 && g_ascii_strncasecmp(type, "audio/L16", length) == 0) ||
           (length == 9 && g_ascii_strncasecmp(type, "audio/pcm", length) == 0);
}

static void append_number(GByteArray *out, guint32 number, guint bytes)
{
    for (guint i = 0; i < bytes; i++) {
        guint8 byte = (guint8)(number >> (8 * i));
        g_byte_array_append(out, &byte, 1);
    }
}

/* The header of a WAV file with so many bytes of samples. */
static GByteArray *wav_header(const char *type, gsize length)
{
    unsigned rate = parameter(type, "rate", 24000), channels = parameter(type, "channels", 1);
    GByteArray *out = g_byte_array_new();
    g_byte_array_append(out, (const guint8 *)"RIFF", 4);
    append_number(out, (guint32)(36 + length), 4);
    g_byte_array_append(out, (const guint8 *)"WAVEfmt ", 8);
    append_number(out, 16, 4); /* of this chunk */
    append_number(out, 1, 2);  /* samples as they are */
    append_number(out, channels, 2);
    append_number(out, rate, 4);
    append_number(out, rate * channels * 2, 4);
    append_number(out, channels * 2, 2);
    append_number(out, 16, 2);
    g_byte_array_append(out, (const guint8 *)"data", 4);
    append_number(out, (guint32)length, 4);
    return out;
}

/* ---- files ---- */

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

/* A member by either of its names. */
static const json_t *member(const json_t *object, const char *name, const char *snake)
{
    const json_t *value = json_object_get(object, name);
    return value ? value : json_object_get(object, snake);
}

/* One inlineData part. */
static gboolean write_part(const json_t *inline_data, const char *dir, GPtrArray *files, GError **error)
{
    const char *data = tm_json_string(inline_data, "data", "");
    const json_t *mime = member(inline_data, "mimeType", "mime_type");
    const char *type = json_is_string(mime) ? json_string_value(mime) : "";
    gsize n;
    g_autofree char *standard = g_strdup(data);
    g_strdelimit(g_strdelimit(standard, "-", '+'), "_", '/');
    g_autofree guchar *bytes = g_base64_decode(standard, &n);
    if (is_raw(type)) {
        GByteArray *wav = wav_header(type, n);
        g_byte_array_append(wav, bytes, (guint)n);
        n = wav->len;
        g_free(bytes);
        bytes = g_byte_array_free(wav, FALSE);
        type = "audio/wav";
    }
    g_autofree char *sum = g_compute_checksum_for_data(G_CHECKSUM_SHA256, bytes, n);
    sum[32] = '\0';
    g_autofree char *path = g_strdup_printf("%s/%s.%s", dir, sum, tm_media_ending(type));
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
        const json_t *inline_data = member(part, "inlineData", "inline_data");
        const json_t *uri = member(member(part, "fileData", "file_data"), "fileUri", "file_uri");
        if (json_is_object(inline_data) && !write_part(inline_data, dir, files, error))
            return NULL;
        if (json_is_string(uri)) /* its bytes are not here: the address is all that there is */
            g_ptr_array_add(files, g_strdup(json_string_value(uri)));
    }
    g_ptr_array_add(files, NULL);
    return (char **)g_ptr_array_steal(files, NULL);
}
