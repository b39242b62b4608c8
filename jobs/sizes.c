/* sizes.c - see sizes.h */
#include "jobs/sizes.h"

#include <math.h>

#define PER_OCTAVE 8.0

static int bucket_of(int64_t bytes)
{
    return CLAMP((int)(log2((double)MAX(bytes, 1)) * PER_OCTAVE), 0, TM_SIZES - 1);
}

static void add(tm_sizes *sizes, int64_t bytes, int sign)
{
    int bucket = bucket_of(bytes);
    sizes->n[bucket] += sign;
    sizes->bytes[bucket] += sign * bytes;
    sizes->rows += sign;
}

void tm_sizes_add(tm_sizes *sizes, int64_t bytes)
{
    add(sizes, bytes, 1);
}

void tm_sizes_drop(tm_sizes *sizes, int64_t bytes)
{
    add(sizes, bytes, -1);
}

int64_t tm_sizes_mean(const tm_sizes *sizes)
{
    int64_t sum = 0;
    for (int i = 0; i < TM_SIZES; i++)
        sum += sizes->bytes[i];
    return sizes->rows > 0 ? sum / sizes->rows : 0;
}

/* A step through 0..n-1 that meets each once and jumps about: near the golden section, prime to n. */
static size_t step_of(size_t n)
{
    size_t step = MAX((size_t)((double)n * 0.618), 1);
    for (;; step++) {
        size_t a = n, b = step;
        while (b) {
            size_t rest = a % b;
            a = b;
            b = rest;
        }
        if (a == 1)
            return step;
    }
}

size_t tm_sizes_sample(const tm_sizes *sizes, int64_t *bytes, size_t n)
{
    n = (size_t)MIN((int64_t)n, sizes->rows);
    int64_t below = 0;
    size_t rank = 0, step = n ? step_of(n) : 0, at = 0;
    for (int i = 0; i < TM_SIZES && rank < n; i++) {
        below += sizes->n[i];
        /* the rank-th of n equal shares, by its middle */
        for (; rank < n && (2 * (int64_t)rank + 1) * sizes->rows < 2 * (int64_t)n * below; rank++) {
            bytes[at] = sizes->bytes[i] / sizes->n[i];
            at = (at + step) % n;
        }
    }
    return n;
}
