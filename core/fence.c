/* fence.c - see fence.h */
#include "core/fence.h"

#include <glib.h>
#include <stdbool.h>
#include <string.h>

static void strip_blanks(const char **text, const char **end)
{
    while (*text < *end && g_ascii_isspace(**text))
        ++*text;
    while (*text < *end && g_ascii_isspace((*end)[-1]))
        --*end;
}

void tm_fence_strip(const char **text, size_t *length)
{
    const char *at = *text, *end = at + *length;
    strip_blanks(&at, &end);
    /* ```json\n ... \n```: models behind proxies wrap JSON so */
    bool fenced = end - at >= 6 && (strncmp(at, "```", 3) == 0 || strncmp(at, "~~~", 3) == 0) &&
                  strncmp(end - 3, at, 3) == 0;
    const char *line = fenced ? memchr(at, '\n', (size_t)(end - at)) : NULL;
    if (line) {
        at = line + 1;
        end -= 3;
        if (end < at)
            end = at;
        strip_blanks(&at, &end);
    }
    *text = at;
    *length = (size_t)(end - at);
}
