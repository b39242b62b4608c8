/* gemini_reply.c - what a GenerateContentResponse says: text, finish, usage. */
#include "core/provider/gemini_parts.h"

#include <string.h>

/* What a finish reason makes of an answer; gemini.c's wire facts, section 4. Others keep their text. */
static const struct {
    const char *finish;
    tm_class class;
    const char *words; /* NULL: the reason itself is enough */
} finishes[] = {
    {"MAX_TOKENS", TM_CLASS_TRUNCATED, "cut at maxOutputTokens"},
    {"CONTINUATION", TM_CLASS_TRUNCATED, "the model stopped half way and offers to go on"},
    {"SAFETY", TM_CLASS_BLOCKED, NULL},
    {"RECITATION", TM_CLASS_BLOCKED, NULL},
    {"BLOCKLIST", TM_CLASS_BLOCKED, NULL},
    {"PROHIBITED_CONTENT", TM_CLASS_BLOCKED, NULL},
    {"SPII", TM_CLASS_BLOCKED, NULL},
    {"LANGUAGE", TM_CLASS_BLOCKED, NULL},
    {"ESCALATION", TM_CLASS_BLOCKED, NULL},
    {"IMAGE_SAFETY", TM_CLASS_BLOCKED, NULL},
    {"IMAGE_PROHIBITED_CONTENT", TM_CLASS_BLOCKED, NULL},
    {"IMAGE_RECITATION", TM_CLASS_BLOCKED, NULL},
    {"IMAGE_OTHER", TM_CLASS_SERVER, "no image came"},
    {"NO_IMAGE", TM_CLASS_SERVER, "no image came"},
    {"MALFORMED_FUNCTION_CALL", TM_CLASS_SERVER, "the model wrote a broken tool call"},
    {"MALFORMED_RESPONSE", TM_CLASS_SERVER, "the model wrote a broken answer"},
    {"UNEXPECTED_TOOL_CALL", TM_CLASS_BAD_REQUEST, "the model called a tool that the prompt does not offer"},
    {"TOO_MANY_TOOL_CALLS", TM_CLASS_BAD_REQUEST, "the model called tools again and again"},
    {"MISSING_THOUGHT_SIGNATURE", TM_CLASS_BAD_REQUEST, "earlier turns lack their thought signatures"},
};

static int64_t count_of(const json_t *usage, const char *name)
{
    return tm_json_integer(usage, name, -1);
}

/* Any member may be absent. Input holds the cached tokens and what tools read. */
static void read_usage(const json_t *usage, tm_usage *out)
{
    if (!usage)
        return;
    int64_t tools = count_of(usage, "toolUsePromptTokenCount");
    out->input = count_of(usage, "promptTokenCount");
    if (out->input >= 0 && tools > 0)
        out->input += tools;
    out->cached = count_of(usage, "cachedContentTokenCount");
    out->output = count_of(usage, "candidatesTokenCount");
    out->thinking = count_of(usage, "thoughtsTokenCount");
}

static void keep_part(tm_answer *answer, const json_t *part)
{
    if (!answer->parts)
        answer->parts = g_ptr_array_new_with_free_func(g_free);
    g_ptr_array_add(answer->parts, tm_json_text(part));
}

/* Joins the texts that are no thought and keeps the parts that are no text. True: there is something to show.
 */
static bool read_parts(const json_t *parts, tm_answer *answer)
{
    g_autoptr(GString) text = g_string_new(NULL);
    bool payload = false;
    size_t i;
    json_t *part;
    json_array_foreach(parts, i, part) {
        const json_t *piece = json_object_get(part, "text");
        if (!json_is_object(part) || tm_json_bool(part, "thought", false))
            continue;
        if (json_is_string(piece)) {
            g_string_append_len(text, json_string_value(piece), (gssize)json_string_length(piece));
            continue;
        }
        if (json_object_size(part) == 1 && json_object_get(part, "thoughtSignature"))
            continue;
        keep_part(answer, part);
        payload = payload || json_object_get(part, "inlineData") || json_object_get(part, "fileData") ||
                  json_object_get(part, "functionCall");
    }
    if (text->len > 0) {
        answer->text_length = text->len;
        answer->text = g_string_free(g_steal_pointer(&text), FALSE);
        return true;
    }
    return payload;
}

static void set_words(tm_answer *answer, const char *words, const char *more)
{
    answer->code = g_strdup(answer->finish);
    if (more && *more) {
        g_autofree char *scrubbed = tm_scrub(more, NULL);
        answer->message = g_strdup_printf("%s: %.400s", words, scrubbed);
    } else {
        answer->message = g_strdup(words);
    }
}

static void read_empty(tm_answer *answer)
{
    answer->class = TM_CLASS_SERVER;
    answer->code = g_strdup("EMPTY");
    answer->message = g_strdup_printf("an answer without text (finish reason %s)", answer->finish);
}

static void read_candidate(const json_t *candidate, tm_answer *answer)
{
    const json_t *content = tm_json_object(candidate, "content");
    const char *more = tm_json_string(candidate, "finishMessage", NULL);
    answer->finish = g_strdup(tm_json_string(candidate, "finishReason", "STOP"));
    bool any = read_parts(content ? tm_json_array(content, "parts") : NULL, answer);
    for (size_t i = 0; i < G_N_ELEMENTS(finishes); i++) {
        if (strcmp(finishes[i].finish, answer->finish) != 0)
            continue;
        answer->class = finishes[i].class;
        g_autofree char *blocked = g_strdup_printf("the answer was blocked: %s", answer->finish);
        set_words(answer, finishes[i].words ? finishes[i].words : blocked, more);
        if (answer->class == TM_CLASS_TRUNCATED && !any) {
            g_free(answer->message);
            answer->message = g_strdup_printf("no text: thinking used up maxOutputTokens (%" G_GINT64_FORMAT
                                              " tokens thought); raise it, or think less",
                                              MAX(answer->usage.thinking, 0));
        }
        return;
    }
    if (!any)
        read_empty(answer); /* STOP without text happens and passes: never an answer */
}

void tm_gemini_read_answer(const json_t *root, tm_answer *answer)
{
    const json_t *candidates = tm_json_array(root, "candidates");
    const json_t *candidate = candidates ? json_array_get(candidates, 0) : NULL;
    const json_t *feedback = tm_json_object(root, "promptFeedback");
    const char *reason = feedback ? tm_json_string(feedback, "blockReason", NULL) : NULL;
    read_usage(tm_json_object(root, "usageMetadata"), &answer->usage);
    answer->model = g_strdup(tm_json_string(root, "modelVersion", NULL));
    if (json_is_object(candidate)) {
        read_candidate(candidate, answer);
        return;
    }
    if (reason) {
        g_autofree char *words = g_strdup_printf("the prompt was blocked: %s", reason);
        answer->class = TM_CLASS_BLOCKED;
        answer->finish = g_strdup(reason);
        set_words(answer, words, tm_json_string(feedback, "blockReasonMessage", NULL));
        return;
    }
    answer->class = TM_CLASS_SERVER;
    answer->code = g_strdup("NO_CANDIDATES");
    answer->message = g_strdup("an answer without candidates and without a reason");
}
