/* provider.c - what all providers share: calls and replies are freed, a key's bytes are wiped, a reply
 * without a status is read. */
#include "core/provider/provider.h"

#include "core/json.h"
#include <string.h>

void tm_call_clear(tm_call *call)
{
    g_free(call->url);
    g_clear_pointer(&call->headers, g_ptr_array_unref);
    if (call->key_header)
        explicit_bzero(call->key_header, strlen(call->key_header));
    g_free(call->key_header);
    if (call->body)
        g_string_free(call->body, TRUE);
    g_clear_pointer(&call->files, g_array_unref);
    *call = (tm_call){0};
}

int64_t tm_call_length(const tm_call *call)
{
    int64_t length = call->body ? (int64_t)call->body->len : 0;
    for (guint i = 0; call->files && i < call->files->len; i++)
        length += (g_array_index(call->files, tm_call_file, i).size + 2) / 3 * 4 - 1;
    return length;
}

void tm_reply_free(tm_reply *reply)
{
    if (!reply)
        return;
    g_free(reply->detail);
    g_clear_pointer(&reply->headers, g_hash_table_unref);
    if (reply->body)
        g_string_free(reply->body, TRUE);
    g_free(reply);
}

/* ---- a reply without a status ---- */

void tm_provider_read_wire(const tm_account *account, const tm_reply *reply, tm_answer *answer)
{
    static const char *const words[] = {
        [TM_WIRE_OK] = "no answer from",
        [TM_WIRE_DNS] = "can't find",
        [TM_WIRE_REFUSED] = "can't reach",
        [TM_WIRE_TLS] = "can't trust",
        [TM_WIRE_CUT] = "the connection was cut by",
        [TM_WIRE_TIMEOUT] = "too slow:",
        [TM_WIRE_TOO_BIG] = "too large an answer from",
        [TM_WIRE_CANCELLED] = "given up:",
        [TM_WIRE_CHANGED] = "broken off before its end, the request to",
    };
    g_autofree char *detail = tm_scrub(reply->detail ? reply->detail : "", account ? account->key : NULL);
    answer->message = g_strdup_printf("%s %s%s%s%s", words[reply->wire],
                                      account && account->host ? account->host : "the service",
                                      *detail ? " (" : "", detail, *detail ? ")" : "");
    if (!reply->left)
        answer->class = TM_CLASS_NETWORK; /* whatever it was: it provably never left */
    else if (reply->wire == TM_WIRE_CHANGED)
        answer->class = TM_CLASS_INPUT_CHANGED; /* half a request: nobody answered it */
    else if (reply->wire == TM_WIRE_TIMEOUT)
        answer->class = TM_CLASS_TIMEOUT;
    else if (reply->wire == TM_WIRE_TOO_BIG)
        answer->class = TM_CLASS_TOO_LARGE; /* again would be as large, and paid for again */
    else
        answer->class = TM_CLASS_UNKNOWN;
}

/* ---- what preview shows ---- */

/* Stands in for a file's bytes: its path, where the base64 would be. */
static gboolean name_only(void *data, const char *url, const char *content_type, GString *out, char **mime,
                          GError **error)
{
    (void)data, (void)error;
    g_autoptr(GString) quoted = g_string_new(NULL);
    tm_json_write_string(quoted, url, strlen(url));
    g_string_append_len(out, quoted->str + 1, (gssize)quoted->len - 2);
    *mime = g_strdup(content_type ? content_type : "application/octet-stream");
    return TRUE;
}

json_t *tm_provider_request(const tm_provider *provider, const tm_operation *operation, GError **error)
{
    tm_operation shown = *operation;
    g_auto(tm_call) call = {0};
    shown.kind = TM_OP_GENERATE;
    shown.media = name_only;
    if (!provider->begin(&shown, &call, error))
        return NULL;
    return tm_json_parse(call.body->str, call.body->len, error);
}
