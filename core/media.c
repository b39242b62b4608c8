/* media.c - see media.h */
#include "core/media.h"

#include <string.h>

void tm_media_stamp_clear(tm_media_stamp *stamp)
{
    g_clear_pointer(&stamp->path, g_free);
}

static void clear_stamp(gpointer stamp)
{
    tm_media_stamp_clear(stamp);
}

GArray *tm_media_stamps_new(void)
{
    GArray *stamps = g_array_new(FALSE, TRUE, sizeof(tm_media_stamp));
    g_array_set_clear_func(stamps, clear_stamp);
    return stamps;
}

tm_media_kind tm_media_kind_of(const char *url)
{
    static const struct {
        const char *begin;
        tm_media_kind kind;
    } kinds[] = {{"data:", TM_MEDIA_DATA},
                 {"https://", TM_MEDIA_WEB},
                 {"http://", TM_MEDIA_WEB},
                 {"gs://", TM_MEDIA_REMOTE}};
    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++)
        if (g_ascii_strncasecmp(url, kinds[i].begin, strlen(kinds[i].begin)) == 0)
            return kinds[i].kind;
    g_autofree char *scheme = g_uri_parse_scheme(url);
    return strstr(url, "://") || g_strcmp0(scheme, "file") == 0 ? TM_MEDIA_OTHER : TM_MEDIA_FILE;
}

/* ---- types ---- */

bool tm_media_is_sendable(const char *type)
{
    static const char *const kinds[] = {"image/", "audio/",          "video/",
                                        "text/",  "application/pdf", "application/json"};
    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++)
        if (g_ascii_strncasecmp(type, kinds[i], strlen(kinds[i])) == 0)
            return true;
    return false;
}

const char *tm_media_ending(const char *type)
{
    static const char *const known[][2] = {
        {"image/png", "png"},   {"image/jpeg", "jpg"},      {"image/webp", "webp"},
        {"image/gif", "gif"},   {"image/heic", "heic"},     {"image/svg+xml", "svg"},
        {"audio/wav", "wav"},   {"audio/x-wav", "wav"},     {"audio/mpeg", "mp3"},
        {"audio/mp3", "mp3"},   {"audio/L16", "pcm"},       {"audio/ogg", "ogg"},
        {"audio/flac", "flac"}, {"audio/aac", "aac"},       {"audio/mp4", "m4a"},
        {"video/mp4", "mp4"},   {"video/webm", "webm"},     {"text/plain", "txt"},
        {"text/csv", "csv"},    {"application/pdf", "pdf"}, {"application/json", "json"},
    };
    size_t length = strcspn(type, "; ");
    for (size_t i = 0; i < G_N_ELEMENTS(known); i++)
        if (strlen(known[i][0]) == length && g_ascii_strncasecmp(known[i][0], type, length) == 0)
            return known[i][1];
    return "bin";
}

/* ---- data: URLs ---- */

static bool is_base64(const char *text)
{
    size_t length = strlen(text), padding = 0;
    while (length > 0 && text[length - 1] == '=' && padding < 2)
        length--, padding++;
    if (length == 0 || length % 4 == 1 || (padding > 0 && (length + padding) % 4 != 0))
        return false;
    for (size_t i = 0; i < length; i++)
        if (!g_ascii_isalnum(text[i]) && !strchr("+/-_", text[i]))
            return false;
    return true;
}

char *tm_media_data_flaw(const char *url)
{
    const char *head = url + strlen("data:"), *comma = strchr(head, ',');
    if (!comma)
        return g_strdup("a data: URL without a comma: data:TYPE;base64,BYTES is wanted");
    g_autofree char *type = g_strndup(head, strcspn(head, ";,"));
    if (*type && !tm_media_is_sendable(type))
        return g_strdup_printf("a data: URL of type %s: images, audio, video, PDF and text can be sent",
                               type);
    if (!comma[1])
        return g_strdup("a data: URL without bytes");
    if (comma - head >= 7 && g_ascii_strncasecmp(comma - 7, ";base64", 7) == 0)
        return is_base64(comma + 1) ? NULL : g_strdup("a data: URL whose base64 is broken or cut");
    g_autoptr(GBytes) bytes = g_uri_unescape_bytes(comma + 1, -1, NULL, NULL);
    return bytes ? NULL : g_strdup("a data: URL with a broken %XX escape");
}

/* ---- tokens ---- */

/* The service counts pixels, seconds and pages, which are not known here: bytes of common files. A picture
 * is 258 tokens a tile, 1,120 for newer models; sound 32 a second, taken as 128 kbit; video 300 a second,
 * taken as 1 Mbit; a page of a PDF 258, taken as 50 KB. (Gemini's documents, 2026) */
int64_t tm_media_tokens(const char *type, int64_t size)
{
    if (g_str_has_prefix(type, "image/"))
        return 1120;
    if (g_str_has_prefix(type, "audio/"))
        return 32 + size / 500;
    if (g_str_has_prefix(type, "video/"))
        return 300 + size / 416;
    if (strcmp(type, "application/pdf") == 0)
        return 258 + size / 200;
    return size / 3 + 1;
}
