/* openai_request.c - a row's messages spliced into the text of a request: no tree is built for a row. Text
 * stays a plain string where there is no media: servers of text alone refuse the array. */
#include "core/provider/openai_parts.h"

#include "core/error.h"
#include <string.h>

bool tm_openai_draws(const char *model)
{
    static const char *const globs[] = {"gpt-image-*", "chatgpt-image-*", "dall-e-*", "imagen-*",
                                        "grok-*-image*"};
    const char *slash = model ? strrchr(model, '/') : NULL;
    for (size_t i = 0; model && i < G_N_ELEMENTS(globs); i++)
        if (tm_model_matches(globs[i], slash ? slash + 1 : model))
            return true;
    return false;
}

/* The role as the API says it; NULL: none it knows. */
static const char *role_of(const tm_message *message)
{
    static const char *const roles[][2] = {{"user", "user"},        {"model", "assistant"},
                                           {"system", "system"},    {"assistant", "assistant"},
                                           {"developer", "system"}, {"", "user"}};
    for (size_t i = 0; i < G_N_ELEMENTS(roles); i++)
        if (g_strcmp0(message->role, roles[i][0]) == 0)
            return roles[i][1];
    return NULL;
}

static bool is_empty(const tm_part *part)
{
    return part->kind == TM_PART_OTHER || (part->kind == TM_PART_TEXT && part->text->len == 0);
}

static void write_string(GString *out, const char *text, size_t length)
{
    tm_json_write_string(out, text, length);
}

/* ---- members ---- */

static void open_member(GString *out, const char *name)
{
    g_string_append_c(out, ',');
    write_string(out, name, strlen(name));
    g_string_append_c(out, ':');
}

/* Does the service refuse the field, by the catalogue or by what it said? */
static bool is_refused(const tm_operation *operation, const tm_openai_manners *manners, const char *name)
{
    const tm_preset *service = operation->account->service;
    for (size_t i = 0; service && i < json_array_size(service->lacks); i++)
        if (g_strcmp0(json_string_value(json_array_get(service->lacks, i)), name) == 0)
            return true;
    return tm_openai_is_dropped(manners, name);
}

static void write_fields(GString *out, const tm_operation *operation, const tm_openai_manners *manners)
{
    const tm_preset *service = operation->account->service;
    for (guint i = 0; i < operation->skeleton->fields->len; i++) {
        const tm_openai_field *field = operation->skeleton->fields->pdata[i];
        if (is_refused(operation, manners, field->name))
            continue;
        bool seed = service && service->random_seed && strcmp(field->name, "seed") == 0;
        open_member(out, seed ? service->random_seed : field->name);
        g_string_append(out, field->text);
    }
}

static void write_format(GString *out, const tm_operation *operation, tm_json_way way)
{
    const tm_skeleton *skeleton = operation->skeleton;
    const tm_preset *service = operation->account->service;
    const char *name;
    json_t *value;
    const char *format = skeleton->format        ? skeleton->format
                         : way == TM_JSON_SCHEMA ? skeleton->schema
                         : way == TM_JSON_OBJECT ? "{\"type\":\"json_object\"}"
                                                 : NULL;
    if (!format)
        return;
    open_member(out, "response_format");
    g_string_append(out, format);
    if (way != TM_JSON_SCHEMA || !service)
        return;
    json_object_foreach((json_t *)(gpointer)service->with_schema, name, value) {
        open_member(out, name);
        tm_json_write(out, value);
    }
}

/* ---- messages ---- */

/* Everything that is a system instruction, as one text: some servers take one such message, at the start
 * only. */
static gboolean write_system(GString *out, const tm_operation *operation, const char *hint, GError **error)
{
    const char *own = operation->skeleton->system;
    g_autoptr(GString) text = g_string_new(own);
    for (guint i = 0; i < operation->messages->len; i++) {
        const tm_message *message = operation->messages->pdata[i];
        if (g_strcmp0(role_of(message), "system") != 0)
            continue;
        bool first = true;
        for (guint k = 0; k < message->parts->len; k++) {
            const tm_part *part = message->parts->pdata[k];
            if (is_empty(part))
                continue;
            if (part->kind == TM_PART_MEDIA)
                return tm_fail(error, TM_ERROR_INPUT,
                               "media in a system message: it takes text only; put {{media}} under {{role "
                               "\"user\"}}");
            if (first && text->len)
                g_string_append(text, "\n\n");
            g_string_append_len(text, part->text->str, (gssize)part->text->len);
            first = false;
        }
    }
    if (hint)
        g_string_append_printf(text, "%s%s", text->len ? "\n\n" : "", hint);
    if (text->len) {
        g_string_append(out, "{\"role\":\"system\",\"content\":");
        write_string(out, text->str, text->len);
        g_string_append(out, "},");
    }
    return TRUE;
}

