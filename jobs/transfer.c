/* transfer.c - see transfer.h */
#include "jobs/transfer.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>

enum {
    KEEPALIVE_S =
        30, /* a peer that is gone is no thinking server: TCP asks it after so long, then each 10 s */
    KEEPALIVE_EVERY_S = 10,
};

/* ---- what libcurl calls ---- */

/* The connection stands and the request is about to go. A second call for one transfer means that a reused
 * connection died under the request and libcurl would send it again: the first may have been billed, so it is
 * stopped (docs/decisions/0005-no-hidden-resend.md). */
static int on_leaving(void *data, char *remote_ip, char *local_ip, int remote_port, int local_port)
{
    tm_transfer *transfer = data;
    (void)remote_ip, (void)local_ip, (void)remote_port, (void)local_port;
    if (transfer->left) {
        transfer->refused_again = true;
        return CURL_PREREQFUNC_ABORT;
    }
    transfer->left = true;
    transfer->leaving(transfer);
    return CURL_PREREQFUNC_OK;
}

static size_t on_body(char *bytes, size_t size, size_t n, void *data)
{
    tm_transfer *transfer = data;
    tm_reply *reply = transfer->reply;
    size_t length = size * n;
    size_t have = reply->body ? reply->body->len : 0;
    if ((int64_t)(have + length) >
        transfer->options->body_cap) { /* counts what is unpacked: bombs end here too */
        transfer->too_big = true;
        return CURL_WRITEFUNC_ERROR;
    }
    if (!reply->body)
        reply->body = g_string_sized_new(length);
    g_string_append_len(reply->body, bytes, (gssize)length);
    transfer->received += (int64_t)length;
    return length;
}

/* The body as it goes, where it holds files. */
static size_t on_upload(char *out, size_t size, size_t n, void *data)
{
    tm_transfer *transfer = data;
    ssize_t got = tm_body_reader_read(transfer->reader, out, size * n);
    transfer->changed = got < 0;
    return got < 0 ? CURL_READFUNC_ABORT : (size_t)got;
}

static void read_date(tm_transfer *transfer, const char *value, size_t length)
{
    if (length >= sizeof transfer->date_text)
        return;
    if (strncmp(transfer->date_text, value, length) != 0 || transfer->date_text[length]) {
        memcpy(transfer->date_text, value, length);
        transfer->date_text[length] = '\0';
        time_t seconds = curl_getdate(transfer->date_text, NULL);
        transfer->date_ms = seconds > 0 ? (int64_t)seconds * 1000 : 0;
    }
    transfer->reply->date_ms = transfer->date_ms;
}

/* Of a good answer only what tells limits and waits is kept: nobody reads the rest, ten thousand times a
 * minute. */
static bool worth_keeping(int http, const char *line, size_t length)
{
    return http < 200 || http > 299 || (length > 2 && g_ascii_strncasecmp(line, "x-", 2) == 0) ||
           (length > 6 && g_ascii_strncasecmp(line, "retry-", 6) == 0);
}

static size_t on_header(char *line, size_t size, size_t n, void *data)
{
    tm_transfer *transfer = data;
    tm_reply *reply = transfer->reply;
    size_t length = size * n;
    if (length > 9 &&
        strncmp(line, "HTTP/", 5) == 0) { /* a status line; one of 1xx may come before the real one */
        const char *space = memchr(line, ' ', length);
        reply->http = space ? (int)g_ascii_strtoll(space, NULL, 10) : 0;
        g_clear_pointer(&reply->headers, g_hash_table_unref);
        return length;
    }
    if (reply->http < 200)
        return length;
    transfer->received += (int64_t)length;
    const char *colon = memchr(line, ':', length);
    if (!colon)
        return length;
    const char *value = colon + 1, *end = line + length;
    while (value < end && g_ascii_isspace(*value))
        value++;
    while (end > value && g_ascii_isspace(end[-1]))
        end--;
    size_t name = (size_t)(colon - line);
    if (name == 4 && g_ascii_strncasecmp(line, "date", 4) == 0)
        read_date(transfer, value, (size_t)(end - value));
    if (!worth_keeping(reply->http, line, name))
        return length;
    if (!reply->headers)
        reply->headers = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    g_hash_table_replace(reply->headers, g_ascii_strdown(line, (gssize)name),
                         g_strndup(value, (gsize)(end - value)));
    return length;
}

