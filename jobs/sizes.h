/* sizes.h - how large the rows of a batch are: a histogram of their bytes, constant in memory. */
#pragma once
#include <glib.h>
#include <stdint.h>

enum { TM_SIZES = 320 }; /* eight buckets an octave: up to 2^40 bytes */

typedef struct {
    int64_t n[TM_SIZES], bytes[TM_SIZES]; /* rows, and their sum */
    int64_t rows;
} tm_sizes;

void tm_sizes_add(tm_sizes *sizes, int64_t bytes);
/* Takes a row away again that was added. */
void tm_sizes_drop(tm_sizes *sizes, int64_t bytes);
int64_t tm_sizes_mean(const tm_sizes *sizes); /* 0: no rows */
/* Up to `n` rows that stand for all, small and large mixed evenly. Returns how many. */
size_t tm_sizes_sample(const tm_sizes *sizes, int64_t *bytes, size_t n);