/* One turn: the messages [from, to) have the same role. False and *error: a part can't be said. */
static gboolean write_turn(GString *out, const tm_operation *operation, guint from, guint to, bool media,
                           GError **error)
{
    g_autoptr(GString) text = g_string_new(NULL);
    bool any = false;
    if (media)
        g_string_append_c(out, '[');
    for (guint i = from; i < to; i++) {
        const tm_message *message = operation->messages->pdata[i];
        if (!media && text->len && message->parts->len)
            g_string_append(text, "\n\n");
        for (guint k = 0; k < message->parts->len; k++) {
            const tm_part *part = message->parts->pdata[k];
            if (is_empty(part))
                continue;
            if (!media) {
                g_string_append_len(text, part->text->str, (gssize)part->text->len);
                continue;
            }
            if (any)
                g_string_append_c(out, ',');
            any = true;
            if (part->kind == TM_PART_MEDIA) {
                if (!tm_openai_write_media(out, part, operation, error))
                    return FALSE;
                continue;
            }
            g_string_append(out, "{\"type\":\"text\",\"text\":");
            write_string(out, part->text->str, part->text->len);
            g_string_append_c(out, '}');
        }
    }
    if (media)
        g_string_append_c(out, ']');
    else
        write_string(out, text->str, text->len);
    return TRUE;
}

/* The message has something to say: text or media. */
static bool speaks(const tm_message *message, bool *media)
{
    bool any = false;
    for (guint k = 0; k < message->parts->len; k++) {
        const tm_part *part = message->parts->pdata[k];
        any = any || !is_empty(part);
        *media = *media || part->kind == TM_PART_MEDIA;
    }
    return any;
}

static gboolean fail_empty(const tm_operation *operation, GError **error)
{
    return tm_fail(error, TM_ERROR_INPUT, "this row's prompt is empty: it has no text for the user's turn%s",
                   operation->messages->len ? ", maybe because all of it is {{role \"system\"}}" : "");
}

/* Neighbours of one role become one: some chat templates insist on turns. */
static gboolean write_turns(GString *out, const tm_operation *operation, GError **error)
{
    const GPtrArray *messages = operation->messages;
    bool any = false;
    for (guint i = 0; i < messages->len;) {
        const char *role = role_of(messages->pdata[i]);
        bool media = false, says = false;
        guint to = i;
        if (!role)
            return tm_fail(error, TM_ERROR_INPUT, "role \"%s\": this API knows user, model and system",
                           ((const tm_message *)messages->pdata[i])->role);
        for (; to < messages->len && g_strcmp0(role_of(messages->pdata[to]), role) == 0; to++)
            says = speaks(messages->pdata[to], &media) || says;
        if (says && strcmp(role, "system") != 0) {
            g_string_append_printf(out, "%s{\"role\":\"%s\",\"content\":", any ? "," : "", role);
            if (!write_turn(out, operation, i, to, media, error))
                return FALSE;
            g_string_append_c(out, '}');
            any = true;
        }
        i = to;
    }
    return any ? TRUE : fail_empty(operation, error);
}

gboolean tm_openai_write_chat(GString *out, const tm_operation *operation, const tm_openai_manners *manners,
                              GError **error)
{
    const tm_skeleton *skeleton = operation->skeleton;
    tm_json_way way = tm_openai_json_way(manners, skeleton);
    g_string_append(out, "{\"model\":");
    write_string(out, operation->model, strlen(operation->model));
    g_string_append(out, ",\"messages\":[");
    if (!write_system(out, operation, way == TM_JSON_SCHEMA ? NULL : skeleton->hint, error) ||
        !write_turns(out, operation, error))
        return FALSE;
    g_string_append_c(out, ']');
    if (skeleton->cap >= 0 && manners->cap)
        g_string_append_printf(out, ",\"%s\":%" G_GINT64_FORMAT, manners->cap, skeleton->cap);
    write_fields(out, operation, manners);
    write_format(out, operation, way);
    g_string_append_c(out, '}');
    return TRUE;
}

/* ---- pictures ---- */

gboolean tm_openai_write_picture(GString *out, const tm_operation *operation,
                                 const tm_openai_manners *manners, GError **error)
{
    g_autoptr(GString) text = g_string_new(operation->skeleton->system);
    for (guint i = 0; i < operation->messages->len; i++) {
        const tm_message *message = operation->messages->pdata[i];
        for (guint k = 0; k < message->parts->len; k++) {
            const tm_part *part = message->parts->pdata[k];
            if (is_empty(part))
                continue;
            if (part->kind == TM_PART_MEDIA)
                return tm_fail(error, TM_ERROR_INPUT,
                               "media for %s: pictures are drawn from text alone here (/images/edits is not "
                               "supported)",
                               operation->model);
            if (k == 0 && text->len)
                g_string_append(text, "\n\n");
            g_string_append_len(text, part->text->str, (gssize)part->text->len);
        }
    }
    if (text->len == 0)
        return fail_empty(operation, error);
    g_string_append(out, "{\"model\":");
    write_string(out, operation->model, strlen(operation->model));
    g_string_append(out, ",\"prompt\":");
    write_string(out, text->str, text->len);
    write_fields(out, operation, manners);
    g_string_append_c(out, '}');
    return TRUE;
}
