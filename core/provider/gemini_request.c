/* gemini_request.c - a row's messages spliced into the text of a request: no tree is built for a row. */
#include "core/provider/gemini_parts.h"

#include "core/error.h"
#include <string.h>

/* The role as the API says it; NULL: none it knows. */
static const char *role_of(const tm_message *message)
{
    static const char *const roles[][2] = {
        {"user", "user"}, {"model", "model"}, {"assistant", "model"}, {"system", "system"}, {"", "user"}};
    for (size_t i = 0; i < G_N_ELEMENTS(roles); i++)
        if (g_strcmp0(message->role, roles[i][0]) == 0)
            return roles[i][1];
    return NULL;
}

static bool is_empty(const tm_part *part)
{
    return part->kind == TM_PART_OTHER || (part->kind == TM_PART_TEXT && part->text->len == 0);
}

static void write_text(GString *out, const tm_part *part)
{
    g_string_append(out, "{\"text\":");
    tm_json_write_string(out, part->text->str, part->text->len);
    g_string_append_c(out, '}');
}

/* ---- media ---- */

static bool is_base64(const char *text)
{
    for (; *text; text++)
        if (!g_ascii_isalnum(*text) && !strchr("+/=-_", *text))
            return false;
    return true;
}

/* data:TYPE;PARAMETERS;base64,BYTES or data:TYPE,TEXT */
static gboolean write_data_url(GString *out, const tm_part *part, GError **error)
{
    const char *head = part->url + strlen("data:"), *comma = strchr(head, ',');
    if (!comma)
        return tm_fail(error, TM_ERROR_INPUT,
                       "a data: URL without a comma: data:TYPE;base64,BYTES is wanted");
    bool base64 = comma - head >= 7 && g_ascii_strncasecmp(comma - 7, ";base64", 7) == 0;
    size_t type = strcspn(head, ";,");
    g_string_append(out, "{\"inlineData\":{\"mimeType\":");
    if (part->content_type)
        tm_json_write_string(out, part->content_type, strlen(part->content_type));
    else if (type > 0)
        tm_json_write_string(out, head, type);
    else
        g_string_append(out, "\"text/plain\"");
    g_string_append(out, ",\"data\":\"");
    if (base64) {
        if (!is_base64(comma + 1))
            return tm_fail(error, TM_ERROR_INPUT, "a data: URL says base64 and holds other characters");
        g_string_append(out, comma + 1);
    } else {
        g_autoptr(GBytes) bytes = g_uri_unescape_bytes(comma + 1, -1, NULL, NULL);
        if (!bytes)
            return tm_fail(error, TM_ERROR_INPUT, "a data: URL with a broken %%XX escape");
        gsize length = 0;
        const guchar *data = g_bytes_get_data(bytes, &length);
        g_autofree char *coded = g_base64_encode(data, length);
        g_string_append(out, coded);
    }
    g_string_append(out, "\"}}");
    return TRUE;
}

static void write_file_url(GString *out, const tm_part *part)
{
    g_string_append(out, "{\"fileData\":{");
    if (part->content_type) {
        g_string_append(out, "\"mimeType\":");
        tm_json_write_string(out, part->content_type, strlen(part->content_type));
        g_string_append_c(out, ',');
    }
    g_string_append(out, "\"fileUri\":");
    tm_json_write_string(out, part->url, strlen(part->url));
    g_string_append(out, "}}");
}

static gboolean write_local(GString *out, const tm_part *part, const tm_operation *operation, GError **error)
{
    g_autofree char *mime = NULL;
    if (!operation->media)
        return tm_fail(error, TM_ERROR_INPUT, "media \"%s\": local files can't be read here", part->url);
    g_string_append(out, "{\"inlineData\":{\"data\":\"");
    if (!operation->media(operation->media_data, part->url, part->content_type, out, &mime, error))
        return FALSE;
    g_string_append(out, "\",\"mimeType\":");
    tm_json_write_string(out, mime, strlen(mime));
    g_string_append(out, "}}");
    return TRUE;
}

static gboolean write_media(GString *out, const tm_part *part, const tm_operation *operation, GError **error)
{
    static const char *const remote[] = {"https://", "http://", "gs://"};
    if (!part->url || !*part->url)
        return tm_fail(error, TM_ERROR_INPUT, "{{media}} has an empty url: is the column empty in this row?");
    if (g_ascii_strncasecmp(part->url, "data:", 5) == 0)
        return write_data_url(out, part, error);
    for (size_t i = 0; i < G_N_ELEMENTS(remote); i++) {
        if (g_ascii_strncasecmp(part->url, remote[i], strlen(remote[i])) == 0) {
            write_file_url(out, part);
            return TRUE;
        }
    }
    return write_local(out, part, operation, error);
}

/* ---- messages ---- */

/* Writes "systemInstruction", if there is one, from the config's and the messages' own. */
static gboolean write_system(GString *out, const tm_operation *operation, GError **error)
{
    const char *own = operation->skeleton->system;
    size_t start = out->len;
    bool any = own != NULL;
    g_string_append(out, "\"systemInstruction\":{\"parts\":[");
    if (own)
        g_string_append(out, own);
    for (guint i = 0; i < operation->messages->len; i++) {
        const tm_message *message = operation->messages->pdata[i];
        if (g_strcmp0(message->role, "system") != 0)
            continue;
        for (guint k = 0; k < message->parts->len; k++) {
            const tm_part *part = message->parts->pdata[k];
            if (is_empty(part))
                continue;
            if (part->kind == TM_PART_MEDIA)
                return tm_fail(error, TM_ERROR_INPUT,
                               "media in a system message: Gemini takes text only there; put "
                               "{{media}} under {{role \"user\"}}");
            if (any)
                g_string_append_c(out, ',');
            write_text(out, part);
            any = true;
        }
    }
    if (any)
        g_string_append(out, "]},");
    else
        g_string_truncate(out, start);
    return TRUE;
}

/* Writes "contents"; neighbours of one role become one. */
static gboolean write_contents(GString *out, const tm_operation *operation, GError **error)
{
    const char *open = NULL; /* the role that is being written */
    g_string_append(out, "\"contents\":[");
    for (guint i = 0; i < operation->messages->len; i++) {
        const tm_message *message = operation->messages->pdata[i];
        const char *role = role_of(message);
        if (!role)
            return tm_fail(error, TM_ERROR_INPUT, "role \"%s\": Gemini knows user, model and system",
                           message->role);
        if (strcmp(role, "system") == 0)
            continue;
        for (guint k = 0; k < message->parts->len; k++) {
            const tm_part *part = message->parts->pdata[k];
            if (is_empty(part))
                continue;
            if (open == role)
                g_string_append_c(out, ',');
            else
                g_string_append_printf(out, "%s{\"role\":\"%s\",\"parts\":[", open ? "]}," : "", role);
            open = role;
            if (part->kind == TM_PART_TEXT)
                write_text(out, part);
            else if (!write_media(out, part, operation, error))
                return FALSE;
        }
    }
    if (!open)
        return tm_fail(error, TM_ERROR_INPUT,
                       "this row's prompt is empty: it has no text for the user's turn%s",
                       operation->messages->len ? ", maybe because all of it is {{role \"system\"}}" : "");
    g_string_append(out, "]}]");
    return TRUE;
}

gboolean tm_gemini_write_request(GString *out, const tm_operation *operation, GError **error)
{
    if (!write_system(out, operation, error) || !write_contents(out, operation, error))
        return FALSE;
    g_string_append(out, operation->skeleton->tail);
    return TRUE;
}
