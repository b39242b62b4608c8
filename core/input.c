/* input.c - bytes of a data file: libarchive's raw format with four named filters (support_filter_all can
 * start outside programs), then iconv where the text is not UTF-8. */
#include "core/input.h"
#include "core/error.h"
#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#ifndef BLOCK /* fuzz targets have small files come in several */
#define BLOCK ((size_t)256 << 10)
#endif

struct tm_input {
    char *name;
    int fd;
    int64_t size;
    struct archive *archive;
    bool ended; /* nothing comes from the archive any more */

    const char *block; /* bytes from the archive that are not yet in the window */
    size_t block_n;
    GByteArray *held; /* the file's first bytes; with iconv then always what is still to be decoded */
    guint held_at;    /* where in it */

    GIConv iconv;   /* (GIConv)-1: the text is UTF-8 */
    char *encoding; /* its name */
    size_t unit;    /* bytes to skip over what can't be decoded */
    bool drained;   /* no byte is left to decode */

    char *window;
    size_t start, end, capacity;

    int n_undecodable;
    char *undecodable;
};

static gboolean fail_read(tm_input *input, GError **error)
{
    const char *why = archive_error_string(input->archive);
    return tm_fail(error, TM_ERROR_IO,
                   "%s: %s; the file is cut short or damaged (the rows before this place were read)",
                   input->name, why ? why : g_strerror(archive_errno(input->archive)));
}

/* The next block of the archive into block, block_n; at the end block_n is 0 and `ended` set. */
static gboolean next_block(tm_input *input, GError **error)
{
    input->block_n = 0;
    while (!input->ended && input->block_n == 0) {
        const void *data = NULL;
        size_t n = 0;
        la_int64_t offset;
        int got = archive_read_data_block(input->archive, &data, &n, &offset);
        if (got == ARCHIVE_EOF)
            input->ended = true;
        else if (got < ARCHIVE_OK)
            return fail_read(input, error);
        else {
            input->block = data;
            input->block_n = n;
        }
    }
    return TRUE;
}

static gboolean open_file(tm_input *input, const char *path, GError **error)
{
    bool is_stdin = strcmp(path, "-") == 0;
    input->fd = is_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    struct stat st;
    if (input->fd < 0 || fstat(input->fd, &st) != 0)
        return tm_fail(error, TM_ERROR_IO, "%s: can't be read: %s", input->name, g_strerror(errno));
    if (S_ISDIR(st.st_mode))
        return tm_fail(error, TM_ERROR_INPUT, "%s is a folder: name a data file in it", input->name);
    input->size = S_ISREG(st.st_mode) ? (int64_t)st.st_size : -1;
    return TRUE;
}

static gboolean open_archive(tm_input *input, GError **error)
{
    struct archive *a = input->archive = archive_read_new();
    archive_read_support_filter_gzip(a);
    archive_read_support_filter_xz(a);
    archive_read_support_filter_zstd(a);
    archive_read_support_filter_bzip2(a);
    archive_read_support_format_raw(a);
    archive_read_support_format_empty(a); /* raw alone calls an empty file "unrecognized" */
    struct archive_entry *entry;
    int got = archive_read_open_fd(a, input->fd, BLOCK);
    if (got == ARCHIVE_OK)
        got = archive_read_next_header(a, &entry);
    if (got == ARCHIVE_EOF)
        input->ended = true;
    else if (got < ARCHIVE_WARN)
        return fail_read(input, error);
    return TRUE;
}

/* Files that people hand in as data and that are none: also gz, bz2, xz and zst that could not be unpacked.
 */
