/* transfer_end.c - how a call ended: what libcurl says, as a reply. See transfer.h */
#include "jobs/transfer.h"

#include <string.h>

static tm_wire wire_of(const tm_transfer *transfer, CURLcode code)
{
    if (transfer->too_big)
        return TM_WIRE_TOO_BIG;
    if (transfer->changed)
        return TM_WIRE_CHANGED;
    if (code == CURLE_OPERATION_TIMEDOUT)
        return TM_WIRE_TIMEOUT;
    if (transfer->left)
        return TM_WIRE_CUT;
    switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
        return TM_WIRE_DNS;
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_INVALIDCERTSTATUS:
        return TM_WIRE_TLS;
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
    case CURLE_GOT_NOTHING:
        return TM_WIRE_CUT;
    default:
        return TM_WIRE_REFUSED;
    }
}

/* A proxy's user and password stand before an "@": they are cut out of what libcurl says. */
static char *without_credentials(const char *text)
{
    GString *out = g_string_new(NULL);
    for (const char *c = text; *c; c++) {
        if (*c == '@')
            while (out->len > 0 && !strchr(" /'\"", out->str[out->len - 1]))
                g_string_truncate(out, out->len - 1);
        else
            g_string_append_c(out, *c);
    }
    return g_string_free(out, FALSE);
}

tm_reply *tm_transfer_end(tm_transfer *transfer, CURLcode code)
{
    if (code != CURLE_OK) {
        const char *words = transfer->too_big         ? "the answer is larger than the cap"
                            : transfer->changed       ? "a media file changed while it was sent"
                            : transfer->refused_again ? "the server closed the connection on the request"
                            : transfer->error[0]      ? transfer->error
                                                      : curl_easy_strerror(code);
        return tm_transfer_give_up(transfer, wire_of(transfer, code), words);
    }
    tm_reply *reply = g_steal_pointer(&transfer->reply);
    reply->left = transfer->left;
    g_clear_pointer(&transfer->reader, tm_body_reader_free);
    tm_call_clear(&transfer->call);
    return reply;
}

tm_reply *tm_transfer_give_up(tm_transfer *transfer, tm_wire wire, const char *detail)
{
    tm_reply *reply = g_steal_pointer(&transfer->reply);
    reply->wire = wire;
    reply->detail = without_credentials(detail);
    reply->left = transfer->left;
    reply->http = 0; /* half an answer is none */
    g_clear_pointer(&reply->headers, g_hash_table_unref);
    if (reply->body)
        g_string_free(g_steal_pointer(&reply->body), TRUE);
    g_clear_pointer(&transfer->reader, tm_body_reader_free);
    tm_call_clear(&transfer->call);
    return reply;
}
