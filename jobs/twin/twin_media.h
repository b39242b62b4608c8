/* twin_media.h - pictures and sound: what of them comes in is looked at, and models that make them answer
 * with them. Bodies are as tm_twin_read() left them. */
#pragma once
#include <glib.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/* What a well-formed request gets wrong about media, in the service's words; NULL: nothing. (transfer full)
 */
char *tm_twin_media_check(const json_t *body, const char *model);

/* What a model's answer is made of. */
typedef struct {
    const char *mime; /* of the media; NULL: text only */
    bool text;        /* text goes before it */
    int64_t tokens;   /* that the media count as output */
} tm_twin_medium;
tm_twin_medium tm_twin_medium_of(const json_t *body, const char *model);
/* Its bytes, the same for the same seed, as base64. (transfer full) */
char *tm_twin_media_bytes(const tm_twin_medium *medium, uint64_t seed);
