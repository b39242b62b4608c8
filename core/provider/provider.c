/* provider.c - what all providers share: calls and replies are freed, a key's bytes are wiped. */
#include "core/provider/provider.h"

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
    *call = (tm_call){0};
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
