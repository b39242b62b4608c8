/* twin_answer.c - how the APIs write an answer. */
#include "jobs/twin/twin_answer.h"

#include <string.h>

#include "core/json.h"

static void write_details(GString *out, const char *name, int64_t text, int64_t media)
{
    g_string_append_printf(out, ",\"%s\":[{\"modality\":\"TEXT\",\"tokenCount\":%" G_GINT64_FORMAT "}", name,
                           text);
    if (media)
        g_string_append_printf(out, ",{\"modality\":\"IMAGE\",\"tokenCount\":%" G_GINT64_FORMAT "}", media);
    g_string_append_c(out, ']');
}

static void write_usage(GString *out, const json_t *body, const tm_twin_speech *s)
{
    int64_t media, prompt = tm_twin_count_tokens(body, &media);
    g_string_append_printf(out, "\"usageMetadata\":{\"promptTokenCount\":%" G_GINT64_FORMAT, prompt);
    if (s->output)
        g_string_append_printf(out, ",\"candidatesTokenCount\":%" G_GINT64_FORMAT, s->output);
    g_string_append_printf(out, ",\"totalTokenCount\":%" G_GINT64_FORMAT, prompt + s->output + s->thoughts);
    write_details(out, "promptTokensDetails", prompt - media, media);
    if (s->thoughts)
        g_string_append_printf(out, ",\"thoughtsTokenCount\":%" G_GINT64_FORMAT, s->thoughts);
    g_string_append_c(out, '}');
}

static void write_candidate(GString *out, const tm_twin_speech *s, const char *text, size_t length,
                            bool first, bool last)
{
    bool thoughts = first && s->show_thoughts && s->thoughts, media = last && s->media;
    g_string_append(out, "\"candidates\":[{");
    if (length || thoughts || media) {
        g_string_append(out, "\"content\":{\"parts\":[");
        if (thoughts)
            g_string_append_printf(out, "{\"text\":\"**Thinking it over**\",\"thought\":true}%s",
                                   length || media ? "," : "");
        if (length) {
            g_string_append(out, "{\"text\":");
            tm_json_write_string(out, text, length);
            g_string_append_c(out, '}');
        }
        if (media)
            g_string_append_printf(out, "%s{\"inlineData\":{\"mimeType\":\"%s\",\"data\":\"%s\"}}",
                                   length ? "," : "", s->mime, s->media);
        g_string_append(out, "],\"role\":\"model\"},");
    } else if (strcmp(s->finish, "STOP") == 0 || strcmp(s->finish, "MAX_TOKENS") == 0) {
        g_string_append(out, "\"content\":{\"role\":\"model\"},"); /* seen: content without parts */
    }
    if (last)
        g_string_append_printf(out, "\"finishReason\":\"%s\",", s->finish);
    if (last && strcmp(s->finish, "SAFETY") == 0)
        g_string_append(out, "\"safetyRatings\":[{\"category\":\"HARM_CATEGORY_DANGEROUS_CONTENT\","
                             "\"probability\":\"HIGH\",\"blocked\":true}],");
    g_string_append(out, "\"index\":0}],");
}

/* One GenerateContentResponse with this piece of the text. */
static void write_response(GString *out, const json_t *body, const char *model, const tm_twin_speech *s,
                           size_t from, size_t to, int64_t nth)
{
    bool last = to == s->text->len;
    g_string_append_c(out, '{');
    if (s->finish)
        write_candidate(out, s, s->text->str + from, to - from, from == 0, last);
    else
        g_string_append(out, "\"promptFeedback\":{\"blockReason\":\"PROHIBITED_CONTENT\"},");
    write_usage(out, body, s);
    g_string_append(out, ",\"modelVersion\":");
    tm_json_write_string(out, model, strlen(model));
    g_string_append_printf(out, ",\"responseId\":\"%016" G_GINT64_MODIFIER "x\"}",
                           tm_twin_mix(1, (uint64_t)nth));
}

GString *tm_twin_answer_body(const json_t *body, const char *model, tm_twin_form form, tm_twin_fault fault,
                             int64_t nth)
{
    tm_twin_speech s = tm_twin_speak(body, fault, nth);
    if (form != TM_TWIN_CHAT)
        tm_twin_speech_add_media(&s, body, model);
    GString *out = g_string_sized_new(s.text->len + 512);
    size_t half = s.text->len / 2;
    while (half > 0 && ((unsigned char)s.text->str[half] & 0xC0) == 0x80)
        half--;
    if (form != TM_TWIN_UNARY && half > 0) {
        g_string_append(out, form == TM_TWIN_SSE ? "data: " : "[");
        write_response(out, body, model, &s, 0, half, nth);
        g_string_append(out, form == TM_TWIN_SSE ? "\r\n\r\ndata: " : "\n,\r\n");
        write_response(out, body, model, &s, half, s.text->len, nth);
    } else {
        g_string_append(out, form == TM_TWIN_SSE ? "data: " : form == TM_TWIN_LIST ? "[" : "");
        write_response(out, body, model, &s, 0, s.text->len, nth);
    }
    g_string_append(out, form == TM_TWIN_SSE ? "\r\n\r\n" : form == TM_TWIN_LIST ? "]" : "\n");
    g_string_free(s.text, TRUE);
    g_free(s.media);
    return out;
}

GString *tm_twin_count_body(const json_t *body)
{
    GString *out = g_string_new(NULL);
    int64_t media, tokens = tm_twin_count_tokens(body, &media);
    g_string_append_printf(out, "{\"totalTokens\":%" G_GINT64_FORMAT, tokens);
    write_details(out, "promptTokensDetails", tokens - media, media);
    g_string_append(out, "}\n");
    return out;
}
