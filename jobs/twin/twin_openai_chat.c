/* twin_openai_chat.c - chat/completions: a request put into Gemini's form, so that one model answers on both
 * wires, and judged. */
#include <string.h>

#include "core/json.h"
#include "jobs/twin/twin_openai.h"

/* Answers are short where the request does not say how long they may be: what the minute's tokens are charged
 * then is the old default of max_tokens. */
enum { ESTIMATE = 16 };

/* Thinking for a reasoning model by its effort, in tokens. */
static void take_effort(const tm_twin_arrival *a, const json_t *chat, json_t *config)
{
    static const struct {
        const char *effort;
        int tokens;
    } table[] = {{"none", 0},  {"minimal", 8}, {"low", 16}, {"medium", 32},
                 {"high", 48}, {"xhigh", 64},  {"max", 96}};
    const char *effort = tm_json_string(chat, "reasoning_effort", "medium");
    if (!tm_twin_openai_reasons(a->model))
        return;
    for (size_t i = 0; i < G_N_ELEMENTS(table); i++)
        if (strcmp(table[i].effort, effort) == 0)
            json_object_set_new(config, "thinkingConfig",
                                json_pack("{si}", "thinkingBudget", table[i].tokens));
}

/* What the answer may cost the minute: all choices at their most. */
static int64_t charge_of(const json_t *chat)
{
    return MAX(tm_twin_openai_cap(chat), ESTIMATE) * tm_json_integer(chat, "n", 1);
}

static bool take(tm_twin_arrival *a, json_t *chat, json_t *body)
{
    json_t *config = json_object_get(body, "generationConfig");
    int64_t cap = tm_twin_openai_cap(chat);
    if (!tm_twin_openai_model(a, tm_json_string(chat, "model", "")) || !tm_twin_openai_parameters(a, chat) ||
        !tm_twin_openai_format(a, chat, config) ||
        !tm_twin_openai_messages(a, json_object_get(chat, "messages"), body))
        return false;
    if (cap > 0)
        json_object_set_new(config, "maxOutputTokens", json_integer(cap));
    take_effort(a, chat, config);
    if (json_is_true(json_object_get(chat, "stream")))
        a->form = TM_TWIN_CHUNKS;
    return true;
}

void tm_twin_judge_chat(tm_twin_arrival *a)
{
    g_autoptr(json_t) body = json_pack("{s{}}", "generationConfig");
    g_autoptr(json_t) chat = tm_twin_openai_read(a);
    tm_twin_fault fault = TM_FAULT_NONE;
    if (!chat || !take(a, chat, body))
        return;
    tm_twin_arrive(a, body);
    if (!a->account->gemini)
        a->tokens += charge_of(chat);
    if (tm_twin_admit(a, body, &fault))
        tm_twin_answer(a, 200, tm_twin_class_of_answer(fault), tm_twin_openai_answer(a, chat, body, fault));
}
