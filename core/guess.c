/* guess.c - what a misspelt word was probably meant to be. */
#include "core/guess.h"
#include <glib.h>
#include <string.h>

enum { LONGEST = 64 }; /* longer words are not guessed at: three rows of distances stay on the stack */

/* Edits (insert, delete, replace, swap neighbours) from `a` to `b`, case ignored. */
static size_t distance(const char *a, size_t n_a, const char *b, size_t n_b)
{
    size_t rows[3][LONGEST + 1];
    size_t *before = rows[0], *last = rows[1], *row = rows[2];
    for (size_t j = 0; j <= n_b; j++)
        last[j] = j;
    for (size_t i = 1; i <= n_a; i++) {
        row[0] = i;
        for (size_t j = 1; j <= n_b; j++) {
            char x = g_ascii_tolower(a[i - 1]), y = g_ascii_tolower(b[j - 1]);
            row[j] = MIN(MIN(last[j] + 1, row[j - 1] + 1), last[j - 1] + (x != y));
            if (i > 1 && j > 1 && x == g_ascii_tolower(b[j - 2]) && g_ascii_tolower(a[i - 2]) == y)
                row[j] = MIN(row[j], before[j - 2] + 1);
        }
        size_t *spare = before;
        before = last;
        last = row;
        row = spare;
    }
    return last[n_b];
}

const char *tm_guess(const char *word, const char *const *words, size_t n)
{
    size_t length = strlen(word);
    if (!length || length > LONGEST || !words)
        return NULL;
    /* Two edits, a third of a long word; one in a word so short that two would make any other of it. */
    size_t best = (length < 4 ? 1 : MAX((size_t)2, length / 3)) + 1;
    const char *nearest = NULL;
    for (size_t i = 0; n == (size_t)-1 ? words[i] != NULL : i < n; i++) {
        size_t other = strlen(words[i]);
        if (!other || other > LONGEST)
            continue;
        size_t edits = distance(word, length, words[i], other);
        if (edits < best && edits < length) {
            best = edits;
            nearest = words[i];
        }
    }
    return nearest;
}
