/* media.h - what a media part refers to: a file, an address, or bytes in a data: URL; never the bytes of a
 * file. */
#pragma once
#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/* A file as it was when its row was queued. */
typedef struct {
    char *path; /* as the row names it */
    int64_t size, mtime_ns;
    uint8_t sha256[32];
} tm_media_stamp;
void tm_media_stamp_clear(tm_media_stamp *stamp);
GArray *tm_media_stamps_new(void); /* of tm_media_stamp, owned by it (transfer full) */

typedef enum {
    TM_MEDIA_FILE,   /* a path */
    TM_MEDIA_DATA,   /* data: with the bytes in it */
    TM_MEDIA_WEB,    /* http, https */
    TM_MEDIA_REMOTE, /* gs://: only the service can read it */
    TM_MEDIA_OTHER,  /* file:, ftp:, ...: nobody reads it */
} tm_media_kind;
tm_media_kind tm_media_kind_of(const char *url);

/* Images, sound, video, PDF and text can be sent. */
bool tm_media_is_sendable(const char *type);
/* A file's ending for a type, "png"; "bin": not known. Static. */
const char *tm_media_ending(const char *type);

/* What is wrong with a data: URL: no comma, broken base64 or escapes, no bytes. NULL: nothing.
 * (transfer full) */
char *tm_media_data_flaw(const char *url);

/* About how many input tokens so many bytes of a type count, rather more than fewer. */
int64_t tm_media_tokens(const char *type, int64_t size);
