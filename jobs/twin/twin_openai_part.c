/* twin_openai_part.c - the content of a chat message: a text, or typed parts. */
#include <string.h>

#include "core/json.h"
#include "jobs/twin/twin_openai.h"

enum { PLACE = 64 };

static const char *const types[] = {"text", "image_url", "input_audio", "refusal", "audio", "file", NULL};
static const char *const details[] = {"auto", "low", "high", "original", NULL};
static const char *const sounds[] = {"wav", "mp3", NULL};

static const tm_twin_openai_field part_fields[] = {
    {"type", TM_FIELD_OF_TEXT, 0, 0, types},
    {"text", TM_FIELD_OF_TEXT, 0, 0, NULL},
    {"image_url", TM_FIELD_OF_OBJECT, 0, 0, NULL},
    {"input_audio", TM_FIELD_OF_OBJECT, 0, 0, NULL},
    {"refusal", TM_FIELD_OF_TEXT, 0, 0, NULL},
    {"file", TM_FIELD_OF_OBJECT, 0, 0, NULL},
    {"prompt_cache_breakpoint", TM_FIELD_OF_OBJECT, 0, 0, NULL},
    {NULL, TM_FIELD_OF_ANYTHING, 0, 0, NULL},
};
static const tm_twin_openai_field image_fields[] = {
    {"url", TM_FIELD_OF_TEXT, 0, 0, NULL},
    {"detail", TM_FIELD_OF_TEXT, 0, 0, details},
    {NULL, TM_FIELD_OF_ANYTHING, 0, 0, NULL},
};
static const tm_twin_openai_field audio_fields[] = {
    {"data", TM_FIELD_OF_TEXT, 0, 0, NULL},
    {"format", TM_FIELD_OF_TEXT, 0, 0, sounds},
    {NULL, TM_FIELD_OF_ANYTHING, 0, 0, NULL},
};
static const tm_twin_openai_field file_fields[] = {
    {"file_data", TM_FIELD_OF_TEXT, 0, 0, NULL},
    {"file_id", TM_FIELD_OF_TEXT, 0, 0, NULL},
    {"filename", TM_FIELD_OF_TEXT, 0, 0, NULL},
    {NULL, TM_FIELD_OF_ANYTHING, 0, 0, NULL},
};

static json_t *refuse(tm_twin_arrival *a, const char *place, const char *code, const char *words)
{
    tm_twin_refuse_parameter(a, place, code, words);
    return NULL;
}

static json_t *inline_data(const char *mime, const char *base64)
{
    return json_pack("{s{ss,ss}}", "inlineData", "mimeType", mime, "data", base64);
}

/* Whole base64 of the standard alphabet; its bytes, or NULL. (transfer full) */
static guchar *decode(const char *text, gsize *length)
{
    size_t n = strlen(text), body = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                                 "0123456789+/");
    size_t padding = n - body;
    if (!n || n % 4 || padding > 2 || strspn(text + body, "=") != padding)
        return NULL;
    return g_base64_decode(text, length);
}

/* Do the bytes begin as this kind of picture does? */
static bool looks_like_picture(const guchar *bytes, gsize length)
{
    return (length > 8 && memcmp(bytes, "\x89PNG\r\n\x1a\n", 8) == 0) ||
           (length > 3 && memcmp(bytes, "\xff\xd8\xff", 3) == 0) ||
           (length > 6 && (memcmp(bytes, "GIF87a", 6) == 0 || memcmp(bytes, "GIF89a", 6) == 0)) ||
           (length > 12 && memcmp(bytes, "RIFF", 4) == 0 && memcmp(bytes + 8, "WEBP", 4) == 0);
}

static json_t *image_part(tm_twin_arrival *a, const char *url, const char *place)
{
    if (g_str_has_prefix(url, "https://") || g_str_has_prefix(url, "http://"))
        return json_pack("{s{ss}}", "fileData", "fileUri", url);
    const char *mark = strstr(url, ";base64,");
    if (!g_str_has_prefix(url, "data:") || !mark)
        return refuse(
            a, place, "invalid_image_url",
            "Invalid image URL. Expected an https URL or a base64-encoded data URL with an image MIME "
            "type (e.g. 'data:image/png;base64,aW1nIGJ5dGVzIGhlcmU=').");
    g_autofree char *mime = g_strndup(url + 5, (gsize)(mark - url) - 5);
    if (!g_str_has_prefix(mime, "image/"))
        return refuse(a, place, "invalid_image_format", "Invalid MIME type. Only image types are supported.");
    gsize length = 0;
    g_autofree guchar *bytes = decode(mark + 8, &length);
    if (!bytes)
        return refuse(a, place, "invalid_base64", "Invalid base64 image_url.");
    if (a->preset->strict && !looks_like_picture(bytes, length))
        return refuse(
            a, place, "invalid_image_format",
            "You uploaded an unsupported image. Please make sure your image has of one the following "
            "formats: ['png', 'jpeg', 'gif', 'webp'].");
    return inline_data(mime, mark + 8);
}

