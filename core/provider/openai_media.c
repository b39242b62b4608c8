/* openai_media.c - a media part as a chat takes it: pictures as image_url, sound as input_audio, text as
 * text, other files as file. What there is of a row goes along as base64. */
#include "core/provider/openai_parts.h"

#include "core/error.h"
#include <string.h>

static bool starts(const char *text, const char *with)
{
    return g_ascii_strncasecmp(text, with, strlen(with)) == 0;
}

static bool is_base64(const char *text)
{
    for (; *text; text++)
        if (!g_ascii_isalnum(*text) && !strchr("+/=-_", *text))
            return false;
    return true;
}

/* data:TYPE;PARAMETERS;base64,BYTES or data:TYPE,TEXT as base64; its type (transfer full). */
static gboolean read_data_url(const tm_part *part, GString *out, char **mime, GError **error)
{
    const char *head = part->url + strlen("data:"), *comma = strchr(head, ',');
    if (!comma)
        return tm_fail(error, TM_ERROR_INPUT,
                       "a data: URL without a comma: data:TYPE;base64,BYTES is wanted");
    bool base64 = comma - head >= 7 && g_ascii_strncasecmp(comma - 7, ";base64", 7) == 0;
    size_t type = strcspn(head, ";,");
    *mime = part->content_type ? g_strdup(part->content_type)
            : type > 0         ? g_strndup(head, type)
                               : g_strdup("text/plain");
    if (base64) {
        if (!is_base64(comma + 1))
            return tm_fail(error, TM_ERROR_INPUT, "a data: URL says base64 and holds other characters");
        g_string_append(out, comma + 1);
        return TRUE;
    }
    g_autoptr(GBytes) bytes = g_uri_unescape_bytes(comma + 1, -1, NULL, NULL);
    if (!bytes)
        return tm_fail(error, TM_ERROR_INPUT, "a data: URL with a broken %%XX escape");
    gsize length = 0;
    const guchar *data = g_bytes_get_data(bytes, &length);
    g_autofree char *coded = g_base64_encode(data, length);
    g_string_append(out, coded);
    return TRUE;
}

/* The sound formats that the API names. NULL: none of them. */
static const char *sound_format(const char *mime)
{
    static const char *const known[][2] = {
        {"audio/wav", "wav"}, {"audio/x-wav", "wav"}, {"audio/wave", "wav"}, {"audio/mpeg", "mp3"},
        {"audio/mp3", "mp3"}, {"audio/flac", "flac"}, {"audio/ogg", "ogg"},  {"audio/opus", "opus"},
        {"audio/aac", "aac"}, {"audio/mp4", "m4a"},   {"audio/x-m4a", "m4a"}};
    for (size_t i = 0; i < G_N_ELEMENTS(known); i++)
        if (g_ascii_strcasecmp(known[i][0], mime) == 0)
            return known[i][1];
    return NULL;
}

/* A file needs a name; a path's last part is one. (transfer full) */
static char *file_name(const tm_part *part)
{
    if (starts(part->url, "data:"))
        return g_strdup("file.pdf");
    return g_path_get_basename(part->url);
}

/* A text file says more as text, and each server takes that. */
static gboolean write_text_file(GString *out, const GString *coded, GError **error)
{
    gsize n = 0;
    g_autofree guchar *bytes = g_base64_decode(coded->str, &n);
    if (!g_utf8_validate((const char *)bytes, (gssize)n, NULL))
        return tm_fail(error, TM_ERROR_INPUT, "a text file that is not UTF-8");
    g_string_append(out, "{\"type\":\"text\",\"text\":");
    tm_json_write_string(out, (const char *)bytes, n);
    g_string_append_c(out, '}');
    return TRUE;
}

static gboolean write_bytes(GString *out, const tm_part *part, const char *mime, const GString *coded,
                            GError **error)
{
    const char *sound = sound_format(mime);
    if (starts(mime, "text/") || strcmp(mime, "application/json") == 0)
        return write_text_file(out, coded, error);
    if (starts(mime, "video/"))
        return tm_fail(error, TM_ERROR_INPUT, "media \"%.200s\": this API takes no video", part->url);
    if (starts(mime, "audio/") && !sound)
        return tm_fail(error, TM_ERROR_INPUT,
                       "media of type %s: this API takes sound as wav, mp3, flac or ogg", mime);
    if (sound) {
        g_string_append_printf(
            out, "{\"type\":\"input_audio\",\"input_audio\":{\"format\":\"%s\",\"data\":\"", sound);
        g_string_append_len(out, coded->str, (gssize)coded->len);
        g_string_append(out, "\"}}");
        return TRUE;
    }
    g_autofree char *head = g_strdup_printf("data:%s;base64,", mime);
    g_autoptr(GString) quoted = g_string_new(NULL);
    tm_json_write_string(quoted, head, strlen(head));
    g_string_truncate(quoted, quoted->len - 1); /* the text goes on with the bytes */
    if (starts(mime, "image/")) {
        g_string_append(out, "{\"type\":\"image_url\",\"image_url\":{\"url\":");
    } else {
        g_autofree char *name = file_name(part);
        g_string_append(out, "{\"type\":\"file\",\"file\":{\"filename\":");
        tm_json_write_string(out, name, strlen(name));
        g_string_append(out, ",\"file_data\":");
    }
    g_string_append_len(out, quoted->str, (gssize)quoted->len);
    g_string_append_len(out, coded->str, (gssize)coded->len);
    g_string_append(out, "\"}}");
    return TRUE;
}

static gboolean write_link(GString *out, const tm_part *part, GError **error)
{
    static const char *const others[] = {".pdf", ".wav", ".mp3",  ".flac", ".ogg",
                                         ".m4a", ".mp4", ".webm", ".mov"};
    const char *type = part->content_type;
    bool other = type && !starts(type, "image/");
    g_autofree char *path = g_strndup(part->url, strcspn(part->url, "?#"));
    for (size_t i = 0; !type && i < G_N_ELEMENTS(others); i++)
        other = other || g_str_has_suffix(path, others[i]);
    if (other)
        return tm_fail(
            error, TM_ERROR_INPUT,
            "media \"%.200s\": this API takes links to pictures only; other files as a path or a data: "
            "URL",
            part->url);
    g_string_append(out, "{\"type\":\"image_url\",\"image_url\":{\"url\":");
    tm_json_write_string(out, part->url, strlen(part->url));
    g_string_append(out, "}}");
    return TRUE;
}

gboolean tm_openai_write_media(GString *out, const tm_part *part, const tm_operation *operation,
                               GError **error)
{
    g_autoptr(GString) coded = g_string_new(NULL);
    g_autofree char *mime = NULL;
    if (!part->url || !*part->url)
        return tm_fail(error, TM_ERROR_INPUT, "{{media}} has an empty url: is the column empty in this row?");
    if (starts(part->url, "https://") || starts(part->url, "http://"))
        return write_link(out, part, error);
    if (starts(part->url, "gs://"))
        return tm_fail(error, TM_ERROR_INPUT, "media \"%.200s\": only Google's own API reads gs://",
                       part->url);
    if (starts(part->url, "data:")) {
        if (!read_data_url(part, coded, &mime, error))
            return FALSE;
    } else if (!operation->media) {
        return tm_fail(error, TM_ERROR_INPUT, "media \"%s\": local files can't be read here", part->url);
    } else if (!operation->media(operation->media_data, part->url, part->content_type, coded, &mime, error)) {
        return FALSE;
    }
    return write_bytes(out, part, mime ? mime : "application/octet-stream", coded, error);
}
