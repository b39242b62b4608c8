/* media_address.c - which addresses are the public internet's. See media_fetcher.h */
#include "jobs/media_fetcher.h"

#include <netinet/in.h>
#include <string.h>

/* IANA's special-purpose registries, as of 2026: what is not globally reachable, and multicast. */
static const struct {
    uint32_t network;
    int bits;
} closed_v4[] = {
    {0x00000000, 8},  /* this network */
    {0x0a000000, 8},  /* private */
    {0x64400000, 10}, /* carriers' own */
    {0x7f000000, 8},  /* loopback */
    {0xa9fe0000, 16}, /* link-local: clouds' metadata services live here */
    {0xac100000, 12}, /* private */
    {0xc0000000, 24}, /* protocol assignments */
    {0xc0000200, 24}, /* documentation */
    {0xc0586300, 24}, /* 6to4 relays */
    {0xc0a80000, 16}, /* private */
    {0xc6120000, 15}, /* benchmarks */
    {0xc6336400, 24}, /* documentation */
    {0xcb007100, 24}, /* documentation */
    {0xe0000000, 3},  /* multicast, reserved, broadcast */
};

static bool is_public_v4(uint32_t address)
{
    for (size_t i = 0; i < G_N_ELEMENTS(closed_v4); i++)
        if ((address ^ closed_v4[i].network) >> (32 - closed_v4[i].bits) == 0)
            return false;
    return true;
}

static uint32_t v4_at(const uint8_t *bytes)
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

/* 2000::/3 is all that is given out; addresses that carry one of IPv4 are as public as that. */
static bool is_public_v6(const uint8_t *a)
{
    static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    static const uint8_t translated[12] = {0, 0x64, 0xff, 0x9b};
    if (memcmp(a, mapped, 12) == 0 || memcmp(a, translated, 12) == 0)
        return is_public_v4(v4_at(a + 12));
    if (a[0] == 0x20 && a[1] == 0x02) /* 6to4 */
        return is_public_v4(v4_at(a + 2));
    if (a[0] == 0x20 && a[1] == 0x01 && (a[2] & 0xfe) == 0) /* Teredo, ORCHID and the like */
        return false;
    if (a[0] == 0x20 && a[1] == 0x01 && a[2] == 0x0d && a[3] == 0xb8) /* documentation */
        return false;
    return (a[0] & 0xe0) == 0x20;
}

bool tm_media_address_is_public(const struct sockaddr *address)
{
    if (address->sa_family == AF_INET) {
        const struct sockaddr_in *in = (const struct sockaddr_in *)(const void *)address;
        return is_public_v4(ntohl(in->sin_addr.s_addr));
    }
    if (address->sa_family != AF_INET6)
        return false;
    return is_public_v6(((const struct sockaddr_in6 *)(const void *)address)->sin6_addr.s6_addr);
}
