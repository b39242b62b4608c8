/* twin_openai_refusal.c - errors in the words and shapes of OpenAI and of those who speak its wire. */
#include <string.h>

#include "core/json.h"
#include "jobs/twin/twin_arrival.h"

static void write_text(GString *out, const char *text)
{
    if (text)
        tm_json_write_string(out, text, strlen(text));
    else
        g_string_append(out, "null");
}

/* "message":...,"type":...,"param":...,"code":... */
static void write_members(GString *out, const char *message, const char *type, const char *param,
                          const char *code)
{
    const struct {
        const char *name, *text;
    } members[] = {{"message", message}, {"type", type}, {"param", param}, {"code", code}};
    for (size_t i = 0; i < G_N_ELEMENTS(members); i++) {
        g_string_append_printf(out, "%s\"%s\":", i ? "," : "", members[i].name);
        write_text(out, members[i].text);
    }
}

GString *tm_twin_openai_error(const tm_twin_arrival *a, int http, const char *message, const char *type,
                              const char *param, const char *code)
{
    GString *out = g_string_new(NULL);
    switch (a->preset->shape) {
    case TM_TWIN_NESTED:
        g_string_append(out, "{\"error\":{");
        write_members(out, message, type, param, code);
        g_string_append(out, "}}");
        break;
    case TM_TWIN_NUMBERED:
        g_string_append(out, "{\"error\":{\"message\":");
        write_text(out, message);
        g_string_append_printf(out, ",\"code\":%d,\"metadata\":{\"provider_name\":\"Rehearsal\"}}}", http);
        break;
    case TM_TWIN_FLAT:
        g_string_append(out, "{\"object\":\"error\",");
        write_members(out, message, type, param, code);
        g_string_append_c(out, '}');
        break;
    case TM_TWIN_CODE_FIRST:
        g_string_append(out, "{\"code\":");
        write_text(out, code ? code : "Client specified an invalid argument");
        g_string_append(out, ",\"error\":");
        write_text(out, message);
        g_string_append_c(out, '}');
        break;
    case TM_TWIN_STRING:
        g_string_append(out, "{\"error\":");
        write_text(out, message);
        g_string_append_c(out, '}');
        break;
    case TM_TWIN_LISTED:
        g_string_append_printf(out, "[{\"error\":{\"code\":%d,\"message\":", http);
        write_text(out, message);
        g_string_append(out, ",\"status\":\"INVALID_ARGUMENT\"}}]");
        break;
    }
    return out;
}

void tm_twin_refuse_parameter(tm_twin_arrival *a, const char *param, const char *code, const char *words)
{
    a->reply->http = 400;
    a->reply->content_type = "application/json; charset=UTF-8";
    a->reply->body = tm_twin_openai_error(a, 400, words, "invalid_request_error", param, code);
    a->class = "bad_request";
}

/* As the service shows a key that is wrong: its head and its tail. */
static char *part_of_key(const char *key)
{
    size_t length = key ? strlen(key) : 0;
    if (length < 8)
        return g_strdup("***");
    size_t head = length < 16 ? 2 : 5, tail = length < 16 ? 1 : 4;
    return g_strdup_printf("%.*s***%s", (int)head, key, key + length - tail);
}

static void put(GString *text, const char *mark, const char *value)
{
    g_string_replace(text, mark, value, 0);
}

static void put_number(GString *text, const char *mark, int64_t value)
{
    g_autofree char *number = g_strdup_printf("%" G_GINT64_FORMAT, value);
    put(text, mark, number);
}

/* The sentence with what is known of this refusal. What comes from the client goes in last: no mark of it is
 * filled in. */
static GString *fill_in(const tm_twin_arrival *a, const char *words)
{
    const tm_twin_violation *bound = &a->bound;
    GString *text = g_string_new(words);
    bool requests = bound->unit == TM_UNIT_REQUESTS;
    g_autofree char *what = g_strdup_printf("%s per %s (%s)", requests ? "requests" : "tokens",
                                            bound->window == TM_WINDOW_DAY ? "day" : "min",
                                            tm_limit_word(bound->unit, bound->window));
    g_autoptr(GString) wait = g_string_new(NULL);
    tm_twin_write_duration(wait, bound->wait_ms);
    put(text, "{what}", what);
    put(text, "{wait}", wait->str);
    put_number(text, "{limit}", bound->value);
    put_number(text, "{used}", MIN(bound->used, bound->value));
    put_number(text, "{requested}", requests ? 1 : a->tokens);
    g_autofree char *key = part_of_key(a->request->key);
    char *valid = g_utf8_make_valid(key, -1);
    put(text, strstr(words, "{key}") ? "{key}" : "{model}",
        strstr(words, "{key}") ? valid
        : a->model             ? a->model
                               : "");
    g_free(valid);
    return text;
}

/* Which of the preset's sentences says what was refused. */
static const char *sentence_for(const tm_twin_arrival *a)
{
    bool quota = g_str_has_prefix(a->class, "quota");
    if (strcmp(a->class, "auth") == 0)
        return a->request->key && a->request->bearer ? "auth" : "no_key";
    if (strcmp(a->class, "no_model") == 0)
        return a->reply->http == 429 ? "no_plan" : "no_model";
    if (strcmp(a->class, "too_large") == 0)
        return a->reply->http == 429 ? "big" : "too_large";
    return !quota ? a->class : a->bound.value ? "rate" : "busy";
}

void tm_twin_refusal_to_openai(tm_twin_arrival *a)
{
    const tm_twin_words *words = tm_twin_preset_words(a->preset, sentence_for(a));
    g_autoptr(GString) text = fill_in(a, words->words);
    const char *type = words->type;
    if (type && strcmp(type, "UNIT") == 0)
        type = a->bound.unit == TM_UNIT_REQUESTS ? "requests" : "tokens";
    if (a->preset->retry_after && strcmp(words->class, "rate") == 0)
        a->reply->retry_after_ms = a->bound.wait_ms;
    g_string_free(a->reply->body, TRUE);
    a->reply->http = words->http;
    a->reply->body = tm_twin_openai_error(a, words->http, text->str, type, NULL, words->code);
}
