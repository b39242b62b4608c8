/* openai_reply.c - what a chat completion says: text, finish, usage. Thoughts are no part of it, wherever a
 * service puts them. */
#include "core/provider/openai_parts.h"

#include <string.h>

/* What a finish reason makes of an answer: wire facts, section 4. Others keep their text. */
static const struct {
    const char *finish;
    tm_class class;
    const char *words;
} finishes[] = {
    {"length", TM_CLASS_TRUNCATED, "cut at the cap on output tokens"},
    {"max_tokens", TM_CLASS_TRUNCATED, "cut at the cap on output tokens"},
    {"model_length", TM_CLASS_TRUNCATED, "cut at the end of the model's context"},
    {"content_filter", TM_CLASS_BLOCKED, "the answer was blocked by the service's content filter"},
    {"content-filter", TM_CLASS_BLOCKED, "the answer was blocked by the service's content filter"},
    {"safety", TM_CLASS_BLOCKED, "the answer was blocked: safety"},
    {"recitation", TM_CLASS_BLOCKED, "the answer was blocked: recitation"},
    {"error", TM_CLASS_SERVER, "the service broke off"},
    {"insufficient_system_resource", TM_CLASS_OVERLOADED, "the service ran short while it answered"},
    {"", TM_CLASS_SERVER, "an answer that has no finish reason: it may be half of one"},
};

/* ---- usage ---- */

/* Any member may be absent, or 0 from proxies. completion_tokens holds the thoughts, but where the total says
 * that they come on top (xAI). */
static void read_usage(const json_t *usage, tm_usage *out)
{
    const json_t *in = tm_json_object(usage, "prompt_tokens_details");
    const json_t *of = tm_json_object(usage, "completion_tokens_details");
    int64_t input = tm_json_integer(usage, "prompt_tokens", tm_json_integer(usage, "input_tokens", -1));
    int64_t output = tm_json_integer(usage, "completion_tokens", tm_json_integer(usage, "output_tokens", -1));
    int64_t total = tm_json_integer(usage, "total_tokens", -1);
    int64_t thinking =
        tm_json_integer(of, "reasoning_tokens", tm_json_integer(usage, "reasoning_tokens", -1));
    if (!usage)
        return;
    out->input = input > 0 ? input : -1;
    out->cached = tm_json_integer(in, "cached_tokens", tm_json_integer(usage, "prompt_cache_hit_tokens", -1));
    out->thinking = thinking;
    out->output = output;
    bool on_top = thinking > output || (thinking > 0 && total > 0 && total == input + output + thinking);
    if (thinking > 0 && output >= 0 && !on_top)
        out->output = output - thinking;
    if (out->input < 0 && output <= 0) /* nothing but zeros: it was not counted */
        out->output = out->thinking = -1;
}

/* ---- text ---- */

/* Cuts <think>...</think> off the start; templates of some models leave out the opening tag. */
static void cut_thoughts(GString *text)
{
    static const char open[] = "<think>", close[] = "</think>";
    size_t blanks = strspn(text->str, " \n\r\t");
    bool opened = g_str_has_prefix(text->str + blanks, open);
    const char *end = strstr(text->str, close);
    if (!opened && (!end || strstr(text->str, open)))
        return;
    if (!end) { /* cut off while it thought */
        g_string_truncate(text, 0);
        return;
    }
    size_t to = (size_t)(end - text->str) + strlen(close);
    to += strspn(text->str + to, " \n\r\t");
    g_string_erase(text, 0, (gssize)to);
}

/* A string, or an array of parts. */
static GString *text_of(const json_t *message)
{
    const json_t *content = json_object_get(message, "content");
    GString *text = g_string_new(NULL);
    size_t i;
    json_t *part;
    if (json_is_string(content))
        g_string_append_len(text, json_string_value(content), (gssize)json_string_length(content));
    json_array_foreach(content, i, part) {
        const char *type = tm_json_string(part, "type", "text");
        const json_t *piece = json_object_get(part, "text");
        if (json_is_string(piece) && (strcmp(type, "text") == 0 || strcmp(type, "output_text") == 0))
            g_string_append_len(text, json_string_value(piece), (gssize)json_string_length(piece));
    }
    const json_t *audio = tm_json_object(message, "audio");
    if (text->len == 0 && audio)
        g_string_append(text, tm_json_string(audio, "transcript", ""));
    return text;
}

static void set_text(tm_answer *answer, GString *text)
{
    answer->text_length = text->len;
    answer->text = text->len ? g_strndup(text->str, text->len) : NULL;
}

/* ---- calls of functions ---- */