static gboolean refuse_other_formats(tm_input *input, GError **error)
{
    static const char broken[] =
        "holds packed data that can't be read: it is cut short or damaged, or packed twice";
    static const struct {
        const char *magic;
        size_t n;
        const char *is;
    } others[] = {
        {"PK\003\004", 4,
         "is a ZIP archive or an Excel workbook: unpack it, or save the sheet as CSV (UTF-8)"},
        {"PK\005\006", 4, "is an empty ZIP archive"},
        {"\xd0\xcf\x11\xe0", 4, "is an old Excel or Office file: save the sheet as CSV (UTF-8)"},
        {"\x1f\x8b", 2, broken},
        {"BZh9", 4, broken},
        {"\xfd"
         "7zXZ",
         5, broken},
        {"\x28\xb5\x2f\xfd", 4, broken},
        {"PAR1", 4, "is a Parquet file: write it out as JSONL first, e.g. with duckdb or pandas"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(others); i++)
        if (input->held->len >= others[i].n && memcmp(input->held->data, others[i].magic, others[i].n) == 0)
            return tm_fail(error, TM_ERROR_INPUT, "%s %s", input->name, others[i].is);
    return TRUE;
}

static gboolean set_encoding(tm_input *input, const char *encoding, GError **error)
{
    g_autofree char *name = g_ascii_strup(encoding, -1);
    if (strcmp(name, "UTF-8") == 0 || strcmp(name, "UTF8") == 0)
        return TRUE;
    input->iconv = g_iconv_open("UTF-8", encoding);
    if (input->iconv == (GIConv)-1)
        return tm_fail(error, TM_ERROR_USAGE,
                       "encoding '%s' is not known; try cp1252, latin1, utf-16le or another name that "
                       "`iconv --list` shows",
                       encoding);
    input->encoding = g_strdup(encoding);
    if (g_str_has_prefix(name, "UTF-16") || g_str_has_prefix(name, "UTF16") ||
        g_str_has_prefix(name, "UCS-2"))
        input->unit = 2;
    else if (g_str_has_prefix(name, "UTF-32") || g_str_has_prefix(name, "UTF32") ||
             g_str_has_prefix(name, "UCS-4"))
        input->unit = 4;
    return TRUE;
}

/* A BOM wins over the named encoding: it is in the file. */
static gboolean choose_encoding(tm_input *input, const char *encoding, GError **error)
{
    static const struct {
        const char *bom;
        size_t n;
        const char *encoding;
    } boms[] = {
        {"\xef\xbb\xbf", 3, "UTF-8"}, {"\xff\xfe\0\0", 4, "UTF-32LE"}, {"\0\0\xfe\xff", 4, "UTF-32BE"},
        {"\xff\xfe", 2, "UTF-16LE"},  {"\xfe\xff", 2, "UTF-16BE"},
    };
    size_t skip = 0;
    for (size_t i = 0; i < G_N_ELEMENTS(boms) && skip == 0; i++)
        if (input->held->len >= boms[i].n && memcmp(input->held->data, boms[i].bom, boms[i].n) == 0) {
            skip = boms[i].n;
            encoding = boms[i].encoding;
        }
    if (encoding && !set_encoding(input, encoding, error))
        return FALSE;
    input->held_at = (guint)skip;
    input->block = (const char *)input->held->data + skip;
    input->block_n = input->held->len - skip;
    return TRUE;
}

/* Holds the file's first bytes: enough to know a BOM or another format. */
static gboolean hold_head(tm_input *input, GError **error)
{
    while (input->held->len < 4 && !input->ended) {
        if (!next_block(input, error))
            return FALSE;
        g_byte_array_append(input->held, (const guint8 *)input->block, (guint)input->block_n);
    }
    return TRUE;
}

tm_input *tm_input_open(const char *path, const char *encoding, GError **error)
{
    tm_input *input = g_new0(tm_input, 1);
    input->name = g_strdup(strcmp(path, "-") == 0 ? "standard input" : path);
    input->iconv = (GIConv)-1;
    input->unit = 1;
    input->held = g_byte_array_sized_new(64); /* its data are never NULL */
    input->block = "";
    if (open_file(input, path, error) && open_archive(input, error) && hold_head(input, error) &&
        refuse_other_formats(input, error) && choose_encoding(input, encoding, error))
        return input;
    tm_input_close(input);
    return NULL;
}

void tm_input_close(tm_input *input)
{
    if (!input)
        return;
    if (input->archive)
        archive_read_free(input->archive);
    if (input->fd > STDIN_FILENO)
        close(input->fd);
    if (input->iconv != (GIConv)-1)
        g_iconv_close(input->iconv);
    g_byte_array_unref(input->held);
    g_free(input->window);
    g_free(input->undecodable);
    g_free(input->encoding);
    g_free(input->name);
    g_free(input);
}

const char *tm_input_bytes(const tm_input *input, size_t *n)
{
    *n = input->end - input->start;
    return *n > 0 ? input->window + input->start : "";
}

void tm_input_skip(tm_input *input, size_t n)
{
    input->start += n;
}

/* Room for half as much again as is at hand, and for a block. */
static void make_room(tm_input *input)
{
    size_t used = input->end - input->start;
    if (input->start > 0 && used > 0)
        memmove(input->window, input->window + input->start, used);
    input->start = 0;
    input->end = used;
    size_t wanted = used + MAX(used / 2, BLOCK);
    if (wanted > input->capacity) {
        input->capacity = wanted + BLOCK; /* a pipe brings little at a time */
        input->window = g_realloc(input->window, input->capacity);
    }
}

static gboolean take_plain(tm_input *input, GError **error)
{
    if (input->block_n == 0 && !next_block(input, error))
        return FALSE;
    size_t n = MIN(input->block_n, input->capacity - input->end);
    if (n > 0)
        memcpy(input->window + input->end, input->block, n);
    input->end += n;
    input->block += n;
    input->block_n -= n;
    input->drained = input->block_n == 0 && input->ended;
    return TRUE;
}

/* Decodes what is held, as far as the window goes. False: the next block is needed. */
static bool decode(tm_input *input)
{
    char *in = (char *)input->held->data + input->held_at, *out = input->window + input->end;
    gsize n_in = input->held->len - input->held_at, n_out = input->capacity - input->end;
    bool full = false, partial = false;
    while (n_in > 0 && !full && !partial) {
        if (g_iconv(input->iconv, &in, &n_in, &out, &n_out) != (gsize)-1)
            continue;
        full = errno == E2BIG || n_out == 0;
        partial = errno == EINVAL && !input->ended;
        if (!full && !partial) {
            size_t skip = MIN(input->unit, n_in);
            in += skip;
            n_in -= skip;
            *out++ = (char)0xff;
            n_out--;
        }
    }
    input->end = (size_t)(out - input->window);
    input->held_at = input->held->len - (guint)n_in;
    return full;
}

static gboolean take_decoded(tm_input *input, GError **error)
{
    if (decode(input))
        return TRUE;
    g_byte_array_remove_range(input->held, 0, input->held_at);
    input->held_at = 0;
    if (!next_block(input, error))
        return FALSE;
    g_byte_array_append(input->held, (const guint8 *)input->block, (guint)input->block_n);
    input->drained = input->ended && input->held->len == 0;
    return TRUE;
}

tm_more tm_input_more(tm_input *input, GError **error)
{
    make_room(input);
    size_t used = input->end, wanted = used + MAX(used / 4, 1);
    while (input->end < wanted && !input->drained)
        if (!(input->iconv == (GIConv)-1 ? take_plain(input, error) : take_decoded(input, error)))
            return TM_MORE_ERROR;
    return input->end > used ? TM_MORE : TM_MORE_NONE;
}

bool tm_input_ended(const tm_input *input)
{
    return input->drained;
}

const char *tm_input_name(const tm_input *input)
{
    return input->name;
}

const char *tm_input_undecodable(tm_input *input)
{
    input->n_undecodable++;
    if (!input->undecodable)
        input->undecodable =
            g_strdup_printf("holds bytes that are not %s", input->encoding ? input->encoding : "UTF-8");
    if (input->encoding || input->n_undecodable < 3)
        return input->undecodable;
    return "holds bytes that are not UTF-8; a file from Windows or an old Excel may need --encoding cp1252";
}

void tm_input_progress(const tm_input *input, int64_t *read, int64_t *size)
{
    *read = archive_filter_bytes(input->archive, -1);
    *size = input->size;
}
