/* test_media_address.c - what --fetch-media may connect to: the public internet and nothing else */
#include "jobs/media_fetcher.h"

#include <arpa/inet.h>
#include <netinet/in.h>

static bool is_public(const char *text)
{
    struct sockaddr_in v4 = {.sin_family = AF_INET};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
    if (inet_pton(AF_INET, text, &v4.sin_addr) == 1)
        return tm_media_address_is_public((const struct sockaddr *)(const void *)&v4);
    g_assert_cmpint(inet_pton(AF_INET6, text, &v6.sin6_addr), ==, 1);
    return tm_media_address_is_public((const struct sockaddr *)(const void *)&v6);
}

static void addresses(void)
{
    static const char *const open[] = {
        "1.1.1.1",      "8.8.8.8",        "100.63.255.255",   "100.128.0.1",    "172.15.0.1",
        "172.32.0.1",   "169.253.0.1",    "192.167.1.1",      "223.255.255.1",  "2606:4700::1111",
        "2a00:1450::1", "::ffff:8.8.8.8", "64:ff9b::1.1.1.1", "2002:808:808::1"};
    static const char *const closed[] = {"0.0.0.0",
                                         "10.1.2.3",
                                         "100.64.0.1",
                                         "127.0.0.1",
                                         "127.255.255.254",
                                         "169.254.169.254",
                                         "172.16.0.1",
                                         "172.31.255.255",
                                         "192.168.1.1",
                                         "198.18.0.1",
                                         "198.19.255.255",
                                         "224.0.0.1",
                                         "240.0.0.1",
                                         "255.255.255.255",
                                         "::",
                                         "::1",
                                         "fe80::1",
                                         "fc00::1",
                                         "fd12:3456::1",
                                         "ff02::1",
                                         "::ffff:127.0.0.1",
                                         "::ffff:10.0.0.1",
                                         "64:ff9b::a00:1",
                                         "64:ff9b::7f00:1",
                                         "2002:7f00:1::",
                                         "2002:a00:1::1",
                                         "2001:db8::1",
                                         "2001::1",
                                         "::127.0.0.1",
                                         "100::1",
                                         "fec0::1"};
    for (size_t i = 0; i < G_N_ELEMENTS(open); i++)
        if (!is_public(open[i]))
            g_error("%s is taken for a private one", open[i]);
    for (size_t i = 0; i < G_N_ELEMENTS(closed); i++)
        if (is_public(closed[i]))
            g_error("%s is taken for a public one", closed[i]);
    const struct sockaddr local = {.sa_family = AF_UNIX};
    g_assert_false(tm_media_address_is_public(&local));
}

static void services(void)
{
    g_assert_true(tm_media_is_the_services("https://www.youtube.com/watch?v=x"));
    g_assert_true(tm_media_is_the_services("https://YOUTU.be/x"));
    g_assert_true(tm_media_is_the_services("https://generativelanguage.googleapis.com/v1beta/files/abc"));
    g_assert_false(tm_media_is_the_services("https://example.com/youtube.com/a.png"));
    g_assert_false(tm_media_is_the_services("https://youtube.com.example.com/a.png"));
    g_assert_false(tm_media_is_the_services("not an address"));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/media/private, local and special addresses are none of the public's", addresses);
    g_test_add_func("/media/what only the service itself can read", services);
    return g_test_run();
}