/* Kept as Gemini's are: {"functionCall": {"name", "args"}}. */
static bool keep_calls(const json_t *message, tm_answer *answer)
{
    size_t i;
    json_t *call;
    json_array_foreach(tm_json_array(message, "tool_calls"), i, call) {
        const json_t *function = tm_json_object(call, "function");
        const char *text = tm_json_string(function, "arguments", "{}");
        json_t *args = tm_json_parse(text, strlen(text), NULL);
        g_autoptr(json_t) part =
            json_pack("{s:{s:s, s:o}}", "functionCall", "name", tm_json_string(function, "name", ""), "args",
                      args ? args : json_object());
        if (!answer->parts)
            answer->parts = g_ptr_array_new_with_free_func(g_free);
        g_ptr_array_add(answer->parts, tm_json_text(part));
    }
    return answer->parts != NULL;
}

/* ---- the outcome ---- */

static void fail(tm_answer *answer, tm_class class, const char *code, const char *words)
{
    answer->class = class;
    answer->code = g_strdup(code);
    g_free(answer->message);
    answer->message = g_strdup(words);
}

static void judge_finish(tm_answer *answer, bool any)
{
    for (size_t i = 0; i < G_N_ELEMENTS(finishes); i++) {
        if (g_ascii_strcasecmp(finishes[i].finish, answer->finish) != 0)
            continue;
        fail(answer, finishes[i].class, *answer->finish ? answer->finish : "NO_FINISH", finishes[i].words);
        if (answer->class == TM_CLASS_TRUNCATED && !any) {
            g_free(answer->message);
            answer->message =
                g_strdup_printf("no text: thinking used up the cap on output tokens (%" G_GINT64_FORMAT
                                " tokens thought); raise it, or think less",
                                MAX(answer->usage.thinking, 0));
        }
        return;
    }
    if (any)
        return;
    answer->class = TM_CLASS_SERVER;
    answer->code = g_strdup("EMPTY");
    answer->message = g_strdup_printf("an answer without text (finish reason %s)", answer->finish);
}

static void read_choice(const tm_operation *operation, const json_t *choice, tm_answer *answer)
{
    const tm_skeleton *skeleton = operation->skeleton;
    const json_t *message = tm_json_object(choice, "message");
    const char *refusal = tm_json_string(message, "refusal", "");
    const json_t *error = json_object_get(choice, "error");
    answer->finish = g_strdup(tm_json_string(choice, "finish_reason", ""));
    g_autoptr(GString) text = text_of(message);
    cut_thoughts(text);
    tm_openai_keep_pictures(message, answer);
    tm_openai_take_pictures(text, skeleton && skeleton->picture, answer);
    set_text(answer, text);
    if (*refusal && !answer->text) {
        g_autofree char *said = tm_provider_tidy(refusal, strlen(refusal), NULL);
        g_autofree char *words = g_strdup_printf("the model refused: %s", said);
        fail(answer, TM_CLASS_BLOCKED, "refusal", words);
        return;
    }
    bool calls =
        g_str_has_prefix(answer->finish, "tool_call") || strcmp(answer->finish, "function_call") == 0;
    if (calls && !answer->text && !(skeleton && skeleton->tools)) {
        fail(answer, TM_CLASS_BAD_REQUEST, answer->finish,
             "the model called a tool that the prompt does not offer");
        return;
    }
    bool any = (skeleton && skeleton->tools && keep_calls(message, answer)) || answer->parts || answer->text;
    judge_finish(answer, any);
    if (answer->class == TM_CLASS_SERVER && json_is_object(error)) {
        const char *said = tm_json_string(error, "message", "");
        g_free(answer->message);
        answer->message = tm_provider_tidy(said, strlen(said), operation->account->key);
    }
}

static void read_drawn(const json_t *root, tm_answer *answer)
{
    tm_openai_keep_drawn(root, answer);
    const json_t *first = json_array_get(tm_json_array(root, "data"), 0);
    if (answer->parts) {
        answer->finish = g_strdup("stop");
        return;
    }
    if (json_object_get(root, "task_id") || json_object_get(first, "task_id"))
        fail(answer, TM_CLASS_BAD_REQUEST, "task_id",
             "the service answers with a task whose picture must be fetched later: that is not supported");
    else
        fail(answer, TM_CLASS_SERVER, "EMPTY", "an answer without a picture");
}

void tm_openai_read_answer(const tm_operation *operation, const json_t *root, tm_answer *answer)
{
    const json_t *choices = tm_json_array(root, "choices");
    const json_t *choice = json_array_get(choices, 0);
    read_usage(tm_json_object(root, "usage"), &answer->usage);
    answer->model = g_strdup(tm_json_string(root, "model", NULL));
    if (json_is_object(choice)) {
        read_choice(operation, choice, answer);
        if (answer->class == TM_CLASS_OK && !answer->text && operation->skeleton &&
            !operation->skeleton->picture && !answer->parts)
            fail(answer, TM_CLASS_SERVER, "EMPTY", "an answer without text");
        if (answer->class == TM_CLASS_OK)
            tm_openai_unwrap(operation->skeleton, answer);
        return;
    }
    if (json_object_get(root, "data") || json_object_get(root, "task_id"))
        read_drawn(root, answer);
    else
        fail(answer, TM_CLASS_SERVER, "NO_CHOICES", "an answer without choices and without a reason");
}