static json_t *audio_part(tm_twin_arrival *a, const json_t *audio, const char *place)
{
    gsize length;
    const char *data = tm_json_string(audio, "data", ""), *format = tm_json_string(audio, "format", "");
    g_autofree guchar *bytes = decode(data, &length);
    if (!bytes || !*format)
        return refuse(a, place, "invalid_value",
                      "Invalid value for 'input_audio': expected base64 and a format.");
    return inline_data(strcmp(format, "wav") == 0 ? "audio/wav" : "audio/mpeg", data);
}

static json_t *file_part(tm_twin_arrival *a, const json_t *file, const char *place)
{
    gsize length;
    const char *data = tm_json_string(file, "file_data", NULL), *id = tm_json_string(file, "file_id", NULL);
    const char *mark = data ? strstr(data, ";base64,") : NULL;
    if (id)
        return json_pack("{s{ss}}", "fileData", "fileUri", id);
    g_autofree guchar *bytes = mark && g_str_has_prefix(data, "data:") ? decode(mark + 8, &length) : NULL;
    if (!bytes || !tm_json_string(file, "filename", NULL))
        return refuse(
            a, place, "invalid_value",
            "Invalid value for 'file': expected a file_id, or a filename and a base64-encoded data URL.");
    g_autofree char *mime = g_strndup(data + 5, (gsize)(mark - data) - 5);
    return inline_data(mime, mark + 8);
}

/* Is what the part's type names there? */
static json_t *member_of(tm_twin_arrival *a, const json_t *part, const char *name, const char *place)
{
    json_t *member = json_object_get(part, name);
    g_autofree char *param = g_strdup_printf("%s.%s", place, name);
    g_autofree char *words = g_strdup_printf("Missing required parameter: '%s'.", param);
    return member ? member : refuse(a, param, "missing_required_parameter", words);
}

static json_t *typed_part(tm_twin_arrival *a, json_t *part, const char *place)
{
    g_autofree char *dot = g_strdup_printf("%s.", place);
    if (!json_is_object(part) || !tm_twin_openai_fields(a, part, dot, part_fields))
        return a->reply->body ? NULL : refuse(a, place, "invalid_type", "Invalid type: expected an object.");
    const char *type = tm_json_string(part, "type", "");
    if (!member_of(a, part, "type", place))
        return NULL;
    json_t *member = member_of(a, part, type, place);
    if (!member)
        return NULL;
    g_autofree char *param = g_strdup_printf("%s.%s", place, type), *inside = g_strdup_printf("%s.", param);
    if (json_is_string(member))
        return json_pack("{sO}", "text", member);
    if (strcmp(type, "image_url") == 0)
        return tm_twin_openai_fields(a, member, inside, image_fields)
                   ? image_part(a, tm_json_string(member, "url", ""), param)
                   : NULL;
    if (strcmp(type, "input_audio") == 0)
        return tm_twin_openai_fields(a, member, inside, audio_fields) ? audio_part(a, member, param) : NULL;
    return tm_twin_openai_fields(a, member, inside, file_fields) ? file_part(a, member, param) : NULL;
}

/* Media are the user's alone. */
static bool may_say(tm_twin_arrival *a, const json_t *part, const char *role, const char *place)
{
    const char *type = tm_json_string(part, "type", "");
    if (strcmp(role, "user") == 0 || strcmp(type, "text") == 0 || strcmp(type, "refusal") == 0)
        return true;
    g_autofree char *words = g_strdup_printf("Invalid '%s'. Parts of type '%s' are only allowed for messages "
                                             "with role 'user', but this message has "
                                             "role '%s'.",
                                             place, type, role);
    tm_twin_refuse_parameter(a, place, "invalid_value", words);
    return false;
}

json_t *tm_twin_openai_parts(tm_twin_arrival *a, const json_t *content, const char *role, const char *place)
{
    g_autofree char *param = g_strdup_printf("%s.content", place);
    if (json_is_string(content))
        return json_pack("[{sO}]", "text", content);
    if (!json_is_array(content) || json_array_size(content) == 0) {
        g_autofree char *words = g_strdup_printf("Invalid value for '%s': expected a string, got %s.", param,
                                                 json_is_array(content) ? "an empty array" : "null");
        return refuse(a, param, "invalid_type", words);
    }
    json_t *parts = json_array(), *one;
    size_t i;
    json_array_foreach(content, i, one) {
        char at[PLACE * 2];
        g_snprintf(at, sizeof at, "%s[%zu]", param, i);
        json_t *part = may_say(a, one, role, place) ? typed_part(a, one, at) : NULL;
        if (!part) {
            json_decref(parts);
            return NULL;
        }
        json_array_append_new(parts, part);
    }
    return parts;
}