/* Bytes that nobody acknowledges for so long mean a dead network, not a thinking server. */
static int on_socket(void *data, curl_socket_t fd, curlsocktype purpose)
{
    tm_transfer *transfer = data;
    (void)purpose;
#ifdef TCP_USER_TIMEOUT
    unsigned ms = (unsigned)MIN(transfer->options->stall_ms, INT32_MAX);
    (void)setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &ms,
                     sizeof ms); /* without it the whole time is the cap */
#else
    (void)transfer, (void)fd;
#endif
    return CURL_SOCKOPT_OK;
}

/* ---- an easy handle's life ---- */

/* Seconds for CURLOPT_MAXAGE_CONN. libcurl 7.88 compares whole seconds with `>`, so N lets a connection live
 * N + 1 seconds: one less is asked for. */
static long max_age_s(int64_t ms)
{
    return (long)MAX(1, ms / 1000 - 1);
}

static void set_up(tm_transfer *transfer)
{
    CURL *easy = transfer->easy;
    const tm_transport_options *options = transfer->options;
    curl_easy_setopt(easy, CURLOPT_PRIVATE, transfer);
    curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, on_leaving);
    curl_easy_setopt(easy, CURLOPT_PREREQDATA, transfer);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, transfer);
    curl_easy_setopt(easy, CURLOPT_READFUNCTION, on_upload);
    curl_easy_setopt(easy, CURLOPT_READDATA, transfer);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, transfer);
    curl_easy_setopt(easy, CURLOPT_SOCKOPTFUNCTION, on_socket);
    curl_easy_setopt(easy, CURLOPT_SOCKOPTDATA, transfer);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, transfer->error);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L); /* a redirect would take the key along */
    curl_easy_setopt(easy, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    curl_easy_setopt(easy, CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L);
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION,
                     (long)CURL_HTTP_VERSION_1_1); /* docs/decisions/0006-http11.md */
    curl_easy_setopt(easy, CURLOPT_MAXAGE_CONN, max_age_s(options->max_age_ms));
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)options->connect_ms);
    curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "");
    curl_easy_setopt(easy, CURLOPT_USERAGENT, "tidemill/" TM_VERSION);
    curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
    curl_easy_setopt(easy, CURLOPT_TCP_KEEPIDLE, (long)KEEPALIVE_S);
    curl_easy_setopt(easy, CURLOPT_TCP_KEEPINTVL, (long)KEEPALIVE_EVERY_S);
    /* Networks that open TLS have an authority of their own; libcurl's library, unlike its tool, reads no
     * variable. */
    const char *authorities = g_getenv("SSL_CERT_FILE");
    if (authorities && *authorities)
        curl_easy_setopt(easy, CURLOPT_CAINFO, authorities);
}

tm_transfer *tm_transfer_new(const tm_transport_options *options)
{
    tm_transfer *transfer = g_new0(tm_transfer, 1);
    transfer->options = options;
    transfer->easy = curl_easy_init();
    if (!transfer->easy) {
        g_free(transfer);
        return NULL;
    }
    set_up(transfer);
    return transfer;
}

void tm_transfer_free(tm_transfer *transfer)
{
    if (!transfer)
        return;
    curl_easy_cleanup(transfer->easy);
    tm_body_reader_free(transfer->reader);
    tm_call_clear(&transfer->call);
    tm_reply_free(transfer->reply);
    g_free(transfer->lines);
    g_free(transfer);
}

/* ---- one call ---- */

