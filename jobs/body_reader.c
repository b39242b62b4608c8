/* body_reader.c - see body_reader.h */
#include "jobs/body_reader.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

enum { RAW = 24 * 1024 }; /* of a file at a time; a multiple of 3 leaves base64 no rest */

struct tm_body_reader {
    const tm_call *call;
    size_t at;           /* in the body's text */
    guint file;          /* the next file, or the one that is being read */
    bool inside;         /* a file is being read */
    int64_t left;        /* of it */
    GChecksum *checksum; /* of it so far */
    bool failed;
    char raw[RAW];
};

tm_body_reader *tm_body_reader_new(const tm_call *call)
{
    tm_body_reader *reader = g_new0(tm_body_reader, 1);
    reader->call = call;
    return reader;
}

void tm_body_reader_free(tm_body_reader *reader)
{
    if (!reader)
        return;
    if (reader->checksum)
        g_checksum_free(reader->checksum);
    g_free(reader);
}

static const tm_call_file *file_at(const tm_body_reader *reader)
{
    const GArray *files = reader->call->files;
    return files && reader->file < files->len ? &g_array_index(files, tm_call_file, reader->file) : NULL;
}

/* ---- a file ---- */

static void enter(tm_body_reader *reader, const tm_call_file *file)
{
    reader->inside = true;
    reader->left = file->size;
    if (reader->checksum)
        g_checksum_reset(reader->checksum);
    else
        reader->checksum = g_checksum_new(G_CHECKSUM_SHA256);
}

static void leave(tm_body_reader *reader)
{
    reader->inside = false;
    reader->file++;
    reader->at++; /* the mark */
}

/* Reads exactly `n` bytes at the file's place; false: they are not there any more. */
static bool read_exactly(const tm_body_reader *reader, const tm_call_file *file, char *out, size_t n)
{
    size_t have = 0;
    while (have < n) {
        ssize_t got = pread(file->fd, out + have, n - have, file->size - reader->left + (int64_t)have);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return false;
        have += (size_t)got;
    }
    return true;
}

/* The hash is known before the last piece is given: whoever waits for it has half a request. */
static bool is_as_it_was(const tm_body_reader *reader, const tm_call_file *file)
{
    uint8_t now[32];
    gsize length = sizeof now;
    if (!file->checked)
        return true;
    g_checksum_get_digest(reader->checksum, now, &length);
    return memcmp(now, file->sha256, sizeof now) == 0;
}

static ssize_t read_file(tm_body_reader *reader, char *out, size_t room)
{
    const tm_call_file *file = file_at(reader);
    size_t n = MIN(room / 4 * 3, sizeof reader->raw);
    gint state = 0, save = 0;
    n = (size_t)MIN((int64_t)n, reader->left);
    if (!read_exactly(reader, file, reader->raw, n))
        return -1;
    g_checksum_update(reader->checksum, (const guchar *)reader->raw, (gssize)n);
    reader->left -= (int64_t)n;
    if (reader->left == 0 && !is_as_it_was(reader, file))
        return -1;
    gsize length = g_base64_encode_step((const guchar *)reader->raw, n, FALSE, out, &state, &save);
    length += g_base64_encode_close(FALSE, out + length, &state, &save);
    if (reader->left == 0)
        leave(reader);
    return (ssize_t)length;
}

/* ---- the body ---- */

static ssize_t read_text(tm_body_reader *reader, char *out, size_t room)
{
    const GString *body = reader->call->body;
    const tm_call_file *next = file_at(reader);
    size_t end = next ? next->at : body->len;
    size_t n = MIN(room, end - reader->at);
    memcpy(out, body->str + reader->at, n);
    reader->at += n;
    return (ssize_t)n;
}

ssize_t tm_body_reader_read(tm_body_reader *reader, char *out, size_t room)
{
    size_t have = 0;
    while (!reader->failed && have + 8 <= room) {
        const tm_call_file *next = file_at(reader);
        if (!reader->inside && next && reader->at == next->at)
            enter(reader, next);
        ssize_t n = reader->inside ? read_file(reader, out + have, room - have)
                                   : read_text(reader, out + have, room - have);
        if (n < 0)
            reader->failed = true;
        else if (n == 0)
            break;
        else
            have += (size_t)n;
    }
    return reader->failed ? -1 : (ssize_t)have;
}
