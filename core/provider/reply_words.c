/* reply_words.c - what may be shown of a reply that is no answer: a server's words, a page's title, a
 * redirect's target. */
#include "core/provider/provider.h"

#include <string.h>

enum {
    MESSAGE_MAX = 400,   /* bytes of the server's words that are kept */
    MESSAGE_SEEN = 4000, /* bytes of them that are looked at */
};

char *tm_provider_tidy(const char *text, size_t length, const char *key)
{
    g_autofree char *seen = g_utf8_make_valid(text, (gssize)MIN(length, MESSAGE_SEEN));
    g_autofree char *scrubbed = tm_scrub(seen, key);
    GString *out = g_string_new(NULL);
    for (const char *c = scrubbed; *c; c++) {
        char byte = g_ascii_isspace(*c) ? ' ' : *c;
        if (byte != ' ' || (out->len > 0 && out->str[out->len - 1] != ' '))
            g_string_append_c(out, byte);
    }
    while (out->len > 0 && out->str[out->len - 1] == ' ')
        g_string_truncate(out, out->len - 1);
    if (out->len > MESSAGE_MAX) {
        const char *end = g_utf8_find_prev_char(out->str, out->str + MESSAGE_MAX + 1);
        g_string_truncate(out, end ? (gsize)(end - out->str) : 0);
        g_string_append(out, "...");
    }
    return g_string_free(out, FALSE);
}

char *tm_provider_page_title(const tm_reply *reply, const char *key)
{
    const char *start = reply->body ? strcasestr(reply->body->str, "<title>") : NULL;
    const char *end = start ? strcasestr(start, "</title>") : NULL;
    return end ? tm_provider_tidy(start + strlen("<title>"), (size_t)(end - start) - strlen("<title>"), key)
               : NULL;
}

char *tm_provider_redirect_target(const tm_reply *reply)
{
    const char *location = reply->headers ? g_hash_table_lookup(reply->headers, "location") : NULL;
    g_autoptr(GUri) uri = location ? g_uri_parse(location, G_URI_FLAGS_NONE, NULL) : NULL;
    return g_strdup(uri && g_uri_get_host(uri) ? g_uri_get_host(uri) : "another place");
}