/* A list of the lines, in the handle's own array: no copy of the key is made here, the call's own is wiped at
 * the end. (struct curl_slist is public.) */
static void list_headers(tm_transfer *transfer)
{
    tm_call *call = &transfer->call;
    guint own = call->headers ? call->headers->len : 0;
    guint n = own + (call->key_header ? 2 : 1), i = 0;
    static char no_expect[] = "Expect:"; /* or bodies over 1 MB wait a second for leave to be sent */
    if (n > transfer->n_lines) {
        transfer->lines = g_renew(struct curl_slist, transfer->lines, n);
        transfer->n_lines = n;
    }
    transfer->lines[i++].data = no_expect;
    if (call->key_header)
        transfer->lines[i++].data = call->key_header;
    for (guint k = 0; k < own; k++)
        transfer->lines[i++].data = call->headers->pdata[k];
    for (guint k = 0; k < n; k++)
        transfer->lines[k].next = k + 1 < n ? &transfer->lines[k + 1] : NULL;
    curl_easy_setopt(transfer->easy, CURLOPT_HTTPHEADER, transfer->lines);
}

static bool is_loopback(const char *url)
{
    const char *host = strstr(url, "://");
    if (!host)
        return false;
    host += 3;
    size_t length = strcspn(host, ":/?#");
    if (g_str_has_prefix(host, "[::1]") || (length == 9 && g_ascii_strncasecmp(host, "localhost", 9) == 0))
        return true;
    return strncmp(host, "127.", 4) == 0 && strspn(host, "0123456789.") == length;
}

/* A proxy of the environment is for the world outside: a call to this machine stays on it. */
static void set_proxy(tm_transfer *transfer)
{
    bool direct = is_loopback(transfer->call.url);
    if (direct != transfer->direct)
        curl_easy_setopt(transfer->easy, CURLOPT_PROXY, direct ? "" : NULL);
    transfer->direct = direct;
}

void tm_transfer_begin(tm_transfer *transfer, tm_call *call, uint64_t tag)
{
    CURL *easy = transfer->easy;
    transfer->call = *call;
    *call = (tm_call){0};
    call = &transfer->call;
    transfer->tag = tag;
    transfer->reply = g_new0(tm_reply, 1);
    transfer->left = transfer->refused_again = transfer->too_big = transfer->changed = false;
    transfer->received = transfer->moved = transfer->moved_ms = 0;
    transfer->error[0] = '\0';

    curl_easy_setopt(easy, CURLOPT_URL, call->url);
    if (strcmp(call->method, "GET") == 0) {
        curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L);
    } else {
        curl_easy_setopt(easy, CURLOPT_POST, 1L);
        if (call->files)
            transfer->reader = tm_body_reader_new(call);
        curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)tm_call_length(call));
        curl_easy_setopt(easy, CURLOPT_POSTFIELDS, call->files ? NULL : call->body ? call->body->str : "");
    }
    curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, strcmp(call->method, "DELETE") == 0 ? "DELETE" : NULL);
    int64_t whole_ms = call->timeout_ms > 0 ? call->timeout_ms : transfer->options->whole_ms;
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)MIN(whole_ms, INT32_MAX));
    list_headers(transfer);
    set_proxy(transfer);
}

bool tm_transfer_stalled(tm_transfer *transfer, int64_t now_ms)
{
    curl_off_t up = 0;
    if (!transfer->left)
        return false; /* connecting has a time of its own */
    curl_easy_getinfo(transfer->easy, CURLINFO_SIZE_UPLOAD_T, &up);
    int64_t moved = transfer->received + (int64_t)up;
    int64_t size = tm_call_length(&transfer->call);
    bool thinking = up >= size && transfer->received == 0;
    if (thinking || moved != transfer->moved || transfer->moved_ms == 0) {
        transfer->moved = moved;
        transfer->moved_ms = now_ms;
        return false;
    }
    return now_ms - transfer->moved_ms >= transfer->options->stall_ms;
}
