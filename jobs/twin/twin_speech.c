/* twin_speech.c - what the twin says to a request. */
#include "jobs/twin/twin_speech.h"

#include <string.h>

#include "core/json.h"
#include "jobs/twin/twin.h"
#include "jobs/twin/twin_media.h"
#include "jobs/twin/twin_model.h"
#include "jobs/twin/twin_request.h"
#include "jobs/twin/twin_value.h"

enum { MEDIA_TOKENS = 258, BYTES_PER_TOKEN = 4 };

static int64_t tokens_of(size_t bytes)
{
    return (int64_t)((bytes + BYTES_PER_TOKEN - 1) / BYTES_PER_TOKEN);
}

static uint64_t hash_bytes(uint64_t hash, const char *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++)
        hash = (hash ^ (unsigned char)bytes[i]) * 1099511628211u; /* FNV-1a */
    return hash;
}

static const json_t *parts_of(const json_t *content)
{
    return json_object_get(content, "parts");
}

static const json_t *config_of(const json_t *body)
{
    return json_object_get(body, "generationConfig");
}

/* Of all that the prompt says, media included. */
static uint64_t hash_contents(const json_t *body)
{
    uint64_t hash = 14695981039346656037u;
    size_t i, k;
    json_t *content, *part;
    json_array_foreach(json_object_get(body, "contents"), i, content) {
        json_array_foreach(parts_of(content), k, part) {
            const json_t *text = json_object_get(part, "text");
            const json_t *data = json_object_get(json_object_get(part, "inlineData"), "data");
            const json_t *uri = json_object_get(json_object_get(part, "fileData"), "fileUri");
            const json_t *all[] = {text, data, uri};
            for (size_t n = 0; n < G_N_ELEMENTS(all); n++)
                if (json_is_string(all[n]))
                    hash = hash_bytes(hash, json_string_value(all[n]), json_string_length(all[n]));
        }
        hash = hash_bytes(hash, "\n", 1);
    }
    return hash;
}

static void append_texts(GString *out, const json_t *content, const char *behind)
{
    size_t k;
    json_t *part;
    json_array_foreach(parts_of(content), k, part) {
        const json_t *text = json_object_get(part, "text");
        if (!json_is_string(text))
            continue;
        g_string_append_len(out, json_string_value(text), (gssize)json_string_length(text));
        g_string_append(out, behind);
    }
}

GString *tm_twin_last_text(const json_t *body)
{
    const json_t *contents = json_object_get(body, "contents");
    GString *out = g_string_new(NULL);
    for (size_t i = json_array_size(contents); i-- > 0;) {
        const json_t *role = json_object_get(json_array_get(contents, i), "role");
        if (json_is_string(role) && strcmp(json_string_value(role), "model") == 0)
            continue;
        append_texts(out, json_array_get(contents, i), "");
        break;
    }
    return out;
}

GString *tm_twin_prompt_text(const json_t *body)
{
    GString *out = g_string_new(NULL);
    size_t i;
    json_t *content;
    append_texts(out, json_object_get(body, "systemInstruction"), "\n");
    json_array_foreach(json_object_get(body, "contents"), i, content) {
        append_texts(out, content, "\n");
    }
    return out;
}

static void count_content(const json_t *content, size_t *bytes, int64_t *media)
{
    size_t k;
    json_t *part;
    json_array_foreach(parts_of(content), k, part) {
        const json_t *text = json_object_get(part, "text");
        if (json_is_string(text))
            *bytes += json_string_length(text);
        else if (json_object_get(part, "inlineData") || json_object_get(part, "fileData"))
            ++*media;
    }
}

int64_t tm_twin_count_tokens(const json_t *body, int64_t *media_tokens)
{
    size_t bytes = 0, i;
    int64_t media = 0;
    json_t *content;
    count_content(json_object_get(body, "systemInstruction"), &bytes, &media);
    json_array_foreach(json_object_get(body, "contents"), i, content) {
        count_content(content, &bytes, &media);
    }
    *media_tokens = media * MEDIA_TOKENS;
    return tokens_of(bytes) + *media_tokens;
}

static const json_t *schema_of(const json_t *body)
{
    static const char *const names[] = {"responseSchema", "responseJsonSchema", "_responseJsonSchema"};
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
        if (json_object_get(config_of(body), names[i]))
            return json_object_get(config_of(body), names[i]);
    return NULL;
}

static const char *mime_of(const json_t *body)
{
    const json_t *mime = json_object_get(config_of(body), "responseMimeType");
    return json_is_string(mime) ? json_string_value(mime) : "text/plain";
}

