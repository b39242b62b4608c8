/* twin_png.c - writes PNGs, uncompressed: a deflate stream of one stored block. */
#include "jobs/twin/twin_png.h"

#include <string.h>

#include "jobs/twin/twin_fault.h"

enum { MAX_SIDE = 64 };

static void append_number(GByteArray *out, uint32_t number)
{
    const guint8 bytes[] = {(guint8)(number >> 24), (guint8)(number >> 16), (guint8)(number >> 8),
                            (guint8)number};
    g_byte_array_append(out, bytes, sizeof bytes);
}

/* CRC-32 of ISO 3309, as PNG's chunks end with. */
static uint32_t crc_of(const guint8 *bytes, gsize length)
{
    uint32_t crc = 0xffffffffu;
    for (gsize i = 0; i < length; i++) {
        crc ^= bytes[i];
        for (int bit = 0; bit < 8; bit++)
            crc = (crc >> 1) ^ (crc & 1 ? 0xedb88320u : 0);
    }
    return ~crc;
}

static uint32_t adler_of(const guint8 *bytes, gsize length)
{
    uint32_t a = 1, b = 0;
    for (gsize i = 0; i < length; i++) {
        a = (a + bytes[i]) % 65521;
        b = (b + a) % 65521;
    }
    return (b << 16) | a;
}

static void append_chunk(GByteArray *out, const char *type, const GByteArray *data)
{
    append_number(out, data->len);
    guint begin = out->len;
    g_byte_array_append(out, (const guint8 *)type, 4);
    g_byte_array_append(out, data->data, data->len);
    append_number(out, crc_of(out->data + begin, out->len - begin));
}

/* A filter byte and RGB pixels for each line: a mirrored pattern of two colours. */
static GByteArray *paint(uint64_t seed, unsigned side)
{
    GByteArray *lines = g_byte_array_new();
    uint64_t colours = tm_twin_mix(seed, 0);
    for (unsigned y = 0; y < side; y++) {
        uint64_t pattern = tm_twin_mix(seed, 1 + y / 2);
        g_byte_array_append(lines, (const guint8 *)"", 1);
        for (unsigned x = 0; x < side; x++) {
            unsigned cell = (x < side / 2 ? x : side - 1 - x) / 2;
            uint64_t colour = pattern >> cell & 1 ? colours : colours >> 24;
            const guint8 pixel[] = {(guint8)colour, (guint8)(colour >> 8), (guint8)(colour >> 16)};
            g_byte_array_append(lines, pixel, sizeof pixel);
        }
    }
    return lines;
}

GByteArray *tm_twin_png(uint64_t seed, unsigned side)
{
    side = CLAMP(side, 1, MAX_SIDE);
    g_autoptr(GByteArray) lines = paint(seed, side), header = g_byte_array_new(), data = g_byte_array_new(),
                          end = g_byte_array_new();
    GByteArray *out = g_byte_array_new();
    append_number(header, side);
    append_number(header, side);
    g_byte_array_append(header, (const guint8 *)"\x08\x02\x00\x00", 5); /* 8 bits, RGB, nothing special */
    const guint8 stored[] = {0x78,
                             0x01,
                             0x01,
                             (guint8)lines->len,
                             (guint8)(lines->len >> 8),
                             (guint8)~lines->len,
                             (guint8)(~lines->len >> 8)};
    g_byte_array_append(data, stored, sizeof stored);
    g_byte_array_append(data, lines->data, lines->len);
    append_number(data, adler_of(lines->data, lines->len));
    g_byte_array_append(out, (const guint8 *)"\x89PNG\r\n\x1a\n", 8);
    append_chunk(out, "IHDR", header);
    append_chunk(out, "IDAT", data);
    append_chunk(out, "IEND", end);
    return out;
}
