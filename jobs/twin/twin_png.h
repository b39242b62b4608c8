/* twin_png.h - a small picture that a seed decides. */
#pragma once
#include <glib.h>
#include <stdint.h>

/* A valid PNG, `side` by `side` pixels (1..64), of two colours and a pattern that the seed chooses: the same
 * bytes for the same seed. (transfer full) */
GByteArray *tm_twin_png(uint64_t seed, unsigned side);
