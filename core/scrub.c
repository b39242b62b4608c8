/* scrub.c - takes everything shaped like an API key out of a text before it is kept or shown */
#include "core/outcome.h"
#include <string.h>

/* How keys of the services people use begin, and how many characters follow at least: fewer are words
 * ("sk-learn"). Weak beginnings are also those of words: what follows must look random. */
typedef struct {
    const char *start;
    size_t min;
    bool weak;
} shape;

static const shape shapes[] = {
    {"AIza", 8, false},  /* Google API key: 35 more; servers and logs show them cut short */
    {"AQ.", 16, true},   /* Google's newer keys */
    {"ya29.", 16, true}, /* Google OAuth token */
    {"sk-", 8, true},    /* OpenAI, OpenRouter (sk-or-), Anthropic (sk-ant-), DeepSeek */
    {"sk_", 16, true},   {"gsk_", 16, true}, /* Groq */
    {"xai-", 16, true},  {"pplx-", 16, true},       {"hf_", 16, true},  {"r8_", 16, true},
    {"ghp_", 16, true},  {"github_pat_", 16, true}, {"AKIA", 16, true}, /* AWS access key id */
    {"eyJ", 24, true},                                                  /* JSON web token */
};

/* Words after which a token is a secret whatever its shape. */
static const char *const announcers[] = {"bearer ", "?key=", "&key=", "x-goog-api-key: ", "api-key: "};

/* `*` stands in keys that a server has masked: "sk-ab******yz". */
static bool is_key_byte(char c)
{
    return g_ascii_isalnum(c) || c == '_' || c == '-' || c == '*';
}

static bool is_token_byte(char c)
{
    return is_key_byte(c) || c == '.' || c == '+' || c == '/' || c == '=' || c == '~';
}

static size_t span(const char *text, bool (*is)(char))
{
    size_t n = 0;
    while (is(text[n]))
        n++;
    return n;
}

/* A digit, a mask, or both cases mixed: no word of a language. */
static bool looks_random(const char *text, size_t n)
{
    bool lower = false, upper = false;
    for (size_t i = 0; i < n; i++) {
        if (g_ascii_isdigit(text[i]) || text[i] == '*')
            return true;
        lower = lower || g_ascii_islower(text[i]);
        upper = upper || (i > 0 && g_ascii_isupper(text[i]));
    }
    return lower && upper;
}

/* Length of what is shaped like a key at the start of `text`; 0: nothing. `first`: no word goes on here. */
static size_t shaped(const char *text, bool first)
{
    for (size_t i = 0; i < G_N_ELEMENTS(shapes); i++) {
        const shape *s = &shapes[i];
        size_t start = strlen(s->start);
        if ((s->weak && !first) || strncmp(text, s->start, start) != 0)
            continue;
        size_t n =
            span(text + start, text[start - 1] == '.' || s->start[0] == 'e' ? is_token_byte : is_key_byte);
        while (n > 0 && text[start + n - 1] == '.') /* a sentence's end */
            n--;
        if (n >= s->min && (!s->weak || looks_random(text + start, n)))
            return start + n;
    }
    return 0;
}

/* Length of "Bearer " or the like at the start of `text` when a secret follows, whose length goes to
 * `secret`. */
static size_t announced(const char *text, size_t *secret)
{
    for (size_t i = 0; i < G_N_ELEMENTS(announcers); i++) {
        size_t n = strlen(announcers[i]);
        if (g_ascii_strncasecmp(text, announcers[i], n) != 0)
            continue;
        *secret = span(text + n, is_token_byte);
        while (*secret > 0 && text[n + *secret - 1] == '.')
            --*secret;
        if (*secret >= 8 && (*secret >= 20 || looks_random(text + n, *secret)))
            return n;
    }
    return 0;
}

enum { PIECE = 8 }; /* bytes of the key that must not be seen */

/* Length of the longest piece of `key`, at least PIECE bytes or the whole key, at the start of `text`. */
static size_t piece_of(const char *text, const char *key, bool first)
{
    size_t n = strlen(key), longest = 0;
    if (n < PIECE) /* a key such as "none" goes only where it is a word of its own */
        return n > 0 && first && strncmp(text, key, n) == 0 && !is_key_byte(text[n]) ? n : 0;
    for (size_t from = 0; from + PIECE <= n; from++) {
        size_t same = 0;
        while (key[from + same] && key[from + same] == text[same])
            same++;
        longest = MAX(longest, same);
    }
    return longest >= PIECE ? longest : 0;
}

char *tm_scrub(const char *text, const char *key)
{
    GString *out = g_string_new(NULL);
    bool first = true;
    while (*text) {
        size_t secret = 0, kept = announced(text, &secret);
        g_string_append_len(out, text, (gssize)kept);
        if (!kept) {
            size_t own = key ? piece_of(text, key, first) : 0;
            secret = MAX(own, shaped(text, first));
        }
        if (secret)
            g_string_append(out, "[key]");
        else
            g_string_append_c(out, *text);
        first = !secret && !is_key_byte(*text);
        text += secret ? kept + secret : 1;
    }
    return g_string_free(out, FALSE);
}
