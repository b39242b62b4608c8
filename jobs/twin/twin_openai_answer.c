/* twin_openai_answer.c - how OpenAI's wire writes an answer: whole, or in pieces. */
#include <string.h>

#include "core/json.h"
#include "jobs/twin/twin_openai.h"

/* An answer on its way out. */
typedef struct {
    const tm_twin_arrival *a;
    const json_t *chat;
    tm_twin_speech speech;
    int64_t choices;
    bool stream, with_usage;
} writer;

static const char *finish_of(const tm_twin_speech *s)
{
    if (!s->finish || strcmp(s->finish, "SAFETY") == 0)
        return "content_filter";
    return strcmp(s->finish, "MAX_TOKENS") == 0 ? "length" : "stop";
}

static void write_text(GString *out, const char *text, size_t length)
{
    if (length)
        tm_json_write_string(out, text, length);
    else
        g_string_append(out, "null");
}

/* {"id":...,"object":...,"created":...,"model":...,"service_tier":...,"system_fingerprint":... */
static void write_head(GString *out, const writer *w)
{
    const tm_twin_arrival *a = w->a;
    const char *tier = tm_json_string(w->chat, "service_tier", "auto");
    g_string_append_printf(out,
                           "{\"id\":\"chatcmpl-%016" G_GINT64_MODIFIER
                           "x\",\"object\":\"chat.completion%s\",\"created\":%" G_GINT64_FORMAT ",\"model\":",
                           tm_twin_mix(1, (uint64_t)a->nth), w->stream ? ".chunk" : "", a->wall_ms / 1000);
    tm_json_write_string(out, a->model, strlen(a->model));
    g_string_append_printf(out, ",\"service_tier\":\"%s\",\"system_fingerprint\":\"fp_rehearsal\"",
                           strcmp(tier, "auto") == 0 ? "default" : tier);
}

static void write_usage(GString *out, const writer *w)
{
    int64_t thoughts = w->speech.thoughts * w->choices, output = w->speech.output * w->choices + thoughts;
    g_string_append_printf(
        out,
        "{\"prompt_tokens\":%" G_GINT64_FORMAT ",\"completion_tokens\":%" G_GINT64_FORMAT
        ",\"total_tokens\":%" G_GINT64_FORMAT
        ",\"prompt_tokens_details\":{\"cached_tokens\":0,\"audio_tokens\":0},\"completion_tokens_details\":{"
        "\"reasoning_tokens\":%" G_GINT64_FORMAT
        ",\"audio_tokens\":0,\"accepted_prediction_tokens\":0,\"rejected_prediction_tokens\":0}}",
        w->a->input, output, w->a->input + output, thoughts);
}

static void write_whole(GString *out, const writer *w)
{
    const GString *text = w->speech.text;
    write_head(out, w);
    g_string_append(out, ",\"choices\":[");
    for (int64_t i = 0; i < w->choices; i++) {
        g_string_append_printf(
            out, "%s{\"index\":%" G_GINT64_FORMAT ",\"message\":{\"role\":\"assistant\",\"content\":",
            i ? "," : "", i);
        write_text(out, text->str, text->len);
        g_string_append_printf(
            out, ",\"refusal\":null,\"annotations\":[]},\"logprobs\":null,\"finish_reason\":\"%s\"}",
            finish_of(&w->speech));
    }
    g_string_append(out, "],\"usage\":");
    write_usage(out, w);
    g_string_append(out, "}\n");
}

/* One event with a delta; the last of a choice has its finish_reason. */
static void write_delta(GString *out, const writer *w, int64_t choice, const char *delta, const char *finish)
{
    g_string_append(out, "data: ");
    write_head(out, w);
    g_string_append_printf(out,
                           ",\"choices\":[{\"index\":%" G_GINT64_FORMAT
                           ",\"delta\":%s,\"logprobs\":null,\"finish_reason\":",
                           choice, delta);
    write_text(out, finish ? finish : "", finish ? strlen(finish) : 0);
    g_string_append_printf(out, "}]%s}\n\n", w->with_usage ? ",\"usage\":null" : "");
}

static void write_piece(GString *out, const writer *w, int64_t choice, size_t from, size_t to)
{
    g_autoptr(GString) delta = g_string_new("{\"content\":");
    if (from == to)
        return;
    tm_json_write_string(delta, w->speech.text->str + from, to - from);
    g_string_append_c(delta, '}');
    write_delta(out, w, choice, delta->str, NULL);
}

static void write_stream(GString *out, const writer *w)
{
    const GString *text = w->speech.text;
    size_t half = text->len / 2;
    while (half > 0 && ((unsigned char)text->str[half] & 0xC0) == 0x80)
        half--;
    for (int64_t i = 0; i < w->choices; i++) {
        write_delta(out, w, i, "{\"role\":\"assistant\",\"content\":\"\",\"refusal\":null}", NULL);
        write_piece(out, w, i, 0, half);
        write_piece(out, w, i, half, text->len);
        write_delta(out, w, i, "{}", finish_of(&w->speech));
    }
    if (w->with_usage) {
        g_string_append(out, "data: ");
        write_head(out, w);
        g_string_append(out, ",\"choices\":[],\"usage\":");
        write_usage(out, w);
        g_string_append(out, "}\n\n");
    }
    g_string_append(out, "data: [DONE]\n\n");
}

GString *tm_twin_openai_answer(tm_twin_arrival *a, const json_t *chat, const json_t *body,
                               tm_twin_fault fault)
{
    const json_t *options = json_object_get(chat, "stream_options");
    writer w = {.a = a,
                .chat = chat,
                .speech = tm_twin_speak(body, fault, a->nth),
                .choices = tm_json_integer(chat, "n", 1),
                .stream = a->form == TM_TWIN_CHUNKS,
                .with_usage = json_is_true(json_object_get(options, "include_usage"))};
    GString *out = g_string_sized_new(w.speech.text->len + 1024);
    if (a->preset->keeps_alive) /* seen while a request is queued */
        g_string_append(out, w.stream ? ": keep-alive\n\n" : "\n\n");
    if (w.stream)
        write_stream(out, &w);
    else
        write_whole(out, &w);
    tm_twin_account_pay(a->account, a->model, a->wall_ms, a->input,
                        (w.speech.output + w.speech.thoughts) * w.choices);
    g_string_free(w.speech.text, TRUE);
    return out;
}
