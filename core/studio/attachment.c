/* attachment.c - images, sounds, films and documents in a saved prompt */
#include "core/studio/attachment.h"
#include "core/json.h"
#include <string.h>

typedef struct {
    const char *ending, *mime;
} file_kind;

static const file_kind file_kinds[] = {
    {".png", "image/png"},   {".jpg", "image/jpeg"},  {".jpeg", "image/jpeg"},
    {".webp", "image/webp"}, {".gif", "image/gif"},   {".heic", "image/heic"},
    {".heif", "image/heif"}, {".avif", "image/avif"}, {".mp3", "audio/mpeg"},
    {".wav", "audio/wav"},   {".m4a", "audio/mp4"},   {".ogg", "audio/ogg"},
    {".flac", "audio/flac"}, {".mp4", "video/mp4"},   {".mov", "video/quicktime"},
    {".webm", "video/webm"}, {".mpeg", "video/mpeg"}, {".pdf", "application/pdf"},
};

const char *tm_attachment_mime(const char *file)
{
    size_t n = strlen(file);
    for (size_t i = 0; i < G_N_ELEMENTS(file_kinds); i++) {
        size_t e = strlen(file_kinds[i].ending);
        if (n > e && g_ascii_strcasecmp(file + n - e, file_kinds[i].ending) == 0)
            return file_kinds[i].mime;
    }
    return NULL;
}

char *tm_attachment_url(const char *bytes, size_t length, const char *mime)
{
    g_autofree char *base64 = g_base64_encode((const guchar *)bytes, length);
    return g_strdup_printf("data:%s;base64,%s", mime, base64);
}

static bool is_mime(const char *text)
{
    size_t n = strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!#$&^_.+-");
    const char *rest = text + n + 1;
    return n > 0 && text[n] == '/' && *rest && strlen(text) < 128 &&
           strspn(rest, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!#$&^_.+-") ==
               strlen(rest);
}

static bool is_base64(const char *text)
{
    size_t n = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/");
    return n > 0 && strspn(text + n, "=") == strlen(text + n);
}

/* An id of Drive or YouTube, and nothing that could be anything else. */
static bool is_id(const char *text)
{
    size_t n = strlen(text);
    return n > 0 && n <= 128 &&
           strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-") == n;
}

static tm_piece *piece_media(const char *what)
{
    tm_piece *piece = g_new0(tm_piece, 1);
    piece->kind = TM_PIECE_MEDIA;
    piece->what = g_strdup(what);
    return piece;
}

/* "driveImage" -> "image"; what can't be a variable's name is a file. */
static char *what_of(const char *key, size_t prefix)
{
    char *what = g_ascii_strdown(key + prefix, -1);
    if (!*what || strspn(what, "abcdefghijklmnopqrstuvwxyz") != strlen(what)) {
        g_free(what);
        what = g_strdup("file");
    }
    return what;
}

static void read_inline(tm_draft *draft, tm_turn *turn, const char *key, const json_t *value)
{
    const char *mime = tm_json_string(value, "mimeType", ""), *data = tm_json_string(value, "data", "");
    const char *slash = strchr(mime, '/');
    g_autofree char *what = g_str_has_prefix(mime, "image/") || g_str_has_prefix(mime, "audio/") ||
                                    g_str_has_prefix(mime, "video/")
                                ? g_strndup(mime, (gsize)(slash - mime))
                                : what_of(key, strlen("inline"));
    if (!is_mime(mime) || !is_base64(data)) {
        tm_draft_note(draft, "the saved %s can't be read and was left out", what);
        return;
    }
    tm_piece *piece = piece_media(what);
    piece->url = g_strdup_printf("data:%s;base64,%s", mime, data);
    piece->mime = g_strdup(mime);
    g_ptr_array_add(turn->pieces, piece);
    tm_draft_note(draft, "the %s is kept inside the prompt file as a data URL of %zu KB", what,
                  strlen(piece->url) / 1024 + 1);
}

static void read_drive(tm_turn *turn, const char *key, const json_t *value)
{
    const char *id = tm_json_string(value, "id", "");
    g_autofree char *what = what_of(key, strlen("drive"));
    tm_piece *piece = piece_media(what);
    piece->drive_id = g_strdup(is_id(id) ? id : "without an id");
    g_ptr_array_add(turn->pieces, piece);
}

static void read_youtube(tm_draft *draft, tm_turn *turn, const json_t *value)
{
    const char *id = tm_json_string(value, "id", "");
    if (!is_id(id)) {
        tm_draft_note(draft, "a YouTube video without an id was left out");
        return;
    }
    tm_piece *piece = piece_media("video");
    piece->url = g_strdup_printf("https://www.youtube.com/watch?v=%s", id);
    g_ptr_array_add(turn->pieces, piece);
}

void tm_attachments_read(tm_draft *draft, tm_turn *turn, const json_t *chunk)
{
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)chunk, key, value) {
        if (!json_is_object(value))
            continue;
        if (g_str_has_prefix(key, "inline"))
            read_inline(draft, turn, key, value);
        else if (g_str_has_prefix(key, "drive"))
            read_drive(turn, key, value);
        else if (strcmp(key, "youtubeVideo") == 0)
            read_youtube(draft, turn, value);
    }
}