static GString *say(const json_t *body)
{
    GString *out = g_string_new(NULL);
    const json_t *schema = schema_of(body);
    if (schema) {
        json_t *value = tm_twin_value(schema, hash_contents(body));
        if (strcmp(mime_of(body), "text/x.enum") == 0 && json_is_string(value))
            g_string_append_len(out, json_string_value(value), (gssize)json_string_length(value));
        else
            tm_json_write(out, value);
        json_decref(value);
        return out;
    }
    g_autoptr(GString) last = tm_twin_last_text(body);
    if (strcmp(mime_of(body), "application/json") == 0) {
        g_string_append(out, "{\"echo\":");
        tm_json_write_string(out, last->str, last->len);
        g_string_append_c(out, '}');
    } else {
        g_string_append(out, "echo: ");
        g_string_append_len(out, last->str, (gssize)last->len);
    }
    return out;
}

/* Cuts at a character's border. */
static void cut_text(GString *text, size_t length)
{
    if (length >= text->len)
        return;
    while (length > 0 && ((unsigned char)text->str[length] & 0xC0) == 0x80)
        length--;
    g_string_truncate(text, length);
}

/* Thinking comes first and eats the cap on output. */
static void think(const json_t *body, tm_twin_speech *s)
{
    const json_t *thinking = json_object_get(config_of(body), "thinkingConfig");
    double budget = tm_twin_number(thinking, "thinkingBudget", -1);
    int64_t most = (int64_t)tm_twin_number(config_of(body), "maxOutputTokens", TM_TWIN_OUTPUT_TOKENS);
    if (thinking && budget != 0) {
        s->thoughts = 16 + (int64_t)(hash_contents(body) % 48);
        if (budget > 0)
            s->thoughts = MIN(s->thoughts, (int64_t)budget);
        s->show_thoughts = json_is_true(json_object_get(thinking, "includeThoughts"));
    }
    s->thoughts = MIN(s->thoughts, most);
    if (s->thoughts + tokens_of(s->text->len) > most) {
        cut_text(s->text, (size_t)(most - s->thoughts) * BYTES_PER_TOKEN);
        s->finish = "MAX_TOKENS";
    }
}

static void go_wrong(const json_t *body, tm_twin_fault fault, int64_t nth, tm_twin_speech *s)
{
    const json_t *type = json_object_get(schema_of(body), "type");
    switch (fault) {
    case TM_FAULT_BLOCKED: /* both shapes there are: the prompt refused, the answer stopped */
        s->finish = nth % 2 ? NULL : "SAFETY";
        g_string_truncate(s->text, 0);
        break;
    case TM_FAULT_TRUNCATED:
        s->finish = "MAX_TOKENS";
        cut_text(s->text, s->text->len / 2);
        break;
    case TM_FAULT_SCHEMA: /* JSON, of a type that was not asked for */
        g_string_assign(s->text,
                        json_is_string(type) && g_ascii_strcasecmp(json_string_value(type), "ARRAY") == 0
                            ? "{\"unasked\":true}"
                            : "[\"unasked\"]");
        break;
    case TM_FAULT_EMPTY:
        g_string_truncate(s->text, 0);
        break;
    default:
        break;
    }
}

tm_twin_speech tm_twin_speak(const json_t *body, tm_twin_fault fault, int64_t nth)
{
    tm_twin_speech s = {.text = say(body), .finish = "STOP"};
    go_wrong(body, fault, nth, &s);
    if (s.finish)
        think(body, &s);
    s.output = tokens_of(s.text->len);
    return s;
}

/* Of a model that draws or speaks, and is not stopped from it. */
void tm_twin_speech_add_media(tm_twin_speech *s, const json_t *body, const char *model)
{
    tm_twin_medium medium = tm_twin_medium_of(body, model);
    if (!medium.mime || g_strcmp0(s->finish, "STOP") != 0 || s->text->len == 0)
        return;
    s->mime = medium.mime;
    s->media = tm_twin_media_bytes(&medium, hash_contents(body));
    if (!medium.text)
        g_string_truncate(s->text, 0);
    s->output = tokens_of(s->text->len) + medium.tokens;
}

char *tm_twin_answer_text(const json_t *generate_body)
{
    g_autoptr(json_t) body = json_deep_copy(generate_body);
    GPtrArray *flaws = tm_twin_read(body, &tm_twin_generate_request);
    if (flaws)
        g_ptr_array_unref(flaws);
    return g_string_free(tm_twin_speak(body, TM_FAULT_NONE, 0).text, FALSE);
}

int64_t tm_twin_tokens(const json_t *generate_body)
{
    g_autoptr(json_t) body = json_deep_copy(generate_body);
    GPtrArray *flaws = tm_twin_read(body, &tm_twin_generate_request);
    if (flaws)
        g_ptr_array_unref(flaws);
    int64_t media;
    return tm_twin_count_tokens(body, &media);
}
