/* openai_house.h - what the tests of OpenAI's format share: an account at a service, a prompt, its messages.
 */
#pragma once
#include "core/catalog.h"
#include "core/config.h"
#include "core/error.h"
#include "core/json.h"
#include "core/provider/provider.h"
#include <string.h>

#define SECRET "sk-TheSecretOfThisTest0000000000000000"

static inline json_t *parse(const char *text)
{
    g_autoptr(GError) error = NULL;
    json_t *json = tm_json_parse(text, strlen(text), &error);
    g_assert_no_error(error);
    return json;
}

/* Owns what an operation borrows. */
typedef struct {
    tm_account *account;
    tm_prompt prompt;
    tm_skeleton *skeleton;
    GPtrArray *messages, *notes;
    tm_operation operation;
} house;

/* `service`: a preset's name, at its own address; NULL: somewhere unknown. */
static inline void house_open(house *h, const char *service, const char *model, const char *config,
                              const char *schema, const char *format, const char *labels,
                              const char *messages)
{
    g_autoptr(json_t) json = parse(messages);
    memset(h, 0, sizeof *h);
    h->account = service ? tm_account_from_preset(service, service) : tm_account_new("test", "openai");
    if (!h->account->base_url)
        g_assert_true(tm_account_set_base_url(h->account, "https://api.example/v1", NULL));
    h->account->key = g_strdup(SECRET);
    h->prompt.config = parse(config);
    h->prompt.output_schema = schema ? parse(schema) : NULL;
    h->prompt.output_format = (char *)(gpointer)format;
    h->prompt.labels = labels ? tm_labels_read(labels, NULL) : NULL;
    h->messages = tm_messages_from_json(json, NULL);
    h->notes = g_ptr_array_new_with_free_func(g_free);
    h->skeleton = tm_provider_openai.prepare(&h->prompt, model, h->notes, NULL);
    h->operation = (tm_operation){.kind = TM_OP_GENERATE,
                                  .account = h->account,
                                  .model = model,
                                  .skeleton = h->skeleton,
                                  .messages = h->messages};
}

static inline void house_close(house *h)
{
    tm_provider_openai.skeleton_free(h->skeleton);
    json_decref(h->prompt.config);
    json_decref(h->prompt.output_schema);
    json_decref(h->prompt.tools);
    g_clear_pointer(&h->prompt.labels, tm_labels_unref);
    g_ptr_array_unref(h->messages);
    g_ptr_array_unref(h->notes);
    tm_account_free(h->account);
}

/* The body as it goes out, and the mark of how it was written. (transfer full) */
static inline char *body_of(house *h)
{
    g_auto(tm_call) call = {0};
    g_autoptr(GError) error = NULL;
    g_assert_true(tm_provider_openai.begin(&h->operation, &call, &error));
    g_assert_no_error(error);
    h->operation.manners = call.manners;
    return g_strdup(call.body->str);
}

/* `headers`: "name: value" lines, or NULL. */
static inline tm_step reply_of(house *h, int http, const char *body, const char *headers, tm_call *call,
                               tm_answer *answer)
{
    tm_reply *reply = g_new0(tm_reply, 1);
    reply->http = http;
    reply->left = true;
    reply->date_ms = G_GINT64_CONSTANT(1794139200000); /* Sun, 08 Nov 2026 12:00:00 GMT */
    reply->body = body ? g_string_new(body) : NULL;
    g_auto(GStrv) lines = g_strsplit(headers ? headers : "", "\n", -1);
    for (guint i = 0; lines[i] && *lines[i]; i++) {
        g_auto(GStrv) pair = g_strsplit(lines[i], ": ", 2);
        if (!reply->headers)
            reply->headers = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
        g_hash_table_insert(reply->headers, g_strdup(pair[0]), g_strdup(pair[1]));
    }
    tm_step step = tm_provider_openai.next(&h->operation, reply, call, answer);
    tm_reply_free(reply);
    return step;
}

/* A reply that is an answer. */
static inline void read_reply(house *h, int http, const char *body, const char *headers, tm_answer *answer)
{
    g_auto(tm_call) call = {0};
    tm_answer_init(answer);
    g_assert_cmpint(reply_of(h, http, body, headers, &call, answer), ==, TM_STEP_ANSWER);
    g_assert_true(!answer->message || !strstr(answer->message, "TheSecret"));
}

#define HI "[{\"role\":\"user\",\"content\":[{\"text\":\"hi\"}]}]"
