/* openai_pictures.c - pictures in answers: each gateway puts them somewhere else (wire facts, section 5).
 * They become parts as Gemini's are: {"inlineData": {...}} or {"fileData": {...}}. */
#include "core/provider/openai_parts.h"

#include <string.h>

static void keep(tm_answer *answer, json_t *part)
{
    if (!answer->parts)
        answer->parts = g_ptr_array_new_with_free_func(g_free);
    g_ptr_array_add(answer->parts, tm_json_text(part));
    json_decref(part);
}

/* What bytes are, by how their base64 begins. */
static const char *type_of(const char *data)
{
    static const char *const known[][2] = {{"iVBOR", "image/png"},
                                           {"/9j/", "image/jpeg"},
                                           {"UklGR", "image/webp"},
                                           {"R0lG", "image/gif"},
                                           {"SUQz", "audio/mpeg"}};
    for (size_t i = 0; i < G_N_ELEMENTS(known); i++)
        if (g_str_has_prefix(data, known[i][0]))
            return known[i][1];
    return "image/png";
}

static void keep_data(tm_answer *answer, const char *type, size_t n, const char *data, size_t length)
{
    g_autofree char *mime = g_strndup(type, n);
    keep(answer, json_pack("{s:{s:s, s:s%}}", "inlineData", "mimeType", *mime ? mime : type_of(data), "data",
                           data, length));
}

/* A data: URL or a link. False: neither. */
static bool keep_url(tm_answer *answer, const char *url, size_t length)
{
    static const char mark[] = ";base64,";
    if (length > 5 && g_ascii_strncasecmp(url, "data:", 5) == 0) {
        const char *bytes = memmem(url, length, mark, strlen(mark));
        if (!bytes)
            return false;
        const char *data = bytes + strlen(mark);
        keep_data(answer, url + 5, strcspn(url + 5, ";,"), data, length - (size_t)(data - url));
        return true;
    }
    if (length < 8 ||
        (g_ascii_strncasecmp(url, "https://", 8) != 0 && g_ascii_strncasecmp(url, "http://", 7) != 0))
        return false;
    keep(answer, json_pack("{s:{s:s%}}", "fileData", "fileUri", url, length));
    return true;
}

/* {"image_url": {"url"}}, {"image_url": "..."}, {"url"}, {"b64_json"}, or a bare text. */
static void keep_one(tm_answer *answer, const json_t *image)
{
    const json_t *inner = json_object_get(image, "image_url");
    const char *url = json_is_string(image) ? json_string_value(image)
                      : json_is_string(inner)
                          ? json_string_value(inner)
                          : tm_json_string(inner, "url", tm_json_string(image, "url", NULL));
    const char *data = tm_json_string(image, "b64_json", tm_json_string(image, "result", NULL));
    if (data && *data)
        keep_data(answer, "", 0, data, strlen(data));
    else if (url)
        keep_url(answer, url, strlen(url));
}

void tm_openai_keep_pictures(const json_t *message, tm_answer *answer)
{
    static const char *const kinds[] = {"image_url", "output_image", "image", NULL};
    const json_t *audio = tm_json_object(message, "audio"), *one = json_object_get(message, "image");
    size_t i;
    json_t *item;
    json_array_foreach(tm_json_array(message, "images"), i, item)
        keep_one(answer, item);
    if (one) /* older litellm */
        keep_one(answer, one);
    json_array_foreach(tm_json_array(message, "content"), i, item)
        if (g_strv_contains(kinds, tm_json_string(item, "type", "")))
            keep_one(answer, item);
    const char *sound = audio ? tm_json_string(audio, "data", "") : "";
    if (*sound)
        keep_data(answer, "audio/wav", strlen("audio/wav"), sound, strlen(sound));
}

void tm_openai_keep_drawn(const json_t *root, tm_answer *answer)
{
    size_t i;
    json_t *item;
    json_array_foreach(tm_json_array(root, "data"), i, item)
        keep_one(answer, item);
}

/* Where the next picture stands in Markdown from *at on: its start, its URL and its end. */
static bool next_picture(const char *text, size_t *start, size_t *url, size_t *length, size_t *end)
{
    for (const char *mark = strstr(text + *start, "!["); mark; mark = strstr(mark + 2, "![")) {
        const char *close = strstr(mark, "](");
        const char *tail = close ? strchr(close, ')') : NULL;
        if (!tail)
            return false;
        *start = (size_t)(mark - text);
        *url = (size_t)(close + 2 - text);
        *length = strcspn(close + 2, ") ");
        *end = (size_t)(tail + 1 - text);
        return true;
    }
    return false;
}

void tm_openai_take_pictures(GString *text, bool links, tm_answer *answer)
{
    size_t start = 0, url = 0, length = 0, end = 0;
    while (next_picture(text->str, &start, &url, &length, &end)) {
        bool data = g_ascii_strncasecmp(text->str + url, "data:", 5) == 0;
        if ((data || links) && keep_url(answer, text->str + url, length))
            g_string_erase(text, (gssize)start, (gssize)(end - start));
        else
            start = end;
    }
    size_t blanks = strspn(text->str, " \n\r\t");
    const char *bare = text->str + blanks;
    size_t n = strcspn(bare, " \n\r\t");
    bool alone = n > 0 && bare[n + strspn(bare + n, " \n\r\t")] == '\0';
    if (alone &&
        (g_ascii_strncasecmp(bare, "data:image/", 11) == 0 || (links && g_str_has_prefix(bare, "http"))) &&
        keep_url(answer, bare, n))
        g_string_truncate(text, 0);
    else if (answer->parts && strspn(text->str, " \n\r\t") == text->len)
        g_string_truncate(text, 0);
}
