/* store_bits.c - a bit for each row of a batch: 1.2 MB for ten million of them. And their keys, digests all,
 * in 256 even parts, so that reading them all keeps no read transaction open. */
#include "jobs/store_private.h"

#include <string.h>

void tm_bits_clear(tm_bits *bits)
{
    g_clear_pointer(&bits->bytes, g_free);
    bits->n = 0;
}

void tm_bits_set(tm_bits *bits, int64_t at)
{
    size_t needed = (size_t)(at >> 3) + 1;
    if (needed > bits->n) {
        size_t n = needed + needed / 4 + 64;
        bits->bytes = g_realloc(bits->bytes, n);
        memset(bits->bytes + bits->n, 0, n - bits->n);
        bits->n = n;
    }
    bits->bytes[at >> 3] |= (uint8_t)(1 << (at & 7));
}

bool tm_bits_get(const tm_bits *bits, int64_t at)
{
    return (size_t)(at >> 3) < bits->n && bits->bytes[at >> 3] >> (at & 7) & 1;
}

void tm_key_range_bind(tm_key_range *range, unsigned byte, sqlite3_stmt *statement, int index)
{
    range->from[0] = (uint8_t)byte;
    memset(range->to, 0xff, sizeof range->to); /* longer than a key: behind them all */
    if (byte < 255)
        range->to[0] = (uint8_t)(byte + 1);
    sqlite3_bind_blob(statement, index, range->from, sizeof range->from, SQLITE_STATIC);
    sqlite3_bind_blob(statement, index + 1, range->to, byte < 255 ? 1 : (int)sizeof range->to, SQLITE_STATIC);
}
